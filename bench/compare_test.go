package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestComparisonsAreOfAllContendersAtTheSameWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rows := newComparisons()
		require.Len(t, rows, 2*len(compareSizes))
		for i, row := range rows {
			assert.Equal(t, compareSizes[i/2], row.enrichers)
			require.Len(t, row.all, len(contenders))
			for j, c := range row.all {
				assert.Equal(t, contenders[j].name, c.by)
				assert.Equal(t, row.work, c.work)
				require.NoError(t, c.run(1))
				c.stop()
			}
		}
	})
}

func TestEachIsMeasuredOnceARoundAndNobodyAlwaysFirst(t *testing.T) {
	order := ""
	of := func(name string) *contestant {
		return &contestant{callers: 1, failures: 1, enrich: func(context.Context, enricher.FailureContext) enricher.Labels {
			order += name
			return nil
		}}
	}
	rows := []comparison{{all: []*contestant{of("a"), of("b"), of("c")}}, {all: []*contestant{of("x"), of("y")}}}
	for round := range 6 {
		require.NoError(t, measureEach(rows, round))
		order += " "
	}
	assert.Equal(t, "abcxy yxcba bcayx xyacb cabxy yxbac ", order)
	for _, row := range rows {
		for _, c := range row.all {
			assert.Len(t, c.samples, 6)
		}
	}
}

func TestHangsAreMeasuredOrKnownToBeForever(t *testing.T) {
	t.Parallel()
	for c, want := range map[*contender][2]string{
		library:       {"51.00 ms, 7 of 7", "1.00 ms, 7 of 7"},
		handWritten:   {"51.00 ms, 7 of 7", "51.00 ms, 7 of 7"},
		failsafeGo:    {never, never},
		failsafeInFan: {"51.00 ms, 7 of 7", "51.00 ms, 7 of 7"},
		sentryGo:      {never, never},
		bareLoop:      {never, never},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := &hang{by: napping(c, time.Millisecond), enrichers: 8}
				for range 2 {
					require.NoError(t, h.measure(50*time.Millisecond, 10*time.Millisecond))
				}
				first, later := h.cells()
				assert.Equal(t, want, [2]string{first, later})
				if !h.forever {
					assert.Len(t, h.first.nanoseconds, 2)
					assert.Len(t, h.later.nanoseconds, 2)
				}
			})
		})
	}
}

func TestHangSamplesInWords(t *testing.T) {
	t.Parallel()
	var s hangSamples
	s.add(10*time.Microsecond, 4, 7)
	s.add(time.Second, 1, 6)
	s.add(3*time.Microsecond, 1, 7)
	assert.Equal(t, "3.00 µs, 7 of 7", s.cell(7))
	assert.Equal(t, "3.00 µs", s.cell(0), "there are no others")
}

func TestComparisonTableHasAColumnForEachContender(t *testing.T) {
	t.Parallel()
	var rows []comparison
	var hangs []*hang
	for _, n := range compareSizes {
		row := comparison{enrichers: n, work: "quick"}
		for i, c := range contenders {
			s := sample{nanoseconds: float64(1000 * n), allocs: float64(i)}
			row.all = append(row.all, &contestant{by: c.name, enrichers: n, samples: []sample{s}})
			hangs = append(hangs, &hang{by: c, enrichers: n, forever: true})
		}
		rows = append(rows, row)
	}
	got := comparisonTable(rows, hangs)
	require.Len(t, got.columns, 2+len(contenders))
	assert.Equal(t, "sentry-go", got.columns[6].title)
	require.Len(t, got.rows, 3*len(compareSizes))
	assert.Equal(t, []string{"8", "quick", "8.00 µs, 0", "8.00 µs, 1", "8.00 µs, 2", "8.00 µs, 3", "8.00 µs, 4", "8.00 µs, 5"}, got.rows[3])
	assert.Equal(t, []string{"8", "one hangs", never, never, never, never, never, never}, got.rows[4])
	assert.Equal(t, []string{"8", "one has hung five times", never, never, never, never, never, never}, got.rows[5])
}
