package webhook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

// load returns what New makes of a configuration with one webhook.
func load(t *testing.T, name string, options map[string]any) (*enricher.Enricher, error) {
	t.Helper()
	cfg, err := enricher.ParseConfig(map[string]any{
		"failure-enrichers":  name,
		"failure-enricher":   map[string]any{name: options},
		"failure-enrichment": map[string]any{"timeout": "1m", "strict": true},
	})
	require.NoError(t, err)
	e, err := enricher.New(cfg, enricher.WithLogger(slog.New(slog.DiscardHandler)))
	if err == nil {
		t.Cleanup(func() { assert.NoError(t, e.Shutdown(t.Context())) })
	}
	return e, err
}

func TestAConfigurationHasAllOptions(t *testing.T) {
	s := newServer(t)
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("  from a file\n"), 0o600))
	t.Setenv("WEBHOOK_URL", s.URL+"/hook\n")
	t.Setenv("WEBHOOK_TOKEN", "Bearer 123")
	e, err := load(t, "webhook/a", map[string]any{
		"url":               map[string]any{"env": "WEBHOOK_URL"},
		"method":            "PUT",
		"body":              `{"text": {{json .Error}}, "owner": {{json .Labels.owner}}, "title": {{json .Title}}}`,
		"content-type":      "application/json; charset=utf-8",
		"headers":           map[string]any{"Authorization": map[string]any{"env": "WEBHOOK_TOKEN"}, "x-key": map[string]any{"file": file}, "X-Literal": "yes"},
		"when":              map[string]any{"type": "SYSTEM, USER"},
		"unless":            map[string]any{"owner": []any{"nobody"}},
		"severity":          "info",
		"severity-label":    "s",
		"fingerprint-label": "f",
		"dedup-window":      "1h",
		"dedup-keys":        "10",
		"rate-limit":        5,
		"rate-burst":        5,
		"timeout":           "1s",
		"retries":           1,
		"retry-delay":       "1ms",
		"max-text":          16,
		"notified-label":    "notified",
		"allow-private":     true,
	})
	require.NoError(t, err)
	res := e.EnrichContext(t.Context(), fmt.Errorf("a text that is too long"), enricher.FailureContext{JobName: "orders"})
	require.NoError(t, res.Err())
	assert.Equal(t, enricher.Labels{"notified": webhook.NotMatched}, res.Labels)
	assert.Empty(t, s.all())
}

