//go:build linux

package corpustest

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var errUpstream = errors.New("upstream failed")

// commonTexts have no type that tells anything.
var commonTexts = []provocation{
	{"text/unexpected-status-503", func(*testing.T) error {
		return fmt.Errorf("fetch rates: %w", fmt.Errorf("unexpected status code: %d", 503))
	}},
	{"text/got-status-429", func(*testing.T) error { return fmt.Errorf("got status %s", "429 Too Many Requests") }},
	{"text/status-404-behind-url", func(*testing.T) error {
		return fmt.Errorf("GET %s: unexpected status %s", "https://crm.example.com/v2/contacts/17", "404 Not Found")
	}},
	{"text/http-502-with-body", func(*testing.T) error {
		return fmt.Errorf("HTTP %d: %s", 502, "<html><head><title>502 Bad Gateway</title></head></html>")
	}},
	{"text/bad-response-401", func(*testing.T) error { return fmt.Errorf("push: bad response code: %d", 401) }},
	{"text/status-beside-sentinel", func(*testing.T) error {
		return fmt.Errorf("%w: status code %d", errUpstream, 500)
	}},
	{"text/pushgateway-400", func(*testing.T) error {
		return fmt.Errorf("unexpected status code %d while pushing to %s: %s", 400, "http://push:9091/metrics/job/etl", "pushed metrics are invalid or inconsistent with existing metrics")
	}},
	{"text/graphql-non-200", func(*testing.T) error {
		return fmt.Errorf("graphql: server returned a non-200 status code: %v", 503)
	}},
	{"text/status-name-only", func(*testing.T) error {
		return fmt.Errorf("visit page 3: %w", errors.New(http.StatusText(http.StatusServiceUnavailable)))
	}},
	{"text/number-is-no-status", func(*testing.T) error { return fmt.Errorf("order %d is shipped already", 503) }},
	{"text/status-of-a-job", func(*testing.T) error { return fmt.Errorf("import 404 has status %d of %d", 3, 12) }},
	{"text/grpc-as-text", func(*testing.T) error {
		return fmt.Errorf("reserve stock: %v", status.Error(codes.Unavailable, "connection error"))
	}},
	{"text/panic-recovered", func(*testing.T) (err error) {
		defer func() { err = fmt.Errorf("panic: %v", recover()) }()
		var rows []int
		_ = rows[len(os.Args)]
		return nil
	}},
	{"text/connection-refused", func(t *testing.T) error {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		_, err = net.Dial("tcp", listener.Addr().String())
		return fmt.Errorf("call worker: %v", err)
	}},
	{"text/disk-full", func(*testing.T) error {
		return fmt.Errorf("save report: %v", &os.PathError{Op: "write", Path: "/data/report.parquet", Err: syscall.ENOSPC})
	}},
	{"text/deadline", func(*testing.T) error { return fmt.Errorf("call billing: %v", context.DeadlineExceeded) }},
	{"text/exit-status-137", func(*testing.T) error {
		return fmt.Errorf("ffmpeg: %v", exec.Command("sh", "-c", "exit 137").Run())
	}},
	{"text/signal-killed", func(*testing.T) error {
		return fmt.Errorf("convert: %v", exec.Command("sh", "-c", "kill -9 $$").Run())
	}},
}

// commonStandard are of the standard library, or joined with its errors.
var commonStandard = []provocation{
	{"join/rollback-after-own-error", func(*testing.T) error {
		return errors.Join(errors.New("seat 14C is taken"), fmt.Errorf("rollback: %w", sql.ErrTxDone))
	}},
	{"join/close-after-own-error", func(t *testing.T) error {
		file, err := os.Create(filepath.Join(t.TempDir(), "out.csv"))
		require.NoError(t, err)
		require.NoError(t, file.Close())
		return errors.Join(&ruleError{"price", "negative"}, file.Close())
	}},
	{"join/close-first", func(t *testing.T) error {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		return errors.Join(listener.Close(), &statusError{422})
	}},
	{"http/missing-file", func(*testing.T) error { return fmt.Errorf("read upload: %w", http.ErrMissingFile) }},
	{"exec/no-memory", func(*testing.T) error {
		return fmt.Errorf("transcode: %w", &os.PathError{Op: "fork/exec", Path: "/usr/bin/ffmpeg", Err: syscall.ENOMEM})
	}},
	{"net/accept-too-many-files", func(*testing.T) error {
		return &net.OpError{Op: "accept", Net: "tcp", Addr: &net.TCPAddr{Port: 8080}, Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}},
	{"sql/null-into-string", func(*testing.T) error {
		return fmt.Errorf("read customer: %w", fmt.Errorf("sql: Scan error on column index %d, name %q: %w", 2, "email", fmt.Errorf("converting NULL to %s is unsupported", "string")))
	}},
	{"sql/wrong-arguments", func(*testing.T) error {
		return fmt.Errorf("save customer: %w", fmt.Errorf("sql: expected %d arguments, got %d", 3, 2))
	}},
	{"tls/internal-error", func(t *testing.T) error { return alerted(t, 80) }},
	{"tls/handshake-failure", func(t *testing.T) error { return alerted(t, 40) }},
	{"smtp/unencrypted", func(*testing.T) error {
		_, _, err := smtp.PlainAuth("", "job", "secret", "mail.example.com").Start(&smtp.ServerInfo{Name: "mail.example.com"})
		return fmt.Errorf("send invoice: %w", err)
	}},
}

// alerted returns the error of a client of TLS whose server answers with an alert.
func alerted(t *testing.T, alert byte) error {
	addr := serve(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1<<16))
		_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, alert})
	})
	_, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	return fmt.Errorf("call partner: %w", err)
}
