// Package loop is a job manager that has no adapter: a loop around a job.
package loop

import (
	"context"
	"strconv"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
)

// A Job is run until it succeeds, at most Attempts times.
type Job struct {
	ID       string
	Attempts int
	Run      func(ctx context.Context) error
}

// run runs a job. ctx ends when the service stops.
func run(ctx context.Context, l jobs.Labeler, o jobs.Options, job Job) error {
	for attempt, uncounted := 1, 0; ; attempt++ {
		start := time.Now()
		var v jobs.Verdict
		err := jobs.Run(func() error { return job.Run(ctx) }, func(cause error) jobs.Verdict {
			if jobs.Interrupted(ctx, cause) {
				return jobs.Verdict{Terminal: true} // no failure, but no further attempt
			}
			v = jobs.Judge(ctx, l, o, cause, enricher.FailureContext{
				ID:    jobs.FailureID("loop", job.ID, attempt, start),
				JobID: job.ID, Attempt: attempt, MaxAttempts: job.Attempts,
				Attributes: map[string]string{jobs.AttributeUncounted: strconv.Itoa(uncounted)},
			})
			return jobs.Verdict{Terminal: true} // a panic ends here: it is an error
		})
		if v.Uncounted {
			attempt--
			uncounted++
		}
		if err == nil || v.Terminal || ctx.Err() != nil || attempt == job.Attempts {
			return enricher.WithResult(err, v.Result)
		}
		select {
		case <-time.After(max(v.RetryAfter, time.Second)):
		case <-ctx.Done():
			return enricher.WithResult(err, v.Result)
		}
	}
}
