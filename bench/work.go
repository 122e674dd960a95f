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

// The failure that everybody enriches, as a job manager would report it: the
// job has wrapped what the system said. It has no Attributes, but for a pair of
// its own: the library gives each enricher a copy, which is no work that others
// do.
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

// A namedEnricher is an enricher under the name that errors about it use.
type namedEnricher struct {
	name string
	enricher.FailureEnricher
}

// quick is an enricher that returns at once. It looks into the cause, as most
// do, and makes a label.
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

// slow is an enricher that asks somebody far away, and gives up when its time
// is up.
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

// strange is the name of the enricher that misbehaves, and the key that it
// declares.
const strange = "strange"

// among puts an enricher that does fn into the middle of others, which it does
// not change.
func among(
	others []namedEnricher, fn func(ctx context.Context) (enricher.Labels, error),
) []namedEnricher {
	stranger := enricher.Func([]string{strange},
		func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) { return fn(ctx) })
	return slices.Insert(slices.Clone(others), len(others)/2, namedEnricher{strange, stranger})
}

// withHung returns n enrichers. One of them hangs and does not care about its
// context, until release is closed; the others are quick.
func withHung(n int, release <-chan struct{}) []namedEnricher {
	return among(quickEnrichers(n-1), func(context.Context) (enricher.Labels, error) {
		<-release
		return nil, nil
	})
}
