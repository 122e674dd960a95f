// Package glob matches names against patterns such as "import-*".
package glob

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

const (
	MaxPattern = 1024     // bytes that a pattern may have
	MaxText    = 64 << 10 // bytes of a text that are looked at
)

// A Pattern is a compiled glob. The zero value matches the empty text only. Its
// methods may be called concurrently.
type Pattern struct {
	text string

	// The pieces between the stars, of which there is one less. All match a
	// fixed number of characters: so the first belongs at the start, the last at
	// the end, and each of the others wherever it is found first. Nothing has
	// ever to be tried again.
	pieces []piece
}

// Compile returns the pattern that text describes. In it
//
//	?       is any one character
//	*       is any text, also none, and also one with slashes
//	[a-cx]  is one of these characters, and [!a-cx] or [^a-cx] is any other
//	\c      is the character c, whatever it means otherwise
//
// and every other character is itself. Upper and lower case differ.
//
// A text that is longer than [MaxPattern], not valid UTF-8 or malformed is an
// error, which says where.
func Compile(text string) (*Pattern, error) {
	if len(text) > MaxPattern {
		return nil, fmt.Errorf("%.32q... has %d bytes: want a pattern of at most %d", text, len(text), MaxPattern)
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%q is not valid UTF-8", text)
	}
	p := &Pattern{text: text}
	var current chars
	for rest := text; rest != ""; {
		if rest[0] == '*' {
			p.pieces = append(p.pieces, current.done())
			current, rest = nil, rest[1:]
			continue
		}
		c, size, err := parseChar(rest)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: at byte %d: %w", text, len(text)-len(rest)+1, err)
		}
		current, rest = append(current, c), rest[size:]
	}
	p.pieces = append(p.pieces, current.done())
	return p, nil
}

// String returns the text that p was compiled from.
func (p *Pattern) String() string { return p.text }

// Match reports whether p describes all of s, or where s is longer than [MaxText],
// all of its beginning. A byte of s that is not valid UTF-8
// is a character by itself, which no other character equals. The time it takes
// is at most proportional to the product of the lengths of p and s, and nearly
// always to that of s.
func (p *Pattern) Match(s string) bool {
	s = s[:min(len(s), MaxText)]
	if len(p.pieces) == 0 {
		return s == ""
	}
	head, rest := p.pieces[0], p.pieces[1:]
	n, ok := head.prefix(s)
	if !ok || len(rest) == 0 {
		return ok && n == len(s)
	}
	s = s[n:]
	tail, middle := rest[len(rest)-1], rest[:len(rest)-1]
	n, ok = tail.suffix(s)
	if !ok {
		return false
	}
	s = s[:len(s)-n]
	for _, piece := range middle {
		end, ok := piece.find(s)
		if !ok {
			return false
		}
		s = s[end:]
	}
	return true
}

var (
	errRange     = errors.New("want a range of characters that ascends, such as [a-z]")
	errClass     = errors.New(`want "]" after the characters of a class, and at least one of them; a "[" that means itself is written "\["`)
	errBackslash = errors.New(`want a character after the backslash; one that means itself is written "\\"`)
)

// parseChar parses the one element, no star, that text begins with.
func parseChar(text string) (c char, size int, err error) {
	switch text[0] {
	case '?':
		return char{other: true}, 1, nil
	case '[':
		return parseClass(text)
	}
	r, size, err := parseRune(text)
	return char{literal: true, ranges: []rune{r, r}}, size, err
}

// parseClass parses a class such as [a-cx].
func parseClass(text string) (c char, size int, err error) {
	rest := text[1:]
	if rest != "" && (rest[0] == '!' || rest[0] == '^') {
		c.other, rest = true, rest[1:]
	}
	for rest != "" && rest[0] != ']' {
		lo, size, err := parseRune(rest)
		if err != nil {
			return c, 0, err
		}
		rest = rest[size:]
		hi := lo
		if len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
			hi, size, err = parseRune(rest[1:])
			if err != nil {
				return c, 0, err
			}
			rest = rest[1+size:]
		}
		if hi < lo {
			return c, 0, errRange
		}
		c.ranges = append(c.ranges, lo, hi)
	}
	if rest == "" || len(c.ranges) == 0 {
		return c, 0, errClass
	}
	return c, len(text) - len(rest) + 1, nil
}

// parseRune parses a character that may be escaped.
func parseRune(text string) (r rune, size int, err error) {
	escape := 0
	if text[0] == '\\' {
		escape = 1
		if len(text) == 1 {
			return 0, 0, errBackslash
		}
	}
	r, size = utf8.DecodeRuneInString(text[escape:])
	return r, escape + size, nil
}

// A char is a set of characters: those in ranges, or any other.
type char struct {
	ranges  []rune // pairs of the first and the last
	other   bool
	literal bool // there is one character in it
}

func (c char) match(r rune, size int) bool {
	if r == utf8.RuneError && size == 1 {
		return c.other // a byte that is no character
	}
	for bounds := range slices.Chunk(c.ranges, 2) {
		if bounds[0] <= r && r <= bounds[1] {
			return !c.other
		}
	}
	return c.other
}
