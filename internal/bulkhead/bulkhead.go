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
	"sync/atomic"
)

// A Bulkhead has a fixed number of slots. Its methods may be called
// concurrently; none of them blocks or calls a waiter.
type Bulkhead struct {
	max int

	// held is the number of slots taken, abandoned ones included. While it has
	// the bit busy, it is written with mu held only.
	held atomic.Int64

	mu        sync.Mutex
	abandoned int           // of held, those whose call was given up
	waiting   list.List     // of Waiter, first come first served
	idle      chan struct{} // closed when held is 0; nil unless somebody waits for that
}

// busy is a bit of held. It says that somebody has mu, or that it matters to
// somebody when a slot becomes free. Where it is not there, as nearly always,
// slots are taken and given back without mu.
const busy = 1 << 62

// lock takes mu and returns how many slots are taken. That stays so until
// unlock sets it.
func (b *Bulkhead) lock() (held int) {
	b.mu.Lock()
	return int(b.held.Or(busy) &^ busy)
}

func (b *Bulkhead) unlock(held int) {
	h := int64(held)
	if b.waiting.Len() > 0 || b.idle != nil {
		h |= busy
	}
	b.held.Store(h)
	b.mu.Unlock()
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
	if h := b.held.Load(); h < int64(b.max) && b.held.CompareAndSwap(h, h+1) {
		return true, nil
	}
	held := b.lock()
	defer func() { b.unlock(held) }()
	switch {
	case held < b.max:
		held++
		return true, nil
	case b.abandoned == b.max || b.waiting.Len() >= b.max:
		return false, nil
	}
	return false, b.waiting.PushBack(w)
}

// Leave gives up a place. Where the slot is on its way already, nothing
// happens: Granted is called all the same.
func (b *Bulkhead) Leave(p *Place) {
	held := b.lock()
	b.waiting.Remove(p) // no-op once p has left the list
	b.unlock(held)
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
	if h := b.held.Load(); !abandoned && h&busy == 0 && b.held.CompareAndSwap(h, h-1) {
		return nil
	}
	held := b.lock()
	defer func() { b.unlock(held) }()
	if abandoned {
		b.abandoned--
	}
	if e := b.waiting.Front(); e != nil {
		return b.waiting.Remove(e).(Waiter)
	}
	held--
	if held == 0 && b.idle != nil {
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
	return int(b.held.Load() &^ busy), b.abandoned
}

// Idle returns a channel that is closed when no slot is held. It is meant for
// the end, when nobody acquires any more.
func (b *Bulkhead) Idle() <-chan struct{} {
	held := b.lock()
	defer b.unlock(held)
	if b.idle == nil {
		b.idle = make(chan struct{})
	}
	idle := b.idle
	if held == 0 {
		close(b.idle)
		b.idle = nil
	}
	return idle
}