func TestLabelsOfOthersAreSent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	cfg, err := enricher.ParseConfig(map[string]any{
		"failure-enrichers":  "webhook",
		"failure-enricher":   map[string]any{"webhook": map[string]any{"url": s.URL, "allow-private": "true"}},
		"failure-enrichment": map[string]any{"timeout": "1m"},
	})
	require.NoError(t, err)
	e, err := enricher.New(cfg,
		enricher.WithLogger(slog.New(slog.DiscardHandler)),
		enricher.WithEnricher("owner", enricher.Func([]string{"owner"}, owner)))
	require.NoError(t, err)
	res := e.EnrichContext(t.Context(), errJob, enricher.FailureContext{})
	require.NoError(t, res.Err())
	assert.Equal(t, enricher.Labels{"owner": "platform"}, res.Labels)
	require.Len(t, s.all(), 1)
	assert.Equal(t, map[string]any{"owner": "platform"}, s.message(t)["labels"])
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestBadOptionsAreRefusedAndNamed(t *testing.T) {
	t.Setenv("WEBHOOK_EMPTY", " ")
	dir := t.TempDir()
	empty, big := filepath.Join(dir, "empty"), filepath.Join(dir, "big")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	require.NoError(t, os.WriteFile(big, make([]byte, 64<<10+1), 0o600))
	const url = "https://hooks.example/x"
	type options = map[string]any
	tests := map[string]struct {
		options options
		want    string // after the name of the enricher
	}{
		"no URL":              {options{}, `option "url": want an absolute URL with a host and the scheme http or https`},
		"a relative URL":      {options{"url": "/s3cret"}, `option "url": want an absolute URL with a host and the scheme http or https (the value is hidden)`},
		"no URL at all":       {options{"url": "s3cret%zz://:"}, `option "url": want an absolute URL with a host and the scheme http or https (the value is hidden)`},
		"another scheme":      {options{"url": "ftp://s3cret.example"}, `option "url": want an absolute URL with a host and the scheme http or https (the value is hidden)`},
		"a private address":   {options{"url": "https://user:s3cret@10.0.0.1/s3cret"}, `option "url": 10.0.0.1 is no address of the public Internet (private); set allow-private to permit it`},
		"a variable not set":  {options{"url": options{"env": "WEBHOOK_NOT_SET"}}, `option "url": the environment variable "WEBHOOK_NOT_SET" is not set, or empty`},
		"a variable empty":    {options{"url": options{"env": "WEBHOOK_EMPTY"}}, `option "url": the environment variable "WEBHOOK_EMPTY" is not set, or empty`},
		"no name of one":      {options{"url": options{"env": "https://hooks.example/s3cret"}}, `option "url": want the name of an environment variable: letters, digits and '_'`},
		"no file":             {options{"url": options{"file": filepath.Join(dir, "none")}}, `option "url": open ` + filepath.Join(dir, "none") + `: no such file or directory`},
		"a URL for a file":    {options{"url": options{"file": "https://hooks.example/s3cret"}}, `option "url": the file cannot be opened (its path is not shown): no such file or directory`},
		"headers as a text":   {options{"url": url, "headers": "Authorization: Bearer s3cret"}, `option "headers": must be a map`},
		"its own condition":   {options{"url": url, "notified-label": "a", "when": options{"a": "b"}}, `option "notified-label": "a": it is in when or unless: want a key that is not`},
		"an empty file":       {options{"url": options{"file": empty}}, `option "url": the file "` + empty + `" is empty`},
		"a big file":          {options{"url": options{"file": big}}, `option "url": the file "` + big + `" has more than 65536 bytes`},
		"two sources":         {options{"url": options{"value": "s3cret", "env": "HOME"}}, `option "url": want one of value, env and file`},
		"an unknown source":   {options{"url": options{"vault": "s3cret"}}, `option "url.vault": unknown, did you mean "value"? known options: env, file, value`},
		"an unknown option":   {options{"url": url, "dedup": "s3cret"}, `option "dedup": unknown, did you mean "dedup-keys"? known options: `},
		"a method":            {options{"url": url, "method": "GET"}, `option "method": unknown value "GET": want one of POST, PUT, PATCH`},
		"a preset":            {options{"url": url, "preset": "teams"}, `option "preset": unknown value "teams": want one of json, slack, pagerduty`},
		"preset and body":     {options{"url": url, "preset": "slack", "body": "{}"}, `option "body": want either a body or a preset, got both`},
		"a template":          {options{"url": url, "body": "{{.Error"}, `option "body": template: body:1: unclosed action`},
		"a field":             {options{"url": url, "body": "{{.Err}}"}, `option "body": template: body:1:2: executing "body" at <.Err>: can't evaluate field Err in type *webhook.Message`},
		"not JSON":            {options{"url": url, "body": `{"text": "{{.Error}}"}`}, `option "body": does not make valid JSON of every failure: write {{json .Error}}, without quotes around it, for a text`},
		"a body too big":      {options{"url": url, "body": `{{printf "%262145d" 1}}`}, `the body has more than 262144 bytes`},
		"a media type":        {options{"url": url, "content-type": "a\nb"}, `option "content-type": want a media type, got "a\nb"`},
		"a header name":       {options{"url": url, "headers": options{"X Y": "s3cret"}}, `option "headers": one of its keys is no name of a header (it is not shown): want names such as Authorization`},
		"a header value":      {options{"url": url, "headers": options{"X": "s3cret\r\nY: 1"}}, `option "headers.X": want a text without control characters (the value is hidden)`},
		"a header twice":      {options{"url": url, "headers": options{"X-A": "s3cret", "x-a": "s3cret"}}, `option "headers.x-a": given twice`},
		"no header value":     {options{"url": url, "headers": options{"X-A": ""}}, `option "headers.X-A": want a value`},
		"the host":            {options{"url": url, "headers": options{"host": "a.example"}}, `option "headers.host": is set for each request as it has to be: remove it`},
		"the content type":    {options{"url": url, "headers": options{"Content-Type": "text/plain"}}, `option "headers.Content-Type": want it as the option content-type`},
		"two authorizations":  {options{"url": "https://u:s3cret@hooks.example", "headers": options{"authorization": "s3cret"}}, `option "headers": want no Authorization, as the URL has a user`},
		"no routing key":      {options{"preset": "pagerduty"}, `option "routing-key": want the integration key of a service, as the preset is pagerduty`},
		"a routing key":       {options{"url": url, "routing-key": "s3cret"}, `option "routing-key": only the preset pagerduty has one`},
		"a severity":          {options{"url": url, "severity": "fatal"}, `option "severity": unknown value "fatal": want one of critical, error, warning, info`},
		"no values":           {options{"url": url, "when": options{"type": []any{}}}, `option "when": label "type": want at least one value, or "*" for any`},
		"no label":            {options{"url": url, "unless": options{"": "x"}}, `option "unless": want the keys of labels, got an empty one`},
		"a window as number":  {options{"url": url, "dedup-window": 5}, `option "dedup-window": 5: must be a duration with a unit, such as "5s"`},
		"too many keys":       {options{"url": url, "dedup-keys": 1 << 21}, `option "dedup-keys": want 1 to 1048576, got 2097152`},
		"too many retries":    {options{"url": url, "retries": 11}, `option "retries": want at most 10, got 11`},
		"a rate too high":     {options{"url": url, "rate-limit": 60001}, `option "rate-limit": want at most 60000, got 60001`},
		"a burst too low":     {options{"url": url, "rate-burst": -1}, `option "rate-burst": want 1 to 60000, got -1`},
		"a negative timeout":  {options{"url": url, "timeout": "-1s"}, `option "timeout": want 1ms to 1h0m0s, got -1s`},
		"a long delay":        {options{"url": url, "retry-delay": "1m"}, `option "retry-delay": want 1ms to 5s, got 1m0s`},
		"a text too long":     {options{"url": url, "max-text": 1 << 20}, `option "max-text": want 16 to 65536, got 1048576`},
		"a proxy":             {options{"url": url, "proxy": "http://u:s3cret@p.example"}, `option "proxy": want allow-private as well: what a proxy connects to cannot be checked`},
		"a proxy that's none": {options{"url": url, "allow-private": true, "proxy": "s3cret"}, `option "proxy": want an absolute URL with a host and the scheme http or https or socks5 (the value is hidden)`},
		"redact":              {options{"url": url, "redact": "x"}, `option "redact": unknown; known options: `},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, "webhook/a", tt.options)
			require.ErrorContains(t, err, `enricher "webhook/a": option "`)
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "s3cret")
			assert.Equal(t, 1, strings.Count(err.Error(), "enricher "), "one error for one mistake: %v", err)
		})
	}
}

func TestAllBadOptionsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := webhook.New(webhook.Options{Method: "GET", Retries: 99})
	require.EqualError(t, err, `option "method": unknown value "GET": want one of POST, PUT, PATCH
option "retries": want at most 10, got 99
option "url": want an absolute URL with a host and the scheme http or https`)
}

func TestHeadersAndUserAreSentWithEachRequest(t *testing.T) {
	s := newServer(t, status(500, ""), redirect(307, "/b"), status(200, ""))
	t.Setenv("WEBHOOK_KEY", " abc\n")
	opts := to(s)
	opts.URL.Value = strings.Replace(s.URL, "http://", "http://user:pass@", 1) + "/a?b=c#d"
	opts.Headers = map[string]webhook.Secret{"x-key": {Env: "WEBHOOK_KEY"}, "User-Agent": {Value: "me"}}
	opts.Method = "PATCH"
	opts.ContentType = "application/vnd.example+json"
	require.NoError(t, send(t, newWebhook(t, opts), errJob, nil))
	require.Len(t, s.all(), 3)
	for i, r := range s.all() {
		assert.Equal(t, []string{"/a?b=c", "/a?b=c", "/b"}[i], r.URI)
		assert.Equal(t, "PATCH", r.Method)
		assert.Equal(t, []string{"abc"}, r.Header["X-Key"])
		assert.Equal(t, []string{"me"}, r.Header["User-Agent"])
		assert.Equal(t, []string{"application/vnd.example+json"}, r.Header["Content-Type"])
		assert.Equal(t, []string{"Basic dXNlcjpwYXNz"}, r.Header["Authorization"])
		assert.Empty(t, r.Header["Referer"])
	}
}

func TestSecretsAreInNoError(t *testing.T) {
	t.Parallel()
	secrets := []string{
		"T00000000/B00000000", "XXXXsecretXXXX", "query-secret", "pass-secret", "bearer-secret", "literal-secret", "R-routing-secret",
		"dXNlcjpwYXNzLXNlY3JldA==", "-secret", // the last is what would be left of one
	}
	echo := status(400, "you sent /services/T00000000/B00000000/XXXXsecretXXXX?key=query-secret, XXXXsecretXXXX, "+strings.Join(secrets[2:len(secrets)-1], ", "))
	tests := map[string]struct {
		answer http.HandlerFunc
		url    string
	}{
		"echoed":         {echo, ""},
		"refused":        {nil, "http://user:pass-secret@127.0.0.1:1"},
		"not resolvable": {nil, "http://user:pass-secret@nowhere.invalid"},
		"not HTTP":       {raw("XXXXsecretXXXX pass-secret"), ""},
		"redirected":     {redirect(307, "http://[::/XXXXsecretXXXX?query-secret"), ""},
		"elsewhere":      {redirect(307, "http://x:pass-secret@other.example/XXXXsecretXXXX?query-secret"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := tt.url
			if url == "" {
				url = strings.Replace(newServer(t, tt.answer).URL, "http://", "http://user:pass-secret@", 1)
			}
			e := newWebhook(t, webhook.Options{
				URL:    webhook.Secret{Value: url + "/services/T00000000/B00000000/XXXXsecretXXXX?key=query-secret"},
				Preset: webhook.PresetPagerDuty, RoutingKey: webhook.Secret{Value: "R-routing-secret"},
				Headers: map[string]webhook.Secret{"X-0": {Value: "literal"}, "X-A": {Value: "Bearer bearer-secret"}, "X-B": {Value: "literal-secret"}},
			})
			err := send(t, e, errJob, nil)
			require.Error(t, err)
			_, reasons, _ := e.ExplainFailure(t.Context(), errJob, enricher.FailureContext{})
			for _, secret := range secrets {
				for err := range enricher.Chain(err) {
					assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
				}
				assert.NotContains(t, fmt.Sprint(reasons), secret)
			}
		})
	}
}

