package enricher_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// enrichAsync starts to enrich a failure, and returns when there is nothing
// left to do but wait.
func enrichAsync(e *enricher.Enricher) *enricher.Future {
	future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
	synctest.Wait()
	return future
}

// isDone reports whether the result is there.
func isDone(f *enricher.Future) bool {
	select {
	case <-f.Done():
		return true
	default:
		return false
	}
}

// outcomeOf waits for the outcome of the only enricher.
func outcomeOf(t testing.TB, f *enricher.Future) enricher.Outcome {
	t.Helper()
	res := f.Result()
	require.Len(t, res.Outcomes, 1)
	return res.Outcomes[0]
}

func TestSlotsBoundCallsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		e := running(t, enricher.Config{Policy: enricher.Policy{MaxConcurrent: 3}},
			with("a", "x", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				n := now.Add(1)
				defer now.Add(-1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Second)
				return enricher.Labels{"x": "a"}, nil
			}))
		start := time.Now()
		var futures []*enricher.Future
		for range 20 {
			futures = append(futures, e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}))
		}
		synctest.Wait()
		assert.Equal(t, 3, statsOf(t, e).InFlight)
		for _, f := range futures {
			<-f.Done()
		}
		// Three were called, three waited for them, and nobody else did.
		assert.Equal(t, 2*time.Second, time.Since(start))
		assert.Equal(t, int64(3), most.Load())
		assert.Equal(t, enricher.EnricherStats{
			Enricher: "a", Calls: map[enricher.Status]uint64{enricher.StatusOK: 6, enricher.StatusSaturated: 14},
		}, statsOf(t, e))
	})
}

func TestSlotsAreWaitedForUntilTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newSwitchable(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			time.Sleep(time.Minute)
			return nil, nil
		})
		e := running(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{MaxConcurrent: 1}},
			with("a", "x", a.process), withGood("b", "y"))
		first := enrichAsync(e)
		time.Sleep(time.Second / 2)
		start := time.Now()
		res := enrichAs(e, enricher.FailureContext{})
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, enricher.Labels{"y": "b"}, res.Labels)
		assert.Equal(t, []enricher.Status{enricher.StatusSaturated, enricher.StatusOK}, statuses(res))
		assert.ErrorIs(t, res.Outcomes[0].Err, enricher.ErrSaturated)
		assert.EqualError(t, res.Outcomes[0].Err, "concurrency limit reached (1)")
		assert.Equal(t, time.Second, res.Outcomes[0].Duration)
		assert.Equal(t, enricher.StatusTimedOut, first.Result().Outcomes[0].Status)
		assert.Equal(t, int64(1), a.calls.Load(), "who gave up is not called")

		// The place of the one that gave up is nobody's.
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Zero(t, e.Stats().Enrichers[0].InFlight)
		a.to(answering(enricher.Labels{"x": "a"}))
		assert.Equal(t, enricher.Labels{"x": "a", "y": "b"}, enrichAs(e, enricher.FailureContext{}).Labels)
	})
}

func TestSlotsOfAbandonedCallsAreReused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newSwitchable(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			time.Sleep(1200 * time.Millisecond)
			return enricher.Labels{"x": "late"}, nil
		})
		e := running(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{MaxConcurrent: 1}}, with("a", "x", a.process))
		first := enrichAsync(e)
		a.to(answering(enricher.Labels{"x": "in time"}))
		time.Sleep(500 * time.Millisecond)
		second := enrichAsync(e)
		start := time.Now()
		assert.Equal(t, enricher.StatusTimedOut, outcomeOf(t, first).Status)
		assert.Equal(t, enricher.Labels{"x": "in time"}, second.Result().Labels)
		assert.Equal(t, 700*time.Millisecond, time.Since(start))
	})
}

func TestSlotsAllAbandonedRejectAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		a := newSwitchable(hanging(release, nil))
		e := running(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{MaxConcurrent: 2}}, with("a", "x", a.process))
		refused := func() bool {
			start := time.Now()
			o := enrichAs(e, enricher.FailureContext{}).Outcomes[0]
			if o.Status != enricher.StatusSaturated {
				return false
			}
			assert.ErrorIs(t, o.Err, enricher.ErrSaturated)
			assert.Zero(t, o.Duration)
			return assert.Zero(t, time.Since(start))
		}
		enrichAs(e, enricher.FailureContext{})
		assert.False(t, refused(), "one slot is left")
		assert.True(t, refused())
		assert.True(t, refused())
		close(release)
		synctest.Wait()
		a.to(answering(nil))
		assert.False(t, refused())
		assert.Equal(t, map[enricher.Status]uint64{
			enricher.StatusTimedOut: 2, enricher.StatusSaturated: 2, enricher.StatusOK: 1,
		}, statsOf(t, e).Calls)
	})
}

func TestSlotsAreWaitedForByAtMostMaxConcurrent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		e := running(t, enricher.Config{Policy: enricher.Policy{MaxConcurrent: 2}},
			with("a", "x", hanging(release, enricher.Labels{"x": "a"})))
		var waiting []*enricher.Future
		for range 4 {
			waiting = append(waiting, enrichAsync(e))
		}
		refused := enrichAsync(e)
		require.True(t, isDone(refused))
		assert.Equal(t, enricher.StatusSaturated, outcomeOf(t, refused).Status)
		for _, f := range waiting {
			assert.False(t, isDone(f))
		}
		close(release)
		for _, f := range waiting {
			assert.Equal(t, enricher.StatusOK, outcomeOf(t, f).Status)
		}
	})
}

func TestSlotsThatComeTooLateMakeNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newSwitchable(sleeping(time.Second, answering(nil)))
		e := running(t, enricher.Config{
			Timeout: time.Second, Policy: enricher.Policy{MaxConcurrent: 1, BreakerThreshold: -1},
		}, with("a", "x", a.process))
		for n := range int64(100) {
			first, second := enrichAsync(e), enrichAsync(e)
			// The slot becomes free at the moment at which the time is up.
			assert.Equal(t, enricher.StatusTimedOut, outcomeOf(t, first).Status)
			assert.Equal(t, enricher.StatusSaturated, outcomeOf(t, second).Status)
			synctest.Wait()
			assert.Equal(t, n+1, a.calls.Load())
		}
	})
}

func TestSlotsSkipCallersThatGaveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The reader starts when it is told to, so the order of its calls is
		// not that of their deadlines.
		gates := map[string]chan struct{}{"1": make(chan struct{}), "2": make(chan struct{}), "3": make(chan struct{})}
		e := running(t, enricher.Config{Timeout: 2 * time.Second, Policies: map[string]enricher.Policy{"reader": {MaxConcurrent: 1}}},
			with("gate", "x", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				<-gates[fc.ID]
				return nil, nil
			}),
			withReader("reader", "y", []string{"x"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				if fc.ID == "2" {
					time.Sleep(1900 * time.Millisecond)
				}
				return enricher.Labels{"y": fc.ID}, nil
			}))
		enrich := func(id string) *enricher.Future {
			future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{ID: id})
			synctest.Wait()
			return future
		}
		first := enrich("1") // until 2s
		time.Sleep(500 * time.Millisecond)
		close(gates["2"])
		second := enrich("2") // has the slot from 0.5s to 2.4s; until 2.5s
		close(gates["1"])     // waits for it
		assert.Equal(t, enricher.StatusSaturated, first.Result().Outcomes[1].Status)
		close(gates["3"])
		third := enrich("3")
		assert.False(t, isDone(third), "it waits where the first has waited")
		assert.Equal(t, enricher.Labels{"y": "2"}, second.Result().Labels)
		assert.Equal(t, enricher.Labels{"y": "3"}, third.Result().Labels)
	})
}

// A reader may find no slot either.
func TestSlotsAreWaitedForByReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{Policies: map[string]enricher.Policy{"reader": {MaxConcurrent: 1}}},
			with("a", "x", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{"x": fc.ID}, nil
			}),
			withReader("reader", "y", []string{"x"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				time.Sleep(time.Second)
				return enricher.Labels{"y": "read " + fc.Labels["x"]}, nil
			}))
		start := time.Now()
		first := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{ID: "1"})
		second := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{ID: "2"})
		assert.Equal(t, enricher.Labels{"x": "1", "y": "read 1"}, first.Result().Labels)
		assert.Equal(t, enricher.Labels{"x": "2", "y": "read 2"}, second.Result().Labels)
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}
