package enricher_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestBudgetLeavesTimeForReadersOfAHungEnricher(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		notified := enricher.Labels(nil)
		e := running(t, enricher.Config{Timeout: time.Second},
			with("hung", "x", hanging(release, enricher.Labels{"x": "hung"})),
			withGood("good", "y"),
			withReader("notifier", "sent", []string{"*"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				notified = fc.Labels
				time.Sleep(499 * time.Millisecond)
				return enricher.Labels{"sent": "yes"}, nil
			}))
		start := time.Now()
		res := enrichAs(e, enricher.FailureContext{})
		assert.Equal(t, 999*time.Millisecond, time.Since(start))
		assert.Equal(t, enricher.Labels{"y": "good", "sent": "yes"}, res.Labels)
		assert.Equal(t, enricher.Labels{"y": "good"}, notified)
		assert.Equal(t, []enricher.Status{enricher.StatusTimedOut, enricher.StatusOK, enricher.StatusOK}, statuses(res))
		assert.Equal(t, 500*time.Millisecond, res.Outcomes[0].Duration)
		assert.EqualError(t, res.Outcomes[0].Err, "not done within 500ms of a budget of 1s: context deadline exceeded")
	})
}

// A call has what is left of its share when it begins.
func TestBudgetTimeoutTextHasWholeMilliseconds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		budget time.Duration
		waits  time.Duration // for what it reads
		policy time.Duration
		want   string
	}{
		{budget: time.Second, waits: 216359 * time.Nanosecond, want: "1s"},
		{budget: time.Second, waits: 12345678 * time.Nanosecond, want: "988ms of a budget of 1s"},
		{budget: time.Second, waits: 400*time.Millisecond + 1, want: "600ms of a budget of 1s"},
		{budget: 90 * time.Second, waits: 1, want: "1m30s"},
		{budget: time.Second, policy: 250 * time.Millisecond, want: "250ms"},
		{budget: time.Second, policy: 1400 * time.Microsecond, want: "1ms"},
		{budget: time.Second, policy: 999, want: "999ns"},
		{budget: time.Second, policy: 1, want: "1ns"},
	} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			e := running(t, enricher.Config{Timeout: test.budget, Policies: map[string]enricher.Policy{"late": {Timeout: test.policy}}},
				with("first", "x", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
					time.Sleep(test.waits)
					return nil, nil
				}),
				withReader("late", "y", []string{"x"}, hanging(release, nil)))
			res := enrichAs(e, enricher.FailureContext{})
			assert.EqualError(t, res.Outcomes[1].Err, "not done within "+test.want+": context deadline exceeded")
		})
	}
}

func TestBudgetIsSharedByDepth(t *testing.T) {
	t.Parallel()
	const none = time.Duration(0)
	for _, test := range []struct {
		name    string
		timeout time.Duration // of the policy of b
		starts  time.Duration // how long a takes
		want    map[string]time.Duration
	}{
		{"without a policy", none, none, map[string]time.Duration{
			"alone": time.Second / 3, "a": time.Second / 3, "b": 2 * time.Second / 3, "c": time.Second,
		}},
		{"with a policy that is shorter", 200 * time.Millisecond, 100 * time.Millisecond, map[string]time.Duration{
			"alone": time.Second / 3, "a": time.Second / 3, "b": 300 * time.Millisecond, "c": time.Second,
		}},
		{"with a policy that is longer", time.Hour, none, map[string]time.Duration{
			"alone": time.Second / 3, "a": time.Second / 3, "b": 2 * time.Second / 3, "c": time.Second,
		}},
		{"with a policy that is longer than what is left", 600 * time.Millisecond, 100 * time.Millisecond, map[string]time.Duration{
			"alone": time.Second / 3, "a": time.Second / 3, "b": 2 * time.Second / 3, "c": time.Second,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, got := time.Now(), map[string]time.Duration{}
				note := func(name string, takes time.Duration) processFunc {
					return func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
						deadline, ok := ctx.Deadline()
						assert.True(t, ok)
						got[name] = deadline.Sub(start)
						time.Sleep(takes)
						return nil, nil
					}
				}
				e := running(t, enricher.Config{
					Timeout:  time.Second,
					Policies: map[string]enricher.Policy{"b": {Timeout: test.timeout}},
				},
					with("alone", "w", note("alone", none)),
					with("a", "x", note("a", test.starts)),
					withReader("b", "y", []string{"x"}, note("b", none)),
					withReader("c", "z", []string{"y"}, note("c", none)))
				require.NoError(t, enrichAs(e, enricher.FailureContext{}).Err())
				assert.Equal(t, test.want, got)
			})
		})
	}
}

