package enricher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// A Result is what the enrichers said about one failure. It shares nothing with
// the library: the caller may change it.
type Result struct {
	Labels   Labels    `json:"labels"`   // of all enrichers, merged; never nil
	Outcomes []Outcome `json:"outcomes"` // one per enricher, in configured order
}

// Complete reports whether every enricher has done its work: every outcome is
// [StatusOK]. The labels of a Result that is not complete are still good.
func (r Result) Complete() bool {
	return !slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return o.Status != StatusOK })
}

// Err returns nil if r is complete. Otherwise it returns the errors of all other
// outcomes, joined in configured order, each an [*EnricherError].
func (r Result) Err() error {
	var errs []error
	for _, o := range r.Outcomes {
		if o.Status != StatusOK {
			errs = append(errs, &EnricherError{o.Enricher, o.Err})
		}
	}
	return errors.Join(errs...)
}

// MarshalJSON writes r with neither member null.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result // without this method
	p := plain(r)
	if p.Labels == nil {
		p.Labels = Labels{}
	}
	if p.Outcomes == nil {
		p.Outcomes = []Outcome{}
	}
	return json.Marshal(p)
}

// clone returns a deep copy.
func (r Result) clone() Result {
	r.Labels = r.Labels.Clone()
	r.Outcomes = slices.Clone(r.Outcomes)
	for i := range r.Outcomes {
		r.Outcomes[i].Issues = slices.Clone(r.Outcomes[i].Issues)
	}
	return r
}

// An Outcome is what came of handing one failure to one enricher.
type Outcome struct {
	Enricher string // as configured: "rules/payments"
	Status   Status

	// Err is nil for StatusOK. For StatusFailed it is the enricher's, for
	// StatusPanicked a [*PanicError]; for the others [errors.Is] knows
	// [context.DeadlineExceeded], [ErrSaturated], [ErrCircuitOpen],
	// [ErrOverloaded] and [ErrShutdown].
	Err error

	Duration time.Duration // until it answered or was given up, its wait for a slot included; 0 if it was not asked
	Issues   []LabelIssue  // labels dropped or cut, in the order of their keys, at most 64
}

// MarshalJSON writes o for people: the duration and the errors as text.
func (o Outcome) MarshalJSON() ([]byte, error) {
	type issue struct {
		Key   string `json:"key"`
		Error string `json:"error"`
	}
	out := struct {
		Enricher string  `json:"enricher"`
		Status   Status  `json:"status"`
		Error    string  `json:"error,omitempty"`
		Duration string  `json:"duration"`
		Issues   []issue `json:"issues,omitempty"`
	}{Enricher: o.Enricher, Status: o.Status, Duration: o.Duration.String()}
	if o.Err != nil {
		out.Error = guard.Text(o.Err)
	}
	for _, i := range o.Issues {
		out.Issues = append(out.Issues, issue{i.Key, guard.Text(i.Err)})
	}
	return json.Marshal(out)
}

// A Status is how an enricher dealt with a failure.
type Status uint8

const (
	StatusUnknown     Status = iota // no outcome; text "unknown"
	StatusOK                        // its labels are merged; "ok"
	StatusFailed                    // it returned an error; "failed"
	StatusTimedOut                  // it was not done in time, however it ended; "timed-out"
	StatusPanicked                  // it panicked, or called runtime.Goexit; "panicked"
	StatusSaturated                 // not called: MaxConcurrent calls were under way; "saturated"
	StatusCircuitOpen               // not called: it timed out or panicked too often in a row; "circuit-open"
	StatusSkipped                   // not called: overloaded, or shut down; "skipped"
)

const numStatuses = int(StatusSkipped) + 1

var statuses = []string{
	"unknown", "ok", "failed", "timed-out", "panicked", "saturated", "circuit-open", "skipped",
}

// String returns the text of s.
func (s Status) String() string { return nameOf(statuses, s) }

// MarshalText returns the text of s. The error is always nil.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets s to the status with this text; any other is an error.
func (s *Status) UnmarshalText(text []byte) error { return unmarshalName(statuses, s, text) }

// Why an enricher was not called.
var (
	ErrSaturated   = errors.New("as many calls as MaxConcurrent allows are under way")
	ErrCircuitOpen = errors.New("its circuit breaker is open")
	ErrOverloaded  = errors.New("as many failures as MaxPending allows are pending")
	ErrShutdown    = errors.New("the Enricher is shut down")
)

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

// A timeoutError is the Err of StatusTimedOut.
type timeoutError struct {
	limit time.Duration // how long the enricher had; 0: it was not called
	err   error         // what it returned or panicked with when its time was up; may be nil
	text  string        // of err
}

func (e *timeoutError) Error() string {
	switch {
	case e.limit == 0:
		return fmt.Sprintf("not called, as the time was up before its turn came: %v", context.DeadlineExceeded)
	case e.err == nil:
		return fmt.Sprintf("not done within %v: %v", rounded(e.limit), context.DeadlineExceeded)
	}
	return fmt.Sprintf("not done within %v: %s", rounded(e.limit), e.text)
}

// rounded returns d with three significant digits: a share of the budget is
// shorter by the moment that passed before the call, and nobody knows a limit of
// 499.783641ms.
func rounded(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

func (e *timeoutError) Unwrap() []error {
	if e.err != nil {
		return []error{context.DeadlineExceeded, e.err}
	}
	return []error{context.DeadlineExceeded}
}

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
