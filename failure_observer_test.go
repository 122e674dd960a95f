package enricher_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// withObserver adds an observer that looks at results only.
func withObserver(fn func(enricher.Result)) enricher.Option {
	return enricher.WithObserver(observerFunc(
		func(_ context.Context, _ error, _ enricher.FailureContext, res enricher.Result) { fn(res) }))
}

func TestObserversAreCalledInOrder(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]enricher.Option{
		"with enrichers":    {withGood("a", "x"), with("b", "y", failing(errJob))},
		"without enrichers": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			type key struct{}
			var got []string
			note := func(observer string) enricher.Option {
				return enricher.WithObserver(observerFunc(
					func(ctx context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
						assert.Same(t, errJob, cause)
						assert.NotNil(t, res.Labels)
						got = append(got, fmt.Sprint(observer, fc.ID, ctx.Value(key{}), res.Labels))
					}))
			}
			e := running(t, enricher.Config{}, append(opts, note("first "), note("second "))...)
			ctx := context.WithValue(context.Background(), key{}, " value ")
			e.EnrichContext(ctx, errJob, enricher.FailureContext{ID: "1"})
			e.EnrichAsync(ctx, errJob, enricher.FailureContext{ID: "2"}).Result()
			labels := enricher.Labels{}
			if opts != nil {
				labels = enricher.Labels{"x": "a"}
			}
			assert.Equal(t, []string{
				"first 1 value " + labels.String(), "second 1 value " + labels.String(),
				"first 2 value " + labels.String(), "second 2 value " + labels.String(),
			}, got)
		})
	}
}

func TestObserversGetACopyOfTheResult(t *testing.T) {
	t.Parallel()
	var seen []enricher.Result
	spoil := withObserver(func(res enricher.Result) {
		seen = append(seen, enricher.Result{Labels: res.Labels.Clone(), Outcomes: append([]enricher.Outcome(nil), res.Outcomes...)})
		res.Labels["x"], res.Labels["made"] = "changed", "up"
		res.Outcomes[0].Issues[0] = enricher.LabelIssue{Key: "changed"}
		res.Outcomes[0] = enricher.Outcome{}
	})
	e := running(t, enricher.Config{}, with("a", "x", answering(enricher.Labels{"x": "a", "y": "a"})), spoil, spoil)
	check := func(res enricher.Result) {
		assert.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
		assert.Equal(t, "a", res.Outcomes[0].Enricher)
		assert.Equal(t, []enricher.LabelIssue{{Key: "y", Err: enricher.ErrUndeclaredKey}}, res.Outcomes[0].Issues)
	}
	check(enrichAs(e, enricher.FailureContext{}))
	check(e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result())
	require.Len(t, seen, 4)
	for _, res := range seen {
		assert.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
		assert.Equal(t, enricher.StatusOK, res.Outcomes[0].Status)
	}
}

func TestObserversAreNotCalledForSkippedFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		observed := 0
		e := running(t, enricher.Config{MaxPending: 1}, withGood("a", "x"), withObserver(func(enricher.Result) {
			observed++
			time.Sleep(time.Millisecond)
		}))
		enrichAsync(e)
		refused := enrichAsync(e) // MaxPending
		assert.Equal(t, enricher.StatusSkipped, outcomeOf(t, refused).Status)
		e.Enrich(nil)
		require.NoError(t, e.Shutdown(context.Background()))
		e.Enrich(errJob)
		enrichAsync(e)
		assert.Equal(t, 1, observed)
	})
}

func TestObserversRunOnTheEnrichingGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{Timeout: time.Second}, withGood("a", "x"),
			withObserver(func(enricher.Result) { time.Sleep(time.Minute) }))
		start := time.Now()
		assert.Equal(t, enricher.Labels{"x": "a"}, e.Enrich(errJob))
		assert.Equal(t, time.Minute, time.Since(start), "so one that blocks holds the caller")
	})
}

func TestObserversPanicIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		observed := 0
		e := running(t, enricher.Config{}, enricher.WithLogger(log.logger()), withGood("a", "x"),
			withObserver(func(enricher.Result) { panic("oh") }), withObserver(func(enricher.Result) { observed++ }))
		assert.Equal(t, enricher.Labels{"x": "a"}, e.Enrich(errJob))
		assert.Equal(t, enricher.Labels{"x": "a"}, enrichAsync(e).Result().Labels)
		assert.Equal(t, 2, observed)
		const line = `level=ERROR msg="Failure observer panicked" observer=enricher_test.observerFunc error="panic: oh" stack=...`
		assert.Equal(t, []string{line}, log.take())
		time.Sleep(time.Second)
		e.Enrich(errJob)
		assert.Equal(t, []string{line + " suppressed=1"}, log.take())
	})
}

func TestObserversPanicWithAnErrorThatExitsIsLogged(t *testing.T) {
	t.Parallel()
	log := &logbook{}
	exits := oddError{func() string { runtime.Goexit(); return "" }}
	e := running(t, enricher.Config{}, enricher.WithLogger(log.logger()), withGood("a", "x"), withObserver(func(enricher.Result) { panic(exits) }))
	assert.Equal(t, enricher.Labels{"x": "a"}, e.Enrich(errJob))
	assert.Contains(t, log.take()[0], `error="(the Error method of a *enricher.PanicError called runtime.Goexit)"`)
}

func TestObserversSlowIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		takes := 100 * time.Millisecond
		e := running(t, enricher.Config{}, enricher.WithLogger(log.logger()), withGood("a", "x"),
			withObserver(func(enricher.Result) { time.Sleep(takes) }))
		e.Enrich(errJob)
		assert.Empty(t, log.take())
		takes++
		e.Enrich(errJob)
		assert.Equal(t, []string{
			`level=WARN msg="Failure observer is slow" observer=enricher_test.observerFunc took=100.000001ms`,
		}, log.take())
	})
}

func TestObserversExitCompletesTheFuture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{MaxPending: 1}, withGood("a", "x"),
			withObserver(func(enricher.Result) { runtime.Goexit() }))
		for range 3 {
			future := enrichAsync(e)
			require.True(t, isDone(future))
			res := future.Result()
			assert.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
			assert.True(t, res.Complete())
			assert.Len(t, res.Outcomes, 1)
		}
		// Shutdown, at the end of the test, does not wait for them either.
	})
}

func TestObserversWithoutEnrichers(t *testing.T) {
	t.Parallel()
	var observed enricher.Result
	e := running(t, enricher.Config{}, enricher.WithObserver(observerFunc(
		func(_ context.Context, _ error, _ enricher.FailureContext, res enricher.Result) { observed = res })))
	res := enrichAs(e, enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{}, res.Labels)
	assert.Empty(t, res.Outcomes)
	assert.Equal(t, res, observed)
}

// An attached observer knows the Enricher that it observes.
type attached struct {
	observerFunc
	to *enricher.Enricher
}

func (a *attached) Attach(e *enricher.Enricher) { a.to = e }

type badlyAttached struct{ observerFunc }

func (badlyAttached) Attach(*enricher.Enricher) { panic("no") }

func TestObserversAreAttached(t *testing.T) {
	t.Parallel()
	o := &attached{}
	e := running(t, enricher.Config{}, enricher.WithObserver(o))
	assert.Same(t, e, o.to)

	c := newClosable("x", nil, nil)
	failed, err := enricher.New(enricher.Config{FailureEnrichers: []string{"a"}}, enricher.WithRegistry(registryOf(t, factories{"a": giving(c)})),
		enricher.WithLogger(slog.New(slog.DiscardHandler)), enricher.WithObserver(badlyAttached{}))
	require.EqualError(t, err, "enricher: Attach of a enricher_test.badlyAttached: panic: no")
	assert.Nil(t, failed)
	assert.EqualValues(t, 1, c.closed.Load(), "what was made is closed")
}
