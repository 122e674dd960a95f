package normalize

import (
	"unicode"
	"unicode/utf8"
)

// A class is the kind of a byte.
type class uint8

const (
	classOther  class = iota // a punctuation mark that may be in a chunk
	classBreak               // one that ends it
	classSpace               // ends it as well
	classDigit               // 0 to 9
	classLetter              // of ASCII
	classWide                // of a character beyond ASCII
)

var classes = func() (table [256]class) {
	for c := range table {
		switch {
		case isDigit(byte(c)):
			table[c] = classDigit
		case isLetter(byte(c)):
			table[c] = classLetter
		case c == ' ':
			table[c] = classSpace
		case c >= utf8.RuneSelf:
			table[c] = classWide
		}
	}
	for _, c := range "\"'`()[]{}<>,;|=:" {
		table[c] = classBreak
	}
	return table
}()

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func isLetter(c byte) bool { return isUpper(c) || isLower(c) }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// lower returns text with the letters of ASCII in lower case, in space, or "" if it
// does not fit.
func lower[T string | []byte](space []byte, text T) []byte {
	if len(text) > len(space) {
		return nil
	}
	for i := range len(text) {
		c := text[i]
		if isUpper(c) {
			c |= 0x20
		}
		space[i] = c
	}
	return space[:len(text)]
}

// wordRune returns the length of the letter, mark or digit at i, in any script.
func wordRune(text string, i int) (size int, ok bool) {
	if i >= len(text) {
		return 0, false
	}
	if c := text[i]; c < utf8.RuneSelf {
		return 1, isAlnum(c)
	}
	r, size := utf8.DecodeRuneInString(text[i:])
	return size, unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// digits returns the end of the digits at i, of any script.
func digits(text string, i int) int {
	for i < len(text) {
		if c := text[i]; c < utf8.RuneSelf {
			if !isDigit(c) {
				break
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.IsDigit(r) {
			break
		}
		i += size
	}
	return i
}
