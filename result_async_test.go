package enricher_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestEnrichAsyncDoesNotBlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{},
			with("a", "x", sleeping(time.Second, answering(enricher.Labels{"x": "a"}))),
			enricher.WithObserver(observerFunc(func(context.Context, error, enricher.FailureContext, enricher.Result) {
				time.Sleep(time.Second)
			})))
		start := time.Now()
		future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
		assert.Zero(t, time.Since(start))
		assert.False(t, isDone(future))
		assert.Equal(t, enricher.Labels{"x": "a"}, future.Result().Labels)
		assert.Equal(t, 2*time.Second, time.Since(start), "a future is complete when the observers are done")
		assert.True(t, isDone(future))
	})
}

func TestEnrichAsyncSkipsBeyondMaxPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var observed atomic.Int64
		log := &logbook{}
		e := running(t, enricher.Config{MaxPending: 3}, enricher.WithLogger(log.logger()),
			with("a", "x", sleeping(time.Second, answering(enricher.Labels{"x": "a"}))), withGood("b", "y"),
			enricher.WithObserver(observerFunc(func(context.Context, error, enricher.FailureContext, enricher.Result) {
				observed.Add(1)
				time.Sleep(time.Second)
			})))
		var pending []*enricher.Future
		for range 3 {
			pending = append(pending, enrichAsync(e))
		}
		for range 2 {
			future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
			require.True(t, isDone(future))
			assert.Equal(t, enricher.Labels{}, future.Result().Labels)
			assert.Equal(t, []enricher.Outcome{
				{Enricher: "a", Status: enricher.StatusSkipped, Err: enricher.ErrOverloaded},
				{Enricher: "b", Status: enricher.StatusSkipped, Err: enricher.ErrOverloaded},
			}, future.Result().Outcomes)
		}
		synctest.Wait() // the line is written without holding up anybody
		assert.Equal(t, []string{
			`level=WARN msg="Failure was not enriched" error="too many failures are pending"`,
		}, log.take())
		// EnrichContext does not count.
		assert.Equal(t, enricher.Labels{"x": "a", "y": "b"}, e.Enrich(errJob))
		for _, future := range pending {
			assert.Equal(t, enricher.Labels{"x": "a", "y": "b"}, future.Result().Labels)
		}
		assert.Equal(t, int64(4), observed.Load(), "a failure that is refused is not observed")
		stats := e.Stats()
		assert.Equal(t, uint64(2), stats.Overloaded)
		assert.Equal(t, uint64(0), stats.AfterShutdown)
		want := map[enricher.Status]uint64{enricher.StatusOK: 4, enricher.StatusSkipped: 2}
		assert.Equal(t, want, stats.Enrichers[0].Calls)
		assert.Equal(t, want, stats.Enrichers[1].Calls)

		again := enrichAsync(e)
		assert.Equal(t, enricher.Labels{"x": "a", "y": "b"}, again.Result().Labels)
	})
}

func TestEnrichAsyncAllows1024PendingByDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		e := running(t, enricher.Config{}, withGood("a", "x"), withObserver(func(enricher.Result) { <-release }))
		for range 1024 {
			assert.NotErrorIs(t, enrichNow(e).Err(), enricher.ErrOverloaded)
		}
		assert.ErrorIs(t, enrichNow(e).Err(), enricher.ErrOverloaded)
		close(release)
	})
}

// enrichNow starts to enrich a failure, and returns the result if it is there
// at once.
func enrichNow(e *enricher.Enricher) enricher.Result {
	future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	res, _ := future.Wait(ctx)
	return res
}

