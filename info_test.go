package enricher_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// counting counts failures; its Counts may fail.
type counting struct {
	n     uint64
	fails func()
}

func (*counting) OutputKeys() []string { return nil }

func (c *counting) ProcessFailure(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	c.n++
	return nil, nil
}

func (c *counting) Counts() map[string]uint64 {
	if c.fails != nil {
		c.fails()
	}
	return map[string]uint64{"failures": c.n}
}

func TestStatsShowCounts(t *testing.T) {
	plain := enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return nil, nil })
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("counting", &counting{}),
		enricher.WithEnricher("plain", plain), enricher.WithEnricher("broken", &counting{fails: func() { panic("bug") }}),
		enricher.WithEnricher("exits", &counting{fails: runtime.Goexit}))
	require.NoError(t, err)
	e.Enrich(errors.New("x"))
	stats := e.Stats().Enrichers
	assert.Equal(t, map[string]uint64{"failures": 1}, stats[0].Counts)
	assert.Nil(t, stats[1].Counts)
	assert.Nil(t, stats[2].Counts, "a panic costs the counts, and no more")
	assert.Nil(t, stats[3].Counts, "so does an end of the goroutine")
}

func TestStatsCountsEveryOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newSwitchable(answering(enricher.Labels{"x": "a"}))
		e := running(t, enricher.Config{
			Policies: map[string]enricher.Policy{"a": {BreakerThreshold: 2, BreakerCooldown: time.Hour}},
		}, with("a", "x", a.process), withGood("b", "y"))
		enrich := func(fn processFunc, times int) {
			a.to(fn)
			for range times {
				enrichAs(e, enricher.FailureContext{})
			}
		}
		enrich(answering(enricher.Labels{"x": "a"}), 4)
		enrich(failing(errJob), 3)
		enrich(untilTimeIsUp, 1)
		enrich(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { panic("oh") }, 1)
		enrich(answering(nil), 5) // the breaker is open
		require.NoError(t, e.Shutdown(context.Background()))
		enrich(answering(nil), 2)
		assert.Equal(t, enricher.Stats{
			Enrichers: []enricher.EnricherStats{
				{Enricher: "a", Breaker: enricher.BreakerOpen, Calls: map[enricher.Status]uint64{
					enricher.StatusOK: 4, enricher.StatusFailed: 3, enricher.StatusTimedOut: 1, enricher.StatusPanicked: 1,
					enricher.StatusCircuitOpen: 5, enricher.StatusSkipped: 2,
				}},
				{Enricher: "b", Calls: map[enricher.Status]uint64{enricher.StatusOK: 14, enricher.StatusSkipped: 2}},
			},
			AfterShutdown: 2,
		}, e.Stats())
	})
}

func TestEnricherInfoIsACopy(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{}, withReader("a", "x", []string{"*"}, answering(enricher.Labels{"x": "a"})))
	e.Enrich(errJob)
	info := e.Enrichers()[0]
	info.OutputKeys[0], info.InputKeys[0] = "changed", "changed"
	assert.Equal(t, []string{"x"}, e.Enrichers()[0].OutputKeys)
	assert.Equal(t, []string{"*"}, e.Enrichers()[0].InputKeys)
	e.Stats().Enrichers[0].Calls[enricher.StatusOK] = 99
	assert.Equal(t, map[enricher.Status]uint64{enricher.StatusOK: 1}, statsOf(t, e).Calls)
}

// A located factory knows where its enrichers come from.
type located struct{ enricher.Factory }

var _ enricher.Locator = located{}

func (located) Location() enricher.Location {
	return enricher.Location{Type: "wasm", File: "plugins/acme.wasm", Sum: "ab12"}
}

func TestLocatorSetsTheLocation(t *testing.T) {
	t.Parallel()
	e := loaded(t, factories{"acme": located{giving(setting("key"))}}, enricher.Config{FailureEnrichers: []string{"acme"}})
	assert.Equal(t, enricher.Location{Type: "wasm", File: "plugins/acme.wasm", Sum: "ab12"}, e.Enrichers()[0].Location)
	assert.Equal(t, "wasm (plugins/acme.wasm, sha256 ab12)", e.Enrichers()[0].Location.String())
}
