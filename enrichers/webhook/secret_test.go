package webhook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestSecretsAreInNoErrorOrExplanation(t *testing.T) {
	secrets := []string{
		"T00000000/B00000000", "XXXXsecretXXXX", "query-secret", "pass-secret", "bearer-secret", "literal-secret", "R-routing-secret",
		"dXNlcjpwYXNzLXNlY3JldA==", "-secret", // the last is what would be left of one
	}
	echo := "/services/T00000000/B00000000/XXXXsecretXXXX?key=query-secret, XXXXsecretXXXX, " + strings.Join(secrets[2:len(secrets)-1], ", ")
	for name, a := range map[string]answer{
		"echoed":         status(400, echo),
		"echoed as JSON": status(400, strings.ReplaceAll(echo, "/", `\/`)),
		"not sent": func(*http.Request) (*http.Response, error) {
			return nil, errors.New("malformed HTTP response \"XXXXsecretXXXX pass-secret\"")
		},
		"redirected":    redirect(307, "http://[::/XXXXsecretXXXX?query-secret"),
		"sent away":     redirect(307, "http://x:pass-secret@other.example/XXXXsecretXXXX?query-secret"),
		"never answers": hang,
	} {
		t.Run(name, bubble(func(t *testing.T) {
			fe := newWebhook(t, newServer(a), webhook.Options{
				URL:    webhook.Secret{Value: "http://user:pass-secret@hooks.example/services/T00000000/B00000000/XXXXsecretXXXX?key=query-secret"},
				Preset: webhook.PresetPagerDuty, RoutingKey: webhook.Secret{Value: "R-routing-secret"},
				Headers: map[string]webhook.Secret{"X-0": {Value: "literal"}, "X-A": {Value: "Bearer bearer-secret"}, "X-B": {Value: "literal-secret"}},
			})
			err := send(t, fe, errJob, nil)
			require.Error(t, err)
			_, reasons, _ := fe.(enricher.Explainer).ExplainFailure(t.Context(), errJob, enricher.FailureContext{})
			for _, secret := range secrets {
				for err := range enricher.Chain(err) {
					assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
				}
				assert.NotContains(t, fmt.Sprint(reasons), secret)
			}
		}))
	}
}

func TestSecretsInAnAnswerThatBreaksOffAreMasked(t *testing.T) {
	t.Parallel()
	const secret = "XXXXsecretYYYY"
	breakOff := func(text string) answer {
		return func(r *http.Request) (*http.Response, error) {
			resp, _ := status(400, "")(r)
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF)))
			return resp, nil
		}
	}
	for n := 1; n <= len(secret); n++ {
		for name, a := range map[string]answer{
			"broken off": breakOff("no such hook: " + secret[:n]),
			"too long":   status(400, "no such hook: "+strings.Repeat(" ", 4096-14-n)+secret),
		} {
			fe := newWebhook(t, newServer(a), webhook.Options{URL: webhook.Secret{Value: "https://hooks.example/" + secret}})
			require.EqualError(t, send(t, fe, errJob, nil), "hooks.example: answered 400 Bad Request: no such hook: (hidden)", "%s after %d", name, n)
		}
	}
	fe := newWebhook(t, newServer(status(400, "no such hook: XXXXsec")), webhook.Options{URL: webhook.Secret{Value: "https://hooks.example/" + secret}})
	require.EqualError(t, send(t, fe, errJob, nil), "hooks.example: answered 400 Bad Request: no such hook: (hidden)", "the endpoint has cut it")
}

func TestSecretsOfOthersInAnAnswerAreMasked(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"denied: password=hunter2":       "denied: password=***",
		"denied, token:\nhunter2 is old": "denied, token: *** is old",
	} {
		fe := newWebhook(t, newServer(status(400, answer)), webhook.Options{})
		require.EqualError(t, send(t, fe, errJob, nil), "hooks.example: answered 400 Bad Request: "+want)
	}
}

// secretEverywhere is a failure with a secret in every text.
func secretEverywhere(secret string) (enricher.FailureContext, error) {
	text := "x?token=" + secret
	fc := enricher.FailureContext{
		ID: text, RootID: text, JobID: text, JobName: text, TaskName: text, TaskManagerID: text, Endpoint: text,
		Labels:     enricher.Labels{"password": secret + " and " + secret, "fingerprint": text, "severity": text, text: text, "other": text},
		Attributes: map[string]string{"db.password": secret + " and " + secret, text: text},
	}
	return fc, errors.New(text)
}

func TestSecretsOfFailuresAreInNoBody(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]webhook.Options{
		"json":       {},
		"slack":      {Preset: webhook.PresetSlack},
		"pagerduty":  {Preset: webhook.PresetPagerDuty, RoutingKey: webhook.Secret{Value: "R0123456789"}},
		"a template": {Body: `{{json .}} {{.Title}} {{.Summary}}`, ContentType: "text/plain"},
		"a redactor": {Redact: func(text string) string { return strings.ReplaceAll(text, "token=hunter2hunter2", "") }},
	} {
		fc, cause := secretEverywhere("hunter2hunter2")
		s := newServer()
		_, err := newWebhook(t, s, opts).ProcessFailure(t.Context(), cause, fc)
		require.NoError(t, err, name)
		require.Len(t, s.all(), 1)
		assert.NotContains(t, s.all()[0].Body, "hunter2", name)

		delete(fc.Labels, "fingerprint") // PagerDuty's key is then the job
		_, err = newWebhook(t, s, opts).ProcessFailure(t.Context(), cause, fc)
		require.NoError(t, err, name)
		assert.NotContains(t, s.all()[1].Body, "hunter2", name)
	}
}

func TestSecretsAreMaskedAsAWholeAndInParts(t *testing.T) {
	t.Parallel()
	s := newServer(status(400, `user gh_token path abc/d3f T0ken1 part of-it-is long 1`))
	fe := newWebhook(t, s, webhook.Options{
		URL:     webhook.Secret{Value: "https://gh_token@hooks.example/T0ken1"},
		Headers: map[string]webhook.Secret{"X-Key": {Value: "abc/d3f"}, "X-Part": {Value: "a of-it-is b"}, "X-Version": {Value: "1"}},
	})
	require.EqualError(t, send(t, fe, errJob, nil),
		"hooks.example: answered 400 Bad Request: user (hidden) path (hidden) (hidden) part (hidden) long 1")
}

func TestSecretsDoNotShowWhenOptionsArePrinted(t *testing.T) {
	t.Parallel()
	opts := webhook.Options{
		URL:     webhook.Secret{Value: "s3cret"},
		Headers: map[string]webhook.Secret{"A": {Value: "s3cret"}, "B": {Env: "B"}, "C": {File: "c"}, "D": {}},
	}
	var log strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("made", "url", opts.URL, "headers", opts.Headers, "pointer", &opts.URL)
	}
	text, err := json.Marshal(opts.Headers)
	require.NoError(t, err)
	assert.Equal(t, `{"A":"(hidden)","B":"(hidden)","C":"(hidden)","D":"(none)"}`, string(text))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb, opts)
		fmt.Fprintf(&log, verb, &opts)
		fmt.Fprintf(&log, verb, opts.URL)
	}
	assert.NotContains(t, log.String(), "s3cret")
	assert.NotContains(t, log.String(), fmt.Sprintf("%x", "s3cret"))
}
