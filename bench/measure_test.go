package main

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestQuantiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values             []float64
		first, mid, second float64
	}{
		"one value":      {[]float64{3}, 3, 3, 3},
		"two values":     {[]float64{4, 2}, 2.5, 3, 3.5},
		"an odd number":  {[]float64{5, 1, 4, 2, 3}, 2, 3, 4},
		"an even number": {[]float64{4, 1, 3, 2}, 1.75, 2.5, 3.25},
		"equal values":   {[]float64{7, 7, 7}, 7, 7, 7},
		"an outlier":     {[]float64{1, 1, 1000, 1, 1}, 1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := append([]float64(nil), test.values...)
			assert.InDelta(t, test.first, quantile(test.values, 0.25), 1e-9)
			assert.InDelta(t, test.mid, median(test.values), 1e-9)
			assert.InDelta(t, test.second, quantile(test.values, 0.75), 1e-9)
			assert.Equal(t, before, test.values, "sorted in place")
		})
	}
}

func TestRatios(t *testing.T) {
	t.Parallel()
	subject, reference := &contestant{enrichers: 64}, &contestant{enrichers: 8}
	for name, test := range map[string]struct {
		perEnricher bool
		subject     float64
		reference   float64
		want        float64
	}{
		"of a failure, half as much":                 {false, 50, 100, 0.5},
		"of a failure, twice as much":                {false, 200, 100, 2},
		"of an enricher, eight times for eight":      {true, 800, 100, 1},
		"of an enricher, four times for eight":       {true, 400, 100, 0.5},
		"of an enricher, sixteen times for eight":    {true, 1600, 100, 2},
		"of a failure, whatever number of enrichers": {false, 800, 100, 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &pair{subject: subject, reference: reference, perEnricher: test.perEnricher}
			got := p.ratio(sample{nanoseconds: test.subject}, sample{nanoseconds: test.reference})
			assert.InDelta(t, test.want, got, 1e-9)
		})
	}
}

func TestTheRatioIsTheMedianOfRoundsNotThatOfMedians(t *testing.T) {
	t.Parallel()
	// A machine that is ten times slower in two rounds of three.
	p := &pair{subject: &contestant{enrichers: 1}, reference: &contestant{enrichers: 1}}
	for _, round := range [][2]float64{{10, 20}, {100, 400}, {900, 1000}} {
		subject, reference := sample{nanoseconds: round[0]}, sample{nanoseconds: round[1]}
		p.subject.samples = append(p.subject.samples, subject)
		p.reference.samples = append(p.reference.samples, reference)
		p.ratios = append(p.ratios, p.ratio(subject, reference))
	}
	rep := newReport(options{})
	rep.addPairs([]*pair{p}, 1)
	assert.InDelta(t, 0.5, rep.results[0].measured, 1e-9)
	assert.InDelta(t, 0.375, rep.results[0].low, 1e-9)
	assert.InDelta(t, 0.7, rep.results[0].high, 1e-9)
	assert.InDelta(t, 100, rep.costs[0].nanoseconds, 1e-9)
	assert.InDelta(t, 400, rep.costs[1].nanoseconds, 1e-9)
}

func TestAllocationsAreComparedByTheirMedians(t *testing.T) {
	t.Parallel()
	of := func(allocs ...float64) *contestant {
		c := &contestant{enrichers: 8}
		for _, n := range allocs {
			c.samples = append(c.samples, sample{allocs: n})
		}
		return c
	}
	rep := newReport(options{})
	rep.addPairs([]*pair{
		{work: "a", against: "b", subject: of(22.01, 22.02, 40), reference: of(18, 18, 18), ratios: []float64{1}, moreAllocs: 4},
		{work: "c", against: "d", subject: of(1), reference: of(1), ratios: []float64{1}},
	}, 1)
	require.Len(t, rep.results, 4)
	assert.Equal(t, result{work: "a: allocations more than", against: "b", measured: 4, unit: " allocs", stretch: 4}, rep.results[2])
	assert.Equal(t, "4: met", rep.results[2].stretchGoal())
	assert.Equal(t, "no enrichers", rep.results[3].work)
}

