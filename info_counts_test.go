package enricher_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// counting counts failures; its Counts may panic.
type counting struct {
	n      uint64
	panics bool
}

func (*counting) OutputKeys() []string { return nil }

func (c *counting) ProcessFailure(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	c.n++
	return nil, nil
}

func (c *counting) Counts() map[string]uint64 {
	if c.panics {
		panic("bug")
	}
	return map[string]uint64{"failures": c.n}
}

func TestStatsHaveWhatACounterCounts(t *testing.T) {
	plain := enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return nil, nil })
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("counting", &counting{}),
		enricher.WithEnricher("plain", plain), enricher.WithEnricher("broken", &counting{panics: true}))
	require.NoError(t, err)
	e.Enrich(errors.New("x"))
	stats := e.Stats().Enrichers
	assert.Equal(t, map[string]uint64{"failures": 1}, stats[0].Counts)
	assert.Nil(t, stats[1].Counts)
	assert.Nil(t, stats[2].Counts, "a panic costs the counts, and no more")
}
