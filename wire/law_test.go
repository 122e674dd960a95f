package wire_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/exit"
	"github.com/failure-enrichers/enricher/internal/evidence/wirelaw"
	"github.com/failure-enrichers/enricher/internal/hostile"
	"github.com/failure-enrichers/enricher/wire"
)

// TestLaw is the law of the package: see [wirelaw.Check].
func TestLaw(t *testing.T) {
	t.Parallel()
	for _, set := range []struct {
		name     string
		failures []hostile.Named
	}{
		{"standard library", standardFailures(t)},
		{"own errors", ownFailures()},
		{"panics", panicFailures()},
		{"hostile", hostile.Errors()},
	} {
		for _, c := range set.failures {
			t.Run(set.name+"/"+c.Name, func(t *testing.T) {
				wirelaw.Check(t, c.Err)
				if set.name != "hostile" { // package fmt does not survive all
					wirelaw.Check(t, fmt.Errorf("job 7: %w", c.Err))
				}
				wirelaw.Check(t, hostile.Join(nil, hostile.Wrap("first", c.Err), c.Err))
			})
		}
	}
}

// TestLawOfTexts has the texts on which fingerprint and redact are tested.
func TestLawOfTexts(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, file := range []string{
		"../enrichers/fingerprint/testdata/pairs.json",
		"../internal/redact/testdata/public.json", "../internal/redact/testdata/vendors.json", "../internal/redact/testdata/mixed.json",
	} {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var all any
		require.NoError(t, json.Unmarshal([]byte(strings.NewReplacer("§", "", "‵", "`").Replace(string(data))), &all))
		texts = append(texts, stringsIn(all)...)
	}
	for _, h := range hostile.Texts() {
		texts = append(texts, h.Text)
	}
	outside := 0
	for i, s := range texts {
		cause := fmt.Errorf("job %d: %w", i, &fs.PathError{Op: "open", Path: s, Err: syscall.ENOENT})
		if i%2 == 0 {
			cause = errors.New(s)
		}
		within, err := wirelaw.Compare(cause, enricher.FailureContext{})
		require.NoError(t, err, s)
		if !within {
			outside++
		}
	}
	require.Less(t, outside, 10, "texts that are too long")
	require.Greater(t, len(texts), 1000)
}

// stringsIn returns the texts in a JSON document that are more than a word.
func stringsIn(v any) (all []string) {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, " ") {
			return []string{v}
		}
	case []any:
		for _, e := range v {
			all = append(all, stringsIn(e)...)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, stringsIn(v[key])...)
		}
	}
	return all
}

// TestLawOfSuite checks the law for the failures and contexts of enrichertest.
func TestLawOfSuite(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	wrong, compared := map[string]bool{}, map[string]bool{}
	factory := enricher.NewFactory(struct{}{}, func(enricher.FactoryConfig, struct{}) (enricher.FailureEnricher, error) {
		return enricher.Func([]string{"size"}, func(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
			data := wire.Encode(cause, fc)
			var err error
			if len(data) > 64<<10 || !utf8.Valid(data) || !json.Valid(data) {
				err = errors.New("not within the bounds")
			}
			key := string(wire.Encode(cause, enricher.FailureContext{}))
			mu.Lock()
			known := compared[key]
			compared[key] = true
			mu.Unlock()
			if err == nil && !known {
				_, err = wirelaw.Compare(cause, fc)
			}
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				wrong[fmt.Sprintf("%T: %v", cause, err)] = true
			}
			return enricher.Labels{"size": strconv.Itoa(len(data))}, nil
		}), nil
	})
	enrichertest.Run(t, factory)
	mu.Lock()
	defer mu.Unlock()
	require.Empty(t, slices.Collect(maps.Keys(wrong)))
}

