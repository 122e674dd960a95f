package exceptions_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestTheHandlerWorksBelowAPrefixAndBehindAMux(t *testing.T) {
	t.Parallel()
	h := sample()
	keep(h, errBoom, enricher.FailureContext{JobID: "a/b c%é?", ID: "odd"}, nil)
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

func TestWithoutASlashThePageIsOneRedirectAway(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/failures", http.StripPrefix("/failures", exceptions.NewHandler(nil)))
	w := get(t, mux, "/failures?filter=a:b")
	assert.Equal(t, http.StatusTemporaryRedirect, w.Code)
	assert.Equal(t, "./failures/?filter=a:b", w.Header().Get("Location"))
}

func TestTheHandlerCanBeWrappedByAuthentication(t *testing.T) {
	t.Parallel()
	inner := exceptions.NewHandler(sample())
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "open sesame" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	})
	assert.Equal(t, http.StatusUnauthorized, get(t, h, "/jobs").Code)
	assert.Equal(t, http.StatusOK, get(t, h, "/jobs", "Authorization", "Basic Om9wZW4gc2VzYW1l").Code)
}

// hostileTexts are what somebody may want a browser, a shell or a log reader to

// run.
