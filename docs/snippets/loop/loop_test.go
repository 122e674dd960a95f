package loop

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
)

func TestLoopRunsAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		labels enricher.Labels
		runs   int
		took   time.Duration
	}{
		"without labels":                {nil, 3, 2 * time.Second},
		"after a delay":                 {enricher.Labels{enricher.KeyRetryAfter: "5s"}, 3, 10 * time.Second},
		"after attempts not counted":    {enricher.Labels{enricher.KeyAttemptCounts: "false"}, 23, 20*30*time.Second + 2*time.Second},
		"not at all if there is a veto": {enricher.Labels{enricher.KeyJobCannotRestart: "true"}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, err := enricher.New(enricher.Config{}, enricher.WithLogger(slog.New(slog.DiscardHandler)), enricher.WithEnricher("fixed", enricher.Func(c.labels.Keys(),
					func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return c.labels, nil })))
				require.NoError(t, err)
				runs, began := 0, time.Now()
				err = run(t.Context(), e, jobs.Options{}, Job{ID: "1", Attempts: 3, Run: func(context.Context) error { runs++; panic("no") }})
				require.ErrorContains(t, err, "no")
				assert.Equal(t, c.runs, runs)
				assert.Equal(t, c.took, time.Since(began))
			})
		})
	}
}

func TestLoopDoesNotLabelItsStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	failures := 0
	o := jobs.Options{Done: func(context.Context, error, jobs.Verdict) { failures++ }}
	err := run(ctx, nil, o, Job{ID: "1", Attempts: 3, Run: func(ctx context.Context) error { cancel(); return ctx.Err() }})
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, failures)
}
