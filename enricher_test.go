package enricher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// The rules that comments of the tests refer to are those of the design, section
// 5: what happens to a failure.

// Rule 2.
func TestEnrichersRunAllAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var opts []enricher.Option
		want := enricher.Labels{}
		for i := range 64 {
			key := fmt.Sprintf("key-%02d", i)
			want[key] = "set"
			opts = append(opts, with(fmt.Sprintf("sleeper-%02d", i), key,
				func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
					time.Sleep(10 * time.Millisecond)
					return enricher.Labels{key: "set"}, nil
				}))
		}
		e := running(t, enricher.Config{}, opts...)
		for range 3 {
			start := time.Now()
			res := enrichAs(e, enricher.FailureContext{})
			assert.Less(t, time.Since(start), 11*time.Millisecond)
			assert.Equal(t, want, res.Labels)
			assert.True(t, res.Complete())
		}
	})
}

func TestOutcomesComeInConfiguredOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sleeping := func(name string, d time.Duration) enricher.Option {
			return with(name, name, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				time.Sleep(d)
				return enricher.Labels{name: "set"}, nil
			})
		}
		e := running(t, enricher.Config{}, sleeping("b", 3*time.Second/10), sleeping("c", 0), sleeping("a", time.Second/10))
		res := enrichAs(e, enricher.FailureContext{})
		var names []string
		for _, o := range res.Outcomes {
			names = append(names, o.Enricher)
			assert.Equal(t, enricher.StatusOK, o.Status)
			assert.NoError(t, o.Err)
			assert.Empty(t, o.Issues)
		}
		assert.Equal(t, []string{"b", "c", "a"}, names)
		assert.Equal(t, 3*time.Second/10, res.Outcomes[0].Duration)
		assert.Equal(t, time.Second/10, res.Outcomes[2].Duration)
	})
}

func TestEnrichReturnsTheLabelsOfEnrichContext(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{}, withGood("a", "x"), withGood("b", "y"), with("c", "z", failing(errJob)))
	assert.Equal(t, enricher.Labels{"x": "a", "y": "b"}, e.Enrich(errJob))
	assert.Equal(t, enricher.Labels{"x": "a", "y": "b"}, enrichAs(e, enricher.FailureContext{}).Labels)
}

// Rule 1.
func TestANilCauseIsNoFailure(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	log := &logbook{}
	e := running(t, enricher.Config{}, enricher.WithLogger(log.logger()),
		with("a", "x", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			calls.Add(1)
			return enricher.Labels{"x": "a"}, nil
		}),
		enricher.WithObserver(observerFunc(func(context.Context, error, enricher.FailureContext, enricher.Result) {
			calls.Add(1)
		})))
	nothing := enricher.Result{Labels: enricher.Labels{}}
	ask := func() {
		assert.Equal(t, enricher.Labels{}, e.Enrich(nil))
		assert.Equal(t, nothing, e.EnrichContext(context.Background(), nil, enricher.FailureContext{ID: "1"}))
		future := e.EnrichAsync(context.Background(), nil, enricher.FailureContext{})
		select {
		case <-future.Done():
		default:
			assert.Fail(t, "the future of no failure is not complete at once")
		}
		assert.Equal(t, nothing, future.Result())
	}
	ask()
	require.NoError(t, e.Shutdown(context.Background()))
	ask()
	assert.Zero(t, calls.Load())
	assert.Equal(t, enricher.Stats{
		Enrichers: []enricher.EnricherStats{{Enricher: "a", Calls: map[enricher.Status]uint64{}}},
	}, e.Stats())
	assert.Empty(t, log.take())
}

func TestANilEnricherHasNoEnrichers(t *testing.T) {
	t.Parallel()
	var e *enricher.Enricher
	nothing := enricher.Result{Labels: enricher.Labels{}}
	assert.Equal(t, enricher.Labels{}, e.Enrich(errJob))
	assert.Equal(t, nothing, e.EnrichContext(context.Background(), errJob, enricher.FailureContext{}))
	assert.Equal(t, nothing, e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result())
	assert.Empty(t, e.Enrichers())
	assert.Empty(t, e.Rejected())
	assert.Equal(t, enricher.Stats{}, e.Stats())
	assert.NoError(t, e.Shutdown(context.Background()))
	assert.Equal(t, enricher.Labels{}, e.Enrich(errJob), "after Shutdown")
}

