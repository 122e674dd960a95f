package main

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestHistogramError(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, 1, 63, 64, 65, 127, 128, 1000, time.Millisecond + 7, time.Hour, math.MaxInt64} {
		var h histogram
		h.add(d)
		got := h.quantile(0.5)
		assert.LessOrEqual(t, got, float64(d))
		assert.GreaterOrEqual(t, got, float64(d)*63/64, d)
	}
	assert.Equal(t, 0, bucketOf(-1), "a clock that went back")
}

func TestHistogramQuantiles(t *testing.T) {
	t.Parallel()
	var h, other histogram
	assert.Zero(t, h.quantile(0.99))
	for d := range time.Duration(50) {
		h.add(d + 1)
		other.add(d + 51)
	}
	h.merge(&other)
	assert.Equal(t, uint64(100), h.count())
	assert.InDelta(t, 50, h.quantile(0.5), 0)
	assert.InDelta(t, 99, h.quantile(0.99), 0)
	assert.InDelta(t, 100, h.quantile(1), 0)
}
