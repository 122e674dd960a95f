package webhook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

// full is a failure of which all is known.
var full = enricher.FailureContext{
	ID: "f1", RootID: "f0", Type: enricher.FailureTypeTask,
	JobID: "j1", JobName: "orders", TaskName: "map", TaskManagerID: "tm-1", Endpoint: "worker-1:6122",
	Attempt: 3, MaxAttempts: 3, Time: time.Date(2026, 3, 1, 13, 0, 0, 5e8, time.FixedZone("CET", 3600)),
	Attributes: map[string]string{"region": "eu"},
	Labels:     enricher.Labels{"type": "SYSTEM", "owner": "R&D"},
}

// posted returns what is posted of a failure.
func posted(t testing.TB, opts webhook.Options, cause error, fc enricher.FailureContext) string {
	t.Helper()
	s := newServer()
	_, err := newWebhook(t, s, opts).ProcessFailure(t.Context(), cause, fc)
	require.NoError(t, err)
	require.Len(t, s.all(), 1)
	return s.all()[0].Body
}

// postedMessage returns the message that is posted of a failure.
func postedMessage(t testing.TB, opts webhook.Options, cause error, fc enricher.FailureContext) (m webhook.Message) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(posted(t, opts, cause, fc)), &m))
	return m
}

type customError struct{ text string }

func (e *customError) Error() string { return e.text }

func TestPresetJSON(t *testing.T) {
	t.Parallel()
	cause := fmt.Errorf("reading: %w", &customError{"lost"})
	assert.Equal(t, `{"id":"f1","rootId":"f0","type":"TASK","jobId":"j1","jobName":"orders","taskName":"map",`+
		`"taskManagerId":"tm-1","endpoint":"worker-1:6122","attempt":3,"maxAttempts":3,"final":true,"time":"2026-03-01T12:00:00.5Z",`+
		`"error":"reading: lost","errorType":"*webhook_test.customError","labels":{"owner":"R&D","type":"SYSTEM"},"attributes":{"region":"eu"}}`,
		posted(t, webhook.Options{}, cause, full))

	assert.Equal(t, `{"final":false,"error":"the job has failed","errorType":"*errors.errorString","labels":{}}`,
		posted(t, webhook.Options{}, errJob, enricher.FailureContext{}))
}

func TestMessageHasATimeThatJSONCanHave(t *testing.T) {
	t.Parallel()
	fc := enricher.FailureContext{Time: time.Unix(time.Now().UnixMilli(), 0)} // milliseconds for seconds
	assert.WithinDuration(t, time.Now(), postedMessage(t, webhook.Options{}, errJob, fc).Time, time.Minute)
	fc.Time = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)
	assert.WithinDuration(t, time.Now(), postedMessage(t, webhook.Options{Body: `{"time": {{json .Time}}}`}, errJob, fc).Time, time.Minute)
	fc.Time = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	assert.Equal(t, fc.Time, postedMessage(t, webhook.Options{}, errJob, fc).Time)
}

func TestPresetSlack(t *testing.T) {
	t.Parallel()
	opts := webhook.Options{Preset: webhook.PresetSlack}
	assert.Equal(t, `{"text":"job orders, task map failed (attempt 3 of 3): &lt;!channel&gt; lost",`+
		`"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*job orders, task map failed (attempt 3 of 3)*\n`+"```"+`\n&lt;!channel&gt; lost\nhere ''' &amp; there\n`+"```"+`"}},`+
		`{"type":"context","elements":[{"type":"mrkdwn","text":"owner=R&amp;D, type=SYSTEM"}]}]}`,
		posted(t, opts, errors.New("<!channel> lost\nhere ``` & there\n"), full))
	assert.Equal(t, `{"text":"a job failed","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*a job failed*"}}]}`,
		posted(t, opts, errors.New(""), enricher.FailureContext{}))
}

func TestPresetPagerDuty(t *testing.T) {
	t.Parallel()
	opts := webhook.Options{Preset: webhook.PresetPagerDuty, RoutingKey: webhook.Secret{Value: "R0123456789"}}
	const details = `{"id":"f1","rootId":"f0","type":"TASK","jobId":"j1","jobName":"orders","taskName":"map","taskManagerId":"tm-1",` +
		`"endpoint":"worker-1:6122","attempt":3,"maxAttempts":3,"final":true,"time":"2026-03-01T12:00:00.5Z",` +
		`"error":"lost\nfor good","errorType":"*errors.errorString","labels":{"owner":"R&D","type":"SYSTEM"},"attributes":{"region":"eu"}}`
	assert.Equal(t, `{"routing_key":"R0123456789","event_action":"trigger","dedup_key":"j1","payload":{`+
		`"summary":"job orders, task map failed (attempt 3 of 3): lost","source":"worker-1:6122","severity":"error",`+
		`"timestamp":"2026-03-01T12:00:00.5Z","component":"orders","class":"*errors.errorString","custom_details":`+details+`}}`,
		posted(t, opts, errors.New("lost\nfor good"), full))
}

