package exceptions_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestEnrichKeepsTheFailureAndReturnsTheResult(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	e := always(t, enricher.Labels{enricher.KeyJobCannotRestart: ""})
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	res := h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{
		ID: "f1", JobID: "j", JobName: "job", TaskName: "map (1/2)", TaskManagerID: "tm", Endpoint: "host:1",
		Type: enricher.FailureTypeTask, Attempt: 2, MaxAttempts: 3, Time: at, Attributes: map[string]string{"a": "b"},
	})
	assert.True(t, res.Labels.CannotRestart())
	assert.True(t, res.Complete())
	assert.Equal(t, exceptions.Entry{
		ID: "f1", JobID: "j", JobName: "job", TaskName: "map (1/2)", TaskManagerID: "tm", Endpoint: "host:1",
		Type: enricher.FailureTypeTask, Attempt: 2, MaxAttempts: 3, Time: at, Attributes: map[string]string{"a": "b"},
		ExceptionName: "*errors.errorString", Message: "boom", Stacktrace: "boom\n  type: *errors.errorString",
		Labels: enricher.Labels{enricher.KeyJobCannotRestart: ""}, LabelState: exceptions.StateComplete,
		Concurrent: []exceptions.Entry{},
	}, only(t, h))
}

func TestEnrichKeepsTheFailureBeforeItsLabelsAreKnown(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	var pending exceptions.Entry
	e := newEnricher(t, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		pending = only(t, h)
		return nil, nil
	}, nil)
	h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{JobID: "j"})
	assert.Equal(t, exceptions.StatePending, pending.LabelState)
	assert.Equal(t, enricher.Labels{}, pending.Labels)
	assert.Equal(t, "boom", pending.Message)
	done := only(t, h)
	assert.Equal(t, exceptions.StateComplete, done.LabelState, "no labels are not pending labels")
	assert.Equal(t, enricher.Labels{}, done.Labels)
}

func TestEnrichKeepsWhichEnricherFailedAndWhy(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	e, err := enricher.New(enricher.Config{},
		enricher.WithEnricher("good", enricher.Func([]string{"k"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"k": "v", "password=x": "y"}, nil
		})),
		enricher.WithEnricher("bad", enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return nil, errors.New("no\nluck")
		})),
		enricher.WithEnricher("worse", enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			panic("ouch")
		})))
	require.NoError(t, err)
	h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{})
	got := only(t, h)
	assert.Equal(t, exceptions.StateIncomplete, got.LabelState)
	assert.Equal(t, enricher.Labels{"k": "v"}, got.Labels)
	assert.Equal(t, []exceptions.FailedEnricher{
		{Enricher: "bad", Status: enricher.StatusFailed, Error: "no; luck"},
		{Enricher: "worse", Status: enricher.StatusPanicked, Error: "panic: ouch"},
	}, got.FailedEnrichers)
	require.Len(t, got.LabelIssues, 1)
	assert.Equal(t, "good key is not among the enricher's OutputKeys", got.LabelIssues[0].Enricher+" "+got.LabelIssues[0].Error)
	assert.Regexp(t, `^password=\*\*\*~`, got.LabelIssues[0].Key)
	got.LabelIssues[0].Key = "changed"
	assert.NotEqual(t, "changed", only(t, h).LabelIssues[0].Key, "the caller's own")
}

func TestEnrichKeepsFailuresWithoutAWorkingEnricher(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	res := h.Enrich(t.Context(), nil, errBoom, enricher.FailureContext{ID: "nil"})
	assert.Equal(t, enricher.Labels{}, res.Labels)
	assert.Empty(t, res.Outcomes)
	require.Equal(t, exceptions.StateComplete, only(t, h).LabelState)

	down := always(t, enricher.Labels{"k": "v"})
	require.NoError(t, down.Shutdown(t.Context()))
	h.Enrich(t.Context(), down, errBoom, enricher.FailureContext{ID: "down"})
	h.EnrichAsync(t.Context(), down, errBoom, enricher.FailureContext{ID: "down too"})
	all := entries(h)
	require.Equal(t, []string{"down too", "down", "nil"}, ids(all))
	for _, got := range all[:2] {
		assert.Equal(t, exceptions.StateIncomplete, got.LabelState)
		assert.Equal(t, []exceptions.FailedEnricher{
			{Enricher: "test", Status: enricher.StatusSkipped, Error: "the Enricher is shut down"},
		}, got.FailedEnrichers)
	}
}

func TestEnrichIgnoresANilCause(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	e := always(t, enricher.Labels{"k": "v"})
	assert.Equal(t, enricher.Result{Labels: enricher.Labels{}}, h.Enrich(t.Context(), e, nil, enricher.FailureContext{}))
	assert.Equal(t, enricher.Result{Labels: enricher.Labels{}}, h.EnrichAsync(t.Context(), e, nil, enricher.FailureContext{}).Result())
	keep(h, nil, enricher.FailureContext{}, nil)
	assert.Empty(t, entries(h))
}

