package enrichers

import (
	"context"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
)

// MaxCoalesced bounds the labels that [Coalesce] keeps: those of the latest
// failures.
const MaxCoalesced = 1024

// Coalesce returns an enricher that calls fe once for equal failures: those that
// come while a call for an equal one is under way get its labels, as do those
// that come within ttl after it has succeeded. It is meant for enrichers that
// ask a remote system, so that a storm of failures is none of requests.
//
// Failures are equal if key returns the same for them, such as their
// fingerprint; one with an empty key is handed on as it is. Where fe is an
// [enricher.LabelReader], so is the result, and key gets the labels. Where ttl is
// not positive, only calls under way are shared. Labels of at most [MaxCoalesced]
// failures are kept, and none that exceed the default Limits.
//
// The call is made for the failure that came first, with its context, on its
// goroutine. The others wait for it as long as they have time. They share its
// labels, its error and its panic, but not that its time was up: then one of them
// calls again. So an enricher that hangs costs a goroutine for each call that was
// given up, as it does by itself.
//
// fe is the result's: closing the result closes fe, where that is an
// [io.Closer]. Coalesce panics if fe or key is nil.
func Coalesce(
	fe enricher.FailureEnricher, key func(cause error, fc enricher.FailureContext) string, ttl time.Duration,
) enricher.FailureEnricher {
	if fe == nil || key == nil {
		panic("enrichers: Coalesce: the enricher or its key function is nil")
	}
	c := &coalesced{fe: fe, key: key, ttl: ttl, calls: map[string]*call{}}
	if reader, ok := fe.(enricher.LabelReader); ok {
		return &coalescedReader{c, reader}
	}
	return c
}

// A coalesced is an enricher whose calls are shared.
//
// It does not use package singleflight, whose Do waits without regard to the
// context of who waits, and whose DoChan ends the process where a call panics.
type coalesced struct {
	fe    enricher.FailureEnricher
	key   func(error, enricher.FailureContext) string
	ttl   time.Duration
	saved atomic.Uint64 // failures without a call of their own

	mu    sync.Mutex
	calls map[string]*call // under way, and those whose labels are kept
	kept  []string         // the keys of the latter, in the order in which they expire
}

// A call is what equal failures share. Its fields are written by who makes it,
// before done is closed, and read by the others afterwards.
type call struct {
	ctx     context.Context // of who makes it
	done    chan struct{}
	labels  enricher.Labels
	err     error
	panic   any  // what it panicked with
	exited  bool // it has left by a panic or by runtime.Goexit
	late    bool // it ended after its time was up
	expires time.Time
}

var (
	_ enricher.Explainer     = (*coalesced)(nil)
	_ enricher.CountReporter = (*coalesced)(nil)
	_ io.Closer              = (*coalesced)(nil)
	_ enricher.LabelReader   = (*coalescedReader)(nil)
)

// A coalescedReader is a coalesced LabelReader.
type coalescedReader struct {
	*coalesced
	reader enricher.LabelReader
}

func (c *coalescedReader) InputKeys() []string { return c.reader.InputKeys() }

func (c *coalesced) OutputKeys() []string { return c.fe.OutputKeys() }

func (c *coalesced) Close() error {
	if closer, ok := c.fe.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

func (c *coalesced) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	key := c.key(cause, fc)
	if key == "" {
		return c.fe.ProcessFailure(ctx, cause, fc)
	}
	for ctx.Err() == nil {
		shared, ours := c.join(ctx, key)
		if ours {
			return c.make(shared, key, cause, fc)
		}
		select {
		case <-shared.done:
		case <-shared.ctx.Done(): // whoever makes it may never come back
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !shared.over() || shared.late {
			c.drop(key, shared)
			continue
		}
		c.saved.Add(1)
		if shared.exited {
			if shared.panic == nil {
				runtime.Goexit()
			}
			panic(shared.panic)
		}
		return shared.labels.Clone(), shared.err
	}
	return nil, ctx.Err()
}

// over reports whether the call has ended.
func (s *call) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// join returns the call of equal failures: one that there is, or a new one, which
// is ours to make.
func (c *coalesced) join(ctx context.Context, key string) (shared *call, ours bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if shared, ok := c.calls[key]; ok && (shared.expires.IsZero() || time.Now().Before(shared.expires)) {
		return shared, false
	}
	shared = &call{ctx: ctx, done: make(chan struct{})}
	c.calls[key] = shared
	return shared, true
}

// make makes a call.
func (c *coalesced) make(own *call, key string, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	own.exited = true
	defer func() {
		if own.exited {
			own.panic = recover() // nil where it is runtime.Goexit
		}
		own.late = own.ctx.Err() != nil
		c.keep(key, own)
		close(own.done)
		if own.panic != nil {
			panic(own.panic) // still with the stack that it came from
		}
	}()
	labels, err := c.fe.ProcessFailure(own.ctx, cause, fc)
	own.exited = false
	own.labels, own.err = labels.Clone(), err
	return labels, err
}

// keep keeps the labels of a call that has succeeded, and forgets any other.
func (c *coalesced) keep(key string, own *call) {
	if c.ttl <= 0 || own.exited || own.err != nil || !modest(own.labels) {
		c.drop(key, own)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls[key] != own {
		return // given up, and another has been made since
	}
	// Without the context, which has the values of a request that is long over.
	now := time.Now()
	c.calls[key] = &call{ctx: context.Background(), done: own.done, labels: own.labels, expires: now.Add(c.ttl)}
	for len(c.kept) > 0 {
		oldest := c.kept[0]
		old := c.calls[oldest]
		gone := old == nil || oldest == key || old.expires.IsZero() // forgotten, or made again
		if !gone && now.Before(old.expires) && len(c.kept) < MaxCoalesced {
			break
		}
		if !gone {
			delete(c.calls, oldest)
		}
		c.kept = c.kept[1:]
	}
	c.kept = append(c.kept, key)
}

// drop forgets a call, unless it has been replaced.
func (c *coalesced) drop(key string, own *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls[key] == own {
		delete(c.calls, key)
	}
}

// modest reports whether labels are such that many can be kept: within the limits
// that the library has by default.
func modest(labels enricher.Labels) bool {
	for key, value := range labels {
		if len(key)+len(value) > enricher.DefaultMaxValueLength {
			return false
		}
	}
	return len(labels) <= enricher.DefaultMaxLabels
}

// ExplainFailure asks fe, whatever was kept, and keeps nothing.
func (c *coalesced) ExplainFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	if explainer, ok := c.fe.(enricher.Explainer); ok {
		return explainer.ExplainFailure(ctx, cause, fc)
	}
	labels, err := c.fe.ProcessFailure(ctx, cause, fc)
	return labels, nil, err
}

// Counts returns what fe counts, and under "coalesced" the failures that had no
// call of their own.
func (c *coalesced) Counts() map[string]uint64 {
	var counts map[string]uint64
	if counter, ok := c.fe.(enricher.CountReporter); ok {
		counts = counter.Counts()
	}
	if counts == nil {
		counts = map[string]uint64{}
	}
	counts["coalesced"] = c.saved.Load()
	return counts
}
