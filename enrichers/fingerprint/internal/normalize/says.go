package normalize

import (
	"strings"
	"unicode/utf8"
)

// says reports whether a quoted text, normalized, says what failed, by what stands
// before it, by what it is, and by what comes after it.
func says(before context, text, after string) bool {
	text = strings.Trim(text, " ")
	f := featuresOf(text)
	switch {
	case f.digit && !f.letter && !f.hole:
		return true // reason '2035': a code, which has been kept
	case !f.letter:
		return false
	case f.sentence():
		return true
	case isKey(before, after), before.role != roleValue && isIdentifier(text):
		return true
	}
	switch before.role {
	case roleText:
		return true
	case roleName:
		return f.spaces <= 3 && len(text) <= 200
	case roleValue, roleFile:
		return false
	}
	switch {
	case f.spaces > 0:
		return false
	case f.constant():
		return true
	case before.mark == ':' && isColon(after), isNamedBy(after):
		return f.name
	}
	// A word without a word before it: oauth2: "invalid_grant".
	return (!before.words || before.mark == ':') && f.name && f.under > 0
}

// isNamedBy reports whether what follows a quoted text says that it is what failed: "x" is
// required, the "x" argument, module 'x'.
func isNamedBy(after string) bool {
	after, ok := strings.CutPrefix(after, " ")
	if !ok {
		return false
	}
	for _, phrase := range namingPhrases {
		if strings.HasPrefix(after, phrase) {
			return true
		}
	}
	end := 0
	for end < len(after) && end < maxRole && isLetter(after[end]) {
		end++
	}
	return roleOf([]byte(after[:end])) == roleName && (end == len(after) || strings.IndexByte(" .,:;)", after[end]) >= 0)
}

var namingPhrases = []string{
	"object ", "is not defined", "is not recognized", "is required", "is undefined", "is null", "is declared", "does not contain a definition",
	"before initialization",
}

// isKey reports whether a text is a key of JSON or of a dictionary.
func isKey(before context, after string) bool {
	return isColon(strings.TrimPrefix(after, " ")) && (before.mark == ',' || !before.words && before.mark == 0)
}

// isColon reports whether text begins with a colon that is not a part of something.
func isColon(text string) bool {
	return strings.HasPrefix(text, ":") && !strings.HasPrefix(text, "::")
}

// features are what a normalized text consists of.
type features struct {
	words                int // of at least two letters, the first of which is small
	spaces, under        int
	letter, small, digit bool
	hole                 bool // there is a placeholder
	colon                bool // a colon and a space
	fails                bool // there is a word of errors
	name                 bool // only letters, digits, dots, hyphens and underscores
}

func featuresOf(text string) features {
	f := features{name: true}
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case isLetter(c) || c >= utf8.RuneSelf:
			start := i
			for i < len(text) && (isLetter(text[i]) || text[i] >= utf8.RuneSelf || text[i] == '\'') {
				f.small = f.small || !isUpper(text[i])
				i++
			}
			f.letter = true
			if i-start >= 2 && (i == len(text) || text[i] != '_' && text[i] != '=') && (start == 0 || text[start-1] != '_') {
				if !isUpper(c) {
					f.words++
				}
				f.fails = f.fails || isFailing(text[start:i])
			}
			continue
		case c == '<':
			if p := placeholder(text[i:]); p != "" {
				f.hole = true
				f.name = f.name && p == phNum
				i += len(p)
				continue
			}
			f.name = false
		case isDigit(c):
			f.digit = true
		case c == ' ':
			f.spaces++
			f.name = false
		case c == '_':
			f.under++
		case c == '-', c == '.':
		case c == ':':
			f.colon = f.colon || i+1 < len(text) && text[i+1] == ' '
			f.name = false
		default:
			f.name = false
		}
		i++
	}
	return f
}

// sentence reports whether a text is one: several words, or an error.
func (f *features) sentence() bool {
	return f.words >= 4 || f.words >= 2 && f.colon || f.fails && f.spaces > 0
}

// constant reports whether a text is a constant, such as MQRC_NOT_AUTHORIZED.
func (f *features) constant() bool {
	return f.name && f.letter && !f.small && (f.under > 0 || !f.digit && !f.hole)
}

// isIdentifier reports whether text has the form of the name of a constraint or an
// index, as databases and migrations make them, or of a table with its usual schema.
func isIdentifier(text string) bool {
	if strings.HasPrefix(text, "dbo.") || strings.HasPrefix(text, "public.") {
		return !strings.ContainsAny(text, " /:")
	}
	i := strings.LastIndexByte(text, '_')
	if i < 1 {
		return false
	}
	switch text[i+1:] {
	case "pkey", "key", "fkey", "fk", "pk", "idx", "index", "uniq", "unique", "check", "excl", "seq", "constraint":
		return !strings.ContainsAny(text, " /:")
	}
	return false
}

// isFailing reports whether word is one of errors.
func isFailing(word string) bool {
	var space [len("unauthorized")]byte
	switch string(lower(space[:], word)) {
	case "error", "errors", "exception", "failed", "failure", "fails", "fail", "cannot", "can't", "could", "unable", "denied",
		"refused", "reset", "timeout", "timed", "exceeded", "expired", "invalid", "illegal", "missing", "unknown", "unexpected",
		"unsupported", "forbidden", "unauthorized", "unavailable", "not", "no", "bad", "aborted", "canceled", "cancelled",
		"rejected", "closed", "broken", "fatal", "panic", "conflict", "violates", "violation", "overflow", "full", "must":
		return true
	}
	return false
}
