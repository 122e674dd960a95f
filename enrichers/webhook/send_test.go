package webhook_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestRequestsAreRetriedIfThatMayHelp(t *testing.T) {
	ok := status(200, "ok")
	tests := map[string]struct {
		answers  []answer
		requests int
		want     string // after the host; empty: it was sent
	}{
		"accepted":                 {[]answer{ok}, 1, ""},
		"three errors":             {[]answer{status(502, ""), status(503, ""), status(504, ""), ok}, 4, ""},
		"errors only":              {[]answer{status(500, "oops")}, 4, ": answered 500 Internal Server Error: oops (4 tries)"},
		"too many":                 {[]answer{status(429, "", "Retry-After", "0"), ok}, 2, ""},
		"a bad request":            {[]answer{status(400, "invalid_payload"), ok}, 1, ": answered 400 Bad Request: invalid_payload"},
		"a bad request, later":     {[]answer{status(500, ""), status(404, "no_service")}, 2, ": answered 404 Not Found: no_service (2 tries)"},
		"a status that is none":    {[]answer{status(799, ""), ok}, 2, ""},
		"a redirect to nowhere":    {[]answer{status(307, "")}, 1, ": answered 307 Temporary Redirect"},
		"a broken connection":      {[]answer{broken, ok}, 2, ""},
		"broken connections only":  {[]answer{broken}, 4, ": connection reset (4 tries)"},
		"no answer":                {[]answer{hang, ok}, 2, ""},
		"lines and control bytes":  {[]answer{status(400, "a\n\tb\x00\xffc  ")}, 1, ": answered 400 Bad Request: a b\uFFFD\uFFFDc"},
		"a long text":              {[]answer{status(400, strings.Repeat("ä", 1000))}, 1, ": answered 400 Bad Request: " + strings.Repeat("ä", 126) + "…"},
		"a redirect with the body": {[]answer{redirect(307, "/other"), ok}, 2, ""},
		"a permanent one":          {[]answer{redirect(308, "/other"), ok}, 2, ""},
		"one that loses the body":  {[]answer{redirect(302, "/other"), ok}, 1, ": redirected in a way that turns POST into GET: configure the right URL"},
		"too many redirects":       {[]answer{redirect(307, "/")}, 4, ": redirected more than 3 times"},
		"a redirect to nonsense":   {[]answer{redirect(307, "http://[::"), ok}, 2, ""},
	}
	for name, tt := range tests {
		t.Run(name, bubble(func(t *testing.T) {
			s, fe := post(t, webhook.Options{}, tt.answers...)
			err := send(t, fe, errJob, nil)
			require.Len(t, s.all(), tt.requests)
			for _, r := range s.all() {
				assert.Equal(t, http.MethodPost, r.Method)
				assert.Equal(t, s.all()[0].Body, r.Body)
			}
			if tt.want == "" {
				require.NoError(t, err)
				assert.Equal(t, map[string]uint64{"sent": 1}, counts(fe))
				return
			}
			require.EqualError(t, err, "hooks.example"+tt.want)
			assert.Equal(t, map[string]uint64{"failed": 1}, counts(fe))
		}))
	}
}

func TestRedirectsStayOnTheHost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to, want string
	}{
		{"https://a.example/x", "https://a.example/y", ""},
		{"https://a.example/x", "https://A.EXAMPLE/x", ""},
		{"http://a.example/x", "https://a.example/x", "https://a.example"},
		{"https://a.example/x", "http://a.example/x", "http://a.example"},
		{"https://a.example/x", "https://b.example/x", "https://b.example"},
		{"https://a.example/x", "https://b.a.example/x", "https://b.a.example"},
		{"http://a.example/x", "http://a.example:8080/x", "http://a.example:8080"},
		{"https://a.example/x", "file:///etc/passwd", "file://"},
		{"https://a.example/x", "https://u:p@b.example/x", "https://b.example"}, // without the password
	} {
		via, err := http.NewRequest(http.MethodPost, tt.from, nil)
		require.NoError(t, err)
		next, err := http.NewRequest(http.MethodPost, tt.to, nil)
		require.NoError(t, err)
		err = webhook.CheckRedirect(next, []*http.Request{via})
		if tt.want == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, "redirected to another scheme, host or port, "+tt.want+": configure the right URL")
		}
	}
}

func TestRetriesWaitLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		s := newServer(func(r *http.Request) (*http.Response, error) {
			at = append(at, time.Now())
			return status(500, "")(r)
		})
		fe := newWebhook(t, s, webhook.Options{Retries: 7, RetryDelay: time.Second, DedupWindow: -1})
		require.ErrorContains(t, send(t, fe, errJob, nil), "(8 tries)")
		for i, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second, 5 * time.Second, 5 * time.Second} {
			assert.InDelta(t, want, at[i+1].Sub(at[i]), float64(want/2)+1, "wait %d", i+1)
		}
	})
}

func TestRetriesEndWithTheBudget(t *testing.T) {
	for name, tt := range map[string]struct {
		answers  []answer
		budget   time.Duration
		took     time.Duration
		requests int
		want     string
	}{
		"while the endpoint hangs":       {[]answer{hang}, 3 * time.Second, 3 * time.Second, 1, ": no answer in time: context deadline exceeded"},
		"after a timeout of one request": {[]answer{hang}, 7 * time.Second, 7 * time.Second, 2, ": no answer in time (2 tries): context deadline exceeded"},
		"if a wait does not fit": {
			[]answer{status(503, "", "Retry-After", "10"), status(200, "")}, 9 * time.Second, 0, 1, ": answered 503 Service Unavailable",
		},
		"if a date does not fit": {
			[]answer{status(503, "", "Retry-After", "Sat, 01 Jan 2000 00:10:00 GMT")}, time.Minute, 0, 1, ": answered 503 Service Unavailable",
		},
		"not if a wait fits": {
			[]answer{status(429, "", "Retry-After", "8"), status(400, "")}, 9 * time.Second, 8 * time.Second, 2, ": answered 400 Bad Request (2 tries)",
		},
	} {
		t.Run(name, bubble(func(t *testing.T) {
			s := newServer(tt.answers...)
			ctx, cancel := context.WithTimeout(t.Context(), tt.budget)
			defer cancel()
			start := time.Now()
			_, err := newWebhook(t, s, webhook.Options{}).ProcessFailure(ctx, errJob, enricher.FailureContext{})
			require.EqualError(t, err, "hooks.example"+tt.want)
			assert.Equal(t, tt.took, time.Since(start))
			assert.Len(t, s.all(), tt.requests)
		}))
	}
}

func TestRetriesEndWithTheContext(t *testing.T) {
	for name, a := range map[string]answer{"in a request": hang, "in a wait": status(503, "", "Retry-After", "29")} {
		t.Run(name, bubble(func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			s := newServer(a)
			_, err := newWebhook(t, s, webhook.Options{}).ProcessFailure(ctx, errJob, enricher.FailureContext{})
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, time.Second, time.Since(start))
			assert.Len(t, s.all(), 1)
		}))
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"7":                              7 * time.Second,
		"86401":                          24 * time.Hour,
		"9223372036854775807":            24 * time.Hour,
		"-1":                             0,
		"1.5":                            0,
		"soon":                           0,
		"Sun, 01 Mar 2026 12:00:30 GMT":  30 * time.Second,
		"Sunday, 01-Mar-26 12:00:30 GMT": 30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
		"Fri, 31 Dec 9999 23:59:59 GMT":  24 * time.Hour,
	} {
		assert.Equal(t, want, webhook.RetryAfter(header, now), header)
	}
}

func TestAnswersAreReadUpTo4KiB(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{200: "", 400: "hooks.example: answered 400 Bad Request: xxx"} {
		body := strings.NewReader(strings.Repeat("x", 1<<20))
		s := newServer(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: code, Body: io.NopCloser(body), Request: r}, nil
		})
		err := send(t, newWebhook(t, s, webhook.Options{}), errJob, nil)
		if want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
		assert.Equal(t, 1<<20-4<<10, body.Len())
	}
}

