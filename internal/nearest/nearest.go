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
// one near enough: at most half of the longer one's characters, but always one, may differ. Among
// equally near ones it is the first in sorted order. Where name is longer than 256 bytes there is none,
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
		if d > max(1, max(len(want), len(have))/2) {
			continue
		}
		if least < 0 || d < least {
			best, least = candidate, d
		}
	}
	return best, least >= 0
}

// Within reports whether at most so many characters have to be inserted, deleted or replaced to turn a
// into b, without regard to case. Where one of them is longer than 256 bytes, it is false.
func Within(edits int, a, b string) bool {
	return max(len(a), len(b)) <= maxLength && distance(fold(a), fold(b)) <= edits
}

func fold(s string) []rune {
	return []rune(strings.ToLower(s))
}

// distance is the Levenshtein distance: how many characters have to be inserted, deleted or replaced
// to turn a into b. The algorithm is that of R. A. Wagner and M. J. Fischer, "The String-to-String
// Correction Problem", Journal of the ACM 21(1), 1974, keeping one row of its matrix instead of all.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ra := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, rb := range b {
			replace := diagonal
			if ra != rb {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
