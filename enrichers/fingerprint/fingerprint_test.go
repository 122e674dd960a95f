package fingerprint_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
)

// load returns the enricher as a configuration makes it, in an Enricher.
func load(t *testing.T, options map[string]any) (*enricher.Enricher, error) {
	t.Helper()
	return enricher.New(enricher.Config{
		FailureEnrichers: []string{"fingerprint"},
		Options:          map[string]map[string]any{"fingerprint": options},
		Strict:           true,
	}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
}

func TestItIsRegisteredAndSetsBothLabels(t *testing.T) {
	t.Parallel()
	e, err := load(t, nil)
	require.NoError(t, err)
	cause := fmt.Errorf("job 7: %w", errRefused)
	res := e.EnrichContext(t.Context(), cause, enricher.FailureContext{})
	require.NoError(t, res.Err())
	assert.Equal(t, enricher.Labels{
		"fingerprint":         fingerprint.Of(cause),
		"fingerprint_message": "job <num>: dial tcp <addr>: connect: connection refused",
	}, res.Labels)
	assert.Equal(t, []string{"fingerprint", "fingerprint_message"}, e.Enrichers()[0].OutputKeys)
}

func TestTheMessageCanBeLeftOut(t *testing.T) {
	t.Parallel()
	e, err := load(t, map[string]any{"no-message": "true"})
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"fingerprint": fingerprint.Of(errRefused)}, e.Enrich(errRefused))
	assert.Equal(t, []string{"fingerprint"}, e.Enrichers()[0].OutputKeys)
}

func TestTheMessageIsCutBetweenCharactersAndPlaceholders(t *testing.T) {
	t.Parallel()
	e, err := load(t, map[string]any{"message-length": 16})
	require.NoError(t, err)
	for text, want := range map[string]string{
		"0123456789 abcde":   "<num> abcde",
		"abcdefghijklmnop":   "abcdefghijklmnop",
		"abcdefghijklmnopq":  "abcdefghijklm…",
		"abcdefghijklmöpqrs": "abcdefghijklm…",
		"abcdefghijklöopqrs": "abcdefghijkl…",
		"abcdefghijk 17 opq": "abcdefghijk …",
		"abcdefg 17 opqrstu": "abcdefg <num>…",
		"abcdefghi < jklmno": "abcdefghi < j…",
	} {
		assert.Equal(t, want, e.Enrich(errors.New(text))[fingerprint.KeyMessage], "of %q", text)
	}
}

func TestTheLengthOfTheMessageHasNoEffectOnTheFingerprint(t *testing.T) {
	t.Parallel()
	short, err := load(t, map[string]any{"message-length": 16})
	require.NoError(t, err)
	cause := errors.New(strings.Repeat("a long text with words ", 20))
	assert.Equal(t, fingerprint.Of(cause), short.Enrich(cause)[fingerprint.KeyFingerprint])
}

func TestOptionsOutOfTheirRangeAreRefused(t *testing.T) {
	t.Parallel()
	for _, length := range []any{-1, 1, 15, 4097} {
		_, err := load(t, map[string]any{"message-length": length})
		require.EqualError(t, err, fmt.Sprintf(
			`enricher "fingerprint": option "message-length": want 16 to 4096 bytes, not %d`, length))
		ce, ok := errors.AsType[*enricher.ConfigError](err)
		require.True(t, ok)
		assert.Equal(t, "message-length", ce.Option)
	}
}

func TestItExplainsWhatWentIntoTheFingerprint(t *testing.T) {
	t.Parallel()
	fe, err := fingerprint.New(fingerprint.Options{})
	require.NoError(t, err)
	cause := fmt.Errorf("job 7: %w", &HidingError{panicked(&RowError{"row 3 is bad"}, "main.load.func1")})
	labels, reasons, err := fe.ExplainFailure(t.Context(), cause, enricher.FailureContext{})
	require.NoError(t, err)
	same, err := fe.ProcessFailure(t.Context(), cause, enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, same, labels)
	assert.Equal(t, map[string]string{
		"fingerprint": `version 1 of the message "job <num>: request failed"` +
			`; the types *fingerprint_test.HidingError, *enricher.PanicError, *fingerprint_test.RowError` +
			`; what it hides, "panic: row <num> is bad"; and where it arose, main.load`,
		"fingerprint_message": "the text of the failure with what varies replaced",
	}, reasons)
}

func TestStatusesThatTheTextDoesNotCallOneStayApart(t *testing.T) {
	t.Parallel()
	assert.NotEqual(t, fingerprint.Of(&answered{404}), fingerprint.Of(&answered{503}))
	assert.NotEqual(t, fingerprint.Of(stated("40001")), fingerprint.Of(stated("23505")))
	assert.NotEqual(t, fingerprint.Of(fmt.Errorf("a: %w", &answered{404})), fingerprint.Of(fmt.Errorf("a: %w", &answered{503})))
	assert.Equal(t, fingerprint.Of(errors.Join(&answered{404}, &answered{503})), fingerprint.Of(errors.Join(&answered{503}, &answered{404})))
}

func TestAnExplanationIsNotEndless(t *testing.T) {
	t.Parallel()
	fe, err := fingerprint.New(fingerprint.Options{})
	require.NoError(t, err)
	for name, cause := range hostile() {
		_, reasons, err := fe.ExplainFailure(t.Context(), cause, enricher.FailureContext{})
		require.NoError(t, err)
		assert.Less(t, len(reasons[fingerprint.KeyFingerprint]), 16<<10, name)
	}
}
