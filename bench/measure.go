package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// A sample is the cost of one failure, averaged over a measurement.
type sample struct {
	nanoseconds float64
	allocs      float64
	bytes       float64
}

// ratio returns the cost of the subject divided by that of the reference.
func (p *pair) ratio(subject, reference sample) float64 {
	r := subject.nanoseconds / reference.nanoseconds
	if p.perEnricher {
		r *= float64(p.reference.enrichers) / float64(p.subject.enrichers)
	}
	return r
}

// measureRound measures every pair once, the two of a pair one right after the
// other. The order changes from round to round, since a measurement may be
// affected by the one before it.
func measureRound(pairs []*pair, round int) error {
	for i := range pairs {
		p := pairs[(i+round)%len(pairs)]
		order := []*contestant{p.subject, p.reference}
		if round%2 == 1 {
			slices.Reverse(order)
		}
		if err := measureInTurn(order); err != nil {
			return err
		}
		p.ratios = append(p.ratios, p.ratio(last(p.subject.samples), last(p.reference.samples)))
	}
	return nil
}

// measureInTurn measures each of order once, and adds to its samples.
func measureInTurn(order []*contestant) error {
	for _, c := range order {
		s, err := measure(c, c.failures)
		if err != nil {
			return err
		}
		c.samples = append(c.samples, s)
	}
	return nil
}

func last(s []sample) sample { return s[len(s)-1] }

// measure has c enrich about this many failures, at least one per caller.
func measure(c *contestant, failures int) (sample, error) {
	each := max(1, failures/c.callers)
	runtime.GC() // the garbage of the measurement before
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := runCallers(c, each)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	n := float64(each * c.callers)
	return sample{
		nanoseconds: float64(took.Nanoseconds()) / n,
		allocs:      float64(after.Mallocs-before.Mallocs) / n,
		bytes:       float64(after.TotalAlloc-before.TotalAlloc) / n,
	}, err
}

// runCallers has every caller of c enrich n failures, concurrently.
func runCallers(c *contestant, n int) error {
	if c.callers == 1 {
		return c.run(n)
	}
	errs := make([]error, c.callers)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = c.run(n) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// calibrate finds how many failures each contestant needs for a measurement of at
// least this time.
func calibrate(all []*contestant, atLeast time.Duration) error {
	for _, c := range all {
		for c.failures = 1; ; {
			s, err := measure(c, c.failures)
			if err != nil {
				return err
			}
			if s.nanoseconds*float64(c.failures) >= float64(atLeast) {
				break
			}
			c.failures *= 2
		}
	}
	return nil
}

// allocationsWithoutEnrichers returns the allocations of one failure in an
// Enricher that has no enrichers.
func allocationsWithoutEnrichers() float64 {
	c := newContestant(library, "none", nil)
	ctx := context.Background()
	return testing.AllocsPerRun(1000, func() { c.enrich(ctx, c.failure) })
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile returns the value below which the fraction q of values lies,
// interpolated between neighbours. values must not be empty.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// medianOf returns the median of what pick returns for each sample.
func medianOf(samples []sample, pick func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = pick(s)
	}
	return median(values)
}
