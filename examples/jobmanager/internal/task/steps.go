package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
)

// Steps are tasks that run one after another. All of them run, even if one fails.
// Steps fail with the joined errors of those that failed.
type Steps []manager.Task

func (s Steps) String() string { return fmt.Sprintf("%d steps", len(s)) }

// Run runs the steps.
func (s Steps) Run(ctx context.Context) (string, error) {
	var errs []error
	for i, step := range s {
		if ctx.Err() != nil {
			return "", errors.Join(append(errs, context.Cause(ctx))...)
		}
		if _, err := step.Run(ctx); err != nil {
			errs = append(errs, fmt.Errorf("step %d: %w", i+1, err))
		}
	}
	if len(errs) > 0 {
		return "", errors.Join(errs...)
	}
	return fmt.Sprintf("%d steps done", len(s)), nil
}