func TestBudgetIsBoundedByThePolicy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{
			Timeout:  time.Second,
			Policy:   enricher.Policy{Timeout: 200 * time.Millisecond},
			Policies: map[string]enricher.Policy{"b": {Timeout: 300 * time.Millisecond}},
		}, with("a", "x", untilTimeIsUp), with("b", "y", untilTimeIsUp))
		for range 2 {
			start := time.Now()
			res := enrichAs(e, enricher.FailureContext{})
			assert.InDelta(t, 300*time.Millisecond, time.Since(start), float64(time.Millisecond))
			assert.Equal(t, []enricher.Status{enricher.StatusTimedOut, enricher.StatusTimedOut}, statuses(res))
			assert.Equal(t, 200*time.Millisecond, res.Outcomes[0].Duration)
			assert.Equal(t, 300*time.Millisecond, res.Outcomes[1].Duration)
		}
	})
}

// It is no fault of the enricher, so its breaker is not told.
func TestBudgetOverBeforeACallSkipsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newSwitchable(answering(nil))
		e := running(t, enricher.Config{Timeout: 1, Policy: enricher.Policy{BreakerThreshold: 1}},
			with("a", "x", a.process), // half a nanosecond
			withReader("b", "y", []string{"x"}, answering(enricher.Labels{"y": "b"})))
		for range 3 {
			res := enrichAs(e, enricher.FailureContext{})
			assert.Equal(t, enricher.Labels{"y": "b"}, res.Labels)
			assert.Equal(t, []enricher.Status{enricher.StatusTimedOut, enricher.StatusOK}, statuses(res))
			assert.ErrorIs(t, res.Outcomes[0].Err, context.DeadlineExceeded)
			assert.EqualError(t, res.Outcomes[0].Err, "not called, as the time was up before its turn came: context deadline exceeded")
			assert.Zero(t, res.Outcomes[0].Duration)
		}
		assert.Zero(t, a.calls.Load())
		assert.Equal(t, enricher.BreakerClosed, e.Stats().Enrichers[0].Breaker)
	})
}

func TestBudgetDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		e, err := enricher.New(enricher.Config{}, enricher.WithLogger(slog.New(slog.DiscardHandler)),
			with("a", "x", hanging(release, nil)))
		require.NoError(t, err)
		start := time.Now()
		e.Enrich(errJob)
		assert.Equal(t, time.Second, time.Since(start))
		close(release)
		require.NoError(t, e.Shutdown(context.Background()))
	})
}

func TestBudgetBoundsTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var observed []enricher.Result
		var reader enricher.Labels
		e := running(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{MaxConcurrent: 1}},
			with("late", "x", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				time.Sleep(time.Minute)
				return enricher.Labels{"x": "late", "undeclared": "late"}, nil
			}),
			withGood("good", "y"),
			withReader("reader", "z", []string{"x"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				reader = fc.Labels
				return enricher.Labels{"z": "reader"}, nil
			}),
			enricher.WithObserver(observerFunc(func(_ context.Context, _ error, _ enricher.FailureContext, res enricher.Result) {
				observed = append(observed, res)
			})))
		late := func() enricher.EnricherStats { return e.Stats().Enrichers[0] }

		start := time.Now()
		res := enrichAs(e, enricher.FailureContext{})
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
		want := enricher.Labels{"y": "good", "z": "reader"}
		wantStatuses := []enricher.Status{enricher.StatusTimedOut, enricher.StatusOK, enricher.StatusOK}
		check := func() {
			assert.Equal(t, want, res.Labels)
			assert.Equal(t, wantStatuses, statuses(res))
			assert.ErrorIs(t, res.Outcomes[0].Err, context.DeadlineExceeded)
			assert.Empty(t, res.Outcomes[0].Issues)
			assert.Equal(t, []enricher.Result{res}, observed)
			assert.Equal(t, enricher.Labels{}, reader)
		}
		check()
		assert.Equal(t, enricher.EnricherStats{
			Enricher: "late", Calls: map[enricher.Status]uint64{enricher.StatusTimedOut: 1}, InFlight: 1, Abandoned: 1,
		}, late())

		time.Sleep(time.Minute) // and it returns
		synctest.Wait()
		check()
		assert.Equal(t, enricher.EnricherStats{
			Enricher: "late", Calls: map[enricher.Status]uint64{enricher.StatusTimedOut: 1},
		}, late())

		// Its only slot is back.
		res = enrichAs(e, enricher.FailureContext{})
		assert.Equal(t, wantStatuses, statuses(res))
		assert.Equal(t, uint64(2), late().Calls[enricher.StatusTimedOut])
	})
}

