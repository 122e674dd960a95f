package restart

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// seed is that of the hashes that stand for names and IDs: these may be long, or a
// part of a payload that would be kept with them.
var seed = maphash.MakeSeed()

// A budget admits events: within span, at most perName of one name and total of
// all. So it remembers at most total names. Its methods may be called concurrently.
type budget struct {
	perName, total int
	span           time.Duration

	mu        sync.Mutex
	admitted  []event // within span of the last call, ascending
	byName    map[uint64]*spent
	rejecting bool // total is reached, and an event was rejected for it
}

type event struct {
	name uint64 // its hash
	at   time.Time
}

// spent is what a name has of the budget, while it has any.
type spent struct {
	events    int
	rejecting bool // perName is reached, and an event was rejected for it
}

// What add reports.
const (
	admitted     = ""
	nameReached  = "max-restarts-vetoed"
	totalReached = "max-restarts-vetoed-total"
)

// add counts an event, or reports which bound keeps it from being admitted, and
// whether this is the first event that the bound rejects since it was reached.
func (b *budget) add(name string) (reached string, first bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, hash := time.Now(), maphash.String(seed, name)
	reached, rejecting := b.check(hash, now)
	if reached != admitted {
		first, *rejecting = !*rejecting, true
		return reached, first
	}
	b.admitted = append(b.admitted, event{hash, now})
	if b.byName[hash] == nil {
		b.byName[hash] = &spent{}
	}
	b.byName[hash].events++
	return admitted, false
}

// peek returns what add would, without counting.
func (b *budget) peek(name string) (reached string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	reached, _ = b.check(maphash.String(seed, name), time.Now())
	return reached
}

// check forgets what is no longer within span, and returns the bound that an event
// with this hash of its name has reached, with its field rejecting.
func (b *budget) check(name uint64, now time.Time) (reached string, rejecting *bool) {
	for len(b.admitted) > 0 && now.Sub(b.admitted[0].at) >= b.span {
		oldest := b.admitted[0].name
		b.admitted = b.admitted[1:]
		b.rejecting = false
		s := b.byName[oldest]
		s.rejecting = false
		if s.events--; s.events == 0 {
			delete(b.byName, oldest)
		}
	}
	if s := b.byName[name]; s != nil && s.events >= b.perName {
		return nameReached, &s.rejecting
	}
	if len(b.admitted) >= b.total {
		return totalReached, &b.rejecting
	}
	return admitted, nil
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
	recent *simplelru.LRU[uint64, series] // by the hash of a repeatKey
}

// A series is what is known of equal failures of a job.
type series struct {
	times []time.Time // ascending, at most limit
	last  uint64      // the hash of what identifies the last one and its companions, or 0
}

type repeatKey struct{ job, fingerprint string }

func newRepeats(limit int, span time.Duration) *repeats {
	recent, _ := simplelru.NewLRU[uint64, series](maxRepeats, nil) // fails only if the size is not positive
	return &repeats{limit: limit, span: span, recent: recent}
}

// add counts a failure and reports whether there were limit of them within span,
// this one included. It counts those with the same id, one after another, as one. A
// failure of an unknown job does not count.
func (r *repeats) add(key repeatKey, id string) bool {
	if key.job == "" {
		return false
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	hash, last := maphash.Comparable(seed, key), hashOfID(id)
	before := r.before(hash, last)
	reached := r.reached(before, now)
	r.recent.Add(hash, series{append(lastOf(before, r.limit-1), now), last})
	return reached
}

// peek returns what add would, without counting.
func (r *repeats) peek(key repeatKey, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reached(r.before(maphash.Comparable(seed, key), hashOfID(id)), time.Now())
}

// hashOfID returns what a series has as its last, or 0 if there is no ID.
func hashOfID(id string) uint64 {
	if id == "" {
		return 0
	}
	return maphash.String(seed, id)
}

// before returns the times of the failures before the one with this last, for the hash of
// a repeatKey.
func (r *repeats) before(hash, last uint64) []time.Time {
	s, _ := r.recent.Peek(hash)
	if last != 0 && s.last == last {
		return s.times[:len(s.times)-1]
	}
	return s.times
}

// reached reports whether one more failure makes limit of them within span.
func (r *repeats) reached(before []time.Time, now time.Time) bool {
	oldest := len(before) - (r.limit - 1)
	return oldest >= 0 && now.Sub(before[oldest]) < r.span
}
