package main

import (
	"context"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A contender is a way to enrich failures.
type contender struct {
	name string

	// start returns a peer that runs enrichers in this way. A contender without
	// a timeout ignores budget, which is that of one failure. The error names
	// the rejected enrichers; the peer runs the others, and is nil if it could
	// not be made.
	start func(enrichers []namedEnricher, budget time.Duration) (peer, error)
}

// A peer hands failures to the enrichers that it was started with. It is safe for
// concurrent use.
type peer interface {
	// enrich returns the labels of all enrichers. The error names the enrichers
	// that failed, and is nil if none did.
	enrich(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error)
}

// stop ends the goroutines of a peer that has some while it is idle.
func stop(p peer) {
	if s, ok := p.(interface{ stop() }); ok {
		s.stop()
	}
}

var (
	library       = &contender{"library", startLibrary}
	handWritten   = &contender{"hand-written", startFanOut}
	failsafeGo    = &contender{"failsafe-go", startExecutors}
	failsafeInFan = &contender{"hand-written + failsafe-go", startFanOutOfExecutors}
	sentryGo      = &contender{"sentry-go", startProcessors}
	bareLoop      = &contender{"bare loop", startLoop}
)

// contenders are the columns of the comparison, in order.
var contenders = []*contender{library, handWritten, failsafeGo, failsafeInFan, sentryGo, bareLoop}

// contenderNotes explains the columns of the comparison.
const contenderNotes = `- hand-written: one goroutine per enricher, one context.WithTimeout, recover and a result channel.
- failsafe-go: a circuit breaker, a bulkhead and a timeout around each enricher, started with GetAsync; Get waits for the results.
- hand-written + failsafe-go: the hand-written fan-out of enrichers with these policies.
- sentry-go: one event processor per enricher. It sets tags and cannot return an error. The events also have a stack trace; the transport drops them.
- bare loop: one enricher after another, without isolation.
`
