package enrichergocron

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/failure-enrichers/enricher"
)

// labeled has the failures that a listener has labeled and that gocron is about to
// tell again: those of panics to the listener of errors, and all to the monitor.
// gocron passes nothing from one to the other but the ID of the job. It does so within
// one run, so that a failure stays for an instant, unless the other is not there.
//
// If runs of one job fail at once, one may get the Result of the other.
var labeled handover

type handover struct {
	monitors atomic.Bool // there is a Monitor

	mu      sync.Mutex
	pending []pending
}

type pending struct {
	job uuid.UUID
	to  receiver
	res enricher.Result
}

type receiver int

const (
	toListener receiver = iota
	errorToMonitor
	panicToMonitor
)

// maxPending bounds what stays because the other is not there.
const maxPending = 1000

func (h *handover) add(job uuid.UUID, to receiver, res enricher.Result) {
	if to != toListener && !h.monitors.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.pending) == maxPending {
		h.pending = slices.Delete(h.pending, 0, 1)
	}
	h.pending = append(h.pending, pending{job, to, res})
}

func (h *handover) take(job uuid.UUID, to receiver) (enricher.Result, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.pending, func(p pending) bool { return p.job == job && p.to == to })
	if i < 0 {
		return enricher.Result{}, false
	}
	res := h.pending[i].res
	h.pending = slices.Delete(h.pending, i, i+1)
	return res, true
}
