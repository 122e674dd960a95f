package normalize

import (
	"strings"
	"unicode/utf8"
)

// A kind of quotation mark: what opens a text and what may close it.
const (
	kindDouble  = iota // "
	kindSingle         // '
	kindBack           // `
	kindCurly          // “ ”
	kindLow            // „ “ or „ ”
	kindCurly1         // ‘ ’
	kindLow1           // ‚ ‘ or ‚ ’
	kindAngle          // « »
	kindAngle1         // ‹ ›
	kindCorner         // 「 」
	kindCorner2        // 『 』
	numKinds
)

// quoted replaces a quoted text that begins here, if it ends. A URL in quotation
// marks, as net/http prints it, is treated as a URL.
func (s *scanner) quoted() bool {
	kind, size, closers := opening(s.in[s.pos:])
	if size == 0 || s.open[kind] {
		return false
	}
	if kind == kindSingle && (s.inWord || s.at(s.pos+1) == ' ') {
		return false // an apostrophe
	}
	for i := s.pos + size; i < len(s.in); {
		r, n := utf8.DecodeRuneInString(s.in[i:])
		switch {
		case r == '\\' && (kind == kindDouble || kind == kindSingle):
			if next := s.at(i + 1); next == '\\' || next == '"' || next == '\'' {
				n++
			}
		case strings.ContainsRune(closers, r) && s.closes(r, i, i+n):
			if isQuotedURL(s.in[s.pos+size : i]) {
				s.quotedURL(s.pos+size, i, i+n)
			} else {
				s.put(phStr, i+n)
			}
			return true
		}
		i += n
	}
	// A later mark of this kind is not closed either.
	s.open[kind] = true
	return false
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
		return kindBack, size, "`"
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
	case '「':
		return kindCorner, size, "」"
	case '『':
		return kindCorner2, size, "』"
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

// quotedURL writes the URL from start to end, and the marks around it.
func (s *scanner) quotedURL(start, end, after int) {
	text := s.in
	s.out = append(s.out, text[s.pos:start]...)
	s.in, s.pos, s.inWord = text[:end], start, false
	s.run()
	s.in = text
	s.out = append(s.out, text[end:after]...)
	s.pos, s.inWord = after, false
}
