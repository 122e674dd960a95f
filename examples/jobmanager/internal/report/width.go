package report

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
)

// maxCell is the width of a name, or of a label in the table, in columns.
const maxCell = 32

func shortName(job manager.Job) string { return shorten(clean(job.Name), maxCell) }

// width returns how many columns s occupies in a terminal: none for a combining
// mark, two for an East Asian letter or an emoji, one for any other.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul),
		r >= 0x3001 && r <= 0x303e,   // their punctuation
		r >= 0xff01 && r <= 0xff60,   // full-width forms
		r >= 0x1f300 && r <= 0x1f64f, // emoji
		r >= 0x1f680 && r <= 0x1f6ff,
		r >= 0x1f900 && r <= 0x1f9ff:
		return 2
	}
	return 1
}

// pad adds spaces to s up to so many columns.
func pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-width(s)))
}

// shorten cuts s to so many columns.
func shorten(s string, columns int) string {
	if width(s) <= columns {
		return s
	}
	n := 1 // for the ellipsis
	for i, r := range s {
		if n += runeWidth(r); n > columns {
			return s[:i] + "…"
		}
	}
	return s
}

// clean returns s in one line without control characters: errors may quote escape
// sequences, which would change the terminal.
func clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r), r == '\u200d': // which joins emoji
			b.WriteRune(r)
		case r == '\t', r == '\n':
			b.WriteByte(' ')
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}

// Bounds of the text of an error.
const (
	maxLines   = 8
	maxColumns = 400
)

// lines returns the lines of an error, clean.
func lines(s string) []string {
	all := strings.Split(strings.TrimSpace(s), "\n")
	if len(all) > maxLines {
		all = append(all[:maxLines-1:maxLines-1], "…")
	}
	for i, line := range all {
		all[i] = shorten(clean(line), maxColumns)
	}
	return all
}
