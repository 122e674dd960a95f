package restart

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// A window admits at most limit events within span. Its methods may be called
// concurrently.
type window struct {
	limit int
	span  time.Duration

	mu        sync.Mutex
	times     []time.Time // of the admitted events, ascending; at most limit
	rejecting bool        // the last event was rejected
}

// add reports whether it admits an event, and whether this is the first that it
// rejects after one that it admitted.
func (w *window) add(now time.Time) (ok, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ok = !w.isFull(now)
	first = !ok && !w.rejecting
	w.rejecting = !ok
	if ok {
		w.times = append(lastOf(w.times, w.limit-1), now)
	}
	return ok, first
}

// full reports whether add would reject an event.
func (w *window) full(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.isFull(now)
}

func (w *window) isFull(now time.Time) bool {
	return len(w.times) == w.limit && now.Sub(w.times[0]) < w.span
}

// lastOf returns the last n times, in the same array.
func lastOf(times []time.Time, n int) []time.Time {
	return append(times[:0], times[max(0, len(times)-n):]...)
}

// maxRepeats is the number of different failures whose repeats are counted. Of
// more, the least recent are forgotten.
const maxRepeats = 10_000

// repeats count equal failures of the same job. Its methods may be called
// concurrently.
type repeats struct {
	limit int
	span  time.Duration

	mu     sync.Mutex
	recent *simplelru.LRU[repeatKey, []time.Time] // ascending, at most limit
}

type repeatKey struct{ job, fingerprint string }

func newRepeats(limit int, span time.Duration) *repeats {
	recent, _ := simplelru.NewLRU[repeatKey, []time.Time](maxRepeats, nil) // fails only if the size is not positive
	return &repeats{limit: limit, span: span, recent: recent}
}

// add counts a failure and reports whether there were limit of them within span,
// this one included. A failure of an unknown job does not count.
func (r *repeats) add(key repeatKey) bool {
	if key.job == "" {
		return false
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	times, _ := r.recent.Peek(key)
	reached := r.reached(times, now)
	r.recent.Add(key, append(lastOf(times, r.limit-1), now))
	return reached
}

// peek returns what add would, without counting.
func (r *repeats) peek(key repeatKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	times, _ := r.recent.Peek(key)
	return r.reached(times, time.Now())
}

// reached reports whether one more failure makes limit of them within span.
func (r *repeats) reached(before []time.Time, now time.Time) bool {
	oldest := len(before) - (r.limit - 1)
	return oldest >= 0 && now.Sub(before[oldest]) < r.span
}
