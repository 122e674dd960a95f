package exceptions_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestAHistoryThatAlsoObservesKeepsEachFailureOnce(t *testing.T) {
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

func TestFailuresThatAreGivenTheSameIDAreAllKept(t *testing.T) {
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

func TestAFailureInsideAnEnrichmentIsAFailureOfItsOwn(t *testing.T) {
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

func TestTwoHistoriesDoNotTakeEachOthersFailuresForTheirOwn(t *testing.T) {
	t.Parallel()
	a, b := exceptions.NewHistory(exceptions.Options{}), exceptions.NewHistory(exceptions.Options{})
	e := always(t, nil, enricher.WithObserver(a), enricher.WithObserver(b))
	a.Enrich(t.Context(), e, errBoom, enricher.FailureContext{ID: "x"})
	assert.Equal(t, []string{"x"}, ids(entries(a)))
	assert.Equal(t, []string{"x"}, ids(entries(b)))
}

type exitingObserver struct{}

func (exitingObserver) ObserveFailure(context.Context, error, enricher.FailureContext, enricher.Result) {
	runtime.Goexit()
}

func TestAnEnrichmentThatIsCutShortLeavesNothingPending(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	e, err := enricher.New(enricher.Config{}, enricher.WithObserver(exitingObserver{}))
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{})
	}()
	<-done
	got := only(t, h)
	assert.Equal(t, exceptions.StateIncomplete, got.LabelState)
	assert.Equal(t, []exceptions.FailedEnricher{
		{Status: enricher.StatusUnknown, Error: "the enrichment was cut short: an observer exited its goroutine"},
	}, got.FailedEnrichers)
}
