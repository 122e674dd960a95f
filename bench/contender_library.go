package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/failure-enrichers/enricher"
)

// libraryPeer is an Enricher with nothing changed that has a default, but for
// the logger and the budget. There is nothing to stop: it has no goroutines, and
// the enrichers are not its own.
type libraryPeer struct{ *enricher.Enricher }

func startLibrary(enrichers []namedEnricher, budget time.Duration) (peer, error) {
	opts := []enricher.Option{enricher.WithLogger(slog.New(slog.DiscardHandler))}
	for _, e := range enrichers {
		opts = append(opts, enricher.WithEnricher(e.name, e.FailureEnricher))
	}
	e, err := enricher.New(enricher.Config{Timeout: budget}, opts...)
	if err != nil {
		return nil, err
	}
	var refused []error
	for _, r := range e.Rejected() {
		refused = append(refused, r.Err)
	}
	return libraryPeer{e}, errors.Join(refused...)
}

func (l libraryPeer) enrich(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	res := l.EnrichContext(ctx, cause, fc)
	return res.Labels, complaints(res)
}

// complaints returns all that is wrong according to res.
func complaints(res enricher.Result) error {
	var errs []error
	for i := range res.Outcomes {
		o := &res.Outcomes[i] // not a copy, which would cost the library time
		if o.Status != enricher.StatusOK {
			errs = append(errs, &enricher.EnricherError{Enricher: o.Enricher, Err: o.Err})
		}
		for _, issue := range o.Issues {
			errs = append(errs, fmt.Errorf("enricher %q: label %q: %w", o.Enricher, issue.Key, issue.Err))
		}
	}
	return errors.Join(errs...)
}
