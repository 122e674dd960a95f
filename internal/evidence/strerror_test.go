package evidence_test

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exit"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/wire"
)

func TestOfKnowsTextsOfSystemErrors(t *testing.T) {
	t.Parallel()
	assertJudged(t, []textCase{
		{"Connection refused", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"connection refused", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"psql: could not connect to server: Connection refused", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"[Errno 111] Connection refused", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"Traceback (most recent call last):\nConnectionRefusedError: [Errno 61] Connection refused", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"Error: Connection refused (os error 111)", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"tar: a: Cannot write: No space left on device\ntar: Error is not recoverable", evidence.System, evidence.Undecided, "ENOSPC"},
		{"FileNotFoundError: [Errno 2] No such file or directory: '/in.csv'", evidence.User, evidence.Terminal, "ENOENT"},
		{"connect: Operation timed out", evidence.Dependency, evidence.Retryable, "ETIMEDOUT"},    // musl, macOS
		{"connect: Connection timed out", evidence.Dependency, evidence.Retryable, "ETIMEDOUT"},   // glibc
		{"connect: Host is unreachable", evidence.Dependency, evidence.Retryable, "EHOSTUNREACH"}, // musl
		{"connect: No route to host", evidence.Dependency, evidence.Retryable, "EHOSTUNREACH"},    // glibc, macOS
		{"fork: Out of memory", "", "", ""},                                                  // musl, but of databases, too
		{"OSError: [Errno 12] Out of memory", evidence.System, evidence.Retryable, "ENOMEM"}, // musl
		{"starting\r\nconnect: Connection refused\r\n", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"fork: Cannot allocate memory", evidence.System, evidence.Retryable, "ENOMEM"},                // glibc, macOS
		{"open: No file descriptors available", evidence.System, evidence.Retryable, "EMFILE"},         // musl
		{"bind: Can't assign requested address", evidence.System, evidence.Undecided, "EADDRNOTAVAIL"}, // macOS
		{"write: Quota exceeded", "", "", ""},                                                          // musl, but of services, too
		{"write: Disk quota exceeded", evidence.System, evidence.Undecided, "EDQUOT"},                  // glibc
		{"Permission denied", "", "", ""},                                                              // of services, too
		{"cat: /etc/shadow: Permission denied", evidence.System, evidence.Terminal, "EACCES"},
		{"bash: line 1: ./run.sh: Permission denied", evidence.System, evidence.Terminal, "EACCES"},
		{"PermissionError: [Errno 13] Permission denied: '/x'", evidence.System, evidence.Terminal, "EACCES"},
		{"Permission denied (os error 13)", evidence.System, evidence.Terminal, "EACCES"},
		{"GET http://a/b: permission denied", "", "", ""},
		{"git@example.com: Permission denied (publickey).", evidence.Dependency, evidence.Terminal, ""},
		{"socket.gaierror: [Errno -2] Name or service not known", evidence.Dependency, evidence.Retryable, ""},
		{"bash: line 1: foo: command not found", evidence.System, evidence.Terminal, ""},
		{"zsh: command not found: foo", evidence.System, evidence.Terminal, ""},
		{"the connection refused by the user is shown again", "", "", ""},
		{"connection refused is the title", "", "", ""},
		{"title: Connection refused and other stories", "", "", ""},
	})
}

// A textCase is the text of an error, and what is said of it.
type textCase struct {
	text  string
	fault evidence.Fault
	retry evidence.Retry
	code  string
}

func assertJudged(t *testing.T, texts []textCase) {
	t.Helper()
	for _, c := range texts {
		v := evidence.Of(errors.New(c.text))
		assert.Equal(t, []any{c.fault, c.retry, c.code}, []any{v.Fault.Fault, v.Retry.Retry, v.Code.Code}, c.text)
		assert.LessOrEqual(t, v.Retry.Weight, evidence.Text, c.text)
	}
}

