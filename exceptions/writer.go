package exceptions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher/internal/guard"
)

const (
	batchDelay = 100 * time.Millisecond // between the first failure of a batch and its writing
	maxBatch   = 256                    // failures
	writeTime  = 10 * time.Second       // of one call of the store
	maxBackoff = 5 * time.Second        // between two calls, after an error
	logEvery   = time.Minute            // between two lines that the store failed
	closeGrace = time.Second            // of a Close whose ctx has ended
)

// A writer passes what a History keeps to its Store, in order, on a goroutine that
// ends when there is nothing to do.
type writer struct {
	store    Store
	maxBytes int
	logger   *slog.Logger
	textOf   func(error) string
	ctx      context.Context // ends with Close
	stop     context.CancelFunc
	hurry    chan struct{} // ends a batchDelay

	mu       sync.Mutex
	queue    []*write          // the oldest first
	byKey    map[string]*write // the records in the queue
	bytes    int               // of the queue and of what is being written
	accepted uint64            // writes so far
	settled  uint64            // of these, written or given up
	calls    int               // of the rest, those that are no failures and labels
	progress chan struct{}     // closed at the next progress; nil if nothing waits
	running  bool              // the goroutine is there
	closed   bool              // nothing is accepted any more
	lost     error             // of Close: the rest counts as dropped, even if the store still takes it
	dropped  uint64            // failures, or their labels, that were not accepted, or given up
	said     uint64            // of dropped, in the log
	failing  string            // the last error, if the store fails
	since    time.Time         // since when it fails
	logged   time.Time         // when that was logged last
	told     bool              // it was, since then
}

// A write is one call of a method of the store, or a part of one.
type write struct {
	record Record
	do     func(context.Context) error // not Append, if it is set
	size   int
}

func newWriter(store Store, opts Options, textOf func(error) string) *writer {
	w := &writer{
		store: store, maxBytes: opts.MaxBytes, logger: opts.Logger, textOf: textOf,
		hurry: make(chan struct{}, 1), byKey: map[string]*write{},
	}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

// put accepts a record, and reports whether there was room for it. Labels may take
// twice as much room, because the failure is there already.
func (w *writer) put(r Record) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	size := r.Entry.size()
	limit := w.maxBytes
	if r.Update {
		limit *= 2
	}
	queued := w.byKey[r.Key]
	if w.closed || (w.bytes+size > limit && w.bytes > 0) {
		if r.Entry.LabelState != StatePending { // otherwise it comes again, with its labels
			w.dropped++
		}
		return false
	}
	if queued != nil {
		queued.record.Entry.SetLabels(&r.Entry)
		size = queued.record.Entry.size()
		w.bytes += size - queued.size
		queued.size = size
		return true
	}
	n := &write{record: r, size: size}
	w.byKey[r.Key] = n
	w.add(n)
	return true
}

// call accepts a call of another method of the store.
func (w *writer) call(do func(context.Context) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed && w.bytes <= 2*w.maxBytes {
		w.calls++
		w.add(&write{do: do, size: itemOverhead})
	}
}

func (w *writer) add(n *write) {
	w.bytes += n.size
	w.accepted++
	w.queue = append(w.queue, n)
	if !w.running {
		w.running = true
		go w.run()
	}
	if len(w.queue) >= maxBatch {
		w.hasten()
	}
}

func (w *writer) hasten() {
	select {
	case w.hurry <- struct{}{}:
	default:
	}
}

// run writes until there is nothing to write.
func (w *writer) run() {
	for more := true; more; {
		w.pause(batchDelay, w.hurry)
		w.mu.Lock()
		target := w.accepted
		w.mu.Unlock()
		for done := false; !done; {
			batch := w.take()
			err := w.write(batch)
			for wait := batchDelay; err != nil && w.ctx.Err() == nil; wait = min(2*wait, maxBackoff) {
				w.report(err)
				w.pause(wait, nil)
				err = w.write(batch)
			}
			w.report(err)
			done, more = w.settle(batch, err, target)
		}
	}
}

// pause waits for some time, or until hurry or Close.
func (w *writer) pause(d time.Duration, hurry <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-hurry:
	case <-w.ctx.Done():
	}
}

// take removes the next batch from the queue, which is not empty: records, or one
// other call.
func (w *writer) take() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 1
	for w.queue[0].do == nil && n < min(len(w.queue), maxBatch) && w.queue[n].do == nil {
		n++
	}
	batch := w.queue[:n:n]
	w.queue = w.queue[n:]
	for _, b := range batch {
		delete(w.byKey, b.record.Key)
	}
	return batch
}

