package webhook_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

// taken returns how many of n messages pass at once.
func taken(l webhook.Limiter, n int) (passed int) {
	for range n {
		if _, ok := l.Take(); ok {
			passed++
		}
	}
	return passed
}

func TestABurstPassesAndThenTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := webhook.NewLimiter(60, 5)
		assert.Equal(t, 5, taken(l, 100))
		wait, skipped := l.Peek()
		assert.Equal(t, time.Second, wait)
		assert.Equal(t, uint64(95), skipped)
		time.Sleep(time.Second - 1)
		assert.Zero(t, taken(l, 1))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, 1, taken(l, 100))
		time.Sleep(3 * time.Second)
		assert.Equal(t, 3, taken(l, 100))
		time.Sleep(time.Hour)
		assert.Equal(t, 5, taken(l, 100), "no more than a burst is saved up")

		passed := 0
		for range 600 {
			time.Sleep(100 * time.Millisecond)
			passed += taken(l, 10)
		}
		assert.Equal(t, 60, passed, "in a minute")
	})
}

func TestTheNextMessageReportsWhatDidNotPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := webhook.NewLimiter(60, 1)
		taken(l, 4)
		time.Sleep(time.Second)
		skipped, ok := l.Take()
		assert.True(t, ok)
		assert.Equal(t, uint64(3), skipped)
		l.GiveBack(skipped)
		taken(l, 1)
		time.Sleep(time.Second)
		skipped, ok = l.Take()
		assert.True(t, ok)
		assert.Equal(t, uint64(4), skipped)
		time.Sleep(time.Second)
		skipped, ok = l.Take()
		assert.True(t, ok)
		assert.Zero(t, skipped)
	})
}

func TestNothingPassesInAPauseOfAMinuteAtTheMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, l := range []webhook.Limiter{webhook.NewLimiter(60, 10), webhook.NewLimiter(-1, 1)} {
			l.Pause(10 * time.Second)
			l.Pause(time.Second) // does not shorten it
			assert.Zero(t, taken(l, 10))
			time.Sleep(10*time.Second - 1)
			assert.Zero(t, taken(l, 10))
			time.Sleep(time.Nanosecond)
			assert.Equal(t, 10, taken(l, 10))
			l.Pause(24 * time.Hour)
			time.Sleep(time.Minute - 1)
			assert.Zero(t, taken(l, 10))
			time.Sleep(time.Nanosecond)
			assert.Equal(t, 10, taken(l, 10))
		}
	})
}

func TestWithoutALimitAllPasses(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 100_000, taken(webhook.NewLimiter(-1, 1), 100_000))
}
