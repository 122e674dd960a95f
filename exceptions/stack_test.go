package exceptions_test

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func (traceError) StackTrace() trace { return nil }

type callersError struct {
	error
	pcs []uintptr
}

func (e callersError) Callers() []uintptr { return e.pcs }

type rawTraceError struct{ callersError }

func (e rawTraceError) StackTrace() counters { return e.pcs }

type counters []uintptr

type convertedError struct{ rawTraceError }

func (convertedError) Callers() string { return "of another type" }

type stringTraceError struct{ error }

func (stringTraceError) StackTrace() string { return "in TestStacksAreFound\n\ttext_test.go:1" }

type bytesTraceError struct{ error }

func (bytesTraceError) StackTrace() []byte { return []byte("in TestStacksAreFound\n\ttext_test.go:1") }

type otherTraceError struct{ error }

func (otherTraceError) StackTrace() int { return 7 }

type bytesError struct{ error }

func (e bytesError) Stack() []byte { return debug.Stack() }

func TestStacksAreFoundInWhatLibrariesCallThem(t *testing.T) {
	t.Parallel()
	pcs := make([]uintptr, 8)
	pcs = pcs[:runtime.Callers(1, pcs)]
	for _, err := range []error{
		callersError{errBoom, pcs},
		convertedError{rawTraceError{callersError{errBoom, pcs}}},
		bytesError{errBoom},
		stringTraceError{errBoom},
		bytesTraceError{errBoom},
	} {
		text := textOf(t, err, exceptions.Options{}).Stacktrace
		assert.Contains(t, text, "TestStacksAreFound", "%T", err)
		assert.Contains(t, text, "_test.go:", "%T", err)
	}
}

func TestAStackThatIsNoneIsNotShown(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		otherTraceError{errBoom},
		callersError{error: errBoom},
		enricher.NewPanicError("boom", nil),
		hostileFormat{hostile{message: func() string { return "two\nlines" }, format: func(s fmt.State) { io.WriteString(s, "two\nlines") }}},
	} {
		assert.NotContains(t, textOf(t, err, exceptions.Options{}).Stacktrace, "stack of", "%T", err)
	}
}

func TestAFormatterFindsTheFlagsOfPlusV(t *testing.T) {
	t.Parallel()
	e := textOf(t, hostileFormat{hostile{message: func() string { return "m" }, format: func(s fmt.State) {
		_, width := s.Width()
		_, precision := s.Precision()
		fmt.Fprintf(s, "verb:\n%t %t %t %t", s.Flag('+'), s.Flag('#'), width, precision)
	}}}, exceptions.Options{})
	assert.Contains(t, e.Stacktrace, "verb:\ntrue false false false")
}
