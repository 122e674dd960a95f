package enrichertest

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"strings"
	"time"
)

// left waits until no goroutine has the label, but no longer than [timeout], and
// describes those that still have it, one line for each place where they are.
func left(label string) []string {
	deadline := time.Now().Add(timeout)
	for pause := time.Millisecond; ; pause *= 2 {
		all := labelled(label)
		if len(all) == 0 || time.Now().After(deadline) {
			return all
		}
		time.Sleep(pause)
	}
}

// labelled describes the goroutines that have the label. The profile in its text
// form is one paragraph for each stack and set of labels:
//
//	2 @ 0x47d92e 0x480b25
//	# labels: {"enrichertest":"7"}
//	#	0x480b24	time.Sleep+0x164	/go/src/runtime/time.go:363
//	#	0x4dbf5c	main.worker+0x1c	/src/main.go:11
func labelled(label string) (all []string) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		panic(err) // writing to memory does not fail
	}
	own := fmt.Sprintf("%q:%q", labelKey, label)
	for paragraph := range strings.SplitSeq(profile.String(), "\n\n") {
		head, stack, _ := strings.Cut(paragraph, "\n")
		labels, stack, _ := strings.Cut(stack, "\n")
		if strings.HasPrefix(labels, "# labels: ") && strings.Contains(labels, own) {
			count, _, _ := strings.Cut(head, " ")
			all = append(all, fmt.Sprintf("goroutines: %s, in %s", count, where(stack)))
		}
	}
	return all
}

// where names the innermost function of a stack that is not one of the standard
// library's for waiting.
func where(stack string) (function string) {
	for line := range strings.Lines(stack) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		name, _, _ := strings.Cut(fields[2], "+0x")
		function = fmt.Sprintf("%s (%s)", name, fields[3])
		if !strings.HasPrefix(name, "runtime.") && !strings.HasPrefix(name, "time.") && !strings.HasPrefix(name, "sync.") {
			break
		}
	}
	return function
}
