package enrichertest

import (
	"context"

	"github.com/failure-enrichers/enricher"
)

// A Recorder is an observer that remembers what it is told, for the test of a
// service: see [enricher.WithObserver]. Its zero value is ready for use, its
// methods may be called concurrently, and it works within a bubble of
// testing/synctest. It must not be copied.
type Recorder struct {
	journal journal[Recorded]
}

var _ enricher.Observer = (*Recorder)(nil)

// A Recorded is what an observer is told of one failure.
type Recorded struct {
	Cause   error
	Context enricher.FailureContext
	Result  enricher.Result
}

// ObserveFailure remembers a failure.
func (r *Recorder) ObserveFailure(_ context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
	r.journal.add(Recorded{cause, fc, res})
}

// Failures returns what has been recorded, in the order in which it was. The slice
// is the caller's; the maps in it are shared by all who ask.
func (r *Recorder) Failures() []Recorded { return r.journal.all() }

// Wait is like Failures, but waits until there are n at the least. Where ctx ends
// first, it returns those so far and [context.Cause] of ctx.
func (r *Recorder) Wait(ctx context.Context, n int) ([]Recorded, error) {
	return r.journal.wait(ctx, n)
}
