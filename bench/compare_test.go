package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// noting returns a contestant that notes its name for each failure.
func noting(name string, order *string) *contestant {
	return &contestant{callers: 1, failures: 1, enrich: func(context.Context, enricher.FailureContext) enricher.Labels {
		*order += name
		return nil
	}}
}

func TestComparisonOrderChangesEachRound(t *testing.T) {
	order := ""
	of := func(name string) *contestant { return noting(name, &order) }
	rows := []comparison{{all: []*contestant{of("a"), of("b"), of("c")}}, {all: []*contestant{of("x"), of("y")}}}
	for round := range 6 {
		require.NoError(t, measureEach(rows, round))
		order += " "
	}
	assert.Equal(t, "abcxy yxbca cabxy yxabc bcaxy yxcab ", order)
	for _, row := range rows {
		for _, c := range row.all {
			assert.Len(t, c.samples, 6)
		}
	}
}

func TestHangIsMeasuredOrForever(t *testing.T) {
	t.Parallel()
	for c, want := range map[*contender][2]string{
		library:       {"51.00 ms, 7 of 7", "1.00 ms, 7 of 7"},
		handWritten:   {"51.00 ms, 7 of 7", "51.00 ms, 7 of 7"},
		failsafeGo:    {never, never},
		failsafeInFan: {"51.00 ms, 7 of 7", "51.00 ms, 7 of 7"},
		sentryGo:      {never, never},
		bareLoop:      {never, never},
	} {
		t.Run(c.name, bubble(func(t *testing.T) {
			h := &hang{by: delayed(c, time.Millisecond), enrichers: 8}
			for range 2 {
				require.NoError(t, h.measure(10*time.Millisecond))
			}
			first, later := h.cells()
			assert.Equal(t, want, [2]string{first, later})
			if !h.forever {
				assert.Len(t, h.first.nanoseconds, 2)
				assert.Len(t, h.later.nanoseconds, 2)
			}
		}))
	}
}
