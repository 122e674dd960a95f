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

func TestAnAbandonedCallHoldsNobodyAndOnlyItsSlot(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() (string, error){
		"returns": func() (string, error) { return "too late", nil },
		"fails":   func() (string, error) { return "", errCall },
		"panics":  func() (string, error) { panic("no") },
		"exits":   func() (string, error) { runtime.Goexit(); return "", nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				all := members(3)
				r := run(t, newPlan(t, all, [][]int{nil, nil, {0}}, time.Second), 3, func(ctx context.Context, i int) (string, error) {
					if i == 0 {
						<-release
						return end()
					}
					return quick(ctx, i)
				})
				require.Equal(t, []fanout.Status{fanout.TimedOut, fanout.OK, fanout.OK}, r.statuses())
				require.Equal(t, fanout.Outcome{Status: fanout.TimedOut, Duration: time.Second / 2, Limit: time.Second / 2}, r.outcomes[0])
				require.Equal(t, time.Second/2, time.Since(r.start))
				requireHeld(t, all[0], 1, 1)

				close(release)
				synctest.Wait()
				requireHeld(t, all[0], 0, 0)
				require.Equal(t, []int{1, 1, 1}, r.settled, "it is not settled again")
				require.Equal(t, []int{1, 1, 1}, r.made())
				require.Len(t, bubbleStacks(t), 1, "its goroutine is gone")
			})
		})
	}
}

func TestAnAbandonedCallMayEndWhileItsRunGoesOn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() (string, error){
		"returns": func() (string, error) { return "too late", nil },
		"panics":  func() (string, error) { panic("no") },
		"exits":   func() (string, error) { runtime.Goexit(); return "", nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				all := members(3)
				all[0].Timeout = 10 * time.Millisecond
				r := run(t, newPlan(t, all, [][]int{nil, nil, {1}}, time.Second), 3, func(ctx context.Context, i int) (string, error) {
					if i == 0 {
						time.Sleep(20 * time.Millisecond)
						return end()
					}
					return sleep(100*time.Millisecond)(ctx, i)
				})
				require.Equal(t, []fanout.Status{fanout.TimedOut, fanout.OK, fanout.OK}, r.statuses())
				require.Equal(t, 10*time.Millisecond, r.ended[0])
				requireHeld(t, all[0], 0, 0)
			})
		})
	}
}

func TestWhatHangsForEverCostsNoMoreThanItsSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		all := members(1)
		all[0].Slots = bulkhead.New(3)
		p := newPlan(t, all, independent(1), time.Second)
		for i := range 10 {
			r := run(t, p, 1, hang(release))
			if i < 3 {
				require.Equal(t, fanout.TimedOut, r.outcomes[0].Status)
				require.Equal(t, time.Second, time.Since(r.start))
			} else {
				require.Equal(t, fanout.Outcome{Status: fanout.Saturated}, r.outcomes[0])
				require.Zero(t, time.Since(r.start), "refused at once")
			}
			n := min(i+1, 3)
			requireHeld(t, all[0], n, n)
			require.Len(t, bubbleStacks(t), 1+n)
		}
		close(release)
		synctest.Wait()
		requireHeld(t, all[0], 0, 0)
		require.Equal(t, fanout.OK, run(t, p, 1, quick).outcomes[0].Status)
	})
}

func TestWhatAnAbandonedCallReturnsDoesNotMoveTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(1)
		all[0].Breaker = breaker.New(2, time.Hour)
		p := newPlan(t, all, independent(1), time.Second)
		release := make(chan struct{})
		r := run(t, p, 1, hang(release))
		require.False(t, r.outcomes[0].Opened)
		close(release)
		synctest.Wait()

		// Neither has the answer ended the row, nor has it counted again.
		require.Equal(t, breaker.Closed, all[0].Breaker.State())
		release = make(chan struct{})
		r = run(t, p, 1, hang(release))
		require.True(t, r.outcomes[0].Opened)
		require.Equal(t, breaker.Open, all[0].Breaker.State())
		close(release)
		synctest.Wait()
		require.Equal(t, breaker.Open, all[0].Breaker.State())
	})
}

func TestTimeoutsAndPanicsInARowOpenTheBreaker(t *testing.T) {
	t.Parallel()
	failures := map[string]callFunc{
		"timeout": func(ctx context.Context, i int) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		"panic":   func(context.Context, int) (string, error) { panic("no") },
		"exit":    func(context.Context, int) (string, error) { runtime.Goexit(); return "", nil },
	}
	fail := func(context.Context, int) (string, error) { return "", errCall }
	for name, bad := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				all := members(1)
				all[0].Breaker = breaker.New(3, 10*time.Second)
				p := newPlan(t, all, independent(1), time.Second)
				must := func(call callFunc, want fanout.Status, opened bool) {
					t.Helper()
					r := run(t, p, 1, call)
					require.Equal(t, want, r.outcomes[0].Status)
					require.Equal(t, opened, r.outcomes[0].Opened)
				}
				badly := func(opened bool) {
					t.Helper()
					want := fanout.Panicked
					if name == "timeout" {
						want = fanout.TimedOut
					}
					must(bad, want, opened)
				}
				// OK and Failed end the row.
				for range 3 {
					badly(false)
					badly(false)
					must(quick, fanout.OK, false)
					badly(false)
					badly(false)
					must(fail, fanout.Failed, false)
				}
				badly(false)
				badly(false)
				badly(true)
				for range 3 {
					r := run(t, p, 1, quick)
					require.Equal(t, fanout.Outcome{Status: fanout.CircuitOpen}, r.outcomes[0])
				}
				// One probe that fails is enough; one that returns, if with an error, too.
				time.Sleep(10 * time.Second)
				badly(true)
				must(quick, fanout.CircuitOpen, false)
				time.Sleep(10 * time.Second)
				must(fail, fanout.Failed, false)
				badly(false)
				badly(false)
				badly(true)
			})
		})
	}
}

func TestACallThatBeganBeforeTheOpeningDoesNotCloseTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(1)
		all[0].Breaker = breaker.New(1, 10*time.Second)
		p := newPlan(t, all, independent(1), time.Minute)
		early, wait := start(t, p, 1, sleep(5*time.Second))
		synctest.Wait()
		r := run(t, p, 1, func(context.Context, int) (string, error) { panic("no") })
		require.True(t, r.outcomes[0].Opened)
		wait()
		require.Equal(t, fanout.OK, early.outcomes[0].Status)
		require.Equal(t, breaker.Open, all[0].Breaker.State())
		require.Equal(t, fanout.CircuitOpen, run(t, p, 1, quick).outcomes[0].Status)
	})
}

func TestOneCallOfManyRunsIsTheProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(1)
		all[0].Breaker = breaker.New(1, 10*time.Second)
		p := newPlan(t, all, independent(1), time.Minute)
		run(t, p, 1, func(context.Context, int) (string, error) { panic("no") })
		time.Sleep(10 * time.Second)
		seen := map[fanout.Status]int{}
		var waits []func()
		var runs []*recorder
		for range 20 {
			r, wait := start(t, p, 1, sleep(time.Second))
			runs, waits = append(runs, r), append(waits, wait)
		}
		for i, wait := range waits {
			wait()
			seen[runs[i].outcomes[0].Status]++
		}
		require.Equal(t, map[fanout.Status]int{fanout.OK: 1, fanout.CircuitOpen: 19}, seen)
		require.Equal(t, breaker.Closed, all[0].Breaker.State())
		requireHeld(t, all[0], 0, 0)
	})
}
