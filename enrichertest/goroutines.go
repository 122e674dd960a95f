package enrichertest

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

// left waits until no goroutine has the label, but no longer than limit, and
// describes those that still have it, one line for each place where they are.
func left(label string, limit time.Duration) []string {
	runtime.Gosched()
	deadline := time.Now().Add(limit)
	for pause := 100 * time.Microsecond; ; pause = min(2*pause, 20*time.Millisecond) {
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
	want := fmt.Sprintf("%q:%q", labelKey, label)
	for paragraph := range strings.SplitSeq(profile.String(), "\n\n") {
		head, stack, _ := strings.Cut(paragraph, "\n")
		labels, stack, _ := strings.Cut(stack, "\n")
		if !strings.HasPrefix(labels, "# labels: ") || !strings.Contains(labels, want) {
			continue
		}
		count, _, _ := strings.Cut(head, " ")
		goroutines := " goroutines "
		if count == "1" {
			goroutines = " goroutine "
		}
		all = append(all, count+goroutines+where(stack))
	}
	return all
}

// hangsAt describes what the enricher is doing whose call has not returned, a line
// for each place: the call itself, and what it may wait for.
func hangsAt(label string) string {
	const most = 5
	var b strings.Builder
	places := labelled(label)
	for _, place := range places[:min(len(places), most)] {
		b.WriteString("\n\t" + place)
	}
	if more := len(places) - most; more > 0 {
		fmt.Fprintf(&b, "\n\tand in %d other places", more)
	}
	return b.String()
}

// ofCalls is how the outermost function of a goroutine begins that the function call
// has started.
var ofCalls = reflect.TypeFor[end]().PkgPath() + ".call["

// where names the innermost function that is not the runtime's or one of the
// standard library's for waiting, and the outermost, which the go statement
// called.
func where(stack string) string {
	var functions []string
	for line := range strings.Lines(stack) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		name, _, _ := strings.Cut(fields[2], "+0x")
		functions = append(functions, fmt.Sprintf("%s (%s)", name, fields[3]))
	}
	if len(functions) == 0 {
		return "about to start"
	}
	inner := functions[0]
	for _, f := range functions {
		if !strings.HasPrefix(f, "runtime.") && !strings.HasPrefix(f, "time.") && !strings.HasPrefix(f, "sync.") {
			inner = f
			break
		}
	}
	switch outer := functions[len(functions)-1]; {
	case strings.HasPrefix(outer, ofCalls):
		return "in " + inner + ", called by the suite"
	case outer != inner:
		return "in " + inner + ", started as " + outer
	}
	return "in " + inner
}
