package main

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

func TestContestantsGiveTheSameLabels(t *testing.T) {
	t.Parallel()
	for _, enrichers := range [][]namedEnricher{
		nil, quickEnrichers(1), quickEnrichers(8), quickEnrichers(64), slowEnrichers(1), slowEnrichers(64),
	} {
		want := enricher.Labels{}
		for _, e := range enrichers {
			want["key-of-"+e.name] = "/var/lib/jobs/checkpoints/41"
		}
		synctest.Test(t, func(t *testing.T) {
			for _, c := range []*contestant{
				libraryOf("", enrichers), handWrittenOf("", enrichers), bareLoopOf("", enrichers),
			} {
				assert.Equal(t, want, c.enrich(t.Context(), c.failure), c)
			}
		})
	}
}

// among returns three quick enrichers and, between them, one that does fn.
func among(fn func(ctx context.Context) (enricher.Labels, error)) []namedEnricher {
	strange := enricher.Func([]string{"strange"},
		func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) { return fn(ctx) })
	enrichers := quickEnrichers(3)
	return []namedEnricher{enrichers[0], {"strange", strange}, enrichers[1], enrichers[2]}
}

// others are the labels of those among which it is.
var others = []string{"key-of-enricher-01", "key-of-enricher-02", "key-of-enricher-03"}

func TestHandWrittenSurvives(t *testing.T) {
	t.Parallel()
	errDown := errors.New("the database is down")
	for name, test := range map[string]struct {
		fn   func(ctx context.Context) (enricher.Labels, error)
		want string
	}{
		"a panic": {
			func(context.Context) (enricher.Labels, error) { panic("boom") },
			`enricher "strange": panic: boom`,
		},
		"an end of the goroutine": {
			func(context.Context) (enricher.Labels, error) { runtime.Goexit(); return nil, nil },
			`enricher "strange": runtime.Goexit was called`,
		},
		"an error, without its labels": {
			func(context.Context) (enricher.Labels, error) { return enricher.Labels{"strange": "x"}, errDown },
			`enricher "strange": the database is down`,
		},
		"one that gives up with its context": {
			func(ctx context.Context) (enricher.Labels, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
			`enricher "strange": context deadline exceeded`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHandWritten(among(test.fn))
				labels, err := h.enrich(t.Context(), errFailure, failureContext)
				assert.Equal(t, others, labels.Keys())
				assert.EqualError(t, err, test.want)
			})
		})
	}
}

func TestHandWrittenLeavesInTimeAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		h := newHandWritten(among(func(context.Context) (enricher.Labels, error) { <-hang; return nil, nil }))
		start := time.Now()
		labels, err := h.enrich(t.Context(), errFailure, failureContext)
		assert.Equal(t, enricher.DefaultTimeout, time.Since(start))
		assert.Equal(t, others, labels.Keys())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		// The bubble only ends well if the late answer blocks nobody.
		close(hang)
	})
}

func TestBareLoopReportsErrors(t *testing.T) {
	t.Parallel()
	errDown := errors.New("the database is down")
	l := bareLoop(among(func(context.Context) (enricher.Labels, error) { return enricher.Labels{"strange": "x"}, errDown }))
	labels, err := l.enrich(t.Context(), errFailure, failureContext)
	assert.Equal(t, others, labels.Keys())
	require.ErrorIs(t, err, errDown)
	assert.EqualError(t, err, `enricher "strange": the database is down`)
}
