package exceptions

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// A Status says whether failures are stored.
type Status struct {
	Store    string    // what the store says that it is, or its type; "memory" by default
	Process  string    // Options.Process
	Queued   int       // failures and labels that wait to be written
	Dropped  uint64    // failures that were not stored and never will be, or not their labels, those that the store has skipped included
	Evicted  uint64    // failures that the store in memory has removed because of Options.MaxBytes
	Error    string    // why the store fails, or that it does not return; empty if it works
	FailedAt time.Time // since when it fails; zero if it does not
}

// Status returns whether failures are stored. In memory, they always are.
func (h *History) Status() Status {
	if h == nil {
		return Status{Store: nothing.String()}
	}
	s := Status{Store: fmt.Sprintf("%T", h.store), Process: h.opts.Process}
	guard.Apart(func() {
		if named, ok := h.store.(fmt.Stringer); ok {
			s.Store = h.name(named.String())
		}
		if skipping, ok := h.store.(interface{ Skipped() uint64 }); ok {
			s.Dropped = skipping.Skipped()
		}
	})
	if m := h.memory; m != nil {
		m.mu.RLock()
		defer m.mu.RUnlock()
		s.Evicted = m.evicted
	}
	if w := h.writer; w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		s.Queued, s.Error = w.failures(), w.failing
		s.Dropped += w.dropped
		if w.failing != "" {
			s.FailedAt = w.since
		}
	}
	return s
}

// Flush waits until all that was kept so far is in the store, or until ctx ends, and then
// says how many failures, and how many calls of Resolve and Delete, are not. A nil ctx
// never ends. In memory, Flush returns at once.
func (h *History) Flush(ctx context.Context) error {
	if h == nil || h.writer == nil {
		return nil
	}
	h.catchUp()
	return h.writer.flush(cmp.Or(ctx, context.Background()))
}

// Close is like Flush, but also ends the goroutines of h. After the end of ctx it writes for
// one more second, and what is not written by then is dropped. The context of a signal has
// ended when a service stops, so pass another one, with a timeout. Failures and labels that
// come later are dropped, unless the store is in memory, so shut down the Enricher first.
// What the error says is not stored counts in Status.Dropped from then on, and later calls
// of Close and Flush return the same error. Close does not close the store.
func (h *History) Close(ctx context.Context) error {
	if h == nil || h.writer == nil {
		return nil
	}
	h.catchUp()
	h.watcher.stop()
	return h.writer.close(cmp.Or(ctx, context.Background()))
}

// Resolve says that a job works again: [Job].Resolved is set until the job fails
// again, and a group of failures that comes back in the job then is [GroupRegressed].
// It does not wait for the store. Each call is a write to it, so call Resolve only for
// jobs that had failed before. It makes no event: an open page shows it within two
// minutes. A failure counts as a later one by its time: if that is after the call, because
// the clock of another machine is ahead, Resolve has no effect.
func (h *History) Resolve(jobID string) {
	at := time.Now()
	h.change(jobID, func(ctx context.Context, id string) error { return h.store.Resolve(ctx, id, at) })
}

// Delete removes all failures of a job. It does not wait for the store. While a store
// fails for so long that failures are dropped, so may be calls of Resolve and Delete.
func (h *History) Delete(jobID string) {
	h.change(jobID, func(ctx context.Context, id string) error { return h.store.Delete(ctx, id) })
}

// change changes a job in the store, behind the failures that were kept so far.
func (h *History) change(jobID string, do func(ctx context.Context, id string) error) {
	if h == nil {
		return
	}
	h.catchUp()
	for _, id := range h.jobKeys([]string{jobID}) {
		if h.memory != nil {
			do(context.Background(), id)
			continue
		}
		h.writer.call(func(ctx context.Context) error { return do(ctx, id) })
	}
}

// watch makes the events of the store those of h, from now on.
func (h *History) watch(ctx context.Context) {
	if h.watcher != nil {
		h.watcher.start(ctx)
	}
}
