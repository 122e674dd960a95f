// Package redact masks secrets in texts, such as the messages of errors, before
// they are logged, stored or sent.
//
// It recognizes secrets by their form: the key before a value, the place in a URL,
// the scheme of a credential. It does not know the secrets themselves, so that one
// in the middle of a sentence is not found. When in doubt, it masks.
package redact

import "strings"

// mask replaces a secret.
const mask = "***"

// Text returns text with what looks like a secret replaced by "***":
//
//   - passwords in URLs, such as postgres://user:***@host/db, and in data source
//     names, such as user:***@tcp(host)/db
//   - tokens of 20 or more bytes in place of the user of an http or https URL
//   - values of keys that are or end in password, token, secret, api_key and the
//     like, in query strings, JSON, XML, log lines, key=value lists and command
//     lines, with or without quotation marks, also if those are escaped
//   - the words after Bearer and Basic, and the values of Authorization and Cookie
//     headers
//   - private keys in PEM form
//
// Redacting a redacted text does not change it. A text that is valid UTF-8 stays so.
// The result has at most three times the bytes of text, and the time is proportional
// to the length of text.
func Text(text string) string {
	// The masks of one pass may reveal a form to the next, but rarely.
	for range maxRounds {
		redacted := redactPrefixed(redactDSNs(redactURLs(redactPairs(redactTokens(text)))))
		if redacted == text {
			break
		}
		text = redacted
	}
	return text
}

const maxRounds = 8

// An edit replaces parts of a text, from left to right, by masks.
type edit struct {
	src  string
	out  strings.Builder
	done int // the part of src that out has
}

// mask replaces src[from:to]. What is masked already, and what is empty, stays.
func (e *edit) mask(from, to int) {
	if from >= to || e.src[from:to] == mask || from < e.done {
		return
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

func isSpace(c byte) bool { return c <= ' ' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isWord reports whether c can be in a key.
func isWord(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' || c == '-' || c == '.' }

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// lineEnd returns where the line that s[i] is on ends.
func lineEnd(s string, i int) int {
	if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s)
}
