package restart

import (
	"container/list"
	"sync"
	"time"
)

// A window counts what happens within a time that ends now.
type window struct {
	limit int
	span  time.Duration

	mu       sync.Mutex
	times    []time.Time // of what was admitted, ascending; at most limit
	refusing bool        // the last one was refused
}

func newWindow(limit int, span time.Duration) *window {
	return &window{limit: limit, span: span}
}

// add admits one more, unless limit of them have been within span before now. It
// tells of the first that it refuses after one that it has admitted.
func (w *window) add(now time.Time) (ok, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(now)
	if len(w.times) >= w.limit {
		first = !w.refusing
		w.refusing = true
		return false, first
	}
	w.refusing = false
	w.times = append(w.times, now)
	return true, false
}

// full reports whether add would refuse.
func (w *window) full(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(now)
	return len(w.times) >= w.limit
}

// forget drops what is over.
func (w *window) forget(now time.Time) {
	over := 0
	for over < len(w.times) && now.Sub(w.times[over]) >= w.span {
		over++
	}
	w.times = append(w.times[:0], w.times[over:]...)
}

// maxRepeats bounds the failures whose repeats are counted. Of more, those that
// have not come for the longest time are forgotten.
const maxRepeats = 10_000

// repeats count equal failures of equal jobs.
type repeats struct {
	limit int
	span  time.Duration

	mu     sync.Mutex
	recent list.List // of *repeat, the latest first
	byKey  map[repeatKey]*list.Element
}

type repeatKey struct{ job, fingerprint string }

// A repeat is one failure and when it came: the latest times, ascending, at most
// as many as matter.
type repeat struct {
	key   repeatKey
	times []time.Time
}

func newRepeats(limit int, span time.Duration) *repeats {
	return &repeats{limit: limit, span: span, byKey: map[repeatKey]*list.Element{}}
}

// add counts a failure and reports whether limit have come within span, this one
// included. A failure of no known job does not count.
func (r *repeats) add(job, fingerprint string) bool {
	if job == "" {
		return false
	}
	now := time.Now()
	key := repeatKey{job, fingerprint}
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.byKey[key]
	if !ok {
		at = r.recent.PushFront(&repeat{key: key})
		r.byKey[key] = at
		if r.recent.Len() > maxRepeats {
			oldest := r.recent.Remove(r.recent.Back()).(*repeat)
			delete(r.byKey, oldest.key)
		}
	}
	r.recent.MoveToFront(at)
	f := at.Value.(*repeat)
	if len(f.times) == r.limit {
		f.times = append(f.times[:0], f.times[1:]...)
	}
	f.times = append(f.times, now)
	return len(f.times) == r.limit && now.Sub(f.times[0]) < r.span
}

// peek is add without any effect.
func (r *repeats) peek(job, fingerprint string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.byKey[repeatKey{job, fingerprint}]
	if !ok {
		return false
	}
	times := at.Value.(*repeat).times
	before := times[max(0, len(times)-r.limit+1):] // with this one they were limit
	return len(before) == r.limit-1 && time.Since(before[0]) < r.span
}
