package hostile

import (
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"
)

// Trees returns trees of errors that are deep, wide or without an end. Those without
// an end count how far they are followed in steps: see [Steps].
func Trees(steps *Steps) []Named {
	return []Named{
		{"a chain of 1,000 errors", Deep(1000)},
		{"10,000 joined errors", Wide(10_000)},
		{"an error that wraps itself", Cycle(steps, 1)},
		{"two errors that wrap each other", Cycle(steps, 2)},
		{"an error that wraps a new one each time", growing{"one of many", steps, MaxSteps + 1, 1}},
		{"errors that wrap each other twice", growing{"one of many", steps, 90, 2}},
	}
}

// Wrap returns an error that wraps err, and asks it for nothing.
func Wrap(message string, err error) error { return &wrapper{text(message), err, nil} }

type wrapper struct {
	text
	err   error
	steps *Steps
}

func (w *wrapper) Unwrap() error {
	if !w.steps.next() {
		return nil
	}
	return w.err
}

// Join is [errors.Join] for errors that must not be asked for their text. Nil ones are
// kept, and it cannot be compared.
func Join(errs ...error) error { return joined(errs) }

type joined []error

func (joined) Error() string     { return "several errors" }
func (j joined) Unwrap() []error { return j }

// Multi joins errors as github.com/hashicorp/go-multierror does: Unwrap returns one that
// has the text of the first, and wraps the next.
type Multi []error

func (m Multi) Error() string          { return "several errors" }
func (m Multi) WrappedErrors() []error { return m }

func (m Multi) Unwrap() error {
	if len(m) == 0 {
		return nil
	}
	return next(m)
}

type next []error

func (n next) Error() string { return n[0].Error() }
func (n next) Unwrap() error { return Multi(n[1:]).Unwrap() }

// Aggregate joins errors as k8s.io/apimachinery does.
type Aggregate []error

func (a Aggregate) Error() string   { return "several errors" }
func (a Aggregate) Errors() []error { return a }

// Deep returns a chain of n errors.
func Deep(n int) error {
	err := fs.ErrNotExist
	for i := range n - 1 {
		err = Wrap(fmt.Sprintf("level %d", i), err)
	}
	return err
}

// Wide returns an error that joins n others.
func Wide(n int) error {
	all := make(joined, n)
	for i := range all {
		all[i] = Wrap("one of many", fs.ErrNotExist)
	}
	return all
}

// Steps counts how often the errors that were made with it have been unwrapped.
// Beyond [MaxSteps] they end: code that follows them for ever is found, and has not
// exhausted the stack. With a nil *Steps they have no end.
type Steps struct{ n atomic.Int64 }

// MaxSteps is far more than any code needs that has a limit of its own.
const MaxSteps = 1 << 19

// Exceeded reports whether an error has been unwrapped too often.
func (s *Steps) Exceeded() bool { return s.n.Load() > MaxSteps }

func (s *Steps) next() bool { return s == nil || s.n.Add(1) <= MaxSteps }

// Cycle returns the first of n errors that wrap each other.
func Cycle(steps *Steps, n int) error {
	first := &wrapper{"one of a cycle", nil, steps}
	last := error(first)
	for range n - 1 {
		last = &wrapper{"one of a cycle", last, steps}
	}
	first.err = last
	return first
}

// A growing error wraps new ones each time, so that it does not help to remember
// those that were seen.
type growing struct {
	text
	steps        *Steps
	depth, width int
}

func (g growing) Unwrap() []error {
	if g.depth--; g.depth < 0 || !g.steps.next() {
		return nil
	}
	return slices.Repeat([]error{g}, g.width)
}
