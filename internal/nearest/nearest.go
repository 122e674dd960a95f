// Package nearest finds the name that somebody probably meant.
package nearest

import (
	"slices"
	"strings"
)

// maxLength bounds the cost of a comparison, which grows with the product of the lengths. Nobody
// mistypes a name of this many bytes.
const maxLength = 256

// Name returns the one of among that is nearest to name without regard to case, and whether there is
// one near enough: fewer than half of the longer one's characters may differ, two neighbours that are
// swapped counting as one. Among equally near ones it is the first in sorted order. Where name is longer than 256 bytes there is none,
// and longer candidates are passed over.
func Name(name string, among []string) (string, bool) {
	if len(name) > maxLength {
		return "", false
	}
	var (
		want  = fold(name)
		best  string
		least = -1
	)
	for _, candidate := range slices.Sorted(slices.Values(among)) {
		if len(candidate) > maxLength {
			continue
		}
		have := fold(candidate)
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

// Within reports whether at most so many characters have to be inserted, deleted, replaced or swapped
// with their neighbours to turn a into b, without regard to case. Where one of them is longer than 256 bytes, it is false.
func Within(edits int, a, b string) bool {
	return max(len(a), len(b)) <= maxLength && distance(fold(a), fold(b)) <= edits
}

func fold(s string) []rune {
	return []rune(strings.ToLower(s))
}

// distance is how many characters have to be inserted, deleted, replaced or swapped with their
// neighbours to turn a into b, where none is touched twice: the optimal string alignment distance. Were
// a swap two replacements, "failure-enrichres" would be nearer to failure-enricher than to
// failure-enrichers. The algorithm is that of R. A. Wagner and M. J. Fischer, "The String-to-String
// Correction Problem", Journal of the ACM 21(1), 1974, keeping three rows of its matrix instead of all.
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
