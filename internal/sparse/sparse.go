// Package sparse limits the rate of log lines.
package sparse

import (
	"sync"
	"time"
)

// Interval is the time between two events that pass.
const Interval = time.Second

// A Limiter lets one event pass in each Interval. The zero value is ready for
// use; its methods may be called concurrently.
type Limiter struct {
	mu         sync.Mutex
	next       time.Time
	suppressed uint64
}

// Pass reports whether an event may pass now, and if so, how many were
// suppressed since the last one that did.
func (l *Limiter) Pass() (suppressed uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.next) {
		l.suppressed++
		return 0, false
	}
	suppressed, l.suppressed = l.suppressed, 0
	l.next = now.Add(Interval)
	return suppressed, true
}

// Add counts n more suppressed events.
func (l *Limiter) Add(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.suppressed += n
}

// Rest returns how many events were suppressed since the last one that passed, and
// forgets them.
func (l *Limiter) Rest() (suppressed uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	suppressed, l.suppressed = l.suppressed, 0
	return suppressed
}