var errOverdue = errors.New("it has not returned")

// write calls the store. If that does not return, write does not either, but says so.
func (w *writer) write(batch []*write) (err error) {
	ctx, cancel := context.WithTimeout(w.ctx, writeTime)
	defer cancel()
	reported := make(chan struct{})
	overdue := time.AfterFunc(writeTime+time.Second, func() {
		defer close(reported)
		w.report(errOverdue)
	})
	defer func() {
		if !overdue.Stop() {
			<-reported // so that the next report is later
		}
	}()
	do := batch[0].do
	if do == nil {
		records := make([]Record, len(batch))
		for i, b := range batch {
			records[i] = b.record
		}
		do = func(ctx context.Context) error { return w.store.Append(ctx, records) }
	}
	if p := guard.Apart(func() { err = do(ctx) }); p != nil {
		return storeError(p)
	}
	return err
}

// report notes whether the store works, and logs a change: that it fails, or that failures
// were dropped as it is slow, at most once a logEvery, and that it works again if the log
// said that it fails.
func (w *writer) report(err error) {
	text := ""
	if err != nil {
		text = w.textOf(err)
	}
	now := time.Now()
	w.mu.Lock()
	switch {
	case w.failing == "":
		w.since = now
	case text != "" && w.ctx.Err() != nil:
		text = w.failing // the error before Close ended the call says more
	}
	w.failing = text
	since, dropped := w.since, w.dropped
	failed := text != "" && !w.told && now.Sub(w.logged) > logEvery
	works := text == "" && w.told
	slow := text == "" && !w.told && dropped > w.said && now.Sub(w.logged) > logEvery
	if failed || slow {
		w.logged = now
	}
	if works || slow {
		w.said = dropped
	}
	w.told = text != "" && (w.told || failed)
	w.mu.Unlock()
	guard.Do(func() { // a handler of the log may panic
		if failed {
			w.logger.Warn("Failures are not stored: the store failed", "error", text)
		}
		if works {
			w.logger.Info("Failures are stored again", "after", now.Sub(since).Round(time.Millisecond), "dropped", dropped)
		}
		if slow {
			w.logger.Warn("Failures were dropped: the store is too slow for them", "dropped", dropped)
		}
	})
}

// settle counts a batch that was written, or given up. It reports whether that is done
// up to a target, and whether there is more; otherwise the goroutine must end.
func (w *writer) settle(batch []*write, err error, target uint64) (done, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range batch {
		w.bytes -= b.size
		if b.do != nil {
			w.calls--
		} else if err != nil && w.lost == nil {
			w.dropped++
		}
	}
	w.settled += uint64(len(batch))
	clear(batch) // it shares its memory with the queue
	w.wake()
	w.running = len(w.queue) > 0
	return w.settled >= target, w.running
}

// wake wakes those that wait for progress.
func (w *writer) wake() {
	if w.progress != nil {
		close(w.progress)
		w.progress = nil
	}
}

// flush waits until what was accepted is written.
func (w *writer) flush(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wait(ctx)
}

// wait is flush for a caller that holds the lock.
func (w *writer) wait(ctx context.Context) error {
	for target := w.accepted; w.lost == nil && w.settled < target; {
		w.hasten()
		if w.progress == nil {
			w.progress = make(chan struct{})
		}
		progress := w.progress
		w.mu.Unlock()
		select {
		case <-progress:
		case <-ctx.Done():
		}
		w.mu.Lock()
		if ctx.Err() != nil && w.lost == nil {
			err := fmt.Errorf("not stored: failures %d, calls of Resolve and Delete %d: %w", w.failures(), w.calls, context.Cause(ctx))
			if w.failing != "" {
				err = fmt.Errorf("%w: %w", err, errors.New(w.failing))
			}
			return err
		}
	}
	return w.lost
}

// failures returns how many failures and labels wait to be written.
func (w *writer) failures() int {
	if w.lost != nil {
		return 0
	}
	return int(w.accepted-w.settled) - w.calls
}

// close writes what was accepted, until closeGrace after the end of ctx, and accepts
// nothing more.
func (w *writer) close(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	defer w.stop()
	if w.wait(ctx) == nil {
		return nil
	}
	last, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), closeGrace, context.Cause(ctx))
	defer cancel()
	if err := w.wait(last); w.lost == nil && err != nil {
		w.dropped += uint64(w.failures())
		w.lost = err
		w.wake()
	}
	return w.lost
}