func TestOfReadsWhatACommandWrote(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code   int
		stderr string
		fault  evidence.Fault
		retry  evidence.Retry
	}{
		{1, "curl: (22) The requested URL returned error: 503", evidence.Dependency, evidence.Retryable},
		{1, "starting\nConnectionRefusedError: [Errno 111] Connection refused\n", evidence.Dependency, evidence.Retryable},
		{22, "starting\nConnection refused\n", evidence.Dependency, evidence.Retryable},
		{1, "dd: writing to '/a': No space left on device\n1+0 records in\n0+0 records out\n0 bytes copied, 0 s, 0 kB/s\n", evidence.System, evidence.Undecided},
		{128, "git@a: Permission denied (publickey).\nfatal: no\n\nPlease make sure you have the correct access rights\nand the repository exists.", evidence.Dependency, evidence.Terminal},
		{1, "a.js:1\nf()\n^\n\nError: connect ECONNREFUSED 10.0.0.1:5432\n    at a (node:net:1:2)\nEmitted 'error' event on Socket instance at:\n    at b (node:c:1:2) {\n  errno: -111\n}\n\nNode.js v20.20.2\n", evidence.Dependency, evidence.Retryable},
		{1, "statsd: Connection refused\nTraceback (most recent call last):\n  File\nKeyError: 'id'\n", "", ""},
		{1, "it failed", "", ""},
		{1, "", "", ""},
		{127, "Connection refused", evidence.System, evidence.Terminal},
		{143, "Connection refused", evidence.Cancelled, evidence.Undecided},
	} {
		made := evidence.Of(&exit.Error{Name: "load", Code: c.code, Stderr: c.stderr})
		assert.Equal(t, []any{c.fault, c.retry}, []any{made.Fault.Fault, made.Retry.Retry}, "%d %s", c.code, c.stderr)

		err := exec.Command("sh", "-c", "printf '%s' \"$1\" >&2; exit $2", "sh", c.stderr, strconv.Itoa(c.code)).Run()
		wrapped := evidence.Of(exit.FromCommand("load", err, []byte(c.stderr)))
		assert.Equal(t, made.Fault.Fault, wrapped.Fault.Fault, "%d %s", c.code, c.stderr)
		assert.Equal(t, made.Retry.Retry, wrapped.Retry.Retry, "%d %s", c.code, c.stderr)
		assert.Equal(t, made.Code.Code, wrapped.Code.Code, "%d %s", c.code, c.stderr)

		exited := err.(*exec.ExitError)
		exited.Stderr = []byte(c.stderr)
		plain := evidence.Of(exited)
		assert.Equal(t, made.Fault.Fault, plain.Fault.Fault, "%d %s", c.code, c.stderr)
		assert.Equal(t, made.Retry.Retry, plain.Retry.Retry, "%d %s", c.code, c.stderr)
		assert.Equal(t, made.Code.Code, plain.Code.Code, "%d %s", c.code, c.stderr)

		if c.stderr != "" {
			unkept := &exec.ExitError{ProcessState: exited.ProcessState}
			for _, around := range []error{
				fmt.Errorf("load: %w: %s", unkept, c.stderr), fmt.Errorf("load: %w\n%s", unkept, c.stderr), fmt.Errorf("%s: %w", c.stderr, unkept),
				fmt.Errorf("%w: %w: %s", errPlain, unkept, c.stderr), fmt.Errorf("%w: %s: %w", errPlain, c.stderr, unkept),
				fmt.Errorf("job 7: %w", &commandError{c.stderr, unkept}), &silentError{c.stderr, unkept}, &bytesError{[]byte(c.stderr), unkept},
			} {
				got := evidence.Of(around)
				assert.Equal(t, []any{c.fault, c.retry, made.Code.Code}, []any{got.Fault.Fault, got.Retry.Retry, got.Code.Code}, "%v", around)
			}
		}

		decoded, err := wire.Decode(wire.Encode(exited, enricher.FailureContext{}))
		require.NoError(t, err)
		sent := evidence.Of(decoded.Cause())
		assert.Equal(t, plain.Fault, sent.Fault, "%d %s", c.code, c.stderr)
		assert.Equal(t, plain.Retry, sent.Retry, "%d %s", c.code, c.stderr)
		assert.Equal(t, plain.Code, sent.Code, "%d %s", c.code, c.stderr)
	}
}

var errPlain = errors.New("step 3 has failed")

// A commandError is as services write them.
type commandError struct {
	output string
	err    error
}

func (e *commandError) Error() string { return e.err.Error() + ": " + e.output }
func (e *commandError) Unwrap() error { return e.err }

// A silentError keeps what the command wrote out of its text.
type silentError struct {
	Stderr string
	error
}

func (e *silentError) Unwrap() error { return e.error }

type bytesError struct {
	Stderr []byte
	error
}

func (e *bytesError) Unwrap() error { return e.error }
