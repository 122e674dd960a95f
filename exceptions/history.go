package exceptions

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// A History keeps the latest failures of jobs. Its methods may be called
// concurrently. A nil History keeps nothing.
//
// There are two ways to fill it, which can be used together: pass failures to
// [History.Enrich] or [History.EnrichAsync] instead of the Enricher, or make the
// History an observer of the Enricher with [enricher.WithObserver]. The first
// keeps a failure at once, the second when its labels are known.
type History struct {
	opts      Options
	masksKeys bool                // the redactor masks the values of secret keys
	redacts   bool                // the redactor is the caller's
	salt      string              // of hashes of secrets
	readings  *semaphore.Weighted // of errors, under way
	hanging   atomic.Int32        // those that have not returned in time

	store   Store
	memory  *Memory  // the store, if it is in memory
	writer  *writer  // otherwise
	watcher *watcher // otherwise
	feed    *feed

	unique string // begins the key of every failure
	number atomic.Uint64
	recent recent
	none   *enricher.Enricher // in place of nil, as its Results have a FailureKey

	mu      sync.Mutex
	pending map[*failure]*enricher.Future // those of EnrichAsync
}

var _ enricher.Observer = (*History)(nil)

// NewHistory returns a history of what is in its store, or an empty one.
func NewHistory(opts Options) *History {
	if opts.Store == nil {
		opts.Store = NewMemory(opts)
	}
	redacts := opts.Redact != nil
	opts = opts.withDefaults()
	h := &History{
		opts:     opts,
		redacts:  redacts,
		salt:     rand.Text(),
		readings: semaphore.NewWeighted(maxReadings),
		store:    opts.Store,
		unique:   strings.ToLower(rand.Text()[:10]),
		pending:  map[*failure]*enricher.Future{},
	}
	// It cannot fail, and must not be overloaded.
	h.none, _ = enricher.New(enricher.Config{MaxPending: 1 << 20}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
	h.masksKeys = h.masksSecretKeys()
	h.opts.Process = h.name(opts.Process)
	if h.memory, _ = opts.Store.(*Memory); h.memory != nil {
		h.feed = &h.memory.feed
		return h
	}
	if h.opts.Process == "" {
		host, _ := os.Hostname()
		h.opts.Process = host + ":" + strconv.Itoa(os.Getpid())
	}
	h.writer = newWriter(opts.Store, opts, func(err error) string { return h.paragraph(h.keep(guard.Text(err), maxErrorLength), maxErrorLength) })
	h.watcher = newWatcher(opts.Store, opts)
	h.feed = h.watcher.feed
	return h
}

// Enrich keeps a failure, has e enrich it with [enricher.Enricher.EnrichContext],
// and returns the Result. The failure is in the history, pending, before any
// enricher is called, and has its labels when Enrich returns. It is kept even if
// e is nil or shut down.
//
// If fc has no ID or no Time, Enrich sets it, and enrichers and observers see it
// too. Two failures with the same ID are both kept, and a suffix is added to the
// ID of the later one. A nil cause is not a failure and is not kept.
//
// If cause carries the Result of this failure, as [enricher.WithResult] attaches it,
// Enrich returns that, and keeps the failure unless it is among the last 16,384 that h
// has kept. The Time, and what fc does not say, are taken from the FailureContext of the
// layer that made the Result. If e rejected the failure in that layer, Enrich passes it to
// e again, and the entry of the failure, if there is one, gets the labels.
//
// The methods of cause are called first. If they do not return, Enrich goes on
// after a second, and the failure is kept without its text.
// If an observer exits the goroutine, the entry is incomplete; if one never returns,
// as Enrich then does not, it stays pending.
func (h *History) Enrich(
	ctx context.Context, e *enricher.Enricher, cause error, fc enricher.FailureContext,
) enricher.Result {
	if h == nil || cause == nil {
		return e.EnrichContext(ctx, cause, fc)
	}
	e = cmp.Or(e, h.none)
	first, fc, carried := h.carried(e, cause, fc)
	if carried {
		return first
	}
	ctx, fc, r, m := h.begin(ctx, cause, fc, first)
	res := interrupted
	defer func() { // also if an observer exits the goroutine
		m.spent.Store(true)
		h.complete(r, res)
	}()
	res = e.EnrichContext(ctx, cause, fc)
	return res
}

// interrupted is the Result of an enrichment that did not return.
var interrupted = enricher.Result{Outcomes: []enricher.Outcome{{
	Enricher: "*",
	Err:      errors.New("the labels are lost: an observer called runtime.Goexit"),
}}}

// EnrichAsync is like Enrich but does not wait for the enrichers, as
// [enricher.Enricher.EnrichAsync]. When the future is done, the labels are in the
// history. Until then, a goroutine waits for them.
func (h *History) EnrichAsync(
	ctx context.Context, e *enricher.Enricher, cause error, fc enricher.FailureContext,
) *enricher.Future {
	if h == nil || cause == nil {
		return e.EnrichAsync(ctx, cause, fc)
	}
	e = cmp.Or(e, h.none)
	first, fc, carried := h.carried(e, cause, fc)
	if carried {
		return e.EnrichAsync(ctx, cause, fc)
	}
	ctx, fc, r, m := h.begin(ctx, cause, fc, first)
	future := e.EnrichAsync(ctx, cause, fc)
	finish := func() {
		<-future.Done()
		m.spent.Store(true)
		h.complete(r, future.Result())
		h.mu.Lock()
		delete(h.pending, r)
		h.mu.Unlock()
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

// For returns a Labeler that passes failures to [History.Enrich] with e: where an
// Enricher is expected, it labels them and keeps them too.
func (h *History) For(e *enricher.Enricher) Labeler { return Labeler{h, e} }

// A Labeler is a History with an Enricher. See [History.For].
type Labeler struct {
	history  *History
	enricher *enricher.Enricher
}

// EnrichContext is [History.Enrich].
func (l Labeler) EnrichContext(ctx context.Context, cause error, fc enricher.FailureContext) enricher.Result {
	return l.history.Enrich(ctx, l.enricher, cause, fc)
}

// ObserveFailure keeps a failure with its labels, unless h has kept it already. It makes
// h an [enricher.Observer].
func (h *History) ObserveFailure(ctx context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
	if h == nil || cause == nil {
		return
	}
	if ctx != nil {
		if m, ok := ctx.Value(markKey{h}).(*mark); ok && m.id == fc.ID && !m.spent.Load() {
			return
		}
	}
	if record := h.recent.record(res.FailureKey()); record != "" { // it had been rejected
		h.complete(kept(record), res)
		return
	}
	h.keepLabeled(cause, fc, res)
}

// keepLabeled keeps a failure with its labels, unless h has kept it already.
func (h *History) keepLabeled(cause error, fc enricher.FailureContext, res enricher.Result) {
	key := h.newKey()
	if !h.recent.add(res.FailureKey(), key) {
		return
	}
	f := h.newFailure(key, cause, fc)
	h.label(&f.record.Entry, res)
	h.write(f)
}

// carried returns the Result of an earlier layer and whether e returns it, as
// [enricher.Enricher.Carried], and fc with what that layer knew. If e returns it, the
// failure is kept, unless it was then.
func (h *History) carried(e *enricher.Enricher, cause error, fc enricher.FailureContext) (enricher.Result, enricher.FailureContext, bool) {
	first, ok := e.Carried(cause, fc)
	fc = completed(fc, first.FailureContext())
	if ok {
		h.catchUp() // it may be of EnrichAsync
		if !h.recent.isUnderWay(first) {
			h.keepLabeled(cause, fc, first)
		}
	}
	return first, fc, ok
}

// completed returns fc with what it does not say taken from first, that of an earlier
// layer, and with its Time, which is closer to that of the failure.
func completed(fc, first enricher.FailureContext) enricher.FailureContext {
	fc.ID, fc.RootID = cmp.Or(fc.ID, first.ID), cmp.Or(fc.RootID, first.RootID)
	fc.Type = cmp.Or(fc.Type, first.Type)
	fc.JobID, fc.JobName = cmp.Or(fc.JobID, first.JobID), cmp.Or(fc.JobName, first.JobName)
	fc.TaskName = cmp.Or(fc.TaskName, first.TaskName)
	fc.TaskManagerID, fc.Endpoint = cmp.Or(fc.TaskManagerID, first.TaskManagerID), cmp.Or(fc.Endpoint, first.Endpoint)
	fc.Attempt, fc.MaxAttempts = cmp.Or(fc.Attempt, first.Attempt), cmp.Or(fc.MaxAttempts, first.MaxAttempts)
	fc.Terminal = fc.Terminal || first.Terminal
	fc.Time = cmp.Or(first.Time, fc.Time)
	if len(first.Attributes) > 0 {
		maps.Copy(first.Attributes, fc.Attributes) // a copy of ours
		fc.Attributes = first.Attributes
	}
	return fc
}

// A mark in a context says that the failure with this ID is kept already. An
// enricher may report other failures with the same context, also later, and IDs
// can be given twice, so a mark counts only for its ID and during its enrichment.
// It holds nothing else, because an enricher that hangs holds its context.
type mark struct {
	id    string
	spent atomic.Bool // the enrichment is over
}

type markKey struct{ h *History }

// begin keeps a failure that is about to be enriched, unless h kept it when it was
// rejected, with the Result first.
func (h *History) begin(
	ctx context.Context, cause error, fc enricher.FailureContext, first enricher.Result,
) (context.Context, enricher.FailureContext, *failure, *mark) {
	if ctx == nil {
		ctx = context.Background()
	}
	if fc.Time.IsZero() {
		fc.Time = time.Now()
	}
	var r *failure
	if record := h.recent.record(first.FailureKey()); record != "" {
		r = kept(record)
	} else {
		r = h.newFailure(h.newKey(), cause, fc)
		h.recent.add(first.FailureKey(), r.record.Key)
		h.write(r)
	}
	if fc.ID == "" {
		fc.ID = r.record.Entry.ID
	}
	r.origin = originOf(fc)
	h.recent.begin(r.origin)
	m := &mark{id: fc.ID}
	return context.WithValue(ctx, markKey{h}, m), fc, r, m
}

// complete sets the labels of a failure, once.
func (h *History) complete(f *failure, res enricher.Result) {
	f.completing.Do(func() {
		h.recent.add(res.FailureKey(), f.record.Key)
		h.recent.end(f.origin)
		h.label(&f.record.Entry, res)
		h.write(f)
	})
}

// catchUp completes the failures whose futures are done but whose goroutines have
// not run yet, so that a caller that has seen its future done finds the labels.
func (h *History) catchUp() {
	var done map[*failure]*enricher.Future
	h.mu.Lock()
	for r, future := range h.pending {
		select {
		case <-future.Done():
			if done == nil {
				done = map[*failure]*enricher.Future{}
			}
			done[r] = future
		default:
		}
	}
	h.mu.Unlock()
	for r, future := range done {
		h.complete(r, future.Result())
	}
}