func TestHistoryThatIsNilKeepsNothing(t *testing.T) {
	t.Parallel()
	var h *exceptions.History
	e := always(t, enricher.Labels{"k": "v"})
	assert.Equal(t, "v", h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{}).Labels["k"])
	assert.Equal(t, "v", h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{}).Result().Labels["k"])
	keep(h, errBoom, enricher.FailureContext{}, nil)
	assert.Empty(t, entries(h))
	assert.Empty(t, h.Labels(exceptions.Query{}))
	jobs, _ := h.Jobs(exceptions.Query{})
	assert.Empty(t, jobs)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range h.Follow(ctx, exceptions.FollowOptions{}) {
		t.Fail()
	}
}

func TestEnrichTakesANilContext(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	e := always(t, enricher.Labels{"k": "v"})
	var none context.Context
	h.Enrich(none, e, errBoom, enricher.FailureContext{})
	h.EnrichAsync(none, e, errBoom, enricher.FailureContext{}).Result()
	h.ObserveFailure(none, errBoom, enricher.FailureContext{}, enricher.Result{})
	assert.Len(t, entries(h), 3)
}

func TestEnrichPassesIDAndTimeToEnrichers(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	var seen enricher.FailureContext
	e := newEnricher(t, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
		seen = fc
		return nil, nil
	}, nil)
	h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{})
	got := only(t, h)
	assert.NotEmpty(t, got.ID)
	assert.Equal(t, got.ID, seen.ID)
	assert.True(t, got.Time.Equal(seen.Time))
	assert.WithinDuration(t, time.Now(), got.Time, time.Minute)
}

func TestEnrichAsyncHasKeptTheLabelsWhenTheFutureIsDone(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	e := always(t, enricher.Labels{"k": "v"})
	for range 500 {
		h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{JobID: "j"}).Result()
		all := entries(h)
		require.Equal(t, enricher.Labels{"k": "v"}, all[0].Labels)
	}
}

func TestEnrichAsyncNeverBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{MaxExceptions: 100})
		e, err := enricher.New(enricher.Config{MaxPending: 2, Timeout: time.Second}, enricher.WithEnricher("slow",
			enricher.Func(nil, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})))
		require.NoError(t, err)
		start := time.Now()
		var last *enricher.Future
		for range 10 {
			last = h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{})
		}
		assert.Zero(t, time.Since(start))
		states := map[exceptions.LabelState]int{}
		for _, e := range entries(h) {
			states[e.LabelState]++
		}
		assert.Equal(t, map[exceptions.LabelState]int{exceptions.StatePending: 2, exceptions.StateIncomplete: 8}, states)
		last.Result()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for _, e := range entries(h) {
			assert.Equal(t, exceptions.StateIncomplete, e.LabelState)
		}
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

func TestEntryIsACopy(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	attributes, labels := map[string]string{"a": "1"}, enricher.Labels{"k": "v"}
	failed := []enricher.Outcome{{Enricher: "e", Status: enricher.StatusFailed, Err: errBoom}}
	h.ObserveFailure(t.Context(), errBoom, enricher.FailureContext{ID: "root", Attributes: attributes}, enricher.Result{Labels: labels, Outcomes: failed})
	keep(h, errBoom, enricher.FailureContext{RootID: "root"}, labels)
	attributes["a"], labels["k"], failed[0].Enricher = "2", "w", "f"
	want := only(t, h)
	got := only(t, h)
	got.Attributes["a"], got.Labels["k"], got.FailedEnrichers[0].Enricher = "3", "x", "g"
	got.Concurrent[0].Labels["k"] = "x"
	jobs, _ := h.Jobs(exceptions.Query{})
	jobs[0].Latest.Labels["k"] = "x"
	assert.Equal(t, want, only(t, h))
	assert.Equal(t, "1", want.Attributes["a"])
	assert.Equal(t, "v", want.Labels["k"])
	assert.Equal(t, "v", want.Concurrent[0].Labels["k"])
	assert.Equal(t, "e", want.FailedEnrichers[0].Enricher)
}

func TestEntryWithoutAJobIDHasTheJobName(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	keep(h, errBoom, enricher.FailureContext{JobName: "import"}, nil)
	keep(h, errBoom, enricher.FailureContext{}, nil)
	named, _ := h.Entries(exceptions.Query{JobIDs: []string{"import"}})
	assert.Len(t, named, 1)
	nameless, _ := h.Entries(exceptions.Query{JobIDs: []string{""}})
	assert.Len(t, nameless, 1)
}

func TestLabelStateText(t *testing.T) {
	t.Parallel()
	for _, state := range []exceptions.LabelState{exceptions.StatePending, exceptions.StateComplete, exceptions.StateIncomplete} {
		text, err := state.MarshalText()
		require.NoError(t, err)
		var back exceptions.LabelState
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, state, back)
	}
	var state exceptions.LabelState
	require.EqualError(t, state.UnmarshalText([]byte("done")), `unknown label state "done": must be one of ["pending" "complete" "incomplete"]`)
	assert.Equal(t, "LabelState(9)", exceptions.LabelState(9).String())
	assert.Equal(t, "EventKind(0)", exceptions.EventKind(0).String())
}