func TestAnswersAreNotWaitedForToTheirEnd(t *testing.T) {
	for code, want := range map[int]string{
		202: "", 400: "hooks.example: answered 400 Bad Request: no channel", 503: "hooks.example: answered 503 Service Unavailable: no channel",
	} {
		synctest.Test(t, func(t *testing.T) {
			_, fe := post(t, webhook.Options{Retries: -1}, func(r *http.Request) (*http.Response, error) {
				rest, w := io.Pipe()
				go io.WriteString(w, "no channel")
				context.AfterFunc(r.Context(), func() { w.CloseWithError(r.Context().Err()) })
				return &http.Response{StatusCode: code, Body: rest, Request: r}, nil
			})
			start := time.Now()
			if err := send(t, fe, errJob, nil); want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, want)
			}
			assert.Equal(t, 250*time.Millisecond, time.Since(start))
		})
	}
}

// listen returns a real server, and options for it.
func listen(t *testing.T, handler http.HandlerFunc) (*httptest.Server, webhook.Options) {
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	s.Start()
	return s, webhook.Options{URL: webhook.Secret{Value: s.URL}, AllowPrivate: true}
}

// dial returns an enricher that makes real connections.
func dial(t *testing.T, opts webhook.Options) enricher.FailureEnricher {
	t.Helper()
	opts.Timeout = cmp.Or(opts.Timeout, time.Minute) // these connections are real, and machines may be slow
	fe, err := webhook.New(opts)
	require.NoError(t, err)
	closeAfter(t, fe)
	return fe
}

func TestConnectionsVerifyCertificates(t *testing.T) {
	t.Parallel()
	var protos []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { protos = append(protos, r.Proto) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	opts := webhook.Options{URL: webhook.Secret{Value: s.URL}, AllowPrivate: true}
	err := send(t, dial(t, opts), errJob, nil)
	require.ErrorContains(t, err, ": tls: failed to verify certificate: ")
	assert.NotContains(t, err.Error(), "tries")
	assert.Empty(t, protos)

	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	opts.TLS = &tls.Config{RootCAs: roots}
	require.NoError(t, send(t, dial(t, opts), errJob, nil))
	assert.Equal(t, []string{"HTTP/2.0"}, protos)
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	remotes := map[string]int{}
	_, opts := listen(t, func(w http.ResponseWriter, r *http.Request) {
		remotes[r.RemoteAddr]++
		w.WriteHeader(400)
		io.WriteString(w, "no")
	})
	fe := dial(t, opts)
	for range 3 {
		require.Error(t, send(t, fe, errJob, nil))
	}
	require.Len(t, remotes, 1)
	for _, n := range remotes {
		assert.Equal(t, 3, n)
	}
}

func TestConnectionsUseNoProxyOfTheEnvironment(t *testing.T) {
	var direct, proxied int
	_, opts := listen(t, func(http.ResponseWriter, *http.Request) { direct++ })
	proxy, _ := listen(t, func(http.ResponseWriter, *http.Request) { proxied++ })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("ALL_PROXY", proxy.URL)
	opts.URL.Value = strings.Replace(opts.URL.Value, "127.0.0.1", "0.0.0.0", 1) // for loopback no proxy is ever used
	require.NoError(t, send(t, dial(t, opts), errJob, nil))
	assert.Equal(t, []int{1, 0}, []int{direct, proxied})
}

func TestConnectionsUseTheConfiguredProxy(t *testing.T) {
	t.Parallel()
	var uris, users []string
	_, opts := listen(t, func(w http.ResponseWriter, r *http.Request) {
		uris, users = append(uris, r.RequestURI), append(users, r.Header.Get("Proxy-Authorization"))
		w.WriteHeader(407)
		io.WriteString(w, "unknown: user, pass-secret")
	})
	opts.Proxy.Value = strings.Replace(opts.URL.Value, "http://", "http://user:pass-secret@", 1)
	opts.URL.Value = "http://nowhere.invalid/hook"
	require.EqualError(t, send(t, dial(t, opts), errJob, nil),
		"nowhere.invalid: answered 407 Proxy Authentication Required: unknown: (hidden), (hidden)")
	assert.Equal(t, []string{"http://nowhere.invalid/hook"}, uris)
	assert.Equal(t, []string{"Basic dXNlcjpwYXNzLXNlY3JldA=="}, users)
}
