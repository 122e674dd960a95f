package fingerprint_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
)

// load returns the enricher as a configuration makes it, in an Enricher.
func load(options map[string]any) (*enricher.Enricher, error) {
	return enricher.New(enricher.Config{
		FailureEnrichers: []string{"fingerprint"},
		Options:          map[string]map[string]any{"fingerprint": options},
		Strict:           true,
	}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
}

func TestLabelsAreSetByTheRegisteredEnricher(t *testing.T) {
	t.Parallel()
	cause := fmt.Errorf("job 7: %w", errRefused)
	for _, c := range []struct {
		options map[string]any
		want    enricher.Labels
	}{
		{nil, enricher.Labels{
			"fingerprint":         fingerprint.Of(cause),
			"fingerprint_message": "job <num>: dial tcp <addr>: connect: connection refused",
		}},
		{map[string]any{"no-message": "true"}, enricher.Labels{"fingerprint": fingerprint.Of(cause)}},
		{map[string]any{"message-length": 16}, enricher.Labels{
			"fingerprint":         fingerprint.Of(cause), // the length has no effect on it
			"fingerprint_message": "job <num>: di…",
		}},
	} {
		e, err := load(c.options)
		require.NoError(t, err)
		res := e.EnrichContext(t.Context(), cause, enricher.FailureContext{})
		require.NoError(t, res.Err())
		assert.Equal(t, c.want, res.Labels)
		assert.Equal(t, slices.Sorted(maps.Keys(c.want)), e.Enrichers()[0].OutputKeys)
	}
}

func TestOptionsOutOfRangeAreRejected(t *testing.T) {
	t.Parallel()
	for _, length := range []any{-1, 1, 15, 4097} {
		_, err := load(map[string]any{"message-length": length})
		require.EqualError(t, err, fmt.Sprintf(
			`enricher "fingerprint": option "message-length": %d: must be 16 to 4096 bytes`, length))
		require.ErrorAs(t, err, new(*enricher.ConfigError))
	}
	_, err := load(map[string]any{"no-message": true, "message-length": 64})
	require.EqualError(t, err, `enricher "fingerprint": option "message-length": has no effect with option no-message`)
}

// explain returns what the enricher says about cause.
func explain(t *testing.T, cause error) (enricher.Labels, map[string]string) {
	t.Helper()
	fe, err := fingerprint.New(fingerprint.Options{})
	require.NoError(t, err)
	labels, reasons, err := fe.(enricher.Explainer).ExplainFailure(t.Context(), cause, enricher.FailureContext{})
	require.NoError(t, err)
	return labels, reasons
}

func TestExplainFailureSaysWhatWentIntoTheFingerprint(t *testing.T) {
	t.Parallel()
	cause := fmt.Errorf("job 7: %w", &HidingError{panicked(&RowError{"row 3 is bad"}, "main.load.func1")})
	labels, reasons := explain(t, cause)
	assert.Equal(t, enricher.Labels{
		"fingerprint":         fingerprint.Of(cause),
		"fingerprint_message": "job <num>: request failed",
	}, labels)
	assert.Equal(t, map[string]string{
		"fingerprint": `version 2 of the message "job <num>: request failed"` +
			`; the types *fingerprint_test.HidingError, *enricher.PanicError, *fingerprint_test.RowError` +
			`; the hidden causes "panic: row <num> is bad"; the functions in which it arose main.load`,
		"fingerprint_message": "the text of the failure with what varies replaced",
	}, reasons)
}

func TestExplainFailureIsBounded(t *testing.T) {
	t.Parallel()
	for name, cause := range hostileErrors() {
		_, reasons := explain(t, cause)
		assert.Less(t, len(reasons[fingerprint.KeyFingerprint]), 16<<10, name)
	}
	_, reasons := explain(t, errors.New(strings.Repeat("a", 300)))
	assert.Equal(t, "the text of the failure with what varies replaced, 253 of 300 bytes", reasons[fingerprint.KeyMessage])
}

// A countedError counts how often it is asked for its text.
type countedError struct {
	text  string
	asked int
}

func (e *countedError) Error() string {
	e.asked++
	return e.text
}

func TestTextsAreReadOnce(t *testing.T) {
	t.Parallel()
	fe, err := fingerprint.New(fingerprint.Options{})
	require.NoError(t, err)
	for _, text := range []string{"disk full", "login failed: password=hunter.two"} {
		cause := &countedError{text: text}
		hidden := &HidingError{cause}
		_, err := fe.ProcessFailure(t.Context(), hidden, enricher.FailureContext{})
		require.NoError(t, err)
		assert.Equal(t, 1, cause.asked, text)
		explain(t, errors.Join(cause, errors.New("a")))
		assert.Equal(t, 3, cause.asked, "%s: once by joinError and once by us", text)
	}
}

func TestOfALongTextCountsTheLastLine(t *testing.T) {
	t.Parallel()
	frames := strings.Repeat("  File \"/app/job.py\", line 7, in run\n    self.step()\n", 200)
	python := func(last string) error {
		return errors.New("Traceback (most recent call last):\n" + frames + last)
	}
	java := func(cause string) error {
		at := strings.Repeat("\n\tat com.acme.Job.run(Job.java:123)", 200)
		return errors.New("java.lang.RuntimeException: job failed" + at + "\nCaused by: " + cause + at + "\n\t... 23 more")
	}
	assert.NotEqual(t, fingerprint.Of(python("ValueError: bad amount")), fingerprint.Of(python("MemoryError")))
	assert.Equal(t, fingerprint.Of(python("ValueError: row 7 is bad")), fingerprint.Of(python("ValueError: row 8 is bad\n")))
	assert.NotEqual(t, fingerprint.Of(java("java.net.ConnectException: refused")), fingerprint.Of(java("java.io.EOFException")))
	assert.Equal(t, fingerprint.Of(java("java.io.EOFException: after 7 bytes")), fingerprint.Of(java("java.io.EOFException: after 8 bytes")))
}

func TestMessageHasNoSecrets(t *testing.T) {
	t.Parallel()
	fe, err := fingerprint.New(fingerprint.Options{MessageLength: 4096})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"a URL":              "dial postgres://bob:hunter.two@db/x: refused",
		"a pair":             `login failed: password="hunter.two"`,
		"after a number":     "attempt 17: token: hunter.two",
		"a header":           "sent Authorization: Bearer hunter.two",
		"over lines":         "db:\n token:\n hunter.two-2 is wrong",
		"in the last line":   strings.Repeat("x y\n", 4000) + "password=hunter.two",
		"beyond what counts": strings.Repeat("x ", 2040) + "password=hunter.two-and-more",
	} {
		secret := errors.New(text)
		for _, cause := range []error{
			secret, fmt.Errorf("job 7: %w", secret), errors.Join(errors.New("a"), secret),
			list{secret, errors.New("b")},
			fmt.Errorf("%w and %w", errors.New("a"), secret), &HidingError{secret},
		} {
			labels, err := fe.ProcessFailure(t.Context(), cause, enricher.FailureContext{})
			require.NoError(t, err)
			assert.Equal(t, fingerprint.Of(cause), labels[fingerprint.KeyFingerprint])
			assert.NotContains(t, labels[fingerprint.KeyMessage], "hunter", "%s in a %T", name, cause)
			explained, reasons, err := fe.(enricher.Explainer).ExplainFailure(t.Context(), cause, enricher.FailureContext{})
			require.NoError(t, err)
			assert.Equal(t, labels, explained)
			assert.NotContains(t, fmt.Sprint(reasons), "hunter", "%s in a %T", name, cause)
		}
	}
}
