// Package breaker keeps calls away from something that keeps failing.
//
// It is the circuit breaker of Michael Nygard's "Release It!" with one rule
// made strict: while the breaker is open nothing but its own probe can move
// it. Calls that began earlier and end late say how things were, not how they
// are.
package breaker

import (
	"sync"
	"sync/atomic"
	"time"
)

// A State is what a breaker does with the next call.
type State uint8

const (
	Closed   State = iota // calls pass
	Open                  // calls are refused until the cooldown is over
	HalfOpen              // one call passes, or is under way, to probe
)

// A Breaker opens after a number of failures in a row. Its methods may be
// called concurrently, and on a nil Breaker, which is always closed.
type Breaker struct {
	threshold int
	cooldown  time.Duration

	// word is epoch<<1, plus 1 while the breaker is closed and no failure is
	// counted. Nearly every call begins and ends in that state, and reads
	// nothing else. It is written with mu held.
	word atomic.Uint64

	mu       sync.Mutex
	state    State
	failures int       // in a row, while closed
	until    time.Time // when the cooldown ends, while open
}

// calm is the bit of word that says closed, with nothing counted.
const calm = 1

// New returns a closed breaker that opens after threshold failures in a row,
// for cooldown. A threshold below 1 makes no breaker: it returns nil.
func New(threshold int, cooldown time.Duration) *Breaker {
	if threshold < 1 {
		return nil
	}
	b := &Breaker{threshold: threshold, cooldown: cooldown}
	b.word.Store(calm)
	return b
}

// A Ticket is the permission of one call, to be given back to Leave.
type Ticket struct{ epoch uint64 }

// Refuses reports whether Enter would refuse a call now. It takes nothing, so
// it can be asked before a call waits for something else.
func (b *Breaker) Refuses() bool {
	if b == nil || b.word.Load()&calm != 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refuses()
}

// Enter asks for a call to pass. Where ok is true, the call must be made, and
// its end reported with Leave.
func (b *Breaker) Enter() (t Ticket, ok bool) {
	if b == nil {
		return Ticket{}, true
	}
	if w := b.word.Load(); w&calm != 0 {
		return Ticket{w >> 1}, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuses() {
		return Ticket{}, false
	}
	if b.state == Open {
		b.to(HalfOpen) // this call is the probe: the new epoch is its alone
	}
	return Ticket{b.word.Load() >> 1}, true
}

// Leave reports the end of a call. A call from before the breaker last moved
// changes nothing. It reports whether this call has opened the breaker.
func (b *Breaker) Leave(t Ticket, failed bool) (opened bool) {
	if b == nil {
		return false
	}
	if w := b.word.Load(); w&calm != 0 && !failed {
		return false // whatever its epoch: there is nothing to reset
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.word.Load()
	if t.epoch != w>>1 {
		return false
	}
	if !failed {
		b.to(Closed)
		return false
	}
	b.failures++
	if b.state == Closed && b.failures < b.threshold {
		b.word.Store(w &^ calm)
		return false
	}
	b.to(Open)
	return true
}

// Waive reports the end of a call that says nothing about what was called. If it
// was the probe, the next call is.
func (b *Breaker) Waive(t Ticket) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == HalfOpen && t.epoch == b.word.Load()>>1 {
		b.to(Open)
		b.until = time.Time{}
	}
}

// State returns the state that a call would find now.
func (b *Breaker) State() State {
	if b == nil {
		return Closed
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == Open && !b.refuses() {
		return HalfOpen
	}
	return b.state
}

// refuses is Refuses with mu held.
func (b *Breaker) refuses() bool {
	return b.state == HalfOpen || b.state == Open && time.Now().Before(b.until)
}

// to moves the breaker, with mu held. A closed breaker that stays closed keeps
// its epoch: the calls under way still count.
func (b *Breaker) to(s State) {
	epoch := b.word.Load() >> 1
	if s != b.state {
		epoch++
	}
	b.state, b.failures = s, 0
	w := epoch << 1
	switch s {
	case Closed:
		w |= calm
	case Open:
		b.until = time.Now().Add(b.cooldown)
	}
	b.word.Store(w)
}
