package enricherslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherslog"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/jobs"
)

func Example() {
	ctx := context.Background()
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg)
	if err != nil {
		panic(err)
	}
	text := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	log := slog.New(enricherslog.New(text, e, enricherslog.Options{}))
	err = io.ErrUnexpectedEOF
	log.ErrorContext(ctx, "Job failed", "error", err)
	log.WarnContext(ctx, "Job failed", "error", err)

	// When nothing is logged any more, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	if err != nil {
		panic(err)
	}
	// Output:
	// level=ERROR msg="Job failed" failure.error_type=*errors.errorString failure.retry=retryable failure.type=DEPENDENCY error="unexpected EOF"
	// level=WARN msg="Job failed" error="unexpected EOF"
}

func ExampleNew() {
	ctx := context.Background()
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	e, err := enricher.New(cfg)
	if err != nil {
		panic(err)
	}
	log := slog.New(enricherslog.New(slog.NewJSONHandler(os.Stderr, nil), e, enricherslog.Options{}))
	log.ErrorContext(ctx, "Job failed", "error", err)

	// When nothing is logged any more, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	if err != nil {
		panic(err)
	}
}

func TestHandlerConforms(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return enricherslog.New(slog.NewJSONHandler(&out, nil), nil, enricherslog.Options{})
	}, func(t *testing.T) map[string]any {
		var record map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &record))
		return record
	})
}

// newEnricher returns one that sets the label n=1, and the observer of it.
func newEnricher(t *testing.T, opts ...enricher.Option) (*enricher.Enricher, *enrichertest.Recorder) {
	rec := &enrichertest.Recorder{}
	fake := &enrichertest.Fake{Keys: []string{"n", "token"}, Steps: []enrichertest.Step{{Labels: enricher.Labels{"n": "1", "token": "hunter2"}}}}
	opts = append(opts, enricher.WithObserver(rec), enricher.WithEnricher("n", fake), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, opts...)
	require.NoError(t, err)
	return e, rec
}

// logged returns what the handler h writes for what log logs.
func logged(t *testing.T, l jobs.Labeler, o enricherslog.Options, log func(*slog.Logger)) map[string]any {
	var out bytes.Buffer
	log(slog.New(enricherslog.New(slog.NewJSONHandler(&out, nil), l, o)))
	var record map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &record))
	delete(record, "time")
	return record
}

// withoutContext logs an error with a nil context, which a [slog.Logger] does not.
func withoutContext(l *slog.Logger) {
	var ctx context.Context
	r := slog.NewRecord(time.Time{}, slog.LevelError, "m", 0)
	r.Add("error", io.EOF)
	_ = l.Handler().Handle(ctx, r)
}

func TestHandlerLabels(t *testing.T) {
	t.Parallel()
	labels := map[string]any{"n": "1", "token": "***"}
	carrying := enricher.WithLabels(io.EOF, enricher.Labels{"team": "shop"})
	for name, c := range map[string]struct {
		options enricherslog.Options
		log     func(*slog.Logger)
		failure any
		calls   int
	}{
		"without a context":  {log: withoutContext, failure: labels, calls: 1},
		"an error":           {log: func(l *slog.Logger) { l.Error("m", "error", io.EOF) }, failure: labels, calls: 1},
		"within a group":     {log: func(l *slog.Logger) { l.Error("m", slog.Group("g", "error", io.EOF)) }, failure: labels, calls: 1},
		"of the logger":      {log: func(l *slog.Logger) { l.With("error", io.EOF).Error("m") }, failure: labels, calls: 1},
		"no error":           {log: func(l *slog.Logger) { l.Error("m", "error", "EOF") }},
		"a warning":          {log: func(l *slog.Logger) { l.Warn("m", "error", io.EOF) }},
		"a carrying warning": {log: func(l *slog.Logger) { l.Warn("m", "error", carrying) }, failure: map[string]any{"team": "shop"}},
		"from a lower level": {options: enricherslog.Options{Level: slog.LevelInfo}, log: func(l *slog.Logger) { l.Info("m", "error", io.EOF) }, failure: labels, calls: 1},
		"skipped": {
			options: enricherslog.Options{Options: jobs.Options{Skip: func(_ context.Context, err error) bool { return err == io.EOF }}},
			log:     func(l *slog.Logger) { l.Error("m", "error", io.EOF) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, rec := newEnricher(t)
			assert.Equal(t, c.failure, logged(t, e, c.options, c.log)["failure"])
			assert.Len(t, rec.Failures(), c.calls)
		})
	}
}

func TestHandlerPutsLabelsOutsideOfGroups(t *testing.T) {
	t.Parallel()
	e, _ := newEnricher(t)
	record := logged(t, e, enricherslog.Options{Key: "f"}, func(l *slog.Logger) {
		l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").Error("m", "error", io.EOF)
	})
	assert.Equal(t, map[string]any{
		"level": "ERROR", "msg": "m", "a": 1.0, "f": map[string]any{"n": "1", "token": "***"},
		"g": map[string]any{"b": 2.0, "h": map[string]any{"error": "EOF"}},
	}, record)
}

