package webhook_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

// sendMany sends so many different failures at once, and returns how many
// requests there were.
func sendMany(t *testing.T, fe enricher.FailureEnricher, s *server, n int) int {
	t.Helper()
	before := len(s.all())
	for i := range n {
		require.NoError(t, send(t, fe, fmt.Errorf("failure %d of %d at %v", i, n, time.Now()), nil))
	}
	return len(s.all()) - before
}

func TestRateLimit(t *testing.T) {
	t.Run("permits a burst, and then the rate", bubble(func(t *testing.T) {
		s, fe := post(t, webhook.Options{RateLimit: 60, RateBurst: 5})
		assert.Equal(t, 5, sendMany(t, fe, s, 100))
		assert.Equal(t, map[string]uint64{"sent": 5, "rate-limited": 95}, counts(fe))
		time.Sleep(time.Second - time.Millisecond)
		assert.Zero(t, sendMany(t, fe, s, 1))
		time.Sleep(time.Millisecond)
		assert.Equal(t, 1, sendMany(t, fe, s, 100))
		time.Sleep(3 * time.Second)
		assert.Equal(t, 3, sendMany(t, fe, s, 100))
		time.Sleep(time.Hour)
		assert.Equal(t, 5, sendMany(t, fe, s, 100), "no more than a burst is saved up")
	}))

	t.Run("reports what was not sent in the next message", bubble(func(t *testing.T) {
		s, fe := post(t, webhook.Options{RateLimit: 60, RateBurst: 1}, status(200, ""), status(400, ""), status(200, ""))
		assert.Equal(t, 1, sendMany(t, fe, s, 4))
		time.Sleep(time.Second)
		require.Error(t, send(t, fe, errJob, nil))
		assert.EqualValues(t, 3, s.message(t).RateLimited)
		assert.Zero(t, sendMany(t, fe, s, 1))
		time.Sleep(time.Second)
		assert.Equal(t, 1, sendMany(t, fe, s, 1))
		assert.EqualValues(t, 4, s.message(t).RateLimited)
		time.Sleep(time.Second)
		assert.Equal(t, 1, sendMany(t, fe, s, 1))
		assert.Zero(t, s.message(t).RateLimited)
	}))

	t.Run("permits everything if negative", func(t *testing.T) {
		s := newServer()
		assert.Equal(t, 1000, sendMany(t, newWebhook(t, s, webhook.Options{RateLimit: -1}), s, 1000))
	})

	t.Run("stops while the endpoint asked for a pause, for a minute at most", func(t *testing.T) {
		for after, pause := range map[string]time.Duration{"45": 45 * time.Second, "86400": time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(status(429, "", "Retry-After", after), status(429, "", "Retry-After", "2"), status(200, ""))
				for _, rate := range []int{60, -1} {
					s.requests = nil
					fe := newWebhook(t, s, webhook.Options{RateLimit: rate, Retries: -1})
					require.ErrorContains(t, send(t, fe, errJob, nil), "answered 429 Too Many Requests")
					assert.Len(t, s.all(), 1, "no retries")
					time.Sleep(pause - 1)
					assert.Zero(t, sendMany(t, fe, s, 10))
					time.Sleep(time.Nanosecond)
					require.Error(t, send(t, fe, errJob, nil))
					time.Sleep(2 * time.Second)
					assert.Equal(t, 5, sendMany(t, fe, s, 5))
				}
			})
		}
	})
}
