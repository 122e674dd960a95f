package enrichertest

import (
	"context"
	"slices"
	"sync"
)

// A journal is a list that several goroutines write, and that can be waited for.
// Its zero value is empty.
type journal[T any] struct {
	mu      sync.Mutex
	entries []T
	grown   chan struct{} // closed when there is another entry; nil: nobody waits
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

// wait waits until there are n entries and returns all that there are, or where ctx
// ends first, those so far and why it has ended. The channel is made here and not
// before, so a journal works in a bubble of testing/synctest.
func (j *journal[T]) wait(ctx context.Context, n int) ([]T, error) {
	for {
		j.mu.Lock()
		if len(j.entries) >= n {
			defer j.mu.Unlock()
			return slices.Clone(j.entries), nil
		}
		if j.grown == nil {
			j.grown = make(chan struct{})
		}
		grown := j.grown
		j.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return j.all(), context.Cause(ctx)
		}
	}
}
