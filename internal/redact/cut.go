package redact

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/text"
)

// Cut returns at most n bytes of s. If it cuts, the result ends behind the last white
// space that it has, because half a secret is harder to recognize than a whole one. If
// that would be less than half of it, it ends anywhere, unless [Text] finds a secret in
// twice as much of s. If there is one and no white space, it is masked before s is cut.
func Cut(s string, n int) string {
	kept := text.Cut(s, n)
	if len(kept) == len(s) {
		return s
	}
	words := 1 + strings.LastIndexAny(kept, " \t\n")
	if words < n/2 {
		near := text.Cut(s, 2*n)
		masked := Text(near)
		if masked == near {
			return kept
		}
		if words == 0 {
			return text.Cut(masked, n)
		}
	}
	return kept[:words]
}

// Clean returns at most n bytes of s as [text.Clean] does, cut as by [Cut].
func Clean(s string, n int) string { return text.Clean(Cut(s, n), n) }
