package webhook

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// maxPause is how long an endpoint can ask for no messages.
const maxPause = time.Minute

// A limiter limits the rate of messages, and lets none pass while the endpoint
// has asked for a pause. Its methods may be called concurrently.
type limiter struct {
	rate    *rate.Limiter
	skipped atomic.Uint64 // failures that did not pass and are not yet reported

	mu    sync.Mutex
	until time.Time // when the pause is over
}

// newLimiter returns a limiter. A negative rate is no limit.
func newLimiter(perMinute, burst int) *limiter {
	limit := rate.Limit(perMinute) / 60
	if perMinute < 0 {
		limit = rate.Inf
	}
	return &limiter{rate: rate.NewLimiter(limit, burst)}
}

// take reports whether a message may be sent, and if so, how many failures did not
// pass since the last one. If sending fails, the caller must give that number back.
func (l *limiter) take() (skipped uint64, ok bool) {
	if l.paused() || !l.rate.Allow() {
		l.skipped.Add(1)
		return 0, false
	}
	return l.skipped.Swap(0), true
}

func (l *limiter) giveBack(skipped uint64) { l.skipped.Add(skipped) }

// peek reports whether a message may be sent. It changes nothing.
func (l *limiter) peek() bool { return !l.paused() && l.rate.Tokens() >= 1 }

// pause lets nothing pass for a time.
func (l *limiter) pause(d time.Duration) {
	until := time.Now().Add(min(d, maxPause))
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.until) {
		l.until = until
	}
}

func (l *limiter) paused() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Before(l.until)
}
