// Package setup makes what the adapters of job managers take.
package setup

import (
	"context"
	"errors"
	"time"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	"github.com/failure-enrichers/enricher/exceptions"
	"github.com/failure-enrichers/enricher/jobs"
)

// serve calls work, which runs the job manager until ctx ends.
func serve(ctx context.Context, work func(context.Context, jobs.Labeler) error) error {
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"type", "error", "restart"},
		Options: map[string]map[string]any{
			"restart": {"terminal": map[string]any{"type": []string{"USER"}}, "veto": true}, // ends jobs that fail with the type USER, or with what no retry can mend
		},
	})
	if err != nil {
		return err
	}
	history := exceptions.NewHistory(exceptions.Options{})

	err = work(ctx, history.For(e)) // or e, which labels failures and does not keep them

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, e.Shutdown(ctx), history.Close(ctx))
}
