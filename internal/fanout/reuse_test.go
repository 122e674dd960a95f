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

func TestARunSaysWhetherItsCallsAreOver(t *testing.T) {
	t.Parallel()
	fails := func(context.Context, int) (string, error) { return "", errCall }
	panics := func(context.Context, int) (string, error) { panic("x") }
	exits := func(context.Context, int) (string, error) { runtime.Goexit(); return "", nil }
	for _, c := range []struct {
		name  string
		calls [2]callFunc // nil: it hangs
		alone bool
	}{
		{"they return", [2]callFunc{quick, quick}, true},
		{"one fails", [2]callFunc{fails, quick}, true},
		{"one panics", [2]callFunc{panics, quick}, true},
		{"one exits", [2]callFunc{exits, quick}, true},
		{"the last exits", [2]callFunc{quick, exits}, true},
		{"one is slow", [2]callFunc{sleep(10 * ms), quick}, false}, // though they are
		{"one hangs", [2]callFunc{quick, nil}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				p := newPlan(t, members(2), independent(2), 100*ms)
				r := newRecorder(t, 2, func(ctx context.Context, i int) (string, error) {
					if c.calls[i] == nil {
						return hang(release)(ctx, i)
					}
					return c.calls[i](ctx, i)
				})
				r.run(p, context.Background())
				require.Equal(t, c.alone, r.alone)
			})
		})
	}
}

// Not in parallel: what other tests allocate would count.
func TestARunIsUsedAgainWhereItsCallsAreOver(t *testing.T) {
	check := func(t *testing.T, p *fanout.Plan) {
		allocs := math.Inf(1)
		for range 20 { // with the race detector, or on a busy machine, some are not kept
			allocs = min(allocs, testing.AllocsPerRun(20, func() { fanout.Run(p, context.Background(), nothing{}) }))
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

func (nothing) Prepare(int)                                     {}
func (nothing) Call(context.Context, int) (_ struct{}, _ error) { return }
func (nothing) Settle(_ int, _ struct{}, _ fanout.Outcome)      {}

// Where somebody else makes room for a call, and it is not made after all, he may
// end the run before its first worker has even begun.
func TestARunThatSomebodyElseEndsIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(m *fanout.Member, end context.CancelFunc){
		"the plan has ended":  func(_ *fanout.Member, end context.CancelFunc) { end() },
		"the breaker is open": func(m *fanout.Member, _ context.CancelFunc) { open(m.Breaker) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				base, end := context.WithCancel(context.Background())
				defer end()
				all := members(2)
				all[0].Slots, all[0].Breaker = bulkhead.New(1), breaker.New(1, time.Second)
				p := newPlanOn(base, all, independent(2), time.Second)
				all[0].Slots.Acquire(nil)
				r, wait := start(t, p, 2, quick)
				synctest.Wait()
				refuse(all[0], end)
				bulkhead.Grant(all[0].Slots.Release(false))
				wait()
				require.NotEqual(t, fanout.OK, r.outcomes[0].Status)
				require.Equal(t, fanout.OK, r.outcomes[1].Status)
				require.Zero(t, time.Since(r.start), "the timer has had no part in it")
				require.False(t, r.alone)
			})
		})
	}
}

// open opens a breaker of threshold 1.
func open(b *breaker.Breaker) {
	ticket, _ := b.Enter()
	b.Leave(ticket, true)
}

