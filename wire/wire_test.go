package wire_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/wire"
)

// decoded returns err as it is in another process.
func decoded(t testing.TB, err error) error {
	t.Helper()
	f, failed := wire.Decode(wire.Encode(err, enricher.FailureContext{}))
	require.NoError(t, failed)
	return f.Cause()
}

type upstreamError struct{ err error }

func (e *upstreamError) Error() string             { return "upstream: " + e.err.Error() }
func (e *upstreamError) Unwrap() error             { return e.err }
func (e *upstreamError) StatusCode() int           { return 503 }
func (e *upstreamError) Retryable() bool           { return true }
func (e *upstreamError) RetryAfter() time.Duration { return 30 * time.Second }

func TestCause(t *testing.T) {
	dial := &net.OpError{
		Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 443},
		Err: &os.SyscallError{Syscall: "connect", Err: syscall.ECONNREFUSED},
	}
	err := fmt.Errorf("job 7: %w", &upstreamError{errors.Join(&url.Error{Op: "Get", URL: "https://example.com/", Err: dial}, io.EOF)})
	got := decoded(t, err)
	assert.EqualError(t, got, err.Error())
	var want, have []string
	for e := range enricher.Chain(err) {
		want = append(want, e.Error())
	}
	for e := range enricher.Chain(got) {
		have = append(have, e.Error())
	}
	assert.Equal(t, want, have)

	assert.ErrorIs(t, got, syscall.ECONNREFUSED)
	assert.ErrorIs(t, got, io.EOF)
	assert.NotErrorIs(t, got, fs.ErrNotExist)
	op, ok := errors.AsType[*net.OpError](got)
	require.True(t, ok)
	assert.Equal(t, "10.0.0.1:443", op.Addr.String())
	status, ok := enricher.AsType[interface {
		error
		StatusCode() int
	}](got)
	require.True(t, ok)
	assert.Equal(t, 503, status.StatusCode())
	var both interface {
		StatusCode() int
		RetryAfter() time.Duration
	}
	require.ErrorAs(t, got, &both)
	assert.Equal(t, 30*time.Second, both.RetryAfter())
	var state interface{ SQLState() string }
	assert.False(t, errors.As(got, &state))
}

func TestContext(t *testing.T) {
	fc := enricher.FailureContext{
		ID: "1", RootID: "0", Type: enricher.FailureTypeTask, JobID: "j", JobName: "job", TaskName: "task", TaskManagerID: "w",
		Endpoint: "e:1", Attempt: 3, MaxAttempts: 5, Terminal: true, Time: time.Date(2026, 11, 30, 1, 2, 3, 4, time.UTC),
		Attributes: map[string]string{"queue": "q"}, Labels: enricher.Labels{},
	}
	f, err := wire.Decode(wire.Encode(nil, fc))
	require.NoError(t, err)
	assert.Equal(t, fc, f.Context())
	assert.NoError(t, f.Cause())
}
