package form

import (
	"maps"
	"time"
)

// methods return the error that has a method, by its name, or nil if the original
// does not have it.
var methods = map[string]func(a adapter, h *Has) error{
	"Timeout":    func(a adapter, h *Has) error { return when(h.Timeout != nil, hasTimeout{a}) },
	"Temporary":  func(a adapter, h *Has) error { return when(h.Temporary != nil, hasTemporary{a}) },
	"Retryable":  func(a adapter, h *Has) error { return when(h.Retryable != nil, hasRetryable{a}) },
	"RetryAfter": func(a adapter, h *Has) error { return when(h.RetryAfterMs != nil, hasRetryAfter{a}) },
	"StatusCode": func(a adapter, h *Has) error { return when(h.StatusCode != nil, hasStatus{a}) },
	"SQLState":   func(a adapter, h *Has) error { return when(h.SQLState != nil, hasSQLState{a}) },
	"ErrorType":  func(a adapter, h *Has) error { return when(h.ErrorType != nil, hasErrorType{a}) },
	"ExitCode":   func(a adapter, h *Has) error { return when(h.ExitStatus != nil, hasExitCode{a}) },
	"ExitSignal": func(a adapter, h *Has) error {
		return when(h.Signal != nil && a.node.long() != exitError, hasExitSignal{a})
	},
	"ExitReason":    func(a adapter, h *Has) error { return when(h.ExitReason != nil, hasExitReason{a}) },
	"FailureLabels": func(a adapter, _ *Has) error { return when(a.node.Labels != nil, hasLabels{a}) },
	"Code": func(a adapter, h *Has) error {
		switch {
		case h.Code == nil:
			return nil
		case h.Code.Text != nil:
			return hasCode{a}
		}
		return when(h.Code.Number != nil, hasNumber{a})
	},
}

// exitError is the type of the standard library that has a signal but no such method.
const exitError = "*os/exec.ExitError"

func when(has bool, err error) error {
	if !has {
		return nil
	}
	return err
}

// An adapter is a decoded error with one more method. Only the interfaces with
// several get one with all, of which those that the original does not have return
// zero values.
type adapter struct{ *decoded }

// Unwrap returns the error that it adapts.
func (a adapter) Unwrap() error { return a.self }

type (
	hasTimeout    struct{ adapter }
	hasTemporary  struct{ adapter }
	hasRetryable  struct{ adapter }
	hasRetryAfter struct{ adapter }
	hasStatus     struct{ adapter }
	hasSQLState   struct{ adapter }
	hasErrorType  struct{ adapter }
	hasExitCode   struct{ adapter }
	hasExitSignal struct{ adapter }
	hasExitReason struct{ adapter }
	hasLabels     struct{ adapter }
	hasCode       struct{ adapter }
	hasNumber     struct{ adapter }

	all       struct{ adapter }
	allCode   struct{ all }
	allNumber struct{ all }
)

func (a hasTimeout) Timeout() bool     { return value(a.node.Has.Timeout) }
func (a hasTemporary) Temporary() bool { return value(a.node.Has.Temporary) }
func (a hasRetryable) Retryable() bool { return value(a.node.Has.Retryable) }
func (a hasRetryAfter) RetryAfter() time.Duration {
	return time.Duration(value(a.node.Has.RetryAfterMs)) * time.Millisecond
}
func (a hasStatus) StatusCode() int                  { return value(a.node.Has.StatusCode) }
func (a hasSQLState) SQLState() string               { return value(a.node.Has.SQLState) }
func (a hasErrorType) ErrorType() string             { return value(a.node.Has.ErrorType) }
func (a hasExitCode) ExitCode() int                  { return value(a.node.Has.ExitStatus) }
func (a hasExitSignal) ExitSignal() int              { return SignalNumber(value(a.node.Has.Signal)) }
func (a hasExitReason) ExitReason() string           { return value(a.node.Has.ExitReason) }
func (a hasLabels) FailureLabels() map[string]string { return maps.Clone(a.node.Labels) }
func (a hasCode) Code() string                       { return value(a.node.Has.Code.Text) }
func (a hasNumber) Code() int                        { return value(a.node.Has.Code.Number) }

func (a all) Timeout() bool                    { return hasTimeout(a).Timeout() }
func (a all) Temporary() bool                  { return hasTemporary(a).Temporary() }
func (a all) Retryable() bool                  { return hasRetryable(a).Retryable() }
func (a all) RetryAfter() time.Duration        { return hasRetryAfter(a).RetryAfter() }
func (a all) StatusCode() int                  { return hasStatus(a).StatusCode() }
func (a all) SQLState() string                 { return hasSQLState(a).SQLState() }
func (a all) ErrorType() string                { return hasErrorType(a).ErrorType() }
func (a all) ExitCode() int                    { return hasExitCode(a).ExitCode() }
func (a all) ExitSignal() int                  { return hasExitSignal(a).ExitSignal() }
func (a all) ExitReason() string               { return hasExitReason(a).ExitReason() }
func (a all) FailureLabels() map[string]string { return hasLabels(a).FailureLabels() }
func (a allCode) Code() string                 { return hasCode(a.all).Code() }
func (a allNumber) Code() int                  { return hasNumber(a.all).Code() }

// value returns what p points to, or zero.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
