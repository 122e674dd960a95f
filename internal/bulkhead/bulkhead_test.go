package bulkhead_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/bulkhead"
)

// full returns a bulkhead whose n slots are all taken.
func full(t *testing.T, n int) *bulkhead.Bulkhead {
	t.Helper()
	b := bulkhead.New(n)
	for i := range n {
		requireHeld(t, b, i, 0)
		require.True(t, b.TryAcquire())
	}
	require.False(t, b.TryAcquire())
	requireHeld(t, b, n, 0)
	return b
}

func requireHeld(t *testing.T, b *bulkhead.Bulkhead, held, abandoned int) {
	t.Helper()
	h, a := b.Held()
	require.Equal(t, [2]int{held, abandoned}, [2]int{h, a}, "held, and of those abandoned")
}

// A waiter waits for a slot on a goroutine of its own.
type waiter struct {
	cancel context.CancelFunc
	err    error // what Wait has returned; errWaiting before
}

var errWaiting = context.DeadlineExceeded

// wait joins the queue of b, which must be possible.
func wait(t *testing.T, b *bulkhead.Bulkhead) *waiter {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &waiter{cancel, errWaiting}
	require.True(t, b.Join())
	go func() { w.err = b.Wait(ctx) }()
	synctest.Wait()
	return w
}

// requireAnswers says what each of waiters has got by now.
func requireAnswers(t *testing.T, waiters []*waiter, want ...error) {
	t.Helper()
	synctest.Wait()
	for i, w := range waiters {
		require.Equal(t, want[i], w.err, "waiter %d", i)
	}
}

// test runs f in a bubble.
func test(t *testing.T, f func(t *testing.T)) {
	t.Parallel()
	synctest.Test(t, f)
}

func TestBulkheadSlotsCanBeTakenAgain(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 64} {
		b := full(t, n)
		for range n {
			b.Release(false)
			require.True(t, b.TryAcquire())
			require.False(t, b.TryAcquire())
		}
	}
}

func TestBulkheadQueueIsServedInOrder(t *testing.T) {
	test(t, func(t *testing.T) {
		b := full(t, 3)
		waiters := []*waiter{wait(t, b), wait(t, b), wait(t, b)}
		requireHeld(t, b, 3, 0)
		b.Release(false)
		require.False(t, b.TryAcquire(), "the slot is the waiter's already")
		requireAnswers(t, waiters, nil, errWaiting, errWaiting)
		b.Release(false)
		b.Release(false)
		requireAnswers(t, waiters, nil, nil, nil)
		requireHeld(t, b, 3, 0)
		for range 3 {
			b.Release(false)
		}
		requireHeld(t, b, 0, 0)
	})
}

func TestBulkheadQueueIsNoLongerThanThereAreSlots(t *testing.T) {
	test(t, func(t *testing.T) {
		b := full(t, 2)
		waiters := []*waiter{wait(t, b), wait(t, b)}
		require.False(t, b.Join())
		waiters[0].cancel()
		synctest.Wait()
		waiters = append(waiters, wait(t, b))
		require.False(t, b.Join())
		b.Release(false)
		synctest.Wait()
		waiters = append(waiters, wait(t, b))
		require.False(t, b.Join())
		requireAnswers(t, waiters, context.Canceled, nil, errWaiting, errWaiting)
		b.Release(false)
		b.Release(false)
		requireAnswers(t, waiters, context.Canceled, nil, nil, nil)
	})
}

func TestBulkheadQueueIsClosedWhileEverySlotIsAbandoned(t *testing.T) {
	test(t, func(t *testing.T) {
		b := full(t, 2)
		b.Abandon()
		requireHeld(t, b, 2, 1)
		early := wait(t, b) // one call may still return in time
		b.Abandon()
		requireHeld(t, b, 2, 2)
		require.False(t, b.Join())

		b.Release(true)
		requireAnswers(t, []*waiter{early}, nil)
		requireHeld(t, b, 2, 1)
		late := wait(t, b)
		b.Release(false)
		requireAnswers(t, []*waiter{late}, nil)
	})
}

func TestBulkheadQueueIsLeftWhenTheContextEnds(t *testing.T) {
	test(t, func(t *testing.T) {
		b := full(t, 3)
		waiters := []*waiter{wait(t, b), wait(t, b), wait(t, b)}
		waiters[1].cancel()
		requireAnswers(t, waiters, errWaiting, context.Canceled, errWaiting)
		b.Release(false)
		b.Release(false)
		requireAnswers(t, waiters, nil, context.Canceled, nil)
		b.Release(false)
		requireHeld(t, b, 2, 0)
		require.True(t, b.TryAcquire())
	})
}

func TestBulkheadWaitTakesASlotThatIsFree(t *testing.T) {
	test(t, func(t *testing.T) {
		b := bulkhead.New(1)
		requireAnswers(t, []*waiter{wait(t, b)}, nil)
		requireHeld(t, b, 1, 0)
	})
}

func TestBulkheadDrain(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	t.Run("at once, though the context has ended", func(t *testing.T) {
		test(t, func(t *testing.T) {
			b := bulkhead.New(1)
			for range 2 {
				require.True(t, b.Drain(ended))
				require.True(t, b.TryAcquire())
				b.Release(false)
			}
		})
	})
	t.Run("when all have returned, abandoned ones included", func(t *testing.T) {
		test(t, func(t *testing.T) {
			b := full(t, 2)
			b.Abandon()
			drained := false
			go func() { drained = b.Drain(t.Context()) }()
			for _, abandoned := range []bool{false, true} {
				synctest.Wait()
				require.False(t, drained)
				b.Release(abandoned)
			}
			synctest.Wait()
			require.True(t, drained)
			requireHeld(t, b, 0, 0)
		})
	})
	t.Run("not after the context has ended", func(t *testing.T) {
		test(t, func(t *testing.T) {
			b := full(t, 2)
			require.False(t, b.Drain(ended))
			requireHeld(t, b, 2, 0)
		})
	})
}
