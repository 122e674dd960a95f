// Package sparse limits the rate of log lines.
package sparse

import (
	"sync"
	"time"
)

// Interval is the time between two events that pass.
const Interval = time.Second

// A Limiter lets one event pass in each Interval, and none while one that has
// passed is not done. The zero value is ready for use; its methods may be called
// concurrently.
type Limiter struct {
	mu         sync.Mutex
	busy       bool // an event has passed and is not done
	next       time.Time
	suppressed uint64
}

// Pass reports whether an event may pass now, and if so, how many were
// suppressed since the last one that did. Then Done must follow.
func (l *Limiter) Pass() (suppressed uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.busy || now.Before(l.next) {
		l.suppressed++
		return 0, false
	}
	suppressed, l.suppressed = l.suppressed, 0
	l.busy, l.next = true, now.Add(Interval)
	return suppressed, true
}

// Done ends the event that has passed.
func (l *Limiter) Done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
}

// Rest returns how many events were suppressed since the last one that passed, and
// forgets them.
func (l *Limiter) Rest() (suppressed uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	suppressed, l.suppressed = l.suppressed, 0
	return suppressed
}
