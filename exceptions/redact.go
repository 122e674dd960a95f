package exceptions

import "strings"

// mask stands for a secret.
const mask = "***"

// Redact returns text with what looks like a secret replaced by "***":
//
//   - passwords in URLs, such as postgres://user:***@host/db, and in data source
//     names, such as user:***@tcp(host)/db
//   - values of keys such as password, token, secret or api_key, alone or at the
//     end of a longer key, in query strings, JSON, log lines, key=value lists and
//     command lines: quoted or not, and also where the quotes are escaped
//   - bearer and basic credentials, Authorization and Cookie headers
//   - private keys in PEM form
//
// It knows forms, not secrets: one that stands in a sentence stays. And it would
// rather mask a word too many than a password too few.
//
// Redacting what is redacted changes nothing. The time is proportional to the
// length of text, whatever it is.
func Redact(text string) string {
	// What one pass has masked may show another one more, but not often.
	for range maxRounds {
		redacted := redactUserinfo(redactPairs(redactTokens(text)))
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
