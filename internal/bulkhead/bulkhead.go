// Package bulkhead bounds how many calls of one thing are under way at once,
// and how many wait for that.
//
// It is a semaphore that counts what a user of it must know: how many slots are
// held, how many of them by abandoned calls, which may never return, and how many
// calls wait.
package bulkhead

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// A Bulkhead has a fixed number of slots. Its methods may be called
// concurrently.
type Bulkhead struct {
	max   int64
	slots *semaphore.Weighted

	held      atomic.Int64
	abandoned atomic.Int64 // of the held ones
	waiting   atomic.Int64 // calls that have joined the queue
}

// New returns a bulkhead with max slots; max must be at least 1.
func New(max int) *Bulkhead {
	return &Bulkhead{max: int64(max), slots: semaphore.NewWeighted(int64(max))}
}

// TryAcquire takes a slot if one is free and no call waits for it.
func (b *Bulkhead) TryAcquire() bool {
	if !b.slots.TryAcquire(1) {
		return false
	}
	b.held.Add(1)
	return true
}

// Join reports whether the caller may wait for a slot. There is no use in waiting
// if all slots are held by abandoned calls, or if as many calls wait as there are
// slots. If Join returns true, Wait must follow.
func (b *Bulkhead) Join() bool {
	if b.abandoned.Load() == b.max {
		return false
	}
	if b.waiting.Add(1) > b.max {
		b.waiting.Add(-1)
		return false
	}
	return true
}

// Wait returns nil when the caller has a slot: first come, first served. If ctx
// ends first, it returns ctx.Err().
func (b *Bulkhead) Wait(ctx context.Context) error {
	defer b.waiting.Add(-1)
	if err := b.slots.Acquire(ctx, 1); err != nil {
		return err
	}
	b.held.Add(1)
	return nil
}

// Abandon marks one held slot as that of an abandoned call.
func (b *Bulkhead) Abandon() { b.abandoned.Add(1) }

// Release gives a slot back, one that was marked by Abandon if abandoned is
// true.
func (b *Bulkhead) Release(abandoned bool) {
	if abandoned {
		b.abandoned.Add(-1)
	}
	b.held.Add(-1)
	b.slots.Release(1)
}

// Held returns how many slots are held, and how many of those by abandoned
// calls.
func (b *Bulkhead) Held() (held, abandoned int) {
	held = int(b.held.Load())
	return held, min(held, int(b.abandoned.Load()))
}

// Drain waits until no slot is held or ctx has ended, and reports whether no slot is
// held. It is called when no more calls begin.
func (b *Bulkhead) Drain(ctx context.Context) bool {
	if !b.slots.TryAcquire(b.max) && b.slots.Acquire(ctx, b.max) != nil {
		return false
	}
	b.slots.Release(b.max)
	return true
}
