package jobs

import (
	"context"
	"runtime"
	"strings"
)

// Labeling reports whether the caller is code that labels a failure: an enricher, an
// observer, or a function of [Options]. An error that such code logs is no failure of a
// job. What labels each error that it sees, as a log handler does, must not label that
// one, because the same code would be called for it, without end.
//
// Labeling looks at the stack, and at ctx: that of enrichers and observers which Judge
// has called. It does not recognize a goroutine that such code starts without its ctx.
func Labeling(ctx context.Context) bool {
	if ctx != nil && ctx.Value(labelingKey{}) != nil {
		return true
	}
	pcs := make([]uintptr, 128)
	n := runtime.Callers(2, pcs)
	for n == len(pcs) { // the stack may be deeper
		pcs = make([]uintptr, 8*len(pcs))
		n = runtime.Callers(2, pcs)
	}
	frames := runtime.CallersFrames(pcs[:n])
	for {
		frame, more := frames.Next()
		if isLabeling(frame.Function) {
			return true
		}
		if !more {
			return false
		}
	}
}

// labelingKey is in the context that Judge gives to enrichers and observers.
type labelingKey struct{}

// isLabeling reports whether a function calls enrichers, observers or functions of Options.
func isLabeling(function string) bool {
	name, ok := strings.CutPrefix(function, "github.com/failure-enrichers/enricher")
	return ok && (strings.HasPrefix(name, "/internal/fanout.") || name == ".(*failure).observe" || name == "/jobs.Judge")
}
