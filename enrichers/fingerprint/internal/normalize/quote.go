package normalize

import (
	"strings"
	"unicode/utf8"
)

// quotes are the kinds of quotation marks: what opens a text, and what may close it.
var quotes = [...]struct{ opener, closers string }{
	kindDouble:  {`"`, `"`},
	kindSingle:  {`'`, `'`},
	kindEscaped: {`\"`, `\"`}, // in a quoted text
	{"`", "`'"},
	{"“", "”"},
	{"„", "“”"},
	{"‘", "’"},
	{"‚", "‘’"},
	{"«", "»"},
	{"‹", "›"},
	{"»", "«"},
	{"「", "」"},
	{"『", "』"},
	{"《", "》"},
}

// The kinds that have rules of their own.
const (
	kindDouble = iota
	kindSingle
	kindEscaped
)

// maxNesting bounds how deep quoted texts are looked at. What is deeper is a value.
const maxNesting = 4

// quoted writes a quoted text that begins here, if it ends: as a placeholder if it is
// a value, and with its marks and normalized if it says what failed.
func (s *scanner) quoted() bool {
	kind := opening(s.in[s.pos:])
	if kind < 0 || s.open[kind] {
		return false
	}
	if kind == kindSingle && (s.inWord || s.at(s.pos+1) == ' ') {
		return false // an apostrophe
	}
	start := s.pos + len(quotes[kind].opener)
	end, after := s.closing(kind, start)
	if after == 0 {
		// A later mark of this kind is not closed either.
		s.open[kind] = true
		return false
	}
	before := s.role()
	mark := len(s.out)
	s.out = append(s.out, s.in[s.pos:start]...)
	inside, named := len(s.out), s.named
	s.named = before.role == roleName
	s.nested(start, end)
	s.named = named
	if isQuotedURL(s.in[start:end]) || says(before, string(s.out[inside:]), s.in[after:]) {
		s.out = append(s.out, s.in[end:after]...)
		s.pos, s.chunk, s.inWord = after, after, false
		return true
	}
	s.out = s.out[:mark]
	s.urlEnd = min(s.urlEnd, mark)
	s.chunk = after
	s.put(phStr, after)
	return true
}

// closing returns where the text that starts at start ends, and where the mark after
// it does; 0 if it is not closed.
func (s *scanner) closing(kind, start int) (end, after int) {
	closers := quotes[kind].closers
	if kind == kindEscaped {
		if i := strings.Index(s.in[start:], closers); i >= 0 {
			return start + i, start + i + len(closers)
		}
		return 0, 0
	}
	for i := start; i < len(s.in); {
		if s.in[i] < utf8.RuneSelf && classes[s.in[i]] != classBreak && s.in[i] != '\\' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s.in[i:])
		switch {
		case r == '\\' && (kind == kindDouble || kind == kindSingle):
			if next := s.at(i + 1); next == '\\' || next == '"' || next == '\'' {
				n++
			}
		case r == '\'' && kind == kindSingle && s.at(i+1) == '\'' && i > start:
			n++ // 'O''Brien' in SQL
		case strings.ContainsRune(closers, r) && s.closes(r, i, i+n):
			return i, i + n
		}
		i += n
	}
	return 0, 0
}

// opening returns the kind of the quotation mark that text begins with, or -1.
func opening(text string) (kind int) {
	for kind := range quotes {
		if strings.HasPrefix(text, quotes[kind].opener) {
			return kind
		}
	}
	return -1
}

// closes reports whether the mark r from start to end closes a text. A mark that may
// be an apostrophe does not.
func (s *scanner) closes(r rune, start, end int) bool {
	if r != '\'' && r != '’' && r != '‘' {
		return true
	}
	return s.in[start-1] != ' ' && s.endsAt(end)
}

// nested writes the text from start to end as a text of its own.
func (s *scanner) nested(start, end int) {
	text, open, groups := s.in, s.open, s.groups
	s.in, s.pos, s.chunk, s.inWord = text[:end], start, start, false
	s.open, s.groups.depth = [len(quotes)]bool{}, 0
	s.groups.at[0] = level{base: len(s.out)}
	if s.depth++; s.depth <= maxNesting {
		s.run()
		s.endItem()
	}
	s.depth--
	s.in, s.open, s.groups = text, open, groups
}

// isQuotedURL reports whether text is a URL and nothing else.
func isQuotedURL(text string) bool {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme == "" || strings.ContainsAny(rest, "\"'` ") || strings.ContainsFunc(rest, isQuote) {
		return false
	}
	return known(scheme) || !strings.ContainsFunc(scheme, func(r rune) bool {
		return r >= utf8.RuneSelf || !isLetter(byte(r))
	})
}
