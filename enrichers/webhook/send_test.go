package webhook_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

// raw answers with these bytes and closes the connection.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			io.WriteString(conn, text)
			conn.Close()
		}
	}
}

// hang answers with a header of this status, or none for 0, and goes on until
// the client has left.
func hang(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if code > 0 {
			w.WriteHeader(code)
			http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
}

// huge answers with a status and 64 MiB, if the client wants them.
func huge(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		for range 64 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}
}

func TestWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	ok := status(200, "ok")
	tests := map[string]struct {
		answers  []http.HandlerFunc
		requests int
		want     string // after the host; empty: it was sent
	}{
		"taken":                     {[]http.HandlerFunc{ok}, 1, ""},
		"accepted":                  {[]http.HandlerFunc{status(202, "")}, 1, ""},
		"no content":                {[]http.HandlerFunc{status(204, "")}, 1, ""},
		"an error, then taken":      {[]http.HandlerFunc{status(500, "oops"), ok}, 2, ""},
		"three errors, then taken":  {[]http.HandlerFunc{status(502, ""), status(503, ""), status(504, ""), ok}, 4, ""},
		"errors only":               {[]http.HandlerFunc{status(500, "oops")}, 4, ": answered 500 Internal Server Error: oops (4 tries)"},
		"too many, then taken":      {[]http.HandlerFunc{retryLater(429, "0"), ok}, 2, ""},
		"too many, without a time":  {[]http.HandlerFunc{status(429, ""), ok}, 2, ""},
		"a date in the past":        {[]http.HandlerFunc{retryLater(503, "Sun, 01 Mar 2020 12:00:00 GMT"), ok}, 2, ""},
		"a bad request":             {[]http.HandlerFunc{status(400, "invalid_payload"), ok}, 1, ": answered 400 Bad Request: invalid_payload"},
		"a bad request, later":      {[]http.HandlerFunc{status(500, ""), status(404, "no_service")}, 2, ": answered 404 Not Found: no_service (2 tries)"},
		"a status that is none":     {[]http.HandlerFunc{status(799, ""), ok}, 2, ""},
		"not modified":              {[]http.HandlerFunc{status(304, "")}, 1, ": answered 304 Not Modified"},
		"a redirect to nowhere":     {[]http.HandlerFunc{status(307, "")}, 1, ": answered 307 Temporary Redirect"},
		"closed before an answer":   {[]http.HandlerFunc{raw(""), ok}, 2, ""},
		"closed half way through":   {[]http.HandlerFunc{raw("HTTP/1.1 200 OK\r\nContent-"), ok}, 2, ""},
		"closed in the body":        {[]http.HandlerFunc{raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok"), ok}, 1, ""},
		"an error closed in it":     {[]http.HandlerFunc{raw("HTTP/1.1 400 Bad\r\nContent-Length: 10\r\n\r\nbad"), ok}, 1, ": answered 400 Bad Request: bad"},
		"not HTTP":                  {[]http.HandlerFunc{raw("220 smtp.example ESMTP\r\n"), ok}, 2, ""},
		"a huge header":             {[]http.HandlerFunc{raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + strings.Repeat("x", 256<<10) + "\r\n\r\n"), ok}, 2, ""},
		"a huge answer":             {[]http.HandlerFunc{huge(200)}, 1, ""},
		"a huge error":              {[]http.HandlerFunc{huge(400)}, 1, ": answered 400 Bad Request: " + strings.Repeat("\uFFFD", 84) + "…"},
		"an answer without an end":  {[]http.HandlerFunc{hang(200)}, 1, ""},
		"an error without an end":   {[]http.HandlerFunc{hang(400)}, 1, ": answered 400 Bad Request"},
		"lines and control bytes":   {[]http.HandlerFunc{status(400, "a\n\tb\x00\xffc  ")}, 1, ": answered 400 Bad Request: a b\uFFFD\uFFFDc"},
		"a long text":               {[]http.HandlerFunc{status(400, strings.Repeat("ä", 1000))}, 1, ": answered 400 Bad Request: " + strings.Repeat("ä", 126) + "…"},
		"a redirect with the body":  {[]http.HandlerFunc{redirect(307, "/other"), ok}, 2, ""},
		"a permanent one":           {[]http.HandlerFunc{redirect(308, "/other"), ok}, 2, ""},
		"one that loses the body":   {[]http.HandlerFunc{redirect(302, "/other"), ok}, 1, ": redirected in a way that turns POST into GET: configure the URL that is right"},
		"redirects in a circle":     {[]http.HandlerFunc{redirect(307, "/")}, 4, ": redirected more than 3 times"},
		"a redirect to another":     {[]http.HandlerFunc{redirect(307, "http://other.example:1/"), ok}, 1, ": redirected to http://other.example:1, which is another host, port or scheme: configure the URL that is right"},
		"a redirect into a network": {[]http.HandlerFunc{redirect(307, "http://169.254.169.254/latest/meta-data"), ok}, 1, ": redirected to http://169.254.169.254, which is another host, port or scheme: configure the URL that is right"},
		"a redirect to a file":      {[]http.HandlerFunc{redirect(307, "file:///etc/passwd"), ok}, 1, ": redirected to file://, which is another host, port or scheme: configure the URL that is right"},
		"a redirect to nonsense":    {[]http.HandlerFunc{redirect(307, "http://[::"), ok}, 2, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, tt.answers...)
			e := newWebhook(t, to(s))
			err := send(t, e, errJob, nil)
			require.Len(t, s.all(), tt.requests)
			for _, r := range s.all() {
				assert.Equal(t, http.MethodPost, r.Method)
				assert.Equal(t, s.all()[0].Body, r.Body)
			}
			if tt.want == "" {
				require.NoError(t, err)
				assert.Equal(t, webhook.Stats{Sent: 1}, e.Stats())
				return
			}
			require.EqualError(t, err, s.Listener.Addr().String()+tt.want)
			assert.Equal(t, webhook.Stats{Failed: 1}, e.Stats())
		})
	}
}

