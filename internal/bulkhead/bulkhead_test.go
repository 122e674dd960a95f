package bulkhead_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/bulkhead"
)

// A waiter remembers what it was granted, and keeps it or hands it on.
type waiter struct {
	granted int
	handOn  func() bulkhead.Waiter // nil: keep the slot
}

func (w *waiter) Granted() bulkhead.Waiter {
	w.granted++
	if w.handOn != nil {
		return w.handOn()
	}
	return nil
}

// take takes a slot that must be free.
func take(t *testing.T, b *bulkhead.Bulkhead) {
	t.Helper()
	ok, p := b.Acquire(nil)
	require.True(t, ok, "no slot is free")
	require.Nil(t, p)
}

// wait queues w, which must neither get a slot nor be refused.
func wait(t *testing.T, b *bulkhead.Bulkhead, w bulkhead.Waiter) *bulkhead.Place {
	t.Helper()
	ok, p := b.Acquire(w)
	require.False(t, ok, "a slot was free")
	require.NotNil(t, p, "refused")
	return p
}

func requireRefused(t *testing.T, b *bulkhead.Bulkhead) {
	t.Helper()
	ok, p := b.Acquire(new(waiter))
	require.False(t, ok, "a slot was free")
	require.Nil(t, p, "queued")
}

func requireHeld(t *testing.T, b *bulkhead.Bulkhead, held, abandoned int) {
	t.Helper()
	h, a := b.Held()
	require.Equal(t, [2]int{held, abandoned}, [2]int{h, a}, "held, and of those abandoned")
}

func TestAllSlotsCanBeTakenAndTakenAgain(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 64} {
		b := bulkhead.New(n)
		for range 3 {
			for i := range n {
				requireHeld(t, b, i, 0)
				take(t, b)
			}
			requireHeld(t, b, n, 0)
			for i := range n {
				require.Nil(t, b.Release(false))
				requireHeld(t, b, n-i-1, 0)
			}
		}
	}
}

func TestWaitersAreServedInTheOrderInWhichTheyCame(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(3)
	for range 3 {
		take(t, b)
	}
	var waiters [3]waiter
	for i := range waiters {
		wait(t, b, &waiters[i])
	}
	for i := range waiters {
		w := b.Release(false)
		require.Same(t, &waiters[i], w)
		require.Zero(t, waiters[i].granted, "Release calls no waiter")
		bulkhead.Grant(w)
		require.Equal(t, 1, waiters[i].granted)
		requireHeld(t, b, 3, 0)
	}
	for range 3 {
		require.Nil(t, b.Release(false))
	}
	requireHeld(t, b, 0, 0)
}

func TestASlotOnItsWayIsNobodyElses(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(1)
	take(t, b)
	wait(t, b, new(waiter))
	w := b.Release(false)
	require.NotNil(t, w)
	requireHeld(t, b, 1, 0)

	// Who comes now queues, although the waiter has not been told yet.
	late := new(waiter)
	wait(t, b, late)
	bulkhead.Grant(w)
	require.Same(t, late, b.Release(false))
}

func TestNoMoreWaitThanThereAreSlots(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 64} {
		b := bulkhead.New(n)
		for range n {
			take(t, b)
		}
		places := make([]*bulkhead.Place, n)
		for i := range n {
			places[i] = wait(t, b, new(waiter))
		}
		requireRefused(t, b)
		requireHeld(t, b, n, 0)

		b.Leave(places[n/2])
		wait(t, b, new(waiter))
		requireRefused(t, b)

		require.NotNil(t, b.Release(false))
		wait(t, b, new(waiter))
		requireRefused(t, b)
	}
}

func TestNobodyWaitsWhileEverySlotIsAbandoned(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(2)
	take(t, b)
	take(t, b)
	b.Abandon()
	requireHeld(t, b, 2, 1)
	p := wait(t, b, new(waiter)) // one call may still return in time
	b.Leave(p)

	b.Abandon()
	requireHeld(t, b, 2, 2)
	requireRefused(t, b)

	require.Nil(t, b.Release(true))
	requireHeld(t, b, 1, 1)
	take(t, b)
	requireHeld(t, b, 2, 1)
	wait(t, b, new(waiter))
}

