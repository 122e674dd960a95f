package wire

import (
	"maps"
	"os/exec"
	"reflect"
	"runtime"
	"syscall"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/evidence/errno"
	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/wire/internal/form"
)

// describe adds what err itself tells to n.
func describe(n *form.Node, err error) {
	if known := form.NodeOf(err); known != nil {
		depth := n.Depth
		*n = *known
		n.Depth = depth
		return
	}
	n.Joined = guard.Joins(err)
	n.Has = hasOf(err)
	n.Is = isOf(err)
	n.Fields = fieldsOf(err)
	call(err, func(e interface{ FailureLabels() map[string]string }) {
		labels := e.FailureLabels()
		n.Labels = map[string]string{} // not nil: it has the method
		maps.Copy(n.Labels, labels)
	})
	for _, f := range inspect.Frames(err, form.MaxFrames) {
		n.Frames = append(n.Frames, foreign.Frame{Function: f.Function, File: f.File, Line: f.Line})
	}
	inner := form.MaxErrors + 1 // so that Bound sees that there are more
	addEvidence(n, err, &inner)
}

// addEvidence adds what is found of err to n. Of the errors that it hides from Unwrap,
// at most left are added.
func addEvidence(n *form.Node, err error, left *int) {
	found := evidence.Find(err)
	for _, e := range found.Evidence[:min(len(found.Evidence), form.MaxEvidence)] {
		n.Evidence = append(n.Evidence, foreign.Evidence{
			Weight: e.Weight.String(), Fault: string(e.Fault), Retry: string(e.Retry), Kind: string(e.Kind), Code: e.Code, Why: e.Why,
		})
	}
	if found.Wait > 0 {
		n.Wait = found.Wait.String()
	}
	if !found.Hides {
		return
	}
	n.Inner = []form.Node{}
	var walk guard.Walk
	for _, inner := range found.Inner {
		walk.Visit(inner, func(err error, depth int) guard.Step {
			if *left--; *left < 0 {
				return guard.Stop
			}
			child := form.Node{Depth: depth - 1, Joined: guard.Joins(err)}
			addEvidence(&child, err, left)
			n.Inner = append(n.Inner, child)
			if child.Inner != nil {
				return guard.Past
			}
			return guard.Into
		})
	}
}

// hasOf calls the methods that an error may have.
func hasOf(err error) (h form.Has) {
	call(err, func(e interface{ Timeout() bool }) { h.Timeout = new(e.Timeout()) })
	call(err, func(e interface{ Temporary() bool }) { h.Temporary = new(e.Temporary()) })
	call(err, func(e interface{ Retryable() bool }) { h.Retryable = new(e.Retryable()) })
	call(err, func(e interface{ RetryAfter() time.Duration }) { h.RetryAfterMs = new(e.RetryAfter().Milliseconds()) })
	call(err, func(e interface{ StatusCode() int }) { h.StatusCode = new(e.StatusCode()) })
	call(err, func(e interface{ SQLState() string }) { h.SQLState = new(e.SQLState()) })
	call(err, func(e interface{ Code() string }) { h.Code = form.TextCode(e.Code()) })
	call(err, func(e interface{ Code() int }) { h.Code = form.NumberCode(e.Code()) })
	call(err, func(e interface{ ErrorType() string }) { h.ErrorType = new(e.ErrorType()) })
	call(err, func(e interface{ ExitCode() int }) { h.ExitStatus = new(e.ExitCode()) })
	call(err, func(e interface{ ExitSignal() int }) { h.Signal = new(form.SignalName(e.ExitSignal())) })
	call(err, func(e interface{ ExitReason() string }) { h.ExitReason = new(e.ExitReason()) })
	switch e := err.(type) {
	case syscall.Errno:
		h.Errno = errno.Name(e)
	case *exec.ExitError:
		guard.Do(func() {
			// What Sys returns has these methods, if the platform has signals.
			status, ok := e.Sys().(interface {
				Signaled() bool
				Signal() syscall.Signal
			})
			if ok && status.Signaled() {
				h.Signal = new(form.SignalName(int(status.Signal())))
			}
		})
	}
	return h
}

// call calls fn if err has its method.
func call[I any](err error, fn func(I)) {
	guard.Do(func() {
		if e, ok := err.(I); ok {
			fn(e)
		}
	})
}

// isOf returns the names of the sentinels that err is.
func isOf(err error) (names []string) {
	is, _ := err.(interface{ Is(error) bool })
	comparable := reflect.TypeOf(err).Comparable()
	guard.Do(func() {
		for _, s := range form.Sentinels() {
			if comparable && err == s.Err || is != nil && is.Is(s.Err) {
				names = append(names, s.Name)
			}
		}
	})
	if _, ok := err.(runtime.Error); ok {
		names = append(names, form.RuntimeError)
	}
	return names
}

// fieldsOf returns the fields of an error whose type can be restored, or else those
// that have a meaning by their names.
func fieldsOf(err error) map[string]string {
	if fields := form.FieldsOf(err); fields != nil {
		return fields
	}
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return nil
	}
	var fields map[string]string
	for _, telling := range inspect.TellingFields {
		f, ok := v.Type().FieldByName(telling.Name)
		// An embedded pointer may be nil.
		if !ok || len(f.Index) != 1 || f.Type.Kind() != reflect.String || v.FieldByIndex(f.Index).Len() == 0 {
			continue
		}
		if fields == nil {
			fields = map[string]string{}
		}
		fields[telling.Name] = v.FieldByIndex(f.Index).String()
	}
	return fields
}
