package enrichers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// A remote stands for an enricher that asks a remote system.
type remote struct {
	calls  atomic.Int64
	took   time.Duration
	answer func(n int64) (enricher.Labels, error)
	closed int
}

func (r *remote) OutputKeys() []string { return []string{"answer"} }

func (r *remote) ProcessFailure(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
	n := r.calls.Add(1)
	select {
	case <-time.After(r.took):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if r.answer != nil {
		return r.answer(n)
	}
	return enricher.Labels{"answer": fmt.Sprint(n)}, nil
}

func (r *remote) Close() error { r.closed++; return nil }

type reader struct{ *remote }

func (reader) InputKeys() []string { return []string{"fingerprint"} }

// describing says what its labels mean and which values it looks for.
type describing struct{ reader }

func (describing) DescribeLabels() []enricher.LabelDescription {
	return []enricher.LabelDescription{{Key: "answer", Doc: "Where it is."}}
}

func (describing) OptionTimeout() time.Duration { return time.Minute }

func (describing) InputValues() map[string][]string { return map[string][]string{"fingerprint": {"x"}} }

func TestCoalescePassesDescriptionsThrough(t *testing.T) {
	t.Parallel()
	byNothing := func(error, enricher.FailureContext) string { return "" }
	fe := describing{reader{&remote{}}}
	described := enrichers.Coalesce(fe, byNothing, 0)
	assert.Equal(t, fe.DescribeLabels(), described.(enricher.LabelDescriber).DescribeLabels())
	assert.Equal(t, fe.InputValues(), described.(enricher.ValueReader).InputValues())
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("remote", described), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	assert.ErrorContains(t, errors.Join(e.Warnings()...), "its option timeout is 1m0s, but it has at most 1s")

	plain := enrichers.Coalesce(fe.reader, byNothing, 0)
	assert.Empty(t, plain.(enricher.LabelDescriber).DescribeLabels())
	assert.Empty(t, plain.(enricher.ValueReader).InputValues())
}

func TestCoalesceKeepsTheContract(t *testing.T) {
	t.Parallel()
	byType := func(cause error, _ enricher.FailureContext) string { return fmt.Sprintf("%T", cause) }
	typed := enricher.Func([]string{"type"}, func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"type": fmt.Sprintf("%T", cause)}, nil
	})
	// Failures that are equal have equal labels, so it does not matter which came first.
	for name, make := range map[string]func() enricher.FailureEnricher{
		"whose calls are shared": func() enricher.FailureEnricher { return enrichers.Coalesce(typed, byType, 0) },
		"whose labels are kept":  func() enricher.FailureEnricher { return enrichers.Coalesce(typed, byType, time.Minute) },
		"that asks a remote one": func() enricher.FailureEnricher {
			return enrichers.Coalesce(&remote{took: time.Millisecond, answer: sameForAll}, byType, 0)
		},
		"that reads labels": func() enricher.FailureEnricher {
			return enrichers.Coalesce(reader{&remote{answer: sameForAll}}, byType, time.Minute)
		},
		"that often has no answer": func() enricher.FailureEnricher { return enrichers.Coalesce(&remote{answer: everyOther}, byType, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			factory := enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) { return make(), nil })
			options := []enrichertest.Option{enrichertest.WithEveryKey()}
			if name != "that often has no answer" {
				options = append(options, enrichertest.WithDeterministic())
			}
			enrichertest.Run(t, factory, options...)
		})
	}
}

func sameForAll(int64) (enricher.Labels, error) { return enricher.Labels{"answer": "the same"}, nil }

func everyOther(n int64) (enricher.Labels, error) {
	if n%2 == 0 {
		return nil, errBroken
	}
	return enricher.Labels{"answer": "the same"}, nil
}

func byText(cause error, _ enricher.FailureContext) string { return cause.Error() }

var errBroken = errors.New("broken")

func process(fe enricher.FailureEnricher, timeout time.Duration, cause error) (enricher.Labels, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return fe.ProcessFailure(ctx, cause, enricher.FailureContext{})
}