func TestWhoWaitsAlreadyIsServedByAnAbandonedCallThatReturns(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(1)
	take(t, b)
	w := new(waiter)
	wait(t, b, w)
	b.Abandon()
	requireHeld(t, b, 1, 1)
	require.Same(t, w, b.Release(true))
	requireHeld(t, b, 1, 0)
}

func TestWhoLeavesIsPassedOver(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(3)
	for range 3 {
		take(t, b)
	}
	var waiters [3]waiter
	var places [3]*bulkhead.Place
	for i := range waiters {
		places[i] = wait(t, b, &waiters[i])
	}
	b.Leave(places[1])
	b.Leave(places[1]) // again: nothing happens
	require.Same(t, &waiters[0], b.Release(false))
	require.Same(t, &waiters[2], b.Release(false))
	require.Nil(t, b.Release(false))
	requireHeld(t, b, 2, 0)
	require.Zero(t, waiters[1].granted)
}

func TestLeavingIsTooLateOnceTheSlotIsOnItsWay(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(1)
	take(t, b)
	w := &waiter{handOn: func() bulkhead.Waiter { return b.Release(false) }}
	p := wait(t, b, w)
	next := b.Release(false)
	b.Leave(p)
	requireHeld(t, b, 1, 0)
	bulkhead.Grant(next)
	require.Equal(t, 1, w.granted, "it is told all the same, and gives the slot back")
	requireHeld(t, b, 0, 0)
}

func TestASlotIsHandedOnUntilSomebodyHasAUseForIt(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(4)
	for range 4 {
		take(t, b)
	}
	var waiters [4]waiter
	for i := range waiters {
		if i != 2 {
			waiters[i].handOn = func() bulkhead.Waiter { return b.Release(false) }
		}
		wait(t, b, &waiters[i])
	}
	bulkhead.Grant(b.Release(false))
	requireHeld(t, b, 4, 0)
	granted := func() (n []int) {
		for i := range waiters {
			n = append(n, waiters[i].granted)
		}
		return n
	}
	require.Equal(t, []int{1, 1, 1, 0}, granted())

	// The last one has no use for it, and nobody comes after.
	bulkhead.Grant(b.Release(false))
	require.Equal(t, []int{1, 1, 1, 1}, granted())
	requireHeld(t, b, 3, 0)
}

func TestGrantingNobodyDoesNothing(t *testing.T) {
	t.Parallel()
	assert.NotPanics(t, func() { bulkhead.Grant(nil) })
}

func TestAWaiterMayUseTheBulkheadWhenItIsGranted(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(1)
	take(t, b)
	next := new(waiter)
	w := &waiter{handOn: func() bulkhead.Waiter {
		requireHeld(t, b, 1, 0)
		wait(t, b, next)
		return b.Release(false)
	}}
	wait(t, b, w)
	bulkhead.Grant(b.Release(false))
	require.Equal(t, 1, w.granted)
	require.Equal(t, 1, next.granted)
	requireHeld(t, b, 1, 0)
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func TestIdleIsClosedWhenNoSlotIsHeld(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(2)
	require.True(t, isClosed(b.Idle()), "before anything is held")
	require.True(t, isClosed(b.Idle()), "asked again")

	take(t, b)
	take(t, b)
	idle := b.Idle()
	require.Equal(t, idle, b.Idle(), "all who ask wait for the same")
	b.Abandon()
	require.False(t, isClosed(idle))
	require.Nil(t, b.Release(false))
	require.False(t, isClosed(idle), "an abandoned call holds its slot")
	require.Nil(t, b.Release(true))
	require.True(t, isClosed(idle))
	require.True(t, isClosed(b.Idle()))

	take(t, b)
	require.False(t, isClosed(b.Idle()), "what was idle may be busy again")
}

func TestAHandOverIsNotIdle(t *testing.T) {
	t.Parallel()
	b := bulkhead.New(1)
	take(t, b)
	wait(t, b, new(waiter))
	idle := b.Idle()
	require.NotNil(t, b.Release(false))
	require.False(t, isClosed(idle))
	require.Nil(t, b.Release(false))
	require.True(t, isClosed(idle))
}
