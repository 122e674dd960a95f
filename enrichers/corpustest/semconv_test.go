//go:build linux

package corpustest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/failure-enrichers/enricher"
)

// exceptions are types for which error_type is not what semconv.ErrorType returns:
// wrappers that only add something, and joined errors. The documentation of errtype
// lists them.
var exceptions = []string{
	"*fmt.wrapErrors", "*errors.joinError", "*errors.withMessage", "*errors.withStack", "*errors.Error",
	"*enricher.labeledError", "*enricher.resultError", "*enricher.loggedError", "*enricher.PanicError",
}

// checkErrorType compares error_type with that of OpenTelemetry's SDK for the whole
// chain, or for the first error that is none of the exceptions.
func checkErrorType(t *testing.T, cause error, got enricher.Labels) {
	want := semconv.ErrorType(cause).Value.AsString()
	if want == got["error_type"] || slices.Contains(exceptions, want) {
		return
	}
	for err := range enricher.Chain(cause) {
		if p, ok := err.(*enricher.PanicError); ok && p.Unwrap() != nil {
			return // a panic may be wrapped
		}
		if name := fmt.Sprintf("%T", err); name != "*fmt.wrapError" && !slices.Contains(exceptions, name) {
			want = semconv.ErrorType(err).Value.AsString()
			break
		}
	}
	assert.Equal(t, want, got["error_type"], "what semconv.ErrorType returns for %s", chain(cause))
}
