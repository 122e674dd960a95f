package redact

import "strings"

// A phrase is what a secret follows without a separator.
type phrase struct {
	text   string // in lower case, with the space at its end
	secret func(word string) bool
}

var phrases = []phrase{
	{"password ", isMixed},
	{"passwd ", isMixed},
	{"passphrase ", isMixed}, // of .netrc, and in sentences
	{"password is ", isMixedLong},
	{"token is ", isMixedLong},
	{"secret is ", isMixedLong},
	{"key is ", isMixedLong},
	{"identified by ", isQuoted},
	{"password ", isQuoted}, // SQL
	{"token ", isLong},
	{"key ", isLong},
	{"secret ", isLong},
	{"auth plain ", looksEncoded},
	{"auth login ", looksEncoded}, // SMTP
}

// redactPhrases masks the word after a phrase.
func redactPhrases(s string) string {
	e := edit{src: s}
	for i := 0; i < len(s); i++ {
		switch s[i] | 0x20 {
		case 'p', 'i', 'a', 't', 'k', 's':
		default:
			continue
		}
		if i > 0 && isLetter(s[i-1]) {
			continue
		}
		for _, p := range phrases {
			if !hasPrefixFold(s[i:], p.text) {
				continue
			}
			from := i + len(p.text)
			to := from
			for to < len(s) && !isSpace(s[to]) {
				to++
			}
			for to > from && strings.IndexByte(".,:;)", s[to-1]) >= 0 {
				to--
			}
			if word := s[from:to]; p.secret(word) {
				if isQuote(word[0]) {
					from, to = from+1, quoteEnd(s, from+1, word[0], 0)
				}
				e.mask(from, to)
				i = to - 1
				break
			}
		}
	}
	return e.String()
}

// isMixed reports whether word has both letters and digits, as words rarely do, and
// nothing that ends a value.
func isMixed(word string) bool {
	letter, digit := false, false
	for i := range len(word) {
		letter = letter || isLetter(word[i])
		digit = digit || isDigit(word[i])
	}
	return letter && digit && len(word) >= 6 && !strings.ContainsAny(word, "=:\"'`<>(){}[]")
}

func isMixedLong(word string) bool { return len(word) >= 8 && isMixed(word) }

// isLong reports whether word, which may be quoted, is mixed and too long for a name.
func isLong(word string) bool {
	word = strings.Trim(word, "'\"`")
	return len(word) >= 16 && isMixed(word) && !strings.ContainsAny(word, "-./") &&
		(strings.IndexByte(word, '_') < 0 || hasAll(word)) || isUUID(word)
}

// isUUID reports whether s is 8-4-4-4-12 digits to the base of 16.
func isUUID(s string) bool {
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !uuid.has(s[i]) {
			return false
		}
	}
	return len(s) == 36
}

func isQuoted(word string) bool {
	return len(word) > 1 && (word[0] == '\'' || word[0] == '"' && isMixed(strings.Trim(word, `"`)))
}
