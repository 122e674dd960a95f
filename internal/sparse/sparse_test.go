package sparse_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/sparse"
)

func TestLimiterPassesOneEventPerInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l sparse.Limiter
		requirePass := func(suppressed uint64) {
			t.Helper()
			n, ok := l.Pass()
			require.True(t, ok)
			require.Equal(t, suppressed, n)
			l.Done()
		}
		requireSuppressed := func() {
			t.Helper()
			n, ok := l.Pass()
			require.False(t, ok)
			require.Zero(t, n)
		}
		requirePass(0)
		requireSuppressed()
		time.Sleep(sparse.Interval - 1)
		requireSuppressed()
		requireSuppressed()
		time.Sleep(time.Nanosecond)
		requirePass(3)
		requireSuppressed()
		time.Sleep(10 * sparse.Interval)
		requirePass(1)
		requireSuppressed() // a quiet time saves nothing up
		time.Sleep(sparse.Interval)
		requirePass(1)
		time.Sleep(sparse.Interval)
		requirePass(0)
	})
}

func TestLimiterCountsEveryEventOfAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l sparse.Limiter
		var passed, suppressed atomic.Uint64
		var storm sync.WaitGroup
		for range 10 {
			storm.Go(func() {
				for range 100 {
					if n, ok := l.Pass(); ok {
						passed.Add(1)
						suppressed.Add(n)
						l.Done()
					}
					time.Sleep(sparse.Interval / 10)
				}
			})
		}
		storm.Wait() // it took ten intervals
		n, ok := l.Pass()
		require.True(t, ok)
		require.EqualValues(t, 10, passed.Load())
		require.EqualValues(t, 10*100-10, suppressed.Load()+n)
	})
}

func TestLimiterPassesNoEventWhileOneIsNotDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l sparse.Limiter
		l.Pass()
		time.Sleep(10 * sparse.Interval)
		_, ok := l.Pass()
		require.False(t, ok)
		l.Done()
		n, ok := l.Pass()
		require.True(t, ok)
		require.EqualValues(t, 1, n)
	})
}
