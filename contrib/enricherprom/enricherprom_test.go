package enricherprom_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherprom"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

// newEnricher returns an Enricher with c as its observer.
func newEnricher(t testing.TB, c *enricherprom.Collector, cfg enricher.Config, opts ...enricher.Option) *enricher.Enricher {
	t.Helper()
	opts = append(opts, enricher.WithObserver(c), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Minute)
	e, err := enricher.New(cfg, opts...)
	require.NoError(t, err)
	return e
}

// byText sets each of keys to the text of the failure.
func byText(keys ...string) enricher.Option {
	return enricher.WithEnricher("text", enricher.Func(keys, func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		labels := enricher.Labels{}
		for _, key := range keys {
			labels[key] = cause.Error()
		}
		return labels, nil
	}))
}

func TestOptionsValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		labels []string
		want   string
	}{
		{nil, ""},
		{[]string{}, ""},
		{[]string{"type", "error_code", "JOB_CANNOT_RESTART", "_x", "a1"}, ""},
		{[]string{"cost.center"}, `enricherprom: Labels "cost.center": must be letters, digits and underscores, not begin with a digit, and not with two underscores`},
		{[]string{"", "1a", "__name__", "a-b", "é", "a\n"}, `Labels "a\n": must be`},
		{[]string{"type", "team", "type"}, `enricherprom: Labels "type": is there twice`},
	} {
		o := enricherprom.Options{Labels: c.labels}
		if c.want == "" {
			assert.NoError(t, o.Validate(), "%q", c.labels)
			assert.NotPanics(t, func() { enricherprom.New(o) }, "%q", c.labels)
			continue
		}
		assert.ErrorContains(t, o.Validate(), c.want)
		assert.PanicsWithValue(t, "enricherprom: New: "+o.Validate().Error(), func() { enricherprom.New(o) })
	}
}

func TestCollectorIsScraped(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	c := enricherprom.New(enricherprom.Options{})
	e := newEnricher(t, c, enricher.Config{
		Timeout:  time.Hour,
		Policies: map[string]enricher.Policy{"hangs": {Timeout: time.Millisecond}, "panics": {BreakerThreshold: 1, BreakerCooldown: time.Hour}},
	}, byText("type"),
		enricher.WithEnricher("hangs", enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			<-release
			return nil, nil
		})),
		enricher.WithEnricher("panics", enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			panic("no")
		})))
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer server.Close()

	e.Enrich(errors.New("USER"))
	e.Enrich(errors.New("USER")) // the circuit breaker of "panics" is open
	scraped := scrape(t, server.URL)
	for _, line := range []string{
		`enricher_failures_total{type="USER"} 2`,
		`enricher_calls_total{enricher="text",status="ok"} 2`,
		`enricher_calls_total{enricher="text",status="failed"} 0`,
		`enricher_calls_total{enricher="hangs",status="timed-out"} 2`,
		`enricher_calls_total{enricher="panics",status="panicked"} 1`,
		`enricher_breaker_open{enricher="text"} 0`,
		`enricher_breaker_open{enricher="panics"} 1`,
		`enricher_in_flight{enricher="hangs"} 2`,
		`enricher_abandoned{enricher="hangs"} 2`,
		`enricher_abandoned{enricher="text"} 0`,
		`enricher_refused_total{why="overloaded"} 0`,
		`enricher_refused_total{why="shutdown"} 0`,
		`enricher_duration_seconds_count{enricher="hangs"} 2`,
		`enricher_duration_seconds_count{enricher="panics"} 1`,
		`enricher_calls_total{enricher="panics",status="circuit-open"} 1`,
		`enricher_duration_seconds_bucket{enricher="hangs",le="0.0005"} 0`,
		`# TYPE enricher_failures_total counter`,
		`# TYPE enricher_duration_seconds histogram`,
		`# TYPE enricher_breaker_open gauge`,
	} {
		assert.Contains(t, scraped, line+"\n")
	}

	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	assert.Empty(t, problems, "promlint")

	close(release)
	require.NoError(t, e.Shutdown(context.Background()))
	e.Enrich(errors.New("late"))
	scraped = scrape(t, server.URL)
	assert.Contains(t, scraped, `enricher_refused_total{why="shutdown"} 1`+"\n")
	assert.NotContains(t, scraped, "late")
}

func scrape(t *testing.T, url string) string {
	res, err := http.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, string(body))
	return string(body)
}

func TestCollectorWithoutEnricher(t *testing.T) {
	t.Parallel()
	c := enricherprom.New(enricherprom.Options{})
	assert.Equal(t, 2, testutil.CollectAndCount(c), "refused, by why")
	problems, err := testutil.CollectAndLint(c)
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// failures returns the lines of enricher_failures_total.
func failures(t *testing.T, c *enricherprom.Collector) []string {
	t.Helper()
	out, err := testutil.CollectAndFormat(c, expfmt.TypeTextPlain, "enricher_failures_total")
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimPrefix(strings.TrimSpace(line), "enricher_failures_total"))
		}
	}
	return lines
}

func TestLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		labels []string
		keys   []string // that are set
		want   string
	}{
		{"type by default", nil, []string{"type", "team"}, `{type="a"} 1`},
		{"an absent one is empty", nil, nil, `{type=""} 1`},
		{"chosen ones", []string{"team", "retry"}, []string{"type", "team"}, `{retry="",team="a"} 1`},
		{"none", []string{}, []string{"type"}, ` 1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			collector := enricherprom.New(enricherprom.Options{Labels: c.labels})
			newEnricher(t, collector, enricher.Config{}, byText(c.keys...)).Enrich(errors.New("a"))
			assert.Equal(t, []string{c.want}, failures(t, collector))
		})
	}
}

// A misspelt key would be an empty label for ever.
func TestLabelsThatNothingSetsAreLogged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		labels []string
		opts   []enricher.Option
		want   string
	}{
		{
			[]string{"tpye", "team"},
			[]enricher.Option{byText("type", "team")},
			`level=WARN msg="No enricher sets a label of enricher_failures_total" label=tpye set="[type team]"` + "\n",
		},
		{
			nil,
			[]enricher.Option{byText("team")},
			`level=WARN msg="No enricher sets a label of enricher_failures_total" label=type set=[team]` + "\n",
		},
		{nil, []enricher.Option{byText("type")}, ""},
		{[]string{"tpye"}, nil, ""}, // there are no labels at all
	} {
		var log bytes.Buffer
		collector := enricherprom.New(enricherprom.Options{Labels: c.labels, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		newEnricher(t, collector, enricher.Config{}, c.opts...)
		_, line, _ := strings.Cut(log.String(), " ") // the time
		assert.Equal(t, c.want, line)
	}
}

// A describer has described two values of its label.
type describer struct{ enricher.FailureEnricher }

func (describer) DescribeLabels() []enricher.LabelDescription {
	return []enricher.LabelDescription{{Key: "team", Values: []string{"shop", "web", "\xff"}}, {Key: "other"}}
}

func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	c := enricherprom.New(enricherprom.Options{Labels: []string{"team"}})
	e := newEnricher(t, c, enricher.Config{}, enricher.WithEnricher("text", describer{enricher.Func([]string{"team"},
		func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"team": cause.Error()}, nil
		})}))
	assert.Equal(t, []string{`{team="shop"} 0`, `{team="web"} 0`}, failures(t, c), "described ones begin at 0")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i := range 150 {
				e.Enrich(fmt.Errorf("team %d", i))
			}
		})
	}
	wait.Wait()
	for _, described := range []string{"shop", "web", ""} {
		e.Enrich(errors.New(described))
	}
	lines := failures(t, c)
	assert.Len(t, lines, 100+1+3, "100, _OTHER, the described ones, the empty one")
	for _, line := range []string{`{team="_OTHER"} 200`, `{team="shop"} 1`, `{team="web"} 1`, `{team=""} 1`} {
		assert.Contains(t, lines, line)
	}

	newEnricher(t, c, enricher.Config{}, byText("team")).Enrich(errors.New("others"))
	assert.Contains(t, failures(t, c), `{team="_OTHER"} 201`, "the bound is that of all Enrichers")
	e.Enrich(errors.New("shop"))
	assert.Contains(t, failures(t, c), `{team="shop"} 2`, "its Enricher has described it, though not the latest")
}

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-marker"
	c := enricherprom.New(enricherprom.Options{Labels: []string{"type", "password", "note"}})
	cause := errors.New("password=" + secret)
	newEnricher(t, c, enricher.Config{}, byText("type", "password", "note", "other")).EnrichContext(context.Background(), cause, enricher.FailureContext{
		ID: secret, RootID: secret, JobID: secret, JobName: secret, TaskName: secret, TaskManagerID: secret, Endpoint: secret,
		Attributes: map[string]string{secret: secret},
	})
	out, err := testutil.CollectAndFormat(c, expfmt.TypeTextPlain)
	require.NoError(t, err)
	assert.NotContains(t, string(out), secret)
	assert.Equal(t, []string{`{note="password=***",password="***",type="password=***"} 1`}, failures(t, c))
}

type panics struct{}

func (panics) Error() string   { panic("Error") }
func (panics) Unwrap() []error { panic("Unwrap") }

type slice []string // cannot be compared

func (slice) Error() string { return "slice" }

type cycle struct{}

func (c *cycle) Error() string { return "cycle" }
func (c *cycle) Unwrap() error { return c }

type hangs struct{}

func (hangs) Error() string { select {} }

func TestHostileErrorsAreCounted(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := enricherprom.New(enricherprom.Options{})
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithObserver(c), enricher.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	for _, cause := range []error{panics{}, slice{"a"}, &cycle{}, (*cycle)(nil), hangs{}} {
		e.Enrich(cause)
	}
	assert.Equal(t, []string{`{type=""} 5`}, failures(t, c))
	assert.NotContains(t, log.String(), "panicked")
}