func standardFailures(t *testing.T) (all []hostile.Named) {
	t.Helper()
	add := func(name string, err error) {
		require.Error(t, err, name)
		all = append(all, hostile.Named{Name: name, Err: err})
	}
	dir := t.TempDir()
	_, err := os.Open(filepath.Join(dir, "orders 17.csv"))
	add("a missing file", err)
	add("a missing link", os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")))
	add("a missing command", exec.Command("no-such-command").Run())
	add("a command that is not there", exec.Command(filepath.Join(dir, "x")).Run())
	add("an exit status", exec.Command("sh", "-c", "exit 3").Run())
	add("a signal", exec.Command("sh", "-c", "kill -9 $$").Run())
	add("exit.FromCommand", exit.FromCommand("ffmpeg", exec.Command("sh", "-c", "kill -15 $$").Run(), []byte("in.mp4: bad\n")))

	closed := httptest.NewServer(nil)
	closed.Close()
	_, err = http.Get(closed.URL)
	add("a refused connection", err)
	expired, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	req, _ := http.NewRequestWithContext(expired, http.MethodGet, closed.URL, nil)
	_, err = http.DefaultClient.Do(req)
	add("a deadline of a request", err)
	add("a deadline", expired.Err())
	secure := httptest.NewTLSServer(nil)
	defer secure.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, err = http.Get(secure.URL)
	add("an unknown authority", err)
	_, err = http.Get(strings.Replace(closed.URL, "http", "ftp", 1))
	add("a scheme", err)
	_, err = http.Get("http://a b/%zz")
	add("a URL", err)
	_, err = net.Dial("tcp", "nowhere")
	add("an address", err)
	_, err = net.ResolveTCPAddr("tcp", "127.0.0.1:no-port")
	add("a port", err)
	_, _, err = net.ParseCIDR("10.0.0/33")
	add("a network", err)
	_, err = netip.ParseAddr("1.2.3")
	add("an IP address", err)
	_, err = mail.ParseAddress("nobody")
	add("a mail address", err)

	add("JSON", json.Unmarshal([]byte(`{"a": nope}`), new(any)))
	add("HTML for JSON", json.Unmarshal([]byte(`<html>`), new(any)))
	add("the wrong JSON", json.Unmarshal([]byte(`{"a": 1}`), &struct{ A string }{}))
	add("XML", xml.Unmarshal([]byte(`<a><b></a>`), new(struct{})))
	_, err = csv.NewReader(strings.NewReader("a,\"b\nc")).ReadAll()
	add("CSV", err)
	_, err = csv.NewReader(strings.NewReader("a,b\nc\n")).ReadAll()
	add("CSV with a field too few", err)
	add("a type with a field of another kind", &csv.ParseError{Line: 3, Column: 7, Err: errors.New("own")})
	_, err = strconv.Atoi("12x")
	add("a number", err)
	_, err = time.Parse(time.RFC3339, "yesterday")
	add("a time", err)
	_, err = time.ParseDuration("5")
	add("a duration", err)
	_, err = base64.StdEncoding.DecodeString("*")
	add("base64", err)
	_, err = gzip.NewReader(bytes.NewReader([]byte("no gzip, really")))
	add("gzip", err)

	for _, err := range []error{
		syscall.ENOSPC, syscall.Errno(4095), fs.ErrPermission, fs.ErrClosed, os.ErrDeadlineExceeded, net.ErrClosed, context.Canceled,
		sql.ErrNoRows, exec.ErrWaitDelay, os.NewSyscallError("connect", syscall.ETIMEDOUT), &textproto.Error{Code: 550, Msg: "no such user"},
		&net.DNSError{Err: "no such host", Name: "shop.example", IsNotFound: true}, &net.DNSError{Err: "i/o timeout", Name: "a", IsTimeout: true},
		&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ENOENT)}, &http.MaxBytesError{Limit: 5},
		http.ErrNotSupported, tls.AlertError(42),
		tls.RecordHeaderError{Msg: "no TLS"},
		x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"},
		x509.CertificateInvalidError{Reason: x509.Expired, Detail: "long ago"},
		url.EscapeError("%zz"), net.UnknownNetworkError("tcp9"),
		&fs.PathError{Op: "open", Path: "a\xffb", Err: syscall.ENOENT}, &exec.Error{Name: "/opt/bin/tool", Err: exec.ErrNotFound},
		errors.Join(fs.ErrNotExist, errors.New("x"), context.Canceled), fmt.Errorf("%w and %w", context.Canceled, syscall.EPIPE),
		enricher.WithLabels(syscall.EPIPE, enricher.Labels{"tenant": "a", "severity": "high"}),
		enricher.WithResult(syscall.EPIPE, enricher.Result{Labels: enricher.Labels{"tenant": "b"}}),
	} {
		add(fmt.Sprintf("%T %.60v", err, err), err)
	}
	return all
}

// The errors of this package have what the tables of internal/evidence look at.
type (
	statusError struct{ status int }
	stateError  struct{ SQLState, ConstraintName, TableName string }
	waitError   struct{ RetryAfter time.Duration }
	codeError   struct{ Code string }
	numberError int
	typedError  struct{ typ string }
	causeError  struct{ cause error }
	listError   []error
	fieldError  struct{ Err error }
	ownExit     struct{}
	textPanics  struct{}
	logsItself  struct{}

	sentinelLike struct{}
)

