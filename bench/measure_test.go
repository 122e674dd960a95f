package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values            []float64
		first, mid, third float64
	}{
		"one value":      {[]float64{3}, 3, 3, 3},
		"an odd number":  {[]float64{5, 1, 4, 2, 3}, 2, 3, 4},
		"an even number": {[]float64{4, 1, 3, 2}, 1.75, 2.5, 3.25},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := append([]float64(nil), test.values...)
			assert.InDelta(t, test.first, quantile(test.values, 0.25), 1e-9)
			assert.InDelta(t, test.mid, median(test.values), 1e-9)
			assert.InDelta(t, test.third, quantile(test.values, 0.75), 1e-9)
			assert.Equal(t, before, test.values, "not sorted in place")
		})
	}
}

func TestRatio(t *testing.T) {
	t.Parallel()
	p := &pair{subject: &contestant{enrichers: 64}, reference: &contestant{enrichers: 8}}
	assert.InDelta(t, 8, p.ratio(sample{nanoseconds: 800}, sample{nanoseconds: 100}), 1e-9)
	p.perEnricher = true
	assert.InDelta(t, 1, p.ratio(sample{nanoseconds: 800}, sample{nanoseconds: 100}), 1e-9)
}

func TestRoundsRotateAndAlternate(t *testing.T) {
	var order string
	of := func(name string) *contestant { return noting(name, &order) }
	pairs := []*pair{{subject: of("a"), reference: of("A")}, {subject: of("b"), reference: of("B")}}
	for round := range 4 {
		require.NoError(t, measureRound(pairs, round))
		order += " "
	}
	assert.Equal(t, "aAbB BbAa aAbB BbAa ", order)
	assert.Len(t, pairs[0].ratios, 4)
	assert.Len(t, pairs[1].reference.samples, 4)
}

func TestMeasureCountsFailuresAndAllocations(t *testing.T) {
	for name, test := range map[string]struct{ callers, failures, want int }{
		"one caller":              {1, 10, 10},
		"failures are shared":     {2, 10, 10},
		"at least one per caller": {2, 1, 2},
		"a remainder is left out": {2, 11, 10},
	} {
		t.Run(name, func(t *testing.T) {
			calls := make(chan int, 100)
			c := &contestant{labels: 1, callers: test.callers, enrich: func(context.Context, enricher.FailureContext) enricher.Labels {
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

func TestMeasureRejectsMissingLabels(t *testing.T) {
	for _, callers := range []int{1, 2} {
		c := &contestant{
			by: "hasty", work: "quick", enrichers: 8, labels: 8, callers: callers,
			enrich: func(context.Context, enricher.FailureContext) enricher.Labels { return enricher.Labels{"key": "value"} },
		}
		_, err := measure(c, 1)
		require.ErrorContains(t, err, "8 quick: hasty: got 1 labels instead of 8")
	}
}
