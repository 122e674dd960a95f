// Package bulkhead bounds how many calls of one thing are under way at once,
// and how many wait for that.
//
// It differs from golang.org/x/sync/semaphore in two ways that its user cannot
// do without. A call that waits holds no goroutine: it is told when its turn
// comes. And slots held by abandoned calls, which may never come back, are
// known as such, so that nobody waits for them in vain.
package bulkhead

import (
	"container/list"
	"sync"
)

// A Bulkhead has a fixed number of slots. Its methods may be called
// concurrently; none of them blocks or calls a waiter.
type Bulkhead struct {
	max int

	mu        sync.Mutex
	held      int           // slots taken, abandoned ones included
	abandoned int           // of those, the ones whose call was given up
	waiting   list.List     // of Waiter, first come first served
	idle      chan struct{} // closed when held is 0; nil unless somebody waits for that
}

// A Waiter waits for a slot.
type Waiter interface {
	// Granted is called, once at the most and with no lock held, by whoever
	// made room: a slot is the waiter's from then on. It returns the waiter
	// whose turn has come next, if the slot was of no use to this one.
	Granted() Waiter
}

// Grant hands a slot that has become free to w, and on to those after it until
// one has a use for it. A nil w is nobody.
func Grant(w Waiter) {
	for w != nil {
		w = w.Granted()
	}
}

// A Place is a waiter's place in the queue.
type Place = list.Element

// New returns a bulkhead with max slots; max must be at least 1.
func New(max int) *Bulkhead { return &Bulkhead{max: max} }

// Acquire takes a slot and returns true, if one is free. Otherwise w waits at
// the place returned. A nil place means that it does not: every slot is held
// by an abandoned call, or as many as there are slots already wait.
func (b *Bulkhead) Acquire(w Waiter) (ok bool, p *Place) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.held < b.max:
		b.held++
		return true, nil
	case b.abandoned == b.max || b.waiting.Len() >= b.max:
		return false, nil
	}
	return false, b.waiting.PushBack(w)
}

// Leave gives up a place. Where the slot is on its way already, nothing
// happens: Granted is called all the same.
func (b *Bulkhead) Leave(p *Place) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting.Remove(p) // no-op once p has left the list
}

// Abandon marks one held slot as that of a call which was given up.
func (b *Bulkhead) Abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.abandoned++
}

// Release gives back a slot, one marked by Abandon where abandoned is true. If
// somebody waits, the slot is theirs at once: the caller must Grant it, with
// no lock held.
func (b *Bulkhead) Release(abandoned bool) Waiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if abandoned {
		b.abandoned--
	}
	if e := b.waiting.Front(); e != nil {
		return b.waiting.Remove(e).(Waiter)
	}
	b.held--
	if b.held == 0 && b.idle != nil {
		close(b.idle)
		b.idle = nil
	}
	return nil
}

// Held returns how many slots are taken, and how many of those by abandoned
// calls.
func (b *Bulkhead) Held() (held, abandoned int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held, b.abandoned
}

// Idle returns a channel that is closed when no slot is held. It is meant for
// the end, when nobody acquires any more.
func (b *Bulkhead) Idle() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.idle == nil {
		b.idle = make(chan struct{})
	}
	idle := b.idle
	if b.held == 0 {
		close(b.idle)
		b.idle = nil
	}
	return idle
}