func (e statusError) Error() string     { return fmt.Sprintf("answered %d", e.status) }
func (e statusError) StatusCode() int   { return e.status }
func (e statusError) Temporary() bool   { return e.status >= 500 }
func (*stateError) Error() string       { return "duplicate key" }
func (waitError) Error() string         { return "slow down" }
func (codeError) Error() string         { return "rejected" }
func (e numberError) Error() string     { return "code " + strconv.Itoa(int(e)) }
func (e numberError) Code() int         { return int(e) }
func (typedError) Error() string        { return "typed" }
func (e typedError) ErrorType() string  { return e.typ }
func (causeError) Error() string        { return "hides its cause" }
func (e causeError) Cause() error       { return e.cause }
func (listError) Error() string         { return "a list" }
func (*fieldError) Error() string       { return "has a field" }
func (ownExit) Error() string           { return "exited" }
func (ownExit) ExitCode() int           { return 137 }
func (ownExit) ExitReason() string      { return "OOMKilled" }
func (textPanics) Error() string        { panic("no text") }
func (logsItself) Error() string        { return "logs itself" }
func (logsItself) LogValue() slog.Value { return slog.StringValue("logged") }
func (textPanics) IsRetryable() bool    { return true }
func (sentinelLike) Error() string      { return "not there" }
func (sentinelLike) Is(target error) bool {
	return target == fs.ErrNotExist || target == context.Canceled
}

func ownFailures() (all []hostile.Named) {
	for _, err := range []error{
		statusError{503},
		statusError{0},
		statusError{429},
		&stateError{"23505", "orders_pkey", "orders"}, (*stateError)(nil),
		waitError{90 * time.Second},
		waitError{1234567 * time.Nanosecond},
		codeError{"AccessDenied"},
		codeError{"E42"},
		numberError(404), numberError(-32602),
		typedError{"shop.Sold Out"},
		typedError{""},
		enricher.WithLabels(fmt.Errorf("job: %w", enricher.WithLabels(logsItself{}, enricher.Labels{"tenant": "acme"})), enricher.Labels{"severity": "low"}),
		ownExit{},
		textPanics{},
		sentinelLike{},
		causeError{causeError{syscall.ECONNREFUSED}},
		causeError{nil},
		listError{codeError{"E1"}, nil, &fieldError{syscall.ENOSPC}},
		&fieldError{errors.Join(context.Canceled, fmt.Errorf("x: %w", listError{statusError{500}}))},
		struct{ error }{errors.New("anonymous")},
		struct{ error }{errors.New("signal: killed")},
		errors.Join(codeError{"E42"}, errors.New("a"), errors.New("b")),
		hostile.Multi{codeError{"E42"}, nil, errors.New("a")},
		hostile.Multi{statusError{503}},
		hostile.Multi{},
		hostile.Aggregate{codeError{"E42"}, errors.New("a")},
		hostile.Aggregate{statusError{503}},
		hostile.Aggregate{},
		&exit.Error{Name: "import", Code: 137, Reason: "OOMKilled"}, &exit.Error{Signal: 9, Stderr: "killed"}, &exit.Error{Reason: "Evicted", Message: "disk"},
	} {
		all = append(all, hostile.Named{Name: fmt.Sprintf("%T %v", err, enricher.Text(err)), Err: err})
	}
	return all
}

func panicFailures() (all []hostile.Named) {
	var none []int
	var noMap map[string]int
	for name, job := range map[string]func(){
		"index":     func() { _ = none[len(noMap)] },
		"nil map":   func() { noMap["a"] = 1 },
		"type":      func() { _ = any("x").(int) },
		"nil":       func() { panic(nil) },
		"string":    func() { panic("no") },
		"number":    func() { panic(1.5) },
		"struct":    func() { panic(struct{ a int }{1}) },
		"error":     func() { panic(fmt.Errorf("bad: %w", syscall.ENOSPC)) },
		"typed":     func() { panic(typedError{"shop.Bug"}) },
		"decoded":   func() { panic(hostile.PanicsWithItself{}) },
		"typed nil": func() { panic((*fs.PathError)(nil)) },
	} {
		all = append(all, hostile.Named{Name: name, Err: recovered(job)})
	}
	return append(all,
		hostile.Named{Name: "a nil pointer", Err: (*enricher.PanicError)(nil)},
		hostile.Named{Name: "a text of a stack", Err: enricher.NewPanicError("x", []byte("panic(1)\n\t/go/panic.go:1\nmain.run(0x1)\n\t/src/main.go:7 +0x1\ncreated by main.main in goroutine 1\n\t/src/main.go:3 +0x2\n"))},
		hostile.Named{Name: "a panic about a panic", Err: enricher.NewPanicError(enricher.NewPanicError(time.Second, nil), nil)},
	)
}

func recovered(job func()) (err error) {
	defer func() { err = enricher.Recovered(recover()) }()
	job()
	return nil
}
