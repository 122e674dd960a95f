//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func unseenRollupDeadline(t *testing.T) error {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	return fmt.Errorf("rollup 2024-05: %w", fmt.Errorf("day 17: %w", ctx.Err()))
}

func unseenCancelledInFlight(t *testing.T) error {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/export", nil)
	require.NoError(t, err)
	_, err = server.Client().Do(req)
	return fmt.Errorf("export: %w", err)
}

func unseenDrained(t *testing.T) error {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("node is being drained"))
	return fmt.Errorf("reindex: %w: %w", ctx.Err(), context.Cause(ctx))
}

func unseenNilMap(*testing.T) error {
	count := func(totals map[string]int) { totals["DE"]++ }
	return fmt.Errorf("aggregate: %w", unseenRecovered(func() { count(nil) }))
}

func unseenMustCompile(*testing.T) error {
	filter := "(unclosed"
	return unseenRecovered(func() { regexp.MustCompile(filter) })
}

// unseenRecovered runs a job as a job manager does.
func unseenRecovered(job func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = enricher.NewPanicError(v, debug.Stack())
		}
	}()
	job()
	return nil
}

func unseenMonthClosed(*testing.T) error {
	errMonthClosed := errors.New("ledger: month is closed")
	return fmt.Errorf("book receipt 3: %w", errMonthClosed)
}

func unseenLeaseLost(*testing.T) error {
	return fmt.Errorf("partition 6: %w", &unseenLeaseError{"worker-4"})
}

// unseenLeaseError says that a restart helps, but not who is at fault.
type unseenLeaseError struct{ holder string }

func (e *unseenLeaseError) Error() string   { return "lease taken over by " + e.holder }
func (e *unseenLeaseError) Retryable() bool { return true }
