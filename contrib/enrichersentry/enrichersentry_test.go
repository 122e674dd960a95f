package enrichersentry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getsentry/sentry-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersentry"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/wire"
)

// transport keeps events.
type transport struct {
	sentry.MockTransport
	flushed bool
}

func (t *transport) Flush(time.Duration) bool              { t.flushed = true; return true }
func (t *transport) FlushWithContext(context.Context) bool { t.flushed = true; return true }

// newHub returns a hub and what it has sent.
func newHub(t *testing.T) (*sentry.Hub, *transport) {
	t.Helper()
	sent := &transport{}
	client, err := sentry.NewClient(sentry.ClientOptions{Transport: sent, Release: "test"})
	require.NoError(t, err)
	return sentry.NewHub(client, sentry.NewScope()), sent
}

// newEnricher returns one that sets labels, besides those of the enrichers with names.
func newEnricher(t *testing.T, labels enricher.Labels, names []string, opts ...enricher.Option) *enricher.Enricher {
	t.Helper()
	fixed := enricher.Func(labels.Keys(), func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return labels, nil })
	opts = append(opts, enricher.WithEnricher("fixed", fixed), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	e, err := enricher.New(enricher.Config{FailureEnrichers: names, Timeout: time.Minute}, opts...)
	require.NoError(t, err)
	return e
}

// observe returns the events of one failure with labels.
// An aggregate joins errors as those of Kubernetes do.
type aggregate []error

func (aggregate) Error() string     { return "several" }
func (a aggregate) Errors() []error { return a }

// A multi joins errors as those of go-multierror do.
type multi []error

func (multi) Error() string            { return "several" }
func (multi) Unwrap() error            { return errors.New("only the next one") }
func (m multi) WrappedErrors() []error { return m }

func observe(t *testing.T, cause error, labels enricher.Labels, o enrichersentry.Options) []*sentry.Event {
	t.Helper()
	hub, sent := newHub(t)
	o.Hub = hub
	newEnricher(t, labels, nil, enricher.WithObserver(enrichersentry.New(o))).Enrich(cause)
	assert.False(t, sent.flushed)
	return sent.Events()
}

type kinds []string // of exceptions, the outermost first: type and text

func kindsOf(e *sentry.Event) (all kinds) {
	for i := len(e.Exception) - 1; i >= 0; i-- {
		all = append(all, e.Exception[i].Type+": "+e.Exception[i].Value)
	}
	return all
}

func TestObserverSendsAnEvent(t *testing.T) {
	t.Parallel()
	hub, sent := newHub(t)
	e := newEnricher(t, enricher.Labels{"cost.center": "7"}, []string{"type", "error", "fingerprint"},
		enricher.WithObserver(enrichersentry.New(enrichersentry.Options{Hub: hub})))
	failedAt := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	res := e.EnrichContext(ctx, fmt.Errorf("load: %w", &dialError{syscall.ECONNREFUSED}), enricher.FailureContext{
		ID: "f", RootID: "r", Type: enricher.FailureTypeTask, JobID: "1", JobName: "import", TaskName: "map", TaskManagerID: "w", Endpoint: "h:1",
		Attempt: 3, MaxAttempts: 3, Time: failedAt, Attributes: map[string]string{"queue": "q"},
	})

	require.Len(t, sent.Events(), 1)
	event := sent.Events()[0]
	assert.Equal(t, map[string]string(res.Labels), event.Tags)
	assert.Equal(t, "DEPENDENCY", event.Tags["type"])
	assert.Equal(t, []string{res.Labels["fingerprint"]}, event.Fingerprint)
	assert.NotEmpty(t, event.Fingerprint[0])
	assert.Equal(t, sentry.LevelError, event.Level)
	assert.Equal(t, failedAt, event.Timestamp)
	assert.Equal(t, "import", event.Transaction)
	assert.Equal(t, kinds{
		res.Labels["error_type"] + ": load: dial: connection refused", "*enrichersentry_test.dialError: dial: connection refused", "syscall.Errno: connection refused",
	}, kindsOf(event))
	assert.Nil(t, event.Exception[2].Stacktrace, "not the stack of the observer")
	assert.Equal(t, sentry.Context{
		"id": "f", "root_id": "r", "failure_type": "TASK", "job_id": "1", "job_name": "import", "task_name": "map", "task_manager_id": "w", "endpoint": "h:1",
		"attempt": 3, "max_attempts": 3, "final": true, "attributes": map[string]string{"queue": "q"}, "labels": map[string]string(res.Labels),
	}, event.Contexts["failure"])
}

