package enrichertemporal

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/nexus-rpc/sdk-go/nexus"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

// Details are the last of the details of the ApplicationError of a failure that has
// labels. The data converter must be able to convert them; the default one writes
// them as JSON.
type Details struct {
	FailureLabels enricher.Labels `json:"failureLabels"`
	Stack         string          `json:"stack,omitempty"` // of a panic: its first frames
}

// LabelsOf returns the labels of the first ApplicationError in err that has some, or
// nil. It is for workflows, where it is deterministic, and for clients.
func LabelsOf(err error) enricher.Labels {
	for link := range enricher.Chain(err) {
		if app, ok := link.(*temporal.ApplicationError); ok {
			if labels := lastOf(app).FailureLabels; labels != nil {
				return labels
			}
		}
	}
	return nil
}

// Labeled reports whether [LabelsOf] returns labels of err. It can be the option Skip
// of a log handler that gets the SDK's records ("Activity error."): an ApplicationError
// does not carry its Result, and would be labeled again.
func Labeled(_ context.Context, err error) bool { return LabelsOf(err) != nil }

// lastOf returns the last of the details of err if they are Details.
func lastOf(err *temporal.ApplicationError) (d Details) {
	if payloads := err.Failure().GetApplicationFailureInfo().GetDetails().GetPayloads(); len(payloads) > 0 {
		ptrs := make([]any, len(payloads))
		for i := range ptrs {
			ptrs[i] = new(converter.RawValue)
		}
		ptrs[len(ptrs)-1] = &d
		if err.Details(ptrs...) != nil {
			return Details{} // something else
		}
		return d
	}
	if values, ok := detailsOf(err); ok && len(values) > 0 {
		d, _ = values[len(values)-1].(Details)
	}
	return d
}

const maxDetails = 100

// detailsOf returns the details of err, which has no accessor for them, and false if
// they cannot be read. Details that came over the wire stay as they are.
func detailsOf(err *temporal.ApplicationError) (values []any, ok bool) {
	if !err.HasDetails() {
		return nil, true
	}
	if f := err.Failure(); f != nil {
		raw := make([]converter.RawValue, len(f.GetApplicationFailureInfo().GetDetails().GetPayloads()))
		ptrs := make([]any, len(raw))
		for i := range raw {
			ptrs[i] = &raw[i]
		}
		if err.Details(ptrs...) != nil {
			return nil, false
		}
		for _, r := range raw {
			values = append(values, r)
		}
		return values, true
	}
	defer func() {
		if recover() != nil { // the SDK panics on a nil among them
			values, ok = nil, false
		}
	}()
	// More pointers than details are an error.
	for n := 1; n <= maxDetails; n++ {
		next, ptrs := make([]any, n), make([]any, n)
		for i := range next {
			ptrs[i] = &next[i]
		}
		if err.Details(ptrs...) != nil {
			return values, true
		}
		values = next
	}
	return nil, false
}

// An outcome is what becomes of a failure that has labels.
type outcome struct {
	Details    Details
	Terminal   bool          `json:",omitempty"`
	RetryAfter time.Duration `json:",omitempty"`
	Expected   bool          `json:",omitempty"`
}

// maxStack bounds the stack in Details: between two attempts, the server keeps only
// the type and message of a failure that has more than 4 KiB.
const maxStack = 2 << 10

func newOutcome(cause error, v jobs.Verdict) outcome {
	o := outcome{Details{FailureLabels: redact.Map(v.Result.Labels)}, v.Terminal, v.RetryAfter, v.Expected}
	if p, ok := cause.(*enricher.PanicError); ok { //nolint:errorlint // that of jobs.Run
		stack := redact.Text(p.Stack())
		if len(stack) > maxStack {
			stack = stack[:strings.LastIndexByte(stack[:maxStack], '\n')+1]
		}
		o.Details.Stack = stack
	}
	return o
}

// application returns the ApplicationError that Temporal would make of err, with what o
// says. It returns err if Temporal would make something else of it.
func application(err error, o outcome) error {
	to := temporal.ApplicationErrorOptions{NonRetryable: o.Terminal, NextRetryDelay: o.RetryAfter, Cause: errors.Unwrap(err)}
	if o.Expected {
		to.Category = temporal.ApplicationErrorCategoryBenign
	}
	message, kind := "", typeOf(err)
	switch err := err.(type) { //nolint:errorlint // as the SDK does
	case *temporal.ApplicationError:
		message = err.Message()
		if err.NextRetryDelay() != 0 {
			to.NextRetryDelay = err.NextRetryDelay()
		}
		details, ok := detailsOf(err)
		if !ok {
			return err
		}
		to.Details = details
	case *enricher.PanicError:
		// The SDK would drop the details of the type "PanicError". The cause has it, by
		// the name of its Go type.
		message, kind, to.Cause = fmt.Sprint(err.Value), "Panic", err
	case *temporal.CanceledError, *temporal.TimeoutError, *temporal.TerminatedError, *temporal.ServerError, *temporal.PanicError,
		*temporal.ActivityError, *temporal.ChildWorkflowExecutionError, *temporal.NexusOperationError, *nexus.HandlerError:
		return err
	default:
		message = err.Error()
	}
	to.Details = append(to.Details, o.Details)
	return temporal.NewApplicationErrorWithOptions(message, kind, to)
}

// typeOf returns the type that Temporal gives an error, by which retry policies go.
func typeOf(err error) string {
	if app, ok := err.(*temporal.ApplicationError); ok { //nolint:errorlint // as the SDK does
		return app.Type()
	}
	t := reflect.TypeOf(err)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "errorString" {
		return ""
	}
	return t.Name()
}
