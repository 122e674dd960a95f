package enrichertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
)

// nilFailures are errors that are not nil and still hold nothing.
var nilFailures = []failure{
	is("a nil *fs.PathError", (*fs.PathError)(nil)),
	is("a wrapped nil *net.OpError", &textError{"wraps a nil pointer", (*net.OpError)(nil)}),
	is("a nil *url.Error", (*url.Error)(nil)),
	is("a nil *exec.ExitError", (*exec.ExitError)(nil)),
	is("a nil *enricher.PanicError", (*enricher.PanicError)(nil)),
	is("a nil *json.SyntaxError", (*json.SyntaxError)(nil)),
	is("an empty fs.PathError", &fs.PathError{}),
	is("an empty net.OpError", &net.OpError{}),
	is("an empty net.DNSError", &net.DNSError{}),
	is("an empty url.Error", &url.Error{}),
	is("an empty os.SyscallError", &os.SyscallError{}),
	is("an exec.ExitError without a state", &exec.ExitError{}),
	is("an empty exec.Error", &exec.Error{}),
	is("an error that wraps nil", &textError{"wraps nil", nil}),
	is("a join of nil", &manyError{[]error{nil, nil}}),
}

// rudeFailures are errors whose methods panic or lie, and that cannot be compared.
var rudeFailures = []failure{
	is("a slice that cannot be compared", sliceError{"a", "b"}),
	is("a wrapped map that cannot be compared", wrapped(mapError{"a": "b"})),
	is("a struct that cannot be compared", structError{[]string{"a"}}),
	is("an error whose Error panics", rudeError{}),
	is("a wrapped error whose Error panics", &textError{"wraps a rude one", rudeError{}}),
	is("an error whose Unwrap panics", &textError{"wraps", unwrapPanics{}}),
	is("an error whose Unwrap of several panics", unwrapManyPanics{}),
	is("an error whose Is panics", wrapped(isPanics{})),
	is("an error whose As panics", wrapped(asPanics{})),
	is("an error that is every other", wrapped(everyError{})),
	is("an error that says it is of every type", wrapped(asLies{})),
	is("an error whose StatusCode panics", wrapped(statusPanics{})),
	is("an error whose MarshalJSON panics", marshalPanics{}),
}

type sliceError []string

func (sliceError) Error() string { return "a slice" }

type mapError map[string]string

func (mapError) Error() string { return "a map" }

type structError struct{ all []string }

func (structError) Error() string { return "a struct" }

type rudeError struct{}

func (rudeError) Error() string { panic("Error") }

type rudeStringer struct{}

func (rudeStringer) String() string { panic(rudeStringer{}) }

type unwrapPanics struct{}

func (unwrapPanics) Error() string { return "its Unwrap panics" }
func (unwrapPanics) Unwrap() error { panic("Unwrap") }

type unwrapManyPanics struct{}

func (unwrapManyPanics) Error() string   { return "its Unwrap panics" }
func (unwrapManyPanics) Unwrap() []error { panic("Unwrap") }

type isPanics struct{}

func (isPanics) Error() string { return "its Is panics" }
func (isPanics) Is(error) bool { panic("Is") }

type asPanics struct{}

func (asPanics) Error() string { return "its As panics" }
func (asPanics) As(any) bool   { panic("As") }

type everyError struct{}

func (everyError) Error() string { return "it is every error" }
func (everyError) Is(error) bool { return true }

// asLies leaves the target as it is, which often is a nil pointer.
type asLies struct{}

func (asLies) Error() string { return "it is of every type" }
func (asLies) As(any) bool   { return true }

type statusPanics struct{}

func (statusPanics) Error() string   { return "its StatusCode panics" }
func (statusPanics) StatusCode() int { panic("StatusCode") }

type marshalPanics struct{}

func (marshalPanics) Error() string                { return "its MarshalJSON panics" }
func (marshalPanics) MarshalJSON() ([]byte, error) { panic("MarshalJSON") }

