package enricher_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestShutdownWaitsForFailuresUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var observed atomic.Int64
		a := newClosable("x", sleeping(time.Second, answering(enricher.Labels{"x": "a"})), nil)
		r := enricher.NewRegistry()
		require.NoError(t, r.Register("a", enricher.FactoryFunc(
			func(enricher.FactoryConfig) (enricher.FailureEnricher, error) { return a, nil })))
		e := running(t, enricher.Config{FailureEnrichers: []string{"a"}}, enricher.WithRegistry(r),
			withObserver(func(enricher.Result) {
				assert.Zero(t, a.closed.Load())
				time.Sleep(time.Second)
				observed.Add(1)
			}))
		sync := make(chan enricher.Labels, 1)
		go func() { sync <- e.Enrich(errJob) }()
		async := enrichAsync(e)
		start := time.Now()
		require.NoError(t, e.Shutdown(context.Background()))
		assert.Equal(t, 2*time.Second, time.Since(start))
		assert.Equal(t, int64(2), observed.Load())
		assert.Equal(t, int64(1), a.closed.Load())
		assert.Equal(t, enricher.Labels{"x": "a"}, async.Result().Labels)
		assert.Equal(t, enricher.Labels{"x": "a"}, <-sync)
	})
}

func TestShutdownClosesAnEnricherAfterItsCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		closedAt := map[string]time.Duration{}
		var mu sync.Mutex
		closing := func(name string) func() error {
			return func() error {
				mu.Lock()
				defer mu.Unlock()
				closedAt[name] = time.Since(start)
				return nil
			}
		}
		late := newClosable("x", sleeping(time.Minute, answering(nil)), closing("late"))
		good := newClosable("y", answering(nil), closing("good"))
		e := owning(t, enricher.Config{Timeout: time.Second}, late, good)
		enrichAs(e, enricher.FailureContext{})
		require.NoError(t, e.Shutdown(context.Background()))
		assert.Equal(t, map[string]time.Duration{"good": time.Second, "late": time.Minute}, closedAt)
		assert.Equal(t, int64(1), late.closed.Load())
		assert.Equal(t, int64(1), good.closed.Load())
	})
}

func TestShutdownDoesNotCloseEnrichersMadeInCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newClosable("x", sleeping(time.Minute, answering(nil)), nil)
		e := running(t, enricher.Config{Timeout: time.Second}, enricher.WithEnricher("a", a))
		e.Enrich(errJob)
		start := time.Now()
		require.NoError(t, e.Shutdown(context.Background()))
		assert.Equal(t, time.Minute-time.Second, time.Since(start), "but its calls are waited for, so that the caller can close it")
		assert.Zero(t, a.closed.Load())
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, e.Shutdown(ctx))
		assert.Zero(t, a.closed.Load())
	})
}

func TestShutdownMayBeCalledAgainAndConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failed := errors.New("not flushed")
		a := newClosable("x", answering(nil), func() error {
			time.Sleep(time.Minute)
			return failed
		})
		e := owning(t, enricher.Config{}, a)
		start := time.Now()
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() {
				errs <- e.Shutdown(context.Background())
				assert.Equal(t, time.Minute, time.Since(start), "all calls wait")
			}()
		}
		for range cap(errs) {
			err := <-errs
			assert.ErrorIs(t, err, failed)
			assert.EqualError(t, err, `enricher "a": its Close: not flushed`)
		}
		assert.ErrorIs(t, e.Shutdown(context.Background()), failed)
		assert.Equal(t, int64(1), a.closed.Load())
		synctest.Wait()
	})
}

func TestShutdownStopsWaitingWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var cancelled atomic.Int64
		polite := newClosable("x", func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			<-ctx.Done()
			cancelled.Add(1)
			return nil, ctx.Err()
		}, nil)
		hung := newClosable("y", hanging(release, nil), nil)
		good := newClosable("z", answering(nil), nil)
		e := owning(t, enricher.Config{Timeout: time.Hour}, polite, hung, good)
		future := enrichAsync(e)

		cause := errors.New("SIGKILL is near")
		ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, cause)
		defer cancel()
		start := time.Now()
		err := e.Shutdown(ctx)
		assert.Equal(t, time.Second, time.Since(start))
		require.ErrorIs(t, err, cause)
		assert.ErrorContains(t, err, "shut down with failures under way: SIGKILL is near")
		assert.ErrorContains(t, err, `enricher "b": shut down with 1 of its calls under way: SIGKILL is near`)
		assert.NotContains(t, err.Error(), `enricher "c"`)
		for _, c := range []*closable{polite, hung, good} {
			assert.Equal(t, int64(1), c.closed.Load())
		}
		synctest.Wait()
		assert.Equal(t, int64(1), cancelled.Load())
		assert.False(t, isDone(future))

		close(release)
		res := future.Result()
		assert.Equal(t, enricher.StatusFailed, res.Outcomes[0].Status)
		assert.ErrorIs(t, res.Outcomes[0].Err, context.Canceled)
		assert.Equal(t, enricher.StatusOK, res.Outcomes[2].Status)
	})
}

