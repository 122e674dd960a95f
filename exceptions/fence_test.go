package exceptions_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// misbehaving returns errors each of which calls misbehave in another method.
func misbehaving(misbehave func()) map[string]error {
	text := func() string { misbehave(); return "x" }
	return map[string]error{
		"Error":                  hostileError{message: text, unwrap: func() error { return nil }},
		"Error of a wrapped one": &jobError{hostileError{message: text, unwrap: func() error { return nil }}},
		"Unwrap":                 hostileError{message: func() string { return "x" }, unwrap: func() error { misbehave(); return nil }},
		"Format":                 formatError{"x", func(s fmt.State) { misbehave(); io.WriteString(s, "x\ny") }},
	}
}

func TestFenceHoldsCausesThatHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		for name, cause := range misbehaving(func() { <-release }) {
			h := exceptions.NewHistory(exceptions.Options{})
			start := time.Now()
			h.ObserveFailure(t.Context(), cause, enricher.FailureContext{ID: "a"}, enricher.Result{})
			assert.Equal(t, time.Second, time.Since(start), name)
			e := only(t, h)
			assert.Equal(t, "(the text could not be read in time)", e.Message, name)
			assert.Equal(t, fmt.Sprintf("%T", cause), e.ExceptionName, name)
			assert.Equal(t, "(the text could not be read in time)\n  type: "+e.ExceptionName, e.Stacktrace)
			assert.Equal(t, exceptions.StateComplete, e.LabelState)
		}
		close(release)
		synctest.Wait()
	})
}

func TestFenceHoldsCausesThatExitTheGoroutine(t *testing.T) {
	t.Parallel()
	for name, cause := range misbehaving(runtime.Goexit) {
		h := exceptions.NewHistory(exceptions.Options{})
		h.ObserveFailure(t.Context(), cause, enricher.FailureContext{}, enricher.Result{})
		assert.Equal(t, "(the text could not be read: a method of the error called runtime.Goexit)", only(t, h).Message, name)

		e := always(t, enricher.Labels{"k": "v"}, enricher.WithObserver(exceptions.NewHistory(exceptions.Options{})))
		assert.Equal(t, enricher.Labels{"k": "v"}, h.Enrich(t.Context(), e, cause, enricher.FailureContext{}).Labels)
		assert.Equal(t, enricher.Labels{"k": "v"}, h.EnrichAsync(t.Context(), e, cause, enricher.FailureContext{}).Result().Labels)
	}
}

func TestFenceReadsNoMoreIfTooManyHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{MaxExceptions: 100})
		release := make(chan struct{})
		for range 64 {
			go keep(h, hostile.Hangs{Release: release}, enricher.FailureContext{}, nil)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		start := time.Now()
		keep(h, errBoom, enricher.FailureContext{}, nil)
		assert.Equal(t, start, time.Now())
		assert.Equal(t, "(the text was not read: too many errors hang in their methods)", entries(h)[0].Message)
		close(release)
		synctest.Wait()
		keep(h, errBoom, enricher.FailureContext{}, nil)
		assert.Equal(t, "boom", entries(h)[0].Message)
	})
}

func TestFenceBoundsWhatHangsOfABurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{MaxExceptions: 300})
		release := make(chan struct{})
		var hanging atomic.Int32
		cause := hostileError{message: func() string { hanging.Add(1); <-release; return "x" }, unwrap: func() error { return nil }}
		var burst sync.WaitGroup
		for range 300 {
			burst.Go(func() { keep(h, cause, enricher.FailureContext{}, nil) })
		}
		start := time.Now()
		burst.Wait()
		assert.Equal(t, time.Second, time.Since(start))
		assert.EqualValues(t, 64, hanging.Load())
		texts := map[string]int{}
		for _, e := range entries(h) {
			texts[e.Message]++
		}
		assert.Equal(t, map[string]int{
			"(the text could not be read in time)":                                  64,
			"(the text was not read: too many others were being read for a second)": 236,
		}, texts)
		close(release)
	})
}

// A secondCall is an error whose Error misbehaves from the second call on.
type secondCall struct {
	called    *bool
	misbehave func()
}

func (e secondCall) Error() string {
	if *e.called {
		e.misbehave()
	}
	*e.called = true
	return "the first text"
}

func TestFenceHoldsErrorsOfEnrichers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		for _, misbehave := range []func(){func() { <-release }, runtime.Goexit} {
			h := exceptions.NewHistory(exceptions.Options{})
			failing := func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return nil, secondCall{new(bool), misbehave}
			}
			e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("test", enricher.Func(nil, failing)))
			require.NoError(t, err)
			h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{})
			h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{}).Result()
			// A Result need not be of an Enricher.
			h.ObserveFailure(t.Context(), errBoom, enricher.FailureContext{}, enricher.Result{Outcomes: []enricher.Outcome{
				{Enricher: "test", Status: enricher.StatusFailed, Err: secondCall{new(true), misbehave}},
			}})
			for i, want := range []string{"(the text could not be read", "the first text", "the first text"} {
				got := entries(h)[i]
				assert.Equal(t, exceptions.StateIncomplete, got.LabelState)
				assert.Contains(t, got.FailedEnrichers[0].Error, want)
			}
			require.NoError(t, e.Shutdown(t.Context()))
		}
		close(release)
		synctest.Wait()
	})
}

// An exiting is an observer that exits the goroutine.
type exiting struct{}

func (exiting) ObserveFailure(context.Context, error, enricher.FailureContext, enricher.Result) {
	runtime.Goexit()
}

func TestEnrichLeavesNothingPendingIfAnObserverExitsTheGoroutine(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	e := always(t, enricher.Labels{"k": "v"}, enricher.WithObserver(exiting{}))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{})
	}()
	<-ended
	got := only(t, h)
	assert.Equal(t, exceptions.StateIncomplete, got.LabelState)
	require.Len(t, got.FailedEnrichers, 1)
	assert.Equal(t, exceptions.FailedEnricher{Enricher: "*", Error: "the labels are lost: an observer called runtime.Goexit"}, got.FailedEnrichers[0])

	h.EnrichAsync(t.Context(), e, errors.New("async"), enricher.FailureContext{}).Result()
	assert.Equal(t, enricher.Labels{"k": "v"}, entries(h)[0].Labels)
}