func TestAbandonedCallMayPanicOrExit(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(){"panic": func() { panic("late") }, "exit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := running(t, enricher.Config{Timeout: time.Second}, with("late", "x",
					func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
						time.Sleep(time.Minute)
						end()
						return nil, nil
					}))
				res := enrichAs(e, enricher.FailureContext{})
				time.Sleep(time.Minute)
				synctest.Wait()
				assert.Equal(t, []enricher.Status{enricher.StatusTimedOut}, statuses(res))
				assert.Equal(t, enricher.EnricherStats{
					Enricher: "late", Calls: map[enricher.Status]uint64{enricher.StatusTimedOut: 1},
				}, statsOf(t, e))
			})
		})
	}
}

func TestAbandonedCallsCostAtMostMaxConcurrentGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		hung := newSwitchable(hanging(release, nil))
		e := running(t, enricher.Config{
			Timeout: time.Second,
			Policy:  enricher.Policy{MaxConcurrent: 3, BreakerThreshold: -1},
		}, with("hung", "x", hung.process))
		for range 10 {
			enrichAs(e, enricher.FailureContext{})
		}
		assert.Equal(t, int64(3), hung.calls.Load())
		assert.Equal(t, enricher.EnricherStats{
			Enricher: "hung", InFlight: 3, Abandoned: 3,
			Calls: map[enricher.Status]uint64{enricher.StatusTimedOut: 3, enricher.StatusSaturated: 7},
		}, statsOf(t, e))
	})
}

// A bulkyError is large enough to be an allocation of its own.
type bulkyError struct{ _ [1 << 10]byte }

func (*bulkyError) Error() string { return "bulky" }

func TestAbandonedCallDoesNotKeepTheResultAlive(t *testing.T) {
	t.Parallel()
	for name, enrich := range map[string]func(*enricher.Enricher) enricher.Result{
		"Enrich": func(e *enricher.Enricher) enricher.Result { return enrichAs(e, enricher.FailureContext{}) },
		"EnrichAsync": func(e *enricher.Enricher) enricher.Result {
			return e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				e := running(t, enricher.Config{Timeout: time.Second},
					with("failed", "w", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
						return nil, &bulkyError{}
					}),
					with("hung", "x", hanging(release, nil)),
					with("good", "y", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
						return enricher.Labels{"y": string(bytes.Repeat([]byte("y"), 1<<10))}, nil
					}),
					withReader("hung-too", "z", []string{"w"}, hanging(release, nil)),
					with("panicked", "v", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
						panic(&bulkyError{})
					}))
				label, failed, panicked := func() (weak.Pointer[byte], weak.Pointer[bulkyError], weak.Pointer[bulkyError]) {
					res := enrich(e)
					var failed, panicked *bulkyError
					require.True(t, errors.As(res.Outcomes[0].Err, &failed))
					require.True(t, errors.As(res.Outcomes[4].Err, &panicked))
					require.Len(t, res.Labels, 1)
					return weak.Make(unsafe.StringData(res.Labels["y"])), weak.Make(failed), weak.Make(panicked)
				}()
				runtime.GC()
				require.Equal(t, 1, e.Stats().Enrichers[1].Abandoned)
				require.Equal(t, 1, e.Stats().Enrichers[3].Abandoned)
				assert.Nil(t, label.Value(), "a label")
				assert.Nil(t, failed.Value(), "an error in an outcome")
				assert.Nil(t, panicked.Value(), "the value of a panic in an outcome")
			})
		})
	}
}

