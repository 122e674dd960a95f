//go:build linux

package corpustest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// independent are failures of jobs as they happen in production. They were chosen,
// and their labels in testdata/independent.json were written down, without a look
// at the code that is judged by them.
var independent = []provocation{
	{"base64-corrupt-attachment", corruptBase64},
	{"command-exits-with-1", commandExits},
	{"command-killed", commandKilled},
	{"command-killed-as-job-was-cancelled", commandCancelled},
	{"command-not-installed", commandMissing},
	{"command-out-of-file-descriptors", commandOutOfFiles},
	{"connect-resource-exhausted", connectExhausted},
	{"csv-row-too-short", csvRowTooShort},
	{"disk-full", diskFull},
	{"dns-no-such-host", noSuchHost},
	{"grpc-cancelled-with-job", grpcCancelled},
	{"grpc-invalid-argument", grpcInvalidArgument},
	{"grpc-nobody-listens", grpcUnavailable},
	{"grpc-timeout-of-call", grpcTimeout},
	{"gzip-header-missing", gzipHeaderMissing},
	{"http-body-cut-short", bodyCutShort},
	{"http-call-timeout-in-live-job", callTimeout},
	{"http-client-timeout", clientTimeout},
	{"http-connection-refused", connectionRefused},
	{"http-html-instead-of-json", htmlInsteadOfJSON},
	{"http-reset-while-reading-body", resetInBody},
	{"http-status-401", statusUnauthorized},
	{"http-status-429", statusTooManyRequests},
	{"http-status-503", statusUnavailable},
	{"http-unsupported-scheme", unsupportedScheme},
	{"input-file-missing", inputMissing},
	{"input-file-not-readable", inputUnreadable},
	{"job-cancelled-during-http-call", jobCancelled},
	{"job-deadline-exceeded", jobDeadline},
	{"json-syntax-of-parameters", jsonSyntax},
	{"listen-port-in-use", portInUse},
	{"memory-map-refused", outOfMemory},
	{"mysql-deadlock", mysqlDeadlock},
	{"mysql-server-hangs-up", mysqlHangsUp},
	{"number-in-input-malformed", malformedNumber},
	{"panic-index-out-of-range", panicIndex},
	{"panic-nil-map", panicNilMap},
	{"panic-with-error-of-dependency", panicWithError},
	{"pgx-invalid-text-representation", pgxInvalidText},
	{"pgx-password-refused", pgxPassword},
	{"pgx-serialization-failure", pgxSerialization},
	{"pkgerrors-without-a-cause", stackOnly},
	{"pq-too-many-connections", pqTooManyConnections},
	{"redis-out-of-memory", redisOutOfMemory},
	{"sentinel-only", sentinelOnly},
	{"sibling-cancelled-first-in-join", siblingCancelled},
	{"smithy-no-such-key", smithyNoSuchKey},
	{"smtp-try-again-later", smtpTryAgain},
	{"socket-read-timeout", socketReadTimeout},
	{"sql-no-rows", sqlNoRows},
	{"sqlite-busy", sqliteBusy},
	{"sqlite-syntax-of-query-parameter", sqliteSyntax},
	{"sqlite-unique-constraint", sqliteUnique},
	{"template-of-user-fails", templateFails},
	{"tls-certificate-expired", certificateExpired},
	{"tls-unknown-authority", unknownAuthority},
	{"unix-socket-of-daemon-missing", daemonMissing},
	{"validation-errors-joined", validationJoined},
	{"validation-of-one-field", validationField},
	{"worker-shut-down", workerShutDown},
}

// jobStepError is how a service tells which step of a job failed.
type jobStepError struct {
	Step    string
	Attempt int
	Err     error
}

func (e *jobStepError) Error() string {
	return fmt.Sprintf("step %q, attempt %d: %v", e.Step, e.Attempt, e.Err)
}

func (e *jobStepError) Unwrap() error { return e.Err }

// answerError is how a service reports an answer that it cannot use.
type answerError struct {
	Method, URL string
	StatusCode  int
}

func (e *answerError) Error() string {
	return fmt.Sprintf("%s %s: %d %s", e.Method, e.URL, e.StatusCode, http.StatusText(e.StatusCode))
}

// parameterError is how a service refuses a parameter.
type parameterError struct {
	Field, Problem string
}

func (e *parameterError) Error() string { return fmt.Sprintf("field %q %s", e.Field, e.Problem) }

// runJob calls job as a job manager does, which outlives its panics.
func runJob(job func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = enricher.NewPanicError(v, debug.Stack())
		}
	}()
	return job()
}

// tcpServer calls serve for each connection to the address that it returns, and
// closes the connection afterwards.
func tcpServer(t *testing.T, serve func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			conns.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Wait()
	})
	return l.Addr().String()
}

// refusingAddr returns an address that refuses connections for as long as the
// test runs: the port is taken, so that no other test can listen on it.
func refusingAddr(t *testing.T) string {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	return fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
}
