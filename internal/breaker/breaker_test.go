package breaker_test

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
)

const cooldown = 10 * time.Second

// enter lets a call in that must be let in.
func enter(t *testing.T, b *breaker.Breaker) breaker.Ticket {
	t.Helper()
	ticket, ok := b.Enter()
	require.True(t, ok, "the breaker rejects a call")
	return ticket
}

// requireRejected says that b lets no call in.
func requireRejected(t *testing.T, b *breaker.Breaker) {
	t.Helper()
	require.True(t, b.Rejects())
	_, ok := b.Enter()
	require.False(t, ok, "the breaker lets a call in")
}

// opened returns a breaker that one failure has opened just now.
func opened(t *testing.T) *breaker.Breaker {
	t.Helper()
	b := breaker.New(1, cooldown)
	require.True(t, b.Leave(enter(t, b), true))
	require.Equal(t, breaker.Open, b.State())
	return b
}

func TestBreakerWithoutAThresholdIsAlwaysClosed(t *testing.T) {
	t.Parallel()
	for _, threshold := range []int{0, -1, math.MinInt} {
		b := breaker.New(threshold, cooldown)
		for range 100 {
			assert.False(t, b.Rejects())
			assert.False(t, b.Leave(enter(t, b), true))
			assert.Equal(t, breaker.Closed, b.State())
		}
	}
}

func TestBreakerIsClosedAtFirst(t *testing.T) {
	t.Parallel()
	b := breaker.New(1, cooldown)
	assert.Equal(t, breaker.Closed, b.State())
	assert.False(t, b.Rejects())
}

func TestBreakerOpensAtTheThreshold(t *testing.T) {
	t.Parallel()
	for _, threshold := range []int{1, 2, 3, 100} {
		b := breaker.New(threshold, cooldown)
		for range threshold - 1 {
			require.False(t, b.Leave(enter(t, b), true))
			require.False(t, b.Rejects())
			require.Equal(t, breaker.Closed, b.State())
		}
		require.True(t, b.Leave(enter(t, b), true), threshold)
		assert.Equal(t, breaker.Open, b.State())
		requireRejected(t, b)
	}
}

func TestBreakerSuccessEndsTheRow(t *testing.T) {
	t.Parallel()
	b := breaker.New(3, cooldown)
	for range 10 {
		require.False(t, b.Leave(enter(t, b), true))
		require.False(t, b.Leave(enter(t, b), true))
		require.False(t, b.Leave(enter(t, b), false))
	}
	assert.Equal(t, breaker.Closed, b.State())
}

func TestBreakerSuccessOfAnEarlierCallEndsTheRow(t *testing.T) {
	t.Parallel()
	b := breaker.New(2, cooldown)
	first := enter(t, b)
	require.False(t, b.Leave(enter(t, b), true))
	require.False(t, b.Leave(first, false))
	require.False(t, b.Leave(enter(t, b), true))
	require.True(t, b.Leave(enter(t, b), true))
}

func TestBreakerCountsOneOfTheFailuresThatOverlap(t *testing.T) {
	t.Parallel()
	b := breaker.New(2, cooldown)
	var overlapping []breaker.Ticket
	for range 10 {
		overlapping = append(overlapping, enter(t, b))
	}
	for _, ticket := range overlapping {
		require.False(t, b.Leave(ticket, true))
	}
	require.Equal(t, breaker.Closed, b.State())
	require.True(t, b.Leave(enter(t, b), true), "one that began after the failure that counted")
}

func TestBreakerCountsOneOfTheFailuresThatOverlapAlsoAfterASuccess(t *testing.T) {
	t.Parallel()
	b := breaker.New(2, cooldown)
	early := enter(t, b)
	require.False(t, b.Leave(enter(t, b), true))
	require.False(t, b.Leave(enter(t, b), false))
	require.False(t, b.Leave(early, true))
	require.False(t, b.Leave(enter(t, b), true), "the row begins here")
	require.True(t, b.Leave(enter(t, b), true))
}

func TestBreakerCountsACallFromBeforeTheRowEnded(t *testing.T) {
	t.Parallel()
	b := breaker.New(1, cooldown)
	early := enter(t, b)
	require.False(t, b.Leave(enter(t, b), false))
	assert.True(t, b.Leave(early, true), "no failure was counted in between")
}

func TestBreakerRejectsUntilTheCooldownIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := opened(t)
		requireRejected(t, b)
		time.Sleep(cooldown - 1)
		requireRejected(t, b)
		require.Equal(t, breaker.Open, b.State())
		time.Sleep(time.Nanosecond)
		require.False(t, b.Rejects())
		require.Equal(t, breaker.HalfOpen, b.State())
		enter(t, b)
	})
}

func TestBreakerWithoutCooldownProbesAtOnce(t *testing.T) {
	t.Parallel()
	b := breaker.New(1, 0)
	require.True(t, b.Leave(enter(t, b), true))
	require.Equal(t, breaker.HalfOpen, b.State())
	require.False(t, b.Leave(enter(t, b), false))
	require.Equal(t, breaker.Closed, b.State())
}

func TestBreakerLetsOneProbePass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := opened(t)
		time.Sleep(cooldown)
		enter(t, b)
		for range 10 {
			require.Equal(t, breaker.HalfOpen, b.State())
			requireRejected(t, b)
			time.Sleep(cooldown)
		}
	})
}

func TestBreakerRejectsAndStateChangeNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := opened(t)
		time.Sleep(cooldown)
		for range 10 {
			require.False(t, b.Rejects())
			require.Equal(t, breaker.HalfOpen, b.State())
		}
		enter(t, b)
	})
}

func TestBreakerClosesIfTheProbeSucceeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(3, cooldown)
		for range 3 {
			b.Leave(enter(t, b), true)
		}
		time.Sleep(cooldown)
		require.False(t, b.Leave(enter(t, b), false))
		require.Equal(t, breaker.Closed, b.State())
		require.False(t, b.Rejects())

		// The row begins at nothing.
		require.False(t, b.Leave(enter(t, b), true))
		require.False(t, b.Leave(enter(t, b), true))
		require.True(t, b.Leave(enter(t, b), true))
	})
}

func TestBreakerOpensForAWholeCooldownIfTheProbeFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(3, cooldown)
		for range 3 {
			b.Leave(enter(t, b), true)
		}
		for range 5 {
			time.Sleep(cooldown + time.Second)
			probe := enter(t, b)
			time.Sleep(time.Second)
			require.True(t, b.Leave(probe, true), "one failure is enough")
			require.Equal(t, breaker.Open, b.State())
			time.Sleep(cooldown - 1)
			requireRejected(t, b)
		}
	})
}

// A stale ticket is one of a call that began before the breaker last moved.
func TestBreakerThatIsOpenIgnoresAllButTheProbe(t *testing.T) {
	t.Parallel()
	for _, failed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(1, cooldown)
			var stale []breaker.Ticket
			for range 9 {
				stale = append(stale, enter(t, b))
			}
			leaveStale := func() {
				require.False(t, b.Leave(stale[0], failed))
				stale = stale[1:]
			}
			require.True(t, b.Leave(enter(t, b), true))

			// While open.
			leaveStale()
			require.Equal(t, breaker.Open, b.State())
			requireRejected(t, b)
			time.Sleep(cooldown - 1)
			leaveStale()
			requireRejected(t, b) // the cooldown is no longer
			time.Sleep(time.Nanosecond)

			// When the cooldown is over.
			require.Equal(t, breaker.HalfOpen, b.State())
			leaveStale()
			require.Equal(t, breaker.HalfOpen, b.State())
			require.False(t, b.Rejects())

			// While the probe is under way.
			probe := enter(t, b)
			leaveStale()
			require.Equal(t, breaker.HalfOpen, b.State())
			requireRejected(t, b)

			// After a probe that failed, and one that did not.
			require.True(t, b.Leave(probe, true))
			leaveStale()
			require.Equal(t, breaker.Open, b.State())
			requireRejected(t, b)
			time.Sleep(cooldown)
			require.False(t, b.Leave(enter(t, b), false))
			leaveStale()
			require.Equal(t, breaker.Closed, b.State())
			require.False(t, b.Rejects())
		})
	}
}

func TestBreakerIgnoresASuccessFromBeforeItOpened(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(2, cooldown)
		stale := enter(t, b)
		b.Leave(enter(t, b), true)
		require.True(t, b.Leave(enter(t, b), true))
		time.Sleep(cooldown)
		require.False(t, b.Leave(enter(t, b), false))

		require.False(t, b.Leave(enter(t, b), true))
		require.False(t, b.Leave(stale, false))
		require.True(t, b.Leave(enter(t, b), true))
	})
}

func TestBreakerLetsOneOfManyConcurrentCallsProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := opened(t)
		for range 20 {
			time.Sleep(cooldown)
			var passed atomic.Int32
			var probe breaker.Ticket
			var calls sync.WaitGroup
			for range 64 {
				calls.Go(func() {
					if ticket, ok := b.Enter(); ok {
						passed.Add(1)
						probe = ticket
					}
				})
			}
			calls.Wait()
			require.EqualValues(t, 1, passed.Load())
			require.True(t, b.Leave(probe, true))
		}
	})
}

func TestBreakerReportsOneOpening(t *testing.T) {
	t.Parallel()
	for range 20 {
		b := breaker.New(5, cooldown)
		for range 4 {
			b.Leave(enter(t, b), true)
		}
		var openings atomic.Int32
		var calls sync.WaitGroup
		tickets := make([]breaker.Ticket, 64)
		for i := range tickets {
			tickets[i] = enter(t, b)
		}
		for _, ticket := range tickets {
			calls.Go(func() {
				if b.Leave(ticket, true) {
					openings.Add(1)
				}
			})
		}
		calls.Wait()
		require.EqualValues(t, 1, openings.Load())
		require.Equal(t, breaker.Open, b.State())
	}
}

func TestBreakerProbeThatIsWaivedPassesToTheNextCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(1, time.Second)
		first, _ := b.Enter()
		b.Waive(first) // of a closed breaker: nothing
		assert.Equal(t, breaker.Closed, b.State())
		assert.True(t, b.Leave(first, true))
		time.Sleep(time.Second)
		probe, ok := b.Enter()
		assert.True(t, ok)
		assert.True(t, b.Rejects())
		b.Waive(probe)
		assert.Equal(t, breaker.HalfOpen, b.State())
		_, ok = b.Enter()
		assert.True(t, ok)
	})
}
