package exceptions

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	pollEvery = time.Second
	pollTime  = 5 * time.Second // of one call of the store
	pollLimit = 256             // changes of one call
	maxIdle   = 60              // polls without a follower
)

// A watcher asks a Store for changes, on a goroutine that ends when no follower has
// waited for a minute, and publishes them in a feed.
type watcher struct {
	store    Store
	feed     *feed
	maxBytes int
	ctx      context.Context // ends with Close
	stop     context.CancelFunc

	position string // of the goroutine, or of start

	mu      sync.Mutex
	running bool
	idle    int // polls since a follower was seen
}

func newWatcher(store Store, opts Options) *watcher {
	w := &watcher{store: store, feed: &feed{}, maxBytes: opts.MaxBytes}
	w.feed.init(opts.MaxEvents)
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

// start begins to watch, if need be. What happens after its return is published.
func (w *watcher) start(ctx context.Context) {
	w.mu.Lock()
	w.idle = 0
	running := w.running || w.ctx.Err() != nil
	w.running = true
	w.mu.Unlock()
	if running {
		return
	}
	w.position = ""
	w.poll(ctx)
	go w.run()
}

func (w *watcher) run() {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for w.wanted() {
		select {
		case <-ticker.C:
			w.poll(w.ctx)
		case <-w.ctx.Done():
			return
		}
	}
}

// wanted reports whether the goroutine goes on.
func (w *watcher) wanted() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.idle++; w.idle%(maxIdle/2) == 0 && w.feed.rouse() {
		w.idle = 1
	}
	w.running = w.idle <= maxIdle
	return w.running
}

// poll publishes what has changed since the last call. The first one that succeeds
// only finds the position: what was before is lost.
func (w *watcher) poll(ctx context.Context) {
	for more := true; more; {
		page, err := w.changes(ctx)
		if errors.Is(err, ErrCursor) {
			w.position = "" // the next one begins anew
		}
		if err != nil {
			return // the next one may succeed; the writer and the readers say that the store fails
		}
		if w.position == "" {
			w.feed.restart()
		}
		for i := range page.Items {
			w.publish(&page.Items[i])
		}
		w.position, more = page.Next, len(page.Items) == pollLimit
	}
}

func (w *watcher) changes(ctx context.Context) (Page[Change], error) {
	position := w.position
	return call(ctx, pollTime, func(ctx context.Context) (Page[Change], error) { return w.store.Changes(ctx, position, pollLimit) })
}

// publish adds an event.
func (w *watcher) publish(c *Change) {
	e := c.Entry
	g := &group{at: e.Time.UnixMicro(), under: e.RootID != "", dropped: e.ConcurrentDropped}
	all := &cost{bytes: e.size()}
	for i := range e.Concurrent {
		g.concurrent = append(g.concurrent, &e.Concurrent[i])
		all.bytes += e.Concurrent[i].size()
	}
	root := e
	root.Concurrent = nil
	g.root = &root
	f := w.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	f.publish(notice{kind: c.Kind, group: g, costs: []*cost{all}})
	for f.bytes > w.maxBytes && len(f.events) > 1 {
		f.dropEvent()
	}
}
