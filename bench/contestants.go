package main

import (
	"context"
	"fmt"

	"github.com/failure-enrichers/enricher"
)

// A contestant is a contender at some work.
type contestant struct {
	by        string // who hands the failures on
	work      string // what the enrichers do
	enrichers int
	callers   int // goroutines that have failures to enrich
	cores     int // that everybody has to share; 0: procs

	failure enricher.FailureContext
	enrich  func(ctx context.Context, fc enricher.FailureContext) enricher.Labels
	stop    func()

	failures int      // that one measurement enriches
	samples  []sample // all that were taken
}

// String returns the name of c in profiles and errors.
func (c *contestant) String() string {
	return fmt.Sprintf("%d %s: %s", c.enrichers, c.work, c.by)
}

// newContestant starts a contestant with the budget that the library has by
// default. It panics where an enricher is refused, as they are always the same.
func newContestant(by *contender, work string, enrichers []namedEnricher) *contestant {
	p, err := by.start(enrichers, enricher.DefaultTimeout)
	if err != nil {
		panic(err)
	}
	return &contestant{
		by: by.name, work: work, enrichers: len(enrichers), callers: 1, failure: failureContext,
		enrich: func(ctx context.Context, fc enricher.FailureContext) enricher.Labels {
			labels, _ := p.enrich(ctx, errFailure, fc)
			return labels
		},
		stop: func() { stop(p) },
	}
}

// onEveryCore makes c work for a caller on each core at once.
func onEveryCore(c *contestant) *contestant {
	c.callers = procs
	return c
}

// onOneCore gives c a single core.
func onOneCore(c *contestant) *contestant {
	c.cores = 1
	return c
}

// withAttributes gives the failure of c four attributes.
func withAttributes(c *contestant) *contestant {
	c.failure.Attributes = map[string]string{
		"cluster": "eu-1", "image": "aggregate:v1.4", "owner": "billing", "queue": "batch",
	}
	return c
}

// run enriches the failure n times. It returns an error if a single label was
// missing: who loses some has not done the work.
func (c *contestant) run(n int) error {
	ctx := context.Background()
	for range n {
		if got := len(c.enrich(ctx, c.failure)); got != c.enrichers {
			return fmt.Errorf("%v: got %d labels, want %d", c, got, c.enrichers)
		}
	}
	return nil
}

// typical returns the median of what c has been found to cost.
func (c *contestant) typical() sample {
	return sample{
		nanoseconds: medianOf(c.samples, func(s sample) float64 { return s.nanoseconds }),
		allocs:      medianOf(c.samples, func(s sample) float64 { return s.allocs }),
		bytes:       medianOf(c.samples, func(s sample) float64 { return s.bytes }),
	}
}
