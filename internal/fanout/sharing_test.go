package fanout_test

import (
	"cmp"
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/fanout"
)

// identify returns a call that notes which goroutine makes it, and then does call.
func identify(n int, call callFunc) (_ callFunc, ids []string) {
	ids = make([]string, n)
	return func(ctx context.Context, i int) error {
		ids[i] = goroutine()
		return call(ctx, i)
	}, ids
}

// distinct returns how many different ids there are.
func distinct(ids []string) int {
	set := map[string]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return len(set)
}

func TestSharingOneGoroutineByQuickCalls(t *testing.T) {
	t.Parallel()
	for name, waits := range map[string][][]int{
		"independent": independent(64),
		"in a chain":  chain(64),
		"a diamond":   {nil, {0}, {0}, {1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := len(waits)
				p := newPlan(t, members(n), waits, time.Second)
				for range 3 {
					call, ids := identify(n, quick)
					r := run(t, p, n, call)
					require.Equal(t, 1, distinct(ids))
					require.NotEqual(t, goroutine(), ids[0], "the caller's goroutine could not leave")
					require.Zero(t, time.Since(r.start))
				}
			})
		})
	}
}

func TestSharingGoesOnAfterACallThatPanicsOrExits(t *testing.T) {
	t.Parallel()
	for _, waits := range [][][]int{independent(8), chain(8)} {
		synctest.Test(t, func(t *testing.T) {
			call, ids := identify(8, func(ctx context.Context, i int) error {
				switch i {
				case 1:
					panic("no")
				case 2, 5, 7:
					runtime.Goexit()
				}
				return quick(ctx, i)
			})
			all := members(8)
			r := run(t, newPlan(t, all, waits, time.Second), 8, call)
			for i, status := range r.statuses() {
				if i == 1 || i == 2 || i == 5 || i == 7 {
					require.Equal(t, fanout.Panicked, status)
				} else {
					require.Equal(t, fanout.OK, status)
				}
				requireHeld(t, all[i], 0, 0)
			}
			require.Equal(t, 4, distinct(ids))
			require.Zero(t, time.Since(r.start))
		})
	}
}

func TestSharingEndsIfCallsAreSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		call, ids := identify(64, sleep(10*time.Millisecond))
		r := run(t, newPlan(t, members(64), independent(64), time.Second), 64, call)
		require.Equal(t, 10*time.Millisecond+patience, time.Since(r.start))
		require.Equal(t, 64, distinct(ids))
	})
}

func TestSharingIsNotForACallThatWasSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlan(t, members(8), independent(8), time.Second)
		for i, want := range []time.Duration{10*time.Millisecond + patience, 10 * time.Millisecond, 10 * time.Millisecond} {
			r := run(t, p, 8, sleep(10*time.Millisecond))
			require.Equal(t, want, time.Since(r.start), "run %d", i)
		}
	})
}

func TestSharingIsNotForACallThatWasAbandoned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		p := newPlan(t, members(2), independent(2), 10*time.Millisecond)
		first := func(slow callFunc) callFunc {
			return func(ctx context.Context, i int) error {
				if i == 0 {
					return slow(ctx, i)
				}
				return quick(ctx, i)
			}
		}
		r := run(t, p, 2, first(hang(release)))
		require.Equal(t, patience, r.ended[1])
		r = run(t, p, 2, first(hang(release)))
		require.Zero(t, r.ended[1])
	})
}

func TestSharingTellsSlowCallsToTheNanosecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := members(1)
		// ended returns when its call, which is quick, ends beside one that is not.
		ended := func() time.Duration {
			p := newPlan(t, append(members(1), all[0]), independent(2), time.Second)
			r := run(t, p, 2, func(ctx context.Context, i int) error {
				if i == 0 {
					return sleep(10*time.Millisecond)(ctx, i)
				}
				return quick(ctx, i)
			})
			return r.ended[1]
		}
		p := newPlan(t, all, independent(1), time.Second)
		run(t, p, 1, sleep(patience))
		require.Equal(t, patience, ended())
		run(t, p, 1, sleep(patience+1))
		require.Zero(t, ended(), "it has a goroutine of its own")
	})
}

func TestSharingEndsAfterPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		p := newPlan(t, members(9), independent(9), time.Second)
		call, ids := identify(9, func(ctx context.Context, i int) error {
			switch {
			case i == 4:
				return hang(release)(ctx, i)
			case i > 4:
				return sleep(time.Millisecond)(ctx, i)
			}
			return quick(ctx, i)
		})
		r := run(t, p, 9, call)
		for i, ended := range r.ended {
			switch {
			case i < 4:
				require.Zero(t, ended)
				require.Equal(t, ids[0], ids[i])
			case i == 4:
				require.Equal(t, time.Second, ended)
				require.Equal(t, ids[0], ids[i])
			default:
				require.Equal(t, patience+time.Millisecond, ended)
			}
		}
		require.Equal(t, 5, distinct(ids))
	})
}

func TestSharingEndsSoonerIfThereIsLittleTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const little = patience / 2
		release := make(chan struct{})
		defer close(release)
		for _, c := range []struct {
			plan, member time.Duration
		}{{plan: little}, {time.Second, little}, {time.Second, little - 1}} {
			all := members(2)
			all[0].Timeout = c.member
			r := run(t, newPlan(t, all, independent(2), c.plan), 2, func(ctx context.Context, i int) error {
				if i == 0 {
					return hang(release)(ctx, i)
				}
				return quick(ctx, i)
			})
			require.Equal(t, fanout.TimedOut, r.outcomes[0].Status)
			given := cmp.Or(c.member, c.plan)
			require.Equal(t, given, r.ended[0])
			require.Equal(t, given/2, r.ended[1])
		}
	})
}
