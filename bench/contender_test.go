package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

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
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					p := startFor(t, c, enrichers)
					for range 2 {
						labels, err := p.enrich(t.Context(), errFailure, failureContext)
						require.NoError(t, err)
						assert.Equal(t, want, labels)
					}
				})
			})
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

func TestContendersReportErrors(t *testing.T) {
	t.Parallel()
	down := func(context.Context) (enricher.Labels, error) {
		return enricher.Labels{misbehaving: "ignored"}, errors.New("the database is down")
	}
	undeclared := func(context.Context) (enricher.Labels, error) { return enricher.Labels{"another": "x"}, nil }
	panics := func(context.Context) (enricher.Labels, error) { panic("boom") }
	givesUp := func(ctx context.Context) (enricher.Labels, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for name, test := range map[string]struct {
		by   *contender
		fn   func(ctx context.Context) (enricher.Labels, error)
		want string // empty: nothing
	}{
		"library, an error":          {library, down, `enricher "misbehaving": the database is down`},
		"library, a panic":           {library, panics, `enricher "misbehaving": panic: boom`},
		"library, its context ends":  {library, givesUp, `enricher "misbehaving": not done within 1s: context deadline exceeded`},
		"library, undeclared key":    {library, undeclared, `enricher "misbehaving": label "another": key is not among the enricher's OutputKeys`},
		"fan-out, an error":          {handWritten, down, `enricher "misbehaving": the database is down`},
		"fan-out, a panic":           {handWritten, panics, `enricher "misbehaving": panic: boom`},
		"fan-out, its context ends":  {handWritten, givesUp, `enricher "misbehaving": context deadline exceeded`},
		"failsafe, an error":         {failsafeGo, down, `enricher "misbehaving": the database is down`},
		"failsafe, its context ends": {failsafeGo, givesUp, `enricher "misbehaving": timeout exceeded`},
		"both, an error":             {failsafeInFan, down, `enricher "misbehaving": the database is down`},
		"both, a panic":              {failsafeInFan, panics, `enricher "misbehaving": panic: boom`},
		"sentry, an error":           {sentryGo, down, ""},
		"loop, an error":             {bareLoop, down, `enricher "misbehaving": the database is down`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				others := quickEnrichers(3)
				p := startFor(t, test.by, among(others, test.fn))
				labels, err := p.enrich(t.Context(), errFailure, failureContext)
				assert.Len(t, labels, len(others))
				assert.Equal(t, len(others), labelled(labels, others))
				if test.want == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, test.want)
				}
			})
		})
	}
}

func TestContendersAbandonAHungEnricherOrHang(t *testing.T) {
	t.Parallel()
	const budget = enricher.DefaultTimeout
	for name, test := range map[string]struct {
		by                       *contender
		first, sixth, sixtyFifth time.Duration // 0: at once
	}{
		"library":                    {library, budget, 0, 0},
		"hand-written":               {handWritten, budget, budget, budget},
		"hand-written + failsafe-go": {failsafeInFan, budget, budget, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release) // the bubble fails if a late answer blocks
				p := startFor(t, test.by, amongHung(quickEnrichers(7), release))
				var took []time.Duration
				for range 65 {
					start := time.Now()
					labels, err := p.enrich(t.Context(), errFailure, failureContext)
					assert.Len(t, labels, 7)
					assert.True(t, names(err, misbehaving), err)
					took = append(took, time.Since(start))
				}
				assert.Equal(t, test.first, took[0])
				assert.Equal(t, test.sixth, took[5])
				assert.Equal(t, test.sixtyFifth, took[64])
			})
		})
	}
	for _, c := range []*contender{failsafeGo, sentryGo, bareLoop} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				p := startFor(t, c, amongHung(quickEnrichers(7), release))
				assert.Equal(t, call{ending: hung}, watch(p, time.Hour))
				close(release)
			})
		})
	}
}

func TestContendersNameRejectedEnrichers(t *testing.T) {
	t.Parallel()
	twice := append(quickEnrichers(2), namedEnricher{"third", &quick{"key-of-enricher-01"}})
	p, err := startLibrary(twice, enricher.DefaultTimeout)
	require.True(t, names(err, "enricher-01") && names(err, "third"), err)
	labels, err := p.enrich(t.Context(), errFailure, failureContext)
	require.NoError(t, err)
	assert.Equal(t, []string{"key-of-enricher-02"}, labels.Keys())
	assert.Panics(t, func() { newContestant(library, "", twice) })
}
