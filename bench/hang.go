package main

import (
	"context"
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher"
)

const (
	hangRounds   = 5  // at most: what is measured is mostly a timer
	hangPatience = 10 // budgets until a caller counts as hanging
)

// never is in the cell of a contender whose caller does not come back.
const never = "never"

// A hang is a contender with enrichers one of which hangs.
type hang struct {
	by        *contender
	enrichers int
	forever   bool        // the caller does not come back
	first     hangSamples // of the first failure
	later     hangSamples // of failures after as many as open a breaker
}

// hangSamples are what failures cost, one for each measurement.
type hangSamples struct {
	nanoseconds []float64
	labels      []float64 // that the caller got
}

func newHangs() []*hang {
	var all []*hang
	for _, n := range compareSizes {
		for _, c := range contenders {
			all = append(all, &hang{by: c, enrichers: n})
		}
	}
	return all
}

// measure starts the contender, unless it is known to hold up its caller, and
// hands it failures: as many as open a breaker, and more until their time is up,
// at least one.
func (h *hang) measure(budget, atLeast time.Duration) error {
	if h.forever {
		return nil
	}
	release := make(chan struct{})
	defer close(release)
	p, err := h.by.start(withHung(h.enrichers, release), budget)
	if err != nil {
		return err
	}
	defer stop(p)
	var calls []call
	for range enricher.DefaultBreakerThreshold {
		c := watch(p, hangPatience*budget)
		if c.ending != returned {
			h.forever = true
			return nil
		}
		calls = append(calls, c)
	}
	h.first.add(calls[0].took, 1, len(calls[0].labels))
	start := time.Now()
	for n := 1; ; n++ {
		// Without somebody who watches: who has come back so often does.
		labels, _ := p.enrich(context.Background(), errFailure, failureContext)
		if took := time.Since(start); took >= atLeast {
			h.later.add(took, n, len(labels))
			return nil
		}
	}
}

// add adds what n failures took, and how many labels the last one got.
func (s *hangSamples) add(took time.Duration, n, labels int) {
	s.nanoseconds = append(s.nanoseconds, float64(took.Nanoseconds())/float64(n))
	s.labels = append(s.labels, float64(labels))
}

// cells returns what the first failure cost, and what later ones did.
func (h *hang) cells() (first, later string) {
	if h.forever {
		return never, never
	}
	return h.first.cell(h.enrichers - 1), h.later.cell(h.enrichers - 1)
}

func (s hangSamples) cell(others int) string {
	took := inUnits(median(s.nanoseconds))
	if others == 0 {
		return took
	}
	return fmt.Sprintf("%s, %.0f of %d", took, median(s.labels), others)
}
