package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/failure-enrichers/enricher"
)

// handWritten is the fan-out that a careful engineer writes for one service: a
// goroutine for each enricher, one timeout over all of them, and a caller who
// leaves when it is over. It is meant to be good. Whatever can be shared by all
// goroutines is, and it leaves out what a service that trusts its enrichers
// would: it neither looks at their labels nor times them, there is no bound on
// the goroutines that a hung enricher leaves behind, and FailureContext.Attributes
// is shared.
type handWritten struct {
	enrichers []namedEnricher
	timeout   time.Duration
}

// enrich returns the labels of all enrichers that gave some in time. The error
// says what became of the others, and is nil if there are none.
func (h *handWritten) enrich(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()

	type answer struct {
		from   int
		labels enricher.Labels
		err    error
	}
	// There is room for everybody's answer, so that those that come when the
	// caller has left do not block for ever.
	answers := make(chan answer, len(h.enrichers))
	for i, e := range h.enrichers {
		go func() {
			a := answer{from: i, err: errNoAnswer}
			defer func() {
				if v := recover(); v != nil {
					a.err = fmt.Errorf("panic: %v", v)
				}
				answers <- a
			}()
			a.labels, a.err = e.ProcessFailure(ctx, cause, fc)
		}()
	}

	labels := make(enricher.Labels, len(h.enrichers))
	answered := make([]bool, len(h.enrichers))
	var errs []error
	for range h.enrichers {
		select {
		case a := <-answers:
			answered[a.from] = true
			if a.err != nil {
				errs = append(errs, fmt.Errorf("enricher %q: %w", h.enrichers[a.from].name, a.err))
				continue
			}
			maps.Copy(labels, a.labels)
		case <-ctx.Done():
			for i, ok := range answered {
				if !ok {
					errs = append(errs, fmt.Errorf("enricher %q: %w", h.enrichers[i].name, ctx.Err()))
				}
			}
			return labels, errors.Join(errs...)
		}
	}
	return labels, errors.Join(errs...)
}

// errNoAnswer stays where an enricher ends its goroutine without a panic.
var errNoAnswer = errors.New("runtime.Goexit was called")

// bareLoop calls one enricher after another. Nothing protects the caller or the
// enrichers from any of them: it is the least that the work can cost.
type bareLoop []namedEnricher

// enrich returns the labels of all enrichers that did not fail, and the errors
// of those that did.
func (l bareLoop) enrich(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	labels := make(enricher.Labels, len(l))
	var errs []error
	for _, e := range l {
		own, err := e.ProcessFailure(ctx, cause, fc)
		if err != nil {
			errs = append(errs, fmt.Errorf("enricher %q: %w", e.name, err))
			continue
		}
		maps.Copy(labels, own)
	}
	return labels, errors.Join(errs...)
}
