package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/failure-enrichers/enricher/contrib/enricherriver"
	"github.com/failure-enrichers/enricher/jobs"
)

// workersPerProcess is how many jobs a process runs at once.
const workersPerProcess = 4

// configure returns the configuration of River, with the failures labeled by l.
func configure(opts options, workers *river.Workers, l jobs.Labeler, logger *slog.Logger) *river.Config {
	cfg := &river.Config{
		ID:                   opts.name,
		Logger:               logger,
		Workers:              workers,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workersPerProcess}},
		JobTimeout:           opts.rescueAfter / 2,
		RescueStuckJobsAfter: opts.rescueAfter,
		SoftStopTimeout:      stopTime,
		RetryPolicy:          retryPolicy{},
	}
	enricherriver.Install(cfg, l, enricherriver.Options{})
	return cfg
}

// A retryPolicy waits a second longer after each attempt. The label retry_after
// comes before it.
type retryPolicy struct{}

func (retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(time.Duration(job.Attempt) * time.Second)
}

// A queue is a River client for any database.
type queue interface {
	Start(ctx context.Context) error
	Stopped() <-chan struct{}
	InsertMany(ctx context.Context, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
	Subscribe(kinds ...river.EventKind) (<-chan *river.Event, func())
}

// work inserts the jobs n times, and runs jobs until ctx ends and those that are
// running have ended.
func work(ctx context.Context, q queue, n int, stdout io.Writer) error {
	events, unsubscribe := q.Subscribe(
		river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled, river.EventKindJobInterrupted)
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for event := range events {
			fmt.Fprintln(stdout, line(event.Job))
		}
	}()
	defer func() {
		unsubscribe()
		<-printed
	}()
	for range n {
		if _, err := q.InsertMany(ctx, fleetJobs()); err != nil {
			return err
		}
	}
	if err := q.Start(ctx); err != nil {
		return err
	}
	<-q.Stopped()
	return nil
}

// line describes the end of an attempt.
func line(job *rivertype.JobRow) string {
	state := string(job.State)
	if job.State == rivertype.JobStateAvailable {
		state = "retryable" // so soon that River makes it available at once
	}
	text := fmt.Sprintf("%2d %-8s attempt %d: %s", job.ID, job.Kind, job.Attempt, state)
	var metadata struct{ Failure enricherriver.Failure }
	if json.Unmarshal(job.Metadata, &metadata) == nil && metadata.Failure.Attempt == job.Attempt {
		text += " " + metadata.Failure.Labels.String()
	}
	return text
}
