package exceptions_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestCloseThatGivesUpCountsEachFailureOnce(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := &held{newShared(), make(chan struct{}), fails}
			h := exceptions.NewHistory(exceptions.Options{Store: s})
			for range 600 { // more than a batch
				keep(h, errBoom, enricher.FailureContext{}, nil)
			}
			h.Resolve("j")
			time.Sleep(time.Second)
			ctx, end := context.WithTimeoutCause(t.Context(), time.Second, errors.New("signal"))
			defer end()
			first := make(chan error)
			go func() { first <- h.Close(ctx) }() // gives up while the next one waits
			err := h.Close(t.Context())
			require.ErrorContains(t, err, "not stored: failures 600, calls of Resolve and Delete 1: signal")
			assert.Equal(t, err, <-first)
			for _, then := range []func(){func() { close(s.release) }, func() {}} {
				assert.EqualValues(t, 600, h.Status().Dropped)
				assert.Zero(t, h.Status().Queued)
				then()
				time.Sleep(time.Minute)
				assert.Equal(t, err, h.Close(t.Context()))
			}
		})
	}
}

func TestStatusSaysWhyTheStoreFailedAfterClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{Store: full{newShared()}})
		keep(h, errBoom, enricher.FailureContext{}, nil)
		time.Sleep(time.Second)
		require.Equal(t, "full", h.Status().Error)
		ctx, end := context.WithCancel(t.Context())
		end()
		require.EqualError(t, h.Close(ctx), "not stored: failures 1, calls of Resolve and Delete 0: context canceled: full")
		synctest.Wait()
		assert.Equal(t, "full", h.Status().Error)
	})
}

func TestHistoryLogsThatASlowStoreDropsFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := exceptions.NewHistory(exceptions.Options{
			Store: slowly{newShared(), time.Second}, MaxBytes: 10_000, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		storm := func() (dropped uint64) {
			for range 100 {
				keep(h, errBoom, enricher.FailureContext{}, nil)
			}
			require.NoError(t, h.Flush(t.Context()))
			return h.Status().Dropped
		}
		const line = `level=WARN msg="Failures were dropped: the store is too slow for them" dropped=`
		dropped := storm()
		require.NotZero(t, dropped)
		synctest.Wait()
		assert.Contains(t, log.String(), fmt.Sprint(line, dropped))
		storm()
		synctest.Wait()
		assert.Equal(t, 1, strings.Count(log.String(), line), "at most one a minute")
		time.Sleep(time.Minute)
		dropped = storm()
		synctest.Wait()
		assert.Contains(t, log.String(), fmt.Sprint(line, dropped))
	})
}

// A full store fails.
type full struct{ *shared }

func (full) Append(ctx context.Context, _ []exceptions.Record) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.New("full")
}

// A held store does not return, whatever its context, before it is released.
type held struct {
	*shared
	release chan struct{}
	fails   bool
}

func (s *held) Append(ctx context.Context, records []exceptions.Record) error {
	<-s.release
	if s.fails {
		return errBoom
	}
	return s.shared.Append(ctx, records)
}
