//go:build linux

package corpustest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/riverqueue/river"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// batchOwn are errors with which job managers, their workers and the tools that they start
// say what happened, in types of the same shape.
var batchOwn = []provocation{
	{"dagger/exit-1", func(*testing.T) error {
		return &ExecError{errors.New(`input: container.from.withExec.stdout process "/bin/terraform init" did not complete successfully: exit code: 1`), []string{"/bin/terraform", "init"}, 1, "", "Error: no backend"}
	}},
	{"dagger/exit-137", func(*testing.T) error {
		return &ExecError{errors.New(`input: container.from.withExec.sync process "make" did not complete successfully: exit code: 137`), []string{"make"}, 137, "", "Killed"}
	}},
	{"buildkit/exit-137", func(*testing.T) error {
		return fmt.Errorf("failed to solve: process %q did not complete successfully: %w", "/bin/sh -c node build.js --gzip", &ExitError{ExitCode: 137})
	}},
	{"woodpecker/exit-1", func(*testing.T) error { return &StepExitError{"wp_01gj_lint", 1} }},
	{"woodpecker/oom", func(*testing.T) error { return &OomError{"wp_01gj_build", 137} }},
	{"machinery/retry-later", func(*testing.T) error { return ErrRetryTaskLater{"", "some error", 4 * time.Hour} }},
	{"benthos/back-off", func(*testing.T) error {
		return fmt.Errorf("http_client: %w", &ErrBackOff{errors.New("upstream asks to slow down"), 3 * time.Second})
	}},
	{"rclone/source-updated", func(*testing.T) error {
		return fmt.Errorf("Failed to copy: %w", wrappedNoLowLevelRetryError{errors.New("can't copy - source file is being updated (size changed from 10485 to 10490)")})
	}},
	{"rclone/retry-after", func(*testing.T) error { return ErrorRetryAfter(time.Now().Add(5 * time.Minute)) }},
	{"rclone/retry", func(*testing.T) error { return wrappedRetryError{errors.New("multipart upload corrupted")} }},
	{"restic/locked", func(*testing.T) error {
		return fmt.Errorf("unable to create lock in backend: %w", &alreadyLockedError{"PID 38397 on vla010000191063 by root (UID 0, GID 0)"})
	}},
	{"thanos/halt-disk-full", func(*testing.T) error {
		return fmt.Errorf("compaction: group 0@2951439482451486615: %w", HaltError{errors.New("compact blocks [/data/compact/01HNPSBZE5B3W20MPYBB1ANBC9]: populate block: add series: write series data: write /data/compact/01HN.tmp-for-creation/index: no space left on device")})
	}},
	{"thanos/retry", func(*testing.T) error {
		return fmt.Errorf("compaction: %w", RetryError{errors.New("BaseFetcher: iter bucket: context deadline exceeded")})
	}},
	{"gitlab-runner/container-gone", func(*testing.T) error {
		return &BuildError{errNotFound{errors.New("Error response from daemon: No such container: 1cfc32f626eb")}, "runner_system_failure", 0}
	}},
	{"gitlab-runner/script", func(*testing.T) error { return &BuildError{errors.New("exit code 1"), "script_failure", 1} }},
	{"nomad/recoverable", func(*testing.T) error {
		return &RecoverableError{"Failed to pull `registry.weave.local/main/medveduka:0.1`: Error: Status 502 trying to pull repository main/medveduka: \"<html>\"", true, nil}
	}},
	{"otelcol/permanent", func(*testing.T) error {
		return fmt.Errorf("failed to push metrics data: %w", permanent{status.Error(codes.InvalidArgument, "[otlp: empty data point]")})
	}},
	{"otelcol/throttle", func(*testing.T) error {
		return throttleRetry{status.Error(codes.ResourceExhausted, "too many requests"), 30 * time.Second}
	}},
	{"river/unknown-kind", func(*testing.T) error { return &river.UnknownJobKindError{Kind: "resize_image"} }},
	{"asynq/no-handler", func(t *testing.T) error { return asynq.NotFound(t.Context(), asynq.NewTask("ping:worker", nil)) }},
	{"watermill/panic", func(*testing.T) (err error) {
		defer func() { err = RecoveredPanicError{recover(), "goroutine 7 [running]:"} }()
		panic("assignment to entry in nil map")
	}},
}

