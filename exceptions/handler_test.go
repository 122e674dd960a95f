package exceptions_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

var paths = []string{"/", "/app.js", "/style.css", "/openapi.json", "/jobs", "/jobs/a/exceptions", "/exceptions", "/labels", "/groups", "/histogram", "/failures/4", "/status"}

func TestHandlerProtectsEveryAnswer(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample(), exceptions.WithMaxStreams(-1))
	for _, path := range append([]string{"/none", "/jobs/none/exceptions", "/exceptions?maxExceptions=x", "/events"}, paths...) {
		header := get(t, h, path).Header()
		assert.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'self'", header.Get("Content-Security-Policy"), path)
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "no-referrer", header.Get("Referrer-Policy"), path)
		assert.Equal(t, "same-origin", header.Get("Cross-Origin-Resource-Policy"), path)
		for name := range header {
			assert.False(t, strings.HasPrefix(name, "Access-Control-"), "%s of %s", name, path)
		}
	}
}

func TestHandlerServesFiles(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(nil)
	for path, typ := range map[string]string{
		"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8",
		"/app.js": "text/javascript; charset=utf-8", "/style.css": "text/css; charset=utf-8",
		"/openapi.json": "application/json; charset=utf-8",
	} {
		w := get(t, h, path)
		assert.Equal(t, http.StatusOK, w.Code)
		assert.Equal(t, typ, w.Header().Get("Content-Type"))
		assert.NotEmpty(t, w.Body.String())
	}
}

func TestHandlerBelowAPrefix(t *testing.T) {
	t.Parallel()
	h := sample()
	keep(h, errBoom, enricher.FailureContext{JobID: "a/b c%é?", ID: "odd"}, nil)
	keep(h, errBoom, enricher.FailureContext{JobID: "cart/shop/17", ID: "k8s:cart/shop/17-1"}, nil)
	keep(h, errBoom, enricher.FailureContext{ID: "jobless"}, nil)
	for _, strip := range []string{"/ops/failures", "/ops/failures/"} {
		mux := http.NewServeMux()
		mux.Handle("/ops/failures/", http.StripPrefix(strip, exceptions.NewHandler(h)))
		server := httptest.NewServer(mux)
		defer server.Close()
		for path, want := range map[string]string{
			"":                                       "<!doctype html>",
			"/":                                      "<!doctype html>",
			"/jobs":                                  `"jobs":[`,
			"/jobs/a/exceptions":                     `"id":"2"`,
			"/jobs/a%2Fb%20c%25%C3%A9%3F/exceptions": `"id":"odd"`,
			"/jobs/cart%2Fshop%2F17/exceptions":      `"id":"k8s:cart/shop/17-1"`,
			"/jobs/cart/shop/17/exceptions":          `"id":"k8s:cart/shop/17-1"`, // as some proxies decode it
			"/failures/k8s:cart%2Fshop%2F17-1":       `"jobid":"cart/shop/17"`,
			"/failures/k8s:cart/shop/17-1":           `"jobid":"cart/shop/17"`,
			"/jobs//exceptions":                      `"id":"jobless"`,
			"/jobs/exceptions":                       `"id":"jobless"`,
			"/exceptions?jobId=":                     `"id":"jobless"`,
			"/app.js":                                "",
		} {
			res, err := server.Client().Get(server.URL + "/ops/failures" + path)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, http.StatusOK, res.StatusCode, path)
			assert.Contains(t, strings.ToLower(string(body)), strings.ToLower(want), path)
		}
	}
}

func TestHandlerRedirectsToThePage(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/failures", http.StripPrefix("/failures", exceptions.NewHandler(nil)))
	w := get(t, mux, "/failures?filter=a:b")
	assert.Equal(t, http.StatusTemporaryRedirect, w.Code)
	assert.Equal(t, "./failures/?filter=a:b", w.Header().Get("Location"))
}

func TestHandlerRejectsUnknownPaths(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	assert.Equal(t, []string{`no such job: "none"`}, errorsOf(t, get(t, h, "/jobs/none/exceptions"), http.StatusNotFound))
	for _, path := range []string{"/none", "/jobs/", "/jobs/a", "/jobs/a/exceptions/", "/failures/", "//", "/page/app.js", "/openapi.yaml"} {
		got := errorsOf(t, get(t, h, path), http.StatusNotFound)
		assert.Contains(t, got[0], "/jobs/{jobid}/exceptions", path)
	}
	assert.Equal(t, http.StatusNotFound, get(t, exceptions.NewHandler(nil), "/jobs/a/exceptions").Code)
}

func TestHandlerRejectsOtherMethods(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	for _, path := range append([]string{"/events"}, paths...) {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"} {
			w := ask(t, h, method, path)
			errorsOf(t, w, http.StatusMethodNotAllowed)
			assert.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
		}
	}
	assert.Equal(t, http.StatusNotFound, ask(t, h, "POST", "/none").Code)
}

func TestHandlerRejectsLongRequests(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	long := strings.Repeat("a", 8193)
	for _, path := range []string{"/exceptions?failureLabelFilter=" + long, "/" + long, "/jobs/" + long + "/exceptions"} {
		errorsOf(t, get(t, h, path), http.StatusRequestURITooLong)
	}
	assert.Equal(t, http.StatusOK, get(t, h, "/exceptions?failureLabelFilter="+long[:8000]).Code)
	many := strings.Repeat("a,", 129)
	errorsOf(t, get(t, h, "/exceptions?failureLabelFilter="+many), http.StatusBadRequest)
}

