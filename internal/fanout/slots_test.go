package fanout_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/fanout"
)

// A single is a plan with one member that has n slots, in a bubble.
type single struct {
	*testing.T
	member *fanout.Member
	plan   *fanout.Plan
	end    context.CancelFunc // of the plan
}

// testSingle runs test in a bubble, with a plan of one member that has n slots
// and a second of time, and checks that it ends without calls under way.
func testSingle(t *testing.T, n int, test func(s single)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base, end := context.WithCancel(context.Background())
		defer end()
		all := members(1)
		all[0].Slots = bulkhead.New(n)
		test(single{t, all[0], newPlanOn(base, all, independent(1), time.Second), end})
		time.Sleep(time.Minute)
		requireHeld(t, all[0], 0, 0)
	})
}

// start starts a run that finds what it finds now.
func (s single) start(call callFunc) (outcome func() fanout.Outcome) {
	r, wait := start(s.T, s.plan, 1, call)
	synctest.Wait()
	return func() fanout.Outcome {
		wait()
		return r.outcomes[0]
	}
}

func (s single) run(call callFunc) fanout.Outcome { return s.start(call)() }

func (s single) take() { require.True(s, s.member.Slots.TryAcquire()) }

// saturatedAtOnce says that a call that begins now is turned away.
func (s single) saturatedAtOnce() {
	s.Helper()
	require.Equal(s, fanout.Outcome{Status: fanout.Saturated}, s.run(quick))
}

func TestSlotsCallsStartInTheOrderInWhichTheyCame(t *testing.T) {
	testSingle(t, 2, func(s single) {
		var outcomes []func() fanout.Outcome
		for range 4 {
			outcomes = append(outcomes, s.start(sleep(100*ms)))
			time.Sleep(ms)
		}
		for i, want := range []time.Duration{100 * ms, 100 * ms, 198 * ms, 198 * ms} {
			require.Equal(t, fanout.Outcome{Status: fanout.OK, Duration: want}, outcomes[i]())
		}
	})
}

func TestSlotsAWaitingCallDelaysOnlyItsReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(4)
		all[0].Slots = takenSlot()
		p := newPlan(t, all, [][]int{nil, {0}, nil, {2}}, time.Second)
		r, wait := start(t, p, 4, quick)
		time.Sleep(10 * ms)
		all[0].Slots.Release(false)
		wait()
		require.Equal(t, []time.Duration{10 * ms, 10 * ms, 0, 0}, r.started, "it is prepared when it starts")
		require.Equal(t, []fanout.Status{fanout.OK, fanout.OK, fanout.OK, fanout.OK}, r.statuses())
	})
}

func TestSlotsACallWaitsUntilItsTimeIsUp(t *testing.T) {
	for name, c := range map[string]struct{ member, want time.Duration }{
		"the plan's":   {0, time.Second},
		"the member's": {300 * ms, 300 * ms},
		"very short":   {patience, patience},
	} {
		t.Run(name, func(t *testing.T) {
			testSingle(t, 1, func(s single) {
				s.member.Timeout, s.member.Breaker = c.member, breaker.New(1, time.Hour)
				s.take()
				for range 3 { // each leaves the queue, so that the next finds room in it
					require.Equal(t, fanout.Outcome{Status: fanout.Saturated, Duration: c.want}, s.run(quick))
				}
				s.member.Slots.Release(false)
				require.Equal(t, breaker.Closed, s.member.Breaker.State(), "to be saturated is no failure of the member")
			})
		})
	}
}

func TestSlotsACallIsTurnedAwayWhileAllAreAbandoned(t *testing.T) {
	testSingle(t, 2, func(s single) {
		s.take()
		s.take()
		s.member.Slots.Abandon()
		require.Equal(t, fanout.Outcome{Status: fanout.Saturated, Duration: time.Second}, s.run(quick), "one call may return in time")
		s.member.Slots.Abandon()
		s.saturatedAtOnce()
		s.member.Slots.Release(true)
		require.Equal(t, fanout.OK, s.run(quick).Status)
		s.member.Slots.Release(true)
	})
}

func TestSlotsACallIsTurnedAwayWhileAsManyWait(t *testing.T) {
	testSingle(t, 3, func(s single) {
		var outcomes []func() fanout.Outcome
		for range 3 + 3 {
			outcomes = append(outcomes, s.start(sleep(100*ms)))
		}
		s.saturatedAtOnce()
		s.saturatedAtOnce()
		for i, want := range []time.Duration{100 * ms, 100 * ms, 100 * ms, 200 * ms, 200 * ms, 200 * ms} {
			require.Equal(t, fanout.Outcome{Status: fanout.OK, Duration: want}, outcomes[i]())
		}
	})
}

