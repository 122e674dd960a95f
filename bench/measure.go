package main

import (
	"context"
	"errors"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"testing"
	"time"
)

// A sample is what one failure cost, averaged over a measurement.
type sample struct {
	nanoseconds float64
	allocs      float64
	bytes       float64
}

// ratio returns what the subject cost, as a multiple of what the reference did.
func (p *pair) ratio(subject, reference sample) float64 {
	r := subject.nanoseconds / reference.nanoseconds
	if p.perEnricher {
		r *= float64(p.reference.enrichers) / float64(p.subject.enrichers)
	}
	return r
}

// measureRound measures every pair once. Both of a pair are measured one right
// after the other.
func measureRound(pairs []*pair, round int) error {
	for i := range pairs {
		// Who comes after whom changes from round to round, since a
		// measurement may feel what the one before it has left behind.
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

// measure makes c enrich about as many failures as given, at least one for each
// caller. Its name is on the profile meanwhile.
func measure(c *contestant, failures int) (s sample, err error) {
	if c.cores > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.cores))
	}
	each := max(1, failures/c.callers)
	pprof.Do(context.Background(), pprof.Labels("contestant", c.String()), func(context.Context) {
		// Nobody pays for the garbage of the one before.
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		err = runCallers(c, each)
		took := time.Since(start)
		runtime.ReadMemStats(&after)

		n := float64(each * c.callers)
		s = sample{
			nanoseconds: float64(took.Nanoseconds()) / n,
			allocs:      float64(after.Mallocs-before.Mallocs) / n,
			bytes:       float64(after.TotalAlloc-before.TotalAlloc) / n,
		}
	})
	return s, err
}

// runCallers makes c enrich n failures for each caller, all at once.
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

// calibrate finds out how many failures each contestant can enrich in the time
// that a measurement is to take.
func calibrate(all []*contestant, atLeast time.Duration) error {
	for _, c := range all {
		for c.failures = 1; ; {
			s, err := measure(c, c.failures)
			if err != nil {
				return err
			}
			took := s.nanoseconds * float64(c.failures)
			if took >= float64(atLeast) {
				break
			}
			c.failures = moreFailures(c.failures, took, float64(atLeast))
		}
	}
	return nil
}

// moreFailures returns how many to try next if n took less time than wanted. It
// aims a little high, but never far, as the first ones take longest.
func moreFailures(n int, took, wanted float64) int {
	const tooHigh, mostGrowth = 1.1, 100
	aim := float64(n) * mostGrowth
	if took > 0 {
		aim = min(aim, float64(n)*tooHigh*wanted/took)
	}
	return max(n+1, int(aim))
}

// allocationsOfNone returns how often an Enricher without enrichers allocates
// memory for a failure.
func allocationsOfNone() float64 {
	c := newContestant(library, "none", nil)
	ctx := context.Background()
	return testing.AllocsPerRun(1000, func() { c.enrich(ctx, c.failure) })
}

// median returns the middle one of values, or the mean of the two that are.
func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile returns the value below which the fraction q of values lies, with a
// straight line between two of them. There has to be at least one.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// medianOf returns the median of what pick finds in samples.
func medianOf(samples []sample, pick func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = pick(s)
	}
	return median(values)
}
