// Package errtype provides the enricher "error", which says what kind of error it
// was, for metrics and searches.
//
//	label       value
//	error_type  the value of OpenTelemetry's error.type: what a method
//	            ErrorType() string of an error in the chain returns, or else the
//	            Go type, "*fs.PathError" or "syscall.Errno"; "_OTHER" once there are
//	            too many different ones
//	error_code  its code, if it has one: an errno ("ECONNREFUSED"), a SQLSTATE
//	            ("23505"), an HTTP status ("503"), a gRPC status ("UNAVAILABLE"),
//	            an exit status ("3"), a signal ("SIGKILL"), the number or name
//	            with which a database, broker or cloud answers ("1213", "SlowDown"), or
//	            what a method or field Code or ErrorCode has; "_OTHER" once there
//	            are too many different ones
//
// error_type is what semconv.ErrorType of OpenTelemetry's SDK for Go returns, but for
// these exceptions:
//
//   - Wrappers that only add a text, labels or a stack are passed over: those of fmt
//     with one %w, as semconv does, and those with several, [errors.Join], and those of
//     github.com/pkg/errors, github.com/go-errors/errors, github.com/cockroachdb/errors,
//     golang.org/x/xerrors and package enricher.
//   - Of joined errors the first that says something counts: an error that is only a
//     text, and no sentinel that the enricher "type" knows, gives way to one of another
//     type.
//   - A panic with an error has the type of that error.
//   - An ErrorType that returns "" is passed over.
//
// error_code is the most specific code of the chain: one that a service adds to a status
// before the status ("AccessDenied", not "403"), and that before a code of an unknown
// set; of equally specific codes the outermost; of joined errors that of the error that
// decides about the type, if it has one. See
// https://opentelemetry.io/docs/specs/semconv/attributes-registry/error.
//
// # Options
//
//	max-types  different values of error_type, 1 to 65536; 256 by default
//	max-codes  different values of error_code, 1 to 65536; 256 by default
//
// # Counts
//
// [enricher.EnricherStats] has how often either label was "_OTHER".
package errtype

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
)

// Name is what the enricher is registered as.
const Name = "error"

// The keys of its labels.
const (
	KeyErrorType = "error_type"
	KeyErrorCode = "error_code"
)

// Other is the value of a label with too many different ones.
const Other = "_OTHER"

// Options are the options of the enricher.
type Options struct {
	MaxTypes int // different values of error_type, at most 65536. By default, 256.
	MaxCodes int // different values of error_code, at most 65536. By default, 256.
}

const (
	defaultMax = 256
	maxMax     = 1 << 16
	maxLength  = 256 // bytes of a value that third-party code returns
)

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) { return New(opts) }))
}

// Of returns what the label error_type of err is, unless there are too many
// different ones. That of nil is "".
func Of(err error) string {
	if err == nil {
		return ""
	}
	return typeOf(err)
}

// A labeler sets the labels. Its methods may be called concurrently.
type labeler struct {
	types, codes values
}

var (
	_ enricher.Explainer      = (*labeler)(nil)
	_ enricher.CountReporter  = (*labeler)(nil)
	_ enricher.LabelDescriber = (*labeler)(nil)
)

// New returns the enricher. An option out of its range is an
// [*enricher.ConfigError]. The enricher is an [enricher.Explainer] and an
// [enricher.CountReporter].
func New(opts Options) (enricher.FailureEnricher, error) {
	for _, o := range []struct {
		name  string
		value *int
	}{{"max-types", &opts.MaxTypes}, {"max-codes", &opts.MaxCodes}} {
		if *o.value < 0 || *o.value > maxMax {
			return nil, &enricher.ConfigError{
				Option: o.name,
				Err:    fmt.Errorf("%d: must be 1 to %d, or 0 for the default, %d", *o.value, maxMax, defaultMax),
			}
		}
		if *o.value == 0 {
			*o.value = defaultMax
		}
	}
	return &labeler{
		types: values{max: opts.MaxTypes, known: map[string]bool{}},
		codes: values{max: opts.MaxCodes, known: map[string]bool{}},
	}, nil
}

