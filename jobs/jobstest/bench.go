package jobstest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

var errJob = errors.New("the job has failed")

func fail(context.Context) error { return errJob }

func culprit(context.Context) error { panic(errJob) }

// userDelay is the delay of the user's own policy, and labelDelay that of a label.
// Attempt.Delay may differ from them by tolerance: it was read a while later.
const (
	userDelay  = 3 * time.Minute
	labelDelay = 7 * time.Minute
	tolerance  = 20 * time.Second
)

// A bench is a job manager in a check.
type bench struct {
	job      Job
	enricher *enricher.Enricher
	observed *enrichertest.Recorder
}

// start starts the job manager with the job s and an Enricher that sets labels.
func start(t testing.TB, m Manager, labels enricher.Labels, s Setup) bench {
	t.Helper()
	fake := &enrichertest.Fake{Keys: labels.Keys(), Steps: []enrichertest.Step{{Labels: labels}}}
	return startWith(t, m, s, enricher.Config{}, enricher.WithEnricher("fake", fake))
}

func startWith(t testing.TB, m Manager, s Setup, cfg enricher.Config, opts ...enricher.Option) bench {
	t.Helper()
	observed := &enrichertest.Recorder{}
	opts = append(opts, enricher.WithObserver(observed), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	e, err := enricher.New(cfg, opts...)
	require.NoError(t, err)
	s.Labeler = e
	if s.MaxAttempts == 0 {
		s.MaxAttempts = 3
	}
	s.Delay = userDelay
	if s.Job == nil {
		s.Job = fail
	}
	return bench{m.Start(t, s), e, observed}
}

// one returns the only failure that has been observed.
func (b bench) one(t testing.TB) enrichertest.Recorded {
	t.Helper()
	failures := b.observed.Failures()
	require.Len(t, failures, 1, "failures that were labeled")
	return failures[0]
}

var some = enricher.Labels{"team": "shop"}

func assertLabels(t testing.TB, m Manager, want enricher.Labels, a Attempt) {
	t.Helper()
	if !m.NoLabels {
		assert.Equal(t, want, a.Labels, "labels")
	}
}

func assertDelay(t testing.TB, want time.Duration, a Attempt) {
	t.Helper()
	assert.InDelta(t, want.Seconds(), a.Delay.Seconds(), tolerance.Seconds(), "delay, in seconds")
}
