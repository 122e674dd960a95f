package enricher_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// A map in the defaults is copied for each instance even if the options also
// hold something that reflection cannot see.
func TestInstancesShareNoDefaultsBesideUnexportedFields(t *testing.T) {
	t.Parallel()
	type options struct {
		Head   map[string]string
		hidden bool
	}
	defaults := options{Head: map[string]string{"a": "1"}, hidden: true}
	var seen []options
	f := enricher.NewFactory(defaults, func(_ enricher.FactoryConfig, o options) (enricher.FailureEnricher, error) {
		seen = append(seen, o)
		o.Head["a"] = "changed"
		return setting(), nil
	})
	defaults.Head["a"] = "changed by the caller"
	loaded(t, factories{"op": f}, enricher.Config{FailureEnrichers: []string{"op/a", "op/b"}})
	require.Len(t, seen, 2)
	seen[0].Head["a"] = "changed once more"
	assert.Equal(t, "changed", seen[1].Head["a"])
	assert.True(t, seen[1].hidden)
}

func TestAHandlerThatPanicsInWithAttrsHurtsNobody(t *testing.T) {
	t.Parallel()
	r := enricher.NewRegistry()
	require.NoError(t, r.Register("op", giving(setting("key"))))
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"op"}},
		enricher.WithRegistry(r), enricher.WithLogger(slog.New(rudeHandler{})))
	require.NoError(t, err)
	assert.Len(t, e.Enrichers(), 1)
}

type rudeHandler struct{ slog.Handler }

func (rudeHandler) Enabled(context.Context, slog.Level) bool { panic("Enabled") }
func (rudeHandler) WithAttrs([]slog.Attr) slog.Handler       { panic("WithAttrs") }

func TestAConfigErrorOfAFactoryNamesTheEnricher(t *testing.T) {
	t.Parallel()
	f := enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		return nil, &enricher.ConfigError{Option: "file", Err: errors.New("no such file")}
	})
	_, err := load(t, factories{"op": f}, enricher.Config{FailureEnrichers: []string{"op"}})
	assert.EqualError(t, err, `enricher "op": option "file": no such file`)
}

func TestTheZeroRegistryIsReadyForUse(t *testing.T) {
	t.Parallel()
	var r enricher.Registry
	assert.Empty(t, r.Names())
	require.NoError(t, r.Register("op", giving(setting())))
	assert.Equal(t, []string{"op"}, r.Names())
}

func TestTheKeyOfAnIssueIsNeverCutToNothing(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("\x80", 200)
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("op",
		enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{key: ""}, nil
		})), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	res := e.EnrichContext(t.Context(), errors.New("failed"), enricher.FailureContext{})
	require.Len(t, res.Outcomes[0].Issues, 1)
	assert.Equal(t, key[:128], res.Outcomes[0].Issues[0].Key)
}

func TestAnErrorWithoutAnErrorSaysSo(t *testing.T) {
	t.Parallel()
	res := enricher.Result{Outcomes: []enricher.Outcome{{Enricher: "op", Status: enricher.StatusFailed}}}
	assert.EqualError(t, res.Err(), `enricher "op": (no error)`)
	assert.EqualError(t, &enricher.ConfigError{Option: "file"}, `option "file": (no error)`)
}

// vicious panics with itself, so that whoever prints the panic panics again.
type vicious struct{}

func (v vicious) Error() string { panic(v) }

func TestAPanicErrorNeverPanics(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, enricher.NewPanicError(vicious{}, nil), "panic: (a enricher_test.vicious that panics when it is printed)")
}

func TestAnEndedContextDoesNotMakeAnIdleShutdownFail(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 200 { // the outcome must not be a matter of chance
		e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("op", setting("key")),
			enricher.WithLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, err)
		e.Enrich(errors.New("failed"))
		require.NoError(t, e.Shutdown(ctx))
	}
}

// An odd error has an Error method that does as it likes.
type odd struct{ text func() string }

func (o odd) Error() string { return o.text() }