func (l *labeler) OutputKeys() []string { return []string{KeyErrorType, KeyErrorCode} }

// DescribeLabels describes both labels. They may have any value.
func (l *labeler) DescribeLabels() []enricher.LabelDescription {
	return []enricher.LabelDescription{
		{Key: KeyErrorType, Doc: "What kind of error it was, as OpenTelemetry's error.type."},
		{Key: KeyErrorCode, Doc: "The code of the error, such as an errno or a SQLSTATE."},
	}
}

// ProcessFailure returns the type of the error, and its code if it has one.
func (l *labeler) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	labels := enricher.Labels{KeyErrorType: l.types.admit(typeOf(cause))}
	if code := evidence.Of(cause).Code.Code; code != "" {
		labels[KeyErrorCode] = l.codes.admit(text.Clean(code, maxLength))
	}
	return labels, nil
}

// ExplainFailure says which error has the type, and what the code is.
func (l *labeler) ExplainFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	errType, code := typeOf(cause), evidence.Of(cause).Code
	labels := enricher.Labels{KeyErrorType: l.types.peek(errType)}
	why := map[string]string{KeyErrorType: "the error itself is a " + inspect.TypeName(telling(cause)), KeyErrorCode: "no error of the chain has a code"}
	if code.Code != "" {
		labels[KeyErrorCode] = l.codes.peek(text.Clean(code.Code, maxLength))
		why[KeyErrorCode] = text.Clean(code.Reason(), maxLength)
	}
	return labels, why, nil
}

// Counts returns how often a label was [Other], by label.
func (l *labeler) Counts() map[string]uint64 {
	return map[string]uint64{
		KeyErrorType + "=" + Other: l.types.others.Load(),
		KeyErrorCode + "=" + Other: l.codes.others.Load(),
	}
}

// typeOf returns the label error_type of cause.
func typeOf(cause error) string {
	for err := range enricher.Chain(cause) {
		typed, ok := foreign.As[interface{ ErrorType() string }](err)
		if !ok || inspect.IsPlain(err) || isPanic(err) {
			continue
		}
		var own string
		guard.Do(func() { own = typed.ErrorType() })
		if own != "" {
			return text.Clean(own, maxLength)
		}
	}
	return inspect.TypeName(telling(cause))
}

// telling returns the outermost error that does more than add something to another:
// of joined errors the first that is more than a text, or the first if all are texts.
func telling(cause error) error {
	first := inspect.Peel(cause)
	if p, ok := foreign.Value(first).(*enricher.PanicError); ok && isPanic(p) {
		return telling(p.Unwrap())
	}
	if !isText(first) {
		return first
	}
	for err := range enricher.Chain(cause) {
		if !inspect.IsPlain(err) && !isText(err) {
			return err
		}
	}
	return first
}

// isText reports whether err has nothing but a text, and is no sentinel that is known.
func isText(err error) bool {
	switch inspect.TypeName(err) {
	case "*errors.errorString", "*errors.fundamental", "*xerrors.errorString":
		v := evidence.Of(err)
		return v.Fault.Weight <= evidence.Text && v.Retry.Weight <= evidence.Text
	}
	return false
}

// isPanic reports whether err is a panic with an error.
func isPanic(err error) bool {
	p, ok := foreign.Value(err).(*enricher.PanicError)
	return ok && p != nil && p.Unwrap() != nil
}

// values are the different values of a label.
type values struct {
	max    int
	others atomic.Uint64
	mu     sync.Mutex
	known  map[string]bool
}

// admit returns value and remembers it, or Other if there are too many different
// ones.
func (v *values) admit(value string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.excludes(value) {
		v.others.Add(1)
		return Other
	}
	v.known[value] = true
	return value
}

// peek returns what admit would.
func (v *values) peek(value string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.excludes(value) {
		return Other
	}
	return value
}

func (v *values) excludes(value string) bool { return !v.known[value] && len(v.known) >= v.max }
