package main

import (
	"context"
	"fmt"

	"github.com/failure-enrichers/enricher"
)

// A contestant is a contender with its enrichers, ready to be measured.
type contestant struct {
	by        string // name of the contender
	work      string // what the enrichers do
	enrichers int
	labels    int // that a failure gets
	callers   int // concurrent goroutines

	failure enricher.FailureContext
	enrich  func(ctx context.Context, fc enricher.FailureContext) enricher.Labels
	stop    func()

	failures int      // per measurement
	samples  []sample // one per measurement
}

// String returns the name of c in errors.
func (c *contestant) String() string {
	return fmt.Sprintf("%d %s: %s", c.enrichers, c.work, c.by)
}

// newContestant starts a contestant with the library's default budget. It panics
// if an enricher is rejected: the enrichers are part of this program.
func newContestant(by *contender, work string, enrichers []namedEnricher) *contestant {
	p, err := by.start(enrichers, enricher.DefaultTimeout)
	if err != nil {
		panic(err)
	}
	return &contestant{
		by: by.name, work: work, enrichers: len(enrichers), labels: len(enrichers), callers: 1, failure: failureContext,
		enrich: func(ctx context.Context, fc enricher.FailureContext) enricher.Labels {
			labels, _ := p.enrich(ctx, errFailure, fc)
			return labels
		},
		stop: func() { stop(p) },
	}
}

// onEveryCore gives c one caller per core.
func onEveryCore(c *contestant) *contestant {
	c.callers = procs
	return c
}

// withAttributes gives the failure of c four attributes.
func withAttributes(c *contestant) *contestant {
	c.failure.Attributes = map[string]string{
		"cluster": "eu-1", "image": "aggregate:v1.4", "owner": "billing", "queue": "batch",
	}
	return c
}

// run enriches the failure n times. It returns an error if a label is missing:
// then the work was not done.
func (c *contestant) run(n int) error {
	ctx := context.Background()
	for range n {
		if got := len(c.enrich(ctx, c.failure)); got != c.labels {
			return fmt.Errorf("%v: got %d labels instead of %d", c, got, c.labels)
		}
	}
	return nil
}

// typical returns the median of the samples, field by field.
func (c *contestant) typical() sample {
	return sample{
		nanoseconds: medianOf(c.samples, func(s sample) float64 { return s.nanoseconds }),
		allocs:      medianOf(c.samples, func(s sample) float64 { return s.allocs }),
		bytes:       medianOf(c.samples, func(s sample) float64 { return s.bytes }),
	}
}
