package fanout_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/fanout"
)

const ms = time.Millisecond

// onlySlots returns a member that has n slots, as a plan's only one.
func onlySlots(n int) []*fanout.Member {
	return []*fanout.Member{{Slots: bulkhead.New(n)}}
}

// A bystander waits for a slot beside the calls of a run.
type bystander struct{ granted int }

func (b *bystander) Granted() bulkhead.Waiter {
	b.granted++
	return nil
}

func TestACallThatFindsNoSlotStartsWhenOneIsFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(1)
		p := newPlan(t, all, independent(1), time.Second)
		first, waitFirst := start(t, p, 1, sleep(10*ms))
		time.Sleep(ms)
		second, waitSecond := start(t, p, 1, sleep(5*ms))
		synctest.Wait()
		requireHeld(t, all[0], 1, 0)
		waitFirst()
		waitSecond()
		require.Equal(t, fanout.Outcome{Status: fanout.OK, Duration: 10 * ms}, first.outcomes[0])
		require.Equal(t, fanout.Outcome{Status: fanout.OK, Duration: 14 * ms}, second.outcomes[0])
		require.Equal(t, 9*ms, second.started[0], "it is prepared when it starts, not when it queues")
		requireHeld(t, all[0], 0, 0)
	})
}

func TestCallsThatWaitStartInTheOrderInWhichTheyCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(4)
		p := newPlan(t, all, independent(1), time.Second)
		var waits []func()
		var runs []*recorder
		for i := range 8 {
			r, wait := start(t, p, 1, sleep(100*ms))
			runs, waits = append(runs, r), append(waits, wait)
			if i < 7 {
				time.Sleep(ms)
			}
		}
		for i, wait := range waits {
			wait()
			require.Equal(t, fanout.OK, runs[i].outcomes[0].Status)
			if i < 4 {
				require.Zero(t, runs[i].started[0])
			} else {
				require.Equal(t, 96*ms, runs[i].started[0]) // it came 4 ms after the one whose slot it has
			}
		}
	})
}

func TestACallThatWaitsHoldsNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slots := bulkhead.New(1)
		slots.Acquire(nil)
		all := members(8)
		all[3].Slots = slots
		p := newPlan(t, all, independent(8), time.Second)
		r, wait := start(t, p, 8, quick)
		synctest.Wait()
		require.Len(t, bubbleStacks(t), 2, "this one and the one that has called Run")
		bulkhead.Grant(slots.Release(false))
		wait()
		require.Equal(t, fanout.OK, r.outcomes[3].Status)
		require.Zero(t, time.Since(r.start))
	})
}

func TestACallThatWaitsHoldsUpOnlyItsReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slots := bulkhead.New(1)
		slots.Acquire(nil)
		all := members(4)
		all[0].Slots = slots
		p := newPlan(t, all, [][]int{nil, {0}, nil, {2}}, time.Second)
		r, wait := start(t, p, 4, quick)
		time.Sleep(10 * ms)
		bulkhead.Grant(slots.Release(false))
		wait()
		require.Equal(t, []time.Duration{10 * ms, 10 * ms, 0, 0}, r.started)
		require.Equal(t, []fanout.Status{fanout.OK, fanout.OK, fanout.OK, fanout.OK}, r.statuses())
	})
}

func TestACallThatGetsNoSlotInTimeIsSaturated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		timeout, member, want time.Duration
	}{
		{timeout: time.Second, want: time.Second},
		{timeout: time.Second, member: 300 * ms, want: 300 * ms},
		{timeout: patience, want: patience},
	} {
		synctest.Test(t, func(t *testing.T) {
			all := onlySlots(1)
			all[0].Timeout = c.member
			all[0].Breaker = breaker.New(1, time.Hour)
			p := newPlan(t, all, independent(1), c.timeout)
			all[0].Slots.Acquire(nil)
			for range 3 { // each leaves the queue, so that the next finds room in it
				r := run(t, p, 1, quick)
				require.Equal(t, fanout.Outcome{Status: fanout.Saturated, Duration: c.want}, r.outcomes[0])
				require.Equal(t, c.want, time.Since(r.start))
			}
			require.Nil(t, all[0].Slots.Release(false), "nobody waits any more")
			requireHeld(t, all[0], 0, 0)
			require.Equal(t, breaker.Closed, all[0].Breaker.State(), "to be saturated is no failure of the member")
		})
	}
}

