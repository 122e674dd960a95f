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

// bubble returns a subtest in fake time.
func bubble(fn func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, fn)
	}
}

func TestContendersGiveTheSameLabels(t *testing.T) {
	t.Parallel()
	for name, enrichers := range map[string][]namedEnricher{
		"none": nil, "one quick": quickEnrichers(1), "8 quick": quickEnrichers(8), "64 quick": quickEnrichers(64),
		"one slow": slowEnrichers(1, time.Millisecond), "64 slow": slowEnrichers(64, time.Millisecond),
	} {
		want := enricher.Labels{}
		for _, e := range enrichers {
			want["key-of-"+e.name] = "/var/lib/jobs/checkpoints/41"
		}
		for _, c := range contenders {
			t.Run(name+"/"+c.name, bubble(func(t *testing.T) {
				p := startFor(t, c, enrichers)
				for range 2 {
					labels, err := p.enrich(t.Context(), errFailure, failureContext)
					require.NoError(t, err)
					assert.Equal(t, want, labels)
				}
			}))
		}
	}
}

// startFor starts a contender with the default budget until the end of the test.
func startFor(t *testing.T, c *contender, enrichers []namedEnricher) peer {
	t.Helper()
	p, err := c.start(enrichers, enricher.DefaultTimeout)
	require.NoError(t, err)
	t.Cleanup(func() { stop(p) })
	return p
}

func TestContendersPassTheWholeFailure(t *testing.T) {
	t.Parallel()
	type valueKey struct{}
	for _, c := range contenders {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			e := enricher.Func([]string{"key"}, func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
				calls++
				assert.Equal(t, "value", ctx.Value(valueKey{}))
				assert.Equal(t, errFailure, cause)
				assert.Equal(t, failureContext, fc)
				return enricher.Labels{"key": "label"}, nil
			})
			p := startFor(t, c, []namedEnricher{{"only", e}})
			labels, err := p.enrich(context.WithValue(t.Context(), valueKey{}, "value"), errFailure, failureContext)
			require.NoError(t, err)
			assert.Equal(t, enricher.Labels{"key": "label"}, labels)
			assert.Equal(t, 1, calls)
		})
	}
}
