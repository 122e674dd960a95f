package webhook_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

// explained returns the explanation of a failure, and fails if it had an effect.
func explained(t *testing.T, s *server, e *webhook.Enricher, fc enricher.FailureContext) (enricher.Labels, string) {
	t.Helper()
	requests, stats := len(s.all()), e.Stats()
	labels, reasons, err := e.ExplainFailure(t.Context(), errJob, fc)
	require.NoError(t, err)
	again, _, err := e.ExplainFailure(t.Context(), errJob, fc)
	require.NoError(t, err)
	assert.Equal(t, labels, again)
	assert.Len(t, s.all(), requests)
	assert.Equal(t, stats, e.Stats())
	return labels, reasons[""]
}

func TestAnExplanationSaysWhatWouldBecomeOfAFailure(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	opts := to(s)
	opts.URL.Value += "/s3cret"
	opts.When = map[string][]string{"type": {"SYSTEM", "DEPENDENCY"}}
	opts.Unless = map[string][]string{"owner": {"nobody"}}
	opts.NotifiedLabel = "chat"
	opts.RateLimit, opts.RateBurst = 1, 1
	opts.Body = "{}"
	e := newWebhook(t, opts)
	host := s.Listener.Addr().String()
	system := enricher.FailureContext{Labels: enricher.Labels{"type": "SYSTEM"}}

	labels, why := explained(t, s, e, enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{"chat": webhook.NotMatched}, labels)
	assert.Equal(t, `would not be sent: the label "type" is not set: want SYSTEM, DEPENDENCY`, why)
	_, why = explained(t, s, e, enricher.FailureContext{Labels: enricher.Labels{"type": "USER"}})
	assert.Equal(t, `would not be sent: the label "type" is "USER": want SYSTEM, DEPENDENCY`, why)
	_, why = explained(t, s, e, enricher.FailureContext{Labels: enricher.Labels{"type": "SYSTEM", "owner": "nobody"}})
	assert.Equal(t, `would not be sent: the label "owner" is "nobody": want none of nobody`, why)

	labels, why = explained(t, s, e, system)
	assert.Equal(t, enricher.Labels{"chat": webhook.Sent}, labels)
	assert.Equal(t, "would POST to "+host+": 2 bytes, made by the template of the option body", why)

	for range 2 {
		_, err := e.ProcessFailure(t.Context(), errJob, system)
		require.NoError(t, err)
	}
	labels, why = explained(t, s, e, system)
	assert.Equal(t, enricher.Labels{"chat": webhook.HeldBack}, labels)
	assert.Equal(t, "would be held back, like 1 before: an equal failure was sent within 5m0s, or is being sent", why)

	labels, why = explained(t, s, e, enricher.FailureContext{JobID: "another", Labels: enricher.Labels{"type": "SYSTEM"}})
	assert.Equal(t, enricher.Labels{"chat": webhook.RateLimited}, labels)
	assert.Regexp(t, `^would not be sent: too many messages; the next can be sent in (1m0s|5\d\.\d+s|5\ds)$`, why)
	assert.Len(t, s.all(), 1)

	require.NoError(t, e.Close())
	_, _, err := e.ExplainFailure(t.Context(), errJob, system)
	require.EqualError(t, err, "closed")
}

func TestAnExplanationFailsWhereProcessFailureWould(t *testing.T) {
	t.Parallel()
	e := newWebhook(t, webhook.Options{
		URL:         webhook.Secret{Value: "https://hooks.example"},
		Body:        `{{if eq .JobName "rare"}}{{index .Labels 1}}{{else}}1{{end}}`,
		DedupWindow: -time.Second,
	})
	_, _, err := e.ExplainFailure(t.Context(), errJob, enricher.FailureContext{JobName: "rare"})
	require.ErrorContains(t, err, "body: template: ")
	labels, reasons, err := e.ExplainFailure(t.Context(), errJob, enricher.FailureContext{})
	require.NoError(t, err)
	assert.Nil(t, labels)
	assert.Equal(t, map[string]string{"": "would POST to hooks.example: 1 bytes, made by the template of the option body"}, reasons)
}
