// Package bulkhead bounds how many calls of one thing are under way at once,
// and how many wait for that.
//
// It differs from golang.org/x/sync/semaphore in that it counts what a user of
// it must know: how many slots are held, and how many of them by abandoned
// calls, which may never return. To take a free slot and to give it back takes
// no lock.
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

	// demand is the number of slots that are held and of calls in the queue.
	// If it is below max, a slot is free that no call waits for.
	demand atomic.Int64

	closing atomic.Bool // Idle was called

	mu        sync.Mutex
	queue     list.List // of chan struct{}, which is closed to give its owner a slot
	abandoned int64     // slots held by abandoned calls
	idle      chan struct{}
}

// New returns a bulkhead with max slots; max must be at least 1.
func New(max int) *Bulkhead { return &Bulkhead{max: int64(max)} }

// TryAcquire takes a slot if one is free and no call waits for it.
func (b *Bulkhead) TryAcquire() bool {
	for {
		d := b.demand.Load()
		if d >= b.max {
			return false
		}
		if b.demand.CompareAndSwap(d, d+1) {
			return true
		}
	}
}

// A Place is a place in the queue for a slot.
type Place struct {
	b       *Bulkhead
	element *list.Element
	granted chan struct{}
}

// Join joins the queue for a slot. It returns nil if there is no use in
// waiting: all slots are held by abandoned calls, or as many calls wait as there
// are slots. Otherwise Wait must follow.
func (b *Bulkhead) Join() *Place {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.abandoned == b.max || int64(b.queue.Len()) == b.max {
		return nil
	}
	p := &Place{b: b, granted: make(chan struct{})}
	b.demand.Add(1)
	p.element = b.queue.PushBack(p.granted)
	b.grant() // a slot may have become free meanwhile
	return p
}

// Wait returns nil as soon as a slot is free, which is the caller's then: first
// come, first served. If ctx ends first, it leaves the queue and returns
// ctx.Err().
func (p *Place) Wait(ctx context.Context) error {
	select {
	case <-p.granted:
		return nil
	case <-ctx.Done():
	}
	b := p.b
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-p.granted:
		return nil
	default:
	}
	b.queue.Remove(p.element)
	b.demand.Add(-1)
	return ctx.Err()
}

// grant gives free slots to those that have waited longest. mu is held.
//
// What is held is demand without the queue. A TryAcquire meanwhile cannot take
// the slot too: it takes one only if there are more free ones than calls wait.
func (b *Bulkhead) grant() {
	for b.queue.Len() > 0 && b.demand.Load()-int64(b.queue.Len()) < b.max {
		close(b.queue.Remove(b.queue.Front()).(chan struct{}))
	}
}

// Abandon marks one held slot as that of an abandoned call.
func (b *Bulkhead) Abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.abandoned++
}

// Release gives a slot back, one that was marked by Abandon if abandoned is
// true.
func (b *Bulkhead) Release(abandoned bool) {
	if abandoned {
		b.mu.Lock()
		b.abandoned--
		b.mu.Unlock()
	}
	d := b.demand.Add(-1)
	if d >= b.max { // calls wait
		b.mu.Lock()
		defer b.mu.Unlock()
		b.grant()
	} else if d == 0 && b.closing.Load() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.closeIdle()
	}
}

// Held returns how many slots are held, and how many of those by abandoned
// calls.
func (b *Bulkhead) Held() (held, abandoned int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.demand.Load()) - b.queue.Len(), int(b.abandoned)
}

// Idle returns a channel that is closed when no slot is held. It is called when
// no more calls begin.
func (b *Bulkhead) Idle() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.idle == nil {
		b.idle = make(chan struct{})
	}
	b.closing.Store(true)
	b.closeIdle()
	return b.idle
}

// closeIdle closes idle, unless a slot is held. mu is held.
func (b *Bulkhead) closeIdle() {
	select {
	case <-b.idle:
	default:
		if b.demand.Load() == 0 {
			close(b.idle)
		}
	}
}