func TestNoMethodOfANilEnricherPanics(t *testing.T) {
	t.Parallel()
	e := reflect.ValueOf((*enricher.Enricher)(nil))
	for i := range e.NumMethod() {
		method := e.Method(i)
		var args []reflect.Value
		for j := range method.Type().NumIn() {
			arg := reflect.Zero(method.Type().In(j)) // contexts are nil
			if arg.Type() == reflect.TypeFor[error]() {
				arg = reflect.ValueOf(errJob)
			}
			args = append(args, arg)
		}
		assert.NotPanics(t, func() { method.Call(args) }, e.Type().Method(i).Name)
	}
}

func TestANilContextIsABackgroundContext(t *testing.T) {
	t.Parallel()
	var none context.Context
	seen := make(chan context.Context, 4)
	e := running(t, enricher.Config{},
		with("a", "x", func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			seen <- ctx
			return enricher.Labels{"x": "a"}, ctx.Err()
		}),
		enricher.WithObserver(observerFunc(func(ctx context.Context, _ error, _ enricher.FailureContext, _ enricher.Result) {
			seen <- ctx
		})))
	want := enricher.Labels{"x": "a"}
	assert.Equal(t, want, e.EnrichContext(none, errJob, enricher.FailureContext{}).Labels)
	res, err := e.EnrichAsync(none, errJob, enricher.FailureContext{}).Wait(none)
	require.NoError(t, err)
	assert.Equal(t, want, res.Labels)
	require.Len(t, seen, 4)
	for range 4 {
		assert.Nil(t, (<-seen).Value("key"))
	}
	require.NoError(t, e.Shutdown(none))
	assert.Equal(t, []enricher.Status{enricher.StatusSkipped},
		statuses(e.EnrichContext(none, errJob, enricher.FailureContext{})))
	assert.Equal(t, []enricher.Status{enricher.StatusSkipped},
		statuses(e.EnrichAsync(none, errJob, enricher.FailureContext{}).Result()))
}

func TestNilOptionsAreNone(t *testing.T) {
	t.Parallel()
	var noObserver observerFunc
	var noPointer *countingObserver
	e := running(t, enricher.Config{}, nil, enricher.WithLogger(nil), enricher.WithRegistry(nil), withGood("a", "x"))
	assert.Equal(t, enricher.Labels{"x": "a"}, e.Enrich(errJob))

	log := &logbook{}
	e = running(t, enricher.Config{}, enricher.WithLogger(log.logger()),
		enricher.WithObserver(nil), enricher.WithObserver(noObserver), enricher.WithObserver(noPointer))
	e.Enrich(errJob)
	assert.Empty(t, log.take(), "nor does anybody call them")
}

type countingObserver struct{ n int }

func (o *countingObserver) ObserveFailure(context.Context, error, enricher.FailureContext, enricher.Result) {
	o.n++
}

func TestTheZeroConfigHasNoEnrichers(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{})
	for _, res := range []enricher.Result{
		enrichAs(e, enricher.FailureContext{}),
		e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result(),
	} {
		assert.Equal(t, enricher.Labels{}, res.Labels)
		assert.Empty(t, res.Outcomes)
		assert.True(t, res.Complete())
	}
	assert.Empty(t, e.Enrichers())
	assert.Empty(t, e.Rejected())
	assert.Equal(t, enricher.Stats{Enrichers: []enricher.EnricherStats{}}, e.Stats())
}

// Not parallel, as AllocsPerRun counts the allocations of all goroutines.
func TestWithoutEnrichersAFailureCostsOneAllocation(t *testing.T) {
	e := running(t, enricher.Config{})
	ctx, attributes := context.Background(), map[string]string{"region": "eu"}
	for name, enrich := range map[string]func(){
		"Enrich": func() { e.Enrich(errJob) },
		"EnrichContext": func() {
			e.EnrichContext(ctx, errJob, enricher.FailureContext{JobID: "1", Attributes: attributes})
		},
		"the function Enrich": func() { enricher.Enrich(errJob) },
		"a nil Enricher":      func() { (*enricher.Enricher)(nil).Enrich(errJob) },
	} {
		assert.Equal(t, 1.0, testing.AllocsPerRun(1000, enrich), name)
	}
}

