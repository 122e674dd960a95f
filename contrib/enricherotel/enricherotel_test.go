package enricherotel_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherotel"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	"github.com/failure-enrichers/enricher/wire"
)

// sinks keep what is sent.
type sinks struct {
	spans    *tracetest.SpanRecorder
	tracer   trace.Tracer
	reader   *sdkmetric.ManualReader
	records  records
	options  enricherotel.Options
	observer *enricherotel.Observer
	log      strings.Builder // of the Enrichers
}

func newSinks(labels ...string) *sinks {
	s := &sinks{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	o := enricherotel.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans)),
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(s.reader)),
		LoggerProvider: sdklog.NewLoggerProvider(sdklog.WithProcessor(&s.records)),
		Labels:         labels,
	}
	s.tracer = o.TracerProvider.Tracer("service")
	s.options, s.observer = o, enricherotel.New(o)
	return s
}

func (s *sinks) enricher(t testing.TB, cfg enricher.Config, opts ...enricher.Option) *enricher.Enricher {
	t.Helper()
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Minute)
	e, err := enricher.New(cfg, append(opts, enricher.WithObserver(s.observer), enricher.WithLogger(slog.New(slog.NewTextHandler(&s.log, nil))))...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	return e
}

// Not parallel: the error handler is that of the process.
func TestLabelsThatNothingSetsAreReported(t *testing.T) {
	var got []string
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { got = append(got, err.Error()) }))
	t.Cleanup(func() { otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { slog.Error(err.Error()) })) })
	s := newSinks("tpye", "team")
	s.enricher(t, enricher.Config{})
	assert.Empty(t, got, "there are no labels at all")
	s.enricher(t, enricher.Config{FailureEnrichers: []string{"type"}}, enricher.WithEnricher("team", enricher.Func([]string{"team"},
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return nil, nil })))
	require.Len(t, got, 1)
	assert.Contains(t, got[0], `enricherotel: no enricher sets the label "tpye" of enricher.failures, they set ["type"`)
}

// metrics returns the values of all metrics, or their number in a histogram, by name
// and attributes.
func (s *sinks) metrics(t testing.TB) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, s.reader.Collect(context.Background(), &all))
	values := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			add := func(set attribute.Set, n int64) {
				values[m.Name+"{"+set.Encoded(attribute.DefaultEncoder())+"}"] = n
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Value)
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Value)
				}
			case metricdata.Histogram[float64]:
				assert.Equal(t, "s", m.Unit)
				for _, p := range data.DataPoints {
					add(p.Attributes, int64(p.Count))
				}
			}
		}
	}
	return values
}

// records are a processor that keeps.
type records struct {
	mu  sync.Mutex
	all []sdklog.Record
}

func (r *records) OnEmit(_ context.Context, record *sdklog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, record.Clone())
	return nil
}

func (r *records) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (r *records) Shutdown(context.Context) error                         { return nil }
func (r *records) ForceFlush(context.Context) error                       { return nil }

// attributes returns those of a record as text, by key.
func attributes(r sdklog.Record) map[string]string {
	all := map[string]string{}
	r.WalkAttributes(func(a attribute.KeyValue) bool {
		all[string(a.Key)] = a.Value.String()
		return true
	})
	return all
}

func asMap(attrs []attribute.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range attrs {
		all[string(a.Key)] = a.Value.String()
	}
	return all
}

// labeled sets labels.
func labeled(labels enricher.Labels) enricher.Option {
	return enricher.WithEnricher("fixed", enricher.Func(labels.Keys(), func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return labels, nil
	}))
}

var failedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestOptionsValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		labels []string
		want   string
	}{
		{nil, ""},
		{[]string{}, ""},
		{[]string{"type", "cost.center", "a key"}, ""},
		{[]string{"type", ""}, `enricherotel: Labels "": `},
		{[]string{"a\x00"}, "must be 1 to 128 bytes of valid UTF-8"},
		{[]string{"type", "type"}, `enricherotel: Labels "type": is there twice`},
	} {
		o := enricherotel.Options{Labels: c.labels}
		if c.want == "" {
			assert.NoError(t, o.Validate())
			assert.NotPanics(t, func() { enricherotel.New(o) })
			continue
		}
		assert.ErrorContains(t, o.Validate(), c.want)
		assert.PanicsWithValue(t, "enricherotel: New: "+o.Validate().Error(), func() { enricherotel.New(o) })
	}
}

func TestObserverUsesTheCallersSpan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSinks()
		e := s.enricher(t, enricher.Config{FailureEnrichers: []string{"type"}}, labeled(enricher.Labels{"cost.center": "7"}))
		ctx, span := s.tracer.Start(context.Background(), "job")
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		e.EnrichContext(canceled, fmt.Errorf("read: %w", io.ErrUnexpectedEOF), enricher.FailureContext{
			ID: "f", JobID: "1", JobName: "import", TaskName: "map", Attempt: 3, Time: failedAt,
		})
		span.End()

		require.Len(t, s.spans.Ended(), 1, "no span of its own")
		want := map[string]string{"error.type": "*errors.errorString", "failure.label.type": "DEPENDENCY", "failure.label.cost.center": "7"}
		ended := s.spans.Ended()[0]
		assert.Equal(t, want, asMap(ended.Attributes()))
		assert.Equal(t, codes.Unset, ended.Status().Code, "the status is the caller's")
		assert.Empty(t, ended.Events())

		require.Len(t, s.records.all, 1)
		r := s.records.all[0]
		assert.Equal(t, "enricher.failure", r.EventName())
		assert.Equal(t, log.SeverityError, r.Severity())
		assert.Equal(t, failedAt, r.Timestamp())
		assert.Equal(t, span.SpanContext().SpanID(), r.SpanID())
		assert.Equal(t, "read: unexpected EOF", r.Body().AsString())
		for key, value := range map[string]string{
			"exception.type": "*errors.errorString", "exception.message": "read: unexpected EOF",
			"failure.id": "f", "failure.job.id": "1", "failure.job.name": "import", "failure.task.name": "map", "failure.attempt": "3",
		} {
			want[key] = value
		}
		assert.Equal(t, want, attributes(r))

		metrics := s.metrics(t)
		assert.Equal(t, int64(1), metrics["enricher.failures{error.type=*errors.errorString,failure.label.type=DEPENDENCY}"], metrics)
		assert.Equal(t, int64(1), metrics["enricher.duration{enricher.name=type}"], metrics)
	})
}

func TestObserverStartsASpan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		ended    bool // or there is none
		expected string
		status   codes.Code
		severity log.Severity
	}{
		{"the caller's has ended", true, "false", codes.Error, log.SeverityError},
		{"there is none", false, "false", codes.Error, log.SeverityError},
		{"an expected failure", true, "true", codes.Unset, log.SeverityInfo},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSinks()
			e := s.enricher(t, enricher.Config{}, labeled(enricher.Labels{"expected": c.expected}))
			ctx, parent := context.Background(), trace.SpanContext{}
			if c.ended {
				var span trace.Span
				ctx, span = s.tracer.Start(ctx, "job")
				parent = span.SpanContext()
				span.End()
			}
			res := e.EnrichContext(ctx, io.EOF, enricher.FailureContext{JobID: "1", Time: failedAt})
			ended := s.spans.Ended()
			span := ended[len(ended)-1]
			assert.Equal(t, "enricher.failure", span.Name())
			assert.Equal(t, parent.SpanID(), span.Parent().SpanID())
			assert.Equal(t, failedAt, span.StartTime())
			assert.Equal(t, failedAt.Add(res.Duration), span.EndTime())
			assert.Equal(t, c.status, span.Status().Code)
			assert.Equal(t, map[string]string{"error.type": "*errors.errorString", "failure.label.expected": c.expected, "failure.job.id": "1"}, asMap(span.Attributes()))
			require.Len(t, s.records.all, 1)
			assert.Equal(t, span.SpanContext().SpanID(), s.records.all[0].SpanID())
			assert.Equal(t, c.severity, s.records.all[0].Severity())
		})
	}
}