func TestHandlerRejectsInvalidParameters(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	const number = "must be a whole number from 0 to 2147483647"
	for query, want := range map[string][]string{
		"format=xml":                      {`format: "xml": must be flink, or omitted`},
		"maxExceptions=x":                 {`maxExceptions: "x": ` + number},
		"maxExceptions=":                  {`maxExceptions: "": ` + number},
		"maxExceptions=2147483648":        {`maxExceptions: "2147483648": ` + number},
		"maxExceptions=-1":                {`maxExceptions: "-1": ` + number},
		"maxExceptions=1&maxExceptions=2": {`maxExceptions: given 2 times: must be given once`},
		"failureLabelFilter=%zz":          {`query: invalid URL escape "%zz"`},
		"a;b":                             {`query: invalid semicolon separator in query`},
		"format=x&maxExceptions=y":        {`maxExceptions: "y": ` + number, `format: "x": must be flink, or omitted`},
	} {
		assert.Equal(t, want, errorsOf(t, get(t, h, "/exceptions?"+query), http.StatusBadRequest))
	}
	assert.Equal(t, []string{`maxJobs: "many": ` + number}, errorsOf(t, get(t, h, "/jobs?maxJobs=many"), http.StatusBadRequest))
	for _, path := range []string{"/exceptions", "/jobs", "/labels", "/events", "/jobs/a/exceptions"} {
		got := errorsOf(t, get(t, h, path+"?failureLabelFilter=a:%22"), http.StatusBadRequest)
		assert.Contains(t, got[0], "failureLabelFilter: missing closing quote", path)
	}
}

func TestHandlerAnswersHEAD(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	for _, path := range paths {
		want, got := get(t, h, path), ask(t, h, http.MethodHead, path)
		assert.Equal(t, want.Code, got.Code, path)
		want.Header().Del("Content-Length")
		got.Header().Del("Content-Length")
		assert.Equal(t, want.Header(), got.Header(), path)
		assert.Empty(t, got.Body.String(), path)
	}
}

func TestHandlerSetsETags(t *testing.T) {
	t.Parallel()
	h := sample()
	handler := exceptions.NewHandler(h)
	tags := map[string]string{}
	for _, path := range paths {
		w := get(t, handler, path)
		tag := w.Header().Get("ETag")
		require.NotEmpty(t, tag, path)
		tags[path] = tag
		for _, known := range []string{tag, "W/" + strings.TrimPrefix(tag, "W/"), `"x", ` + tag, "*"} {
			again := get(t, handler, path, "If-None-Match", known)
			assert.Equal(t, http.StatusNotModified, again.Code, "%s with %s", path, known)
			assert.Empty(t, again.Body.String())
			assert.Equal(t, tag, again.Header().Get("ETag"))
			assert.Equal(t, http.StatusNotModified, ask(t, handler, "HEAD", path, "If-None-Match", known).Code)
		}
		assert.Equal(t, http.StatusOK, get(t, handler, path, "If-None-Match", `"x"`).Code)
	}
	keep(h, errBoom, enricher.FailureContext{JobID: "b"}, enricher.Labels{"x": "y"})
	for _, path := range paths {
		static := path == "/" || strings.Contains(path, ".")
		want := http.StatusOK
		if static || path == "/jobs/a/exceptions" || path == "/failures/4" || path == "/status" {
			want = http.StatusNotModified
		}
		assert.Equal(t, want, get(t, handler, path, "If-None-Match", tags[path]).Code, path)
	}
}

var hostileTexts = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</script><svg onload=alert(1)>`, `javascript:alert(1)`,
	"a\r\nSet-Cookie: x=1\r\n\r\n<b>", "data: x\n\nevent: failure\ndata: {}", "\u2028\u2029", "\x00\x1b[2J", `{"a":"b"}`, `'; DROP TABLE jobs; --`, "\xff\xfe",
}

func TestHandlerEscapesHostileTexts(t *testing.T) {
	t.Parallel()
	for _, text := range hostileTexts {
		h := exceptions.NewHistory(exceptions.Options{Redact: func(s string) string { return s }})
		fc := enricher.FailureContext{ID: text, JobID: text, JobName: text, TaskName: text, TaskManagerID: text, Endpoint: text, Attributes: map[string]string{text: text}}
		keep(h, fmt.Errorf("%s", text), fc, enricher.Labels{text: text})
		handler := exceptions.NewHandler(h)
		for _, path := range []string{
			"/exceptions", "/jobs", "/labels", "/jobs/" + url.PathEscape(text) + "/exceptions", "/exceptions?jobId=" + url.QueryEscape(text),
			"/exceptions?format=" + url.QueryEscape(text), "/exceptions?maxExceptions=" + url.QueryEscape(text), "/exceptions?failureLabelFilter=" + url.QueryEscape(`"`+text),
			"/" + url.PathEscape(text), "/jobs/x" + url.PathEscape(text) + "/exceptions", "/exceptions?" + url.QueryEscape(text) + "=%zz",
		} {
			w := get(t, handler, path)
			assert.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"), path)
			assert.True(t, json.Valid(w.Body.Bytes()), "%s: %s", path, w.Body)
			body := strings.TrimSuffix(w.Body.String(), "\n")
			assert.NotContains(t, body, "<")
			assert.NotContains(t, body, ">")
			assert.NotContains(t, body, "\u2028")
			for i := range len(body) {
				if body[i] < ' ' {
					t.Errorf("%s: control character %q", path, body[i])
				}
			}
			for name, values := range w.Header() {
				assert.NotContains(t, strings.Join(values, ""), "alert", name)
			}
			assert.Empty(t, w.Header().Get("Set-Cookie"))
		}
	}
}
