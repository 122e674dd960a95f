package enrichertest

import (
	"context"
	"slices"
	"sync"

	"github.com/failure-enrichers/enricher"
)

// A Recorder is an observer that records failures, for the test of a service: see
// [enricher.WithObserver]. Its zero value is ready for use. Its methods may be called
// concurrently, also in a bubble of testing/synctest. It must not be copied.
type Recorder struct {
	failures journal[Recorded]
}

var _ enricher.Observer = (*Recorder)(nil)

// A Recorded is what an observer is given for one failure.
type Recorded struct {
	Cause   error
	Context enricher.FailureContext
	Result  enricher.Result
}

// ObserveFailure records a failure.
func (r *Recorder) ObserveFailure(_ context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
	r.failures.add(Recorded{cause, fc, res})
}

// Failures returns what has been recorded, in this order. The slice is the caller's;
// the maps in it are shared.
func (r *Recorder) Failures() []Recorded { return r.failures.all() }

// Wait is like Failures, but waits until there are at least n. If ctx ends first, it
// returns those so far and [context.Cause] of ctx.
func (r *Recorder) Wait(ctx context.Context, n int) ([]Recorded, error) {
	return r.failures.wait(ctx, n)
}

// A journal is a list that several goroutines write, and that can be waited for. Its
// zero value is empty.
type journal[T any] struct {
	mu      sync.Mutex
	entries []T
	grown   chan struct{} // closed when there is another entry; nil if no call waits
}

// add adds an entry and returns how many there were before.
func (j *journal[T]) add(entry T) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
	if j.grown != nil {
		close(j.grown)
		j.grown = nil
	}
	return len(j.entries) - 1
}

// all returns the entries so far.
func (j *journal[T]) all() []T {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries)
}

// wait returns the entries when there are n, or those so far when ctx ends. It makes
// the channel, so that it can be used in a bubble of testing/synctest.
func (j *journal[T]) wait(ctx context.Context, n int) ([]T, error) {
	for {
		j.mu.Lock()
		if j.grown == nil {
			j.grown = make(chan struct{})
		}
		all, grown := slices.Clone(j.entries), j.grown
		j.mu.Unlock()
		if len(all) >= n {
			return all, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return j.all(), context.Cause(ctx)
		}
	}
}
