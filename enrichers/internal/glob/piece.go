package glob

import (
	"strings"
	"unicode/utf8"
)

// A piece of a pattern has no stars, and matches a fixed number of characters.
type piece interface {
	prefix(s string) (size int, ok bool) // whether s begins with it
	suffix(s string) (size int, ok bool) // whether s ends with it
	find(s string) (end int, ok bool)    // where it ends where it is first in s
}

// chars are a piece.
type chars []char

// done returns the quicker one where all is literal, as nearly always.
func (p chars) done() piece {
	var b strings.Builder
	for _, c := range p {
		if !c.literal {
			return p
		}
		b.WriteRune(c.ranges[0])
	}
	return literal(b.String())
}

func (p chars) prefix(s string) (size int, ok bool) {
	for _, c := range p {
		r, n := utf8.DecodeRuneInString(s[size:])
		if n == 0 || !c.match(r, n) {
			return 0, false
		}
		size += n
	}
	return size, true
}

func (p chars) suffix(s string) (size int, ok bool) {
	for i := len(p) - 1; i >= 0; i-- {
		r, n := utf8.DecodeLastRuneInString(s[:len(s)-size])
		if n == 0 || !p[i].match(r, n) {
			return 0, false
		}
		size += n
	}
	return size, true
}

func (p chars) find(s string) (end int, ok bool) {
	for i := range s {
		if n, ok := p.prefix(s[i:]); ok {
			return i + n, true
		}
	}
	return 0, false // p is not empty: that would be a literal
}

// A literal is a piece that is one text.
type literal string

func (p literal) prefix(s string) (size int, ok bool) {
	return len(p), strings.HasPrefix(s, string(p))
}

func (p literal) suffix(s string) (size int, ok bool) {
	return len(p), strings.HasSuffix(s, string(p))
}

func (p literal) find(s string) (end int, ok bool) {
	i := strings.Index(s, string(p))
	return i + len(p), i >= 0
}