func redirect(code int, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(code)
	}
}

func TestASlowEndpointIsWaitedForAsLongAsATimeoutAllows(t *testing.T) {
	t.Parallel()
	s := newServer(t, hang(0), status(200, ""))
	opts := to(s)
	opts.Timeout = 300 * time.Millisecond
	e := newWebhook(t, opts)
	require.NoError(t, send(t, e, errJob, nil))
	assert.Len(t, s.all(), 2)
}

func TestAHangingEndpointCostsNoMoreThanTheBudget(t *testing.T) {
	t.Parallel()
	s := newServer(t, hang(0))
	e := newWebhook(t, to(s))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := e.ProcessFailure(ctx, errJob, enricher.FailureContext{})
	require.EqualError(t, err, s.Listener.Addr().String()+": no answer in time; the time is up")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Len(t, s.all(), 1)
	assert.Equal(t, webhook.Stats{Failed: 1}, e.Stats())
}

func TestAContextThatIsCancelledEndsARequestAndAWait(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	_, err := newWebhook(t, to(s)).ProcessFailure(ctx, errJob, enricher.FailureContext{})
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, s.all(), 1)

	waiting, stop := context.WithCancel(t.Context())
	s = newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "29")
		w.WriteHeader(503)
		time.AfterFunc(50*time.Millisecond, stop)
	})
	start := time.Now()
	_, err = newWebhook(t, to(s)).ProcessFailure(waiting, errJob, enricher.FailureContext{})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "answered 503 Service Unavailable; the time is up")
	assert.Less(t, time.Since(start), 10*time.Second)
	assert.Len(t, s.all(), 1)
}

func TestAWaitThatDoesNotFitIsNotBegun(t *testing.T) {
	t.Parallel()
	// The first is beyond what anybody waits, however long ctx is.
	for _, after := range []string{"45", "120", time.Now().Add(2 * time.Hour).UTC().Format(http.TimeFormat)} {
		s := newServer(t, retryLater(429, after), status(200, ""))
		e := newWebhook(t, to(s))
		start := time.Now()
		err := send(t, e, errJob, nil)
		require.ErrorContains(t, err, ": answered 429 Too Many Requests; no time is left for another try in ")
		assert.Less(t, time.Since(start), 10*time.Second)
		assert.Len(t, s.all(), 1)

		require.NoError(t, send(t, e, errJob, nil))
		assert.Len(t, s.all(), 1, "the endpoint is left alone until then")
		assert.Equal(t, webhook.Stats{Failed: 1, RateLimited: 1}, e.Stats())
	}
}

