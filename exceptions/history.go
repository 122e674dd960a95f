package exceptions

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A History has the latest failures of jobs. Its methods may be called
// concurrently. A nil History keeps nothing.
//
// There are two ways to feed it, which can be used together: hand failures to
// [History.Enrich] or [History.EnrichAsync] instead of to the Enricher, or make
// it an observer of the Enricher with [enricher.WithObserver]. The first keeps a
// failure at once, the second when its labels are there.
type History struct {
	opts Options

	mu      sync.RWMutex
	seq     uint64 // of the last event
	first   uint64 // of the first event there was or will be
	jobs    map[string]*job
	byAge   list.List // of *job; the one with the latest failure is in front
	ids     map[string]struct{}
	pending map[*record]*enricher.Future // those of EnrichAsync
	events  ring
	changed chan struct{} // closed at the next event; nil if nobody waits
}

var _ enricher.Observer = (*History)(nil)

// NewHistory returns an empty history.
func NewHistory(opts Options) *History {
	// Sequence numbers begin with the time, so that those of an earlier life
	// of this process, which a follower may come back with, are smaller. They
	// stay below 2^53, for JavaScript, until the year 2255.
	seq := uint64(max(1, time.Now().UnixMicro()))
	return &History{
		opts:    opts.withDefaults(),
		seq:     seq,
		first:   seq + 1,
		jobs:    map[string]*job{},
		ids:     map[string]struct{}{},
		pending: map[*record]*enricher.Future{},
	}
}

// Enrich keeps a failure, has e enrich it with [enricher.Enricher.EnrichContext],
// and returns the Result. The failure is in the history, pending, before any
// enricher is called, and has its labels when Enrich returns. It is kept also
// where e is nil or shut down.
//
// Where fc has no ID, the failure gets one, which enrichers and observers see
// as well; so does its time. Two failures that are given the same ID are both
// kept, and a part is added to the ID of the later one. A nil cause is no
// failure.
func (h *History) Enrich(
	ctx context.Context, e *enricher.Enricher, cause error, fc enricher.FailureContext,
) enricher.Result {
	if h == nil || cause == nil {
		return e.EnrichContext(ctx, cause, fc)
	}
	ctx, fc, r, m := h.begin(ctx, cause, fc)
	res := enricher.Result{Outcomes: []enricher.Outcome{{Err: errCutShort}}}
	defer func() { // also where an observer exits the goroutine
		m.spent.Store(true)
		h.complete(r, res)
	}()
	res = e.EnrichContext(ctx, cause, fc)
	return res
}

var errCutShort = errors.New("the enrichment was cut short: an observer exited its goroutine")

// EnrichAsync is Enrich without the waiting, by [enricher.Enricher.EnrichAsync]:
// it never blocks. Whoever reads the history after the future is done finds the
// labels. Until then, a goroutine waits for them.
func (h *History) EnrichAsync(
	ctx context.Context, e *enricher.Enricher, cause error, fc enricher.FailureContext,
) *enricher.Future {
	if h == nil || cause == nil {
		return e.EnrichAsync(ctx, cause, fc)
	}
	ctx, fc, r, m := h.begin(ctx, cause, fc)
	future := e.EnrichAsync(ctx, cause, fc)
	finish := func() {
		<-future.Done()
		m.spent.Store(true)
		h.complete(r, future.Result())
	}
	select {
	case <-future.Done():
		finish()
	default:
		h.mu.Lock()
		h.pending[r] = future
		h.mu.Unlock()
		go finish()
	}
	return future
}

// ObserveFailure makes h an [enricher.Observer]. It keeps the failure, with its
// labels, unless it is one that Enrich or EnrichAsync of h has kept already.
func (h *History) ObserveFailure(ctx context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
	if h == nil || cause == nil {
		return
	}
	if ctx != nil {
		if m, ok := ctx.Value(markKey{h}).(*mark); ok && m.id == fc.ID && !m.spent.Load() {
			return
		}
	}
	r := h.newRecord(cause, fc)
	h.label(r.entry, res)
	h.insert(r)
}

// A mark in a context says that a failure with this ID is kept already. A
// context can lead to other failures too, inside and afterwards, and IDs can be
// given twice: so both the ID and the time have to fit. The mark holds nothing
// else, as an enricher that hangs holds its context.
type mark struct {
	id    string
	spent atomic.Bool // the enrichment is over
}

type markKey struct{ h *History }

// begin keeps a failure that is going to be enriched.
func (h *History) begin(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (context.Context, enricher.FailureContext, *record, *mark) {
	if ctx == nil {
		ctx = context.Background()
	}
	if fc.Time.IsZero() {
		fc.Time = time.Now()
	}
	r := h.newRecord(cause, fc)
	h.insert(r)
	if fc.ID == "" {
		fc.ID = r.id
	}
	m := &mark{id: fc.ID}
	return context.WithValue(ctx, markKey{h}, m), fc, r, m
}

// newRecord makes a record of a failure. The stranger's code runs here.
func (h *History) newRecord(cause error, fc enricher.FailureContext) *record {
	if fc.Time.IsZero() {
		fc.Time = time.Now()
	}
	jobName := h.name(fc.JobName)
	if fc.JobID == "" {
		fc.JobID = jobName
	}
	if fc.Type > enricher.FailureTypeTaskManager {
		fc.Type = enricher.FailureTypeUnknown
	}
	described := h.describe(cause)
	return &record{
		given: identity(fc.ID, maxNameLength),
		root:  identity(fc.RootID, maxNameLength),
		entry: &Entry{
			Type:          fc.Type,
			JobID:         identity(fc.JobID, maxNameLength),
			JobName:       jobName,
			TaskName:      h.name(fc.TaskName),
			TaskManagerID: h.name(fc.TaskManagerID),
			Endpoint:      h.name(fc.Endpoint),
			Attempt:       max(0, fc.Attempt),
			MaxAttempts:   max(0, fc.MaxAttempts),
			Time:          fc.Time.Round(0),
			Attributes:    h.keepMap(fc.Attributes, maxAttributes, true),
			ExceptionName: described.name,
			Message:       described.message,
			Stacktrace:    described.stacktrace,
			Labels:        enricher.Labels{},
		},
	}
}

// label sets what is known of e after its enrichment.
func (h *History) label(e *Entry, res enricher.Result) {
	e.Labels = h.keepMap(res.Labels, maxLabels, false)
	e.LabelState = StateComplete
	for _, o := range res.Outcomes {
		if o.Status == enricher.StatusOK {
			continue
		}
		e.LabelState = StateIncomplete
		if len(e.FailedEnrichers) < maxFailed {
			e.FailedEnrichers = append(e.FailedEnrichers, FailedEnricher{h.name(o.Enricher), o.Status, h.errorOf(o.Err)})
		}
	}
}

// complete gives a record its labels, once. When it returns, they are there.
func (h *History) complete(r *record, res enricher.Result) {
	r.completing.Do(func() {
		var labeled Entry
		h.label(&labeled, res)
		h.settle(r, &labeled)
	})
}

// catchUp completes the records whose futures are done but whose goroutines have
// not come to it. So whoever knows of the future being done finds the labels.
func (h *History) catchUp() {
	var done map[*record]*enricher.Future
	h.mu.RLock()
	for r, future := range h.pending {
		select {
		case <-future.Done():
			if done == nil {
				done = map[*record]*enricher.Future{}
			}
			done[r] = future
		default:
		}
	}
	h.mu.RUnlock()
	for r, future := range done {
		h.complete(r, future.Result())
	}
}
