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
	return redactCards(e.String())
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

// isLong reports whether word is mixed and too long for a name.
func isLong(word string) bool {
	return len(word) >= 16 && isMixed(word) && !strings.ContainsAny(word, "-./")
}

func isQuoted(word string) bool {
	return len(word) > 1 && (word[0] == '\'' || word[0] == '"' && isMixed(strings.Trim(word, `"`)))
}

// redactCards masks the numbers of payment cards in groups of four digits.
func redactCards(s string) string {
	const size = len("1234 1234 1234 1234")
	e := edit{src: s}
	for i := 0; i+size <= len(s); i++ {
		if !isDigit(s[i]) || i > 0 && isWord(s[i-1]) {
			continue
		}
		if card := s[i : i+size]; isCard(card) && (i+size == len(s) || !isWord(s[i+size]) || s[i+size] == '.') {
			e.mask(i, i+size)
			i += size - 1
		}
	}
	return e.String()
}

// isCard reports whether s has four groups of digits with the right check digit.
func isCard(s string) bool {
	sum, odd := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		if i%5 == 4 {
			if s[i] != s[4] || s[i] != ' ' && s[i] != '-' {
				return false
			}
			continue
		}
		if !isDigit(s[i]) {
			return false
		}
		d := int(s[i] - '0')
		if odd {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, odd = sum+d, !odd
	}
	return sum%10 == 0
}