// Not parallel, as it changes what others share.
func TestTheFunctionsUseTheDefaultEnricher(t *testing.T) {
	require.NotNil(t, enricher.Default())
	assert.Empty(t, enricher.Default().Enrichers())
	assert.Equal(t, enricher.Labels{}, enricher.Enrich(errJob))

	e := running(t, enricher.Config{}, withGood("a", "x"))
	enricher.SetDefault(e)
	t.Cleanup(func() { enricher.SetDefault(nil) })
	assert.Same(t, e, enricher.Default())
	assert.Equal(t, enricher.Labels{"x": "a"}, enricher.Enrich(errJob))
	res := enricher.EnrichContext(context.Background(), errJob, enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
	assert.Len(t, res.Outcomes, 1)

	enricher.SetDefault(nil)
	require.NotNil(t, enricher.Default())
	assert.NotSame(t, e, enricher.Default())
	assert.Equal(t, enricher.Labels{}, enricher.Enrich(errJob))
	assert.Equal(t, enricher.Labels{"x": "a"}, e.Enrich(errJob), "SetDefault does not shut down the one before")
}

// Not parallel, as it changes what others share.
// Not parallel, as it changes what others share.
func TestTheEmptyDefaultEnricherLogsNothing(t *testing.T) {
	var text bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	enricher.SetDefault(nil) // as when a program starts
	assert.Empty(t, text.String())
	_, err := enricher.New(enricher.Config{})
	require.NoError(t, err)
	assert.Contains(t, text.String(), `level=INFO msg="No failure enrichers are configured"`, "whoever asks for none is told")
}

func TestLogLinesGoToTheDefaultLoggerUnlessOneIsGiven(t *testing.T) {
	log, before := &logbook{}, slog.Default()
	slog.SetDefault(log.logger())
	t.Cleanup(func() { slog.SetDefault(before) })
	e, err := enricher.New(enricher.Config{}, with("a", "x", failing(errors.New("no idea"))))
	require.NoError(t, err)
	e.Enrich(errJob)
	require.NoError(t, e.Shutdown(context.Background()))
	assert.Equal(t, []string{
		`level=WARN msg="Failure enricher gave no labels" enricher=a status=failed error="no idea"`,
	}, log.take())
}

func TestStatsCountEveryOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newSwitchable(answering(enricher.Labels{"x": "a"}))
		e := running(t, enricher.Config{
			Policies: map[string]enricher.Policy{"a": {BreakerThreshold: 2, BreakerCooldown: time.Hour}},
		}, with("a", "x", a.process), withGood("b", "y"))
		enrich := func(fn processFunc, times int) {
			a.to(fn)
			for range times {
				enrichAs(e, enricher.FailureContext{})
			}
		}
		enrich(answering(enricher.Labels{"x": "a"}), 4)
		enrich(failing(errJob), 3)
		enrich(untilTimeIsUp, 1)
		enrich(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { panic("oh") }, 1)
		enrich(answering(nil), 5) // the breaker is open
		require.NoError(t, e.Shutdown(context.Background()))
		enrich(answering(nil), 2)
		assert.Equal(t, enricher.Stats{
			Enrichers: []enricher.EnricherStats{
				{Enricher: "a", Breaker: enricher.BreakerOpen, Calls: map[enricher.Status]uint64{
					enricher.StatusOK: 4, enricher.StatusFailed: 3, enricher.StatusTimedOut: 1, enricher.StatusPanicked: 1,
					enricher.StatusCircuitOpen: 5, enricher.StatusSkipped: 2,
				}},
				{Enricher: "b", Calls: map[enricher.Status]uint64{enricher.StatusOK: 14, enricher.StatusSkipped: 2}},
			},
			AfterShutdown: 2,
		}, e.Stats())
	})
}

func TestWhatAnEnricherTellsOfItselfIsTheCallers(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{}, withReader("a", "x", []string{"*"}, answering(enricher.Labels{"x": "a"})))
	e.Enrich(errJob)
	info := e.Enrichers()[0]
	info.OutputKeys[0], info.InputKeys[0] = "changed", "changed"
	assert.Equal(t, []string{"x"}, e.Enrichers()[0].OutputKeys)
	assert.Equal(t, []string{"*"}, e.Enrichers()[0].InputKeys)
	e.Stats().Enrichers[0].Calls[enricher.StatusOK] = 99
	assert.Equal(t, map[enricher.Status]uint64{enricher.StatusOK: 1}, statsOf(t, e).Calls)
}