func TestAnAnswerThatIsCutWithinASecretDoesNotShowIt(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("0123456789", 90)
	s := newServer(t, status(400, strings.Repeat(secret, 10)))
	opts := to(s)
	opts.Headers = map[string]webhook.Secret{"X-Key": {Value: secret}}
	require.EqualError(t, send(t, newWebhook(t, opts), errJob, nil),
		s.Listener.Addr().String()+": answered 400 Bad Request")
}

func TestSecretsOfAProxyAreInNoError(t *testing.T) {
	t.Parallel()
	proxy := newServer(t, status(407, "unknown: user, pass-secret"))
	e := newWebhook(t, webhook.Options{
		URL:   webhook.Secret{Value: "http://nowhere.invalid"},
		Proxy: webhook.Secret{Value: strings.Replace(proxy.URL, "http://", "http://user:pass-secret@", 1)},
	})
	require.EqualError(t, send(t, e, errJob, nil), "nowhere.invalid: answered 407 Proxy Authentication Required: unknown: (hidden), (hidden)")
	assert.Len(t, proxy.all(), 1)
}

func TestSecretsThatAnEndpointEchoesAreInNoError(t *testing.T) {
	t.Parallel()
	server := newServer(t, status(400, `user gh_token path abc/d3f T0ken1 escaped abc\/d3f`))
	e := newWebhook(t, webhook.Options{
		URL:          webhook.Secret{Value: strings.Replace(server.URL, "http://", "http://gh_token@", 1) + "/T0ken1"},
		Headers:      map[string]webhook.Secret{"X-Key": {Value: "abc/d3f"}},
		AllowPrivate: true,
	})
	require.EqualError(t, send(t, e, errJob, nil), server.Listener.Addr().String()+
		": answered 400 Bad Request: user (hidden) path (hidden) (hidden) escaped (hidden)")
}

func TestWhatLooksLikeASecretIsNotSent(t *testing.T) {
	t.Parallel()
	server := newServer(t, status(200, ""))
	e := newWebhook(t, webhook.Options{URL: webhook.Secret{Value: server.URL}, AllowPrivate: true})
	require.NoError(t, send(t, e, errors.New("Get http://x/y?token=hunter2hunter2: refused"), nil))
	require.Len(t, server.all(), 1)
	assert.Contains(t, string(server.all()[0].Body), "token=***: refused")
}

func TestWhatIsRateLimitedIsLoggedOnceASecond(t *testing.T) {
	t.Parallel()
	server := newServer(t, status(200, ""))
	var log strings.Builder
	e := newWebhook(t, webhook.Options{
		URL: webhook.Secret{Value: server.URL}, AllowPrivate: true, RateLimit: 1, RateBurst: 1, DedupWindow: -1,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	for range 5 {
		require.NoError(t, send(t, e, errJob, nil))
	}
	assert.Len(t, server.all(), 1)
	assert.Equal(t, 1, strings.Count(log.String(), "Failures are not posted: there are too many messages"), log.String())
}

func TestAFileWithoutAnEndIsNotReadToTheEnd(t *testing.T) {
	t.Parallel()
	const endless = "/dev/zero"
	if _, err := os.Stat(endless); err != nil {
		t.Skip(err)
	}
	_, err := webhook.New(webhook.Options{URL: webhook.Secret{File: endless}})
	require.EqualError(t, err, `option "url": the file "/dev/zero" has more than 65536 bytes`)
}

func TestOptionsThatArePrintedHideSecrets(t *testing.T) {
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
	assert.Equal(t, `{"A":"(hidden)","B":"(hidden, from the environment)","C":"(hidden, from a file)","D":"(none)"}`, string(text))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb, opts)
		fmt.Fprintf(&log, verb, &opts)
		fmt.Fprintf(&log, verb, opts.URL)
	}
	assert.NotContains(t, log.String(), "s3cret")
	assert.NotContains(t, log.String(), fmt.Sprintf("%x", "s3cret"))
}