func culprit() (err error) {
	defer func() { err = enricher.Recovered(recover()) }()
	panic(typed("out of stock"))
}

type typed string

func (t typed) Error() string     { return "typed" }
func (t typed) ErrorType() string { return string(t) }

type chained struct{}

func (chained) Error() string { return "chained" }

// decoded returns err as another process gets it.
func decoded(err error) error {
	f, decodeErr := wire.Decode(wire.Encode(err, enricher.FailureContext{}))
	if decodeErr != nil {
		return decodeErr
	}
	return f.Cause()
}

func TestErrorType(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			cause error
			want  string
		}{
			{fmt.Errorf("a: %w", fmt.Errorf("b: %w", typed("declined"))), "declined"},
			{typed(""), "github.com/failure-enrichers/enricher/contrib/enricherotel_test.typed"},
			{typed("token=hunter2 \xff"), "token=*** \uFFFD"},
			{enricher.WithLabels(typed("x"), enricher.Labels{"a": "b"}), "x"},
			{enricher.WithLabels(fmt.Errorf("a: %w", &chained{}), nil), "*enricherotel_test.chained"},
			{decoded(enricher.WithResult(fmt.Errorf("a: %w", &chained{}), enricher.Result{})), "*enricherotel_test.chained"},
			{errors.Join(io.EOF, io.EOF), "*errors.joinError"},
			{culprit(), "out of stock"},
			{fmt.Errorf("a: %w", panics{}), "github.com/failure-enrichers/enricher/contrib/enricherotel_test.panics"},
			{(*cycle)(nil), "*enricherotel_test.cycle"},
			{decoded(fmt.Errorf("a: %w", &chained{})), "*enricherotel_test.chained"},
			{decoded(chained{}), "github.com/failure-enrichers/enricher/contrib/enricherotel_test.chained"},
			{decoded(errors.Join(io.EOF, io.EOF)), "*errors.joinError"},
			{decoded(fmt.Errorf("a: %w", typed("declined"))), "declined"},
		} {
			s := newSinks()
			s.enricher(t, enricher.Config{}).Enrich(c.cause)
			assert.Equal(t, c.want, attributes(s.records.all[0])["exception.type"])
		}
		s := newSinks()
		s.enricher(t, enricher.Config{}, labeled(enricher.Labels{"error_type": "mine"})).Enrich(io.EOF)
		assert.Equal(t, "mine", attributes(s.records.all[0])["error.type"], "the label")
		assert.Equal(t, "mine", attributes(s.records.all[0])["exception.type"])
	})
}

func TestPanicHasItsStack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSinks()
		s.enricher(t, enricher.Config{}).Enrich(fmt.Errorf("job: %w", culprit()))
		assert.Contains(t, attributes(s.records.all[0])["exception.stacktrace"], "enricherotel_test.culprit(...)\n")
	})
}

