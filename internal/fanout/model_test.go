package fanout_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/fanout"
)

// A behaviour is what one call does.
type behaviour struct {
	takes time.Duration // whatever its context says
	end   ending
}

type ending int

const (
	returning ending = iota
	failing
	panicking
	exiting
	obeying // waits for the end of its context, and returns that
	hanging // until everything else is over
	endings
)

// do behaves.
func (b behaviour) do(ctx context.Context, i int, release <-chan struct{}) error {
	time.Sleep(b.takes)
	switch b.end {
	case failing:
		return errCall
	case panicking:
		panic(i)
	case exiting:
		runtime.Goexit()
	case obeying:
		<-ctx.Done()
		return ctx.Err()
	case hanging:
		<-release
	}
	return nil
}

// A forecast is what becomes of a call that starts at once when nothing holds
// it up any more, and has a slot.
type forecast struct {
	start, end time.Duration
	status     fanout.Status
	tie        bool // it ends when its time is up
}

// foresee returning what becomes of all calls: who waits for whom, who has how much time, and how each ends.
func foresee(waits [][]int, timeout time.Duration, timeouts []time.Duration, behaviours []behaviour) []forecast {
	depths := make([]int, len(waits))
	all := make([]forecast, len(waits))
	deepest := 1
	var depth func(i int) int
	depth = func(i int) int {
		d := 0
		for _, j := range waits[i] {
			d = max(d, depth(j))
		}
		return d + 1
	}
	for i := range waits {
		depths[i] = depth(i)
		deepest = max(deepest, depths[i])
	}
	for d := 1; d <= deepest; d++ {
		for i, b := range behaviours {
			if depths[i] != d {
				continue
			}
			f := &all[i]
			for _, j := range waits[i] {
				f.start = max(f.start, all[j].end)
			}
			deadline := timeout * time.Duration(d) / time.Duration(deepest)
			if timeouts[i] > 0 {
				deadline = min(deadline, f.start+timeouts[i])
			}
			f.end = f.start + b.takes
			f.tie = f.end == deadline
			if f.end >= deadline || b.end == obeying || b.end == hanging {
				f.end, f.status = deadline, fanout.TimedOut
				continue
			}
			f.status = map[ending]fanout.Status{
				returning: fanout.OK, failing: fanout.Failed, panicking: fanout.Panicked, exiting: fanout.Panicked,
			}[b.end]
		}
	}
	return all
}

// What is known to be slow starts at once, so that the model is exact: to the
// nanosecond, ties included.
func TestModelOfSlowCalls(t *testing.T) {
	t.Parallel()
	seen := map[fanout.Status]int{}
	ties := 0
	for seed := range uint64(400) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			n := 1 + random.IntN(9)
			waits := randomWaits(random, n)
			timeout := time.Duration(n+random.IntN(60)) * ms
			timeouts := make([]time.Duration, n)
			behaviours := make([]behaviour, n)
			all := members(n)
			for i, m := range all {
				if random.IntN(3) == 0 {
					timeouts[i] = time.Duration(1+random.IntN(20)) * ms
				}
				m.Timeout = timeouts[i]
				behaviours[i] = behaviour{time.Duration(random.IntN(12)) * ms, ending(random.IntN(int(endings)))}
				if random.IntN(2) == 0 {
					behaviours[i].end = returning
				}
			}
			p := newPlan(t, all, waits, timeout)
			run(t, p, n, sleep(200*ms)) // now they are known
			time.Sleep(200 * ms)

			release := make(chan struct{})
			defer close(release)
			want := foresee(waits, timeout, timeouts, behaviours)
			r := run(t, p, n, func(ctx context.Context, i int) error {
				return behaviours[i].do(ctx, i, release)
			})
			total := time.Duration(0)
			for i, f := range want {
				o := r.outcomes[i]
				require.Equal(t, f.status, o.Status, "seed %d, call %d", seed, i)
				require.Equal(t, f.end, r.ended[i], "seed %d, call %d", seed, i)
				require.Equal(t, f.start, r.started[i], "seed %d, call %d", seed, i)
				require.Equal(t, f.end-f.start, o.Duration, "seed %d, call %d", seed, i)
				require.Equal(t, 1, r.prepared[i])
				total = max(total, f.end)
				seen[o.Status]++
				if f.tie {
					ties++
				}
			}
			require.Equal(t, total, time.Since(r.start), "seed %d", seed)

			requireGone := func() {
				for i, m := range all {
					abandoned := 0
					if behaviours[i].end == hanging || want[i].start+behaviours[i].takes > time.Since(r.start) {
						abandoned = 1
					}
					requireHeld(t, m, abandoned, abandoned)
					require.Equal(t, 1, r.settled[i], "seed %d, call %d", seed, i)
				}
			}
			requireGone()
			time.Sleep(time.Second)
			synctest.Wait()
			requireGone()
		})
	}
	for _, status := range []fanout.Status{fanout.OK, fanout.Failed, fanout.TimedOut, fanout.Panicked} {
		require.Greater(t, seen[status], 50)
	}
	require.Greater(t, ties, 20)
}

