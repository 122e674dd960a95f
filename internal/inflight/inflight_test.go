package inflight_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/inflight"
)

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func TestGroupThatIsEmptyIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	var never inflight.Group
	require.True(t, isClosed(never.Close()))

	var emptied inflight.Group
	require.True(t, emptied.Enter())
	emptied.Leave()
	require.True(t, isClosed(emptied.Close()))
}

func TestGroupIsDoneWhenTheLastHasLeft(t *testing.T) {
	t.Parallel()
	var g inflight.Group
	require.True(t, g.Enter())
	require.True(t, g.Enter())
	done := g.Close()
	require.False(t, isClosed(done))
	g.Leave()
	require.False(t, isClosed(done))
	require.False(t, g.Enter())
	require.False(t, isClosed(done), "one that may not begin is not the last")
	g.Leave()
	require.True(t, isClosed(done))
	require.False(t, g.Enter())
}

func TestGroupCloseWaitsForAllThatEntered(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			var g inflight.Group
			var underWay, began, refused atomic.Int64
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					for range 20 {
						if !g.Enter() {
							refused.Add(1)
							continue
						}
						underWay.Add(1)
						began.Add(1)
						time.Sleep(time.Millisecond)
						underWay.Add(-1)
						g.Leave()
					}
				})
			}
			for range 4 {
				all.Go(func() {
					time.Sleep(10 * time.Millisecond)
					<-g.Close()
					if n := underWay.Load(); n != 0 {
						t.Errorf("%d are under way", n)
					}
				})
			}
			all.Wait()
			require.EqualValues(t, 16*20, began.Load()+refused.Load())
			require.NotZero(t, began.Load())
			require.NotZero(t, refused.Load())
			require.True(t, isClosed(g.Close()))
		})
	}
}