type dialError struct{ cause error }

func (d *dialError) Error() string { return "dial: " + d.cause.Error() }
func (d *dialError) Unwrap() error { return d.cause }

// stacked knows its frames, as those of github.com/pkg/errors do.
type stacked struct {
	error
	frames []uintptr
}

func (s stacked) StackTrace() []uintptr { return s.frames }
func (s stacked) Unwrap() error         { return s.error }

func newStacked(err error) error {
	pcs := make([]uintptr, 1)
	return stacked{err, pcs[:runtime.Callers(1, pcs)]}
}

func TestObserverExceptions(t *testing.T) {
	t.Parallel()
	res := enricher.Result{Labels: enricher.Labels{"a": "b"}}
	decoded, err := wire.Decode(wire.Encode(fmt.Errorf("a: %w", &dialError{io.EOF}), enricher.FailureContext{}))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		cause error
		label string // error_type
		want  kinds
	}{
		"one":                   {cause: io.EOF, want: kinds{"*errors.errorString: EOF"}},
		"the label":             {cause: &dialError{io.EOF}, label: "Dial", want: kinds{"Dial: dial: EOF", "*errors.errorString: EOF"}},
		"wrapped":               {cause: fmt.Errorf("a: %w", &dialError{io.EOF}), want: kinds{"*enrichersentry_test.dialError: a: dial: EOF", "*enrichersentry_test.dialError: dial: EOF", "*errors.errorString: EOF"}},
		"with its Result":       {cause: enricher.WithResult(io.EOF, res), want: kinds{"*errors.errorString: EOF"}},
		"nothing new":           {cause: fmt.Errorf("%w", fmt.Errorf("%w", io.EOF)), want: kinds{"*fmt.wrapError: EOF"}},
		"frames of its own":     {cause: fmt.Errorf("%w", newStacked(io.EOF)), want: kinds{"enrichersentry_test.stacked: EOF", "enrichersentry_test.stacked: EOF"}},
		"joined":                {cause: errors.Join(io.EOF, &dialError{io.EOF}), want: kinds{"*errors.joinError: EOF\ndial: EOF", "*errors.errorString: EOF", "*enrichersentry_test.dialError: dial: EOF", "*errors.errorString: EOF"}},
		"decoded":               {cause: decoded.Cause(), want: kinds{"*enrichersentry_test.dialError: a: dial: EOF", "*enrichersentry_test.dialError: dial: EOF", "*errors.errorString: EOF"}},
		"joined before Go 1.20": {cause: aggregate{io.EOF, multi{&dialError{io.EOF}}}, want: kinds{"enrichersentry_test.aggregate: several", "*errors.errorString: EOF", "enrichersentry_test.multi: several", "*enrichersentry_test.dialError: dial: EOF", "*errors.errorString: EOF"}},
		"many":                  {cause: errors.Join(numbered(1000)...), want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			labels := enricher.Labels{}
			if c.label != "" {
				labels["error_type"] = c.label
			}
			events := observe(t, c.cause, labels, enrichersentry.Options{})
			require.Len(t, events, 1)
			if c.want == nil {
				assert.Len(t, events[0].Exception, 50)
				return
			}
			assert.Equal(t, c.want, kindsOf(events[0]))
		})
	}
}

func numbered(n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = fmt.Errorf("error %d", i)
	}
	return errs
}

// Sentry shows a tree by the IDs of the exceptions and those of their parents.
func TestObserverExceptionsAreATree(t *testing.T) {
	t.Parallel()
	event := observe(t, &dialError{errors.Join(io.EOF, io.ErrNoProgress)}, nil, enrichersentry.Options{})[0]
	var got []string
	for _, x := range event.Exception {
		parent := -1
		if x.Mechanism.ParentID != nil {
			parent = *x.Mechanism.ParentID
		}
		got = append(got, fmt.Sprintf("%d<%d %s %s %t", x.Mechanism.ExceptionID, parent, x.Mechanism.Type, x.Mechanism.Source, x.Mechanism.IsExceptionGroup))
	}
	assert.Equal(t, []string{"3<1 chained errors[1] false", "2<1 chained errors[0] false", "1<0 chained unwrap true", "0<-1 generic  false"}, got)
}

func explode(m map[string]int) { m["x"]++ }

