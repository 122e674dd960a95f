package enricher_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/wire"
)

// secretMarker is the secret in each of these texts.
const secretMarker = "hunter2marker"

var secretTexts = []string{
	"password=" + secretMarker,
	"dial postgres://user:" + secretMarker + "@db/x: refused",
	"Authorization: Bearer " + secretMarker,
	`{"api_key": "` + secretMarker + `"}`,
	strings.Repeat("x ", 4087/2) + "amqp://u:" + secretMarker + "@mq:5672", // cut within the secret
}

// requireNoSecret requires that no text has the marker, or what is left of it if it
// was cut.
func requireNoSecret(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if i := strings.Index(s, secretMarker[:4]); i >= 0 {
			t.Errorf("...%q", s[max(0, i-200):min(len(s), i+40)])
		}
	}
}

// A secret that only the text of the whole shows as one is in no other text either.
func TestExplainMasksSecretsInWrappedErrors(t *testing.T) {
	t.Parallel()
	e, err := enricher.New(enricher.Config{}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	for _, format := range []string{"invalid token: %w", "env DB_PASSWORD=%w", "login: bad password: %w", "mysql -u root -p%w"} {
		x := e.Explain(t.Context(), fmt.Errorf(format, errors.New(secretMarker+"4Zq9")), enricher.FailureContext{})
		assert.Equal(t, "***", x.Chain[1].Text, format)
	}
}

// A secretive enricher has a secret in all that it declares and answers.
type secretive struct{ text string }

func (s secretive) key(key string) string {
	return key + s.text[max(0, len(s.text)-100):] // a key is short
}
func (s secretive) OutputKeys() []string { return []string{"password", "plain", s.key("own")} }
func (s secretive) InputKeys() []string  { return []string{s.key("missing"), "described"} }
func (s secretive) InputValues() map[string][]string {
	return map[string][]string{"described": {s.text}}
}
func (s secretive) Close() error { return errors.New(s.text) }

func (s secretive) ProcessFailure(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	return enricher.Labels{
		"password": secretMarker + " " + secretMarker, "plain": s.text, s.key("own"): "x", s.key("undeclared"): s.text,
	}, nil
}

func (s secretive) ExplainFailure(ctx context.Context, err error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	labels, _ := s.ProcessFailure(ctx, err, fc)
	return labels, map[string]string{"password": secretMarker, "plain": s.text, s.text: "x", "": s.text}, nil
}

func TestSecretsAreInNoLogLineAndNoExplanation(t *testing.T) {
	t.Parallel()
	for _, text := range secretTexts {
		var log bytes.Buffer
		registry := registryOf(t, factories{
			"same": giving(secretive{text}), "again": giving(secretive{text}), "invalid": giving(setting(text + "\x01")),
			"declares": giving(keyed{outputs: func() []string { panic(text) }}), "good": giving(noOverlap{secretive{text}}),
		})
		cfg := enricher.Config{
			FailureEnrichers: append(registry.Names(), text),
			Options:          map[string]map[string]any{text: {text: text}},
			Policies:         map[string]enricher.Policy{text: {}},
			Policy:           enricher.Policy{BreakerThreshold: 1},
			Limits:           enricher.Limits{MaxValueLength: len(text) + 1},
			Timeout:          time.Minute,
		}
		e, err := enricher.New(cfg, enricher.WithRegistry(registry),
			enricher.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
			enricher.WithEnricher("described", described{LabelReader: reading(nil, "described"), labels: []enricher.LabelDescription{{Key: "described", Values: []string{"a"}}}}),
			with("fails", "a", failing(errors.New(text))),
			with("panics", "b", doing(func() { panic(text) })),
			with("panics2", "c", doing(func() { panic(errors.New(text)) })),
			with("odd", "token", answering(enricher.Labels{"token": secretMarker + "\x01"})),
			with("odd2", "d", answering(enricher.Labels{"d": text + "\x01"})),
			withReader("reads", "e", []string{"*"}, answering(enricher.Labels{"e": text})),
			enricher.WithObserver(observerFunc(func(context.Context, error, enricher.FailureContext, enricher.Result) { panic(text) })))
		require.NoError(t, err)
		cause := fmt.Errorf("x: %w", errors.Join(errors.New(text), enricher.NewPanicError(text, []byte(text))))
		fc := enricher.FailureContext{
			ID: text, RootID: text, JobID: text, JobName: text, TaskName: text, TaskManagerID: text, Endpoint: text,
			Attributes: map[string]string{text: text, "password": secretMarker},
		}
		x := e.Explain(t.Context(), cause, fc)
		assert.Equal(t, "***", x.Labels["pass2word"], "masked, not dropped")
		e.EnrichContext(t.Context(), cause, fc)
		require.Error(t, e.Shutdown(t.Context()))
		marshalled, err := json.Marshal(x)
		require.NoError(t, err)
		require.Greater(t, strings.Count(log.String(), "\n"), 20)
		requireNoSecret(t, log.String(), x.String(), string(marshalled), fmt.Sprintf("%+v", x))
	}
}

func TestSecretsInNamesAreInNoExplanation(t *testing.T) {
	t.Parallel()
	const token = "ghp_hunt567890123456789012345678901234hu"
	e := running(t, enricher.Config{}, withGood("a/"+token, "a"), withReader("b/"+token, "b", []string{"a"}, answering(nil)))
	f, err := wire.Decode([]byte(`{"v":1,"chain":[{"type":"` + token + `.E","text":"boom"}]}`))
	require.NoError(t, err)
	x := e.Explain(t.Context(), f.Cause(), enricher.FailureContext{})
	marshalled, err := json.Marshal(x)
	require.NoError(t, err)
	assert.NotContains(t, x.String()+string(marshalled), token)
	assert.Equal(t, []string{"a/ghp_***"}, x.Answers[1].WaitsFor)
}

// noOverlap is a secretive enricher without the keys of the others.
type noOverlap struct{ secretive }

func (n noOverlap) OutputKeys() []string { return []string{"pass2word", "password2", n.key("not")} }

func (n noOverlap) ExplainFailure(ctx context.Context, err error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	labels, reasons, _ := n.secretive.ExplainFailure(ctx, err, fc)
	labels["password2"], labels[n.key("not")], labels["pass2word"] = secretMarker, n.text, "password="+secretMarker
	return labels, reasons, nil
}

func TestSecretsAreInNoConfigError(t *testing.T) {
	t.Parallel()
	for _, text := range append(secretTexts, `"token": "`+secretMarker+`"`) {
		for _, raw := range []any{
			text, []any{text}, map[string]any{text: text}, map[string]any{"token": secretMarker, "x": text}, []any{map[string]any{text: text}},
		} {
			for _, key := range []string{
				"failure-enrichers", "failure-enricher", "failure-enrichment", "failure-enrichment.timeout", "failure-enrichment.strict",
				"failure-enrichment.max-pending", "failure-enrichment.policy", "failure-enrichment.policies", "failure-enrichment.policies.a.timeout",
				"failure-enrichment.limits.max-labels", "failure-enricher.a", "failure-enrichers2", "strict", text,
			} {
				cfg, err := enricher.ParseConfig(map[string]any{"jobmanager." + key: raw, "jobmanager": map[string]any{key: raw}})
				if err == nil {
					cfg.Strict = true
					_, err = enricher.New(cfg, enricher.WithLogger(slog.New(slog.DiscardHandler)))
				}
				for err := range enricher.Chain(err) {
					if ce, ok := err.(*enricher.ConfigError); ok {
						requireNoSecret(t, ce.Error())
					}
				}
			}
		}
		requireNoSecret(t, (&enricher.ConfigError{Option: "password", Err: fmt.Errorf("%q: too short", secretMarker)}).Error())
	}
	assert.EqualError(t, &enricher.ConfigError{Enricher: "a", Option: "token", Err: errors.New("missing")}, `enricher "a": option "token": missing`)
}
