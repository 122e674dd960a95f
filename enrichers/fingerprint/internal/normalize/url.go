package normalize

import (
	"strings"
	"unicode/utf8"
)

// url replaces what varies in a URL whose scheme is t: the user and all that follows
// the host. The host identifies the other system, so it is kept, apart from numbers.
func (s *scanner) url(t *token) bool {
	if !s.has(t.end, "://") {
		return false
	}
	host := t.end + len("://")
	end := s.authority(host)
	if user := strings.LastIndexByte(s.in[host:end], '@'); user >= 0 {
		host += user + 1
	}
	s.out = append(s.out, s.in[t.start:t.end]...)
	s.out = append(s.out, "://"...)
	s.inWord = false

	// The host is scanned alone, so that what follows does not become a part of it.
	text := s.in
	s.in, s.pos, s.chunk = text[:end], host, end
	s.run()
	s.in = text

	if n := urlPath(s.in[end:]); n > 0 {
		s.out = append(s.out, "/"+phPath...)
		s.pos, s.inWord = s.query(end, end+n), true
	}
	s.urlEnd = len(s.out)
	return true
}

// query returns the end of the URL whose path begins at start and ends at end, at a
// space: the values in a query that was not encoded have spaces in them. It goes on
// if another parameter follows, such as &page=2.
func (s *scanner) query(start, end int) int {
	const longest = 128 // bytes of a value with spaces
	for s.at(end) == ' ' && strings.IndexByte(s.in[start:end], '?') >= 0 {
		i := end + 1
		for i < len(s.in) && i < end+longest && s.in[i] != '&' && s.in[i] != '"' && s.in[i] != '\'' && !s.has(i, ": ") {
			i++
		}
		name := i + 1
		for s.at(i) == '&' && (isAlnum(s.at(name)) || s.at(name) == '_') {
			name++
		}
		if s.at(i) != '&' || name == i+1 || s.at(name) != '=' {
			break
		}
		end = name + 1
		for end < len(s.in) && s.in[end] != ' ' && s.in[end] != '"' && s.in[end] != '\'' {
			end++
		}
	}
	return end
}

// authority returns the end of the host, its port and its user at i.
func (s *scanner) authority(i int) int {
	for i < len(s.in) {
		c := s.in[i]
		switch {
		case isAlnum(c) || strings.IndexByte(".-_:@%[]~!$&*+=,;", c) >= 0:
			i++
		case c == '<':
			p := placeholder(s.in[i:])
			if p == "" || p == phStr || p == phPath { // which no host has
				return i
			}
			i += len(p)
		case c >= utf8.RuneSelf:
			size, ok := wordRune(s.in, i)
			if !ok {
				return i
			}
			i += size
		default:
			return i
		}
	}
	return i
}

// urlPath returns the length of the path, query and fragment that text begins
// with; 0 if there is none, or no more than a slash.
func urlPath(text string) int {
	if text == "" || strings.IndexByte("/?#", text[0]) < 0 {
		return 0
	}
	if strings.HasPrefix(text, "/"+phPath) {
		return len("/" + phPath)
	}
	end := strings.IndexFunc(text, func(r rune) bool {
		return r == ' ' || r < utf8.RuneSelf && strings.IndexByte("\"'`<>", byte(r)) >= 0 || isQuote(r)
	})
	if end < 0 {
		end = len(text)
	}
	if end = len(strings.TrimRight(text[:end], `.,;:!?)]}\`)); end < 2 {
		return 0
	}
	return end
}
