package enricher_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
)

// A rig is an Enricher with one enricher that can be told what to do.
type rig struct {
	t testing.TB
	e *enricher.Enricher
	a *switchable
}

func newRig(t testing.TB, p enricher.Policy, opts ...enricher.Option) *rig {
	a := newSwitchable(answering(nil))
	cfg := enricher.Config{Timeout: time.Second, Policy: p}
	return &rig{t, running(t, cfg, append(opts, with("a", "x", a.process))...), a}
}

func panics(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { panic("oh") }

// does makes the enricher do fn, and returns how it dealt with a failure.
func (r *rig) does(fn processFunc) enricher.Status {
	r.a.to(fn)
	return enrichAs(r.e, enricher.FailureContext{}).Outcomes[0].Status
}

// starts makes the enricher do fn, and returns when it is under way.
func (r *rig) starts(fn processFunc) *enricher.Future {
	r.a.to(fn)
	return enrichAsync(r.e)
}

// opens makes the breaker open.
func (r *rig) opens(threshold int) {
	r.t.Helper()
	for range threshold {
		assert.Equal(r.t, enricher.BreakerClosed, r.breaker())
		assert.Equal(r.t, enricher.StatusPanicked, r.does(panics))
	}
	assert.Equal(r.t, enricher.BreakerOpen, r.breaker())
}

func (r *rig) breaker() enricher.BreakerState { return statsOf(r.t, r.e).Breaker }

// sleeping takes a while, and then does fn.
func sleeping(d time.Duration, fn processFunc) processFunc {
	return func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
		time.Sleep(d)
		return fn(ctx, cause, fc)
	}
}

func TestBreakerOpensAfterTimeoutsAndPanicsInARow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enricher.Policy{BreakerThreshold: 4, BreakerCooldown: time.Minute})
		assert.Equal(t, enricher.StatusTimedOut, r.does(untilTimeIsUp))
		assert.Equal(t, enricher.StatusPanicked, r.does(panics))
		assert.Equal(t, enricher.StatusTimedOut, r.does(sleeping(2*time.Second, answering(nil))))
		assert.Equal(t, enricher.BreakerClosed, r.breaker())
		assert.Equal(t, enricher.StatusPanicked, r.does(panics))
		assert.Equal(t, enricher.BreakerOpen, r.breaker())

		calls := r.a.calls.Load()
		time.Sleep(time.Minute - 1)
		res := enrichAs(r.e, enricher.FailureContext{})
		assert.Equal(t, enricher.StatusCircuitOpen, res.Outcomes[0].Status)
		assert.ErrorIs(t, res.Outcomes[0].Err, enricher.ErrCircuitOpen)
		assert.EqualError(t, res.Outcomes[0].Err, "circuit breaker is open for 1m0s after 4 timeouts or panics in a row")
		assert.Zero(t, res.Outcomes[0].Duration)
		assert.Equal(t, calls, r.a.calls.Load(), "it is not called")
		assert.Equal(t, enricher.BreakerOpen, r.breaker())
	})
}

func TestBreakerClosesAfterAGoodProbe(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]struct {
		fn     processFunc
		status enricher.Status
	}{"OK": {answering(nil), enricher.StatusOK}, "Failed": {failing(errJob), enricher.StatusFailed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, enricher.Policy{BreakerThreshold: 2, BreakerCooldown: time.Minute})
				r.opens(2)
				time.Sleep(time.Minute)
				assert.Equal(t, enricher.BreakerHalfOpen, r.breaker())
				assert.Equal(t, good.status, r.does(good.fn))
				r.opens(2) // it takes two again
			})
		})
	}
}

func TestBreakerOpensAgainAfterABadProbe(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]struct {
		fn     processFunc
		status enricher.Status
	}{
		"Panicked":  {panics, enricher.StatusPanicked},
		"TimedOut":  {untilTimeIsUp, enricher.StatusTimedOut},
		"abandoned": {sleeping(time.Hour, answering(nil)), enricher.StatusTimedOut},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, enricher.Policy{BreakerThreshold: 3, BreakerCooldown: time.Minute})
				r.opens(3)
				time.Sleep(time.Minute)
				assert.Equal(t, bad.status, r.does(bad.fn))
				assert.Equal(t, enricher.BreakerOpen, r.breaker())
				time.Sleep(time.Minute - 1)
				assert.Equal(t, enricher.StatusCircuitOpen, r.does(answering(nil)))
				time.Sleep(time.Nanosecond)
				assert.Equal(t, enricher.StatusOK, r.does(answering(nil)))
				assert.Equal(t, enricher.BreakerClosed, r.breaker())
			})
		})
	}
}

func TestBreakerLetsOneCallProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enricher.Policy{BreakerThreshold: 1, BreakerCooldown: time.Minute})
		r.opens(1)
		time.Sleep(time.Minute)
		probe := r.starts(sleeping(time.Second/2, answering(nil)))
		for range 3 {
			assert.Equal(t, enricher.StatusCircuitOpen, r.does(panics))
		}
		assert.Equal(t, enricher.BreakerHalfOpen, r.breaker())
		assert.Equal(t, enricher.StatusOK, outcomeOf(t, probe).Status)
		assert.Equal(t, enricher.BreakerClosed, r.breaker())
	})
}

func TestBreakerRowEndsWithOKAndFailed(t *testing.T) {
	t.Parallel()
	for name, fn := range map[string]processFunc{"OK": answering(nil), "Failed": failing(errJob)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, enricher.Policy{BreakerThreshold: 3})
			for range 5 {
				r.does(panics)
				r.does(panics)
				r.does(fn)
			}
			r.opens(3)
		})
	}
}

func TestBreakerIgnoresCallsThatAreNotMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enricher.Policy{BreakerThreshold: 2, MaxConcurrent: 1})
		assert.Equal(t, enricher.StatusTimedOut, r.does(sleeping(time.Minute, answering(nil))))
		for range 5 {
			assert.Equal(t, enricher.StatusSaturated, r.does(answering(nil)))
		}
		assert.Equal(t, enricher.BreakerClosed, r.breaker())
		time.Sleep(time.Minute)
		synctest.Wait()
		// Nor does it end the row that the abandoned call has returned.
		r.opens(1)
	})
}

func TestBreakerIgnoresCallsFromBeforeItOpened(t *testing.T) {
	t.Parallel()
	const cooldown = 100 * time.Millisecond
	for _, late := range []struct {
		name   string
		fn     processFunc
		status enricher.Status
	}{
		{"OK", answering(nil), enricher.StatusOK},
		{"Failed", failing(errJob), enricher.StatusFailed},
		{"Panicked", panics, enricher.StatusPanicked},
	} {
		t.Run(late.name+" while it is open", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, enricher.Policy{BreakerThreshold: 1, BreakerCooldown: cooldown})
				earlier := r.starts(sleeping(cooldown/2, late.fn))
				r.opens(1)
				assert.Equal(t, late.status, outcomeOf(t, earlier).Status)
				assert.Equal(t, enricher.BreakerOpen, r.breaker())
				time.Sleep(cooldown / 2) // no longer than without it
				assert.Equal(t, enricher.StatusOK, r.does(answering(nil)))
			})
		})
		t.Run(late.name+" while it is probed", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, enricher.Policy{BreakerThreshold: 1, BreakerCooldown: cooldown})
				earlier := r.starts(sleeping(2*cooldown, late.fn))
				r.opens(1)
				time.Sleep(cooldown)
				probe := r.starts(sleeping(2*cooldown, answering(nil)))
				assert.Equal(t, late.status, outcomeOf(t, earlier).Status)
				assert.Equal(t, enricher.BreakerHalfOpen, r.breaker())
				assert.Equal(t, enricher.StatusCircuitOpen, r.does(answering(nil)))
				assert.Equal(t, enricher.StatusOK, outcomeOf(t, probe).Status)
				assert.Equal(t, enricher.BreakerClosed, r.breaker())
			})
		})
	}
}

func TestBreakerProbeTakesItsSlotFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enricher.Policy{BreakerThreshold: 1, BreakerCooldown: time.Minute, MaxConcurrent: 1})
		assert.Equal(t, enricher.StatusTimedOut, r.does(sleeping(time.Hour, answering(nil))))
		assert.Equal(t, enricher.StatusCircuitOpen, r.does(answering(nil)))
		time.Sleep(time.Minute)
		for range 3 {
			assert.Equal(t, enricher.StatusSaturated, r.does(answering(nil)))
			assert.Equal(t, enricher.BreakerHalfOpen, r.breaker())
		}
		time.Sleep(time.Hour) // it returns
		synctest.Wait()
		assert.Equal(t, enricher.BreakerHalfOpen, r.breaker())
		assert.Equal(t, enricher.StatusOK, r.does(answering(nil)))
		assert.Equal(t, enricher.BreakerClosed, r.breaker())
	})
}

func TestBreakerStopsACallThatWaitsForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enricher.Policy{BreakerThreshold: 1, BreakerCooldown: time.Minute, MaxConcurrent: 1})
		first := r.starts(sleeping(time.Second/2, panics))
		second := r.starts(answering(nil))
		assert.Equal(t, enricher.StatusPanicked, outcomeOf(t, first).Status)
		assert.Equal(t, enricher.StatusCircuitOpen, outcomeOf(t, second).Status)
		assert.Equal(t, int64(1), r.a.calls.Load())
		assert.Zero(t, statsOf(t, r.e).InFlight)
		time.Sleep(time.Minute)
		assert.Equal(t, enricher.StatusOK, r.does(answering(nil)))
	})
}

func TestBreakerIsOffWithANegativeThreshold(t *testing.T) {
	t.Parallel()
	r := newRig(t, enricher.Policy{BreakerThreshold: -1})
	for range 100 {
		assert.Equal(t, enricher.StatusPanicked, r.does(panics))
		assert.Equal(t, enricher.BreakerClosed, r.breaker())
	}
}

func TestBreakerDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enricher.Policy{})
		r.opens(5)
		time.Sleep(10*time.Second - 1)
		assert.Equal(t, enricher.StatusCircuitOpen, r.does(answering(nil)))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, enricher.StatusOK, r.does(answering(nil)))
	})
}

func TestBreakerIsPerEnricher(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{
		Policy:   enricher.Policy{BreakerThreshold: 1},
		Policies: map[string]enricher.Policy{"c": {BreakerThreshold: -1}, "D": {BreakerThreshold: 3}},
	}, with("a", "x", panics), withGood("b", "y"), with("c", "z", panics), with("d", "v", panics))
	enrichAs(e, enricher.FailureContext{})
	res := enrichAs(e, enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{"y": "b"}, res.Labels)
	assert.Equal(t, []enricher.Status{
		enricher.StatusCircuitOpen, enricher.StatusOK, enricher.StatusPanicked, enricher.StatusPanicked,
	}, statuses(res))
	var states []enricher.BreakerState
	for _, s := range e.Stats().Enrichers {
		states = append(states, s.Breaker)
	}
	assert.Equal(t, []enricher.BreakerState{
		enricher.BreakerOpen, enricher.BreakerClosed, enricher.BreakerClosed, enricher.BreakerClosed,
	}, states)
}

func TestBreakerOpeningIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		r := newRig(t, enricher.Policy{BreakerThreshold: 1, BreakerCooldown: time.Minute}, enricher.WithLogger(log.logger()))
		const (
			panicked = `level=WARN msg="Failure enricher gave no labels" enricher=a status=panicked error="panic: oh" stack=...`
			opened   = `level=WARN msg="Circuit breaker of a failure enricher opened" enricher=a cooldown=1m0s`
		)
		r.opens(1)
		assert.Equal(t, []string{panicked, opened}, log.take())
		time.Sleep(time.Minute)
		r.does(panics)
		assert.Equal(t, []string{panicked, opened}, log.take())
		time.Sleep(time.Minute)
		r.does(answering(nil))
		assert.Empty(t, log.take())
	})
}

func TestBreakerDoesNotCountTimeInTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{Timeout: 200 * time.Millisecond, Policy: enricher.Policy{MaxConcurrent: 6}},
			with("op", "x", sleeping(150*time.Millisecond, answering(nil))))
		var futures []*enricher.Future
		for range 12 {
			futures = append(futures, enrichAsync(e))
		}
		for _, f := range futures {
			f.Result()
		}
		s := statsOf(t, e)
		assert.Equal(t, map[enricher.Status]uint64{enricher.StatusOK: 6, enricher.StatusTimedOut: 6}, s.Calls)
		assert.Equal(t, enricher.BreakerClosed, s.Breaker)
	})
}
