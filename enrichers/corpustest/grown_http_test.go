//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// httpFailures are those of requests that got no proper answer.
var httpFailures = []provocation{
	{"http server not there", func(t *testing.T) error {
		return get(t, newClient(t), "http://"+refusing(t))
	}},
	{"http server hangs up", func(t *testing.T) error {
		return get(t, newClient(t), "http://"+serve(t, hangUp))
	}},
	{"http server answers nonsense", func(t *testing.T) error {
		return get(t, newClient(t), "http://"+serve(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<10))
			_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_9.6\r\n"))
		}))
	}},
	{"http body cut", func(t *testing.T) error {
		return get(t, newClient(t), "http://"+serve(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<10))
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
		}))
	}},
	{"http redirects without end", func(t *testing.T) error {
		server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		})
		return get(t, newClient(t), server)
	}},
	{"http proxy not there", func(t *testing.T) error {
		client := newClient(t)
		proxy, err := url.Parse("http://" + refusing(t))
		require.NoError(t, err)
		client.Transport.(*http.Transport).Proxy = http.ProxyURL(proxy)
		return get(t, client, "http://example.org/")
	}},
	{"http client timeout", func(t *testing.T) error {
		client := newClient(t)
		client.Timeout = short
		return get(t, client, "http://"+serve(t, silent))
	}},
	{"http header timeout", func(t *testing.T) error {
		client := newClient(t)
		client.Transport.(*http.Transport).ResponseHeaderTimeout = short
		return get(t, client, "http://"+serve(t, silent))
	}},
	{"http deadline of the call", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		return getContext(ctx, newClient(t), "http://"+serve(t, silent))
	}},
	{"http call of a job that was cancelled", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		addr := serve(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<10))
			cancel()
			silent(conn)
		})
		return getContext(ctx, newClient(t), "http://"+addr)
	}},
	{"http body too large", func(t *testing.T) error {
		body := http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("a long upload")), 5)
		_, err := io.ReadAll(body)
		return fmt.Errorf("read upload: %w", err)
	}},
	{"http deadlines not supported", func(t *testing.T) error {
		w := http.NewResponseController(httptest.NewRecorder())
		return fmt.Errorf("stream events: %w", w.SetReadDeadline(time.Now()))
	}},
	{"url malformed", func(t *testing.T) error { return get(t, newClient(t), "http://[::1") }},
	{"url with a control character", func(t *testing.T) error { return get(t, newClient(t), "http://example.org/\x7f") }},
	{"url without a host", func(t *testing.T) error { return get(t, newClient(t), "http:///orders") }},
	{"url of an unsupported scheme", func(t *testing.T) error { return get(t, newClient(t), "ftp://127.0.0.1/x") }},
}

// statusFailures are those that a server reports with a status.
var statusFailures = []provocation{
	httpStatus(http.StatusBadRequest),
	httpStatus(http.StatusUnauthorized),
	httpStatus(http.StatusPaymentRequired),
	httpStatus(http.StatusForbidden),
	httpStatus(http.StatusNotFound),
	httpStatus(http.StatusMethodNotAllowed),
	httpStatus(http.StatusRequestTimeout),
	httpStatus(http.StatusConflict),
	httpStatus(http.StatusGone),
	httpStatus(http.StatusRequestEntityTooLarge),
	httpStatus(http.StatusUnprocessableEntity),
	httpStatus(http.StatusTooManyRequests),
	httpStatus(http.StatusInternalServerError),
	httpStatus(http.StatusNotImplemented),
	httpStatus(http.StatusBadGateway),
	httpStatus(http.StatusServiceUnavailable),
	httpStatus(http.StatusGatewayTimeout),
	{"http status 503 as an error type", func(t *testing.T) error {
		err := getStatus(t, http.StatusServiceUnavailable)
		return fmt.Errorf("fetch rates: %w", typedStatusError{err})
	}},
}

// A statusError is what many a client returns for a status.
type statusError struct{ code int }

func (e *statusError) Error() string   { return fmt.Sprintf("unexpected status %d", e.code) }
func (e *statusError) StatusCode() int { return e.code }

// A typedStatusError names its error type, as OpenTelemetry wants it for HTTP.
type typedStatusError struct{ *statusError }

func (e typedStatusError) ErrorType() string { return fmt.Sprint(e.code) }

func httpStatus(code int) provocation {
	return provocation{fmt.Sprintf("http status %d", code), func(t *testing.T) error {
		return fmt.Errorf("fetch orders: %w", getStatus(t, code))
	}}
}

// getStatus makes a request that is answered with code.
func getStatus(t *testing.T, code int) *statusError {
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	var failed *statusError
	require.True(t, errors.As(get(t, newClient(t), server), &failed))
	return failed
}

func get(t *testing.T, client *http.Client, url string) error {
	return getContext(t.Context(), client, url)
}

// getContext does what jobs do: make a request, look at the status, read the body.
func getContext(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("fetch orders: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return &statusError{res.StatusCode}
	}
	if _, err = io.ReadAll(res.Body); err != nil {
		return fmt.Errorf("read orders: %w", err)
	}
	return nil
}