func TestStats(t *testing.T) {
	t.Parallel()
	s := newSinks()
	release := make(chan struct{})
	e := s.enricher(t, enricher.Config{Timeout: time.Hour, Policies: map[string]enricher.Policy{
		"hangs": {Timeout: time.Millisecond}, "panics": {BreakerThreshold: 1, BreakerCooldown: time.Hour},
	}}, labeled(enricher.Labels{"type": "USER"}),
		enricher.WithEnricher("hangs", enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			<-release
			return nil, nil
		})),
		enricher.WithEnricher("panics", enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			panic("no")
		})))
	assert.Equal(t, int64(0), s.metrics(t)["enricher.breaker.open{enricher.name=panics}"])
	e.Enrich(io.EOF)
	metrics := s.metrics(t)
	for name, want := range map[string]int64{
		"enricher.calls{enricher.name=fixed,enricher.status=ok}":        1,
		"enricher.calls{enricher.name=fixed,enricher.status=skipped}":   0,
		"enricher.calls{enricher.name=hangs,enricher.status=timed-out}": 1,
		"enricher.breaker.open{enricher.name=panics}":                   1,
		"enricher.breaker.open{enricher.name=fixed}":                    0,
		"enricher.in_flight{enricher.name=hangs}":                       1,
		"enricher.abandoned{enricher.name=hangs}":                       1,
		"enricher.refused{enricher.reason=overloaded}":                  0,
	} {
		got, ok := metrics[name]
		assert.True(t, ok, "%s in %v", name, metrics)
		assert.Equal(t, want, got, name)
	}
	close(release)
	require.NoError(t, e.Shutdown(context.Background()))
	e.Enrich(io.EOF)
	assert.Equal(t, int64(1), s.metrics(t)["enricher.refused{enricher.reason=shutdown}"])
	assert.Len(t, s.records.all, 1, "it is not observed")
}

// A describer has described two values of its label.
type describer struct{ enricher.FailureEnricher }

func (describer) DescribeLabels() []enricher.LabelDescription {
	return []enricher.LabelDescription{{Key: "team", Values: []string{"shop", "web"}}}
}

func TestMetricsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // so that a slow machine does not run into readTimeout
		s := newSinks("team", "absent")
		e := s.enricher(t, enricher.Config{}, enricher.WithEnricher("text", describer{enricher.Func([]string{"team"},
			func(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{"team": fc.JobName}, nil
			})}))
		s.enricher(t, enricher.Config{}) // the latest has described nothing
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for i := range 120 {
					e.EnrichContext(context.Background(), typed("t"), enricher.FailureContext{JobName: fmt.Sprint("team ", i)})
				}
			})
		}
		wait.Wait()
		for i := range 120 {
			e.EnrichContext(context.Background(), typed(fmt.Sprint("t", i)), enricher.FailureContext{JobName: "shop"})
		}
		metrics := s.metrics(t)
		teams, types := 0, 0
		for name := range metrics {
			if strings.HasPrefix(name, "enricher.failures{error.type=t,") {
				teams++
			} else if strings.HasSuffix(name, ",failure.label.team=shop}") {
				types++
			}
		}
		assert.Equal(t, 101, teams, "100 and _OTHER")
		assert.Equal(t, 100, types, "99 besides t, and _OTHER")
		assert.Equal(t, int64(80), metrics["enricher.failures{error.type=t,failure.label.team=_OTHER}"])
		assert.Equal(t, int64(21), metrics["enricher.failures{error.type=_OTHER,failure.label.team=shop}"])
	})
}

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const secret = "hunter2-marker"
		for _, cause := range []error{
			errors.New("dial postgres://u:" + secret + "@h/db"),
			fmt.Errorf("a: %w", typed("token="+secret)),
			enricher.NewPanicError("password="+secret, []byte("main.login(password="+secret+")")),
			enricher.WithLabels(io.EOF, enricher.Labels{"password": secret}),
		} {
			s := newSinks("type", "password", "note", "error_type")
			e := s.enricher(t, enricher.Config{}, labeled(enricher.Labels{
				"type": "token=" + secret, "password": secret, "note": "password=" + secret, "error_type": "token=" + secret, "password=" + secret: "x",
			}))
			text := "token=" + secret
			live, span := s.tracer.Start(context.Background(), "job")
			for _, ctx := range []context.Context{live, context.Background()} {
				e.EnrichContext(ctx, cause, enricher.FailureContext{
					ID: text, RootID: text, JobID: text, JobName: text, TaskName: text, TaskManagerID: text, Endpoint: text,
					Attributes: map[string]string{"password": secret, text: text},
				})
			}
			span.End()
			require.Len(t, s.spans.Ended(), 2)
			require.Len(t, s.records.all, 2)
			var sent strings.Builder
			fmt.Fprintf(&sent, "%v\n", s.metrics(t))
			for _, span := range s.spans.Ended() {
				fmt.Fprintf(&sent, "%v %v %v\n", span.Name(), span.Status(), span.Attributes())
			}
			for _, r := range s.records.all {
				fmt.Fprintf(&sent, "%v %v\n", r.Body().AsString(), attributes(r))
			}
			assert.NotContains(t, sent.String(), secret)
			assert.Contains(t, sent.String(), "token=***")
		}
	})
}

