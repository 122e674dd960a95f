package redact

import (
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
)

// redactCredential masks what follows the "bearer" or "basic" before the space at i, and
// reports whether it did.
func redactCredential(e *edit, i int) bool {
	s := e.src
	scheme := "basic"
	bearer := hasSuffixFold(s[:i], "bearer")
	if bearer {
		scheme = "bearer"
	} else if !hasSuffixFold(s[:i], scheme) {
		return false
	}
	if start := i - len(scheme); start > 0 {
		if isLetter(s[start-1]) {
			return false
		}
		if key, _, _ := keyBefore(s, max(0, start-maxKey), start-1); (s[start-1] == '=' || s[start-1] == ':') && hasSuffixFold(key, "type") {
			return false // another pair follows: token_type=bearer expires_in=60
		}
	}
	from := skipSpaces(s, i)
	to := from
	for to < len(s) && isTokenByte(s[to]) {
		to++
	}
	token := s[from:to]
	if token == "" {
		return false
	}
	if name, ok := strings.CutSuffix(token, "="); ok && to < len(s) && isQuote(s[to]) && !looksEncoded(name) {
		return false // a parameter of a challenge: Basic realm="x"
	}
	if bearer && !isProse(token) && placeholder(s[from:]) == 0 || !bearer && looksEncoded(token) {
		e.mask(from, to)
		return true
	}
	return false
}

// isTokenByte reports whether c can be in a token, as RFC 6750 has it.
func isTokenByte(c byte) bool {
	return isWord(c) || c == '~' || c == '+' || c == '/' || c == '=' || c == '*' || c == ':' || c == '%' || c == '|' || c >= 0x80
}

// isProse reports whether the word after "bearer" is one of a sentence, or of a
// challenge: Bearer realm="..."
func isProse(word string) bool {
	switch strings.ToLower(strings.TrimRight(word, ".:,=")) {
	case "token", "tokens", "auth", "authentication", "authorization", "credential", "credentials",
		"scheme", "realm", "scope", "header", "headers", "error", "format", "is", "was", "not", "and", "or",
		"in", "for", "from", "of", "required", "missing", "expired", "invalid":
		return true
	}
	return false
}

// looksEncoded reports whether the word after "basic", which is common in
// sentences, is in base 64: there are capitals inside, digits or padding.
func looksEncoded(word string) bool {
	if len(word) < 4 || isLetters(word) && strings.ToUpper(word) == word { // Basic HTTP
		return false
	}
	for i := range len(word) {
		c := word[i]
		if isDigit(c) || c == '=' || c == '+' || c >= 'A' && c <= 'Z' && i > 0 {
			return true
		}
	}
	return false
}

// schemes are the schemes of an Authorization header that one word follows.
var schemes = []string{"bearer", "basic", "token", "apikey"}

// redactHeader masks the value of a header that may have several words: a cookie,
// or credentials that begin with their scheme. It returns where to continue, and
// whether it was one.
func redactHeader(e *edit, key string, sep byte, from int) (to int, ok bool) {
	s := e.src
	word := from
	for word < len(s) && !isSpace(s[word]) && !isQuote(s[word]) {
		word++
	}
	if secretkey.HasEnd(key, "cookie") {
		if strings.IndexByte(s[from:word], '=') < 0 {
			return word, sep == ':' // "cookie: not found", or else cookie=secret
		}
		to = headerEnd(s, word)
		e.mask(from, to)
		return to, true
	}
	scheme := strings.ToLower(s[from:word])
	word = skipSpaces(s, word)
	switch scheme {
	case "digest", "negotiate", "ntlm", "hawk", "signature", "aws4-hmac-sha256":
		to = lineEnd(s, word)
	default:
		if n := wordLen(s[word:]); isLetters(scheme) && strings.HasPrefix(s[word+n:], `="`) { // MAC id="a", mac="b"
			to = lineEnd(s, word)
			break
		}
		to = valueEnd(s, word)
		// Any scheme, if a credential seems to follow: SSWS 00f..., Bot MTk...
		known := slices.Contains(schemes, scheme) || s[word:to] == mask
		if known && placeholder(s[word:]) > 0 {
			return to, true
		}
		if !known && (!isLetters(strings.ReplaceAll(scheme, "-", "")) || to-word < 8 || !strings.ContainsAny(s[word:to], "0123456789")) {
			return from, false
		}
	}
	e.mask(word, to)
	return to, true
}

// headerEnd returns where the value of a cookie ends: at the end of the line, or at a
// quotation mark if the header is in quotation marks. One may also be in the value.
func headerEnd(s string, i int) int {
	for ; i < len(s) && s[i] != '\n'; i++ {
		if isQuote(s[i]) && s[i-1] != '=' && (i+1 == len(s) || !isLetter(s[i+1]) && !isDigit(s[i+1]) && s[i+1] != ';') {
			break
		}
	}
	return i
}