func TestTimeoutErrorAtTheDeadlineCountsOnce(t *testing.T) {
	t.Parallel()
	for name, fn := range map[string]processFunc{
		"the context's": untilTimeIsUp,
		"the cause of its end": func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		},
		"another": func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			<-ctx.Done()
			return nil, errJob
		},
		"that of a panic": func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			<-ctx.Done()
			panic(errJob)
		},
		"none": func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			<-ctx.Done()
			return enricher.Labels{"x": "late"}, nil
		},
		"none, and no look at the context": func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			time.Sleep(time.Second)
			return enricher.Labels{"x": "late"}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := running(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{BreakerThreshold: 3}}, with("a", "x", fn))
				for n := range uint64(2) {
					res := enrichAs(e, enricher.FailureContext{})
					assert.Equal(t, enricher.Labels{}, res.Labels)
					assert.Equal(t, enricher.StatusTimedOut, res.Outcomes[0].Status)
					assert.Equal(t, time.Second, res.Outcomes[0].Duration)
					assert.ErrorIs(t, res.Outcomes[0].Err, context.DeadlineExceeded)
					synctest.Wait()
					assert.Equal(t, enricher.EnricherStats{
						Enricher: "a", Calls: map[enricher.Status]uint64{enricher.StatusTimedOut: n + 1},
					}, statsOf(t, e))
				}
				// Twice was twice: the third opens the breaker.
				assert.Equal(t, enricher.BreakerClosed, statsOf(t, e).Breaker)
				enrichAs(e, enricher.FailureContext{})
				assert.Equal(t, enricher.BreakerOpen, statsOf(t, e).Breaker)
			})
		})
	}
}

// With one processor, nobody notices that the time of an enricher is up
// while it computes: the enricher itself brings the news, and what it has to say
// is not lost. Nearly always, as the processor may be taken away from it.
func TestTimeoutKeepsALateError(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	computing := func(ctx context.Context) {
		deadline, _ := ctx.Deadline()
		for time.Now().Before(deadline) {
		}
	}
	for want, fn := range map[string]processFunc{
		"not done within 2ms: the job has failed": func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			computing(ctx)
			return nil, errJob
		},
		"not done within 2ms: panic: the job has failed": func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			computing(ctx)
			panic(errJob)
		},
	} {
		e := running(t, enricher.Config{Timeout: time.Minute, Policy: enricher.Policy{Timeout: 2 * time.Millisecond, BreakerThreshold: 1000}}, with("a", "x", fn))
		for try := 0; ; try++ {
			err := enrichAs(e, enricher.FailureContext{}).Outcomes[0].Err
			require.ErrorIs(t, err, context.DeadlineExceeded)
			if errors.Is(err, errJob) {
				assert.EqualError(t, err, want)
				break
			}
			require.EqualError(t, err, "not done within 2ms: context deadline exceeded")
			require.Less(t, try, 100)
		}
	}
}

func TestTimeoutOfAnotherContextIsAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{Timeout: time.Second}, with("a", "x",
			func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
				ctx, cancel := context.WithTimeout(ctx, time.Second/2)
				defer cancel()
				<-ctx.Done()
				return nil, ctx.Err()
			}))
		res := enrichAs(e, enricher.FailureContext{})
		assert.Equal(t, enricher.StatusFailed, res.Outcomes[0].Status)
		assert.ErrorIs(t, res.Outcomes[0].Err, context.DeadlineExceeded)
		assert.Equal(t, time.Second/2, res.Outcomes[0].Duration)
	})
}

// Services make an Enricher when they start, and have tests in fake time.
func TestBudgetHoldsInBubblesOfSynctest(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{BreakerThreshold: 100}},
		with("waits", "x", func(ctx context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			if fc.ID != "" {
				<-ctx.Done()
			}
			return enricher.Labels{"x": "answered"}, nil
		}),
		withGood("good", "y"),
		withReader("reader", "z", []string{"x"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"z": "answered"}, nil
		}))
	all := enricher.Labels{"x": "answered", "y": "good", "z": "answered"}
	for range 3 {
		require.Equal(t, all, e.Enrich(errJob))
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			res := enrichAs(e, enricher.FailureContext{ID: "hangs"})
			require.Equal(t, 500*time.Millisecond, time.Since(start), "its share, as there is a reader")
			require.Equal(t, enricher.Labels{"y": "good", "z": "answered"}, res.Labels)
			require.Equal(t, all, e.Enrich(errJob))
			future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
			res, err := future.Wait(context.Background())
			require.NoError(t, err)
			require.Equal(t, all, res.Labels)
		})
	}
}
