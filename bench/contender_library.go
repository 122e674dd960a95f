package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/failure-enrichers/enricher"
)

// libraryPeer is an Enricher with default options except for the logger and the
// budget. It needs no stop: it has no goroutines while it is idle, and it does
// not own the enrichers.
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
	var rejected []error
	for _, r := range e.Rejected() {
		rejected = append(rejected, r.Err)
	}
	return libraryPeer{e}, errors.Join(rejected...)
}

func (l libraryPeer) enrich(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	res := l.EnrichContext(ctx, cause, fc)
	return res.Labels, problems(res)
}

// problems returns the outcomes and issues of res that are not OK, as errors.
func problems(res enricher.Result) error {
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
