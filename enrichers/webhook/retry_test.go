package webhook_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestTheBoundOfARandomWaitDoubles(t *testing.T) {
	t.Parallel()
	const base = 100 * time.Millisecond
	bounds := []time.Duration{base, 2 * base, 4 * base, 8 * base, 16 * base, 32 * base, 5 * time.Second, 5 * time.Second}
	for i, bound := range bounds {
		var least, most time.Duration = bound, 0
		for range 2000 {
			d := webhook.Backoff(base, i+1)
			least, most = min(least, d), max(most, d)
		}
		assert.GreaterOrEqual(t, least, time.Duration(0))
		assert.LessOrEqual(t, most, bound)
		assert.Less(t, least, bound/20, "full jitter begins at nothing")
		assert.Greater(t, most, bound-bound/20)
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"7":                              7 * time.Second,
		" 7 ":                            7 * time.Second,
		"007":                            7 * time.Second,
		"86399":                          86399 * time.Second,
		"86401":                          24 * time.Hour,
		"99999999999999999999999999":     24 * time.Hour,
		"-1":                             0,
		"+1":                             0,
		"1.5":                            0,
		"1s":                             0,
		"soon":                           0,
		"Sun, 01 Mar 2026 12:00:30 GMT":  30 * time.Second,
		"Sunday, 01-Mar-26 12:00:30 GMT": 30 * time.Second,
		"Sun Mar  1 12:00:30 2026":       30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
		"Fri, 31 Dec 9999 23:59:59 GMT":  24 * time.Hour,
	}
	for header, want := range tests {
		assert.Equal(t, want, webhook.RetryAfter(header, now), header)
	}
}

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, seed := range []string{"", "0", "120", "-1", "1e9", "99999999999999999999", now.Format(http.TimeFormat), "Sun, 01 Mar 2026 12:00:30 GMT"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		d := webhook.RetryAfter(header, now)
		if d < 0 || d > 24*time.Hour {
			t.Fatalf("%q: %v", header, d)
		}
	})
}
