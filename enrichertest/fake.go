package enrichertest

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A Fake is an enricher that does what a test scripts, for the test of a service:
// [enricher.WithEnricher] adds it to the configured enrichers, and [Replace] puts it in
// the place of one. Its fields must not be changed once it is in use. Its methods may be
// called concurrently, also in a bubble of testing/synctest. It must not be copied.
type Fake struct {
	Keys  []string // its output keys
	Steps []Step   // what it does, call by call; then the last one again. By default, it returns no labels.

	calls journal[Call]
}

var _ enricher.FailureEnricher = (*Fake)(nil)

// A Step is what a [Fake] does in one call. It waits for Delay and Until, and then ends
// as the other fields say. Its zero value returns no labels at once.
type Step struct {
	Delay         time.Duration   // how long it waits
	Until         <-chan struct{} // what it waits for after that. By default, for nothing.
	IgnoreContext bool            // it waits on when its ctx ends, so the call is abandoned. By default, it returns the cause of that.

	Panic  any             // what it panics with. By default, it does not.
	Exit   bool            // it calls runtime.Goexit
	Err    error           // what it returns beside Labels
	Labels enricher.Labels // a copy is returned
}

// A Call is one call of a [Fake].
type Call struct {
	Cause   error
	Context enricher.FailureContext
}

// OutputKeys returns a copy of Keys.
func (f *Fake) OutputKeys() []string { return slices.Clone(f.Keys) }

// ProcessFailure records the call and does the next step.
func (f *Fake) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	n := f.calls.add(Call{cause, fc})
	if len(f.Steps) == 0 {
		return nil, nil
	}
	step := f.Steps[min(n, len(f.Steps)-1)]
	if err := step.wait(ctx); err != nil {
		return nil, err
	}
	if step.Exit {
		runtime.Goexit()
	}
	if step.Panic != nil {
		panic(step.Panic)
	}
	return step.Labels.Clone(), step.Err
}

// Calls returns the calls that have begun, in this order. The slice is the caller's;
// the maps in it are shared.
func (f *Fake) Calls() []Call { return f.calls.all() }

// Reading returns f as a [enricher.LabelReader] of these keys, which are copied.
func (f *Fake) Reading(keys ...string) enricher.LabelReader {
	return &fakeReader{f, slices.Clone(keys)}
}

type fakeReader struct {
	*Fake
	reads []string
}

// InputKeys returns a copy of the keys that it was made with.
func (r *fakeReader) InputKeys() []string { return slices.Clone(r.reads) }

// wait waits, and returns why it could not wait to the end.
func (s Step) wait(ctx context.Context) error {
	over := ctx.Done()
	if s.IgnoreContext {
		over = nil
	}
	if s.Delay > 0 {
		select {
		case <-time.After(s.Delay):
		case <-over:
			return context.Cause(ctx)
		}
	}
	if s.Until != nil {
		select {
		case <-s.Until:
		case <-over:
			return context.Cause(ctx)
		}
	}
	return nil
}