func TestHandlerLabelsAFailureOnce(t *testing.T) {
	t.Parallel()
	e, rec := newEnricher(t)
	res := e.EnrichContext(t.Context(), io.EOF, enricher.FailureContext{ID: "1"})
	for name, log := range map[string]func(*slog.Logger){
		"carried by the error":   func(l *slog.Logger) { l.Error("m", "error", fmt.Errorf("job: %w", enricher.WithResult(io.EOF, res))) },
		"carried by the context": func(l *slog.Logger) { l.ErrorContext(jobs.WithResult(t.Context(), io.EOF, res), "m", "error", io.EOF) },
	} {
		assert.Equal(t, map[string]any{"n": "1", "token": "***"}, logged(t, e, enricherslog.Options{}, log)["failure"], name)
	}
	assert.Len(t, rec.Failures(), 1)
}

// An observer that logs each failure through the handler that calls it.
type logging struct {
	log   **slog.Logger
	calls *int
	ctx   bool
	depth int // in the stack
}

func below(depth int, fn func()) {
	if depth == 0 {
		fn()
		return
	}
	below(depth-1, fn)
	runtime.KeepAlive(depth)
}

func (o logging) ObserveFailure(ctx context.Context, cause error, _ enricher.FailureContext, _ enricher.Result) {
	if *o.calls++; !o.ctx {
		ctx = context.Background()
	}
	if *o.calls > 10 {
		return // it would not end
	}
	below(o.depth, func() { (*o.log).ErrorContext(ctx, "Observed", "error", fmt.Errorf("observed: %w", cause)) })
}

func TestHandlerEndsIfAnObserverLogs(t *testing.T) {
	t.Parallel()
	for _, o := range []logging{{ctx: true}, {}, {depth: 200}, {depth: 20_000}} {
		var log *slog.Logger
		calls := 0
		o.log, o.calls = &log, &calls
		e, _ := newEnricher(t, enricher.WithObserver(o))
		var out bytes.Buffer
		log = slog.New(enricherslog.New(slog.NewTextHandler(&out, nil), e, enricherslog.Options{}))
		log.Error("Job failed", "error", io.EOF)
		assert.Equal(t, 1, calls)
		assert.Equal(t, 2, bytes.Count(out.Bytes(), []byte("\n")))
		assert.Equal(t, 1, bytes.Count(out.Bytes(), []byte("failure.n=1")))
	}
}

// What labels a failure of a job logs an error of its own, with and without the context
// that it was given.
func TestHandlerLeavesAloneWhatLabelingCodeLogs(t *testing.T) {
	t.Parallel()
	for name, withContext := range map[string]bool{"with the context": true, "without it": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log *slog.Logger
			fails := func(ctx context.Context, who string) {
				if !withContext {
					ctx = context.Background()
				}
				log.ErrorContext(ctx, who, "error", io.ErrNoProgress)
			}
			e, rec := newEnricher(t, enricher.WithObserver(observer(func(ctx context.Context) { fails(ctx, "observer") })),
				enricher.WithEnricher("looks-up", enricher.Func([]string{"owner"}, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
					fails(ctx, "enricher")
					return nil, nil
				})))
			var out bytes.Buffer
			log = slog.New(enricherslog.New(slog.NewTextHandler(&out, nil), e, enricherslog.Options{}))
			log.Error("Job failed", "error", io.EOF)
			done := func(ctx context.Context, cause error, _ jobs.Verdict) { log.ErrorContext(ctx, "Done", "error", cause) }
			jobs.Judge(t.Context(), e, jobs.Options{Done: done}, io.EOF, enricher.FailureContext{}) // as an adapter does
			assert.Len(t, rec.Failures(), 2)
			assert.Equal(t, 6, strings.Count(out.String(), "\n"))
			for line := range strings.Lines(out.String()) {
				isFailure := strings.Contains(line, "msg=\"Job failed\"") || strings.Contains(line, "msg=Done")
				assert.Equal(t, isFailure, strings.Contains(line, "failure.n=1"), line)
			}
		})
	}
}

type observer func(context.Context)

func (fn observer) ObserveFailure(ctx context.Context, _ error, _ enricher.FailureContext, _ enricher.Result) {
	fn(ctx)
}

func TestNewPanicsOnWrongOptions(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "enricherslog: New: nil slog.Handler", func() { enricherslog.New(nil, nil, enricherslog.Options{}) })
	assert.PanicsWithValue(t, "enricherslog: New: jobs: MaxUncounted -1: must not be negative; 0 is 20", func() {
		enricherslog.New(slog.DiscardHandler, nil, enricherslog.Options{Options: jobs.Options{MaxUncounted: -1}})
	})
}
