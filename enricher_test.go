package enricher_test

import (
	"context"
	"fmt"
	"math"
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

func TestEnrichRunsAllAtOnce(t *testing.T) {
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

func TestEnrichOutcomesAreInConfiguredOrder(t *testing.T) {
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

func TestEnrichReturnsLabels(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{}, withGood("a", "x"), withGood("b", "y"), with("c", "z", failing(errJob)))
	assert.Equal(t, enricher.Labels{"x": "a", "y": "b"}, e.Enrich(errJob))
	assert.Equal(t, enricher.Labels{"x": "a", "y": "b"}, enrichAs(e, enricher.FailureContext{}).Labels)
}

func TestEnrichOfNilDoesNothing(t *testing.T) {
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

func TestEnricherNilHasNoEnrichers(t *testing.T) {
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

func TestEnricherMethodsOfNilAndZero(t *testing.T) {
	t.Parallel()
	callAll(t, reflect.ValueOf((*enricher.Enricher)(nil)))
	callAll(t, reflect.ValueOf(new(enricher.Enricher)))
}

func callAll(t *testing.T, e reflect.Value) {
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

func TestEnrichContextTakesANilContext(t *testing.T) {
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

type countingObserver struct{ n int }

func (o *countingObserver) ObserveFailure(context.Context, error, enricher.FailureContext, enricher.Result) {
	o.n++
}

func TestNewWithTheZeroConfig(t *testing.T) {
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
func TestEnrichWithoutEnrichersAllocatesOnce(t *testing.T) {
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

// Not parallel, as AllocsPerRun counts the allocations of all goroutines.
func TestEnrichAllocatesWhatItReturnsAndAContext(t *testing.T) {
	e := running(t, enricher.Config{}, with("none", "key", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return nil, nil
	}))
	fc := enricher.FailureContext{ID: "7", JobID: "1", Attempt: 2}
	allocs := math.Inf(1)
	for range 200 { // with the race detector, what is kept for the next failure is often dropped
		allocs = min(allocs, testing.AllocsPerRun(1, func() { e.EnrichContext(context.Background(), errJob, fc) }))
	}
	assert.Equal(t, 3.0, allocs, "labels, outcomes, and the context of the call")
}
