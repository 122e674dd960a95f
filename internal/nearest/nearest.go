// Package nearest finds the name that a misspelt one was probably meant to be.
package nearest

import (
	"fmt"
	"slices"
	"strings"
)

// maxLength bounds the cost of a comparison, which grows with the product of
// the lengths.
const maxLength = 256

// Name returns the one of among that is nearest to name without regard to case,
// the first in sorted order if several are. It reports whether there is one that
// differs in fewer than half of the longer one's characters. A name of more than
// 256 bytes has none.
func Name(name string, among []string) (string, bool) {
	if len(name) > maxLength {
		return "", false
	}
	want, best, least := lower(name), "", -1
	for _, candidate := range slices.Sorted(slices.Values(among)) {
		have := lower(candidate)
		d := distance(want, have)
		if d > 0 && 2*d >= max(len(want), len(have)) { // nearly every short name is that near to another
			continue
		}
		if least < 0 || d < least {
			best, least = candidate, d
		}
	}
	return best, least >= 0
}

// Hint returns the end of a message that suggests the name that [Name] returns:
// `; did you mean "x"?`, or "" if there is none.
func Hint(name string, among []string) string {
	if near, ok := Name(name, among); ok {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// Within reports whether at most so many edits turn a into b, without regard to
// case. It is false if one of them has more than 256 bytes.
func Within(edits int, a, b string) bool {
	return max(len(a), len(b)) <= maxLength && distance(lower(a), lower(b)) <= edits
}

func lower(s string) []rune { return []rune(strings.ToLower(s)) }

// distance is the optimal string alignment distance: how many characters must be
// inserted, deleted, replaced or swapped with their neighbours to turn a into b,
// if none is changed twice. Were a swap two replacements, "failure-enrichres"
// would be nearer to failure-enricher than to failure-enrichers.
func distance(a, b []rune) int {
	last, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ra := range a {
		next[0] = i + 1
		for j, rb := range b {
			replace := row[j]
			if ra != rb {
				replace++
			}
			next[j+1] = min(replace, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && ra == b[j-1] && a[i-1] == rb {
				next[j+1] = min(next[j+1], last[j-1]+1)
			}
		}
		last, row, next = row, next, last
	}
	return row[len(b)]
}
