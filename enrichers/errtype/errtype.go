// Package errtype has the enricher "error": what kind of error it was, for
// metrics and searches.
//
//	label       value
//	error_type  what OpenTelemetry has in error.type: what the error's method
//	            ErrorType() string says, or else its Go type, "*fs.PathError" or
//	            "syscall.Errno"; "_OTHER" once there are too many different ones
//	error_code  its code, if it has one: an errno ("ECONNREFUSED"), a SQLSTATE
//	            ("23505"), an HTTP status ("503"), a gRPC status ("UNAVAILABLE"),
//	            an exit status ("3"), a signal ("SIGKILL"), a result code of
//	            SQLite ("5"), a reply code of SMTP ("550"), or what a method
//	            Code() string or ErrorCode() string says; "_OTHER" once there are
//	            too many different ones
//
// The error is the outermost one that does more than add a text, labels or a stack
// to another: wrappers of fmt, errors.Join and github.com/pkg/errors are passed
// over, of joined errors the first counts. The code is the outermost one of the
// chain, where any of the sets above is preferred to one that only its author
// knows. See https://opentelemetry.io/docs/specs/semconv/attributes-registry/error.
//
// # Options
//
//	max-types  different values of error_type, 1 to 65536; 256 by default
//	max-codes  different values of error_code, 1 to 65536; 256 by default
//
// # Counts
//
// [Enricher.Counts] has how often either label was "_OTHER".
package errtype

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/inspect"
	"github.com/failure-enrichers/enricher/internal/text"
)

// Name is what the enricher is registered as.
const Name = "error"

// The keys of its labels.
const (
	KeyType = "error_type"
	KeyCode = "error_code"
)

// Other is the value of a label that would have had too many different ones.
const Other = "_OTHER"

// Options are the options of the enricher.
type Options struct {
	MaxTypes int // different values of error_type, at most 65536. By default, 256.
	MaxCodes int // different values of error_code, at most 65536. By default, 256.
}

const (
	defaultMax = 256
	maxMax     = 1 << 16
	maxLength  = 256 // bytes of a value that a stranger's method returns
)

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) { return New(opts) }))
}

// An Enricher says what kind of error it was. Its methods may be called
// concurrently.
type Enricher struct {
	types, codes values
}

var (
	_ enricher.Explainer     = (*Enricher)(nil)
	_ enricher.CountReporter = (*Enricher)(nil)
)

// New returns an enricher with these options, or a [*enricher.ConfigError].
func New(opts Options) (*Enricher, error) {
	for _, o := range []struct {
		name  string
		value *int
	}{{"max-types", &opts.MaxTypes}, {"max-codes", &opts.MaxCodes}} {
		if *o.value < 0 || *o.value > maxMax {
			return nil, &enricher.ConfigError{
				Option: o.name,
				Err:    fmt.Errorf("%d: want 1 to %d, or 0 for the default, %d", *o.value, maxMax, defaultMax),
			}
		}
		if *o.value == 0 {
			*o.value = defaultMax
		}
	}
	return &Enricher{
		types: values{max: opts.MaxTypes, known: map[string]bool{}},
		codes: values{max: opts.MaxCodes, known: map[string]bool{}},
	}, nil
}

// OutputKeys returns [KeyType] and [KeyCode].
func (e *Enricher) OutputKeys() []string { return []string{KeyType, KeyCode} }

// ProcessFailure returns the type of the error, and its code if it has one. It
// never fails.
func (e *Enricher) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	labels := enricher.Labels{KeyType: e.types.admit(typeOf(cause))}
	if code := evidence.Of(cause).Code.Code; code != "" {
		labels[KeyCode] = e.codes.admit(text.Clean(code, maxLength))
	}
	return labels, nil
}

// ExplainFailure says where type and code are from.
func (e *Enricher) ExplainFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	errType, code := typeOf(cause), evidence.Of(cause).Code
	labels := enricher.Labels{KeyType: e.types.peek(errType)}
	why := map[string]string{KeyType: "the error itself is a " + inspect.TypeName(inspect.Peel(cause)), KeyCode: "no error of the chain has a code"}
	if code.Code != "" {
		labels[KeyCode] = e.codes.peek(text.Clean(code.Code, maxLength))
		why[KeyCode] = text.Clean(code.Reason(), maxLength)
	}
	return labels, why, nil
}

// Counts returns how often a label was [Other], by label.
func (e *Enricher) Counts() map[string]uint64 {
	return map[string]uint64{
		KeyType + "=" + Other: e.types.others.Load(),
		KeyCode + "=" + Other: e.codes.others.Load(),
	}
}

func typeOf(cause error) string {
	err := inspect.Peel(cause)
	if typed, ok := err.(interface{ ErrorType() string }); ok {
		var own string
		guard.Do(func() { own = typed.ErrorType() })
		if own != "" {
			return text.Clean(own, maxLength)
		}
	}
	return inspect.TypeName(err)
}

// values are the different values of a label.
type values struct {
	max    int
	others atomic.Uint64
	mu     sync.RWMutex
	known  map[string]bool
}

// admit returns value, or Other where there are too many different ones.
func (v *values) admit(value string) string {
	v.mu.RLock()
	known := v.known[value]
	v.mu.RUnlock()
	if known {
		return value
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.known[value] && len(v.known) >= v.max {
		v.others.Add(1)
		return Other
	}
	v.known[value] = true
	return value
}

// peek is admit without any effect.
func (v *values) peek(value string) string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if !v.known[value] && len(v.known) >= v.max {
		return Other
	}
	return value
}
