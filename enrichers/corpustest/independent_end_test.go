//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	pkgerrors "github.com/pkg/errors"
)

func jobDeadline(t *testing.T) error {
	job, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	<-job.Done()
	return fmt.Errorf("reindex stopped after 300 of 1000 documents: %w", job.Err())
}

var errShutdown = errors.New("worker is shutting down")

func workerShutDown(t *testing.T) error {
	job, stop := context.WithCancelCause(t.Context())
	stop(errShutdown)
	<-job.Done()
	return fmt.Errorf("import stopped: %w: %w", job.Err(), context.Cause(job))
}

// siblingCancelled is a job of two shards. One cannot reach its server, and so the
// other, which comes first, is stopped.
func siblingCancelled(t *testing.T) error {
	ctx, cancel := context.WithCancel(t.Context())
	addr := refusingAddr(t)
	errs := make([]error, 2)
	var shards sync.WaitGroup
	shards.Go(func() {
		<-ctx.Done()
		errs[0] = fmt.Errorf("shard 0: %w", ctx.Err())
	})
	shards.Go(func() {
		defer cancel()
		_, err := net.Dial("tcp", addr)
		errs[1] = fmt.Errorf("shard 1: %w", err)
	})
	shards.Wait()
	return fmt.Errorf("copy all shards: %w", errors.Join(errs...))
}

func panicNilMap(*testing.T) error {
	return runJob(func() error {
		var stats struct{ rows map[string]int }
		stats.rows["orders"]++
		return nil
	})
}

func panicIndex(*testing.T) error {
	err := runJob(func() error {
		var batch []string
		last := batch[len(batch)-1]
		return errors.New(last)
	})
	return fmt.Errorf("job 12: %w", err)
}

func panicWithError(t *testing.T) error {
	addr := refusingAddr(t)
	return runJob(func() error {
		if _, err := net.Dial("tcp", addr); err != nil {
			panic(fmt.Errorf("connect to the broker: %w", err))
		}
		return nil
	})
}

var errImportFailed = errors.New("import failed")

func sentinelOnly(*testing.T) error { return fmt.Errorf("job 12: %w", errImportFailed) }

func stackOnly(*testing.T) error {
	return pkgerrors.WithMessage(pkgerrors.New("step 3 of 5 did not succeed"), "job 12")
}
