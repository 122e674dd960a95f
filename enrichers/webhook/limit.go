package webhook

import (
	"sync"
	"time"
)

// A limiter lets so many messages pass in a time, and none while the endpoint
// has asked for a pause. It is a leaky bucket in the form of GCRA (ITU-T I.371):
// all there is to remember is when the bucket will be empty. Its methods may be
// called concurrently.
type limiter struct {
	every time.Duration // between two messages in the long run; not positive: no limit
	burst int           // messages at once

	mu      sync.Mutex
	empty   time.Time // when the bucket will be
	until   time.Time // when the pause is over
	skipped uint64    // failures that did not pass and are not yet reported
}

func newLimiter(perMinute, burst int) *limiter {
	l := &limiter{burst: burst}
	if perMinute > 0 {
		l.every = time.Minute / time.Duration(perMinute)
	}
	return l
}

// take reports whether a message may be sent, and if so, how many failures were
// not since the last one. That is given back where sending fails.
func (l *limiter) take() (skipped uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.wait(now) > 0 {
		l.skipped++
		return 0, false
	}
	l.empty = later(l.empty, now).Add(l.every)
	skipped, l.skipped = l.skipped, 0
	return skipped, true
}

func (l *limiter) giveBack(skipped uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.skipped += skipped
}

// peek returns how long it is until a message may be sent, and how many failures
// were not since the last one. It changes nothing.
func (l *limiter) peek() (wait time.Duration, skipped uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wait(time.Now()), l.skipped
}

// maxPause is how long an endpoint can keep itself from being asked again.
const maxPause = time.Minute

// pause lets nothing pass for a time.
func (l *limiter) pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = later(l.until, time.Now().Add(min(d, maxPause)))
}

func (l *limiter) wait(now time.Time) time.Duration {
	wait := l.until.Sub(now)
	if l.every > 0 {
		full := time.Duration(l.burst-1) * l.every
		wait = max(wait, later(l.empty, now).Sub(now)-full)
	}
	return max(wait, 0)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