func TestShutdownCancelsCallsBeforeClosing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		kept := make(chan context.Context, 1)
		a := newClosable("x", func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			kept <- ctx
			<-release
			return nil, nil
		}, func() error {
			assert.Equal(t, context.Canceled, (<-kept).Err())
			return nil
		})
		e := owning(t, enricher.Config{Timeout: time.Hour}, a)
		future := enrichAsync(e)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		assert.ErrorIs(t, e.Shutdown(ctx), context.Canceled)
		assert.Equal(t, int64(1), a.closed.Load())
		close(release)
		<-future.Done()
	})
}

func TestShutdownStopsWaitingForAbandonedCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hung := newClosable("x", hanging(release, nil), nil)
		good := newClosable("y", answering(nil), nil)
		e := owning(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{MaxConcurrent: 2}}, hung, good)
		enrichAs(e, enricher.FailureContext{})
		enrichAs(e, enricher.FailureContext{})

		patient := make(chan error, 1)
		go func() { patient <- e.Shutdown(context.Background()) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Empty(t, patient)
		assert.Equal(t, int64(1), good.closed.Load())
		assert.Zero(t, hung.closed.Load())

		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		err := e.Shutdown(ctx)
		assert.EqualError(t, err, `enricher "a": shut down with 2 of its calls under way: context canceled`)
		var named *enricher.EnricherError
		require.ErrorAs(t, err, &named)
		assert.Equal(t, "a", named.Enricher)
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, err, <-patient, "all calls return the same")
		assert.Equal(t, int64(1), hung.closed.Load())
		assert.Equal(t, 2, e.Stats().Enrichers[0].Abandoned)
		close(release)
		synctest.Wait()
		assert.Zero(t, e.Stats().Enrichers[0].InFlight)
	})
}

func TestShutdownNamesEnrichersMadeInCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		e, err := enricher.New(enricher.Config{Timeout: time.Second}, with("a", "x", hanging(release, nil)))
		require.NoError(t, err)
		e.Enrich(errJob)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		assert.EqualError(t, e.Shutdown(ctx), `enricher "a": shut down with 1 of its calls under way: context canceled`)
		close(release)
	})
}

func TestShutdownLeavesAHangingClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hung := newClosable("x", answering(nil), func() error {
			<-release
			return nil
		})
		slow := newClosable("y", answering(nil), func() error {
			time.Sleep(time.Second + 99*time.Millisecond)
			return nil
		})
		e := owning(t, enricher.Config{}, hung, slow)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		err := e.Shutdown(ctx)
		assert.Equal(t, time.Second+100*time.Millisecond, time.Since(start))
		assert.EqualError(t, err, `enricher "a": its Close has not returned: context deadline exceeded`)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		close(release)
	})
}

func TestShutdownThatIsOverIgnoresItsContext(t *testing.T) {
	t.Parallel()
	e := owning(t, enricher.Config{}, newClosable("x", answering(nil), nil))
	e.Enrich(errJob)
	require.NoError(t, e.Shutdown(context.Background()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 {
		require.NoError(t, e.Shutdown(ctx))
	}
}

func TestShutdownNamesEachFailingClose(t *testing.T) {
	t.Parallel()
	notFlushed := errors.New("not flushed")
	for name, test := range map[string]struct {
		onClose func() error
		want    string
		is      error
	}{
		"an error": {func() error { return notFlushed }, `enricher "b": its Close: not flushed`, notFlushed},
		"a panic":  {func() error { panic(notFlushed) }, `enricher "b": its Close: panic: not flushed`, notFlushed},
		"an exit":  {func() error { runtime.Goexit(); return nil }, `enricher "b": its Close: panic: runtime.Goexit was called`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newClosable("x", answering(nil), func() error { return errors.New("nor this") })
			last := newClosable("z", answering(nil), nil)
			e := owning(t, enricher.Config{}, first, newClosable("y", answering(nil), test.onClose), last)
			err := e.Shutdown(context.Background())
			assert.EqualError(t, err, "enricher \"a\": its Close: nor this\n"+test.want, "in configured order")
			if test.is != nil {
				assert.ErrorIs(t, err, test.is)
			}
			assert.Equal(t, int64(1), last.closed.Load())
		})
	}
}

func TestShutdownRejectsFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		a := newSwitchable(hanging(release, nil))
		observed := 0
		e := running(t, enricher.Config{}, with("a", "x", a.process), withGood("b", "y"),
			withObserver(func(enricher.Result) { observed++ }))
		first := enrichAsync(e)
		over := make(chan error, 1)
		go func() { over <- e.Shutdown(context.Background()) }()
		synctest.Wait()

		check := func(res enricher.Result) {
			assert.Equal(t, enricher.Labels{}, res.Labels)
			assert.Equal(t, []enricher.Outcome{
				{Enricher: "a", Status: enricher.StatusSkipped, Err: enricher.ErrShutdown},
				{Enricher: "b", Status: enricher.StatusSkipped, Err: enricher.ErrShutdown},
			}, res.Outcomes)
		}
		refused := func() {
			check(e.EnrichContext(context.Background(), errJob, enricher.FailureContext{}))
			future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
			require.True(t, isDone(future))
			check(future.Result())
			assert.Equal(t, enricher.Labels{}, e.Enrich(errJob))
		}
		refused() // as soon as it has begun
		close(release)
		require.NoError(t, <-over)
		refused()
		assert.Equal(t, int64(1), a.calls.Load())
		assert.Equal(t, 1, observed)
		assert.True(t, first.Result().Complete())
		stats := e.Stats()
		assert.Equal(t, uint64(6), stats.AfterShutdown)
		assert.Equal(t, uint64(0), stats.Overloaded)
		for _, s := range stats.Enrichers {
			assert.Equal(t, map[enricher.Status]uint64{enricher.StatusOK: 1, enricher.StatusSkipped: 6}, s.Calls)
		}
	})
}

