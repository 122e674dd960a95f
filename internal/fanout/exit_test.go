package fanout_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/fanout"
)

func TestACallThatPanicsWhileItExitsTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(3)
		p := newPlan(t, all, independent(3), time.Second)
		r, wait := start(t, p, 3, func(ctx context.Context, i int) (string, error) {
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

func TestASlotThatComesWhenTheTimeIsUpIsNotUsed(t *testing.T) {
	t.Parallel()
	for range 50 { // either may wake first
		synctest.Test(t, func(t *testing.T) {
			all := onlySlots(1)
			ok, _ := all[0].Slots.Acquire(&bystander{})
			require.True(t, ok)
			go func() {
				time.Sleep(10 * ms)
				bulkhead.Grant(all[0].Slots.Release(false))
			}()
			r, wait := start(t, newPlan(t, all, independent(1), 10*ms), 1, func(context.Context, int) (string, error) {
				panic("it was called")
			})
			wait()
			synctest.Wait()
			require.Equal(t, fanout.Outcome{Status: fanout.Saturated, Duration: 10 * ms}, r.outcomes[0])
			requireHeld(t, all[0], 0, 0)
		})
	}
}

func TestAPanicWhenTheTimeIsUpIsTimedOutWhoeverWakesFirst(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			r, wait := start(t, newPlan(t, members(1), independent(1), 10*ms), 1, func(context.Context, int) (string, error) {
				time.Sleep(10 * ms)
				panic("late")
			})
			wait()
			synctest.Wait()
			assert.Equal(t, fanout.TimedOut, r.outcomes[0].Status)
		})
	}
}

func TestAPanicOfWhichNoErrorCanBeMadeIsKeptAsAnExit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var values []any
		p := fanout.NewPlan(context.Background(), members(2), independent(2), time.Second, func(value any, stack []byte) error {
			if values = append(values, value); len(values) == 1 {
				runtime.Goexit()
			}
			return &panicError{value, stack}
		})
		r := run(t, p, 2, func(ctx context.Context, i int) (string, error) {
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
