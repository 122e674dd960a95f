package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestStormsAreWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, s := range newStorms(time.Second) {
		for _, c := range []*contender{library, handWritten, failsafeInFan} {
			t.Run(s.work+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					release := make(chan struct{})
					defer close(release)
					enrichers := s.enrichers(release)
					require.Len(t, enrichers, 8)
					p := startFor(t, c, enrichers)
					labels, _ := p.enrich(t.Context(), errFailure, failureContext)
					assert.Len(t, labels, s.labels)
				})
			})
		}
	}
}

// napping returns a contender that takes a nap before each failure, so that time
// goes by in a bubble.
func napping(c *contender, nap time.Duration) *contender {
	return &contender{c.name, func(enrichers []namedEnricher, budget time.Duration) (peer, error) {
		p, err := c.start(enrichers, budget)
		return &napper{p, nap}, err
	}}
}

type napper struct {
	peer
	nap time.Duration
}

func (n *napper) enrich(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	time.Sleep(n.nap)
	return n.peer.enrich(ctx, cause, fc)
}

func (n *napper) stop() { stop(n.peer) }

func TestStormCountsWhatItsCallersSaw(t *testing.T) {
	t.Parallel()
	quickStorm := newStorms(time.Second)[0]
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
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &weathered{by: napping(test.by, time.Millisecond)}
				for range 2 {
					require.NoError(t, w.measure(quickStorm, 4, 5*time.Millisecond))
				}
				assert.Equal(t, 10*time.Millisecond, w.took)
				assert.Equal(t, uint64(40), w.calls.count())
				assert.InEpsilon(t, float64(time.Millisecond), w.calls.quantile(0.5), 1.0/64)
				assert.Equal(t, test.complete, w.complete)
				assert.Len(t, w.bytes, 2)
				assert.Len(t, w.goroutines, 2)
				assert.Equal(t, []string{"work", test.by.name, "4000"}, w.cells("work")[:3])
			})
		})
	}
}

func TestStormGivesUpOnCallersThatHang(t *testing.T) {
	t.Parallel()
	oneHangs := newStorms(time.Second)[2]
	for c, forever := range map[*contender]bool{
		library: false, handWritten: false, failsafeInFan: false, failsafeGo: true, sentryGo: true, bareLoop: true,
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &weathered{by: c}
				for range 2 {
					require.NoError(t, w.measure(oneHangs, 4, 100*time.Millisecond))
				}
				time.Sleep(time.Second) // lets those go who have just been released
				assert.Equal(t, forever, w.forever)
				if forever {
					assert.Equal(t, []string{"work", c.name, never, none, none, none, none, none, none}, w.cells("work"))
					return
				}
				assert.Equal(t, w.calls.count(), w.complete)
				assert.Positive(t, w.complete)
			})
		})
	}
}
