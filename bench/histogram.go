package main

import (
	"math/bits"
	"time"
)

// A histogram counts durations with an error of less than 1/64. It does not grow,
// so that it does not change the heap that is measured. The zero value is empty.
type histogram [58 * perOctave]uint64

const perOctave = 64

func (h *histogram) add(d time.Duration) { h[bucketOf(d)]++ }

// merge adds the counts of other.
func (h *histogram) merge(other *histogram) {
	for i, n := range other {
		h[i] += n
	}
}

// count returns the number of durations.
func (h *histogram) count() uint64 {
	var n uint64
	for _, m := range h {
		n += m
	}
	return n
}

// quantile returns the duration, in nanoseconds, below which the fraction q of all
// lies, or 0 if there are none.
func (h *histogram) quantile(q float64) float64 {
	rank, seen := q*float64(h.count()), uint64(0)
	for i, n := range h {
		seen += n
		if n > 0 && float64(seen) >= rank {
			return float64(startOf(i))
		}
	}
	return 0
}

// bucketOf returns the index of the bucket of d: the first ones are a nanosecond
// wide, and from one octave to the next the width doubles.
func bucketOf(d time.Duration) int {
	shift := max(0, bits.Len64(uint64(max(0, d)))-bits.Len(perOctave))
	return shift*perOctave + int(max(0, d)>>shift)
}

// startOf returns the shortest duration in a bucket.
func startOf(bucket int) time.Duration {
	shift := max(0, bucket/perOctave-1)
	return time.Duration(bucket-shift*perOctave) << shift
}
