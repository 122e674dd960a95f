// Package breaker keeps calls away from something that keeps failing.
//
// It is the circuit breaker of Michael Nygard's "Release It!" with two rules
// made strict. While the breaker is open, only its own probe can move it: the
// result of a call that began earlier says nothing about now. And failures are
// in a row only if each call began after the failure before it: calls that fail
// together, as when the process was paused, count once.
package breaker

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// A State says what a breaker does with the next call.
type State uint8

const (
	Closed   State = iota // calls pass
	Open                  // calls are rejected until the cooldown is over
	HalfOpen              // one call passes as a probe, or is under way
)

// A Breaker opens after a number of failures in a row. Its methods may be
// called concurrently.
type Breaker struct {
	threshold int
	cooldown  time.Duration

	// word is turn<<1, plus calm while the breaker is closed and no failure is
	// counted. Nearly every call begins and ends in that state, and reads
	// nothing else. It is written with mu held. The turn increases when the
	// state changes and when a failure is counted, and tells the calls of before
	// from those of now.
	word atomic.Uint64

	mu       sync.Mutex
	state    State
	since    uint64    // the turn in which the state began
	failures int       // in a row, while closed
	until    time.Time // when the cooldown ends, while open
}

// calm is the bit of word that says closed, with nothing counted.
const calm = 1

// New returns a closed breaker that opens after threshold failures in a row,
// for cooldown. If threshold is below 1, it never opens.
func New(threshold int, cooldown time.Duration) *Breaker {
	if threshold < 1 {
		threshold = math.MaxInt
	}
	b := &Breaker{threshold: threshold, cooldown: cooldown}
	b.word.Store(calm)
	return b
}

// A Ticket is the permission of one call, to be given back to Leave or Waive.
type Ticket struct{ turn uint64 }

// Rejects reports whether Enter would reject a call now. It changes nothing, so
// it can be asked before a call waits for something else.
func (b *Breaker) Rejects() bool {
	if b.word.Load()&calm != 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rejects()
}

// Enter asks for a call to pass. If ok is true, the call must be made, and its
// end reported to Leave or Waive.
func (b *Breaker) Enter() (t Ticket, ok bool) {
	if w := b.word.Load(); w&calm != 0 {
		return Ticket{w >> 1}, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rejects() {
		return Ticket{}, false
	}
	if b.state == Open {
		b.to(HalfOpen) // this call is the probe, and the only one of the new turn
	}
	return Ticket{b.word.Load() >> 1}, true
}

// Leave takes the end of a call, and reports whether it has opened the breaker.
// A call that began before the state last changed counts for nothing, nor does
// one that failed and began before the last failure was counted.
func (b *Breaker) Leave(t Ticket, failed bool) (opened bool) {
	if w := b.word.Load(); w&calm != 0 && !failed {
		return false // whatever its turn: there is nothing to reset
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	turn := b.word.Load() >> 1
	switch {
	case t.turn < b.since:
		return false
	case !failed:
		b.to(Closed)
		return false
	case t.turn < turn:
		return false
	}
	b.failures++
	if b.state == Closed && b.failures < b.threshold {
		b.word.Store((turn + 1) << 1)
		return false
	}
	b.to(Open)
	return true
}

// Waive takes the end of a call that counts for nothing. If it was the probe,
// the next call is.
func (b *Breaker) Waive(t Ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == HalfOpen && t.turn == b.since {
		b.to(Open)
		b.until = time.Time{}
	}
}

// State returns the state that a call would find now.
func (b *Breaker) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == Open && !b.rejects() {
		return HalfOpen
	}
	return b.state
}

// rejects is Rejects with mu held.
func (b *Breaker) rejects() bool {
	return b.state == HalfOpen || b.state == Open && time.Now().Before(b.until)
}

// to sets the state, with mu held. A closed breaker that stays closed keeps its
// turn: the calls under way still count.
func (b *Breaker) to(s State) {
	turn := b.word.Load() >> 1
	if s != b.state {
		turn++
		b.since = turn
	}
	b.state, b.failures = s, 0
	w := turn << 1
	switch s {
	case Closed:
		w |= calm
	case Open:
		b.until = time.Now().Add(b.cooldown)
	}
	b.word.Store(w)
}