// Also where it costs next to nothing otherwise.
func TestShutdownWithoutEnrichersCountsFailures(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{})
	require.NoError(t, e.Shutdown(context.Background()))
	assert.Equal(t, enricher.Labels{}, e.Enrich(errJob))
	assert.Empty(t, e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result().Outcomes)
	assert.Equal(t, uint64(2), e.Stats().AfterShutdown)
}

func TestShutdownConcurrentUse(t *testing.T) {
	t.Parallel()
	for range 20 {
		a := newClosable("x", nil, nil)
		var closed atomic.Bool
		a.FailureEnricher = enricher.Func([]string{"x"},
			func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				assert.False(t, closed.Load(), "called after Close")
				return enricher.Labels{"x": "a"}, nil
			})
		a.onClose = func() error { closed.Store(true); return nil }
		e := owning(t, enricher.Config{Timeout: time.Minute}, a)
		var all sync.WaitGroup
		var good, refused atomic.Uint64
		for range 4 {
			all.Go(func() {
				for range 50 {
					res := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result()
					if res.Outcomes[0].Status == enricher.StatusOK {
						good.Add(1)
					} else {
						assert.ErrorIs(t, res.Err(), enricher.ErrShutdown)
						refused.Add(1)
					}
				}
			})
		}
		all.Go(func() {
			assert.NoError(t, e.Shutdown(context.Background()))
			assert.Equal(t, int64(1), a.closed.Load())
		})
		all.Wait()
		assert.Equal(t, uint64(200), good.Load()+refused.Load())
		assert.Equal(t, refused.Load(), e.Stats().AfterShutdown)
		assert.Equal(t, good.Load(), statsOf(t, e).Calls[enricher.StatusOK])
	}
}

// Often, because the outcome must not depend on timing.
func TestShutdownNamesWhatItCancelled(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2000 {
		started := make(chan bool)
		e := owning(t, enricher.Config{Timeout: time.Minute}, enricher.Func([]string{"x"}, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			close(started)
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		future := e.EnrichAsync(t.Context(), errJob, enricher.FailureContext{})
		<-started
		err := e.Shutdown(ended)
		require.ErrorIs(t, future.Result().Outcomes[0].Err, context.Canceled)
		require.ErrorIs(t, err, context.Canceled)
	}
}

// An abandoned call that looks at its context only now finds it cancelled.
func TestShutdownNamesTheAbandonedCallThatItCancelled(t *testing.T) {
	t.Parallel()
	for range 500 {
		ctx, cancel := context.WithCancel(t.Context())
		seen := make(chan error, 1)
		e := owning(t, enricher.Config{Timeout: time.Millisecond}, enricher.Func([]string{"x"}, func(own context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			<-ctx.Done()
			for range 20 {
				runtime.Gosched()
			}
			seen <- own.Err()
			return nil, nil
		}))
		e.Enrich(errJob)
		go cancel()
		if err := e.Shutdown(ctx); err == nil {
			select {
			case err := <-seen:
				require.NotErrorIs(t, err, context.Canceled)
			default: // its turn came too late
			}
		}
	}
}

// Often, for the same reason.
func TestShutdownOfAnIdleEnricherSucceedsWithAnEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 200 {
		e := running(t, enricher.Config{}, withGood("a", "x"))
		e.Enrich(errJob)
		require.NoError(t, e.Shutdown(ctx))
	}
}

func TestShutdownDoesNotCallAnEnricherThatItHasClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		called := false
		reader := newClosable("y", doing(func() { called = true }), nil)
		e := owning(t, enricher.Config{Timeout: time.Hour}, &labelReader{reader, []string{"x"}}, newClosable("x", hanging(release, nil), nil))
		future := enrichAsync(e)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, e.Shutdown(ctx), context.Canceled)
		close(release)
		o := future.Result().Outcomes[0]
		assert.Equal(t, enricher.StatusSkipped, o.Status)
		assert.Equal(t, enricher.ErrShutdown, o.Err)
		assert.False(t, called)
	})
}

func TestShutdownSurvivesACloseErrorThatPanics(t *testing.T) {
	t.Parallel()
	e := owning(t, enricher.Config{}, newClosable("x", nil, func() error { return viciousError{} }))
	assert.EqualError(t, e.Shutdown(t.Context()),
		`enricher "a": its Close: (the Error method of a enricher_test.viciousError panicked: (a enricher_test.viciousError that panics when it is printed))`)
}
