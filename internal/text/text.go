// Package text cuts and cleans third-party text.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cut returns the first n bytes of s, or fewer so as not to cut a character in
// two. If n is not positive it returns "". The result shares the memory of s.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n = max(n, 0)
	for i := n; i > n-utf8.UTFMax && i >= 0; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i]
		}
	}
	return s[:n] // not UTF-8
}

// Clean returns at most limit bytes of s that are valid UTF-8, with U+FFFD in
// place of each control character other than tab and newline. It does not look
// beyond limit, and shares no memory with s.
func Clean(s string, limit int) string {
	s = Cut(s, limit)
	if strings.IndexFunc(s, unclean) < 0 {
		return strings.Clone(s)
	}
	return strings.Clone(Cut(strings.Map(func(r rune) rune {
		if unclean(r) {
			return utf8.RuneError // also in place of a byte that is not UTF-8
		}
		return r
	}, s), limit))
}

func unclean(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) && r != '\t' && r != '\n'
}