// A textError wraps an error whose text nobody should ask for.
type textError struct {
	text string
	err  error
}

func (e *textError) Error() string { return e.text }
func (e *textError) Unwrap() error { return e.err }

type manyError struct{ all []error }

func (*manyError) Error() string     { return "several" }
func (e *manyError) Unwrap() []error { return e.all }

// treeFailures are trees of errors that are deep, wide or without an end.
var treeFailures = []failure{
	heavy("a chain of 1,000 errors", func(*odometer) error { return chain(1000) }),
	heavy("10,000 joined errors", func(*odometer) error { return wide(10_000) }),
	heavy("an error that wraps itself", func(o *odometer) error { return newCircle(o, 1) }),
	heavy("two errors that wrap each other", func(o *odometer) error { return newCircle(o, 2) }),
	heavy("an error that wraps a new one each time", func(o *odometer) error { return &endlessError{o, 0} }),
	heavy("errors that wrap each other twice", func(o *odometer) error { return &bushError{o, 0} }),
}

func chain(n int) error {
	err := errors.New("the innermost")
	for i := range n - 1 {
		err = &textError{fmt.Sprintf("level %d", i), err}
	}
	return err
}

func wide(n int) error {
	all := make([]error, n)
	for i := range all {
		all[i] = &textError{"one of many", fs.ErrNotExist}
	}
	return &manyError{all}
}

// An odometer measures how far somebody has followed a tree that has no end, and
// lets the tree end when that is too far: so a loop is found without waiting for
// it, and a recursion before the stack is exhausted, which would be the end of
// the process. A walk with enricher.Chain takes a hundred steps in a chain, and
// ten thousand in a bush; an enricher may walk often.
type odometer struct {
	steps   atomic.Int64
	limit   atomic.Int64
	stopped atomic.Bool
}

const (
	maxChainSteps = 1 << 18
	maxBushSteps  = 1 << 21
)

// goOn reports whether the tree goes on.
func (o *odometer) goOn(limit int64) bool {
	o.limit.Store(limit)
	return o.steps.Add(1) <= limit && !o.stopped.Load()
}

// stop ends the tree for a walk that nobody waits for any more.
func (o *odometer) stop() { o.stopped.Store(true) }

// exceeded reports whether somebody went too far. Somebody who has not come back has
// gone too far earlier.
func (o *odometer) exceeded(hung bool) bool {
	steps := o.steps.Load()
	return steps > o.limit.Load() || hung && steps > maxChainSteps/4
}

// A circleError wraps the next in a circle.
type circleError struct {
	o    *odometer
	next *circleError
}

func newCircle(o *odometer, n int) error {
	first := &circleError{o: o}
	last := first
	for range n - 1 {
		last.next = &circleError{o: o}
		last = last.next
	}
	last.next = first
	return first
}

func (*circleError) Error() string { return "one of a circle" }

func (e *circleError) Unwrap() error {
	if !e.o.goOn(maxChainSteps) {
		return nil
	}
	return e.next
}

// An endlessError wraps another one, so that who remembers the errors that it has
// seen is none the wiser.
type endlessError struct {
	o     *odometer
	depth int
}

func (e *endlessError) Error() string { return fmt.Sprintf("level %d", e.depth) }

func (e *endlessError) Unwrap() error {
	if !e.o.goOn(maxChainSteps) {
		return nil
	}
	return &endlessError{e.o, e.depth + 1}
}

// A bushError is not deep, but has two to the power of 90 leaves.
type bushError struct {
	o     *odometer
	depth int
}

func (*bushError) Error() string { return "one of a bush" }

func (e *bushError) Unwrap() []error {
	if e.depth == 90 || !e.o.goOn(maxBushSteps) {
		return nil
	}
	next := &bushError{e.o, e.depth + 1}
	return []error{next, next}
}
