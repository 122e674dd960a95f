package redact

import (
	"bytes"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/secretkey"
)

// redactValue masks the value of a secret key that begins at i, and returns where
// to continue. It masks what it has looked at, or returns its end, so that nothing
// is looked at twice.
func redactValue(e *edit, key string, sep byte, i int) int {
	s := e.src
	if i == len(s) || s[i] == '\n' {
		return i
	}
	if strings.HasPrefix(s[i:], htmlQuote) {
		return redactUpTo(e, i+len(htmlQuote), htmlQuote)
	}
	slashes := i
	for slashes < len(s) && s[slashes] == '\\' {
		slashes++
	}
	switch {
	case slashes < len(s) && isQuote(s[slashes]):
		to := quoteEnd(s, slashes+1, s[slashes], slashes-i)
		if sep != ':' || !isSentence(s[slashes+1:to]) {
			e.mask(slashes+1, to)
		}
		return to
	case s[i] == '{' && sep == ':':
		return i + 1 // an object, whose keys are judged one by one
	case s[i] == '{':
		return redactUpTo(e, i+1, "}") // an ODBC value
	case s[i] == '[' && i+1 < len(s) && isQuote(s[i+1]) && isSentence(s[i+2:quoteEnd(s, i+2, s[i+1], 0)]):
		return i + 1
	case s[i] == '[':
		return redactUpTo(e, i+1, "]")
	}
	name := secretkey.Letters(key)
	if bytes.HasSuffix(name, []byte("cookie")) || bytes.HasSuffix(name, []byte("authorization")) {
		if to, ok := redactHeader(e, name, sep, i); ok {
			return to
		}
	}
	to := valueEnd(s, i)
	if sep == '=' {
		to = listEnd(s, to)
	}
	end := to
	for end > i && strings.IndexByte(")]}'.,;:!?&\\", s[end-1]) >= 0 {
		end--
	}
	switch s[i:end] {
	case "|", ">", "|-", ">-":
		if to < len(s) && s[to] == '\n' {
			return redactBlock(e, to+1)
		}
	case "null", "nil", "true", "false", "none", "None":
		return to
	}
	if placeholder(s[i:end]) < end-i && !isHarmless(key, s[i:end]) {
		e.mask(i, end)
	}
	return max(to, i+1)
}

// redactBlock masks the lines of a YAML block that begins at from.
func redactBlock(e *edit, from int) int {
	s := e.src
	indent := from
	for indent < len(s) && s[indent] == ' ' {
		indent++
	}
	to := lineEnd(s, from)
	for to < len(s) && indent > from && strings.HasPrefix(s[to+1:], s[from:indent]) {
		to = lineEnd(s, to+1)
	}
	e.mask(indent, to)
	return to
}

// redactUpTo masks up to end, or to the end of the line.
func redactUpTo(e *edit, from int, end string) int {
	to := from
	for to < len(e.src) && e.src[to] != '\n' && !strings.HasPrefix(e.src[to:], end) {
		to++
	}
	e.mask(from, to)
	return to
}

// schemes are the schemes of an Authorization header that one word follows.
var schemes = []string{"bearer", "basic", "token", "apikey"}

// redactHeader masks the value of a header that may have several words: a cookie,
// or credentials that begin with their scheme. It returns where to continue, and
// whether it was one.
func redactHeader(e *edit, name []byte, sep byte, from int) (to int, ok bool) {
	s := e.src
	word := from
	for word < len(s) && !isSpace(s[word]) && !isQuote(s[word]) {
		word++
	}
	if bytes.HasSuffix(name, []byte("cookie")) {
		if strings.IndexByte(s[from:word], '=') < 0 {
			return word, sep == ':' // "cookie: not found", or else cookie=secret
		}
		to = headerEnd(s, word)
		e.mask(from, to)
		return to, true
	}
	scheme := strings.ToLower(s[from:word])
	for word < len(s) && (s[word] == ' ' || s[word] == '\t') {
		word++
	}
	switch scheme {
	case "digest", "negotiate", "ntlm", "hawk", "signature", "aws4-hmac-sha256":
		to = lineEnd(s, word)
	default:
		to = valueEnd(s, word)
		// Any scheme, if a credential seems to follow: SSWS 00f..., Bot MTk...
		known := slices.Contains(schemes, scheme) || s[word:to] == mask
		if !known && (!isLetters(scheme) || to-word < 8 || !strings.ContainsAny(s[word:to], "0123456789")) {
			return from, false
		}
	}
	e.mask(word, to)
	return to, true
}

// headerEnd returns where the value of a header ends, which may be quoted.
func headerEnd(s string, i int) int {
	for i < len(s) && s[i] != '\n' && !isQuote(s[i]) {
		i++
	}
	return i
}

// valueEnd returns where a value without quotes ends. Any character can be in a
// password, so a quotation mark ends it only if no letter or digit follows.
func valueEnd(s string, from int) int {
	if n := placeholder(s[from:]); n > 0 {
		return from + n
	}
	for i := from; i < len(s); i++ {
		end := false
		switch c := s[i]; c {
		case '"', '`', '>':
			end = i+1 == len(s) || !isLetter(s[i+1]) && !isDigit(s[i+1])
		case '<':
			end = i+1 == len(s) || s[i+1] == '/'
		case ',', ';', '&':
			end = endsPair(s, i+1)
		default:
			end = isSpace(c) && (c != ' ' || s[i-1] != '\\' || i == from) // libpq escapes spaces
		}
		if end {
			return i
		}
	}
	return len(s)
}

// placeholder returns the length of the <nil> or <not set> that s begins with.
func placeholder(s string) int {
	for i := 1; i < min(len(s), maxKey); i++ {
		switch c := s[i]; {
		case s[0] != '<':
			return 0
		case c == '>':
			return i + 1
		case c != ' ' && !isWord(c):
			return 0
		}
	}
	return 0
}

// listEnd returns where a value ends that goes on after white space at i, as it may in
// Password=two words;Database=shop, and i if it does not.
func listEnd(s string, i int) int {
	for j := i; j < min(len(s), i+maxPassword); j++ {
		switch c := s[j]; {
		case c == '=' || c == '\n' || c == '"':
			return i
		case c == ';' && j+1 < len(s) && !isSpace(s[j+1]) && endsPair(s, j+1):
			return j
		}
	}
	return i
}

// endsPair reports whether s[i:] looks like what follows a value and a comma,
// semicolon or ampersand, all of which can be in a password too.
func endsPair(s string, i int) bool {
	if i == len(s) || isSpace(s[i]) || strings.IndexByte(`"'{[}\`, s[i]) >= 0 {
		return true
	}
	end := i
	for end < len(s) && end-i < maxKey && isWord(s[end]) {
		end++
	}
	return end > i && end < len(s) && (s[end] == '=' || s[end] == ':')
}

// quoteEnd returns where a quoted text that begins at i ends: at the closing quote,
// or before its backslashes if quotes are escaped by that many, or else at the end
// of the line.
func quoteEnd(s string, i int, quote byte, slashes int) int {
	run := 0
	for ; i < len(s) && s[i] != '\n'; i++ {
		switch s[i] {
		case '\\':
			run++
			continue
		case quote:
			// In a text whose quotes are escaped by n backslashes, an
			// escaped one has 2n+1, and each backslash before it 2n+2.
			if run >= slashes && (run-slashes)%(2*(slashes+1)) == 0 {
				return i - slashes
			}
		}
		run = 0
	}
	return i
}
