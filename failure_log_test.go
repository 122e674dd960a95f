package enricher_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestLogIsEmptyWithoutProblems(t *testing.T) {
	t.Parallel()
	log := &logbook{}
	e := running(t, enricher.Config{}, enricher.WithLogger(log.logger()), withGood("a", "x"),
		with("b", "y", answering(nil)), withReader("c", "z", []string{"*"}, answering(nil)), withObserver(func(enricher.Result) {}))
	e.Enrich(errJob)
	e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result()
	assert.Empty(t, log.take())
}

func TestLogIsRateLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		e := running(t, enricher.Config{}, enricher.WithLogger(log.logger()),
			with("a", "x", failing(errors.New("no idea"))), with("b", "y", failing(errors.New("nor have I"))))
		const (
			a = `level=WARN msg="Failure enricher gave no labels" enricher=a status=failed error="no idea"`
			b = `level=WARN msg="Failure enricher gave no labels" enricher=b status=failed error="nor have I"`
		)
		for range 1000 {
			e.Enrich(errJob)
		}
		assert.Equal(t, []string{a, b}, log.take())
		time.Sleep(time.Second - 1)
		e.Enrich(errJob)
		assert.Empty(t, log.take())
		time.Sleep(time.Nanosecond)
		e.Enrich(errJob)
		assert.Equal(t, []string{a + " suppressed=1000", b + " suppressed=1000"}, log.take())
		time.Sleep(time.Second)
		e.Enrich(errJob)
		assert.Equal(t, []string{a, b}, log.take())
	})
}

func TestLogLinesPerKind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		release := make(chan struct{})
		a := newSwitchable(nil)
		e := running(t, enricher.Config{
			Timeout: time.Second, Policy: enricher.Policy{MaxConcurrent: 1, BreakerThreshold: 2}, Limits: enricher.Limits{MaxValueLength: 1},
		}, enricher.WithLogger(log.logger()), with("a", "x", a.process))
		does := func(fn processFunc, times int) []string {
			a.to(fn)
			for range times {
				e.Enrich(errJob)
			}
			synctest.Wait() // for the line about a refused failure
			return log.take()
		}
		line := func(status, err string) []string {
			return []string{fmt.Sprintf("level=WARN msg=%q enricher=a status=%s error=%q",
				"Failure enricher gave no labels", status, err)}
		}
		assert.Equal(t, line("failed", "no idea"), does(failing(errors.New("no idea")), 3))
		assert.Equal(t, []string{
			`level=WARN msg="Labels of a failure enricher were dropped or cut" enricher=a labels=2 key=w error="key is not among the enricher's OutputKeys" output_keys=[x]`,
		}, does(answering(enricher.Labels{"w": "1", "x": "22"}), 3))
		time.Sleep(time.Second)
		assert.Equal(t, []string{
			`level=WARN msg="Labels of a failure enricher were dropped or cut" enricher=a labels=1 key=x ` +
				`error="value is too long and was cut: it has 2 bytes, at most 1 are kept" output_keys=[x] suppressed=2`,
		}, does(answering(enricher.Labels{"x": "22"}), 1))
		assert.Equal(t, []string{line("failed", "panic: boom")[0] + " suppressed=2"},
			does(failing(enricher.NewPanicError("boom", []byte("stack"))), 1), "without a stack: what is returned is no panic")
		assert.Equal(t, []string{line("panicked", "panic: oh")[0] + " stack=..."}, does(panics, 1))
		does(answering(nil), 1)
		assert.Equal(t, line("timed-out", "not done within 1s: context deadline exceeded"), does(hanging(release, nil), 1))
		assert.Equal(t, line("saturated", "concurrency limit reached (1)"), does(answering(nil), 3))
		close(release)
		synctest.Wait()
		does(panics, 1)
		assert.Equal(t, line("circuit-open", "circuit breaker is open for 10s after 2 timeouts or panics in a row"), does(panics, 3))
		require.NoError(t, e.Shutdown(context.Background()))
		log.take()
		assert.Equal(t, []string{
			`level=WARN msg="Failure was not enriched" error="the Enricher is shut down"`,
		}, does(answering(nil), 3))
	})
}

func TestLogLinesNameJobAndFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		e := running(t, enricher.Config{Policy: enricher.Policy{BreakerThreshold: 1}}, enricher.WithLogger(log.logger()),
			with("a", "x", panics), with("b", "y", answering(enricher.Labels{"w": "1"})),
			withObserver(func(enricher.Result) {
				time.Sleep(time.Second)
				panic("oh")
			}))
		for fc, which := range map[*enricher.FailureContext]string{
			{JobID: "import", ID: "f7"}: " job=import failure=f7",
			{ID: "f7"}:                  " failure=f7",
			{JobID: strings.Repeat("j", 1<<20), ID: strings.Repeat("f", 1<<20)}: " job=" + strings.Repeat("j", 4096) + " failure=" + strings.Repeat("f", 4096),
			{JobName: "of no id"}: "",
		} {
			log.take()
			enrichAs(e, *fc)
			lines := log.take()
			require.Len(t, lines, 5)
			assert.Equal(t, []string{
				`level=WARN msg="Failure enricher gave no labels" enricher=a status=panicked error="panic: oh"` + which + ` stack=...`,
				`level=WARN msg="Labels of a failure enricher were dropped or cut" enricher=b labels=1 key=w error="key is not among the enricher's OutputKeys" output_keys=[y]` + which,
				`level=WARN msg="Circuit breaker of a failure enricher opened" enricher=a cooldown=10s` + which,
			}, lines[:3])
			assert.Regexp(t, `^level=ERROR msg="Failure observer panicked" observer=\S+ error="panic: oh"`+which+` stack=...`, lines[3])
			assert.Regexp(t, `^level=WARN msg="Failure observer is slow" observer=\S+ took=1s`+which+`$`, lines[4])
			time.Sleep(time.Minute) // until the breaker has cooled down
		}
	})
}

func TestLogLinesHaveTheCallersContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	var values []any
	e := running(t, enricher.Config{},
		enricher.WithLogger(slog.New(handlerFunc(func(ctx context.Context, r slog.Record) error {
			if r.Level > slog.LevelInfo {
				values = append(values, ctx.Value(key{}))
			}
			return nil
		}))), with("a", "x", failing(errJob)))
	e.EnrichContext(context.WithValue(context.Background(), key{}, "trace"), errJob, enricher.FailureContext{})
	assert.Equal(t, []any{"trace"}, values)
}

func TestLogLineOfASkippedFailureHasTheCallersContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var values []any
		e := running(t, enricher.Config{}, enricher.WithLogger(slog.New(handlerFunc(func(ctx context.Context, r slog.Record) error {
			if r.Level > slog.LevelInfo {
				values = append(values, ctx.Value(key{}))
			}
			return nil
		}))))
		require.NoError(t, e.Shutdown(context.Background()))
		var none context.Context
		for _, ctx := range []context.Context{context.WithValue(context.Background(), key{}, "trace"), none} {
			e.EnrichContext(ctx, errJob, enricher.FailureContext{})
			synctest.Wait()
			time.Sleep(time.Second) // as there is one line a second
			e.EnrichAsync(ctx, errJob, enricher.FailureContext{})
			synctest.Wait()
			time.Sleep(time.Second)
		}
		assert.Equal(t, []any{"trace", "trace", nil, nil}, values)
	})
}

// A handlerFunc is the Handle method of a handler.
type handlerFunc func(context.Context, slog.Record) error

func (handlerFunc) Enabled(context.Context, slog.Level) bool          { return true }
func (f handlerFunc) Handle(ctx context.Context, r slog.Record) error { return f(ctx, r) }
func (f handlerFunc) WithAttrs([]slog.Attr) slog.Handler              { return f }
func (f handlerFunc) WithGroup(string) slog.Handler                   { return f }

func TestLogHandlerThatPanicsCostsNoLabels(t *testing.T) {
	t.Parallel()
	lines := 0
	e := running(t, enricher.Config{MaxPending: 1},
		enricher.WithLogger(slog.New(handlerFunc(func(context.Context, slog.Record) error {
			lines++
			panic("no space left on device")
		}))),
		withGood("a", "x"), with("b", "y", failing(errJob)), with("c", "z", panics),
		withObserver(func(enricher.Result) { panic("oh") }))
	require.Equal(t, 3, lines, "of the load")
	want := enricher.Labels{"x": "a"}
	assert.Equal(t, want, e.Enrich(errJob))
	assert.Equal(t, 6, lines)
	assert.Equal(t, want, e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result().Labels)
	require.NoError(t, e.Shutdown(context.Background()))
	assert.Equal(t, enricher.Labels{}, e.Enrich(errJob))
}

func TestLogSaysAtShutdownHowManyLinesWereSuppressed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		e, err := enricher.New(enricher.Config{}, enricher.WithLogger(log.logger()), with("a", "x", failing(errJob)))
		require.NoError(t, err)
		for range 5 {
			e.Enrich(errJob)
		}
		log.take()
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, []string{`level=WARN msg="Log lines were suppressed" enricher=a kind=failed suppressed=4`}, log.take())
	})
}