func TestRetryAfterIsWaitedForWhereItFits(t *testing.T) {
	t.Parallel()
	s := newServer(t, retryLater(429, "1"), status(200, ""))
	start := time.Now()
	require.NoError(t, send(t, newWebhook(t, to(s)), errJob, nil))
	assert.GreaterOrEqual(t, time.Since(start), time.Second)
	assert.Len(t, s.all(), 2)
}

func TestRetriesCanBeForgone(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(500, ""))
	opts := to(s)
	opts.Retries = -1
	require.ErrorContains(t, send(t, newWebhook(t, opts), errJob, nil), ": answered 500 Internal Server Error")
	assert.Len(t, s.all(), 1)
}

func TestARefusedConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.Close()
	err := send(t, newWebhook(t, to(s)), errJob, nil)
	addr := s.Listener.Addr().String()
	require.EqualError(t, err, fmt.Sprintf("%s: dial tcp %s: connect: connection refused (4 tries)", addr, addr))
}

func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	s := unstarted(t, status(200, ""))
	s.EnableHTTP2 = true
	s.StartTLS()
	require.ErrorContains(t, send(t, newWebhook(t, to(s)), errJob, nil), ": tls: failed to verify certificate: ")
	assert.Empty(t, s.all())

	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	opts := to(s)
	opts.TLS = &tls.Config{RootCAs: roots}
	require.NoError(t, send(t, newWebhook(t, opts), errJob, nil))
	require.Len(t, s.all(), 1)
	assert.Equal(t, "HTTP/2.0", s.all()[0].Proto)
}

func TestNobodyWaitsForTheEndOfAnAnswer(t *testing.T) {
	t.Parallel()
	for _, code := range []int{200, 400} {
		s := newServer(t, hang(code))
		opts := to(s)
		opts.Timeout = time.Hour
		start := time.Now()
		err := send(t, newWebhook(t, opts), errJob, nil)
		assert.Equal(t, code == 200, err == nil)
		assert.Less(t, time.Since(start), 10*time.Second)
		assert.Len(t, s.all(), 1)
	}
}

func TestLittleIsReadOfAHugeAnswer(t *testing.T) {
	t.Parallel()
	var written atomic.Int64
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 256 {
			n, err := w.Write(make([]byte, 1<<20))
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	require.NoError(t, send(t, newWebhook(t, to(s)), errJob, nil))
	s.Close() // waits for the handler
	assert.Less(t, written.Load(), int64(64<<20), "what is on the way is lost")
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, "ok"), status(400, "no"), status(200, "ok"))
	remotes := map[string]bool{}
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remotes[r.RemoteAddr] = true
		s.ServeHTTP(w, r)
	})
	e := newWebhook(t, to(s))
	require.NoError(t, send(t, e, errJob, enricher.Labels{"fingerprint": "1"}))
	require.Error(t, send(t, e, errJob, enricher.Labels{"fingerprint": "2"}))
	require.NoError(t, send(t, e, errJob, enricher.Labels{"fingerprint": "3"}))
	assert.Len(t, s.all(), 3)
	assert.Len(t, remotes, 1)
}

func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	s, proxy := newServer(t), newServer(t)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("ALL_PROXY", proxy.URL)
	opts := to(s)
	opts.URL.Value = strings.Replace(s.URL, "127.0.0.1", "0.0.0.0", 1) // proxies are never used for loopback
	require.NoError(t, send(t, newWebhook(t, opts), errJob, nil))
	assert.Len(t, s.all(), 1)
	assert.Empty(t, proxy.all())
}

func TestAProxyIsUsedWhereConfigured(t *testing.T) {
	t.Parallel()
	proxy := newServer(t)
	e := newWebhook(t, webhook.Options{
		URL:   webhook.Secret{Value: "http://nowhere.invalid/hook"},
		Proxy: webhook.Secret{Value: strings.Replace(proxy.URL, "http://", "http://user:pass@", 1)},
	})
	require.NoError(t, send(t, e, errJob, nil))
	require.Len(t, proxy.all(), 1)
	assert.Equal(t, "http://nowhere.invalid/hook", proxy.all()[0].URI)
	assert.Equal(t, "Basic dXNlcjpwYXNz", proxy.all()[0].Header.Get("Proxy-Authorization"))
}
