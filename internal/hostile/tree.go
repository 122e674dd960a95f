package hostile

import (
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
)

// Trees returns trees of errors that are deep, wide or without an end. Those without
// an end count how far they are followed in steps: see [Steps].
func Trees(steps *Steps) []Named {
	return []Named{
		{"a chain of 1,000 errors", Deep(1000)},
		{"10,000 joined errors", wide()},
		{"an error that wraps itself", Cycle(steps, 1)},
		{"two errors that wrap each other", Cycle(steps, 2)},
		{"an error that wraps a new one each time", growing{steps, 0}},
		{"errors that wrap each other twice", bush{steps, 0}},
	}
}

var wide = sync.OnceValue(func() error { return Wide(10_000) })

// Wrap returns an error that wraps err, and asks it for nothing.
func Wrap(text string, err error) error { return &wrapper{text, err} }

type wrapper struct {
	text string
	err  error
}

func (w *wrapper) Error() string { return w.text }
func (w *wrapper) Unwrap() error { return w.err }

// Join is [errors.Join] for errors that must not be asked for their text. Nil ones are
// kept, and it cannot be compared.
func Join(errs ...error) error { return joined(errs) }

type joined []error

func (joined) Error() string     { return "several errors" }
func (j joined) Unwrap() []error { return j }

// Deep returns a chain of n errors.
func Deep(n int) error {
	err := error(fs.ErrNotExist)
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
	first := &cyclic{steps: steps}
	last := first
	for range n - 1 {
		last.err = &cyclic{steps: steps}
		last = last.err
	}
	last.err = first
	return first
}

type cyclic struct {
	steps *Steps
	err   *cyclic
}

func (*cyclic) Error() string { return "one of a cycle" }

func (c *cyclic) Unwrap() error {
	if !c.steps.next() {
		return nil
	}
	return c.err
}

// A growing error wraps another one each time, so that it does not help to remember
// those that were seen.
type growing struct {
	steps *Steps
	depth int
}

func (g growing) Error() string { return fmt.Sprintf("level %d", g.depth) }

func (g growing) Unwrap() error {
	if !g.steps.next() {
		return nil
	}
	return growing{g.steps, g.depth + 1}
}

// A bush is not deep, but has two to the power of 90 leaves.
type bush struct {
	steps *Steps
	depth int
}

func (bush) Error() string { return "one of a bush" }

func (b bush) Unwrap() []error {
	if b.depth == 90 || !b.steps.next() {
		return nil
	}
	next := bush{b.steps, b.depth + 1}
	return []error{next, next}
}