func TestObserverSendsTheFramesOfAPanic(t *testing.T) {
	t.Parallel()
	hub, sent := newHub(t)
	e := newEnricher(t, nil, []string{"error"}, enricher.WithObserver(enrichersentry.New(enrichersentry.Options{Hub: hub})))
	judge := func(cause error) jobs.Verdict {
		jobs.Judge(t.Context(), e, jobs.Options{}, fmt.Errorf("job: %w", cause), enricher.FailureContext{Attempt: 1})
		return jobs.Verdict{Terminal: true}
	}
	_ = jobs.Run(func() error { explode(nil); return nil }, judge)
	_ = judge(enricher.NewPanicError("boom", []byte("goroutine 1 [running]:\nshop.Buy()")))

	require.Len(t, sent.Events(), 2)
	event := sent.Events()[0]
	assert.Equal(t, sentry.LevelError, event.Level, "never fatal")
	require.Len(t, event.Exception, 3)
	require.NotNil(t, event.Exception[1].Stacktrace)
	frames := event.Exception[1].Stacktrace.Frames
	last := frames[len(frames)-1]
	assert.Equal(t, "explode", last.Function)
	assert.True(t, strings.HasSuffix(last.AbsPath, "enrichersentry_test.go"), last.AbsPath)
	assert.Equal(t, "github.com/failure-enrichers/enricher/contrib/enrichersentry_test", last.Module)
	for _, f := range frames {
		assert.NotEqual(t, "runtime", f.Module)
	}
	assert.Nil(t, sent.Events()[1].Exception[0].Stacktrace)
	assert.Contains(t, sent.Events()[1].Contexts["failure"]["stack"], "shop.Buy()")
}

// With the SDK's own transport, and a server that does not answer.
func TestObserverDoesNotWaitForTheNetwork(t *testing.T) {
	t.Parallel()
	release, bodies := make(chan struct{}), make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-release
		body, _ := io.ReadAll(r.Body)
		select {
		case bodies <- string(body):
		default: // the first is enough
		}
	}))
	defer server.Close()
	client, err := sentry.NewClient(sentry.ClientOptions{Dsn: strings.Replace(server.URL, "://", "://key@", 1) + "/1", Release: "test"})
	require.NoError(t, err)
	defer client.Close()
	o := enrichersentry.New(enrichersentry.Options{Hub: sentry.NewHub(client, sentry.NewScope())})
	e := newEnricher(t, enricher.Labels{"team": "shop"}, nil, enricher.WithObserver(o))
	for i := range 200 { // more than the buffers of the SDK hold
		e.EnrichContext(t.Context(), io.EOF, enricher.FailureContext{Attempt: i + 1, Attributes: map[string]string{"queue": "q"}})
	}
	close(release)
	body := <-bodies
	for _, part := range []string{`"tags":{"team":"shop"}`, `"attributes":{"queue":"q"}`, `"attempt":1`, `"type":"*errors.errorString","value":"EOF"`} {
		assert.Contains(t, body, part)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 300)
	for _, c := range []struct{ key, value, want string }{
		{"cost.center_1:a-B", "7", "7"},
		{strings.Repeat("k", 32), "7", "7"},
		{strings.Repeat("k", 33), "7", ""},
		{"app/name", "7", ""},
		{"a key", "7", ""},
		{"schlüssel", "7", ""},
		{"release", "7", ""},
		{"environment", "7", ""},
		{"a", "one\ntwo\tthree\u2028four\n", "one two three four"},
		{"a", long, long[:400]},
		{"a", "", ""},
		{"a", "\n \n", ""},
	} {
		var log bytes.Buffer
		hub, sent := newHub(t)
		o := enrichersentry.New(enrichersentry.Options{Hub: hub, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		e := newEnricher(t, enricher.Labels{c.key: c.value}, nil, enricher.WithObserver(o))
		e.Enrich(io.EOF)
		e.Enrich(io.EOF)
		require.Len(t, sent.Events(), 2)
		tag, ok := sent.Events()[0].Tags[c.key]
		assert.Equal(t, c.want, tag, c.key)
		assert.Equal(t, c.want != "", ok, c.key)
		assert.Equal(t, map[string]string{c.key: c.value}, sent.Events()[0].Contexts["failure"]["labels"])
		lines := 0
		if c.want == "" && c.key != "a" {
			lines = 1
		}
		assert.Equal(t, lines, strings.Count(log.String(), "level=WARN"), log.String())
	}
}

func TestObserverLevel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expected string
		send     bool
		want     []sentry.Level
	}{
		{"false", false, []sentry.Level{sentry.LevelError}},
		{"true", false, nil},
		{"true", true, []sentry.Level{sentry.LevelInfo}},
	} {
		var got []sentry.Level
		for _, event := range observe(t, io.EOF, enricher.Labels{"expected": c.expected}, enrichersentry.Options{Expected: c.send}) {
			got = append(got, event.Level)
		}
		assert.Equal(t, c.want, got, c)
	}
}

