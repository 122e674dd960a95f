package soak_test

import (
	"errors"
	"math/rand/v2"
	"strconv"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// numberOf returns the number of a failure, by which its enrichers know it: that of its
// cause, or else its ID.
func numberOf(why error, fc enricher.FailureContext) uint64 {
	if c, ok := why.(numbered); ok {
		return uint64(c)
	}
	n, _ := strconv.ParseUint(fc.ID, 10, 64)
	return n
}

// A numbered failure can be enriched without an ID.
type numbered uint64

func (numbered) Error() string { return "the job has failed" }

// newCause returns an ordinary cause, or one that cannot be printed, is cyclic, cannot
// be compared or is a nil pointer.
func newCause(random *rand.Rand) error {
	switch random.IntN(8) {
	case 0:
		return hostile.Panics{}
	case 1:
		return hostile.Cycle(nil, 1)
	case 2:
		return hostile.Join(nil, errors.New("a thing"), hostile.PanicsWithItself{}, hostile.Slice{})
	case 3:
		all := hostile.Errors()
		return all[random.IntN(len(all))].Err
	}
	return errors.New("the job has failed")
}
