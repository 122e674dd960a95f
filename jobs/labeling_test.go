package jobs_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
)

// Code of every kind that labels a failure calls note.
func TestLabeling(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]struct {
		with func(e *enricher.Enricher, o jobs.Options)
		want []string
	}{
		"Judge": {
			func(e *enricher.Enricher, o jobs.Options) {
				jobs.Judge(context.Background(), e, o, io.EOF, enricher.FailureContext{})
			},
			[]string{"Skip", "Context", "enricher", "goroutine", "reader", "observer", "Done"},
		},
		"EnrichContext": {func(e *enricher.Enricher, _ jobs.Options) { e.Enrich(io.EOF) }, []string{"enricher", "reader", "observer"}},
		"EnrichAsync": {
			func(e *enricher.Enricher, _ jobs.Options) {
				e.EnrichAsync(context.Background(), io.EOF, enricher.FailureContext{}).Result()
			},
			[]string{"enricher", "reader", "observer"},
		},
		"Explain": {
			func(e *enricher.Enricher, _ jobs.Options) {
				e.Explain(context.Background(), io.EOF, enricher.FailureContext{})
			},
			[]string{"enricher", "reader"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var labeling []string
			note := func(ctx context.Context, who string) {
				if jobs.Labeling(ctx) {
					labeling = append(labeling, who)
				}
			}
			first := enricher.Func([]string{"a"}, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
				note(context.Background(), "enricher")
				done := make(chan bool)
				go func() { defer close(done); note(ctx, "goroutine") }()
				<-done
				return enricher.Labels{"a": "b"}, nil
			})
			e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("first", first),
				enricher.WithEnricher("reader", reader{enricher.Func([]string{"c"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
					note(context.Background(), "reader")
					return nil, nil
				})}), enricher.WithObserver(observing(func() { note(context.Background(), "observer") })))
			require.NoError(t, err)
			fail.with(e, jobs.Options{
				Skip:    func(context.Context, error) bool { note(context.Background(), "Skip"); return false },
				Context: func(context.Context, *enricher.FailureContext) { note(context.Background(), "Context") },
				Done: func(_ context.Context, cause error, v jobs.Verdict) {
					note(context.Background(), "Done")
					assert.Equal(t, v.Result.Labels, enricher.LabelsOf(cause))
				},
			})
			assert.Equal(t, fail.want, labeling)
			assert.False(t, jobs.Labeling(context.Background()))
		})
	}
}

type reader struct{ enricher.FailureEnricher }

func (reader) InputKeys() []string { return []string{"a"} }

type observing func()

func (fn observing) ObserveFailure(context.Context, error, enricher.FailureContext, enricher.Result) {
	fn()
}