// What a run has been used for before must not show. Each run of a plan is
// different from the one before in what its calls do, and in who is let in.
func TestARunThatIsUsedAgainIsAsGoodAsNew(t *testing.T) {
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
						behaviours[i].end = ending(random.IntN(int(hangs)))
					}
					if random.IntN(4*n) == 0 {
						behaviours[i].takes = time.Duration(random.IntN(30)) * ms
					}
				}
				r := newRecorder(t, n, func(ctx context.Context, i int) (string, error) {
					return behaviours[i].do(ctx, i, nil)
				})
				r.run(p, context.Background())
				if r.alone {
					reused++
				}
				time.Sleep(30 * ms) // until all have returned, and breakers let a probe pass
				r.check()
				for i, o := range r.outcomes {
					want := behaviours[i]
					if want.takes == 0 && want.end == returns && o.Status != fanout.CircuitOpen && len(waits[i]) == 0 {
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
func TestARunThatIsUsedAgainHasAllItsTime(t *testing.T) {
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
					require.True(t, run(t, p, 2, quick).alone)
					time.Sleep(c.pause)
				}
				release := make(chan struct{})
				defer close(release)
				r := run(t, p, 2, each(hang(release), quick))
				require.Equal(t, []time.Duration{100 * ms, patience}, r.ended)
				require.Equal(t, fanout.TimedOut, r.outcomes[0].Status)
				require.Equal(t, fanout.OK, r.outcomes[1].Status)
				require.False(t, r.alone)
			})
		})
	}
}

// A run whose calls are over has a timer that may come yet, and must do nothing.
func TestATimerThatComesWhenARunIsOverLeavesItAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlan(t, members(3), chain(3), 3*time.Second)
		for i := range 20 {
			r := run(t, p, 3, quick)
			require.True(t, r.alone)
			require.Equal(t, []string{result(0), result(1), result(2)}, r.results)
			time.Sleep(time.Duration(i) * patience / 5)
			synctest.Wait()
			r.check()
		}
	})
}

// Services make an Enricher once, and their tests fail in fake time.
func TestAPlanMayBeUsedInOneBubbleAfterTheOther(t *testing.T) {
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
func TestAContextThatWasKeptHasNothingOfLaterRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlan(t, members(3), independent(3), time.Second)
		start := time.Now()
		kept := make([]context.Context, 3)
		runWith(t, p, 3, context.WithValue(context.Background(), key{}, "first"), func(ctx context.Context, i int) (string, error) {
			kept[i] = ctx
			return quick(ctx, i)
		})
		for later := range 10 {
			time.Sleep(10 * ms)
			runWith(t, p, 3, context.WithValue(context.Background(), key{}, later), func(ctx context.Context, i int) (string, error) {
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

func TestARunThatIsOverKeepsNothingOfTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlan(t, members(8), independent(8), time.Second)
		calls, values := func() (weak.Pointer[recorder], weak.Pointer[[64]byte]) {
			value := new([64]byte)
			r := newRecorder(t, 8, quick)
			r.run(p, context.WithValue(context.Background(), key{}, value))
			require.True(t, r.alone)
			return weak.Make(r), weak.Make(value)
		}()
		synctest.Wait()
		runtime.GC() // what is to be used again survives this one
		require.Nil(t, calls.Value())
		require.Nil(t, values.Value())
		runtime.KeepAlive(p)
	})
}

// In fake time, timers that are stopped stay where they are.
func TestARunThatTookLongerKeepsNothingUntilItsTimeWouldBeUp(t *testing.T) {
	t.Parallel()
	p := fanout.NewPlan(context.Background(), members(2), independent(2), time.Hour, asPanicError)
	calls := func() weak.Pointer[recorder] {
		r := newRecorder(t, 2, sleep(ms))
		r.run(p, context.Background())
		require.False(t, r.alone)
		return weak.Make(r)
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		return calls.Value() == nil
	}, time.Minute, ms)
	runtime.KeepAlive(p)
}

// For the race detector. Some calls take their time, so that there are runs with
// one worker and with more.
func TestManyRunsAtOnceShareWhatIsUsedAgain(t *testing.T) {
	t.Parallel()
	p := newPlan(t, members(4), [][]int{nil, nil, {0}, {1, 2}}, time.Minute)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 500 {
				r := newRecorder(t, 4, func(ctx context.Context, i int) (string, error) {
					if (n+i)%20 == 0 {
						return sleep(2*patience)(ctx, i)
					}
					return quick(ctx, i)
				})
				r.run(p, context.Background())
				for i, o := range r.outcomes {
					assert.Equal(t, fanout.OK, o.Status)
					assert.Equal(t, result(i), r.results[i])
				}
			}
		})
	}
	all.Wait()
}
