package webhook_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

// load returns what New makes of a configuration with the enricher "webhook/a".
func load(t *testing.T, options map[string]any, opts ...enricher.Option) (*enricher.Enricher, error) {
	t.Helper()
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"webhook/a"},
		Options:          map[string]map[string]any{"webhook/a": options},
	}, append(opts, enricher.WithLogger(slog.New(slog.DiscardHandler)))...)
	if err == nil {
		t.Cleanup(func() { assert.NoError(t, e.Shutdown(t.Context())) })
	}
	return e, err
}

func TestOptionsCanAllBeConfigured(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("  from a file\n"), 0o600))
	t.Setenv("WEBHOOK_URL", "https://hooks.example\n")
	t.Setenv("WEBHOOK_TOKEN", "Bearer 123")
	e, err := load(t, map[string]any{
		"url":               map[string]any{"env": "WEBHOOK_URL"},
		"method":            "PUT",
		"body":              `{"text": {{json .Error}}, "owner": {{json .Labels.owner}}, "title": {{json .Title}}}`,
		"content-type":      "application/json; charset=utf-8",
		"headers":           map[string]any{"Authorization": map[string]any{"env": "WEBHOOK_TOKEN"}, "x-key": map[string]any{"file": file}, "X-Literal": "yes"},
		"when":              map[string]any{"type": "SYSTEM, USER"},
		"unless":            map[string]any{"owner": []any{"interns"}},
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
		"proxy":             "http://proxy.example",
	})
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"notified": "not-matched"}, e.Enrich(errJob))

	_, err = load(t, map[string]any{"url": url, "headers": []any{
		map[string]any{"key": "X-Token", "value": map[string]any{"env": "WEBHOOK_TOKEN"}}, map[string]any{"key": "x-b", "value": "yes"},
	}})
	require.NoError(t, err)
	_, err = load(t, map[string]any{
		"preset": "pagerduty", "routing-key": map[string]any{"file": file}, "severity": "info", "severity-label": "s",
	})
	require.NoError(t, err)
}

