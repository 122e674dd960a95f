// Package bulkhead bounds how many calls of one thing are under way at once,
// and how many wait for that.
//
// It differs from golang.org/x/sync/semaphore in that it counts what a user of it
// must know: how many slots are held, how many of them by abandoned calls, which
// may never return, and how many calls wait. To take a free slot and to give it
// back takes one atomic operation each, and no lock: callers on all cores do so for
// each call.
package bulkhead

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
)

// A Bulkhead has a fixed number of slots. Its methods may be called
// concurrently.
type Bulkhead struct {
	max int64

	// demand is the number of calls that hold a slot or wait for one. If it is above
	// max, that many calls more than max have no slot. Otherwise each has one, or
	// will be granted one at once by the call that gave it back.
	demand    atomic.Int64
	abandoned atomic.Int64 // of the held slots

	mu     sync.Mutex
	queue  list.List // of chan struct{}, which is closed when its call gets a slot
	grants int       // for calls that have joined, and are not in the queue yet

	draining atomic.Bool
	drained  chan struct{} // gets a value when demand becomes 0 while draining
}

// New returns a bulkhead with max slots; max must be at least 1.
func New(max int) *Bulkhead {
	return &Bulkhead{max: int64(max), drained: make(chan struct{}, 1)}
}

// TryAcquire takes a slot if one is free and no call waits for it.
func (b *Bulkhead) TryAcquire() bool {
	_, ok := b.add(b.max)
	return ok
}

// add adds one to demand, if it is below limit, and returns what it was.
func (b *Bulkhead) add(limit int64) (before int64, ok bool) {
	for {
		d := b.demand.Load()
		if d >= limit {
			return d, false
		}
		if b.demand.CompareAndSwap(d, d+1) {
			return d, true
		}
	}
}

// Join reports whether the caller may wait for a slot. There is no use in waiting
// if all slots are held by abandoned calls, or if as many calls wait as there are
// slots. If Join returns true, Wait must follow.
func (b *Bulkhead) Join() bool {
	if b.abandoned.Load() == b.max {
		return false
	}
	before, ok := b.add(2 * b.max)
	if ok && before < b.max { // a slot has become free meanwhile
		b.grant()
	}
	return ok
}

// grant gives a slot to the call that has waited longest.
func (b *Bulkhead) grant() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if first := b.queue.Front(); first != nil {
		close(b.queue.Remove(first).(chan struct{}))
	} else {
		b.grants++
	}
}

// Wait returns nil when the caller has a slot: first come, first served. If ctx
// ends first, it returns ctx.Err().
func (b *Bulkhead) Wait(ctx context.Context) error {
	b.mu.Lock()
	if b.grants > 0 {
		b.grants--
		b.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	place := b.queue.PushBack(turn)
	b.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	if b.leave(turn, place) {
		return ctx.Err()
	}
	<-turn // the slot is granted, or just about to be
	return nil
}

// leave takes a call out of the queue, and reports whether it could: it cannot
// if there is a slot for each call that waits.
func (b *Bulkhead) leave(turn chan struct{}, place *list.Element) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-turn:
		return false
	default:
	}
	for {
		d := b.demand.Load()
		if d <= b.max {
			return false
		}
		if b.demand.CompareAndSwap(d, d-1) {
			b.queue.Remove(place)
			return true
		}
	}
}

// Abandon marks one held slot as that of an abandoned call.
func (b *Bulkhead) Abandon() { b.abandoned.Add(1) }

// Release gives a slot back, one that was marked by Abandon if abandoned is
// true.
func (b *Bulkhead) Release(abandoned bool) {
	if abandoned {
		b.abandoned.Add(-1)
	}
	switch d := b.demand.Add(-1); {
	case d >= b.max: // a call waits
		b.grant()
	case d == 0 && b.draining.Load():
		select {
		case b.drained <- struct{}{}:
		default:
		}
	}
}

// Held returns how many slots are held, and how many of those by abandoned
// calls.
func (b *Bulkhead) Held() (held, abandoned int) {
	held = int(min(b.demand.Load(), b.max))
	return held, min(held, int(b.abandoned.Load()))
}

// Drain waits until no slot is held or ctx has ended, and reports whether no slot is
// held. It is called when no more calls begin, and not concurrently.
func (b *Bulkhead) Drain(ctx context.Context) bool {
	b.draining.Store(true)
	for b.demand.Load() > 0 {
		select {
		case <-b.drained:
		case <-ctx.Done():
			return b.demand.Load() == 0
		}
	}
	return true
}
