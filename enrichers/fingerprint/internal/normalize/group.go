package normalize

import "bytes"

// Lists differ in length: (a 1), (a 2), (a 3) is as (a 1). When an item of a list is
// complete and is the same as what stands before the separator, both are removed. The
// sentences of a text are a list, too.

// groups are the brackets that are open here.
type groups struct {
	depth int // may exceed the number of levels: what is deeper is not compared
	at    [8]level
}

// A level is what is between two brackets, or outside of all.
type level struct {
	base int  // where it begins in what was written
	sep  int  // the separator before the item that is written now
	list bool // whether there is one
}

// mark writes the punctuation mark c.
func (s *scanner) mark(c byte) {
	switch c {
	case '(', '[', '{':
		s.literal()
		if s.groups.depth++; s.groups.depth < len(s.groups.at) {
			s.groups.at[s.groups.depth] = level{base: len(s.out)}
		}
		return
	case ')', ']', '}':
		s.endItem()
		s.groups.depth = max(s.groups.depth-1, 0)
	case ',', ';':
		s.endItem()
		if l := s.groups.level(); l != nil {
			l.sep, l.list = len(s.out), true
		}
	case ':', '.':
		if next := s.at(s.pos + 1); next == ' ' || next == 0 {
			s.endItem()
			if l := s.groups.level(); l != nil {
				l.sep, l.list = len(s.out), c == '.'
			}
		}
	}
	s.literal()
}

func (g *groups) level() *level {
	if g.depth < len(g.at) {
		return &g.at[g.depth]
	}
	return nil
}

// cut forgets separators beyond the first n bytes, which have been removed.
func (g *groups) cut(n int) {
	if l := g.level(); l != nil && l.list && l.sep >= n {
		l.list = false
	}
}

// endItem removes the item that ends here if it repeats the one before.
func (s *scanner) endItem() {
	l := s.groups.level()
	if l == nil || !l.list || l.sep >= len(s.out) || l.sep < l.base {
		return
	}
	l.list = false
	item := bytes.Trim(s.out[l.sep+1:], " ")
	before := s.out[l.base:l.sep]
	start := len(before) - len(item)
	if len(item) == 0 || !bytes.HasSuffix(before, item) || start > 0 && !startsItem(before[start-1]) {
		return
	}
	s.out = s.out[:l.sep]
	s.urlEnd = min(s.urlEnd, len(s.out))
}

// startsItem reports whether an item may follow c.
func startsItem(c byte) bool {
	switch c {
	case ' ', ',', ';', '=', ':', '"', '\'':
		return true
	}
	return false
}
