package normalize

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/internal/text"
)

// The placeholders. Numbers, quantities and random identifiers have the same one,
// because one field may have digits only or letters as well, a unit or none.
const (
	phNum   = "<num>"
	phUUID  = "<uuid>"
	phTime  = "<time>"
	phAddr  = "<addr>"
	phPath  = "<path>"
	phEmail = "<email>"
	phStr   = "<str>"
)

// placeholder returns the placeholder that text begins with, or "".
func placeholder(text string) string {
	if len(text) < len(phNum) || text[0] != '<' {
		return ""
	}
	for _, p := range [...]string{phNum, phUUID, phTime, phAddr, phPath, phEmail, phStr} {
		if text[1] == p[1] && strings.HasPrefix(text, p) {
			return p
		}
	}
	return ""
}

// HasWord reports whether a normalized text has a letter other than those of
// placeholders.
func HasWord(normalized string) bool {
	for i := 0; i < len(normalized); {
		if p := placeholder(normalized[i:]); p != "" {
			i += len(p)
			continue
		}
		r, size := utf8.DecodeRuneInString(normalized[i:])
		if unicode.IsLetter(r) {
			return true
		}
		i += size
	}
	return false
}

// Ellipsis is the end of a text that [Cut] has cut.
const Ellipsis = "…"

// Cut returns a normalized text, cut to n bytes if it is longer: between two
// characters, not within a placeholder, and with an ellipsis at the end.
func Cut(normalized string, n int) string {
	if len(normalized) <= n {
		return normalized
	}
	head := text.Cut(normalized, n-len(Ellipsis))
	if i := strings.LastIndexByte(head, '<'); i >= 0 && i+len(placeholder(normalized[i:])) > len(head) {
		head = head[:i]
	}
	return head + Ellipsis
}