func TestOptionsThatAreWrongAreNamed(t *testing.T) {
	dir := t.TempDir()
	wd, err := os.Getwd()
	require.NoError(t, err)
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	const noURL = `option "url": must be an absolute URL with the scheme http or https (the value is hidden)`
	const missing = `option "url": its environment variable (hidden) is missing or empty: set it`
	const twice = ` are the same key, given twice: the case of keys does not matter, so remove one of them`
	type options = map[string]any
	tests := map[string]struct {
		options options
		want    string // after the name of the enricher
	}{
		"no URL":              {options{}, `option "url": must be set: an absolute URL with the scheme http or https, {env: NAME} or {file: PATH}`},
		"two headers":         {options{"url": url, "headers": options{"X-Team": "a", "x-team": "b"}}, `option "headers": "X-Team" and "x-team"` + twice},
		"two keys of when":    {options{"url": url, "when": options{"type": "USER", "TYPE": "SYSTEM"}}, `option "when": "TYPE" and "type"` + twice},
		"two keys of unless":  {options{"url": url, "unless": []any{options{"key": "a", "value": "1"}, options{"key": "A", "value": "1"}}}, `option "unless": "A" and "a"` + twice},
		"unused keys":         {options{"url": url, "dedup-window": "-1s", "dedup-keys": 5}, `option "dedup-keys": has no effect if dedup-window is negative: remove one of them`},
		"an unused burst":     {options{"url": url, "rate-limit": -1, "rate-burst": 5}, `option "rate-burst": has no effect if rate-limit is negative`},
		"an unused delay":     {options{"url": url, "retries": -1, "retry-delay": "1s"}, `option "retry-delay": has no effect if retries is negative`},
		"a relative URL":      {options{"url": "/s3cret"}, noURL},
		"no URL at all":       {options{"url": "s3cret%zz://:"}, noURL},
		"another scheme":      {options{"url": "ftp://s3cret.example"}, noURL},
		"a port that is none": {options{"url": "https://s3cret.example:99999"}, `option "url": must have a port from 1 to 65535 (the value is hidden)`},
		"a private address":   {options{"url": "https://user:s3cret@10.0.0.1/s3cret"}, `option "url": prohibited IP address: 10.0.0.1 is not a permitted destination (denied by: 10.0.0.0/8); set allow-private to permit it`},
		"a missing variable":  {options{"url": options{"env": "https://hooks.example/s3cret"}}, missing},
		"a short name":        {options{"url": options{"env": "NOPE"}}, `option "url": its environment variable NOPE is missing or empty: set it`},
		"an empty variable":   {options{"url": options{"env": "WEBHOOK_EMPTY"}}, `option "url": its environment variable WEBHOOK_EMPTY is missing or empty: set it`},
		"a token as name":     {options{"url": options{"env": "AKIAIOSFODNN7EXAMPLE"}}, missing},
		"a key as name":       {options{"url": options{"env": "0123456789abcdef"}}, missing},
		"an empty file":       {options{"url": options{"file": empty}}, `option "url": its file ` + empty + ` is empty: write the value into it`},
		"no file":             {options{"url": options{"file": filepath.Join(dir, "none")}}, `option "url": its file ` + dir + `/none cannot be read: no such file or directory`},
		"two sources":         {options{"url": options{"value": "s3cret", "env": "HOME"}}, `option "url": must have exactly one of value, env and file`},
		"an unknown source":   {options{"url": options{"vault": "s3cret"}}, `option "url.vault": `},
		"an unknown option":   {options{"url": url, "dedup": "s3cret"}, `option "dedup": `},
		"a method":            {options{"url": url, "method": "GET"}, `option "method": "GET": must be one of POST, PUT, PATCH`},
		"a preset":            {options{"url": url, "preset": "teams"}, `option "preset": "teams": must be one of json, slack, pagerduty`},
		"preset and body":     {options{"url": url, "preset": "slack", "body": "{}"}, `option "body": must not be set together with preset`},
		"a template":          {options{"url": url, "body": "{{.Error"}, `option "body": template: body:1: unclosed action`},
		"a field":             {options{"url": url, "body": "{{.Err}}"}, `option "body": template: body:1:2: executing "body" at <.Err>: can't evaluate field Err in type *webhook.Message; a message has ID, RootID, Type, JobID, JobName, TaskName, TaskManagerID, Endpoint, Attempt, MaxAttempts, Final, Time, Error, ErrorType, Labels, Attributes, HeldBack, RateLimited, Truncated, Summary, Title, Unsent`},
		"JSON by js":          {options{"url": url, "body": `{"text": "{{js .Error}}"}`}, `option "body": must make valid JSON of every failure`},
		"not JSON by suffix":  {options{"url": url, "body": `{{.Error}}`, "content-type": "application/x+json"}, `option "body": must make valid JSON of every failure`},
		"a body too big":      {options{"url": url, "body": `{{printf "%262145d" 1}}`}, `option "body": template: body:1:2: executing "body" at <printf "%262145d" 1>: error calling printf: the body, or a text in it, has more than 262144 bytes`},
		"a media type":        {options{"url": url, "content-type": "a\nb"}, `option "content-type": (hidden): must be a media type such as application/json`},
		"a line too many":     {options{"url": url, "content-type": "application/json\n"}, `option "content-type": (hidden): must be a media type such as application/json`},
		"no media type":       {options{"url": url, "content-type": "json"}, `option "content-type": "json": must be a media type such as application/json`},
		"a secret as type":    {options{"url": url, "content-type": "xoxb-s3cret"}, `option "content-type": (hidden): must be a media type such as application/json`},
		"a type of a preset":  {options{"url": url, "content-type": "text/plain"}, `option "content-type": "text/plain": must be application/json or end in +json, as presets make JSON`},
		"a secret as preset":  {options{"url": url, "preset": "xoxb-s3cret"}, `option "preset": (hidden): must be one of json, slack, pagerduty`},
		"a secret as method":  {options{"url": url, "method": "Bearer s3cret"}, `option "method": (hidden): must be one of POST, PUT, PATCH`},
		"a secret as label":   {options{"url": url, "preset": "pagerduty", "routing-key": "x", "severity": "s3cret"}, `option "severity": (hidden): must be one of`},
		"no severity":         {options{"url": url, "preset": "slack", "severity": "error"}, `option "severity": must only be set if preset is pagerduty`},
		"no severity label":   {options{"url": url, "severity-label": "x"}, `option "severity-label": must only be set if preset is pagerduty`},
		"an empty header":     {options{"url": url, "headers": options{"X": options{}}}, `option "headers.X": must have exactly one of value, env and file`},
		"a directory":         {options{"url": options{"file": dir}}, `option "url": its file ` + dir + ` cannot be read: must be a file, not a directory`},
		"a relative file":     {options{"url": options{"file": "s3cret"}}, `option "url": its file ` + wd + `/(hidden) cannot be read, by a path relative to ` + wd + `: no such file or directory`},
		"two passwords":       {options{"url": "https://u:s3cret@h.example", "headers": options{"authorization": "s3cret"}}, `option "headers.Authorization": must not be set if the URL has a user: remove one of them`},
		"a header name":       {options{"url": url, "headers": options{"X: s3cret": "s3cret"}}, `option "headers": its keys must be names such as X-Token (the wrong one is hidden)`},
		"a type as header":    {options{"url": url, "headers": options{"content-type": "s3cret"}}, `option "headers.content-type": must be given as option content-type`},
		"the header Host":     {options{"url": url, "headers": options{"host": "s3cret"}}, `option "headers.host": cannot be set: it follows from the request`},
		"a header value":      {options{"url": url, "headers": options{"X": "s3cret\r\nY: 1"}}, `option "headers.X": must not have control characters (the value is hidden)`},
		"no routing key":      {options{"preset": "pagerduty"}, `option "routing-key": must be set if preset is pagerduty, and only then`},
		"a routing key":       {options{"url": url, "routing-key": "s3cret"}, `option "routing-key": must be set if preset is pagerduty, and only then`},
		"a severity":          {options{"preset": "pagerduty", "routing-key": "x", "severity": "fatal"}, `option "severity": "fatal": must be one of critical, error, warning, info`},
		"no values":           {options{"url": url, "when": options{"type": []any{}}}, `option "when": label "type": must have at least one value, or "*" for any`},
		"all labels":          {options{"url": url, "when": options{"*": "USER"}}, `option "when": label "*": must be the key of a label`},
		"no fingerprint":      {options{"url": url, "fingerprint-label": "*"}, `option "fingerprint-label": label "*": must be the key of a label`},
		"a veto":              {options{"url": url, "notified-label": "JOB_CANNOT_RESTART"}, `option "notified-label": label "JOB_CANNOT_RESTART": "sent": must be "true" or "false"`},
		"a label of nothing":  {options{"url": url, "notified-label": "*"}, `option "notified-label": label "*": must be the key of a label`},
		"a variable":          {options{"url": url, "headers": options{"X": "Bearer ${CHAT_TOKEN}"}}, `option "headers.X": must not have a variable such as ${NAME}; ${CHAT_TOKEN} is not expanded: give the value, or {env: CHAT_TOKEN}`},
		"one in a URL":        {options{"url": url + "/${TOKEN}"}, `option "url": must not have a variable such as ${NAME}; ${TOKEN} is not expanded`},
		"a pattern":           {options{"url": url, "unless": options{"type": "*a.B", "team": "data-*"}}, `option "unless": label "team": "data-*": must be a value, and no pattern; "*" is any`},
		"nothing is sent":     {options{"url": url, "when": options{"type": "A,B", "x": "*"}, "unless": options{"Type": "B,A,C", "X": "y"}}, `option "unless": label "Type": excludes all that when requires, so that nothing is sent`},
		"too many keys":       {options{"url": url, "dedup-keys": 1<<20 + 1}, `option "dedup-keys": 1048577: must be 1 to 1048576`},
		"too many retries":    {options{"url": url, "retries": 11}, `option "retries": 11: must be at most 10`},
		"a rate too high":     {options{"url": url, "rate-limit": 60001}, `option "rate-limit": 60001: must be at most 60000`},
		"a burst too low":     {options{"url": url, "rate-burst": -1}, `option "rate-burst": -1: must be 1 to 60000`},
		"a negative timeout":  {options{"url": url, "timeout": "-1s"}, `option "timeout": -1s: must be 1ms to 1h0m0s`},
		"a long delay":        {options{"url": url, "retry-delay": "1m"}, `option "retry-delay": 1m0s: must be 1ms to 5s`},
		"a text too long":     {options{"url": url, "max-text": 1 << 20}, `option "max-text": 1048576: must be 16 to 65536`},
		"a proxy":             {options{"url": url, "proxy": "http://u:s3cret@p.example"}, `option "proxy": needs allow-private: the addresses that a proxy connects to cannot be checked`},
		"a proxy's URL":       {options{"url": url, "allow-private": true, "proxy": "s3cret"}, `option "proxy": must be an absolute URL with the scheme http or https or socks5 (the value is hidden)`},
		"code only":           {options{"url": url, "redact": "x"}, `option "redact": unknown`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.options)
			require.ErrorContains(t, err, `enricher "webhook/a": `+tt.want)
			assert.NotContains(t, err.Error(), "s3cret")
			assert.Equal(t, 1, strings.Count(err.Error(), "enricher "), "one error for one mistake: %v", err)
		})
	}
}

func TestOptionsThatAreWrongAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := webhook.New(webhook.Options{Method: "GET", Retries: 99})
	require.EqualError(t, err, `option "method": "GET": must be one of POST, PUT, PATCH
option "retries": 99: must be at most 10
option "url": must be set: an absolute URL with the scheme http or https, {env: NAME} or {file: PATH}`)
}

func TestOptionsThatNameALabelThatNothingSetsAreAWarning(t *testing.T) {
	t.Parallel()
	type options = map[string]any
	body := func(body string) options { return options{"url": url, "content-type": "text/plain", "body": body} }
	for name, tt := range map[string]struct {
		options options
		want    string // the keys, sorted
	}{
		"a fingerprint":        {options{"url": url, "fingerprint-label": "fingerprnt"}, "fingerprnt"},
		"its default":          {options{"url": url}, ""},
		"a severity":           {options{"preset": "pagerduty", "routing-key": "x", "severity-label": "sev"}, "sev"},
		"fields":               {body(`{{.Labels.a}} {{$.Labels.b}} {{json .Labels.c}} {{(.Labels).d}} {{.Labels.type}} {{.Error}} {{.Attributes.x}}`), "a b c d"},
		"conditions":           {body(`{{if .Labels.a}}{{else if eq .Labels.b "x"}}{{else}}{{.Labels.c | json}}{{end}}{{range .Labels}}{{.}}{{end}}{{with .Labels.d}}{{.}}{{end}}`), "a b c d"},
		"by index":             {body(`{{index .Labels "a b"}} {{printf "%s" (index $.Labels "c")}} {{index .Attributes "x"}}`), "a b c"},
		"other text":           {body(`.Labels.a {{.Error}}`), ""},
		"in another template":  {body(`{{define "t"}}{{.Labels.a}}{{end}}{{template "t" .}}{{block "u" .}}{{.Labels.b}}{{end}}`), "a b"},
		"a loop over them all": {body(`{{range $k, $v := .Labels}}{{$k}}={{$v}}{{end}}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := load(t, tt.options, enricher.WithEnricher("type", enricher.Func([]string{"type"},
				func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return nil, nil })))
			require.NoError(t, err)
			var keys []string
			for _, w := range e.Warnings() {
				key, ok := strings.CutPrefix(w.Error(), `enricher "webhook/a": it reads the label "`)
				require.True(t, ok, w)
				keys = append(keys, strings.SplitN(key, `"`, 2)[0])
			}
			assert.Equal(t, tt.want, strings.Join(keys, " "))
		})
	}
}

