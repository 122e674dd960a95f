package redact

import (
	"slices"
	"strings"
)

// A phrase is what a secret follows without a separator, besides secret keys.
type phrase struct {
	text   string
	secret func(word string) bool
}

var phrases = []phrase{
	{"key", isLongKey},
	{"password is", isRatherQuoted},
	{"token is", isRatherQuoted},
	{"secret is", isRatherQuoted},
	{"key is", isRatherQuoted},
	{"api key", isRatherQuoted},
	{"access key", isRatherQuoted},
	{"secret key", isRatherQuoted},
	{"license key", isMixed},
	{"verification code", isCode},
	{"verification code is", isCode},
	{"identified by", isQuotedOrMixed},
	{"convertto-securestring", isQuotedOrMixed},
	{"convertto-securestring -string", isQuotedOrMixed}, // PowerShell
	{"auth plain", looksEncoded},
	{"auth login", looksEncoded}, // SMTP
	{"requirepass", isMixed},
	{"masterauth", isMixed}, // Redis
}

// redactPhrase masks the word after a phrase or secret key and the space at i, and
// reports whether it is a secret:
//
//	password hunter2
//	IDENTIFIED WITH x BY 'secret'
func redactPhrase(e *edit, i int) bool {
	s := e.src
	if !isLetter(s[i-1]) {
		return false
	}
	from := i + 1
	for from < len(s) && (s[from] == '(' || s[from] == '[') { // password (secret)
		from++
	}
	open, quoted := quoteAt(s, from)
	slashes := open - from
	if quoted {
		from = open
	}
	to, plain := from, true
	for to < len(s) && !isSpace(s[to]) {
		c := s[to]
		plain = plain && !isDigit(c) && !isQuote(c) && c != '=' && (c < 'A' || c > 'Z' || to == from)
		to++
	}
	if plain && !isPass(s[:i]) {
		return false // as most words are
	}
	word := strings.TrimRight(s[from:to], ".,:;)]}")
	switch {
	case !quoted:
		word = strings.TrimRight(word, "\\\"'`)]}") // the end of a text around it
	case slashes > 0:
		word = s[from:quoteEnd(s[:to], from+1, s[from], slashes)] + s[from:from+1]
	}
	if word == "" || !isAfterPhrase(s[:i], word) {
		return false
	}
	to = from + len(word)
	if quoted {
		from, to = from+1, quoteEnd(s, from+1, s[from], slashes)
	}
	e.mask(from, to)
	return true
}

// isPass reports whether s ends with the PASS of a dialogue of FTP or POP3: USER bob,
// PASS hunter2.
func isPass(s string) bool {
	if !strings.HasSuffix(s, "PASS") {
		return false
	}
	before := s[max(0, len(s)-2*maxKey):]
	return strings.Contains(before, "USER ") || strings.HasSuffix(before, "> PASS") || strings.HasSuffix(before, "C: PASS")
}

// isAfterPhrase reports whether the word after s and a space is a secret, going by what
// is at the end of s.
func isAfterPhrase(s, word string) bool {
	if isPass(s) {
		return placeholder(word) == 0 && !isVerb(word) && !slices.Contains(clauseWords, strings.ToLower(word))
	}
	key, _ := wordBefore(s, 0, len(s))
	low := max(0, len(s)-maxKey)
	before := s[low:]
	if isSecretKey(key) {
		if isLong(word) {
			return true
		}
		if n := len(key) - len("secret"); isQuote(word[0]) && (hasSuffixFold(key, "token") || hasSuffixFold(key, "key") || n > 0 && hasSuffixFold(key, "secret")) &&
			!hasSuffixFold(before, "unexpected token") { // but secret "shop"
			return isRatherQuoted(word) && !strings.ContainsAny(word, "-./")
		}
		if len(key) > len("pass") && (strings.Contains(strings.ToLower(key), "pass") || hasSuffixFold(key, "pw")) { // not: tests pass v1.2.3
			return isMixed(word) || isQuoted(word) || isQuote(word[0]) && hasSuffixFold(key, "phrase")
		}
		return isQuote(word[0]) && strings.ToUpper(key) == key && isQuoted(word) // SQL: SECRET 'x'
	}
	if (key == "BY" || key == "REPLACE") && strings.Contains(before, "IDENTIFIED") {
		return isQuotedOrMixed(word)
	}
	return slices.ContainsFunc(phrases, func(p phrase) bool {
		n := len(before) - len(p.text)
		return hasSuffixFold(before, p.text) && (n == 0 && low == 0 || n > 0 && !isLetter(before[n-1])) && p.secret(word)
	})
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

// isRather is isMixed of what is not short.
func isRather(word string) bool { return len(word) >= 8 && isMixed(word) }

// isRatherQuoted is isRather of what may be quoted.
func isRatherQuoted(word string) bool { return isRather(strings.Trim(word, "'\"`")) }

// isLong reports whether word, which may be quoted, is mixed and too long for a name.
func isLong(word string) bool {
	word = strings.Trim(word, "'\"`")
	if len(word) == len("abcdef.0123456789abcdef") && word[6] == '.' { // of kubeadm
		word = word[:6] + word[7:]
	}
	if encoded := strings.TrimRight(word, "="); encoded != word { // base64
		return len(encoded) >= 16 && isMixed(encoded)
	}
	return len(word) >= 16 && isMixed(word) && !strings.ContainsAny(word, "-./") &&
		(strings.IndexByte(word, '_') < 0 || hasAll(word)) || isUUID(word)
}

// isLongKey is isLong of what is not the fingerprint of a key, nor that of a cache or lock.
func isLongKey(word string) bool {
	return isLong(word) && strings.ToUpper(word) != word && !isUUID(strings.Trim(word, `'"`))
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
	return len(word) > 1 && (word[0] == '\'' || isQuote(word[0]) && isMixed(strings.Trim(word, word[:1])))
}

func isQuotedOrMixed(word string) bool { return isQuoted(word) || isMixed(word) }
