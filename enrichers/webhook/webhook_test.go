package webhook_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestWebhookSendsTheLabelsOfOthers(t *testing.T) {
	t.Parallel()
	s := newServer()
	e, err := enricher.New(enricher.Config{},
		enricher.WithLogger(slog.New(slog.DiscardHandler)),
		enricher.WithEnricher("webhook", newWebhook(t, s, webhook.Options{})),
		enricher.WithEnricher("owner", enricher.Func([]string{"owner"},
			func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{"owner": "platform"}, nil
			})))
	require.NoError(t, err)
	res := e.EnrichContext(t.Context(), errJob, enricher.FailureContext{})
	require.NoError(t, res.Err())
	assert.Equal(t, enricher.Labels{"owner": "platform"}, res.Labels)
	assert.Equal(t, map[string]string{"owner": "platform"}, s.message(t).Labels)
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestWebhookLabelsAndExplainsWhatItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(status(200, ""), status(400, ""))
		fe := newWebhook(t, s, webhook.Options{
			URL:           webhook.Secret{Value: "https://hooks.example/s3cret"},
			When:          map[string][]string{"type": {"SYSTEM", "DEPENDENCY"}},
			Unless:        map[string][]string{"muted": {"*"}},
			NotifiedLabel: "chat", RateBurst: 2, RateLimit: 1, Body: "{}",
		})
		assert.Equal(t, []string{"chat"}, fe.OutputKeys())
		for _, step := range []struct {
			name, text    string
			labels        enricher.Labels
			want, explain string // what becomes of the failure; what ExplainFailure says, if not the same
			why           string
		}{
			{"no label", "a", nil, "not-matched", "", `would not be sent: the label "type" must be SYSTEM or DEPENDENCY`},
			{"another label", "a", enricher.Labels{"type": "USER"}, "not-matched", "", `would not be sent: the label "type" must be SYSTEM or DEPENDENCY`},
			{"excluded", "a", enricher.Labels{"type": "SYSTEM", "muted": ""}, "not-matched", "", `would not be sent: the label "muted" must not be *`},
			{"sent", "a", enricher.Labels{"type": "SYSTEM"}, "sent", "", "would POST to hooks.example, with the template of option body"},
			{"equal", "a", enricher.Labels{"type": "SYSTEM"}, "held-back", "", "would be held back, like 0 before: an equal failure was sent within 5m0s, or is being sent"},
			{"equal again", "a", enricher.Labels{"type": "SYSTEM"}, "held-back", "", "would be held back, like 1 before: an equal failure was sent within 5m0s, or is being sent"},
			{"failed", "b", enricher.Labels{"type": "SYSTEM"}, "", "sent", "would POST to hooks.example, with the template of option body"},
			{"too many", "c", enricher.Labels{"type": "SYSTEM"}, "rate-limited", "", "would not be sent: too many messages, or the endpoint asked for a pause"},
		} {
			cause, fc := errors.New(step.text), enricher.FailureContext{Labels: step.labels}
			requests, before := len(s.all()), counts(fe)
			labels, why, err := fe.(enricher.Explainer).ExplainFailure(t.Context(), cause, fc)
			require.NoError(t, err, step.name)
			assert.Equal(t, step.want+step.explain, labels["chat"], step.name)
			assert.Equal(t, map[string]string{"": step.why, "chat": step.why}, why, step.name)
			assert.Equal(t, before, counts(fe), step.name)
			assert.Len(t, s.all(), requests, step.name)

			labels, err = fe.ProcessFailure(t.Context(), cause, fc)
			assert.Equal(t, step.want, labels["chat"], step.name)
			assert.Equal(t, step.want == "", err != nil, step.name)
		}
		assert.Equal(t, map[string]uint64{"sent": 1, "held-back": 2, "rate-limited": 1, "not-matched": 3, "failed": 1}, counts(fe))
	})
}

func TestWebhookHasNoLabelByDefault(t *testing.T) {
	t.Parallel()
	fe := newWebhook(t, newServer(), webhook.Options{})
	assert.Empty(t, fe.OutputKeys())
	labels, why, err := fe.(enricher.Explainer).ExplainFailure(t.Context(), errJob, enricher.FailureContext{})
	require.NoError(t, err)
	assert.Nil(t, labels)
	assert.Equal(t, map[string]string{"": "would POST to hooks.example, with json"}, why)
	labels, err = fe.ProcessFailure(t.Context(), errJob, enricher.FailureContext{})
	require.NoError(t, err)
	assert.Nil(t, labels)
}

func TestWebhookSendsHostileErrorsLikeOthers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{
		"panics":        {panicError{}, "(the Error method of a webhook_test.panicError panicked: ouch)"},
		"invalid UTF-8": {errors.New("a\xffb\x00c\x1b[31m"), "a\uFFFDb\uFFFDc\uFFFD[31m"},
		"10 MB":         {errors.New(strings.Repeat(`"`, 10<<20)), strings.Repeat(`"`, 4093) + "…"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, fe := post(t, webhook.Options{})
			require.NoError(t, send(t, fe, tt.err, nil))
			require.NoError(t, send(t, fe, tt.err, nil))
			require.Len(t, s.all(), 1)
			assert.Equal(t, tt.want, s.message(t).Error)
		})
	}
}

type panicError struct{}

func (panicError) Error() string { panic("ouch") }