func TestFutureReturnsCopies(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{}, with("a", "x", answering(enricher.Labels{"x": "a", "undeclared": "a"})))
	future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
	spoil := func(res enricher.Result) {
		require.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
		require.Len(t, res.Outcomes, 1)
		require.Equal(t, enricher.StatusOK, res.Outcomes[0].Status)
		require.Equal(t, []enricher.LabelIssue{{Key: "undeclared", Err: enricher.ErrUndeclaredKey}}, res.Outcomes[0].Issues)
		res.Labels["x"] = "changed"
		res.Outcomes[0].Issues[0].Key = "changed"
		res.Outcomes[0].Status = enricher.StatusUnknown
	}
	for range 2 {
		spoil(future.Result())
		res, err := future.Wait(context.Background())
		require.NoError(t, err)
		spoil(res)
	}
}

func TestFutureWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	cause := errors.New("tired of waiting")
	cancelled, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	nothing := enricher.Result{Labels: enricher.Labels{}}
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		e := running(t, enricher.Config{}, with("a", "x", hanging(release, enricher.Labels{"x": "a"})))
		future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})

		res, err := future.Wait(cancelled)
		assert.Same(t, cause, err)
		assert.Equal(t, nothing, res)

		start := time.Now()
		soon, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		res, err = future.Wait(soon)
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, nothing, res)
		assert.Equal(t, time.Second, time.Since(start))

		res.Labels["y"] = "the caller's"
		close(release)
		res, err = future.Wait(context.Background())
		require.NoError(t, err)
		assert.Equal(t, enricher.Labels{"x": "a"}, res.Labels, "the enrichment goes on")
	})
}

func TestFutureWaitPrefersAResult(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{}, withGood("a", "x"))
	future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
	<-future.Done()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 {
		res, err := future.Wait(ctx)
		require.NoError(t, err)
		require.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
	}
}

func TestEnrichAsyncDoesNotWaitForTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := sleepyHandler{lines: new(atomic.Uint64), suppressed: new(atomic.Uint64)}
		e, err := enricher.New(enricher.Config{}, enricher.WithLogger(slog.New(handler)))
		require.NoError(t, err)
		require.NoError(t, e.Shutdown(t.Context()))
		start := time.Now()
		for range 10 {
			<-e.EnrichAsync(t.Context(), errJob, enricher.FailureContext{}).Done()
			time.Sleep(time.Second)
		}
		assert.Equal(t, 10*time.Second, time.Since(start))
		assert.EqualValues(t, 1, handler.lines.Load(), "one at a time")
		time.Sleep(2 * time.Hour) // until the line is written
		e.EnrichAsync(t.Context(), errJob, enricher.FailureContext{})
		time.Sleep(2 * time.Hour)
		assert.EqualValues(t, 9, handler.suppressed.Load())
	})
}

func TestLogThatBlocksDelaysOneCallerPerKind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := sleepyHandler{lines: new(atomic.Uint64), suppressed: new(atomic.Uint64)}
		e := running(t, enricher.Config{}, enricher.WithLogger(slog.New(handler)), with("a", "x", failing(errJob)))
		go e.Enrich(errJob)
		synctest.Wait()
		start := time.Now()
		for range 10 {
			e.Enrich(errJob)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 10*time.Second, time.Since(start))
		assert.EqualValues(t, 1, handler.lines.Load())
	})
}

// An exitingHandler exits the goroutine when it gets a warning.
type exitingHandler struct{ slog.Handler }

func (exitingHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}
func (exitingHandler) Handle(context.Context, slog.Record) error { runtime.Goexit(); return nil }

func TestEnrichAsyncSurvivesALogThatExits(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{}, enricher.WithLogger(slog.New(exitingHandler{})), with("a", "x", failing(errJob)))
	assert.Equal(t, enricher.Labels{}, e.EnrichAsync(t.Context(), errJob, enricher.FailureContext{}).Result().Labels)
}

type sleepyHandler struct {
	slog.Handler
	lines, suppressed *atomic.Uint64
}

func (sleepyHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h sleepyHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }

func (h sleepyHandler) Handle(_ context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn {
		return nil
	}
	h.lines.Add(1)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "suppressed" {
			h.suppressed.Store(a.Value.Uint64())
		}
		return true
	})
	time.Sleep(time.Hour)
	return nil
}
