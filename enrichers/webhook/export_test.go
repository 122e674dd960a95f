package webhook

import (
	"net/netip"
	"time"

	"github.com/failure-enrichers/enricher"
)

// For tests of what an endpoint on loopback cannot show.
var (
	Backoff       = backoff
	CheckRedirect = checkRedirect
	RefuseSpecial = refuseSpecial
	RetryAfter    = retryAfter
	SlackEscape   = slackEscape
)

func Special(addr string) string { return special(netip.MustParseAddr(addr)) }

// A Dedup is a dedup.
type Dedup struct{ d *dedup }

func NewDedup(window time.Duration, most int) Dedup { return Dedup{newDedup(window, most)} }

func (d Dedup) Reserve(key uint64) (uint64, bool)  { return d.d.reserve(key) }
func (d Dedup) Blocked(key uint64) (uint64, bool)  { return d.d.blocked(key) }
func (d Dedup) Settle(key, held uint64, sent bool) { d.d.settle(key, held, sent) }
func (d Dedup) KeyOf(parts ...string) uint64       { return d.d.keyOf(parts...) }
func (d Dedup) Len() (int, int)                    { return len(d.d.known), d.d.oldest.Len() }

// A Limiter is a limiter.
type Limiter struct{ l *limiter }

func NewLimiter(perMinute, burst int) Limiter { return Limiter{newLimiter(perMinute, burst)} }

func (l Limiter) Take() (uint64, bool)          { return l.l.take() }
func (l Limiter) Peek() (time.Duration, uint64) { return l.l.peek() }
func (l Limiter) GiveBack(skipped uint64)       { l.l.giveBack(skipped) }
func (l Limiter) Pause(d time.Duration)         { l.l.pause(d) }

func BodyOf(e *Enricher, cause error, fc enricher.FailureContext, held, skipped uint64) ([]byte, error) {
	return e.bodyOf(cause, fc, held, skipped)
}
