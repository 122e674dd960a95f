package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	t.Parallel()
	// A machine that is ten times slower in two rounds of three: the median of
	// the ratios is reported, not the ratio of the medians.
	missed := &pair{
		work: "quick", against: "hand-written", bar: 0.45,
		subject: &contestant{by: "library", work: "quick", enrichers: 8}, reference: &contestant{by: "other", work: "10 ms", enrichers: 64},
	}
	for _, round := range [][2]float64{{1000, 2000}, {10_000, 40_000}, {90_000, 100_000}} {
		subject, reference := sample{nanoseconds: round[0], allocs: 3.4}, sample{nanoseconds: round[1], bytes: 512.6}
		missed.subject.samples = append(missed.subject.samples, subject)
		missed.reference.samples = append(missed.reference.samples, reference)
		missed.ratios = append(missed.ratios, missed.ratio(subject, reference))
	}
	met := *missed
	met.work, met.bar = "slow", 0.5
	rep := newReport(21)
	rep.addPairs([]*pair{missed, &met}, 1)
	page := rep.page()
	assert.Contains(t, page, "# Performance\n\n")
	assert.Contains(t, page, "\n\nMeasured with "+rep.environment+".\n\n## Ratios\n\n")
	assert.Contains(t, page, `
| work                      | against       | measured | middle half of rounds |       at most |
| ------------------------- | ------------- | -------: | --------------------: | ------------: |
| quick                     | hand-written  |    0.500 |        0.375 to 0.700 | 0.45: NOT MET |
| slow                      | hand-written  |    0.500 |        0.375 to 0.700 |           0.5 |
| no enrichers: allocations | the empty map |        1 |                     – |             1 |

## Cost of one failure
`)
	assert.Contains(t, page, `
| enrichers | kind  | run by  |     time | allocations | bytes |
| --------: | ----- | ------- | -------: | ----------: | ----: |
|         8 | quick | library | 10.00 µs |           3 |     0 |
|        64 | 10 ms | other   | 40.00 µs |           0 |   513 |
`)
	assert.Equal(t, "1 of 3 bars NOT MET.", rep.conclusion())
	rep.missed = 0
	assert.Equal(t, "All 3 bars met.", rep.conclusion())
}

func TestReportCPUModel(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "cpuinfo")
	require.NoError(t, os.WriteFile(file, []byte("processor\t: 0\nmodel name\t: Abacus 9 @ 1Hz: fast\n"), 0o600))
	assert.Equal(t, "Abacus 9 @ 1Hz: fast", cpuModel(file))
	assert.Empty(t, cpuModel(file+".missing"))
}