func TestAReaderThatGetsNoSlotIsSaturatedBeforeTheOthersTimeIsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		all := members(3)
		all[1].Slots, all[1].Timeout = takenSlot(), 50*ms
		p := newPlan(t, all, [][]int{nil, {0}, nil}, time.Second)
		r := run(t, p, 3, func(ctx context.Context, i int) (string, error) {
			if i == 0 {
				return sleep(100*ms)(ctx, i)
			}
			return hang(release)(ctx, i)
		})
		require.Equal(t, []fanout.Status{fanout.OK, fanout.Saturated, fanout.TimedOut}, r.statuses())
		require.Equal(t, []time.Duration{100 * ms, 150 * ms, 500 * ms}, r.ended)
	})
}

func TestACallIsRefusedAtOnceWhileAllSlotsAreAbandoned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(2)
		p := newPlan(t, all, independent(1), time.Second)
		all[0].Slots.Acquire(nil)
		all[0].Slots.Acquire(nil)
		all[0].Slots.Abandon()
		r := run(t, p, 1, quick)
		require.Equal(t, fanout.Outcome{Status: fanout.Saturated, Duration: time.Second}, r.outcomes[0],
			"one of them may come back")
		all[0].Slots.Abandon()
		r = run(t, p, 1, quick)
		require.Equal(t, fanout.Outcome{Status: fanout.Saturated}, r.outcomes[0])
		all[0].Slots.Release(true)
		r = run(t, p, 1, quick)
		require.Equal(t, fanout.OK, r.outcomes[0].Status)
	})
}

func TestACallIsRefusedAtOnceWhileAsManyWaitAsMayRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(3)
		p := newPlan(t, all, independent(1), time.Second)
		var waits []func()
		var runs []*recorder
		for range 3 + 3 + 4 {
			r, wait := start(t, p, 1, sleep(100*ms))
			synctest.Wait()
			runs, waits = append(runs, r), append(waits, wait)
		}
		for i, wait := range waits {
			wait()
			o := runs[i].outcomes[0]
			switch {
			case i < 3:
				require.Equal(t, fanout.Outcome{Status: fanout.OK, Duration: 100 * ms}, o)
			case i < 6:
				require.Equal(t, fanout.Outcome{Status: fanout.OK, Duration: 200 * ms}, o)
			default:
				require.Equal(t, fanout.Outcome{Status: fanout.Saturated}, o)
			}
		}
	})
}

func TestTheTimeInTheQueueIsTheCallsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		all := onlySlots(1)
		all[0].Timeout = 100 * ms
		p := newPlan(t, all, independent(1), time.Second)
		all[0].Slots.Acquire(nil)
		r, wait := start(t, p, 1, hang(release))
		time.Sleep(60 * ms)
		bulkhead.Grant(all[0].Slots.Release(false))
		wait()
		require.Equal(t, fanout.Outcome{Status: fanout.TimedOut, Duration: 100 * ms, Limit: 40 * ms}, r.outcomes[0])
		require.Equal(t, 60*ms, r.started[0])
		requireHeld(t, all[0], 1, 1)
	})
}

func TestASlotThatAnAbandonedCallGivesBackStartsWhoWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(2)
		all[0].Timeout = 100 * ms
		p := newPlan(t, all, independent(1), time.Second)
		_, waitFirst := start(t, p, 1, sleep(150*ms))
		_, waitSecond := start(t, p, 1, sleep(500*ms))
		time.Sleep(90 * ms)
		third, waitThird := start(t, p, 1, quick)
		waitFirst()
		requireHeld(t, all[0], 2, 2) // both given up 10 ms later, while the third waits
		waitSecond()
		waitThird()
		require.Equal(t, fanout.Outcome{Status: fanout.OK, Duration: 60 * ms}, third.outcomes[0])
		requireHeld(t, all[0], 1, 1)
		time.Sleep(350 * ms)
		synctest.Wait()
		requireHeld(t, all[0], 0, 0)
	})
}

func TestASlotThatComesTooLateGoesToTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(2)
		slots := all[0].Slots
		p := newPlan(t, all, independent(1), time.Second)
		slots.Acquire(nil)
		slots.Acquire(nil)
		r, wait := start(t, p, 1, quick)
		synctest.Wait()
		next := new(bystander)
		slots.Acquire(next)

		onItsWay := slots.Release(false)
		wait() // until its time is up: it is told too late
		require.Equal(t, fanout.Saturated, r.outcomes[0].Status)
		require.Zero(t, next.granted)
		bulkhead.Grant(onItsWay)
		require.Equal(t, 1, next.granted)
		requireHeld(t, all[0], 2, 0)
		require.Equal(t, []int{1}, r.settled)
		require.Equal(t, []int{0}, r.made())
	})
}

// An endedBase is the context of a plan that has ended; asked is called when a run finds that out.
type endedBase struct {
	context.Context
	asked func()
}

func (b endedBase) Err() error {
	b.asked()
	return context.Canceled
}

func TestASlotThatIsNotUsedGoesToWhoBeganToWaitMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(1)
		next := new(bystander)
		ended := endedBase{context.Background(), func() { all[0].Slots.Acquire(next) }}
		r := run(t, newPlanOn(ended, all, independent(1), time.Second), 1, quick)
		require.Equal(t, fanout.Outcome{Status: fanout.Skipped}, r.outcomes[0])
		require.Equal(t, 1, next.granted)
		requireHeld(t, all[0], 1, 0)
	})
}

func TestABreakerThatOpensRefusesWhoWaitsAndTheSlotGoesToTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(3)
		all[0].Breaker = breaker.New(1, time.Hour)
		slots := all[0].Slots
		p := newPlan(t, all, independent(1), time.Second)
		slots.Acquire(nil)
		slots.Acquire(nil)
		bad, waitBad := start(t, p, 1, func(context.Context, int) (string, error) {
			time.Sleep(10 * ms)
			panic("no")
		})
		synctest.Wait()
		first, waitFirst := start(t, p, 1, quick)
		synctest.Wait()
		second, waitSecond := start(t, p, 1, quick)
		synctest.Wait()
		next := new(bystander)
		slots.Acquire(next)

		waitBad()
		waitFirst()
		waitSecond()
		require.Equal(t, fanout.Panicked, bad.outcomes[0].Status)
		require.True(t, bad.outcomes[0].Opened)
		refused := fanout.Outcome{Status: fanout.CircuitOpen, Duration: 10 * ms}
		require.Equal(t, refused, first.outcomes[0])
		require.Equal(t, refused, second.outcomes[0])
		synctest.Wait()
		require.Equal(t, 1, next.granted)
		requireHeld(t, all[0], 3, 0)
	})
}

func TestWhoReadsOfACallThatTheBreakerRefusedInTheQueueStarts(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 10 * ms} { // before patience is over and then
		synctest.Test(t, func(t *testing.T) {
			all := members(2)
			all[0].Slots, all[0].Breaker = bulkhead.New(1), breaker.New(1, time.Hour)
			p := newPlan(t, all, chain(2), time.Second)
			all[0].Slots.Acquire(nil)
			r, wait := start(t, p, 2, quick)
			time.Sleep(after)
			synctest.Wait()
			ticket, _ := all[0].Breaker.Enter()
			all[0].Breaker.Leave(ticket, true)
			bulkhead.Grant(all[0].Slots.Release(false))
			wait()
			require.Equal(t, []fanout.Status{fanout.CircuitOpen, fanout.OK}, r.statuses())
			require.Equal(t, after, r.started[1])
			requireHeld(t, all[0], 0, 0)
		})
	}
}

func TestACallOfAnOpenBreakerTakesNoSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(1)
		all[0].Breaker = opened()
		all[0].Slots.Acquire(nil)
		r := run(t, newPlan(t, all, independent(1), time.Second), 1, quick)
		require.Equal(t, fanout.Outcome{Status: fanout.CircuitOpen}, r.outcomes[0], "nor does it wait for one")
	})
}

func TestACallThatWaitsForASlotDoesNotTakeTheProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(1)
		b := breaker.New(1, time.Second)
		all[0].Breaker = b
		p := newPlan(t, all, independent(1), time.Minute)
		run(t, p, 1, func(context.Context, int) (string, error) { panic("no") })
		time.Sleep(time.Second)

		all[0].Slots.Acquire(nil)
		r, wait := start(t, p, 1, quick)
		synctest.Wait()
		require.Equal(t, breaker.HalfOpen, b.State())
		require.False(t, b.Refuses(), "the probe is still to be had")
		wait()
		require.Equal(t, fanout.Saturated, r.outcomes[0].Status)
		require.False(t, b.Refuses())

		r, wait = start(t, p, 1, quick)
		synctest.Wait()
		bulkhead.Grant(all[0].Slots.Release(false))
		wait()
		require.Equal(t, fanout.OK, r.outcomes[0].Status)
		require.Equal(t, breaker.Closed, b.State())
	})
}

