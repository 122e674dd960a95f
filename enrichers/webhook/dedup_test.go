package webhook_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func requireReserved(t *testing.T, d webhook.Dedup, key, held uint64) {
	t.Helper()
	n, ok := d.Reserve(key)
	require.True(t, ok)
	require.Equal(t, held, n)
}

func requireHeld(t *testing.T, d webhook.Dedup, key uint64) {
	t.Helper()
	_, ok := d.Reserve(key)
	require.False(t, ok)
}

func TestAKeyIsHeldBackWhileItIsSentAndForTheWindowAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := webhook.NewDedup(time.Minute, 10)
		requireReserved(t, d, 1, 0)
		time.Sleep(time.Hour)
		requireHeld(t, d, 1) // it is still being sent
		requireReserved(t, d, 2, 0)
		d.Settle(1, 0, true)
		requireHeld(t, d, 1)
		time.Sleep(time.Minute - 1)
		requireHeld(t, d, 1)
		held, blocked := d.Blocked(1)
		assert.True(t, blocked)
		assert.Equal(t, uint64(3), held)
		time.Sleep(time.Nanosecond)
		held, blocked = d.Blocked(1)
		assert.False(t, blocked)
		assert.Equal(t, uint64(3), held)
		requireReserved(t, d, 1, 3)
		d.Settle(1, 3, true)
		time.Sleep(time.Minute)
		requireReserved(t, d, 1, 0)
	})
}

func TestAKeyThatWasNotSentIsFreeAndKeepsItsCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := webhook.NewDedup(time.Minute, 10)
		requireReserved(t, d, 1, 0)
		requireHeld(t, d, 1)
		d.Settle(1, 0, false)
		requireReserved(t, d, 1, 1)
		requireHeld(t, d, 1)
		d.Settle(1, 1, false)
		requireReserved(t, d, 1, 2)
		d.Settle(1, 2, true)
		requireHeld(t, d, 1)
	})
}

func TestNoMoreKeysAreKnownThanAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := webhook.NewDedup(time.Minute, 3)
		for key := range uint64(100) {
			requireReserved(t, d, key, 0)
			d.Settle(key, 0, true)
			known, listed := d.Len()
			assert.LessOrEqual(t, known, 3)
			assert.Equal(t, known, listed)
		}
		requireHeld(t, d, 97)
		requireReserved(t, d, 96, 0) // forgotten
		requireReserved(t, d, 97, 0) // and in its place this one
		d.Settle(95, 0, true)        // one that was forgotten while it was sent
		known, _ := d.Len()
		assert.Equal(t, 3, known)
	})
}

func TestTheOldestKeyIsTheOneThatWasSentFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := webhook.NewDedup(time.Minute, 2)
		requireReserved(t, d, 1, 0)
		requireReserved(t, d, 2, 0)
		d.Settle(2, 0, true)
		time.Sleep(30 * time.Second)
		d.Settle(1, 0, true)
		time.Sleep(30 * time.Second)
		requireReserved(t, d, 3, 0) // in place of 2
		requireHeld(t, d, 1)
	})
}

func TestAKeyThatIsSentAgainIsNotTheOldest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := webhook.NewDedup(time.Minute, 2)
		for _, key := range []uint64{1, 2} {
			requireReserved(t, d, key, 0)
			d.Settle(key, 0, true)
		}
		time.Sleep(time.Minute)
		requireReserved(t, d, 1, 0)
		requireReserved(t, d, 3, 0) // in place of 2
		requireHeld(t, d, 1)
	})
}

func TestACountIsKeptAsLongAsThereIsRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := webhook.NewDedup(time.Minute, 10)
		requireReserved(t, d, 1, 0)
		d.Settle(1, 0, true)
		requireHeld(t, d, 1)
		time.Sleep(time.Hour)
		requireReserved(t, d, 2, 0)
		requireReserved(t, d, 1, 1)
	})
}

func TestKeysThatHoldNothingBackAreForgottenFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := webhook.NewDedup(time.Minute, 100)
		for key := range uint64(50) {
			requireReserved(t, d, key, 0)
			d.Settle(key, 0, true)
		}
		time.Sleep(time.Minute)
		requireReserved(t, d, 1000, 0)
		known, _ := d.Len()
		assert.Equal(t, 1, known)
		d.Settle(1000, 0, false)
		known, _ = d.Len()
		assert.Zero(t, known)
	})
}

func TestWithoutAWindowNothingIsHeldBackOrRemembered(t *testing.T) {
	t.Parallel()
	d := webhook.NewDedup(-1, 10)
	for range 3 {
		requireReserved(t, d, 1, 0)
	}
	d.Settle(1, 0, true)
	requireReserved(t, d, 1, 0)
	known, _ := d.Len()
	assert.Zero(t, known)
}

func TestKeysDoNotRunIntoEachOther(t *testing.T) {
	t.Parallel()
	d := webhook.NewDedup(time.Minute, 10)
	keys := map[uint64]bool{}
	lists := [][]string{{"ab"}, {"a", "b"}, {"", "ab"}, {"ab", ""}, {"a", "", "b"}, {"a\x00b"}, {}, {""}, {"", ""}}
	for _, parts := range lists {
		assert.Equal(t, d.KeyOf(parts...), d.KeyOf(parts...))
		keys[d.KeyOf(parts...)] = true
	}
	assert.Len(t, keys, len(lists))
}
