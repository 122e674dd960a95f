package normalize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns text without the colours of a terminal, with every run of white space and control characters as one
// space, none at its ends, and every run of bytes that are not UTF-8 as one
// U+FFFD. Most texts need no change, and are returned as they are.
func Clean(text string) string {
	dirty := dirtyAt(text)
	if dirty < 0 {
		return text
	}
	if strings.Contains(text, escape) {
		// First what is not UTF-8, as the bytes around an escape may become a character.
		text = withoutEscapes(strings.ToValidUTF8(text, "\uFFFD"))
		dirty = 0
	}
	var b strings.Builder
	b.Grow(len(text) + utf8.UTFMax)
	// What comes before is clean, except for spaces at its end.
	b.WriteString(strings.TrimRight(text[:dirty], " "))
	space, broken := dirty > 0 && text[dirty-1] == ' ', false
	for _, r := range text[dirty:] {
		switch {
		case IsSpace(r):
			space, broken = true, false
			continue
		case space && b.Len() > 0:
			b.WriteByte(' ')
		}
		space = false
		if r != utf8.RuneError || !broken {
			b.WriteRune(r)
		}
		broken = r == utf8.RuneError
	}
	return b.String()
}

// escape begins the sequences by which a terminal changes colours.
const escape = "\x1b["

// withoutEscapes returns text without them: parameters, and a letter.
func withoutEscapes(text string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, escape)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		after = strings.TrimLeft(after, "0123456789;?")
		if after != "" && isLetter(after[0]) {
			after = after[1:]
		}
		text = after
	}
}

// dirtyAt returns the index of the first byte that Clean changes, or -1.
func dirtyAt(text string) int {
	space := true // before the text, so that one at the beginning is dirty
	for i := 0; i < len(text); {
		if c := text[i]; ' ' < c && c < 0x7f {
			space = false
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == ' ' && !space:
			space = true
		case r == utf8.RuneError || IsSpace(r):
			return i
		default:
			space = false
		}
		i += size
	}
	if space && text != "" {
		return len(text) - 1
	}
	return -1
}

// IsSpace reports whether r is white space or a control character.
func IsSpace(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7f
	}
	return unicode.IsSpace(r) || unicode.IsControl(r)
}
