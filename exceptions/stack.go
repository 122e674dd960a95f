package exceptions

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// stackOf returns the stack of the first link that carries one, and the type of
// that link.
func stackOf(links []link) (typ, stack string) {
	for _, l := range links {
		if slices.Contains(labeled, l.typ) {
			continue // its %+v is that of the error that it wraps
		}
		if stack := strings.TrimSpace(stackIn(l.err)); stack != "" {
			return l.typ, stack
		}
	}
	return "", ""
}

// stackIn returns the stack that err carries: that of a PanicError, what %+v adds
// to the message, as most libraries show it, or what a method Stack or Callers
// returns.
func stackIn(err error) (stack string) {
	guard.Do(func() {
		if p, ok := err.(*enricher.PanicError); ok {
			stack = p.Stack()
			return
		}
		if _, ok := err.(fmt.Formatter); ok {
			// An error that carries no stack formats as its message.
			if s := fmt.Sprintf("%+v", err); strings.Contains(s, "\n") && s != guard.Text(err) {
				stack = s
				return
			}
		}
		switch err := err.(type) {
		case interface{ Stack() []byte }:
			stack = string(err.Stack())
		case interface{ Callers() []uintptr }:
			stack = frames(err.Callers())
		}
	})
	return stack
}

// maxFrames is how many frames of a stack are written.
const maxFrames = 256

// frames writes program counters as the runtime writes a stack.
func frames(pcs []uintptr) string {
	if len(pcs) == 0 {
		return ""
	}
	var b strings.Builder
	all := runtime.CallersFrames(pcs[:min(len(pcs), maxFrames)])
	for {
		f, more := all.Next()
		fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
		if !more {
			return b.String()
		}
	}
}