func TestAnErrorTextThatBlocksHoldsNobodyPastTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("op", failingWith(odd{func() string {
			time.Sleep(time.Hour)
			return "at last"
		}})), enricher.WithEnricher("good", labelling("good")), enricher.WithLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, err)
		start := time.Now()
		res := e.EnrichContext(t.Context(), errors.New("failed"), enricher.FailureContext{})
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, enricher.Labels{"good": "yes"}, res.Labels)
		assert.Equal(t, enricher.StatusTimedOut, res.Outcomes[0].Status)
		time.Sleep(2 * time.Hour)
	})
}

func TestAnErrorTextThatExitsLosesNoLabels(t *testing.T) {
	t.Parallel()
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("op", failingWith(odd{func() string {
		runtime.Goexit()
		return ""
	}})), enricher.WithEnricher("good", labelling("good")), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	res := e.EnrichAsync(t.Context(), errors.New("failed"), enricher.FailureContext{}).Result()
	assert.Equal(t, enricher.Labels{"good": "yes"}, res.Labels)
	assert.Equal(t, enricher.StatusPanicked, res.Outcomes[0].Status)
}

func failingWith(err error) enricher.FailureEnricher {
	return enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return nil, err
	})
}

func labelling(key string) enricher.FailureEnricher {
	return enricher.Func([]string{key}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{key: "yes"}, nil
	})
}

func TestNoEnricherIsCalledOnceAForcedShutdownHasClosedIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hung := enricher.Func([]string{"x"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			<-release
			return nil, nil
		})
		r := enricher.NewRegistry()
		reader := &readsX{}
		require.NoError(t, r.Register("reader", giving(reader)))
		e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"reader"}, Timeout: time.Hour},
			enricher.WithRegistry(r), enricher.WithEnricher("hung", hung), enricher.WithLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, err)
		future := e.EnrichAsync(t.Context(), errors.New("failed"), enricher.FailureContext{})
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, e.Shutdown(ctx), context.Canceled)
		require.True(t, reader.closed)
		close(release)
		res := future.Result()
		assert.Equal(t, enricher.StatusSkipped, res.Outcomes[0].Status)
		assert.ErrorIs(t, res.Outcomes[0].Err, enricher.ErrShutdown)
		assert.False(t, reader.calledAfterClose)
	})
}

type readsX struct{ closed, calledAfterClose bool }

func (*readsX) OutputKeys() []string { return nil }
func (*readsX) InputKeys() []string  { return []string{"x"} }
func (r *readsX) Close() error       { r.closed = true; return nil }

func (r *readsX) ProcessFailure(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	r.calledAfterClose = r.closed
	return nil, nil
}

