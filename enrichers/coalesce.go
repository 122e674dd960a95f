package enrichers

import (
	"context"
	"hash/maphash"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/failure-enrichers/enricher"
)

// MaxCoalesced is the number of different failures that [Coalesce] remembers. Of
// more, it forgets the least recent.
const MaxCoalesced = 1024

// Coalesce returns an enricher that calls fe once for equal failures. Those that
// come while a call for an equal failure is running share its labels, as do those
// that come within ttl after it succeeded. It is meant for enrichers that ask a
// remote system, so that many failures at once are not as many requests.
//
// Failures are equal if key returns the same text for them, such as their
// fingerprint. A failure with an empty key always has a call of its own. If fe is
// an [enricher.LabelReader], so is the result, and key gets the labels. It
// describes labels, values and its timeout as fe does. If ttl is not positive, only
// running calls are shared.
//
// The call is made for the first failure, with its context, on its goroutine. The
// others wait for it for as long as they have time. They share its labels, its
// error and its panic, but not its timeout: then one of them calls again. So an
// enricher that hangs costs a goroutine for each call that timed out, as it does
// without Coalesce.
//
// Closing the result closes fe, if fe is an [io.Closer]. The result counts the
// failures that had no call of their own as "coalesced", beside what fe counts.
// Coalesce panics if fe or key is nil.
func Coalesce(
	fe enricher.FailureEnricher, key func(cause error, fc enricher.FailureContext) string, ttl time.Duration,
) enricher.FailureEnricher {
	if fe == nil || key == nil {
		panic("enrichers: Coalesce: the enricher or its key function is nil")
	}
	calls, _ := simplelru.NewLRU[uint64, *call](MaxCoalesced, nil) // fails only if the size is not positive
	c := &coalesced{fe: fe, key: key, ttl: ttl, calls: calls}
	if reader, ok := fe.(enricher.LabelReader); ok {
		return &coalescedReader{c, reader}
	}
	return c
}

// A coalesced is an enricher whose calls are shared.
//
// It does not use package singleflight: its Do waits without regard to the
// caller's context, and its DoChan ends the process if a call panics.
type coalesced struct {
	fe     enricher.FailureEnricher
	key    func(error, enricher.FailureContext) string
	ttl    time.Duration
	shared atomic.Uint64 // failures without a call of their own

	mu    sync.Mutex
	calls *simplelru.LRU[uint64, *call] // by hash of the key; running, or with labels that are kept
}

// seed is that of the hashes of keys, which may be long texts.
var seed = maphash.MakeSeed()

// A call is shared by equal failures. Its goroutine writes the fields below done
// before it closes done; the others read them afterwards.
type call struct {
	timeUp  <-chan struct{} // of the failure that it is made for
	expires time.Time       // guarded by coalesced.mu; zero while it runs

	done     chan struct{}
	labels   enricher.Labels
	err      error
	exited   bool // it ended by a panic or by runtime.Goexit
	panicked any  // nil if it was runtime.Goexit
	timedOut bool // it failed after its time was up
}

var (
	_ enricher.Explainer      = (*coalesced)(nil)
	_ enricher.CountReporter  = (*coalesced)(nil)
	_ enricher.LabelDescriber = (*coalesced)(nil)
	_ io.Closer               = (*coalesced)(nil)
	_ enricher.ValueReader    = (*coalescedReader)(nil)
)

// A coalescedReader is a coalesced LabelReader.
type coalescedReader struct {
	*coalesced
	reader enricher.LabelReader
}

func (c *coalescedReader) InputKeys() []string { return c.reader.InputKeys() }

// InputValues returns those of an [enricher.ValueReader], or none.
func (c *coalescedReader) InputValues() map[string][]string {
	if reader, ok := c.reader.(enricher.ValueReader); ok {
		return reader.InputValues()
	}
	return nil
}

func (c *coalesced) OutputKeys() []string { return c.fe.OutputKeys() }

// DescribeLabels returns those of an [enricher.LabelDescriber], or none.
func (c *coalesced) DescribeLabels() []enricher.LabelDescription {
	if describer, ok := c.fe.(enricher.LabelDescriber); ok {
		return describer.DescribeLabels()
	}
	return nil
}

// OptionTimeout returns that of fe, as the webhook's has one, or 0. If it is longer
// than the budget, New warns of it.
func (c *coalesced) OptionTimeout() time.Duration {
	if t, ok := c.fe.(interface{ OptionTimeout() time.Duration }); ok {
		return t.OptionTimeout()
	}
	return 0
}

func (c *coalesced) Close() error {
	if closer, ok := c.fe.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

func (c *coalesced) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	text := c.key(cause, fc)
	if text == "" {
		return c.fe.ProcessFailure(ctx, cause, fc)
	}
	key := maphash.String(seed, text)
	for ctx.Err() == nil {
		shared, isNew := c.join(ctx, key)
		if isNew {
			return c.run(ctx, shared, key, cause, fc)
		}
		select {
		case <-shared.done:
		case <-shared.timeUp: // it may never end
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !shared.isOver() || shared.timedOut {
			c.forget(key, shared)
			continue
		}
		c.shared.Add(1)
		if shared.panicked != nil {
			panic(shared.panicked)
		}
		if shared.exited {
			runtime.Goexit()
		}
		return shared.labels.Clone(), shared.err
	}
	return nil, ctx.Err()
}

func (s *call) isOver() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// join returns the call of equal failures. A new one is the caller's to run.
func (c *coalesced) join(ctx context.Context, key uint64) (shared *call, isNew bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.calls.Get(key); ok && (s.expires.IsZero() || time.Now().Before(s.expires)) {
		return s, false
	}
	s := &call{timeUp: ctx.Done(), done: make(chan struct{})}
	c.calls.Add(key, s)
	return s, true
}

// run makes a call.
func (c *coalesced) run(ctx context.Context, s *call, key uint64, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	s.exited = true
	defer func() {
		if s.exited {
			s.panicked = recover()
		}
		s.timedOut = s.err != nil && ctx.Err() != nil
		if s.exited || s.err != nil || c.ttl <= 0 {
			c.forget(key, s)
		} else {
			c.keep(s)
		}
		close(s.done)
		if s.panicked != nil {
			panic(s.panicked) // still with the stack that it came from
		}
	}()
	labels, err := c.fe.ProcessFailure(ctx, cause, fc)
	s.exited = false
	s.labels, s.err = labels.Clone(), err
	return labels, err
}

// keep keeps the labels of a call for ttl, unless the call was forgotten.
func (c *coalesced) keep(s *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.expires = time.Now().Add(c.ttl)
}

// forget removes a call, unless another one took its place.
func (c *coalesced) forget(key uint64, s *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if current, _ := c.calls.Peek(key); current == s {
		c.calls.Remove(key)
	}
}

// ExplainFailure asks fe, and shares and keeps nothing.
func (c *coalesced) ExplainFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	if explainer, ok := c.fe.(enricher.Explainer); ok {
		return explainer.ExplainFailure(ctx, cause, fc)
	}
	labels, err := c.fe.ProcessFailure(ctx, cause, fc)
	return labels, nil, err
}

// Counts returns what fe counts, and "coalesced".
func (c *coalesced) Counts() map[string]uint64 {
	var counts map[string]uint64
	if counter, ok := c.fe.(enricher.CountReporter); ok {
		counts = counter.Counts()
	}
	if counts == nil {
		counts = map[string]uint64{}
	}
	counts["coalesced"] = c.shared.Load()
	return counts
}
