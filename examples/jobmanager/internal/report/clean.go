package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
)

// maxCell is the width of a name, or of a label in the table, in characters.
const maxCell = 32

func shortName(job manager.Job) string { return shorten(clean(job.Name), maxCell) }

// width returns how many characters s has.
func width(s string) int { return utf8.RuneCountInString(s) }

// pad adds spaces to s up to so many characters.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }

// shorten cuts s to at most n characters.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// clean returns s in one line without control characters: errors may quote escape
// sequences, which would change the terminal.
func clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r):
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
	maxLines  = 8
	maxLength = 400 // of a line
)

// lines returns the lines of an error, clean.
func lines(s string) []string {
	all := strings.Split(strings.TrimSpace(s), "\n")
	if len(all) > maxLines {
		all = append(all[:maxLines-1:maxLines-1], "…")
	}
	for i, line := range all {
		all[i] = shorten(clean(line), maxLength)
	}
	return all
}
