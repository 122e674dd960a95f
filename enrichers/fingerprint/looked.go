package fingerprint

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/text"
)

// Bounds of what is looked at of the end of a long text.
const (
	maxLine  = 1 << 10  // bytes of its last line
	maxTrace = 64 << 10 // bytes in which to look for the last cause
)

// looked returns what is looked at of a part of a text: n bytes, and of what comes
// after them the last line that tells the error. That is where a traceback of Python
// says what happened, and the last "Caused by" of Java.
func looked(s string, n int) string {
	if len(s) <= n {
		return s
	}
	head, rest := text.Cut(s, n), s[n:]
	end := strings.TrimRight(rest[max(0, len(rest)-maxLine):], " \t\r\n")
	line := strings.LastIndexByte(end, '\n')
	if line < 0 {
		return head
	}
	last := end[line+1:]
	const cause = "\nCaused by: "
	if last[0] == ' ' || last[0] == '\t' { // in the middle of a trace
		trace := rest[max(0, len(rest)-maxTrace):]
		if i := strings.LastIndex(trace, cause); i >= 0 {
			last, _, _ = strings.Cut(trace[i+1:], "\n")
		}
	}
	return head + "\n" + text.Cut(last, maxLine)
}
