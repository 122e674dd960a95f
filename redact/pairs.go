package redact

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/secretkey"
)

// redactPairs masks the values of secret keys.
func redactPairs(s string) string {
	e := edit{src: s}
	for i := 0; i < len(s); {
		at := nextSeparator(s, i)
		if at < 0 {
			break
		}
		i = redactPair(&e, i, at)
	}
	return e.String()
}

// nextSeparator returns where a key may end, or a flag begin.
func nextSeparator(s string, i int) int {
	for ; i < len(s); i++ {
		switch s[i] {
		case '=', ':', '>':
			return i
		case '-':
			if i == 0 || !isWord(s[i-1]) {
				return i
			}
		}
	}
	return -1
}

// redactPair masks the value after the separator at i if its key, which begins at
// start or later, is secret. It returns where to continue.
func redactPair(e *edit, start, i int) int {
	s := e.src
	if s[i] == '-' {
		return redactFlag(e, i)
	}
	if s[i] == '>' {
		if key, from := wordBefore(s, start, i); from > start && s[from-1] == '<' && secretkey.Is(key) {
			to := i + 1
			for to < len(s) && s[to] != '<' {
				to++
			}
			e.mask(i+1, to)
			return to
		}
		return i + 1
	}
	from := i + 1
	if s[i] == ':' && from < len(s) && (s[from] == ':' || s[from] == '/') {
		if s[from] == ':' {
			return from + 1 // a name in C++, Ruby or Rust
		}
		if from+1 < len(s) && s[from+1] == '/' {
			return from // a URL
		}
	}
	key, bare := keyBefore(s, start, i)
	if !secretkey.Is(key) || s[i] == ':' && bare && isProseKey(s[start:i], key) {
		return i + 1
	}
	for from < len(s) && (s[from] == '=' || s[from] == '>') { // ==, :=, =>
		from++
	}
	for from < len(s) && (s[from] == ' ' || s[from] == '\t') {
		from++
	}
	if (key == "PWD" || key == "OLDPWD") && from < len(s) && s[from] == '/' {
		return from // the working directory
	}
	return redactValue(e, key, s[i], from)
}

// redactFlag masks the secret of --password secret, also if each word is quoted.
func redactFlag(e *edit, i int) int {
	s := e.src
	to := i
	for to < len(s) && isWord(s[to]) {
		to++
	}
	from := to
	if from < len(s) && isQuote(s[from]) {
		from++
	}
	start := from
	for from < len(s) && s[from] == ' ' {
		from++
	}
	if from == start || from < len(s) && s[from] == '-' || !secretkey.Is(s[i:to]) {
		return i + 1 // it may be the key of --password=secret
	}
	return redactValue(e, s[i:to], '=', from)
}

// maxKey bounds how many bytes of a key are looked at.
const maxKey = 64

// keyBefore returns the key before the separator at i, and whether it stands
// there without quotes.
func keyBefore(s string, start, i int) (key string, bare bool) {
	for i > start && (s[i-1] == ' ' || s[i-1] == '\t') {
		i--
	}
	bare = true
	if i > start && isQuote(s[i-1]) {
		bare = false
		i--
		for i > start && s[i-1] == '\\' {
			i--
		}
	}
	if i > start && s[i-1] == ']' { // user[password]
		i--
	}
	key, _ = wordBefore(s, start, i)
	return key, bare
}

// wordBefore returns the word that ends at i, and where it begins.
func wordBefore(s string, start, i int) (word string, from int) {
	from = i
	for from > start && i-from < maxKey && isWord(s[from-1]) {
		from--
	}
	return s[from:i], from
}

// isProseKey reports whether the word before a colon is more likely to end a
// clause than to be a key: "unexpected token:", which parsers say, or "auth:".
func isProseKey(before, key string) bool {
	return hasSuffixFold(before, "unexpected token") || hasSuffixFold(key, "auth") || hasSuffixFold(key, "sig")
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
