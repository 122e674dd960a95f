package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/failure-enrichers/enricher"
)

// loop calls one enricher after another, without isolation: it is the least that
// the work can cost.
type loop []namedEnricher

func startLoop(enrichers []namedEnricher, _ time.Duration) (peer, error) {
	return loop(enrichers), nil
}

func (l loop) enrich(
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
