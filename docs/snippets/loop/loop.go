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
		err := jobs.Run(func() error { return job.Run(ctx) }, func(error) jobs.Verdict {
			return jobs.Verdict{Terminal: true} // with which Run returns a panic as an error
		})
		if err == nil || jobs.Interrupted(ctx, err) {
			return err // the answer to the end of ctx is no failure
		}
		v := jobs.Judge(ctx, l, o, err, enricher.FailureContext{
			ID:    jobs.FailureID("loop", job.ID, attempt, start),
			JobID: job.ID, Attempt: attempt, MaxAttempts: job.Attempts,
			Attributes: map[string]string{jobs.AttributeUncounted: strconv.Itoa(uncounted)},
		})
		err = enricher.WithResult(err, v.Result) // a log handler finds the labels
		if v.Uncounted {
			attempt--
			uncounted++
		}
		if v.Terminal || attempt == job.Attempts {
			return err
		}
		select {
		case <-time.After(max(v.RetryAfter, time.Second)):
		case <-ctx.Done():
			return err
		}
	}
}
