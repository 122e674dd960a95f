package enrichers

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

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
// fingerprint; one with an empty key is handed on as it is. Where fe is a
// [enricher.LabelReader], so is the result, and key gets the labels. Where ttl is
// not positive, only calls under way are shared. At most [MaxCoalesced] labels
// are kept.
//
// A failure that shares a call shares its error as well, and its panic. Only
// where the call has run out of time that the failure still has, it is called
// again. The call that is made has the context of the failure that came first,
// and its values.
//
// fe is the result's: closing the result closes fe, where that is an
// [io.Closer]. A nil fe or key returns nil, which [enricher.New] does not accept.
func Coalesce(
	fe enricher.FailureEnricher, key func(cause error, fc enricher.FailureContext) string, ttl time.Duration,
) enricher.FailureEnricher {
	if fe == nil || key == nil {
		return nil
	}
	c := &coalesced{fe: fe, key: key, ttl: ttl, kept: map[string]kept{}}
	if reader, ok := fe.(enricher.LabelReader); ok {
		return &coalescedReader{c, reader}
	}
	return c
}

// A coalesced is an enricher whose calls are shared.
type coalesced struct {
	fe  enricher.FailureEnricher
	key func(error, enricher.FailureContext) string
	ttl time.Duration

	calls singleflight.Group
	saved atomic.Uint64 // failures without a call of their own

	mu    sync.Mutex
	kept  map[string]kept
	order []string // the keys of kept, in the order in which they expire
}

// A kept is what a call has returned.
type kept struct {
	labels  enricher.Labels
	expires time.Time
}

var (
	_ enricher.Explainer   = (*coalesced)(nil)
	_ enricher.Counter     = (*coalesced)(nil)
	_ io.Closer            = (*coalesced)(nil)
	_ enricher.LabelReader = (*coalescedReader)(nil)
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
	for {
		if labels, ok := c.get(key); ok {
			c.saved.Add(1)
			return labels, nil
		}
		// A panic and a runtime.Goexit in the call reach all who share it. They
		// wait for it on this goroutine, as they would for a call of their own,
		// and are abandoned with it where it ignores its context.
		ours := false
		outcome, _, _ := c.calls.Do(key, func() (any, error) {
			ours = true
			labels, err := c.fe.ProcessFailure(ctx, cause, fc)
			if err == nil {
				c.put(key, labels)
			}
			return &call{labels.Clone(), err, ctx.Err() != nil}, nil
		})
		done := outcome.(*call)
		if done.err != nil && done.late && !ours && ctx.Err() == nil {
			continue
		}
		if !ours {
			c.saved.Add(1)
		}
		return done.labels.Clone(), done.err
	}
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
	if counter, ok := c.fe.(enricher.Counter); ok {
		counts = counter.Counts()
	}
	if counts == nil {
		counts = map[string]uint64{}
	}
	counts["coalesced"] = c.saved.Load()
	return counts
}

// A call is what several failures share.
type call struct {
	labels enricher.Labels
	err    error
	late   bool // it ended after its time was up
}

func (c *coalesced) get(key string) (enricher.Labels, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.kept[key]
	if !ok || !time.Now().Before(k.expires) {
		return nil, false
	}
	return k.labels.Clone(), true
}

func (c *coalesced) put(key string, labels enricher.Labels) {
	if c.ttl <= 0 {
		return
	}
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(key, now)
	c.kept[key] = kept{labels.Clone(), now.Add(c.ttl)}
	c.order = append(c.order, key)
}

// forget drops what has expired, the oldest where there is no room, and what is
// there under key already.
func (c *coalesced) forget(key string, now time.Time) {
	rest := c.order[:0]
	for i, k := range c.order {
		full := len(c.order)-i >= MaxCoalesced
		if k == key || full || !now.Before(c.kept[k].expires) {
			delete(c.kept, k)
			continue
		}
		rest = append(rest, k)
	}
	c.order = rest
}
