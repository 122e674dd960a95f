package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/failure-enrichers/enricher"
)

// fanOut is what a careful engineer writes for one service: one goroutine per
// enricher and one timeout for all of them, after which the caller returns. It
// does not check labels, does not measure the time of each enricher, does not
// bound the goroutines that a hung enricher leaves behind, and shares
// FailureContext.Attributes.
type fanOut struct {
	enrichers []namedEnricher
	budget    time.Duration
}

func startFanOut(enrichers []namedEnricher, budget time.Duration) (peer, error) {
	return &fanOut{enrichers, budget}, nil
}

func (f *fanOut) enrich(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	ctx, cancel := context.WithTimeout(ctx, f.budget)
	defer cancel()

	type answer struct {
		from   int
		labels enricher.Labels
		err    error
	}
	// Buffered, so that answers after the timeout do not block their goroutines.
	answers := make(chan answer, len(f.enrichers))
	for i, e := range f.enrichers {
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

	labels := make(enricher.Labels, len(f.enrichers))
	answered := make([]bool, len(f.enrichers))
	var errs []error
	for range f.enrichers {
		select {
		case a := <-answers:
			answered[a.from] = true
			if a.err != nil {
				errs = append(errs, fmt.Errorf("enricher %q: %w", f.enrichers[a.from].name, a.err))
				continue
			}
			maps.Copy(labels, a.labels)
		case <-ctx.Done():
			for i, ok := range answered {
				if !ok {
					errs = append(errs, fmt.Errorf("enricher %q: %w", f.enrichers[i].name, ctx.Err()))
				}
			}
			return labels, errors.Join(errs...)
		}
	}
	return labels, errors.Join(errs...)
}

// errNoAnswer is the error of an enricher that exits its goroutine.
var errNoAnswer = errors.New("runtime.Goexit was called")
