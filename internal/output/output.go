// Package output finds the lines in what a command wrote that tell why it has failed.
package output

import (
	"slices"
	"strings"
)

// Max is how many bytes of an output are looked at, its last ones.
const Max = 64 << 10

// Telling returns the lines of an output that tell most, at most n. Lines that are empty
// or indented, such as the frames of a stack, do not count. If one begins a crash report
// of Go, .NET, PHP, Python, Java or Rust, those are the lines of the last report, and
// otherwise the last lines. Of a report of Node.js they are the message and its causes.
func Telling(output string, n int) string {
	output = output[max(0, len(output)-Max):]
	if lines := ofNode(output); lines != nil {
		return strings.Join(lines[:min(n, len(lines))], "\n")
	}
	var lines []string
	last := false // no line after the first n counts
	for line := range strings.FieldsFuncSeq(output, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimRight(line, " \t")
		if line == "" || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		if ends, ok := startsReport(line); ok {
			lines, last = lines[:0], ends
		}
		if len(lines) == n {
			if last {
				continue
			}
			lines = append(lines[:0], lines[1:]...)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// startsReport reports whether line begins a crash report, and whether that is the
// end of the process. After others, more may follow.
func startsReport(line string) (ends, ok bool) {
	starts := func(with ...string) bool {
		return slices.ContainsFunc(with, func(start string) bool { return strings.HasPrefix(line, start) })
	}
	ends = starts(
		"panic: ", "fatal error: ", // Go, which prints all goroutines after it
		"Unhandled exception. ", // .NET
		"PHP Fatal error: ",
	)
	return ends, ends || starts(
		"Traceback (most recent call last)", // Python
		"Exception in thread ",              // Java
		"thread '",                          // Rust
	)
}

// ofNode returns the message of the error that has ended Node.js, and its causes, or nil.
// They are between the place in the source, which ends in a caret, and the version.
func ofNode(output string) (lines []string) {
	output = strings.TrimRight(output, "\r\n")
	end := strings.LastIndexByte(output, '\n') + 1
	if !strings.HasPrefix(output[end:], "Node.js v") {
		return nil
	}
	start := strings.LastIndex(output[:end], "^\n")
	if start < 0 {
		return nil
	}
	message := true
	for line := range strings.Lines(output[start+len("^\n") : end]) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "at "):
			message = false
		case line != "" && message, strings.HasPrefix(line, "[cause]: "):
			lines = append(lines, line)
		}
	}
	return lines
}