type (
	ExecError struct {
		original       error
		Cmd            []string
		ExitCode       int
		Stdout, Stderr string
	}
	ExitError struct {
		ExitCode uint32
		Err      error
	}
	StepExitError struct {
		UUID string
		Code int
	}
	OomError struct {
		UUID string
		Code int
	}
	ErrRetryTaskLater struct {
		name, msg string
		retryIn   time.Duration
	}
	ErrBackOff struct {
		Err  error
		Wait time.Duration
	}
	wrappedNoLowLevelRetryError struct{ error }
	wrappedRetryError           struct{ error }
	ErrorRetryAfter             time.Time
	alreadyLockedError          struct{ otherLock string }
	HaltError                   struct{ err error }
	RetryError                  struct{ err error }
	BuildError                  struct {
		Inner         error
		FailureReason string
		ExitCode      int
	}
	errNotFound      struct{ error }
	RecoverableError struct {
		Err         string
		Recoverable bool
		wrapped     error
	}
	permanent     struct{ err error }
	throttleRetry struct {
		err   error
		delay time.Duration
	}
	RecoveredPanicError struct {
		V          any
		Stacktrace string
	}
)

func (e *ExecError) Error() string { return e.original.Error() }
func (e *ExecError) Unwrap() error { return e.original }
func (e *ExitError) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return fmt.Sprintf("exit code: %d", e.ExitCode)
}
func (e *ExitError) Unwrap() error     { return e.Err }
func (e *StepExitError) Error() string { return fmt.Sprintf("uuid=%s: exit code %d", e.UUID, e.Code) }
func (e *OomError) Error() string      { return fmt.Sprintf("uuid=%s: received oom kill", e.UUID) }
func (e ErrRetryTaskLater) Error() string {
	return fmt.Sprintf("Task error: %s Will retry in: %s", e.msg, e.retryIn)
}
func (e ErrRetryTaskLater) RetryIn() time.Duration          { return e.retryIn }
func (e *ErrBackOff) Error() string                         { return e.Err.Error() }
func (e wrappedNoLowLevelRetryError) Cause() error          { return e.error }
func (e wrappedNoLowLevelRetryError) NoLowLevelRetry() bool { return true }
func (e wrappedRetryError) Cause() error                    { return e.error }
func (e wrappedRetryError) Retry() bool                     { return true }
func (e ErrorRetryAfter) Error() string {
	return "try again after " + time.Time(e).Format(time.RFC3339Nano)
}
func (e ErrorRetryAfter) RetryAfter() time.Time { return time.Time(e) }
func (e *alreadyLockedError) Error() string     { return "repository is already locked by " + e.otherLock }
func (e HaltError) Error() string               { return e.err.Error() }
func (e RetryError) Error() string              { return e.err.Error() }
func (e *BuildError) Error() string             { return e.Inner.Error() }
func (e *BuildError) Unwrap() error             { return e.Inner }
func (errNotFound) NotFound()                   {}
func (e *RecoverableError) Error() string       { return e.Err }
func (e *RecoverableError) IsRecoverable() bool { return e.Recoverable }
func (e *RecoverableError) Unwrap() error       { return e.wrapped }
func (e permanent) Error() string               { return "Permanent error: " + e.err.Error() }
func (e permanent) Unwrap() error               { return e.err }
func (e throttleRetry) Error() string           { return fmt.Sprintf("Throttle (%s), error: %s", e.delay, e.err) }
func (e throttleRetry) Unwrap() error           { return e.err }
func (e RecoveredPanicError) Error() string {
	return fmt.Sprintf("panic occurred: %#v, stacktrace: \n%s", e.V, e.Stacktrace)
}