func TestOptionsOfTheRequestAreSentEachTime(t *testing.T) {
	t.Setenv("WEBHOOK_KEY", " abc\n")
	synctest.Test(t, func(t *testing.T) {
		s := newServer(status(500, ""), redirect(307, "/b"), status(200, ""))
		require.NoError(t, send(t, newWebhook(t, s, webhook.Options{
			URL:         webhook.Secret{Value: "https://user:pass@hooks.example/a?b=c#d"},
			Headers:     map[string]webhook.Secret{"x-key": {Env: "WEBHOOK_KEY"}, "User-Agent": {Value: "me"}},
			Method:      "PATCH",
			ContentType: "application/vnd.example+json",
		}), errJob, nil))
		require.Len(t, s.all(), 3)
		for i, r := range s.all() {
			assert.Equal(t, "https://hooks.example/"+[]string{"a?b=c#d", "a?b=c#d", "b"}[i], r.URL)
			assert.Equal(t, "PATCH", r.Method)
			assert.Equal(t, []string{"abc"}, r.Header["X-Key"])
			assert.Equal(t, []string{"me"}, r.Header["User-Agent"])
			assert.Equal(t, []string{"application/vnd.example+json"}, r.Header["Content-Type"])
			assert.Equal(t, []string{"Basic dXNlcjpwYXNz"}, r.Header["Authorization"])
		}
	})
}

func TestOptionTimeoutBeyondTheBudgetIsAWarning(t *testing.T) {
	t.Parallel()
	for timeout, warns := range map[string]bool{"30s": true, "1s": false, "0s": false} {
		e, err := load(t, map[string]any{"url": url, "timeout": timeout})
		require.NoError(t, err)
		if !warns {
			assert.Empty(t, e.Warnings())
			continue
		}
		require.Len(t, e.Warnings(), 1)
		assert.EqualError(t, e.Warnings()[0], `enricher "webhook/a": its option timeout is 30s, but it has at most 1s: raise failure-enrichment.timeout, or the timeout in its policy`)
	}
}