// Not parallel: it changes the current hub.
func TestObserverChoosesTheHub(t *testing.T) {
	current, ofCurrent := newHub(t)
	option, ofOption := newHub(t)
	job, ofJob := newHub(t)
	old := sentry.CurrentHub().Client()
	t.Cleanup(func() { sentry.CurrentHub().BindClient(old) })
	ctx := sentry.SetHubOnContext(t.Context(), job)
	late := newEnricher(t, nil, nil, enricher.WithObserver(enrichersentry.New(enrichersentry.Options{})))
	late.Enrich(io.EOF) // no client yet
	sentry.CurrentHub().BindClient(current.Client())
	late.Enrich(io.EOF)
	assert.Len(t, ofCurrent.Events(), 1)
	e := newEnricher(t, nil, nil, enricher.WithObserver(enrichersentry.New(enrichersentry.Options{Hub: option})))
	e.Enrich(io.EOF)
	assert.Len(t, ofOption.Events(), 1)
	e.EnrichContext(ctx, io.EOF, enricher.FailureContext{})
	require.Len(t, ofJob.Events(), 1)
	assert.Equal(t, ofJob.Events()[0].EventID, job.LastEventID())
	assert.Len(t, append(ofCurrent.Events(), ofOption.Events()...), 2)
}

func TestScopeComesFirst(t *testing.T) {
	t.Parallel()
	hub, sent := newHub(t)
	hub.Scope().SetTag("team", "of the scope")
	hub.Scope().SetFingerprint([]string{"of the scope"})
	e := newEnricher(t, enricher.Labels{"team": "shop", "a": "b"}, nil, enricher.WithObserver(enrichersentry.New(enrichersentry.Options{Hub: hub})))
	e.Enrich(io.EOF)
	assert.Equal(t, map[string]string{"team": "of the scope", "a": "b"}, sent.Events()[0].Tags)
	assert.Equal(t, []string{"of the scope"}, sent.Events()[0].Fingerprint)
}

type named string

func (n named) Error() string     { return "failed" }
func (n named) ErrorType() string { return string(n) }

func TestObserverTypeOfADecodedError(t *testing.T) {
	t.Parallel()
	decoded, err := wire.Decode(wire.Encode(fmt.Errorf("load: %w", named("StockError")), enricher.FailureContext{}))
	require.NoError(t, err)
	events := observe(t, decoded.Cause(), nil, enrichersentry.Options{})
	assert.Equal(t, "StockError", events[0].Exception[0].Type)
}

func TestSecretsReachNoEvent(t *testing.T) {
	t.Parallel()
	const marker = "hunter2hunter2"
	secret := "password=" + marker
	var log bytes.Buffer
	hub, sent := newHub(t)
	options := enrichersentry.Options{Hub: hub, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	labels := enricher.Labels{"a": secret, secret: "b", "api_token": marker, "fingerprint": secret, "error_type": secret}
	plain := enricher.Labels{"a": secret}
	fc := enricher.FailureContext{
		ID: secret, RootID: secret, JobID: secret, JobName: secret, TaskName: secret, TaskManagerID: secret, Endpoint: secret,
		Attributes: map[string]string{"a": secret, secret: "b", "db_password": marker},
	}
	causes := []error{
		errors.New(secret),
		fmt.Errorf("%s: %w", secret, errors.Join(errors.New(secret), named(secret))),
		fmt.Errorf("invalid token: %w", errors.New(marker)),
		enricher.NewPanicError(secret, []byte("main.run("+secret+")")),
		enricher.Recovered(secret),
		errors.New(strings.Repeat("x", 8<<10-12) + " " + secret),
	}
	for _, labels := range []enricher.Labels{labels, plain} {
		e := newEnricher(t, labels, nil, enricher.WithObserver(enrichersentry.New(options)))
		for _, cause := range causes {
			e.EnrichContext(t.Context(), cause, fc)
		}
	}
	other, sentByOthers := newHub(t)
	other.Client().AddEventProcessor(enrichersentry.EventProcessor(newEnricher(t, labels, nil), options))
	other.CaptureException(io.EOF)

	require.Len(t, sent.Events(), 2*len(causes))
	for _, event := range append(sent.Events(), sentByOthers.Events()...) {
		text, err := json.Marshal(event)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "hunter2")
	}
	assert.NotContains(t, log.String(), "hunter2")
	assert.Contains(t, log.String(), "level=WARN")
	assert.Equal(t, "***", sentByOthers.Events()[0].Tags["api_token"])
}