func TestRoundsRotateAndAlternate(t *testing.T) {
	var order string
	of := func(name string) *contestant {
		return &contestant{callers: 1, failures: 1, enrich: func(context.Context, enricher.FailureContext) enricher.Labels {
			order += name
			return nil
		}}
	}
	pairs := []*pair{{subject: of("a"), reference: of("A")}, {subject: of("b"), reference: of("B")}}
	for round := range 4 {
		require.NoError(t, measureRound(pairs, round))
		order += " "
	}
	assert.Equal(t, "aAbB BbAa aAbB BbAa ", order)
	assert.Len(t, pairs[0].ratios, 4)
	assert.Len(t, pairs[1].reference.samples, 4)
}

func TestMeasuringCountsFailuresAndTheirAllocations(t *testing.T) {
	for name, test := range map[string]struct{ callers, failures, want int }{
		"one caller":                {1, 10, 10},
		"failures are shared":       {2, 10, 10},
		"every caller has at least": {2, 1, 2},
		"a remainder is left out":   {2, 11, 10},
	} {
		t.Run(name, func(t *testing.T) {
			calls := make(chan int, 100)
			c := &contestant{enrichers: 1, callers: test.callers, enrich: func(context.Context, enricher.FailureContext) enricher.Labels {
				calls <- 1
				return enricher.Labels{"key": "value"}
			}}
			s, err := measure(c, test.failures)
			require.NoError(t, err)
			assert.Len(t, calls, test.want)
			assert.Positive(t, s.nanoseconds)
			assert.GreaterOrEqual(t, s.allocs, 1.0)
			assert.Positive(t, s.bytes)
		})
	}
}

func TestContestantThatLosesLabelsIsNotMeasured(t *testing.T) {
	for _, callers := range []int{1, 2} {
		c := &contestant{
			by: "hasty", work: "quick", enrichers: 8, callers: callers,
			enrich: func(context.Context, enricher.FailureContext) enricher.Labels { return enricher.Labels{"key": "value"} },
		}
		_, err := measure(c, 1)
		require.ErrorContains(t, err, "8 quick: hasty: got 1 labels, want 8")
	}
}

func TestCalibrationFindsANumberThatTakesLongEnough(t *testing.T) {
	calls := 0
	c := &contestant{callers: 1, enrich: func(context.Context, enricher.FailureContext) enricher.Labels {
		calls++
		time.Sleep(10 * time.Microsecond)
		return nil
	}}
	require.NoError(t, calibrate([]*contestant{c}, time.Millisecond))
	assert.Positive(t, c.failures)
	assert.Less(t, c.failures, 200, "a hundred take a millisecond")
	assert.GreaterOrEqual(t, calls, c.failures)
}

func TestCalibrationGrowsWithCare(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		n            int
		took, wanted float64
		want         int
	}{
		"by what is missing, and a little": {100, 50, 100, 220},
		"never more than a hundred times":  {10, 1, 1e9, 1000},
		"by one at least":                  {1, 99, 100, 2},
		"where the clock stands still":     {3, 0, 100, 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, moreFailures(test.n, test.took, test.wanted))
		})
	}
}

func TestAContestantHasTheCoresItWasGiven(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	for _, want := range []int{1, before} {
		c := &contestant{callers: 1, failures: 1, enrich: func(context.Context, enricher.FailureContext) enricher.Labels {
			assert.Equal(t, want, runtime.GOMAXPROCS(0))
			return nil
		}}
		if want == 1 {
			c = onOneCore(c)
		}
		_, err := measure(c, 1)
		require.NoError(t, err)
		assert.Equal(t, before, runtime.GOMAXPROCS(0))
	}
}