func TestPresetPagerDutyAlert(t *testing.T) {
	t.Parallel()
	many := enricher.Labels{"zz-fingerprint": "abc", "severity": "warning"}
	for i := range 1000 {
		many[fmt.Sprintf("a%04d", i)] = "x"
	}
	tests := map[string]struct {
		fc            enricher.FailureContext
		key, severity string
	}{
		"nothing":           {enricher.FailureContext{}, "", "info"},
		"a job":             {enricher.FailureContext{JobID: "j"}, "j", "info"},
		"a fingerprint":     {enricher.FailureContext{JobID: "j", Labels: enricher.Labels{"zz-fingerprint": "f"}}, "f", "info"},
		"among many labels": {enricher.FailureContext{Labels: many}, "abc", "warning"},
		"an unknown one":    {enricher.FailureContext{Labels: enricher.Labels{"severity": "fatal"}}, "", "info"},
		"a long key":        {enricher.FailureContext{JobID: strings.Repeat("j", 256)}, strings.Repeat("j", 255), "info"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := webhook.Options{
				Preset: webhook.PresetPagerDuty, RoutingKey: webhook.Secret{Value: "R0123456789"},
				FingerprintLabel: "zz-fingerprint", Severity: "info",
			}
			var event struct {
				Key     string `json:"dedup_key"`
				Payload struct{ Severity, Source string }
			}
			require.NoError(t, json.Unmarshal([]byte(posted(t, opts, errJob, tt.fc)), &event))
			assert.Equal(t, tt.key, event.Key)
			assert.Equal(t, tt.severity, event.Payload.Severity)
			assert.NotEmpty(t, event.Payload.Source)
		})
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	opts := webhook.Options{Body: `{"content": {{json (printf "%s: %s" .Title .Error)}}, "owner": {{json .Labels.owner}}, "none": {{json .Labels.none}}, "unsent": {{json .Unsent}}}`}
	assert.Equal(t, `{"content": "job orders, task map failed (attempt 3 of 3): \"<lost>\"", "owner": "R&D", "none": "", "unsent": ""}`,
		posted(t, opts, errors.New(`"<lost>"`), full))
	opts = webhook.Options{Body: "{{.JobName}} failed: {{.Error}}{{.Labels.none}}", ContentType: "text/plain"}
	assert.Equal(t, "orders failed: lost", posted(t, opts, errors.New("lost"), full))
}

func TestTemplateIsRejectedIfItMayNotMakeJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"text": "{{.Error}}"}`,
		`{"owner": "{{.Labels.owner}}"}`,
		`{"owner": "{{index .Labels "the-owner"}}"}`,
		"{\"owner\": \"{{index .Attributes `the owner`}}\"}",
		`{"owner": "{{with .Labels}}{{.owner}}{{end}}"}`,
		`[{{or .Labels.count "0"}}]`,
		`{{range $key, $value := .Attributes}}"{{$key}}"{{else}}1{{end}}`,
	} {
		_, err := webhook.New(webhook.Options{URL: webhook.Secret{Value: url}, Body: body})
		assert.EqualError(t, err, `option "body": must make valid JSON of every failure: write {{json .Error}}, without quotes around it, for a text`, body)
	}
}

// The samples at load do not meet the conditions in these templates.
func TestTemplateThatMakesNoJSONIsAnErrorOfTheEnricher(t *testing.T) {
	t.Parallel()
	const body = `{"owner": "{{if eq .JobName "orders"}}{{.Labels.owner}}{{end}}"{{if eq .JobName "keys"}}{{range $k, $v := .Attributes}}, "{{$k}}": {{json $v}}{{end}}{{end}}}`
	for name, c := range map[string]struct {
		fc enricher.FailureContext
		ok bool
	}{
		"a plain text":           {enricher.FailureContext{JobName: "orders", Labels: enricher.Labels{"owner": "R&D"}}, true},
		"a quotation mark":       {enricher.FailureContext{JobName: "orders", Labels: enricher.Labels{"owner": `"`}}, false},
		"a backslash":            {enricher.FailureContext{JobName: "orders", Labels: enricher.Labels{"owner": `\`}}, false},
		"a newline":              {enricher.FailureContext{JobName: "orders", Labels: enricher.Labels{"owner": "a\nb"}}, false},
		"a member":               {enricher.FailureContext{JobName: "orders", Labels: enricher.Labels{"owner": `x", "admin": "true`}}, false},
		"a member by a key":      {enricher.FailureContext{JobName: "keys", Attributes: map[string]string{`x": 1, "y`: "z"}}, false},
		"a quote that is not in": {enricher.FailureContext{JobName: "others", Labels: enricher.Labels{"owner": `"`}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, fe := post(t, webhook.Options{Body: body})
			_, err := fe.ProcessFailure(t.Context(), errJob, c.fc)
			if c.ok {
				require.NoError(t, err)
				assert.Len(t, s.all(), 1)
				return
			}
			require.ErrorContains(t, err, "body: must make valid JSON")
			assert.Empty(t, s.all())
		})
	}
}

