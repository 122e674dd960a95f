//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/signal"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// contextFailures are those of jobs that were cancelled or reached their own deadline.
var contextFailures = []provocation{
	{"job cancelled", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return work(ctx)
	}},
	{"job cancelled, for a reason", func(t *testing.T) error {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("superseded by job 17"))
		return fmt.Errorf("%w: %w", work(ctx), context.Cause(ctx))
	}},
	{"job cancelled by a signal", func(t *testing.T) error {
		ctx, stop := signal.NotifyContext(t.Context(), unix.SIGUSR1)
		defer stop()
		if err := unix.Kill(unix.Getpid(), unix.SIGUSR1); err != nil {
			return err
		}
		<-ctx.Done()
		return fmt.Errorf("stop: %w", context.Cause(ctx))
	}},
	{"job past its deadline", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		return work(ctx)
	}},
	{"job past its deadline, for a reason", func(t *testing.T) error {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errors.New("batch window over"))
		defer cancel()
		return errors.Join(work(ctx), context.Cause(ctx))
	}},
	{"job past its deadline, bare", func(t *testing.T) error {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		return ctx.Err()
	}},
	{"job cancelled as its sibling failed", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := net.Dial("tcp", refusing(t))
		cancel()
		return errors.Join(fmt.Errorf("shard 1: %w", err), fmt.Errorf("shard 2: %w", work(ctx)))
	}},
}

// work goes on until ctx ends.
func work(ctx context.Context) error {
	<-ctx.Done()
	return fmt.Errorf("process row 42: %w", ctx.Err())
}
