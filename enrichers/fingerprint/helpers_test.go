package fingerprint_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/failure-enrichers/enricher"
)

// panicked returns the failure of a job that panicked in function.
func panicked(value any, function string) error {
	return enricher.NewPanicError(value, []byte("goroutine 34 [running]:\n"+
		"runtime/debug.Stack()\n\t/usr/local/go/src/runtime/debug/stack.go:26 +0x5e\n"+
		"panic({0x54aca0?, 0x5e2f30?})\n\t/usr/local/go/src/runtime/panic.go:783 +0x132\n"+
		function+"(0xc000012345, {0x0, 0x0})\n\t/src/shop/cart.go:42 +0x1b\n"+
		"main.main()\n\t/src/main.go:7 +0x17\n"))
}

// A RowError is a type that others know.
type RowError struct{ Text string }

func (e *RowError) Error() string { return e.Text }

// An answered has a status that its text does not call one.
type answered struct{ status int }

func (a *answered) Error() string   { return fmt.Sprintf("upstream said %d", a.status) }
func (a *answered) StatusCode() int { return a.status }

// A stated has a SQLSTATE that its text does not call one.
type stated string

func (s stated) Error() string    { return "pq: " + string(s) }
func (s stated) SQLState() string { return string(s) }

// A ColumnError prints the same.
type ColumnError struct{ Text string }

func (e *ColumnError) Error() string { return e.Text }

// A PgError has a field that its text does not print, as pgconn.PgError has.
type PgError struct{ Message, ConstraintName string }

func (e *PgError) Error() string { return e.Message }

// A HidingError does not print what it wraps.
type HidingError struct{ err error }

func (e *HidingError) Error() string { return "request failed" }
func (e *HidingError) Unwrap() error { return e.err }

// A list of errors, as go.uber.org/multierr prints it.
type list []error

func (l list) Error() string {
	var texts []string
	for _, err := range l {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

func (l list) Unwrap() []error { return l }

// A number is an unexported type whose text says nothing.
type (
	number int
	amount int
)

func (n number) Error() string { return fmt.Sprint(int(n)) }
func (a amount) Error() string { return fmt.Sprint(int(a)) }

// wrap puts n texts around err.
func wrap(err error, n int) error {
	for i := range n {
		err = fmt.Errorf("step %d: %w", i, err)
	}
	return err
}

var errRefused = errors.New("dial tcp 10.1.2.3:5432: connect: connection refused")
