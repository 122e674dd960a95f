package enricher

import (
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// Why an enricher was not called.
var (
	ErrSaturated   = errors.New("as many calls as MaxConcurrent allows are under way")
	ErrCircuitOpen = errors.New("its circuit breaker is open")
	ErrOverloaded  = errors.New("as many failures as MaxPending allows are pending")
	ErrShutdown    = errors.New("the Enricher is shut down")
)

// Issues of labels; the message says what was wrong and what is allowed.
var (
	ErrUndeclaredKey  = errors.New("key is not among the enricher's OutputKeys")
	ErrInvalidKey     = errors.New("key is not 1 to 128 bytes of valid UTF-8 without control characters")
	ErrInvalidValue   = errors.New("value is not valid UTF-8 without control characters other than tab and newline")
	ErrTooManyLabels  = errors.New("too many labels")
	ErrValueTruncated = errors.New("value is too long and was cut")
)

// ErrUnknownEnricher is what a configured name is refused with if no factory is
// registered under it.
var ErrUnknownEnricher = errors.New("no such failure enricher")

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

// Is reports whether any error that [Chain] yields for err is target, by == or
// by its own Is method. It is [errors.Is] for the errors of failures: it ends on
// a cyclic tree and survives a panic in third-party code. A nil target is found
// in a nil err only.
func Is(err, target error) bool {
	if target == nil {
		return err == nil
	}
	comparable := reflect.TypeOf(target).Comparable()
	for err := range Chain(err) {
		found := false
		guard.Do(func() {
			// Comparable types may hold values that are not: == then panics.
			if found = comparable && err == target; !found {
				if x, ok := err.(interface{ Is(error) bool }); ok {
					found = x.Is(target)
				}
			}
		})
		if found {
			return true
		}
	}
	return false
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

// An EnricherError is an error of the enricher that it names.
type EnricherError struct {
	Enricher string // as configured
	Err      error
}

// Error never panics, even where the Error method of Err does.
func (e *EnricherError) Error() string {
	return fmt.Sprintf("enricher %q: %s", e.Enricher, guard.Text(e.Err))
}

func (e *EnricherError) Unwrap() error { return e.Err }

// A PanicError is a panic that was recovered.
type PanicError struct {
	Value any    // what recover returned
	Stack []byte // as from debug.Stack; nil if it is not known

	text string // of Value, if that has been asked for
}

// NewPanicError returns the error for a panic that was recovered, such as that
// of a panicking job:
//
//	defer func() {
//		if v := recover(); v != nil {
//			err = enricher.NewPanicError(v, debug.Stack())
//		}
//	}()
//
// stack is kept, not copied.
func NewPanicError(value any, stack []byte) *PanicError {
	return &PanicError{Value: value, Stack: stack}
}

// Error returns "panic: " and the value, without the stack: the text of an error,
// a [fmt.Stringer] or a basic type, and the type of anything else. It never
// panics.
func (e *PanicError) Error() string {
	if e.text != "" {
		return e.text
	}
	return "panic: " + guard.Sprint(e.Value)
}

// Unwrap returns the value if it is an error, and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
