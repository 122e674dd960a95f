package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

// The failure of all measurements: a job has wrapped an error of the operating
// system. It has no Attributes except in one pair, as only the library copies them.
var (
	errFailure = fmt.Errorf("restore checkpoint 41: %w",
		&fs.PathError{Op: "open", Path: "/var/lib/jobs/checkpoints/41", Err: fs.ErrNotExist})

	failureContext = enricher.FailureContext{
		ID:            "0197a3c0-5f6e-7b1c-9a51-3c1f2b6d8e04",
		Type:          enricher.FailureTypeTask,
		JobID:         "a5c1f4b2",
		JobName:       "billing-daily",
		TaskName:      "aggregate (3/16)",
		TaskManagerID: "worker-7",
		Endpoint:      "10.0.4.17:6122",
		Attempt:       2,
		MaxAttempts:   5,
		Time:          time.Date(2026, time.January, 17, 4, 30, 0, 0, time.UTC),
	}
)

// A namedEnricher is an enricher with the name that errors about it contain.
type namedEnricher struct {
	name string
	enricher.FailureEnricher
}

// quick returns at once. It searches the cause, as most enrichers do, and sets a
// label.
type quick struct{ key string }

var _ enricher.FailureEnricher = (*quick)(nil)

func (q *quick) OutputKeys() []string { return []string{q.key} }

func (q *quick) ProcessFailure(
	_ context.Context, cause error, _ enricher.FailureContext,
) (enricher.Labels, error) {
	if pathErr, ok := errors.AsType[*fs.PathError](cause); ok {
		return enricher.Labels{q.key: pathErr.Path}, nil
	}
	return nil, nil
}

// slow waits as for a remote system, until its ctx ends.
type slow struct {
	quick
	takes time.Duration
}

var _ enricher.FailureEnricher = (*slow)(nil)

func (s *slow) ProcessFailure(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	timer := time.NewTimer(s.takes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return s.quick.ProcessFailure(ctx, cause, fc)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func quickEnrichers(n int) []namedEnricher {
	return namedEnrichers(n, func(key string) enricher.FailureEnricher { return &quick{key} })
}

func slowEnrichers(n int, takes time.Duration) []namedEnricher {
	return namedEnrichers(n, func(key string) enricher.FailureEnricher { return &slow{quick{key}, takes} })
}

func namedEnrichers(n int, create func(key string) enricher.FailureEnricher) []namedEnricher {
	all := make([]namedEnricher, n)
	for i := range all {
		name := fmt.Sprintf("enricher-%02d", i+1)
		all[i] = namedEnricher{name, create("key-of-" + name)}
	}
	return all
}

// misbehaving is the name of the misbehaving enricher, and the key that it
// declares.
const misbehaving = "misbehaving"

// among inserts an enricher that calls fn into the middle of a copy of others.
func among(
	others []namedEnricher, fn func(ctx context.Context) (enricher.Labels, error),
) []namedEnricher {
	fe := enricher.Func([]string{misbehaving},
		func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) { return fn(ctx) })
	return slices.Insert(slices.Clone(others), len(others)/2, namedEnricher{misbehaving, fe})
}

// amongHung inserts an enricher that ignores its ctx and hangs until release is
// closed.
func amongHung(others []namedEnricher, release <-chan struct{}) []namedEnricher {
	return among(others, func(context.Context) (enricher.Labels, error) {
		<-release
		return nil, nil
	})
}
