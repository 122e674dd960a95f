package webhook

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// An identity is what equal failures have in common: a fingerprint, or the rest.
type identity struct{ fingerprint, job, typ, text string }

// maxIdentityText is how many bytes of an error's text count.
const maxIdentityText = 4096

// A dedup holds back failures that equal one that was sent a short time ago. Its
// methods may be called concurrently.
//
// A failure is reserved before it is sent, so that one of many equal ones at once
// is sent. If sending fails, the next one may be sent.
type dedup struct {
	window time.Duration // if not positive, nothing is held back
	seed   maphash.Seed

	mu     sync.Mutex
	recent *simplelru.LRU[uint64, *recent] // by the hash of an identity, as texts are long
}

// A recent is what is known about equal failures.
type recent struct {
	sending bool
	until   time.Time // when one may be sent again
	held    uint64    // held back and not yet reported by a message
}

func newDedup(window time.Duration, size int) *dedup {
	lru, _ := simplelru.NewLRU[uint64, *recent](max(size, 1), nil) // fails only if the size is not positive
	return &dedup{window: window, seed: maphash.MakeSeed(), recent: lru}
}

// reserve reports whether a failure may be sent, and if so, how many were held
// back since one was sent. The caller must then call settle.
func (d *dedup) reserve(id identity) (r *recent, held uint64, ok bool) {
	if d.window <= 0 {
		return &recent{}, 0, true
	}
	key := maphash.Comparable(d.seed, id)
	d.mu.Lock()
	defer d.mu.Unlock()
	r, known := d.recent.Get(key)
	if !known {
		r = &recent{}
		d.recent.Add(key, r)
	}
	if r.blocks() {
		r.held++
		return nil, 0, false
	}
	r.sending = true
	return r, r.held, true
}

// settle ends a reservation. A message that was sent reported the failures held
// back before.
func (d *dedup) settle(r *recent, reported uint64, sent bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r.sending = false
	if sent {
		r.held -= reported
		r.until = time.Now().Add(d.window)
	}
}

// peek reports whether reserve would let a failure pass, and how many were held
// back. It changes nothing.
func (d *dedup) peek(id identity) (held uint64, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, known := d.recent.Peek(maphash.Comparable(d.seed, id))
	if !known {
		return 0, true
	}
	return r.held, !r.blocks()
}

func (r *recent) blocks() bool { return r.sending || time.Now().Before(r.until) }