type panics struct{}

func (panics) Error() string     { panic("Error") }
func (panics) ErrorType() string { panic("ErrorType") }
func (panics) Unwrap() []error   { panic("Unwrap") }

type exits struct{ error }

func (exits) ErrorType() string { runtime.Goexit(); return "" }

type slice []string // cannot be compared

func (slice) Error() string { return "slice \xff" }

type cycle struct{ _ int }

func (c *cycle) Error() string { return "cycle" }
func (c *cycle) Unwrap() error { return c }

type hangs struct{ release chan struct{} }

func (h hangs) Error() string { <-h.release; return "released" }

func TestHostileErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSinks()
		e := s.enricher(t, enricher.Config{})
		causes := []error{panics{}, fmt.Errorf("a: %w", panics{}), exits{io.EOF}, slice{"a"}, &cycle{}, (*cycle)(nil), errors.Join(panics{}, &cycle{}), errors.New(strings.Repeat("é", 1<<20))}
		for _, cause := range causes {
			e.Enrich(cause)
		}
		require.Len(t, s.records.all, len(causes))
		assert.Equal(t, "EOF", s.records.all[2].Body().AsString(), "only its ErrorType exits")
		for _, r := range s.records.all {
			assert.NotEmpty(t, r.Body().AsString())
			assert.LessOrEqual(t, len(r.Body().AsString()), 8<<10)
			assert.Equal(t, strings.ToValidUTF8(r.Body().AsString(), ""), r.Body().AsString())
		}
		assert.NotContains(t, s.log.String(), "observer", "no panic, no wait")
	})
}

func TestHangingErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSinks()
		e := s.enricher(t, enricher.Config{})
		release := make(chan struct{})
		enrich := func(cause error) (took time.Duration, text string) {
			start := time.Now()
			e.Enrich(cause)
			return time.Since(start), s.records.all[len(s.records.all)-1].Body().AsString()
		}
		for range 64 {
			took, text := enrich(hangs{release})
			require.Equal(t, time.Second, took)
			require.Equal(t, "(the text could not be read)", text)
		}
		took, text := enrich(io.EOF)
		assert.Zero(t, took, "64 errors hang")
		assert.Equal(t, "(the text could not be read)", text)
		assert.Equal(t, "*errors.errorString", attributes(s.records.all[64])["error.type"])
		close(release)
		synctest.Wait()
		_, text = enrich(io.EOF)
		assert.Equal(t, "EOF", text)
	})
}

// globals are set once in a process: this test may run again in it.
var globals = newSinks()

func TestGlobalProvidersMayComeLater(t *testing.T) {
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, labeled(enricher.Labels{"type": "USER"}), enricher.WithLogger(slog.New(slog.DiscardHandler)),
		enricher.WithObserver(enricherotel.New(enricherotel.Options{})))
	require.NoError(t, err)
	otel.SetTracerProvider(globals.options.TracerProvider)
	otel.SetMeterProvider(globals.options.MeterProvider)
	otel.SetLoggerProvider(globals.options.LoggerProvider)
	e.Enrich(io.EOF)
	assert.NotEmpty(t, globals.spans.Ended())
	assert.NotEmpty(t, globals.records.all)
	metrics := globals.metrics(t)
	assert.Positive(t, metrics["enricher.calls{enricher.name=fixed,enricher.status=ok}"])
	assert.Positive(t, metrics["enricher.failures{error.type=*errors.errorString,failure.label.type=USER}"])
}