func TestSlotsAnAbandonedCallThatReturnsMakesRoom(t *testing.T) {
	testSingle(t, 1, func(s single) {
		s.member.Timeout = 100 * ms
		first := s.start(sleep(150 * ms))
		time.Sleep(90 * ms)
		second := s.start(quick)
		require.Equal(t, fanout.TimedOut, first().Status)
		requireHeld(t, s.member, 1, 1)
		require.Equal(t, fanout.Outcome{Status: fanout.OK, Duration: 60 * ms}, second())
	})
}

func TestSlotsOneThatIsFreeWhenTheTimeIsUpIsNotUsed(t *testing.T) {
	for range 20 { // either may wake first
		t.Run("", func(t *testing.T) {
			testSingle(t, 1, func(s single) {
				s.take()
				outcome := s.start(func(context.Context, int) error { panic("it was called") })
				time.AfterFunc(time.Second, func() { s.member.Slots.Release(false) })
				require.Equal(t, fanout.Outcome{Status: fanout.Saturated, Duration: time.Second}, outcome())
			})
		})
	}
}

func TestSlotsACallDoesNotWaitLongerThanThePlan(t *testing.T) {
	testSingle(t, 1, func(s single) {
		s.take()
		outcome := s.start(quick)
		time.Sleep(10 * ms)
		s.end()
		require.Equal(t, fanout.Outcome{Status: fanout.Skipped, Duration: 10 * ms}, outcome())
		s.member.Slots.Release(false)
	})
}

func TestSlotsACallWaitsWithinItsTime(t *testing.T) {
	testSingle(t, 1, func(s single) {
		s.member.Timeout, s.member.Breaker = 100*ms, breaker.New(1, time.Hour)
		s.take()
		outcome := s.start(sleep(time.Second))
		time.Sleep(70 * ms)
		s.member.Slots.Release(false)
		require.Equal(t, fanout.Outcome{Status: fanout.TimedOut, Duration: 100 * ms, Limit: 30 * ms}, outcome())
		require.Equal(t, breaker.Closed, s.member.Breaker.State(), "the wait is not the member's fault")
		requireHeld(t, s.member, 1, 1)
	})
}

func TestSlotsACallThatWaitsForItselfIsSaturated(t *testing.T) {
	testSingle(t, 1, func(s single) {
		var inner *recorder
		outer := s.run(func(ctx context.Context, i int) error {
			inner = newRecorder(t, 1, quick)
			s.plan.Run(time.Now(), ctx, inner)
			return nil
		})
		require.Equal(t, fanout.TimedOut, outer.Status)
		require.Equal(t, fanout.Outcome{Status: fanout.Saturated, Duration: time.Second}, inner.outcomes[0])
	})
}

func TestSlotsAPlanThatHasEndedGivesThemBack(t *testing.T) {
	testSingle(t, 1, func(s single) {
		s.end()
		for range 3 {
			require.Equal(t, fanout.Outcome{Status: fanout.Skipped}, s.run(quick))
		}
	})
}

func panics(context.Context, int) error { panic("no") }

func TestBreakerCountsTimeoutsAndPanics(t *testing.T) {
	for name, c := range map[string]struct {
		call callFunc
		want fanout.Status
		then breaker.State
	}{
		"ok":        {quick, fanout.OK, breaker.Closed},
		"failed":    {fails, fanout.Failed, breaker.Closed},
		"panicked":  {panics, fanout.Panicked, breaker.Open},
		"exited":    {exits, fanout.Panicked, breaker.Open},
		"timed out": {func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }, fanout.TimedOut, breaker.Open},
		"abandoned": {sleep(2 * time.Second), fanout.TimedOut, breaker.Open},
	} {
		t.Run(name, func(t *testing.T) {
			testSingle(t, 1, func(s single) {
				b := breaker.New(1, 10*time.Second)
				s.member.Breaker = b
				o := s.run(c.call)
				require.Equal(t, c.want, o.Status)
				require.Equal(t, c.then == breaker.Open, o.Opened)
				time.Sleep(2 * time.Second) // whatever an abandoned call returns
				require.Equal(t, c.then, b.State())
				if c.then == breaker.Open {
					require.Equal(t, fanout.Outcome{Status: fanout.CircuitOpen}, s.run(quick))
					time.Sleep(8 * time.Second)
				}
				require.Equal(t, fanout.OK, s.run(quick).Status)
				require.Equal(t, breaker.Closed, b.State())
			})
		})
	}
}

func TestBreakerThatOpensRejectsCallsThatWait(t *testing.T) {
	testSingle(t, 1, func(s single) {
		s.member.Breaker = breaker.New(1, time.Hour)
		bad := s.start(func(context.Context, int) error {
			time.Sleep(10 * ms)
			panic("no")
		})
		waiting := s.start(quick)
		require.Equal(t, fanout.Panicked, bad().Status)
		require.Equal(t, fanout.Outcome{Status: fanout.CircuitOpen, Duration: 10 * ms}, waiting())
	})
}

