package exceptions

import (
	"sync"

	"github.com/failure-enrichers/enricher"
)

// maxRecent is how many failures are in recent.
const maxRecent = 1 << 14

// recent are the failures that a History has got with a Result lately, so that it keeps
// each once, however many layers pass it on.
type recent struct {
	mu       sync.Mutex
	keys     map[string]string // those of records, by Result.FailureKey
	ring     []string          // keys of keys
	next     int               // the oldest in ring, if that is full
	underWay map[origin]int    // how many are being enriched: their Result is not known yet
}

// An origin identifies a failure that is being enriched, unless the service has given
// its ID twice.
type origin struct {
	id, jobID string
	attempt   int
}

func originOf(fc enricher.FailureContext) origin { return origin{fc.ID, fc.JobID, fc.Attempt} }

// begin notes that a failure is under way, and end that it is not any more.
func (r *recent) begin(o origin) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.underWay == nil {
		r.underWay = map[origin]int{}
	}
	r.underWay[o]++
}

func (r *recent) end(o origin) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.underWay[o] > 1 {
		r.underWay[o]--
	} else {
		delete(r.underWay, o)
	}
}

// isUnderWay reports whether the failure of res is, as observers get it.
func (r *recent) isUnderWay(res enricher.Result) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.underWay[originOf(res.FailureContext())] > 0
}

// add notes that the failure with a Result.FailureKey is in the record with this key, and
// reports whether that is new. Without a FailureKey, it is always new.
func (r *recent) add(key, record string) bool {
	if key == "" {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.keys[key]; ok {
		return false
	}
	if r.keys == nil {
		r.keys = map[string]string{}
	}
	r.keys[key] = record
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, key)
		return true
	}
	delete(r.keys, r.ring[r.next])
	r.ring[r.next] = key
	r.next = (r.next + 1) % maxRecent
	return true
}

// record returns the key of the record of a failure, or "".
func (r *recent) record(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[key]
}
