package fanout_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/fanout"
)

func TestRunOfNoCallsReturnsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newPlan(t, nil, nil, time.Second), 0, quick)
		require.Empty(t, r.events)
		require.Zero(t, time.Since(r.start))
		require.True(t, r.over)
	})
}

func TestRunMakesEachCallOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newPlan(t, members(5), independent(5), time.Second), 5,
			func(ctx context.Context, i int) error {
				switch i {
				case 1:
					return errCall
				case 2:
					panic("no")
				case 3:
					runtime.Goexit()
				}
				return quick(ctx, i)
			})
		require.Equal(t, []int{1, 1, 1, 1, 1}, r.made())
		require.Equal(t, []fanout.Status{fanout.OK, fanout.Failed, fanout.Panicked, fanout.Panicked, fanout.OK}, r.statuses())
		require.Same(t, errCall, r.outcomes[1].Err)
		require.EqualError(t, r.outcomes[2].Err, "panicked: no")
		require.EqualError(t, r.outcomes[3].Err, "panicked: runtime.Goexit was called")
		require.Zero(t, time.Since(r.start))
	})
}

func TestRunStartsCallsInTheOrderOfThePlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waits := [][]int{{2}, nil, nil, {0, 1}, nil}
		p := newPlan(t, members(5), waits, time.Second)
		r := run(t, p, 5, quick)
		require.Equal(t, []string{
			"start 1", "settle 1", "start 2", "settle 2", "start 4", "settle 4",
			"start 0", "settle 0", "start 3", "settle 3",
		}, r.events)
	})
}

func TestRunStartsACallAfterThoseItWaitsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		waits := [][]int{nil, nil, nil, {0, 1}, {3}, {2}}
		takes := []time.Duration{10 * ms, 20 * ms, 50 * ms, 5 * ms, 5 * ms, 5 * ms}
		r := run(t, newPlan(t, members(6), waits, time.Second), 6, func(ctx context.Context, i int) error {
			return sleep(takes[i])(ctx, i)
		})
		// The first holds up the rest until patience is over.
		require.Equal(t, []time.Duration{
			0, patience, patience,
			20*ms + patience, 25*ms + patience, 50*ms + patience,
		}, r.started)
		require.Equal(t, []time.Duration{
			10 * ms, 20*ms + patience, 50*ms + patience,
			25*ms + patience, 30*ms + patience, 55*ms + patience,
		}, r.ended)
	})
}

func TestRunStartsACallWhateverBecameOfThoseItWaitsFor(t *testing.T) {
	t.Parallel()
	const timeout = 100 * time.Millisecond
	for _, c := range []struct {
		name    string
		slots   *bulkhead.Bulkhead
		breaker *breaker.Breaker
		call    func(ctx context.Context) error
		want    fanout.Status
		after   time.Duration // when the reader starts
	}{
		{name: "ok", call: func(context.Context) error { return nil }, want: fanout.OK},
		{name: "failed", call: func(context.Context) error { return errCall }, want: fanout.Failed},
		{name: "panicked", call: func(context.Context) error { panic("no") }, want: fanout.Panicked},
		{name: "exited", call: func(context.Context) error { runtime.Goexit(); return nil }, want: fanout.Panicked},
		{
			name:  "timed out",
			call:  func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			want:  fanout.TimedOut,
			after: timeout / 2,
		},
		{
			name:  "abandoned",
			call:  func(context.Context) error { time.Sleep(timeout); return nil },
			want:  fanout.TimedOut,
			after: timeout / 2,
		},
		{
			name:    "its circuit is open",
			breaker: opened(),
			want:    fanout.CircuitOpen,
		},
		{
			name:  "refused for want of a slot",
			slots: abandonedSlot(),
			want:  fanout.Saturated,
		},
		{
			name:  "waited for a slot in vain",
			slots: takenSlot(),
			want:  fanout.Saturated,
			after: timeout / 2,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				all := members(2)
				if c.slots != nil {
					all[0].Slots = c.slots
				}
				if c.breaker != nil {
					all[0].Breaker = c.breaker
				}
				r := run(t, newPlan(t, all, chain(2), timeout), 2, func(ctx context.Context, i int) error {
					if i == 0 {
						return c.call(ctx)
					}
					return quick(ctx, i)
				})
				require.Equal(t, []fanout.Status{c.want, fanout.OK}, r.statuses())
				require.Equal(t, c.after, r.started[1])
				require.Equal(t, c.after, time.Since(r.start))
				require.Less(t, slices.Index(r.events, "settle 0"), slices.Index(r.events, "start 1"))
				time.Sleep(timeout) // until the abandoned call has returned
			})
		})
	}
}

// opened returns a breaker that is open for longer than a bubble lasts.
func opened() *breaker.Breaker {
	b := breaker.New(1, 1<<62)
	ticket, _ := b.Enter()
	b.Leave(ticket, true)
	return b
}

// takenSlot returns a bulkhead whose only slot is taken.
func takenSlot() *bulkhead.Bulkhead {
	b := bulkhead.New(1)
	b.TryAcquire()
	return b
}

// abandonedSlot returns a bulkhead whose only slot is held by an abandoned call.
func abandonedSlot() *bulkhead.Bulkhead {
	b := takenSlot()
	b.Abandon()
	return b
}

func TestPanicIsKeptWithItsStack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newPlan(t, members(3), independent(3), time.Second), 3, func(_ context.Context, i int) error {
			switch i {
			case 0:
				culprit(errCall)
			case 1:
				culprit(nil)
			}
			exit()
			return nil
		})
		var got [3]*panicError
		for i, o := range r.outcomes {
			require.Equal(t, fanout.Panicked, o.Status)
			require.ErrorAs(t, o.Err, &got[i])
			require.False(t, o.Opened)
		}
		assert.Same(t, errCall, got[0].value)
		assert.IsType(t, (*runtime.PanicNilError)(nil), got[1].value)
		assert.EqualError(t, got[2].value.(error), "runtime.Goexit was called")
		assert.Contains(t, got[0].stack(), "fanout_test.culprit\n")
		assert.Contains(t, got[1].stack(), "fanout_test.culprit\n")
		assert.Contains(t, got[2].stack(), "fanout_test.exit\n")
	})
}

//go:noinline
func culprit(value any) { panic(value) }

//go:noinline
func exit() { runtime.Goexit() }
