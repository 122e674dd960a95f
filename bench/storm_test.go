package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// delayed returns a contender that sleeps before each failure, so that time passes
// in a bubble.
func delayed(c *contender, delay time.Duration) *contender {
	return &contender{c.name, func(enrichers []namedEnricher, budget time.Duration) (peer, error) {
		p, err := c.start(enrichers, budget)
		return &delayedPeer{p, delay}, err
	}}
}

type delayedPeer struct {
	peer
	delay time.Duration
}

func (d *delayedPeer) enrich(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	time.Sleep(d.delay)
	return d.peer.enrich(ctx, cause, fc)
}

func (d *delayedPeer) stop() { stop(d.peer) }

func TestStormCountsCompleteFailures(t *testing.T) {
	t.Parallel()
	quickStorm := newStorms()[0]
	forgetful := &contender{"forgetful", func(enrichers []namedEnricher, budget time.Duration) (peer, error) {
		return startLoop(enrichers[1:], budget)
	}}
	for name, test := range map[string]struct {
		by       *contender
		complete uint64
	}{
		"all labels":     {bareLoop, 40},
		"one is missing": {forgetful, 0},
	} {
		t.Run(name, bubble(func(t *testing.T) {
			r := &stormResult{by: delayed(test.by, time.Millisecond)}
			for range 2 {
				require.NoError(t, r.measure(quickStorm, 4, 5*time.Millisecond))
			}
			assert.Equal(t, 10*time.Millisecond, r.took)
			assert.Equal(t, uint64(40), r.calls.count())
			assert.InEpsilon(t, float64(time.Millisecond), r.calls.quantile(0.5), 1.0/64)
			assert.Equal(t, test.complete, r.complete)
			assert.Len(t, r.bytes, 2)
			assert.Len(t, r.goroutines, 2)
			assert.Equal(t, []string{"work", test.by.name, "4000"}, r.cells("work")[:3])
		}))
	}
}

func TestStormGivesUpOnHungCallers(t *testing.T) {
	t.Parallel()
	oneHangs := newStorms()[2]
	for c, forever := range map[*contender]bool{
		library: false, handWritten: false, failsafeInFan: false, failsafeGo: true, sentryGo: true, bareLoop: true,
	} {
		t.Run(c.name, bubble(func(t *testing.T) {
			r := &stormResult{by: c}
			for range 2 {
				require.NoError(t, r.measure(oneHangs, 4, 100*time.Millisecond))
			}
			time.Sleep(time.Second) // let the released goroutines end
			assert.Equal(t, forever, r.forever)
			if forever {
				assert.Equal(t, []string{"work", c.name, never, none, none, none, none, none, none}, r.cells("work"))
				return
			}
			assert.Equal(t, r.calls.count(), r.complete)
			assert.Positive(t, r.complete)
		}))
	}
}
