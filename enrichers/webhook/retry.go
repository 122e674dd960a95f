package webhook

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxBackoff = 5 * time.Second
	maxWait    = 30 * time.Second // where ctx has no end, or a late one
)

// backoff returns how long to wait after so many tries: a random time, so that
// many clients do not come back together, of up to base, then twice that, and so
// on ("full jitter").
func backoff(base time.Duration, tries int) time.Duration {
	most := base
	for range tries - 1 {
		most = min(2*most, maxBackoff)
	}
	return rand.N(most + 1)
}

// retryAfter returns how long an answer asks to wait (RFC 9110, section 10.2.3):
// a number of seconds or a date. It is 0 where the answer does not say so
// properly, and at most a day.
func retryAfter(header string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	header = strings.TrimSpace(header)
	if header != "" && strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseUint(header, 10, 32)
		if err != nil {
			return most // too many digits
		}
		return min(time.Duration(seconds)*time.Second, most)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), most)
}

// fits reports whether there is something left of ctx after a wait.
func fits(ctx context.Context, wait time.Duration) bool {
	end, ok := ctx.Deadline()
	return wait <= maxWait && (!ok || time.Until(end) > wait)
}

// sleep waits. It reports whether it did to the end: ctx may end first.
func sleep(ctx context.Context, wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
