package wire

import (
	"reflect"
	"syscall"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/errno"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/foreign"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/wire/internal/form"
)

func newForm(cause error, fc enricher.FailureContext) form.Failure {
	f := form.Failure{V: form.Version, Failure: form.ContextOf(fc)}
	var walk guard.Walk
	walk.Visit(cause, func(err error, depth int) guard.Step {
		if len(f.Chain) == form.MaxErrors {
			f.Cut = true
			return guard.Stop
		}
		f.Chain = append(f.Chain, nodeOf(err, depth-1))
		return guard.Into
	})
	return f
}

func nodeOf(err error, depth int) form.Node {
	names := inspect.TypeNames(err)
	n := form.Node{Depth: depth, Type: names[0], Text: guard.Text(err)}
	if names[1] != names[0] {
		n.TypePath = names[1]
	}
	_, n.Joined = err.(interface{ Unwrap() []error })
	n.Has = hasOf(err)
	n.Is = isOf(err)
	n.Fields = form.FieldsOf(err)
	if e, ok := foreign.As[interface{ FailureLabels() map[string]string }](err); ok {
		guard.Do(func() { n.Labels = e.FailureLabels() })
	}
	for _, f := range inspect.Frames(err, form.MaxFrames) {
		n.Frames = append(n.Frames, foreign.Frame{Function: f.Function, File: f.File, Line: f.Line})
	}
	addEvidence(&n, err)
	return n
}

func addEvidence(n *form.Node, err error) {
	found := evidence.Find(err)
	for _, e := range found.Evidence {
		n.Evidence = append(n.Evidence, foreign.Evidence{
			Weight: e.Weight.String(), Fault: string(e.Fault), Retry: string(e.Retry), Kind: string(e.Kind), Code: e.Code, Why: e.Why,
		})
	}
	if found.Wait > 0 {
		n.Wait = found.Wait.String()
	}
	if found.Hides {
		n.Inner = []form.Node{}
		for _, inner := range found.Inner {
			var walk guard.Walk
			walk.Visit(inner, func(err error, depth int) guard.Step {
				child := form.Node{Depth: depth - 1}
				_, child.Joined = err.(interface{ Unwrap() []error })
				addEvidence(&child, err)
				n.Inner = append(n.Inner, child)
				return guard.Into
			})
		}
	}
}

func hasOf(err error) (h form.Has) {
	call(err, func(e interface{ Timeout() bool }) { h.Timeout = new(e.Timeout()) })
	call(err, func(e interface{ Temporary() bool }) { h.Temporary = new(e.Temporary()) })
	call(err, func(e interface{ Retryable() bool }) { h.Retryable = new(e.Retryable()) })
	call(err, func(e interface{ RetryAfter() time.Duration }) { h.RetryAfterMs = new(e.RetryAfter().Milliseconds()) })
	call(err, func(e interface{ StatusCode() int }) { h.StatusCode = new(int64(e.StatusCode())) })
	call(err, func(e interface{ SQLState() string }) { h.SQLState = new(e.SQLState()) })
	call(err, func(e interface{ Code() string }) { h.Code = e.Code() })
	call(err, func(e interface{ Code() int }) { h.Code = e.Code() })
	call(err, func(e interface{ ErrorType() string }) { h.ErrorType = new(e.ErrorType()) })
	call(err, func(e interface{ ExitCode() int }) { h.ExitStatus = new(int64(e.ExitCode())) })
	call(err, func(e interface{ ExitSignal() int }) { h.Signal = new(form.SignalName(e.ExitSignal())) })
	call(err, func(e interface{ ExitReason() string }) { h.ExitReason = new(e.ExitReason()) })
	if e, ok := err.(syscall.Errno); ok {
		h.Errno = errno.Name(e)
	}
	return h
}

// call calls fn if err has its method.
func call[I any](err error, fn func(I)) {
	guard.Do(func() {
		if e, ok := foreign.As[I](err); ok {
			fn(e)
		}
	})
}

// isOf returns the names of the sentinels that err is.
func isOf(err error) (names []string) {
	is, _ := err.(interface{ Is(error) bool })
	comparable := reflect.TypeOf(err).Comparable()
	guard.Do(func() {
		for _, s := range form.Sentinels {
			if comparable && err == s.Err || is != nil && is.Is(s.Err) {
				names = append(names, s.Name)
			}
		}
	})
	return names
}
