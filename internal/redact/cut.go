package redact

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/text"
)

// Cut returns at most n bytes of s. If it cuts, the result ends behind the last white
// space that it has, because half a secret is harder to recognize than a whole one. It
// ends anywhere if that would be less than half of it, and [Text] finds no secret in
// twice as much of s.
func Cut(s string, n int) string {
	kept := text.Cut(s, n)
	words := 1 + strings.LastIndexAny(kept, " \t\n")
	if len(kept) == len(s) || words == 0 {
		return kept
	}
	if words < n/2 {
		if near := text.Cut(s, 2*n); Text(near) == near {
			return kept
		}
	}
	return kept[:words]
}
