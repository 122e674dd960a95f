package fanout_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/fanout"
)

func TestRunReportsWhetherItsCallsAreOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second callFunc
		over          bool
	}{
		"they return":    {quick, quick, true},
		"one fails":      {fails, quick, true},
		"one panics":     {panics, quick, true},
		"one exits":      {exits, quick, true},
		"the last exits": {quick, exits, true},
		"one is slow":    {sleep(10 * ms), quick, true},
		"one hangs":      {quick, sleep(time.Second), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRecorder(t, 2, each(c.first, c.second))
				r.run(newPlan(t, members(2), independent(2), 100*ms), context.Background())
				require.Equal(t, c.over, r.over)
				time.Sleep(time.Second)
			})
		})
	}
}

// Not in parallel: what other tests allocate would count.
func TestReuse(t *testing.T) {
	check := func(t *testing.T, p *fanout.Plan) {
		allocs := math.Inf(1)
		for range 20 { // with the race detector, or on a busy machine, some are not kept
			allocs = min(allocs, testing.AllocsPerRun(20, func() { p.Run(time.Now(), context.Background(), nothing{}) }))
		}
		require.Less(t, allocs, 4.0, "1 for the contexts, 6 or more where there is a new run")
	}
	t.Run("outside of bubbles", func(t *testing.T) {
		check(t, fanout.NewPlan(context.Background(), members(8), independent(8), time.Second, asPanicError))
	})
	t.Run("in a bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { check(t, newPlan(t, members(8), independent(8), time.Second)) })
	})
}

// nothing are calls that do nothing.
type nothing struct{}

func (nothing) Prepare(int)                     {}
func (nothing) Call(context.Context, int) error { return nil }
func (nothing) Settle(int, fanout.Outcome)      {}
func (nothing) CheckInput()                     {}

// open opens a breaker of threshold 1.
func open(b *breaker.Breaker) {
	ticket, _ := b.Enter()
	b.Leave(ticket, true)
}

// What a run has been used for before must not show. Each run of a plan is
// different from the one before in what its calls do, and in who is let in.
func TestReuseDoesNotShow(t *testing.T) {
	t.Parallel()
	reused := 0
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 5))
			n := 1 + random.IntN(9)
			waits := randomWaits(random, n)
			all := members(n)
			for _, m := range all {
				m.Slots = bulkhead.New(1 + random.IntN(2))
				m.Breaker = breaker.New(2, 5*ms)
			}
			p := newPlan(t, all, waits, 20*ms)
			for range 40 {
				behaviours := make([]behaviour, n)
				for i := range behaviours {
					if random.IntN(2*n) == 0 {
						behaviours[i].end = ending(random.IntN(int(hanging)))
					}
					if random.IntN(4*n) == 0 {
						behaviours[i].takes = time.Duration(random.IntN(30)) * ms
					}
				}
				r := newRecorder(t, n, func(ctx context.Context, i int) error {
					return behaviours[i].do(ctx, i, nil)
				})
				r.run(p, context.Background())
				if r.over {
					reused++
				}
				time.Sleep(30 * ms) // until all have returned, and breakers let a probe pass
				r.check()
				for i, o := range r.outcomes {
					want := behaviours[i]
					if want.takes == 0 && want.end == returning && o.Status != fanout.CircuitOpen && len(waits[i]) == 0 {
						require.Equal(t, fanout.OK, o.Status, "seed %d, call %d", seed, i)
						require.Zero(t, o.Limit)
						require.False(t, o.Opened)
					}
				}
			}
		})
	}
	require.Greater(t, reused, 500)
}

// The timer of a run is left as it is for the next one, and comes too early there.
// What is asserted are times to the nanosecond.
func TestReuseLeavesARunAllItsTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		pause time.Duration // between one run and the next
	}{
		{"at once", 0},
		{"before the timer comes", patience / 3},
		{"when the timer comes", patience},
		{"after it has come", 2 * patience},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlan(t, members(2), independent(2), 100*ms)
				for range 3 {
					require.True(t, run(t, p, 2, quick).over)
					time.Sleep(c.pause)
				}
				release := make(chan struct{})
				defer close(release)
				r := run(t, p, 2, each(hang(release), quick))
				require.Equal(t, []time.Duration{100 * ms, patience}, r.ended)
				require.Equal(t, fanout.TimedOut, r.outcomes[0].Status)
				require.Equal(t, fanout.OK, r.outcomes[1].Status)
				require.False(t, r.over)
			})
		})
	}
}

// Services make an Enricher once, and their tests fail in fake time.
func TestReuseIsNotFromBubbleToBubble(t *testing.T) {
	p := fanout.NewPlan(context.Background(), members(2), independent(2), 100*ms, asPanicError)
	for range 3 {
		for range 3 {
			r := newRecorder(t, 2, quick)
			r.run(p, context.Background())
			r.check()
		}
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			// This is the run that comes last before, if it is used again.
			require.Equal(t, 100*ms, run(t, p, 2, each(hang(release), quick)).ended[0])
			for range 3 {
				run(t, p, 2, quick)
			}
		})
	}
}

// Strangers keep contexts, whatever they are told.
func TestReuseDoesNotReachKeptContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlan(t, members(3), independent(3), time.Second)
		start := time.Now()
		kept := make([]context.Context, 3)
		runWith(t, p, 3, context.WithValue(context.Background(), key{}, "first"), func(ctx context.Context, i int) error {
			kept[i] = ctx
			return quick(ctx, i)
		})
		for later := range 10 {
			time.Sleep(10 * ms)
			runWith(t, p, 3, context.WithValue(context.Background(), key{}, later), func(ctx context.Context, i int) error {
				assert.Equal(t, context.Canceled, kept[i].Err())
				assert.NoError(t, ctx.Err())
				return quick(ctx, i)
			})
		}
		for _, ctx := range kept {
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, time.Second, deadline.Sub(start))
			require.Equal(t, "first", ctx.Value(key{}))
			require.True(t, isDone(ctx))
			require.Equal(t, context.Canceled, ctx.Err())
		}
	})
}

func TestReuseKeepsNothingOfTheCallers(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]callFunc{"quick": quick, "slow": sleep(ms)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlan(t, members(8), independent(8), time.Second)
				calls, values := func() (weak.Pointer[recorder], weak.Pointer[[64]byte]) {
					value := new([64]byte)
					r := newRecorder(t, 8, call)
					r.run(p, context.WithValue(context.Background(), key{}, value))
					require.True(t, r.over)
					return weak.Make(r), weak.Make(value)
				}()
				synctest.Wait()
				runtime.GC() // what is to be used again survives this one
				require.Nil(t, calls.Value())
				require.Nil(t, values.Value())
				runtime.KeepAlive(p)
			})
		})
	}
}

// For the race detector. Some calls take their time, so that there are runs with
// one worker and with more.
func TestReuseByConcurrentRuns(t *testing.T) {
	t.Parallel()
	p := newPlan(t, members(4), [][]int{nil, nil, {0}, {1, 2}}, time.Minute)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 500 {
				r := newRecorder(t, 4, func(ctx context.Context, i int) error {
					if (n+i)%20 == 0 {
						return sleep(2*patience)(ctx, i)
					}
					return quick(ctx, i)
				})
				r.run(p, context.Background())
				for _, o := range r.outcomes {
					assert.Equal(t, fanout.OK, o.Status)
				}
			}
		})
	}
	all.Wait()
}
