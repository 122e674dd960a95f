package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/failure-enrichers/enricher"
)

type execution = failsafe.Execution[enricher.Labels]

// newExecutor returns an executor with the library's default policies. The timeout
// is innermost, so that the bulkhead bounds running calls and the breaker counts
// timeouts.
func newExecutor(budget time.Duration) failsafe.Executor[enricher.Labels] {
	breaker := circuitbreaker.NewBuilder[enricher.Labels]().
		HandleErrors(timeout.ErrExceeded, context.DeadlineExceeded, errPanicked).
		WithFailureThreshold(enricher.DefaultBreakerThreshold).
		WithSuccessThreshold(1).
		WithDelay(enricher.DefaultBreakerCooldown).
		Build()
	return failsafe.With(breaker,
		bulkhead.New[enricher.Labels](enricher.DefaultMaxConcurrent),
		timeout.New[enricher.Labels](budget))
}

// executors run each enricher with its own executor, as the documentation of
// failsafe-go shows.
type executors []executed

type executed struct {
	namedEnricher
	executor failsafe.Executor[enricher.Labels]
}

func startExecutors(enrichers []namedEnricher, budget time.Duration) (peer, error) {
	all := make(executors, len(enrichers))
	for i, e := range enrichers {
		all[i] = executed{e, newExecutor(budget)}
	}
	return all, nil
}

func (all executors) enrich(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	results := make([]failsafe.ExecutionResult[enricher.Labels], len(all))
	for i, e := range all {
		results[i] = e.executor.WithContext(ctx).GetAsyncWithExecution(func(exec execution) (enricher.Labels, error) {
			return e.ProcessFailure(exec.Context(), cause, fc)
		})
	}
	labels := make(enricher.Labels, len(all))
	var errs []error
	for i, result := range results {
		own, err := result.Get()
		if err != nil {
			errs = append(errs, fmt.Errorf("enricher %q: %w", all[i].name, err))
			continue
		}
		maps.Copy(labels, own)
	}
	return labels, errors.Join(errs...)
}

// guarded calls an enricher inside its policies. failsafe-go does not recover
// panics, and a panic that passes a bulkhead keeps its slot, so guarded returns
// it as an error.
type guarded struct {
	enricher.FailureEnricher
	executor failsafe.Executor[enricher.Labels]
}

// startFanOutOfExecutors combines the policies of failsafe-go with the fan-out,
// which does not wait for enrichers that ignore their context.
func startFanOutOfExecutors(enrichers []namedEnricher, budget time.Duration) (peer, error) {
	all := make([]namedEnricher, len(enrichers))
	for i, e := range enrichers {
		all[i] = namedEnricher{e.name, &guarded{e.FailureEnricher, newExecutor(budget)}}
	}
	return startFanOut(all, budget)
}

func (g *guarded) ProcessFailure(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	return g.executor.WithContext(ctx).GetWithExecution(
		func(exec execution) (labels enricher.Labels, err error) {
			defer func() {
				if v := recover(); v != nil {
					err = fmt.Errorf("%w: %v", errPanicked, v)
				}
			}()
			return g.FailureEnricher.ProcessFailure(exec.Context(), cause, fc)
		})
}

var errPanicked = errors.New("panic")