func TestBreakerThatRejectsAWaitingCallLetsItsReadersStart(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 10 * ms} { // before sharing is over and then
		synctest.Test(t, func(t *testing.T) {
			all := members(2)
			all[0].Slots, all[0].Breaker = takenSlot(), breaker.New(1, time.Hour)
			p := newPlan(t, all, chain(2), time.Second)
			r, wait := start(t, p, 2, quick)
			time.Sleep(after)
			synctest.Wait()
			open(all[0].Breaker)
			all[0].Slots.Release(false)
			wait()
			require.Equal(t, []fanout.Status{fanout.CircuitOpen, fanout.OK}, r.statuses())
			require.Equal(t, after, r.started[1])
			requireHeld(t, all[0], 0, 0)
		})
	}
}

func TestBreakerThatIsOpenMakesNoCallWait(t *testing.T) {
	testSingle(t, 1, func(s single) {
		s.member.Breaker = opened()
		s.take()
		require.Equal(t, fanout.Outcome{Status: fanout.CircuitOpen}, s.run(quick))
		s.member.Slots.Release(false)
	})
}

// testProbe is testSingle with a breaker whose next call is the probe.
func testProbe(t *testing.T, n int, test func(s single, b *breaker.Breaker)) {
	testSingle(t, n, func(s single) {
		b := breaker.New(1, time.Second)
		s.member.Breaker = b
		open(b)
		time.Sleep(time.Second)
		test(s, b)
	})
}

func TestBreakerProbeIsNotTakenByACallThatWaits(t *testing.T) {
	testProbe(t, 1, func(s single, b *breaker.Breaker) {
		s.take()
		outcome := s.start(quick)
		require.False(t, b.Rejects(), "the probe is still to be had")
		require.Equal(t, fanout.Saturated, outcome().Status)
		require.False(t, b.Rejects())

		outcome = s.start(quick)
		s.member.Slots.Release(false)
		require.Equal(t, fanout.OK, outcome().Status)
		require.Equal(t, breaker.Closed, b.State())
	})
}

func TestBreakerProbeThatHangsOpensItAgain(t *testing.T) {
	testProbe(t, 8, func(s single, b *breaker.Breaker) {
		outcome := s.start(sleep(2 * time.Second))
		require.Equal(t, fanout.CircuitOpen, s.run(quick).Status)
		o := outcome()
		require.Equal(t, fanout.TimedOut, o.Status)
		require.True(t, o.Opened)
		require.Equal(t, breaker.Open, b.State())
	})
}

func TestBreakerProbeThatWaitedAndTimesOutLeavesItToTheNext(t *testing.T) {
	testProbe(t, 2, func(s single, b *breaker.Breaker) {
		s.take()
		s.take()
		outcome := s.start(sleep(2 * time.Second))
		time.Sleep(670 * ms)
		s.member.Slots.Release(false)
		synctest.Wait()
		require.True(t, b.Rejects(), "the probe is under way")
		require.Equal(t, fanout.Outcome{Status: fanout.TimedOut, Duration: time.Second, Limit: 330 * ms}, outcome())
		require.Equal(t, breaker.HalfOpen, b.State())
		s.member.Slots.Release(false)
		require.Equal(t, fanout.OK, s.run(quick).Status)
		require.Equal(t, breaker.Closed, b.State())
	})
}

func TestBreakerCountsACallThatHadTimeAfterItsWait(t *testing.T) {
	testSingle(t, 1, func(s single) {
		s.member.Breaker = breaker.New(1, time.Hour)
		s.take()
		outcome := s.start(sleep(2 * time.Second))
		time.Sleep(660 * ms)
		s.member.Slots.Release(false)
		require.True(t, outcome().Opened)
	})
}

// A panic is the member's fault, however late the call began.
func TestBreakerCountsThePanicOfACallThatWaited(t *testing.T) {
	testSingle(t, 1, func(s single) {
		s.member.Breaker = breaker.New(1, time.Hour)
		s.take()
		outcome := s.start(panics)
		time.Sleep(10 * ms)
		s.member.Slots.Release(false)
		require.True(t, outcome().Opened)
		require.Equal(t, breaker.Open, s.member.Breaker.State())
	})
}

// In a burst of failures, calls may wait long for a processor.
func TestSlotsAreTakenWhenThereIsAProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(t *testing.T) {
		all := members(100)
		p := newPlan(t, all, independent(100), time.Minute)
		run(t, p, 100, sleep(10*ms)) // each has a goroutine of its own from now on
		slots := bulkhead.New(8)
		for _, m := range all {
			m.Slots = slots
		}
		r := run(t, p, 100, quick)
		for _, status := range r.statuses() {
			require.Equal(t, fanout.OK, status)
		}
	})
}
