package task

import (
	"context"
	"fmt"
	"slices"
)

// A Percentile task finds the value below which a share of the samples lies.
//
// It has a bug on purpose: see Run.
type Percentile struct {
	Samples []float64 // at least one
	Percent int       // 0 to 100
}

func (p Percentile) String() string { return fmt.Sprintf("percentile %d", p.Percent) }

// Run finds the value. For 100 per cent the index is one past the last sample,
// which is a panic.
func (p Percentile) Run(context.Context) (string, error) {
	samples := slices.Sorted(slices.Values(p.Samples))
	value := samples[len(samples)*p.Percent/100]
	return fmt.Sprintf("%d%% of the samples are below %g", p.Percent, value), nil
}
