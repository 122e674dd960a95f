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

func TestAbandonedCallHoldsOnlyItsSlot(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() error{
		"returns": func() error { return nil },
		"fails":   func() error { return errCall },
		"panics":  func() error { panic("no") },
		"exits":   func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				all := members(3)
				r := run(t, newPlan(t, all, [][]int{nil, nil, {0}}, time.Second), 3, func(ctx context.Context, i int) error {
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

func TestAbandonedCallsCostNoMoreThanTheirSlots(t *testing.T) {
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

func TestAbandonedCallThatReturnsDoesNotCountForTheBreaker(t *testing.T) {
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

func TestPanicWhileExitingDoesNotAffectOtherCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(3)
		p := newPlan(t, all, independent(3), time.Second)
		r, wait := start(t, p, 3, func(ctx context.Context, i int) error {
			if i == 0 {
				defer func() { panic("while exiting") }()
				runtime.Goexit()
			}
			return quick(ctx, i)
		})
		wait()
		require.Equal(t, fanout.Panicked, r.outcomes[0].Status)
		require.Equal(t, fanout.OK, r.outcomes[1].Status)
		require.Equal(t, fanout.OK, r.outcomes[2].Status)
		for _, m := range all {
			requireHeld(t, m, 0, 0)
		}
	})
}

func TestPanicThatExitsWhenItIsMadeAnErrorIsAnExit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var values []any
		p := fanout.NewPlan(context.Background(), members(2), independent(2), time.Second, func(value any, callers []uintptr) error {
			if values = append(values, value); len(values) == 1 {
				runtime.Goexit()
			}
			return &panicError{value, callers}
		})
		r := run(t, p, 2, func(ctx context.Context, i int) error {
			if i == 0 {
				panic("no")
			}
			return quick(ctx, i)
		})
		require.Equal(t, []fanout.Status{fanout.Panicked, fanout.OK}, r.statuses())
		require.Len(t, values, 2)
		require.Equal(t, "no", values[0])
		require.EqualError(t, r.outcomes[0].Err, "panicked: runtime.Goexit was called")
	})
}