func TestAResultWithoutEnrichersHasNoNullInJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(enricher.Result{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"labels":{},"outcomes":[]}`, string(text))
}

func TestAPanicErrorThatAnEnricherReturnsIsAnOrdinaryError(t *testing.T) {
	t.Parallel()
	for name, returned := range map[string]error{
		"typed nil": (*enricher.PanicError)(nil),
		"a value":   enricher.NewPanicError("boom", nil),
	} {
		for _, takes := range []time.Duration{0, time.Second} { // in time, and when it is up
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("good", labelling("good")),
						enricher.WithEnricher("op", enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
							time.Sleep(takes)
							return nil, returned
						})), enricher.WithLogger(slog.New(slog.DiscardHandler)))
					require.NoError(t, err)
					res := e.EnrichContext(t.Context(), errors.New("failed"), enricher.FailureContext{})
					assert.Equal(t, enricher.Labels{"good": "yes"}, res.Labels)
					assert.NotEmpty(t, res.Err().Error())
					synctest.Wait()
				})
			})
		}
	}
}

func TestAPanicWhoseValueExitsWhenPrintedKeepsNoSlot(t *testing.T) {
	t.Parallel()
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("op",
		enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			panic(odd{func() string { runtime.Goexit(); return "" }})
		})), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	res := e.EnrichContext(t.Context(), errors.New("failed"), enricher.FailureContext{})
	assert.Equal(t, enricher.StatusPanicked, res.Outcomes[0].Status)
	assert.EqualError(t, res.Outcomes[0].Err, "panic: runtime.Goexit was called")
	assert.Zero(t, e.Stats().Enrichers[0].InFlight)
}

func TestACloseErrorThatPanicsWithItselfHurtsNobody(t *testing.T) {
	t.Parallel()
	r := enricher.NewRegistry()
	require.NoError(t, r.Register("op", giving(&closeCounter{FailureEnricher: setting("key"), err: vicious{}})))
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"op"}},
		enricher.WithRegistry(r), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	assert.EqualError(t, e.Shutdown(t.Context()),
		`enricher "op": its Close: (the Error method of a enricher_test.vicious panicked: (a enricher_test.vicious that panics when it is printed))`)
}

func TestAnEnricherMadeOutsideABubbleCanBeUsedInSeveral(t *testing.T) {
	t.Parallel()
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("op",
		enricher.Func(nil, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			e.Enrich(errors.New("failed"))
			assert.Equal(t, time.Second, time.Since(start))
		})
	}
}

func TestAnOverloadedEnrichAsyncDoesNotWaitForTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := enricher.New(enricher.Config{}, enricher.WithLogger(slog.New(sleepyHandler{})))
		require.NoError(t, err)
		require.NoError(t, e.Shutdown(t.Context()))
		start := time.Now()
		<-e.EnrichAsync(t.Context(), errors.New("failed"), enricher.FailureContext{}).Done()
		assert.Zero(t, time.Since(start))
		time.Sleep(2 * time.Hour)
	})
}

type sleepyHandler struct{ slog.Handler }

func (sleepyHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h sleepyHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }

func (sleepyHandler) Handle(context.Context, slog.Record) error {
	time.Sleep(time.Hour)
	return nil
}

func TestReadersOfAllDoNotSeeEachOthersLabels(t *testing.T) {
	t.Parallel()
	reader := func(key string) enricher.FailureEnricher {
		return readsAll{key}
	}
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("plain", labelling("plain")),
		enricher.WithEnricher("a", reader("a")), enricher.WithEnricher("b", reader("b")),
		enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	for range 50 {
		assert.Equal(t, enricher.Labels{"plain": "yes", "a": "plain=yes", "b": "plain=yes"}, e.Enrich(errors.New("failed")))
	}
}

type readsAll struct{ key string }

func (r readsAll) OutputKeys() []string { return []string{r.key} }
func (readsAll) InputKeys() []string    { return []string{"*"} }

func (r readsAll) ProcessFailure(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
	return enricher.Labels{r.key: fc.Labels.String()}, nil
}

func TestTimeLostInTheQueueDoesNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := enricher.New(enricher.Config{Timeout: 200 * time.Millisecond, Policy: enricher.Policy{MaxConcurrent: 6}},
			enricher.WithEnricher("op", enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				time.Sleep(150 * time.Millisecond)
				return nil, nil
			})), enricher.WithLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, err)
		var futures []*enricher.Future
		for range 12 {
			futures = append(futures, e.EnrichAsync(t.Context(), errors.New("failed"), enricher.FailureContext{}))
		}
		for _, f := range futures {
			f.Result()
		}
		s := e.Stats().Enrichers[0]
		assert.Equal(t, map[enricher.Status]uint64{enricher.StatusOK: 6, enricher.StatusTimedOut: 6}, s.Calls)
		assert.Equal(t, enricher.BreakerClosed, s.Breaker)
		time.Sleep(time.Second)
	})
}

// wideCycle joins itself, very often.
type wideCycle struct{ branches []error }

func (w *wideCycle) Error() string   { return "wide" }
func (w *wideCycle) Unwrap() []error { return w.branches }

func TestAWideTreeThatContainsItselfCostsNoMoreThanItsBound(t *testing.T) {
	t.Parallel()
	w := &wideCycle{make([]error, 300_000)}
	for i := range w.branches {
		w.branches[i] = w
	}
	visits := 0
	for range enricher.Chain(w) {
		visits++
	}
	// Branches that are too deep are not all looked at either: there would be
	// 300,000 on each of 100 levels.
	assert.Equal(t, 100, visits)
	assert.Empty(t, enricher.LabelsOf(w))
}