func TestKeysThatDifferInSpecialCharactersMakeJSON(t *testing.T) {
	t.Parallel()
	const body = `{"labels": {{json .Labels}}, "attributes": [{{range $k, $v := .Attributes}}{{json $k}}, {{json $v}}, {{end}}0]}`
	s, fe := post(t, webhook.Options{Body: body})
	_, err := fe.ProcessFailure(t.Context(), errJob, enricher.FailureContext{
		Labels:     enricher.Labels{`a"`: "1", `a\`: "2", "a\t": "3", "a\n": "4", "ax": "5"},
		Attributes: map[string]string{`b"`: "1", `b\`: "2", "b\t": "3", "b\n": "4", "bx": "5"},
	})
	require.NoError(t, err)
	assert.Equal(t, `{"labels": {"a\t":"3","a\n":"4","a\"":"1","a\\":"2","ax":"5"}, `+
		`"attributes": ["b\t", "3", "b\n", "4", "b\"", "1", "b\\", "2", "bx", "5", 0]}`, s.all()[0].Body)
}

func TestTemplateThatDoesNotEndIsRejected(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{{range 100000000000}}{{end}}`:                                               "the template takes more than 65536 steps or 5s",
		`{{if true}}{{with 1}}{{range 100000000000}}{{$x := 1}}{{end}}{{end}}{{end}}`: "the template takes more than 65536 steps or 5s",
		`{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`:                       "the template takes more than 65536 steps or 5s",
		`{{range 100000}}{{"0123456789"}}{{end}}`:                                     "has more than 262144 bytes",
		`{{$s := "x"}}{{range 40}}{{$s = printf "%s%s" $s $s}}{{end}}`:                "has more than 262144 bytes",
		`{{$s := "x"}}{{range 40}}{{$s = print $s $s}}{{end}}`:                        "has more than 262144 bytes",
		`{{$s := "<"}}{{range 40}}{{$s = html $s $s}}{{end}}`:                         "has more than 262144 bytes",
	} {
		_, err := webhook.New(webhook.Options{URL: webhook.Secret{Value: url}, Body: body, ContentType: "text/plain"})
		assert.ErrorContains(t, err, want, body)
	}
}

func TestTemplateThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	s, fe := post(t, webhook.Options{Body: `{{if eq .JobName "rare"}}{{index .Labels 1}}{{else}}1{{end}}`})
	_, err := fe.ProcessFailure(t.Context(), errJob, enricher.FailureContext{JobName: "rare"})
	require.ErrorContains(t, err, "body: template: body:1:27: executing ")
	assert.Empty(t, s.all())
	assert.Equal(t, map[string]uint64{"failed": 1}, counts(fe))
}

func TestMessageTexts(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]webhook.Message{
		"a job failed":                                 {TaskManagerID: "tm"},
		"job j1 failed: lost":                          {JobID: "j1", Error: "\nlost\nfor good"},
		"job orders failed (attempt 2)":                {JobID: "j1", JobName: "orders", Attempt: 2},
		"task map failed":                              {TaskName: "map\nreduce", MaxAttempts: 2},
		"job orders, task map failed (attempt 1 of 2)": {JobName: "orders", TaskName: "map", Attempt: 1, MaxAttempts: 2},
	} {
		assert.Equal(t, want, m.Summary())
	}
	assert.Empty(t, (&webhook.Message{}).Unsent())
	assert.Equal(t, "not sent before: 2 equal to this one, 0 over the rate limit", (&webhook.Message{HeldBack: 2}).Unsent())
	assert.Equal(t, "not sent before: 0 equal to this one, 3 over the rate limit", (&webhook.Message{RateLimited: 3}).Unsent())
}

func TestMessageIsBounded(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat(`"`, 1<<20)
	fc := enricher.FailureContext{
		ID: huge, RootID: huge, JobID: huge, JobName: huge, TaskName: huge, TaskManagerID: huge, Endpoint: huge,
		Attributes: map[string]string{}, Labels: enricher.Labels{},
	}
	for i := range 1000 {
		fc.Attributes[fmt.Sprintf("%04d%s", i, huge[:500])] = huge
		fc.Labels[fmt.Sprintf("%04d", i)] = "x"
	}
	for _, opts := range []webhook.Options{
		{Preset: "json"}, {Preset: "slack"}, {Preset: "pagerduty", RoutingKey: webhook.Secret{Value: "R0123456789"}},
	} {
		opts.MaxText = 64 << 10
		body := posted(t, opts, errors.New(huge), fc)
		assert.True(t, json.Valid([]byte(body)))
		assert.Less(t, len(body), 256<<10, opts.Preset)
	}
	m := postedMessage(t, webhook.Options{}, errors.New(huge), fc)
	assert.True(t, m.Truncated)
	assert.Len(t, m.Error, 4096)
	assert.Len(t, m.JobName, 256)
	assert.Len(t, m.Labels, 64)
	assert.Equal(t, "0063", slices.Max(slices.Collect(maps.Keys(m.Labels))))
	size := 0
	for key, value := range m.Attributes {
		assert.LessOrEqual(t, len(key), 256)
		assert.LessOrEqual(t, len(value), 1024)
		size += len(key) + len(value)
	}
	assert.LessOrEqual(t, size, 16<<10)
	assert.Greater(t, size, 14<<10)
}

func TestPresetSlackCutsBetweenEntities(t *testing.T) {
	t.Parallel()
	for limit := 16; limit < 200; limit++ {
		for _, s := range []string{"&<>", strings.Repeat("<", 500), strings.Repeat("a&", 500), strings.Repeat("ä", 500)} {
			escaped := webhook.SlackEscape(s, limit)
			require.LessOrEqual(t, len(escaped), limit)
			require.True(t, utf8.ValidString(escaped))
			rest := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(escaped)
			require.NotContains(t, rest, "&", "half an entity")
		}
	}
}

func TestRedactSeesAllTexts(t *testing.T) {
	t.Parallel()
	redact := func(s string) string { return strings.ReplaceAll(s, "s3cret", "***") }
	fc := full
	fc.JobName = "s3cret orders"
	fc.Labels = enricher.Labels{"password": "x", "note": "s3cret"}
	fc.Attributes = map[string]string{"s3cret": "s3cret"}
	for _, opts := range []webhook.Options{
		{Preset: "json"}, {Preset: "slack"}, {Preset: "pagerduty", RoutingKey: webhook.Secret{Value: "R0123456789"}},
	} {
		opts.Redact = redact
		body := posted(t, opts, errors.New("it was s3cret"), fc)
		assert.NotContains(t, body, "s3cret")
		assert.Contains(t, body, "it was ***")
		assert.Contains(t, body, "note")
	}
}

func TestRedactSeesKeysWithTheirValues(t *testing.T) {
	t.Parallel()
	opts := webhook.Options{Redact: func(s string) string {
		if strings.HasPrefix(s, "password=") {
			return "password=***"
		}
		if strings.HasPrefix(s, "odd=") {
			return "***"
		}
		return s
	}}
	fc := enricher.FailureContext{Labels: enricher.Labels{"password": "a", "odd": "b", "other": "c=d"}}
	m := postedMessage(t, opts, errJob, fc)
	assert.Equal(t, map[string]string{"password": "***", "odd": "***", "other": "c=d"}, m.Labels)
}

func TestRedactSeesMoreThanIsSent(t *testing.T) {
	t.Parallel()
	// The redactor knows a secret by its end, and shortens what comes before.
	redact := func(s string) string {
		return strings.ReplaceAll(strings.ReplaceAll(s, "<s3cret>", ""), strings.Repeat("x", 10), "")
	}
	for pad := range 40 {
		text := strings.Repeat("x", 4096+64-20+pad) + " <s3cret> and more" + strings.Repeat(" y", 1000)
		m := postedMessage(t, webhook.Options{MaxText: 64, Redact: redact}, errors.New(text), enricher.FailureContext{})
		assert.NotContains(t, m.Error, "<s3", pad)
		assert.True(t, m.Truncated, pad)
	}
}

func TestRedactThatPanicsWithholdsTheText(t *testing.T) {
	t.Parallel()
	body := posted(t, webhook.Options{Redact: func(s string) string { panic(s) }}, errors.New("s3cret"), full)
	assert.NotContains(t, body, "s3cret")
	assert.Contains(t, body, `"error":"[withheld: the redactor panicked]"`)
	body = posted(t, webhook.Options{Redact: func(s string) string { panic(s) }}, errors.New(""), enricher.FailureContext{})
	assert.NotContains(t, body, "withheld", "no text")
}
