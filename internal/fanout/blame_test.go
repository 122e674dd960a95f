package fanout_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/fanout"
)

// breakable returns n members each of which has a breaker that opens at once.
func breakable(n int) []*fanout.Member {
	all := members(n)
	for _, m := range all {
		m.Breaker = breaker.New(1, time.Hour)
	}
	return all
}

func requireBlamed(t *testing.T, r *recorder, all []*fanout.Member, i int, blamed bool) {
	t.Helper()
	state := map[bool]breaker.State{true: breaker.Open, false: breaker.Closed}[blamed]
	require.Equal(t, fanout.TimedOut, r.outcomes[i].Status)
	require.Equal(t, blamed, r.outcomes[i].Opened)
	require.Equal(t, state, all[i].Breaker.State())
}

func TestBlameIsNotOnACallWhoseEndWasNoticedLate(t *testing.T) {
	t.Parallel()
	for late, blamed := range map[time.Duration]bool{
		0:                      true,
		fanout.MaxLateness:     true,
		fanout.MaxLateness + 1: false,
		time.Hour:              false,
	} {
		t.Run("by its worker, after "+late.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				all := breakable(1)
				r := run(t, newPlan(t, all, independent(1), time.Second), 1, func(ctx context.Context, _ int) error {
					fanout.Pause(ctx, time.Second+late)
					return nil
				})
				requireBlamed(t, r, all, 0, blamed)
			})
		})
		t.Run("by the timer, after "+late.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				all := breakable(2)
				r := run(t, newPlan(t, all, independent(2), time.Second), 2, each(hang(release), func(ctx context.Context, _ int) error {
					fanout.Pause(ctx, time.Second/2+late) // the timer is set for half of the time
					return nil
				}))
				requireBlamed(t, r, all, 0, blamed)
			})
		})
	}
}

func TestBlameIsNotOnACallWhoseInputHangs(t *testing.T) {
	t.Parallel()
	obeys := func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for name, c := range map[string]struct {
		checkInput func(release <-chan struct{})
		blamed     bool
	}{
		"hangs":                    {func(release <-chan struct{}) { <-release }, false},
		"takes a little too long":  {func(<-chan struct{}) { time.Sleep(time.Second/2 + 1) }, false},
		"returns at once":          {func(<-chan struct{}) {}, true},
		"returns just in time":     {func(<-chan struct{}) { time.Sleep(time.Second/2 - 1) }, true},
		"exits the goroutine":      {func(<-chan struct{}) { runtime.Goexit() }, true},
		"exits it a little later":  {func(<-chan struct{}) { time.Sleep(ms); runtime.Goexit() }, true},
		"exits it when it is late": {func(<-chan struct{}) { time.Sleep(time.Second); runtime.Goexit() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				all := breakable(3)
				p := newPlan(t, all, independent(3), time.Second)
				r := newRecorder(t, 3, each(hang(release), obeys, quick))
				r.checkInput = func() { c.checkInput(release) }
				r.run(p, context.Background())
				requireBlamed(t, r, all, 0, c.blamed)
				requireBlamed(t, r, all, 1, c.blamed)
				require.Equal(t, fanout.OK, r.outcomes[2].Status)
				require.Equal(t, time.Second, time.Since(r.start))

				close(release)
				time.Sleep(time.Second)
				synctest.Wait()
				r.check()
				require.EqualValues(t, 1, r.checks.Load())
				require.Len(t, bubbleStacks(t), 1, "a goroutine is left")
				for i, o := range run(t, p, 3, quick).outcomes {
					require.Equal(t, c.blamed && i < 2, o.Status == fanout.CircuitOpen)
				}
			})
		})
	}
}

func TestBlameNeedsNoCheckOfTheInputOfCallsThatAreDoneInHalfOfTheirTime(t *testing.T) {
	t.Parallel()
	for took, checks := range map[time.Duration]int32{
		0:                      0,
		ms:                     0,
		time.Second/2 - 1:      0,
		time.Second/2 + ms:     1,
		time.Second - patience: 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlan(t, members(8), independent(8), time.Second)
			for range 2 { // the second finds them known as slow
				require.Equal(t, checks, run(t, p, 8, sleep(took-patience)).checks.Load(), took)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // with a budget of its own
		all := members(2)
		all[1].Timeout = 10 * ms
		r := run(t, newPlan(t, all, independent(2), time.Second), 2, each(quick, sleep(6*ms)))
		require.EqualValues(t, 1, r.checks.Load())
	})
}

// What hangs for ever must not cost a goroutine each time.
func TestBlameIsOnTheCallIfTooManyInputsHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		all := breakable(1)
		p := newPlan(t, all, independent(1), time.Second)
		checks := int32(0)
		enrich := func() *recorder {
			r := newRecorder(t, 1, func(ctx context.Context, _ int) error { <-ctx.Done(); return nil })
			r.checkInput = func() { <-release }
			r.run(p, context.Background())
			checks += r.checks.Load()
			return r
		}
		for range fanout.MaxChecks {
			requireBlamed(t, enrich(), all, 0, false)
		}
		requireBlamed(t, enrich(), all, 0, true)
		require.EqualValues(t, fanout.MaxChecks, checks)
		close(release)
		synctest.Wait()

		all[0].Breaker = breaker.New(1, time.Hour)
		release = make(chan struct{})
		requireBlamed(t, enrich(), all, 0, false)
		close(release)
	})
}

// As long as the input is checked, the run belongs to the one who checks it.
func TestBlameKeepsARunFromBeingUsedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := newRecorder(t, 1, sleep(700*ms))
		r.checkInput = func() { <-release }
		p := newPlan(t, members(1), independent(1), time.Second)
		r.run(p, context.Background())
		require.Equal(t, fanout.OK, r.outcomes[0].Status)
		require.False(t, r.over)
		for range 3 {
			require.True(t, run(t, p, 1, sleep(700*ms)).over)
		}
		close(release)
		synctest.Wait()
		require.True(t, run(t, p, 1, sleep(700*ms)).over)
	})
}
