package soak_test

import (
	"errors"
	"math/rand/v2"
	"strconv"

	"github.com/failure-enrichers/enricher"
)

// A cause is a failure with a number, by which its enrichers know it.
type cause interface {
	error
	number() uint64
}

// numberOf returns the number of a failure: that of its cause, or else its ID.
func numberOf(why error, fc enricher.FailureContext) uint64 {
	if c, ok := why.(cause); ok {
		return c.number()
	}
	n, _ := strconv.ParseUint(fc.ID, 10, 64)
	return n
}

type numbered uint64

func (n numbered) number() uint64 { return uint64(n) }

// plainCause is what one would expect.
type plainCause struct{ numbered }

func (*plainCause) Error() string { return "the job has failed" }

// muteCause cannot be printed.
type muteCause struct{ numbered }

func (muteCause) Error() string { panic("no comment") }

// endlessCause wraps itself.
type endlessCause struct{ numbered }

func (*endlessCause) Error() string   { return "it fails because it fails" }
func (c *endlessCause) Unwrap() error { return c }

// looseCause cannot be compared, and wraps several errors, some of them odd.
type looseCause struct {
	numbered
	wrapped []error
}

func (looseCause) Error() string     { return "several things have failed" }
func (c looseCause) Unwrap() []error { return c.wrapped }

// nilCause is a nil pointer, and has nothing, not even a number.
type nilCause struct{ text string }

func (c *nilCause) Error() string { return c.text } // panics

var (
	_ cause = (*plainCause)(nil)
	_ cause = muteCause{}
	_ cause = (*endlessCause)(nil)
	_ cause = looseCause{}
)

func newCause(random *rand.Rand, id uint64) error {
	n := numbered(id)
	switch random.IntN(8) {
	case 0:
		return muteCause{n}
	case 1:
		return &endlessCause{n}
	case 2:
		return looseCause{n, []error{nil, errors.New("a thing"), muteCause{n}, (*nilCause)(nil)}}
	case 3:
		return (*nilCause)(nil)
	}
	return &plainCause{n}
}
