// Package redact is what the public package of this name does, for packages below it.
package redact

import "strings"

// mask replaces a secret.
const mask = "***"

// Text is documented in the public package of this name.
func Text(text string) string {
	// The masks of one pass may reveal a form to the next, but rarely.
	for range maxRounds {
		redacted := redactRows(redactKubernetes(redactPrivateKeys(redactUnknownArgs(redactWords(text)))))
		redacted = redactURLs(redactPairs(each(redacted, " for ", redactFor)))
		redacted = redactPlaces(redactTokens(redactDSNs(redacted)))
		if redacted == text {
			break
		}
		text = hideOthers(text, redacted)
	}
	return text
}

const maxRounds = 8

// each returns s with what redact masks, which is called at each mark and returns where to
// continue, behind the mark.
func each(s, mark string, redact func(e *edit, i int) int) string {
	n := strings.Index(s, mark)
	if n < 0 {
		return s // as most texts
	}
	e := &edit{src: s}
	for i := 0; n >= 0; n = strings.Index(s[i:], mark) {
		i = redact(e, i+n)
	}
	return e.String()
}

// An edit replaces parts of a text, from left to right, by masks.
type edit struct {
	src  string
	out  strings.Builder
	done int  // the part of src that out has
	told bool // src[from:to] are known secrets
}

// mask replaces src[from:to]. What is masked already, and what is empty, stays.
func (e *edit) mask(from, to int) {
	if from >= to || from < e.done || e.src[from:to] == mask || !e.told && isMasked(e.src[from:to]) {
		return
	}
	if e.done == 0 {
		e.out.Grow(len(e.src))
	}
	e.out.WriteString(e.src[e.done:from])
	e.out.WriteString(mask)
	e.done = to
}

func (e *edit) String() string {
	if e.done == 0 {
		return e.src
	}
	e.out.WriteString(e.src[e.done:])
	return e.out.String()
}

// isMasked reports whether others have put s in place of a secret: xxxxx, REDACTED, or
// a mask that was cut: **…
func isMasked(s string) bool {
	s = strings.TrimSuffix(s, "…")
	if s == "" {
		return true
	}
	switch s[0] {
	case '*', 'x', 'X':
		return (len(s) > 2 || s[0] == '*') && len(s) <= 16 && strings.Trim(s, s[:1]) == ""
	}
	return hasFold(maskWords, strings.Trim(s, "[]()<>"))
}

var maskWords = []string{"redacted", "filtered", "masked", "hidden"}

func isSpace(c byte) bool { return c <= ' ' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// digitsLen returns the length of the number that s begins with.
func digitsLen(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isWord reports whether c can be in a key.
func isWord(c byte) bool { return word.has(c) }

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// lineEnd returns where the line that s[i] is on ends.
func lineEnd(s string, i int) int {
	if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s)
}

// breakLen returns the length of the line breaks that s begins with.
func breakLen(s string) int {
	n := 0
	for n < len(s) && (s[n] == '\n' || s[n] == '\r') {
		n++
	}
	return n
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
