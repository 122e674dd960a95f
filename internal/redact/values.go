package redact

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
)

// redactValue masks the value of a secret key that begins at i, and returns where
// to continue. It masks what it has looked at, or returns its end, so that nothing
// is looked at twice.
func redactValue(e *edit, key string, sep byte, i int) int {
	s := e.src
	if i == len(s) || s[i] == '\n' {
		return i
	}
	if n := placeholder(s[i:]); n > 0 {
		return i + n
	}
	if to := redactBlock(e, i); to > i {
		return to
	}
	if quote := escapedQuote(s[i:]); quote != "" {
		return redactUpTo(e, i+len(quote), quote)
	}
	if i+2 < len(s) && isQuote(s[i]) && s[i+1] == s[i] && (isLetter(s[i+2]) || isDigit(s[i+2])) { // ""secret"" in CSV
		return redactUpTo(e, i+2, s[i:i+2])
	}
	open, quoted := quoteAt(s, i)
	switch {
	case quoted:
		to := quoteEnd(s, open+1, s[open], open-i)
		if value := s[open+1 : to]; (sep != ':' || !isSentence(value)) && !isReference(key, value) {
			e.mask(open+1, to)
			to = redactChange(e, to)
		}
		return to
	case s[i] == '{' && sep == ':' && isObject(s, i):
		return i + 1 // its keys are judged one by one
	case s[i] == '{' && sep != ':':
		return redactUpTo(e, i+1, "}") // an ODBC value
	case s[i] == '[' && i+1 < len(s) && isQuote(s[i+1]) && isSentence(s[i+2:quoteEnd(s, i+2, s[i+1], 0)]):
		return i + 1
	case s[i] == '[':
		return redactUpTo(e, i+1, "]")
	}
	if secretkey.HasEnd(key, "cookie") || secretkey.HasEnd(key, "authorization") {
		if to, ok := redactHeader(e, key, sep, i); ok {
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
	case "null", "nil", "true", "false", "none", "None":
		return to
	}
	if !isHarmless(key, s[i:end]) {
		e.mask(i, end)
	}
	return max(to, i+1)
}

// isObject reports whether an object begins with the brace at i, and no password. After
// white space, {token} stands for a value.
func isObject(s string, i int) bool {
	rest := s[i+1 : min(len(s), i+1+maxKey)]
	rest = rest[:wordEnd(rest)]
	n := wordLen(rest)
	if n == len(rest) {
		return n == 0
	}
	return strings.IndexByte("{:=", rest[n]) >= 0 || n == 0 && strings.IndexByte("'\\}[&", rest[n]) >= 0 ||
		isSpace(s[i-1]) && strings.IndexByte(rest, '}') >= 0
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
			end = endsPair(s, i+1) && (c != ',' || s[i-1] != '\\' || i == from) // Helm escapes commas
		default:
			end = isSpace(c) && (c != ' ' || s[i-1] != '\\' || i == from) // libpq escapes spaces
		}
		if end {
			return i
		}
	}
	return len(s)
}

// placeholder returns the length of what s begins with if it only stands for a value:
// <nil>, ${NAME}, {{ .Value }}, $(command). It is 0 if there is none.
func placeholder(s string) int {
	if s == "" || s[0] != '<' && s[0] != '{' && s[0] != '$' {
		return 0
	}
	s = s[:min(len(s), maxKey)]
	n := 0
	for _, p := range [][2]string{{"<", ">"}, {"{{", "}}"}, {"${{", "}}"}, {"${", "}"}, {"$(", ")"}} {
		inside, ok := strings.CutPrefix(s, p[0])
		if !ok {
			continue
		}
		end := strings.Index(inside, p[1])
		if end < 0 || p[0] != "$(" && len(p[1]) == 1 && !isWords(inside[:end]) || strings.IndexByte(inside[:end], '\n') >= 0 {
			return 0
		}
		n = len(p[0]) + end + len(p[1])
		break
	}
	if n < len(s) && (isLetter(s[n]) || isDigit(s[n])) {
		return 0 // a password may begin so
	}
	return n
}

// isWords reports whether s has only words and spaces.
func isWords(s string) bool {
	for i := range len(s) {
		if s[i] != ' ' && !isWord(s[i]) {
			return false
		}
	}
	return true
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
	end := i + wordLen(s[i:])
	return end > i && end < len(s) && (s[end] == '=' || s[end] == ':')
}

// quoteAt returns where the quotation mark is that s has at i, behind the backslashes of a
// text that is quoted once more, and whether there is one.
func quoteAt(s string, i int) (at int, ok bool) {
	for i < len(s) && s[i] == '\\' {
		i++
	}
	return i, i < len(s) && isQuote(s[i])
}

// quoteEnd returns where a quoted text that begins at i ends: at the closing quote,
// or before its backslashes if quotes are escaped by that many, or else at the end
// of the line. A quote that is doubled is one of the text, as in SQL and YAML, and so is
// one that a shell joins.
func quoteEnd(s string, i int, quote byte, slashes int) int {
	run := 0
	for ; i < len(s) && s[i] != '\n'; i++ {
		switch s[i] {
		case '\\':
			run++
			continue
		case quote:
			if slashes == 0 && run == 0 {
				if n := quoteInside(s[i:], quote); n > 0 {
					i += n - 1
					continue
				}
			}
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

// quoteInside returns the length of what s begins with if it closes a quotation and opens
// it again, and 0 otherwise: a quote that is doubled, or that a shell writes between two
// quotations, with a backslash or within the other quotes.
func quoteInside(s string, quote byte) int {
	q := string(quote)
	for _, between := range []string{"", `\` + q, `"` + q + `"`} {
		if after, ok := strings.CutPrefix(s[1:], between); ok && strings.HasPrefix(after, q) {
			return len(between) + 2
		}
	}
	return 0
}
