package enrichertest

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A Fake is an enricher that does what a test tells it, for the test of a service:
// [enricher.WithEnricher] adds it to the configured enrichers, and [Replace] puts it in
// the place of one. Its fields must not be changed once it is in use. Its
// methods may be called concurrently, and it works within a bubble of
// testing/synctest. It must not be copied.
type Fake struct {
	Keys  []string // its output keys
	Steps []Step   // what it does, call by call; then the last one again. By default, it returns no labels.

	journal journal[Call]

	mu       sync.Mutex
	released bool
	release  chan struct{} // closed by Release; nil: nothing hangs
}

var _ enricher.FailureEnricher = (*Fake)(nil)

// A Step is what a [Fake] does in one call. It hangs if it should, waits as long as
// Delay and until Until is closed, and then ends as the other fields say. Its zero value
// returns no labels at once.
type Step struct {
	// Hang has it wait for [Fake.Release] before all else, whatever its ctx says. A bubble
	// of testing/synctest in which it is not released panics with
	// "deadlock: main bubble goroutine has exited but blocked goroutines remain".
	Hang bool

	Delay         time.Duration   // how long it waits
	Until         <-chan struct{} // what it waits for after that; in a bubble, one that was made there. By default, for nothing.
	IgnoreContext bool            // it waits for these although its ctx has ended. By default, it returns the cause of that.

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

// ProcessFailure remembers the call and does the next step.
func (f *Fake) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	n := f.journal.add(Call{cause, fc})
	if len(f.Steps) == 0 {
		return nil, nil
	}
	step := f.Steps[min(n, len(f.Steps)-1)]
	if step.Hang {
		f.hang()
	}
	return step.do(ctx)
}

// Release lets the steps that hang go on, and those to come do not hang. A test that
// has a Fake hang releases it before [enricher.Enricher.Shutdown], which waits for its
// calls, and from within a bubble of testing/synctest before that ends. It may be
// called again.
func (f *Fake) Release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.released = true
	if f.release != nil {
		close(f.release)
		f.release = nil
	}
}

// hang waits for Release. The channel is made here, and so in the bubble in which
// the call is.
func (f *Fake) hang() {
	f.mu.Lock()
	if f.released {
		f.mu.Unlock()
		return
	}
	if f.release == nil {
		f.release = make(chan struct{})
	}
	release := f.release
	f.mu.Unlock()
	<-release
}

// Calls returns the calls that have begun, in this order. The slice is the
// caller's; the maps in it are shared by all who ask.
func (f *Fake) Calls() []Call { return f.journal.all() }

// Wait is like Calls, but waits until n have begun at the least. Where ctx ends
// first, it returns those so far and [context.Cause] of ctx.
func (f *Fake) Wait(ctx context.Context, n int) ([]Call, error) { return f.journal.wait(ctx, n) }

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

// do does the step.
func (s Step) do(ctx context.Context) (enricher.Labels, error) {
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	if s.Exit {
		runtime.Goexit()
	}
	if s.Panic != nil {
		panic(s.Panic)
	}
	return s.Labels.Clone(), s.Err
}

// wait waits, and returns why it could not wait to the end.
func (s Step) wait(ctx context.Context) error {
	over := ctx.Done()
	if s.IgnoreContext {
		over = nil
	}
	if s.Delay > 0 {
		timer := time.NewTimer(s.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
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