func TestCoalesceKeepsNoLongKeys(t *testing.T) {
	fe := enrichers.Coalesce(&remote{}, byText, time.Hour)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 100 {
		_, err := process(fe, time.Minute, fmt.Errorf("%d %s", i, make([]byte, 1<<20)))
		require.NoError(t, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	assert.Less(t, after.HeapAlloc, before.HeapAlloc+50<<20)
	runtime.KeepAlive(fe)
}

func TestCoalesce(t *testing.T) {
	t.Run("shares a running call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := &remote{took: time.Second}
			fe := enrichers.Coalesce(r, byText, 0)
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					labels, err := process(fe, time.Minute, errBroken)
					assert.NoError(t, err)
					assert.Equal(t, enricher.Labels{"answer": "1"}, labels)
				})
			}
			wg.Wait()
			assert.EqualValues(t, 1, r.calls.Load())
			assert.Equal(t, map[string]uint64{"coalesced": 99}, fe.(enricher.CountReporter).Counts())
			labels, err := process(fe, time.Minute, errBroken)
			require.NoError(t, err)
			assert.Equal(t, enricher.Labels{"answer": "2"}, labels, "nothing is kept without a ttl")
		})
	})

	t.Run("keeps labels for ttl and copies them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := &remote{}
			fe := enrichers.Coalesce(r, byText, time.Minute)
			for _, want := range []string{"1", "1", "2"} {
				labels, err := process(fe, time.Second, errBroken)
				require.NoError(t, err)
				assert.Equal(t, enricher.Labels{"answer": want}, labels)
				labels["answer"] = "overwritten"
				time.Sleep(30 * time.Second)
			}
		})
	})

	t.Run("calls for each different failure", func(t *testing.T) {
		r := &remote{}
		fe := enrichers.Coalesce(r, byText, time.Hour)
		for i := range 3 {
			labels, err := process(fe, time.Second, fmt.Errorf("broken %d", i))
			require.NoError(t, err)
			assert.Equal(t, enricher.Labels{"answer": fmt.Sprint(i + 1)}, labels)
		}
	})

	t.Run("calls for each failure without a key", func(t *testing.T) {
		r := &remote{}
		fe := enrichers.Coalesce(r, func(error, enricher.FailureContext) string { return "" }, time.Hour)
		for range 2 {
			_, err := process(fe, time.Second, errBroken)
			require.NoError(t, err)
		}
		assert.EqualValues(t, 2, r.calls.Load())
	})

	t.Run("shares an error but does not keep it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := &remote{took: time.Second, answer: func(n int64) (enricher.Labels, error) { return nil, fmt.Errorf("down %d", n) }}
			fe := enrichers.Coalesce(r, byText, time.Hour)
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					_, err := process(fe, time.Minute, errBroken)
					assert.EqualError(t, err, "down 1")
				})
			}
			wg.Wait()
			_, err := process(fe, time.Minute, errBroken)
			assert.EqualError(t, err, "down 2")
		})
	})

	t.Run("does not share a timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := &remote{took: 5 * time.Second}
			fe := enrichers.Coalesce(r, byText, 0)
			var wg sync.WaitGroup
			wg.Go(func() {
				_, err := process(fe, time.Second, errBroken)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			})
			synctest.Wait()
			wg.Go(func() {
				labels, err := process(fe, time.Minute, errBroken)
				assert.NoError(t, err)
				assert.Equal(t, enricher.Labels{"answer": "2"}, labels)
			})
			wg.Wait()
		})
	})

	t.Run("does not wait longer than the caller has time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := &remote{took: time.Minute}
			fe := enrichers.Coalesce(r, byText, 0)
			go process(fe, time.Hour, errBroken)
			synctest.Wait()
			start := time.Now()
			_, err := process(fe, time.Second, errBroken)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(start))
			time.Sleep(time.Hour)
		})
	})

	t.Run("calls again if a call hangs and ignores its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			var calls atomic.Int64
			hangs := enricher.Func([]string{"answer"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				n := calls.Add(1)
				if n == 1 {
					<-release
				}
				return enricher.Labels{"answer": fmt.Sprint(n)}, nil
			})
			e, err := enricher.New(enricher.Config{Timeout: time.Second, Policy: enricher.Policy{MaxConcurrent: 2}},
				enricher.WithEnricher("hangs", enrichers.Coalesce(hangs, byText, time.Hour)))
			require.NoError(t, err)
			assert.Empty(t, e.Enrich(errBroken))
			for range 3 {
				assert.Equal(t, enricher.Labels{"answer": "2"}, e.Enrich(errBroken))
			}
			close(release)
			synctest.Wait()
			assert.Equal(t, enricher.Labels{"answer": "2"}, e.Enrich(errBroken), "a late answer replaces nothing")
			require.NoError(t, e.Shutdown(t.Context()))
		})
	})

	t.Run("shares a panic or an exit but does not keep it", func(t *testing.T) {
		for _, c := range []struct {
			name string
			end  func()
		}{{"panic", func() { panic("bug") }}, {"exit", runtime.Goexit}} {
			synctest.Test(t, func(t *testing.T) {
				r := &remote{took: time.Second, answer: func(n int64) (enricher.Labels, error) {
					if n == 1 {
						c.end()
					}
					return nil, nil
				}}
				e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("remote", enrichers.Coalesce(r, byText, time.Hour)))
				require.NoError(t, err)
				var wg sync.WaitGroup
				for range 3 {
					wg.Go(func() {
						o := e.EnrichContext(t.Context(), errBroken, enricher.FailureContext{}).Outcomes[0]
						assert.Equal(t, enricher.StatusPanicked, o.Status, c.name)
						if p, ok := errors.AsType[*enricher.PanicError](o.Err); assert.True(t, ok) && c.name == "panic" {
							assert.Equal(t, "bug", p.Value)
						}
					})
				}
				wg.Wait()
				assert.EqualValues(t, 1, r.calls.Load())
				assert.True(t, e.EnrichContext(t.Context(), errBroken, enricher.FailureContext{}).Complete())
			})
		}
	})

	t.Run("forgets the least recent of more than MaxCoalesced failures", func(t *testing.T) {
		r := &remote{}
		fe := enrichers.Coalesce(r, byText, time.Hour)
		for i := range enrichers.MaxCoalesced + 1 {
			_, err := process(fe, time.Second, fmt.Errorf("broken %d", i))
			require.NoError(t, err)
		}
		calls := r.calls.Load()
		_, err := process(fe, time.Second, errors.New("broken 1"))
		require.NoError(t, err)
		assert.Equal(t, calls, r.calls.Load(), "kept")
		_, err = process(fe, time.Second, errors.New("broken 0"))
		require.NoError(t, err)
		assert.Equal(t, calls+1, r.calls.Load(), "forgotten")
	})

	t.Run("is a LabelReader if the wrapped one is", func(t *testing.T) {
		r, ok := enrichers.Coalesce(reader{&remote{}}, byText, 0).(enricher.LabelReader)
		require.True(t, ok)
		assert.Equal(t, []string{"fingerprint"}, r.InputKeys())
		assert.Equal(t, []string{"answer"}, r.OutputKeys())
		_, ok = enrichers.Coalesce(&remote{}, byText, 0).(enricher.LabelReader)
		assert.False(t, ok)
	})

	t.Run("closes the wrapped one", func(t *testing.T) {
		r := &remote{}
		registry := enricher.NewRegistry()
		require.NoError(t, registry.Register("remote", enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			return enrichers.Coalesce(r, byText, 0), nil
		})))
		e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"remote"}}, enricher.WithRegistry(registry))
		require.NoError(t, err)
		assert.Equal(t, enricher.Labels{"answer": "1"}, e.Enrich(errBroken))
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, 1, r.closed)
	})

	t.Run("panics without an enricher or a key function", func(t *testing.T) {
		assert.Panics(t, func() { enrichers.Coalesce(nil, byText, 0) })
		assert.Panics(t, func() { enrichers.Coalesce(&remote{}, nil, 0) })
	})
}

func ExampleCoalesce() {
	onCall := enricher.Func([]string{"oncall"},
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			fmt.Println("asking who is on call")
			return enricher.Labels{"oncall": "maria"}, nil
		})
	byJob := func(_ error, fc enricher.FailureContext) string { return fc.JobID }
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("oncall", enrichers.Coalesce(onCall, byJob, time.Minute)))
	if err != nil {
		panic(err)
	}
	for range 3 {
		fmt.Println(e.EnrichContext(context.Background(), errBroken, enricher.FailureContext{JobID: "import"}).Labels)
	}
	// Output:
	// asking who is on call
	// oncall=maria
	// oncall=maria
	// oncall=maria
}
