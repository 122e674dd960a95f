package fanout_test

import (
	"context"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/fanout"
)

func TestBudgetIsSharedExactly(t *testing.T) {
	t.Parallel()
	timeouts := []time.Duration{
		1, 2, 3, 5, 7, 10, 11, 97, time.Microsecond, time.Millisecond + 1, time.Second, time.Hour,
		math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 / 2, math.MaxInt64/2 + 1, math.MaxInt64 / 3,
	}
	for _, timeout := range timeouts {
		for _, n := range []int{1, 2, 3, 4, 5, 7, 13, 64} {
			synctest.Test(t, func(t *testing.T) {
				deadlines := make([]time.Duration, n)
				start := time.Now()
				r := run(t, newPlan(t, members(n), chain(n), timeout), n, func(ctx context.Context, i int) error {
					deadline, ok := ctx.Deadline()
					assert.True(t, ok)
					deadlines[i] = deadline.Sub(start)
					return quick(ctx, i)
				})
				require.LessOrEqual(t, time.Since(start), timeout)
				for i, got := range deadlines {
					// timeout * (i+1) / n
					want := new(big.Int).Mul(big.NewInt(int64(timeout)), big.NewInt(int64(i+1)))
					want.Div(want, big.NewInt(int64(n)))
					require.EqualValues(t, want.Int64(), got, "%d of %d share %d", i+1, n, timeout)
					if want.Sign() > 0 {
						require.Equal(t, fanout.OK, r.outcomes[i].Status)
					}
				}
			})
		}
	}
}

func TestBudgetOfZeroMakesNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The first of two has no part of one nanosecond.
		all := members(2)
		all[0].Breaker = opened() // nor is it asked for
		r := run(t, newPlan(t, all, chain(2), 1), 2, quick)
		require.Equal(t, []int{0, 1}, r.made())
		require.Equal(t, fanout.Outcome{Status: fanout.TimedOut}, r.outcomes[0])
		require.Equal(t, fanout.OK, r.outcomes[1].Status)
		requireHeld(t, all[0], 0, 0)
	})
}

func TestBudgetMayBeVeryLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(3)
		all[1].Timeout = math.MaxInt64
		r := run(t, newPlan(t, all, [][]int{nil, nil, {0}}, math.MaxInt64), 3, sleep(24*time.Hour))
		require.Equal(t, []fanout.Status{fanout.OK, fanout.OK, fanout.OK}, r.statuses())
		require.Equal(t, 48*time.Hour, time.Since(r.start))
	})
}

func TestBudgetIncludesAnAnswerJustBeforeItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newPlan(t, members(2), independent(2), time.Second), 2, sleep(time.Second-patience-1))
		require.Equal(t, []fanout.Status{fanout.OK, fanout.OK}, r.statuses())
		require.Equal(t, time.Second-1, time.Since(r.start))
	})
}

// Timers that are due at once are due in any order, so it takes many tries to
// have both the call and the timer come first.
func TestBudgetExcludesAnAnswerAtItsEnd(t *testing.T) {
	t.Parallel()
	kept := map[bool]int{}
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			all := members(2)
			r := run(t, newPlan(t, all, independent(2), time.Second), 2, func(_ context.Context, i int) error {
				if i == 0 {
					time.Sleep(time.Second)
					return nil
				}
				time.Sleep(time.Second - patience)
				return errCall
			})
			require.Equal(t, []fanout.Status{fanout.TimedOut, fanout.TimedOut}, r.statuses())
			require.Equal(t, time.Second, r.outcomes[0].Duration)
			require.Equal(t, time.Second-patience, r.outcomes[1].Duration)
			require.Equal(t, time.Second, r.outcomes[0].Limit)
			require.Equal(t, time.Second-patience, r.outcomes[1].Limit)
			require.NoError(t, r.outcomes[0].Err)
			if err := r.outcomes[1].Err; err != nil {
				require.Same(t, errCall, err)
			}
			kept[r.outcomes[1].Err != nil]++
			for _, m := range all {
				requireHeld(t, m, 0, 0)
			}
		})
	}
	require.NotZero(t, kept[true], "the error of a call that comes first is kept")
	require.NotZero(t, kept[false], "the timer has never come first")
}

func TestBudgetEndsACallThatObeysItsContext(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			r := run(t, newPlan(t, members(3), independent(3), time.Second), 3, func(ctx context.Context, i int) error {
				<-ctx.Done()
				return ctx.Err()
			})
			for _, o := range r.outcomes {
				require.Equal(t, fanout.TimedOut, o.Status)
				if o.Err != nil {
					require.Equal(t, context.DeadlineExceeded, o.Err)
				}
			}
			require.Equal(t, time.Second, time.Since(r.start))
		})
	}
}

func TestBudgetIsNotOverBecauseACallReturnsDeadlineExceeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newPlan(t, members(1), independent(1), time.Second), 1, func(context.Context, int) error {
			return context.DeadlineExceeded
		})
		require.Equal(t, fanout.Outcome{Status: fanout.Failed, Err: context.DeadlineExceeded}, r.outcomes[0])
	})
}

// randomWaits returns a graph without circles: who waits comes later in a random order.
func randomWaits(random *rand.Rand, n int) [][]int {
	order := random.Perm(n)
	waits := make([][]int, n)
	for i := 1; i < n; i++ {
		for j := range i {
			if random.IntN(3) == 0 {
				waits[order[i]] = append(waits[order[i]], order[j])
			}
		}
	}
	return waits
}

func TestBudgetIsKeptIfThereIsNoProcessor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(3)
		for _, m := range all {
			m.Breaker = breaker.New(1, time.Hour)
		}
		r := newRecorder(t, 3, quick)
		fanout.RunWithoutProcessor(newPlan(t, all, [][]int{{}, {0}, {}}, time.Second), r.start, r)
		r.check()
		require.Equal(t, []int{0, 0, 0}, r.made())
		require.Equal(t, []time.Duration{500 * ms, time.Second, 500 * ms}, r.ended)
		for i, m := range all {
			require.Equal(t, fanout.Outcome{Status: fanout.TimedOut}, r.outcomes[i])
			require.Equal(t, breaker.Closed, m.Breaker.State(), "it is not to blame")
			requireHeld(t, m, 0, 0)
		}
	})
}
