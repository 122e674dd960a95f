package breaker_test

import (
	"math"
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
