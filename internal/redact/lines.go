package redact

import "strings"

// breakAt returns the length of the line break at s[i], and whether it is escaped, as in
// a quoted text.
func breakAt(s string, i int) (n int, escaped bool) {
	if i < len(s) && (s[i] == '\n' || s[i] == '\r' || s[i] == '\\') {
		for _, text := range [...]string{"\n", "\r\n", `\n`, `\r\n`} {
			if strings.HasPrefix(s[i:], text) {
				return len(text), text[0] == '\\'
			}
		}
	}
	return 0, false
}

// escapedEnd returns where the line that s[i] is on ends, in a quoted text whose line
// breaks are escaped.
func escapedEnd(s string, i int) int {
	for ; i < len(s) && s[i] != '"'; i++ {
		if n, _ := breakAt(s, i); n > 0 {
			return i
		}
		if s[i] == '\\' {
			i++
		}
	}
	return min(i, len(s))
}

// onNextLine returns where the value of the key at begin is if there is a line break at
// i and the value alone on the line after it, and i otherwise. Without quotation marks,
// the value is a word that is indented more than the key, which begins its line, or one
// that looks random.
func onNextLine(s string, begin, i int, quoted bool) int {
	n, escaped := breakAt(s, i)
	if n == 0 {
		return i
	}
	from, end, before := skipSpaces(s, i+n), lineEnd, lineBefore(s, begin)
	if escaped {
		end = escapedEnd
		if n := strings.LastIndex(before, `\n`); n >= 0 {
			before = before[n+len(`\n`):]
		}
	}
	line := strings.TrimRight(s[from:end(s, from)], " \t\r,;")
	if line == "" {
		return i
	}
	quote := skipQuotes(line, 0) > 0
	indent := len(before) - len(strings.TrimLeft(before, " \t"))
	switch deeper := from-i-n > indent && strings.Trim(before[indent:], "- '\"") == ""; {
	case quote && (quoted || deeper), deeper && isValueLine(line), !escaped && isMixed(line) && isValueLine(line):
		return from
	}
	return i
}

// isValueLine reports whether line can be the value of a key on the line before: it is
// none of several words, a URL, a path, a place in a file, another key, or a bracket.
func isValueLine(line string) bool {
	return !strings.ContainsAny(line, " \t") && !strings.Contains(line, "://") && (line[0] != '/' || strings.IndexByte(line[1:], '/') < 0) &&
		!strings.HasSuffix(strings.TrimRight(line, "0123456789"), ":") && (len(line) > 1 || isWord(line[0]))
}

// redactBlock masks the lines of a YAML block if its sign is at i, such as | or >-. It
// returns where to continue, which is i if there is none.
func redactBlock(e *edit, i int) int {
	s := e.src
	if s[i] != '|' && s[i] != '>' {
		return i
	}
	from := i + 1
	for from < len(s) && (s[from] == '-' || s[from] == '+' || isDigit(s[from])) {
		from++
	}
	n, escaped := breakAt(s, from)
	if n == 0 {
		return i
	}
	end := lineEnd
	if escaped {
		end = escapedEnd
	}
	from += n
	indent := from
	for indent < len(s) && s[indent] == ' ' {
		indent++
	}
	to := end(s, from)
	for n, _ := breakAt(s, to); n > 0 && indent > from && strings.HasPrefix(s[to+n:], s[from:indent]); n, _ = breakAt(s, to) {
		to = end(s, to+n)
	}
	e.mask(indent, to)
	return to
}
