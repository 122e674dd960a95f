//go:build linux

package corpustest

import (
	"slices"
	"testing"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/failure-enrichers/enricher"
)

// exceptions are types for which error_type is not what semconv.ErrorType returns:
// wrappers that only add something, and joined errors. The documentation of errtype
// lists them.
var exceptions = []string{
	"*fmt.wrapErrors", "*errors.joinError", "*errors.withMessage", "*errors.withStack", "*errors.Error",
	"*enricher.labeledError", "*enricher.resultError", "*enricher.PanicError",
}

// checkErrorType compares error_type with that of OpenTelemetry's SDK.
func checkErrorType(t *testing.T, cause error, got enricher.Labels) {
	want := semconv.ErrorType(cause).Value.AsString()
	if want == got["error_type"] || slices.Contains(exceptions, want) {
		return
	}
	for err := range enricher.Chain(cause) { // a panic may be wrapped
		if p, ok := err.(*enricher.PanicError); ok && p.Unwrap() != nil {
			return
		}
	}
	t.Errorf("error_type is %q, but semconv.ErrorType returns %q: %s", got["error_type"], want, chain(cause))
}
