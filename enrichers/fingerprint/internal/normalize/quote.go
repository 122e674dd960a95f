package normalize

import (
	"strings"
	"unicode/utf8"
)

// A kind of quotation mark: what opens a text and what may close it.
const (
	kindDouble  = iota // "
	kindSingle         // '
	kindBack           // ` or ` and '
	kindCurly          // “ ”
	kindLow            // „ “ or „ ”
	kindCurly1         // ‘ ’
	kindLow1           // ‚ ‘ or ‚ ’
	kindAngle          // « »
	kindAngle1         // ‹ ›
	kindInward         // » «
	kindCorner         // 「 」
	kindCorner2        // 『 』
	kindTitle          // 《 》
	kindEscaped        // \" in a quoted text
	numKinds
)

// maxNesting bounds how deep quoted texts are looked at. What is deeper is a value.
const maxNesting = 4

// quoted writes a quoted text that begins here, if it ends: as a placeholder if it is
// a value, and with its marks and normalized if it says what failed.
func (s *scanner) quoted() bool {
	kind, size, closers := opening(s.in[s.pos:])
	if size == 0 || s.open[kind] {
		return false
	}
	if kind == kindSingle && (s.inWord || s.at(s.pos+1) == ' ') {
		return false // an apostrophe
	}
	start := s.pos + size
	end, after := s.closing(kind, start, closers)
	if after == 0 {
		// A later mark of this kind is not closed either.
		s.open[kind] = true
		return false
	}
	before := s.role()
	mark := len(s.out)
	s.out = append(s.out, s.in[s.pos:start]...)
	s.nested(start, end)
	if isQuotedURL(s.in[start:end]) || says(before, string(s.out[mark+size:]), s.in[after:]) {
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
func (s *scanner) closing(kind, start int, closers string) (end, after int) {
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

// opening returns the quotation mark that text begins with.
func opening(text string) (kind, size int, closers string) {
	r, size := utf8.DecodeRuneInString(text)
	switch r {
	case '"':
		return kindDouble, size, `"`
	case '\'':
		return kindSingle, size, `'`
	case '`':
		return kindBack, size, "`'"
	case '\\':
		if strings.HasPrefix(text, `\"`) {
			return kindEscaped, len(`\"`), `\"`
		}
	case '“':
		return kindCurly, size, "”"
	case '„':
		return kindLow, size, "“”"
	case '‘':
		return kindCurly1, size, "’"
	case '‚':
		return kindLow1, size, "‘’"
	case '«':
		return kindAngle, size, "»"
	case '‹':
		return kindAngle1, size, "›"
	case '»':
		return kindInward, size, "«"
	case '「':
		return kindCorner, size, "」"
	case '『':
		return kindCorner2, size, "』"
	case '《':
		return kindTitle, size, "》"
	}
	return 0, 0, ""
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
	s.open, s.groups.depth = [numKinds]bool{}, 0
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
