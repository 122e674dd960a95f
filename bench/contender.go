package main

import (
	"context"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A contender is a way to have failures enriched.
type contender struct {
	name string

	// start returns a peer that works in this way, with a budget for each
	// failure where there is such a thing. The error names the enrichers that
	// it refuses; the peer has the others, and is nil if it could not be made.
	start func(enrichers []namedEnricher, budget time.Duration) (peer, error)
}

// String returns the name of c.
func (c *contender) String() string { return c.name }

// A peer hands failures to the enrichers that it was started with. It may be
// used by several goroutines at once.
type peer interface {
	// enrich returns the labels of all enrichers that gave some. The error
	// names those that something is wrong with, and is nil if there are none.
	enrich(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error)
}

// stop ends the goroutines of a peer that has some at rest.
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

	// leavableLoop shows what the isolation of the library has to start from.
	leavableLoop = &contender{"leavable loop", startLeavable}
)

// contenders are those of the comparison, in the order of the columns.
var contenders = []*contender{library, handWritten, failsafeGo, failsafeInFan, sentryGo, bareLoop}

// whoIsWho is for the reader of tables about all contenders.
const whoIsWho = "hand-written: a goroutine for each enricher, one context.WithTimeout, recover and a result channel. " +
	"failsafe-go: a circuit breaker, bulkhead and timeout around each enricher, run by GetAsync, and Get of all results. " +
	"hand-written + failsafe-go: the hand-written fan-out of enrichers with these policies. " +
	"sentry-go: an event processor for each enricher, which sets tags and cannot return an error; the events have a stack trace besides, and a transport drops them. " +
	"bare loop: one enricher after another."