type panics struct{}

func (panics) Error() string         { panic("Error") }
func (panics) ErrorType() string     { panic("ErrorType") }
func (panics) Unwrap() []error       { panic("Unwrap") }
func (panics) StackTrace() []uintptr { panic("StackTrace") }

type exits struct{ error }

func (exits) ErrorType() string { runtime.Goexit(); return "" }

type cycle struct{ _ int }

func (c *cycle) Error() string   { return "cycle" }
func (c *cycle) Unwrap() []error { return []error{c, c} }

type hangs struct{ release chan struct{} }

func (h hangs) Error() string { <-h.release; return "released" }

func TestHostileErrors(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{
		panics{},
		fmt.Errorf("a: %w", panics{}),
		exits{io.EOF},
		fmt.Errorf("a: %w", exits{io.EOF}), &cycle{}, (*cycle)(nil), (*dialError)(nil), (*enricher.PanicError)(nil),
		errors.Join(panics{}, &cycle{}), errors.New("\xff"), errors.New(strings.Repeat("é", 1<<20)), enricher.NewPanicError(nil, nil),
	} {
		events := observe(t, cause, nil, enrichersentry.Options{})
		require.Len(t, events, 1, "%T", cause)
		require.NotEmpty(t, events[0].Exception)
		assert.LessOrEqual(t, len(events[0].Exception), 50)
		for _, x := range events[0].Exception {
			assert.NotEmpty(t, x.Type)
			assert.NotEmpty(t, x.Value)
			assert.LessOrEqual(t, len(x.Value), 8<<10)
		}
	}
}

// nils joins a million nils.
type nils []error

func (nils) Error() string     { return "nils" }
func (n nils) Unwrap() []error { return n }

func TestNilErrorsCount(t *testing.T) {
	hub, sent := newHub(t)
	o := enrichersentry.New(enrichersentry.Options{Hub: hub})
	cause := make(nils, 1_000_000)
	allocations := testing.AllocsPerRun(1, func() { o.ObserveFailure(t.Context(), cause, enricher.FailureContext{}, enricher.Result{}) })
	assert.Less(t, allocations, 10_000.0)
	assert.Equal(t, kinds{"enrichersentry_test.nils: nils"}, kindsOf(sent.Events()[0]))
}

func TestHangingErrors(t *testing.T) {
	t.Parallel()
	hub, sent := newHub(t) // its client has goroutines that do not end
	synctest.Test(t, func(t *testing.T) {
		o := enrichersentry.New(enrichersentry.Options{Hub: hub})
		release := make(chan struct{})
		failed := func(cause error) (took time.Duration, text string) {
			start := time.Now()
			o.ObserveFailure(t.Context(), cause, enricher.FailureContext{}, enricher.Result{})
			return time.Since(start), sent.Events()[len(sent.Events())-1].Exception[0].Value
		}
		for range 64 {
			took, text := failed(hangs{release})
			require.Equal(t, time.Second, took)
			require.Equal(t, "(the text could not be read)", text)
		}
		took, text := failed(io.EOF)
		assert.Zero(t, took, "64 errors hang")
		assert.Equal(t, "(the text could not be read)", text)
		close(release)
		synctest.Wait()
		_, text = failed(io.EOF)
		assert.Equal(t, "EOF", text)
	})
}

func TestNewPanicsOnWrongOptions(t *testing.T) {
	t.Parallel()
	const wrong = "jobs: MaxUncounted -1: must not be negative; 0 is 20"
	o := enrichersentry.Options{Options: jobs.Options{MaxUncounted: -1}}
	assert.EqualError(t, o.Validate(), wrong)
	assert.PanicsWithValue(t, "enrichersentry: New: "+wrong, func() { enrichersentry.New(o) })
	assert.PanicsWithValue(t, "enrichersentry: EventProcessor: "+wrong, func() { enrichersentry.EventProcessor(nil, o) })
}
