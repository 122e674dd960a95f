package fingerprint_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
	"github.com/failure-enrichers/enricher/wire"
)

type loggedCause struct{ text string }

func (e loggedCause) Error() string      { return e.text }
func (loggedCause) LogValue() slog.Value { return slog.StringValue("logged") }

func TestOfIgnoresTheWrappersOfThisModule(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "42", "/var/x", "10.1.2.3:80", "disk full"} {
		for _, cause := range []error{errors.New(text), loggedCause{text}} {
			want := fingerprint.Of(cause)
			for _, wrapped := range []error{
				enricher.WithLabels(cause, enricher.Labels{"a": "b"}),
				enricher.WithResult(cause, enricher.Result{Labels: enricher.Labels{"a": "b"}}),
			} {
				assert.Equal(t, want, fingerprint.Of(wrapped), "%q of a %T in a %T", text, cause, wrapped)

				f, err := wire.Decode(wire.Encode(wrapped, enricher.FailureContext{}))
				require.NoError(t, err)
				assert.Equal(t, want, fingerprint.Of(f.Cause()), "%q of a decoded %T in a %T", text, cause, wrapped)
			}
		}
	}
}