func TestObserveFailureKeepsEachFailureOnce(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	e := always(t, enricher.Labels{"k": "v"}, enricher.WithObserver(h))
	h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{})
	h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{ID: "a"})
	h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{ID: "b"}).Result()
	e.EnrichContext(t.Context(), errBoom, enricher.FailureContext{ID: "c"})
	all := entries(h)
	require.Len(t, all, 4)
	for _, e := range all {
		assert.Equal(t, enricher.Labels{"k": "v"}, e.Labels)
		assert.Equal(t, exceptions.StateComplete, e.LabelState)
	}
	assert.Equal(t, []string{"c", "b", "a"}, ids(all)[:3])
}

func TestObserveFailureKeepsFailuresWithTheSameID(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	e := always(t, enricher.Labels{"k": "v"}, enricher.WithObserver(h))
	h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{ID: "x", JobID: "a"})
	h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{ID: "x", JobID: "a"})
	e.EnrichContext(t.Context(), errBoom, enricher.FailureContext{ID: "x", JobID: "b"})
	first := h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{ID: "x", JobID: "b"})
	second := h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{ID: "x", JobID: "b"})
	first.Result()
	second.Result()
	all := entries(h)
	require.Len(t, all, 5)
	seen := map[string]bool{}
	for i, e := range all {
		assert.False(t, seen[e.ID], "IDs are unique in the history")
		seen[e.ID] = true
		assert.Equal(t, exceptions.StateComplete, e.LabelState)
		if i < 4 {
			assert.True(t, strings.HasPrefix(e.ID, "x~"), e.ID)
		}
	}
	assert.True(t, seen["x"])
}

func TestObserveFailureKeepsFailuresInsideAnEnrichment(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	inner := always(t, nil, enricher.WithObserver(h))
	var after context.Context
	e := newEnricher(t, func(ctx context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
		after = ctx
		inner.EnrichContext(ctx, errors.New("inner"), enricher.FailureContext{ID: "inner"})
		inner.EnrichContext(ctx, errors.New("inner"), enricher.FailureContext{})
		return nil, nil
	}, nil, enricher.WithObserver(h))
	h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{ID: "x"})
	require.Len(t, entries(h), 3)
	inner.EnrichContext(after, errors.New("later"), enricher.FailureContext{ID: "x"})
	require.Len(t, entries(h), 4, "a context of an enrichment that is over says nothing")
}

func TestObserveFailureOfTwoHistories(t *testing.T) {
	t.Parallel()
	a, b := exceptions.NewHistory(exceptions.Options{}), exceptions.NewHistory(exceptions.Options{})
	e := always(t, nil, enricher.WithObserver(a), enricher.WithObserver(b))
	a.Enrich(t.Context(), e, errBoom, enricher.FailureContext{ID: "x"})
	assert.Equal(t, []string{"x"}, ids(entries(a)))
	assert.Equal(t, []string{"x"}, ids(entries(b)))
}

func TestEnrichKeepsAFailureOnceThatAnObserverPassesOn(t *testing.T) {
	t.Parallel()
	for _, observing := range []bool{false, true} {
		h := exceptions.NewHistory(exceptions.Options{})
		var e *enricher.Enricher
		opts := []enricher.Option{enricher.WithObserver(observer(func(cause error, res enricher.Result) {
			h.For(e).EnrichContext(t.Context(), enricher.WithResult(cause, res), enricher.FailureContext{}) // as a log handler
		}))}
		if observing {
			opts = append(opts, enricher.WithObserver(h))
		}
		e = always(t, enricher.Labels{"k": "v"}, opts...)
		e.EnrichContext(t.Context(), errBoom, enricher.FailureContext{JobID: "j"})
		h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{})
		h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{ID: "1"})
		h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{ID: "1", JobID: "j"}).Result()
		assert.Len(t, entries(h), 4)
		for _, e := range entries(h) {
			assert.Equal(t, enricher.Labels{"k": "v"}, e.Labels)
		}
	}
}

type observer func(cause error, res enricher.Result)

func (o observer) ObserveFailure(_ context.Context, cause error, _ enricher.FailureContext, res enricher.Result) {
	o(cause, res)
}

func TestEnrichKnowsTheLastFailures(t *testing.T) {
	t.Parallel()
	const known = 1 << 14
	h := exceptions.NewHistory(exceptions.Options{})
	first := h.Enrich(t.Context(), nil, errBoom, enricher.FailureContext{JobID: "j"})
	again := func() uint64 {
		h.Enrich(t.Context(), nil, enricher.WithResult(errBoom, first), enricher.FailureContext{})
		jobs, _ := h.Jobs(exceptions.Query{JobIDs: []string{"j"}})
		return jobs[0].Failures
	}
	for kept := range uint64(3) {
		exceptions.PassOn(h, known-1)
		assert.Equal(t, kept+1, again())
		exceptions.PassOn(h, 1)
		assert.Equal(t, kept+2, again())
		assert.Equal(t, kept+2, again())
	}
}
