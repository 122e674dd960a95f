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

	"github.com/failure-enrichers/enricher/internal/fanout"
)

func TestTheLongestChainSharesTheTimeout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		waits   [][]int
		timeout time.Duration
		want    []time.Duration // when a call that hangs is given up
	}{
		{"nobody waits", independent(2), time.Second, []time.Duration{time.Second, time.Second}},
		{"two", chain(2), time.Second, []time.Duration{500 * time.Millisecond, time.Second}},
		{"three into ten", chain(3), 10, []time.Duration{3, 6, 10}},
		{"seven into ten", chain(7), 10, []time.Duration{1, 2, 4, 5, 7, 8, 10}},
		{"three into eleven", chain(3), 11, []time.Duration{3, 7, 11}},
		{"one for each", chain(3), 3, []time.Duration{1, 2, 3}},
		{"a diamond", [][]int{nil, {0}, {0}, {1, 2}}, time.Second, []time.Duration{333333333, 666666666, 666666666, time.Second}},
		{"a short chain beside a long one", [][]int{nil, {0}, {1}, nil, {3}}, 3 * time.Second, []time.Duration{
			time.Second, 2 * time.Second, 3 * time.Second, time.Second, 2 * time.Second,
		}},
		{"a short cut", [][]int{nil, {0}, {0, 1}}, 3 * time.Second, []time.Duration{
			time.Second, 2 * time.Second, 3 * time.Second,
		}},
		{"backwards", [][]int{{1}, nil}, time.Second, []time.Duration{time.Second, 500 * time.Millisecond}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				n := len(c.waits)
				r := run(t, newPlan(t, members(n), c.waits, c.timeout), n, hang(release))
				require.Equal(t, c.want, r.ended)
				for i, o := range r.outcomes {
					require.Equal(t, fanout.TimedOut, o.Status)
					require.Equal(t, r.ended[i]-r.started[i], o.Duration)
					require.NoError(t, o.Err)
				}
				require.Equal(t, c.timeout, time.Since(r.start))
			})
		})
	}
}

func TestAnyTimeoutIsSharedExactly(t *testing.T) {
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
				r := run(t, newPlan(t, members(n), chain(n), timeout), n, func(ctx context.Context, i int) (string, error) {
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

func TestACallWithoutTimeIsNotMade(t *testing.T) {
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

func TestAVeryLongTimeoutEndsWithTheCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(3)
		all[1].Timeout = math.MaxInt64
		r := run(t, newPlan(t, all, [][]int{nil, nil, {0}}, math.MaxInt64), 3, sleep(24*time.Hour))
		require.Equal(t, []fanout.Status{fanout.OK, fanout.OK, fanout.OK}, r.statuses())
		require.Equal(t, 48*time.Hour, time.Since(r.start))
	})
}

func TestAMembersTimeoutCountsFromItsStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		release := make(chan struct{})
		defer close(release)
		all := members(4)
		for i, timeout := range []time.Duration{10 * ms, 20 * ms, 30 * ms, 500 * ms} {
			all[i].Timeout = timeout
		}
		// The chain's parts are 100 ms each.
		r := run(t, newPlan(t, all, [][]int{nil, {0}, {1}, nil}, 300*ms), 4, hang(release))
		require.Equal(t, []time.Duration{10 * ms, 30 * ms, 60 * ms, 100 * ms}, r.ended)
		require.Equal(t, []time.Duration{0, 10 * ms, 30 * ms, patience}, r.started)
		require.Equal(t, 100*ms, time.Since(r.start))
	})
}

func TestTheShortestTimeoutOfAMemberIsANanosecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		all := members(1)
		all[0].Timeout = 1
		r := run(t, newPlan(t, all, independent(1), time.Second), 1, hang(release))
		require.Equal(t, fanout.Outcome{Status: fanout.TimedOut, Duration: 1, Limit: 1}, r.outcomes[0])
	})
}

func TestAMembersTimeoutGivesItNoMoreThanThePlanDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		all := members(2)
		for _, m := range all {
			m.Timeout = 400 * time.Millisecond
		}
		r := run(t, newPlan(t, all, chain(2), time.Second), 2, func(ctx context.Context, i int) (string, error) {
			if i == 0 {
				return sleep(399*time.Millisecond)(ctx, i)
			}
			return hang(release)(ctx, i)
		})
		require.Equal(t, []time.Duration{399 * time.Millisecond, 799 * time.Millisecond}, r.ended)

		all[0].Timeout = 0
		r = run(t, newPlan(t, all, chain(2), 700*time.Millisecond), 2, hang(release))
		require.Equal(t, []time.Duration{350 * time.Millisecond, 700 * time.Millisecond}, r.ended)
	})
}

func TestTimeThatACallLeavesIsForThoseAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		r := run(t, newPlan(t, members(2), chain(2), time.Second), 2, func(ctx context.Context, i int) (string, error) {
			if i == 0 {
				return quick(ctx, i)
			}
			return hang(release)(ctx, i)
		})
		require.Equal(t, time.Second, r.outcomes[1].Duration)
	})
}

func TestAnAnswerBeforeTheDeadlineIsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newPlan(t, members(2), independent(2), time.Second), 2, sleep(time.Second-patience-1))
		require.Equal(t, []fanout.Status{fanout.OK, fanout.OK}, r.statuses())
		require.Equal(t, time.Second-1, time.Since(r.start))
	})
}

// Timers that are due at once are due in any order, so it takes many tries to
// have both the call and the timer come first.
func TestAnAnswerAtTheDeadlineIsTooLateWhoeverWakesFirst(t *testing.T) {
	t.Parallel()
	kept := map[bool]int{}
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			all := members(2)
			r := run(t, newPlan(t, all, independent(2), time.Second), 2, func(_ context.Context, i int) (string, error) {
				if i == 0 {
					time.Sleep(time.Second)
					return "too late", nil
				}
				time.Sleep(time.Second - patience)
				return "", errCall
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

func TestACallThatObeysItsContextHasTimedOut(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			r := run(t, newPlan(t, members(3), independent(3), time.Second), 3, func(ctx context.Context, i int) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
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

func TestAnErrorThatSaysDeadlineButComesInTimeIsAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newPlan(t, members(1), independent(1), time.Second), 1, func(context.Context, int) (string, error) {
			return "", context.DeadlineExceeded
		})
		require.Equal(t, fanout.Outcome{Status: fanout.Failed, Err: context.DeadlineExceeded}, r.outcomes[0])
	})
}

func TestNoRunTakesLongerThanItsTimeout(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 3))
			n := 1 + random.IntN(8)
			waits := randomWaits(random, n)
			timeout := time.Duration(1 + random.IntN(int(time.Millisecond)))
			release := make(chan struct{})
			defer close(release)
			r := run(t, newPlan(t, members(n), waits, timeout), n, hang(release))
			require.Equal(t, timeout, time.Since(r.start), "seed %d", seed)
		})
	}
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
