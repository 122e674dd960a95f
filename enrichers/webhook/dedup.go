package webhook

import (
	"container/list"
	"hash/maphash"
	"reflect"
	"sync"
	"time"
)

// A dedup holds back what equals something that was sent not long ago. Its
// methods may be called concurrently.
//
// A key is reserved before sending, so that of many equal failures at once one is
// sent, and given back where that failed. No more than max keys are known: for a
// new one, the oldest is forgotten.
type dedup struct {
	window time.Duration // not positive: nothing is held back
	max    int
	seed   maphash.Seed

	mu     sync.Mutex
	known  map[uint64]*list.Element // of *reserved
	oldest *list.List               // in the order in which they were reserved or sent
}

// A reserved key is being sent, was sent, or has failures to be reported by the
// next message.
type reserved struct {
	key     uint64
	sending bool
	until   time.Time // if not sending: when a failure may be sent again
	held    uint64    // failures held back and not yet reported
}

func newDedup(window time.Duration, most int) *dedup {
	return &dedup{
		window: window,
		max:    most,
		seed:   maphash.MakeSeed(),
		known:  make(map[uint64]*list.Element),
		oldest: list.New(),
	}
}

// keyOf returns the key of what parts identify. Two keys are equal by accident
// once in 2^64; the seed is secret, so nobody can make them equal.
func (d *dedup) keyOf(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(d.seed)
	for _, part := range parts {
		maphash.WriteComparable(&h, len(part)) // so that no two lists run into one text
		h.WriteString(part)
	}
	return h.Sum64()
}

func typeName(err error) string { return reflect.TypeOf(err).String() }

// reserve reports whether the key may be sent, and if so, how many were held back
// since it was last sent. The caller then has to call settle.
func (d *dedup) reserve(key uint64) (held uint64, ok bool) {
	if d.window <= 0 {
		return 0, true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	e, known := d.known[key]
	if known {
		r := e.Value.(*reserved)
		if r.blocks(time.Now()) {
			r.held++
			return 0, false
		}
		held, r.held, r.sending = r.held, 0, true
		d.oldest.MoveToBack(e)
		return held, true
	}
	d.makeRoom(time.Now())
	d.known[key] = d.oldest.PushBack(&reserved{key: key, sending: true})
	return 0, true
}

// blocked reports whether reserve would hold the key back, and how many it has
// held back before. It changes nothing.
func (d *dedup) blocked(key uint64) (held uint64, blocked bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, known := d.known[key]
	if !known {
		return 0, false
	}
	r := e.Value.(*reserved)
	return r.held, r.blocks(time.Now())
}

func (r *reserved) blocks(now time.Time) bool { return r.sending || now.Before(r.until) }

// settle ends what reserve began. Where nothing was sent, the next failure may
// be, and reports what this one would have.
func (d *dedup) settle(key, held uint64, sent bool) {
	if d.window <= 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	e, known := d.known[key]
	if !known {
		return // forgotten meanwhile
	}
	r := e.Value.(*reserved)
	r.sending = false
	switch {
	case sent:
		r.until = time.Now().Add(d.window)
		d.oldest.MoveToBack(e)
	case r.held+held > 0:
		r.held += held
		r.until = time.Time{}
	default:
		d.forget(e)
	}
}

// makeRoom forgets keys that hold nothing back any more, and then, if need be,
// the oldest.
func (d *dedup) makeRoom(now time.Time) {
	for e := d.oldest.Front(); e != nil; e = d.oldest.Front() {
		r := e.Value.(*reserved)
		if len(d.known) < d.max && (r.held > 0 || r.blocks(now)) {
			return
		}
		d.forget(e)
	}
}

func (d *dedup) forget(e *list.Element) {
	delete(d.known, e.Value.(*reserved).key)
	d.oldest.Remove(e)
}