// Calls of which nothing is known share a goroutine, so that some start as much
// as patience later.
func TestModelOfCallsThatShare(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			n := 1 + random.IntN(12)
			waits := randomWaits(random, n)
			timeout := time.Duration(1+random.IntN(10*n)) * ms / 4
			all := members(n)
			p := newPlan(t, all, waits, timeout)
			for range 3 {
				release := make(chan struct{})
				behaviours := make([]behaviour, n)
				for i := range behaviours {
					behaviours[i].end = ending(random.IntN(int(endings)))
					if random.IntN(2) == 0 {
						behaviours[i].takes = time.Duration(random.IntN(int(4 * patience)))
					}
				}
				want := foresee(waits, timeout, make([]time.Duration, n), behaviours)
				r := run(t, p, n, func(ctx context.Context, i int) error {
					return behaviours[i].do(ctx, i, release)
				})
				require.LessOrEqual(t, time.Since(r.start), timeout, "seed %d", seed)
				for i, o := range r.outcomes {
					for _, j := range waits[i] {
						require.LessOrEqual(t, r.ended[j], r.ended[i]-o.Duration, "seed %d: %d waits for %d", seed, i, j)
					}
					require.GreaterOrEqual(t, r.ended[i], want[i].end, "seed %d, call %d", seed, i)
					require.LessOrEqual(t, r.ended[i], want[i].end+patience, "seed %d, call %d", seed, i)
					if !want[i].tie && o.Status != want[i].status {
						require.Equal(t, fanout.TimedOut, o.Status, "seed %d, call %d: it has started later", seed, i)
					}
				}
				close(release)
				time.Sleep(time.Second)
				synctest.Wait()
				for i, m := range all {
					requireHeld(t, m, 0, 0)
					require.Equal(t, 1, r.settled[i], "seed %d, call %d is settled again", seed, i)
				}
			}
		})
	}
}

// Many runs at once of a plan whose members have few slots and a breaker.
func TestModelOfAStorm(t *testing.T) {
	t.Parallel()
	var total [fanout.CircuitOpen + 1]atomic.Int64
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 3))
			n := 1 + random.IntN(5)
			slots := 1 + random.IntN(4)
			waits := randomWaits(random, n)
			all := members(n)
			underWay := make([]atomic.Int32, n)
			breaks := make([]bool, n)
			for i, m := range all {
				m.Slots = bulkhead.New(slots)
				m.Timeout = time.Duration(random.IntN(20)) * ms
				if breaks[i] = random.IntN(2) == 0; breaks[i] {
					m.Breaker = breaker.New(1+random.IntN(3), time.Duration(random.IntN(50))*ms)
				}
			}
			p := newPlan(t, all, waits, 20*ms)
			release := make(chan struct{})
			var runners sync.WaitGroup
			for runner := range uint64(8) {
				runners.Go(func() {
					random := rand.New(rand.NewPCG(seed, 4+runner))
					for range 20 {
						behaviours := make([]behaviour, n)
						for i := range behaviours {
							b := &behaviours[i]
							if random.IntN(2) == 0 {
								b.takes = time.Duration(random.IntN(10)) * ms
							}
							if random.IntN(3) == 0 {
								b.end = ending(random.IntN(int(hanging))) // for ever is too long for so few slots
							}
							if random.IntN(10) == 0 {
								b.takes = 60 * ms
							}
						}
						r := newRecorder(t, n, func(ctx context.Context, i int) error {
							defer underWay[i].Add(-1)
							if now := underWay[i].Add(1); int(now) > slots {
								t.Errorf("seed %d: %d calls of member %d are under way, with %d slots", seed, now, i, slots)
							}
							return behaviours[i].do(ctx, i, release)
						})
						r.run(p, context.Background())
						assert.LessOrEqual(t, time.Since(r.start), 20*ms, "seed %d", seed)
						for i, o := range r.outcomes {
							assert.Equal(t, 1, r.settled[i], "seed %d, call %d", seed, i)
							if !breaks[i] {
								assert.NotEqual(t, fanout.CircuitOpen, o.Status)
								assert.False(t, o.Opened)
							}
							for _, j := range waits[i] {
								assert.LessOrEqual(t, r.ended[j], r.ended[i]-o.Duration, "seed %d: %d waits for %d", seed, i, j)
							}
							total[o.Status].Add(1)
						}
						if random.IntN(4) == 0 {
							time.Sleep(time.Duration(random.IntN(60)) * ms)
						}
					}
				})
			}
			runners.Wait()
			time.Sleep(100 * ms)
			synctest.Wait()
			for _, m := range all {
				requireHeld(t, m, 0, 0)
			}
			require.Len(t, bubbleStacks(t), 1, "a goroutine is left")

			// And all are as good as new once their cooldown is over.
			for _, m := range all {
				m.Timeout = 0
			}
			for i, o := range run(t, newPlan(t, all, waits, time.Second), n, quick).outcomes {
				require.Equal(t, fanout.OK, o.Status, "seed %d, call %d", seed, i)
			}
		})
	}
	for status := fanout.OK; status <= fanout.CircuitOpen; status++ {
		require.Greater(t, total[status].Load(), int64(50), "status %d", status)
	}
}
