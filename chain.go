package enricher

import (
	"iter"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// Chain returns err and all that it wraps, depth first, joined errors included,
// in the order in which they are wrapped. It follows Unwrap() error and
// Unwrap() []error at most 100 deep, and yields at most 10,000 errors, so that
// a cyclic tree ends; it gives up where it has passed over 100,000 that are nil or
// deeper. An Unwrap that panics wraps nothing. A nil err yields nothing.
func Chain(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		visit(err, func(err error, _ int) walk {
			if !yield(err) {
				return walkStop
			}
			return walkOn
		})
	}
}

// AsType returns the first error that [Chain] yields for err which is an E and no
// nil pointer, and whether there is one. It is for failures what
// [errors.AsType] is for errors of one's own: it ends where errors wrap each
// other in circles, survives their methods, and asks none that is called As.
func AsType[E error](err error) (E, bool) {
	for err := range Chain(err) {
		if e, ok := err.(E); ok && !isNil(e) {
			return e, true
		}
	}
	var none E
	return none, false
}

const (
	maxChainDepth  = 100
	maxChainVisits = 10_000
)

// walk says how visit goes on.
type walk int

const (
	walkOn   walk = iota // to what the error wraps
	walkPast             // without looking at what it wraps
	walkStop
)

// visit calls fn for err and all that it wraps, as [Chain] has it.
func visit(err error, fn func(err error, depth int) walk) {
	left, passed := maxChainVisits, 0
	var down func(err error, depth int) bool
	down = func(err error, depth int) bool {
		if err == nil || depth > maxChainDepth {
			// There may be very much of it, and no end.
			passed++
			return passed < 10*maxChainVisits
		}
		if left--; left < 0 {
			return false
		}
		switch fn(err, depth) {
		case walkStop:
			return false
		case walkPast:
			return true
		}
		many, one := unwrap(err)
		if one != nil {
			return down(one, depth+1)
		}
		for _, err := range many {
			if !down(err, depth+1) {
				return false
			}
		}
		return true
	}
	down(err, 1)
}

// unwrap returns what err wraps, if it can be had without a panic.
func unwrap(err error) (many []error, one error) {
	guard.Do(func() {
		switch err := err.(type) {
		case interface{ Unwrap() error }:
			one = err.Unwrap()
		case interface{ Unwrap() []error }:
			many = err.Unwrap()
		}
	})
	return many, one
}
