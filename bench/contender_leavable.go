package main

import (
	"context"
	"time"

	"github.com/failure-enrichers/enricher"
)

// leavable is a bare loop on a goroutine of its own, which its caller leaves when
// time is up. It is the least that a caller needs who can get away from an
// enricher that hangs: it isolates no enricher from another, bounds nothing and
// says nothing of what happened. What the library costs beyond that is what it
// does beyond that.
type leavable struct {
	loop   loop
	budget time.Duration
}

func startLeavable(enrichers []namedEnricher, budget time.Duration) (peer, error) {
	return &leavable{loop(enrichers), budget}, nil
}

func (l *leavable) enrich(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	type result struct {
		labels enricher.Labels
		err    error
	}
	done := make(chan result, 1)
	go func() {
		labels, err := l.loop.enrich(ctx, cause, fc)
		done <- result{labels, err}
	}()
	timer := time.NewTimer(l.budget)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.labels, r.err
	case <-timer.C:
		return enricher.Labels{}, context.DeadlineExceeded
	}
}