func TestAProbeThatHangsOpensTheBreakerAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		all := onlySlots(8)
		b := breaker.New(1, time.Second)
		all[0].Breaker = b
		p := newPlan(t, all, independent(1), time.Minute)
		run(t, p, 1, func(context.Context, int) (string, error) { panic("no") })
		time.Sleep(time.Second)
		r, wait := start(t, p, 1, hang(release))
		synctest.Wait()
		require.Equal(t, fanout.CircuitOpen, run(t, p, 1, quick).outcomes[0].Status)
		wait()
		require.Equal(t, fanout.TimedOut, r.outcomes[0].Status)
		require.True(t, r.outcomes[0].Opened)
		require.Equal(t, breaker.Open, b.State())
		time.Sleep(time.Second)
		require.Equal(t, fanout.OK, run(t, p, 1, quick).outcomes[0].Status)
	})
}

func TestACallThatHadToQueueAndTimesOutIsNoFailureOfItsMember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		all := onlySlots(2)
		all[0].Breaker = breaker.New(1, time.Hour)
		p := newPlan(t, all, independent(1), time.Second)
		// queue runs a call that has to wait 10 ms for its slot.
		queue := func(call callFunc) fanout.Outcome {
			all[0].Slots.Acquire(nil)
			r, wait := start(t, p, 1, call)
			time.Sleep(10 * ms)
			bulkhead.Grant(all[0].Slots.Release(false))
			wait()
			return r.outcomes[0]
		}
		all[0].Slots.Acquire(nil)
		require.Equal(t, fanout.Outcome{Status: fanout.TimedOut, Duration: time.Second, Limit: 990 * ms}, queue(hang(release)))
		require.Equal(t, breaker.Closed, all[0].Breaker.State())

		all[0].Slots = bulkhead.New(1)
		o := queue(func(context.Context, int) (string, error) { panic("no") })
		require.Equal(t, fanout.Panicked, o.Status)
		require.True(t, o.Opened, "a panic is the member's fault, however late it began")
		require.Equal(t, breaker.Open, all[0].Breaker.State())
	})
}

func TestAProbeThatHadToQueueAndTimesOutLeavesTheProbeToTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		all := onlySlots(2)
		b := breaker.New(1, time.Second)
		all[0].Breaker = b
		p := newPlan(t, all, independent(1), time.Minute)
		run(t, p, 1, func(context.Context, int) (string, error) { panic("no") })
		time.Sleep(time.Second)

		all[0].Slots.Acquire(nil)
		all[0].Slots.Acquire(nil)
		r, wait := start(t, p, 1, hang(release))
		time.Sleep(10 * ms)
		bulkhead.Grant(all[0].Slots.Release(false))
		synctest.Wait()
		require.True(t, b.Refuses(), "the probe is under way")
		wait()
		require.Equal(t, fanout.TimedOut, r.outcomes[0].Status)
		require.False(t, r.outcomes[0].Opened)
		require.Equal(t, breaker.HalfOpen, b.State())

		// The next has to queue, too, and says that all is well.
		r, wait = start(t, p, 1, quick)
		time.Sleep(10 * ms)
		bulkhead.Grant(all[0].Slots.Release(false))
		wait()
		require.Equal(t, fanout.OK, r.outcomes[0].Status)
		require.Equal(t, breaker.Closed, b.State())
	})
}

func TestACallThatWaitsForItselfIsReleasedByItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := onlySlots(1)
		p := newPlan(t, all, independent(1), time.Second)
		var inner *recorder
		outer := run(t, p, 1, func(ctx context.Context, i int) (string, error) {
			inner = newRecorder(t, 1, quick)
			fanout.Run(p, ctx, inner)
			return quick(ctx, i)
		})
		require.Equal(t, fanout.TimedOut, outer.outcomes[0].Status)
		require.Equal(t, fanout.Outcome{Status: fanout.Saturated, Duration: time.Second}, inner.outcomes[0])
		requireHeld(t, all[0], 0, 0)
	})
}
