// Package manager runs jobs on a bounded number of workers, each within a deadline
// and, if it fails, again after a growing pause.
//
// This is where the enricher library is used: an [enricher.Enricher] labels every
// failure, and the labels decide whether the job is run again.
package manager

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A Manager runs jobs.
type Manager struct {
	Workers  int                 // jobs that run at once; 1 or more
	Endpoint string              // the address or host of this process, for the FailureContext
	Enricher *enricher.Enricher  // nil sets no labels
	History  *exceptions.History // nil keeps nothing
	Reporter Reporter
}

// A Reporter reports failures and outcomes. Its methods must be safe for concurrent
// use.
type Reporter interface {
	Failed(Failure) // called after each attempt that failed
	Ended(Outcome)  // called once for each job
}

// Run runs the jobs and returns their outcomes, in the same order. When ctx ends,
// no attempt is started any more, and the contexts of those that run end too.
func (m *Manager) Run(ctx context.Context, jobs []Job) []Outcome {
	// The queue has room for all jobs, so putting one back never blocks.
	queue := make(chan *execution, len(jobs))
	executions := make([]execution, len(jobs))
	for i, job := range jobs {
		executions[i] = execution{outcome: Outcome{Job: job}, backoff: job.Backoff.start()}
		queue <- &executions[i]
	}
	var unfinished, workers sync.WaitGroup
	unfinished.Add(len(jobs))
	for n := range min(m.Workers, len(jobs)) {
		workers.Go(func() {
			worker := fmt.Sprintf("worker-%d", n+1)
			for x := range queue {
				if m.attempt(ctx, worker, x) {
					unfinished.Done()
					continue
				}
				// A job that waits does not occupy a worker. When ctx ends, it is put
				// back at once, and attempt cancels it.
				go func() {
					select {
					case <-time.After(x.delay):
					case <-ctx.Done():
					}
					queue <- x
				}()
			}
		})
	}
	unfinished.Wait()
	close(queue)
	workers.Wait()

	outcomes := make([]Outcome, len(jobs))
	for i := range executions {
		outcomes[i] = executions[i].outcome
	}
	return outcomes
}

// An execution is a job that has not ended. The goroutine that took it from the
// queue owns it.
type execution struct {
	outcome Outcome // so far
	backoff *backoff.ExponentialBackOff
	delay   time.Duration // before the next attempt
}

// attempt runs a job once and reports whether the job has ended.
func (m *Manager) attempt(ctx context.Context, worker string, x *execution) (ended bool) {
	o := &x.outcome
	if ctx.Err() != nil {
		return m.end(o, Cancelled)
	}
	if o.Attempts++; o.Attempts == 1 {
		o.Started = time.Now()
	}
	o.Summary, o.Err = run(ctx, o.Job)
	if o.Err == nil {
		o.Labels = nil
		return m.end(o, Succeeded)
	}

	fc := failureOf(o.Job, o.Attempts)
	fc.TaskManagerID, fc.Endpoint = worker, m.Endpoint
	// ctx may have ended: Enrich ignores that.
	result := m.History.Enrich(ctx, m.Enricher, o.Err, fc)
	o.Labels = result.Labels

	state := decide(ctx, fc, result.Labels)
	x.delay = 0
	if state == Restarting {
		x.delay = x.backoff.NextBackOff().Round(time.Millisecond)
	}
	m.Reporter.Failed(Failure{Job: o.Job, Err: o.Err, Context: fc, Result: result, State: state, Delay: x.delay})
	if state == Restarting {
		return false
	}
	return m.end(o, state)
}

// failureOf returns the context of a failure that has just happened.
func failureOf(job Job, attempt int) enricher.FailureContext {
	return enricher.FailureContext{
		ID:          fmt.Sprintf("%s/%d", job.ID, attempt),
		Type:        enricher.FailureTypeTask,
		JobID:       job.ID,
		JobName:     job.Name,
		TaskName:    job.Task.String(),
		Attempt:     attempt,
		MaxAttempts: job.Attempts,
		Time:        time.Now(),
		Attributes:  job.Attributes,
	}
}

// Try runs a job once, without enriching or reporting its failure, and returns its
// error and the context of the failure. The error is nil if the job succeeded.
func Try(ctx context.Context, job Job) (enricher.FailureContext, error) {
	_, err := run(ctx, job)
	return failureOf(job, 1), err
}

// decide returns the state of a job after a failure.
func decide(ctx context.Context, fc enricher.FailureContext, labels enricher.Labels) State {
	switch {
	case labels.CannotRestart():
		return Vetoed
	case ctx.Err() != nil:
		return Cancelled
	case fc.Final():
		return Failed
	}
	return Restarting
}

func (m *Manager) end(o *Outcome, state State) (ended bool) {
	o.State, o.Ended = state, time.Now()
	m.Reporter.Ended(*o)
	return true
}

// run runs the task of a job within its deadline. A panic is an error.
func run(ctx context.Context, job Job) (summary string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, job.Deadline, &DeadlineError{job.Deadline})
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = enricher.Recovered(v)
		} else if err != nil && ctx.Err() != nil {
			err = interrupted(ctx, err)
		}
	}()
	return job.Task.Run(ctx)
}

// interrupted adds to the error of a task why ctx ended: a command that was stopped
// only reports that it was killed.
func interrupted(ctx context.Context, err error) error {
	why := context.Cause(ctx)
	known := err == why || err == ctx.Err()
	if ctx.Err() == context.Canceled {
		why = &StoppedError{why}
	}
	if known {
		return why
	}
	return fmt.Errorf("%w: %w", why, err)
}

// start returns the pauses of one job. They are not safe for concurrent use.
func (b Backoff) start() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     b.Initial,
		MaxInterval:         b.Max,
		Multiplier:          2,
		RandomizationFactor: 0.25,
	}
}
