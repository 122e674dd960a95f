package exceptions_test

import (
	"encoding/json"
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

var paths = []string{"/", "/app.js", "/style.css", "/openapi.json", "/jobs", "/jobs/a/exceptions", "/exceptions", "/labels"}

func TestEveryAnswerIsProtected(t *testing.T) {
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

func TestFilesHaveTheirTypes(t *testing.T) {
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

func TestJobsAreServed(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	jobs := decode(t, get(t, h, "/jobs?maxJobs=1"))
	assert.Equal(t, true, jobs["truncated"])
	require.Len(t, jobs["jobs"], 1)
	job := jobs["jobs"].([]any)[0].(object)
	latest := job["latest"].(object)
	assert.Equal(t, "4", latest["id"])
	assert.NotContains(t, latest, "concurrentExceptions")
	delete(job, "latest")
	assert.Equal(t, object{"jobId": "b", "jobName": "job b", "failures": 3.0, "entries": 2.0, "pending": 0.0}, job)
	assert.Len(t, decode(t, get(t, h, "/jobs?failureLabelFilter=team"))["jobs"], 2)
	assert.Len(t, decode(t, get(t, h, "/jobs?jobId=a&jobId=c&jobId=none"))["jobs"], 2)
	assert.Empty(t, decode(t, get(t, h, "/jobs?jobId=none"))["jobs"])
}

func TestLabelsAreServed(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	w := get(t, h, "/labels?failureLabelFilter=type:SYSTEM")
	decode(t, w)
	assert.JSONEq(t, `{"labels":[
		{"key":"team","count":1,"values":[{"value":"y","count":1}]},
		{"key":"type","count":2,"values":[{"value":"SYSTEM","count":2}]}]}`, w.Body.String())
	assert.JSONEq(t, `{"labels":[]}`, get(t, h, "/labels?jobId=c").Body.String())
}

func TestTheExceptionsOfAllJobsAreServed(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	all, truncated := historyOf(t, get(t, h, "/exceptions?maxExceptions=4"))
	assert.True(t, truncated)
	var got []string
	for _, e := range all {
		got = append(got, e["id"].(string))
	}
	assert.Equal(t, []string{"4", "3", "2", "1"}, got)
	some, _ := historyOf(t, get(t, h, "/exceptions?jobId=a&failureLabelFilter=type:USER"))
	require.Len(t, some, 1)
	assert.Equal(t, "0", some[0]["id"])
}

func TestAnEntryHasAllThatIsKnown(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	h.ObserveFailure(t.Context(), errBoom, enricher.FailureContext{
		ID: "f", JobID: "j", JobName: "job", Type: enricher.FailureTypeTaskManager, Attempt: 2, MaxAttempts: 3,
		TaskName: "task", TaskManagerID: "tm", Endpoint: "host:1", Time: flinkStart, Attributes: map[string]string{"a": "b"},
	}, enricher.Result{Labels: enricher.Labels{"k": "v"}, Outcomes: []enricher.Outcome{
		{Enricher: "slow", Status: enricher.StatusTimedOut, Err: errBoom},
	}})
	keep(h, errBoom, enricher.FailureContext{RootID: "f", ID: "c", JobID: "j", Time: flinkStart}, nil)
	w := get(t, exceptions.NewHandler(h), "/jobs/j/exceptions")
	assert.JSONEq(t, `{"exceptionHistory":{"truncated":false,"entries":[{
		"exceptionName":"*errors.errorString","stacktrace":"boom\n  type: *errors.errorString","timestamp":1700000000000,
		"failureLabels":{"k":"v"},"taskName":"task","endpoint":"host:1","taskManagerId":"tm",
		"concurrentExceptions":[{
			"exceptionName":"*errors.errorString","stacktrace":"boom\n  type: *errors.errorString","timestamp":1700000000000,"failureLabels":{},
			"id":"c","rootId":"f","jobId":"j","jobName":"","message":"boom","failureType":"","labelState":"complete","failedEnrichers":[]}],
		"id":"f","jobId":"j","jobName":"job","message":"boom","failureType":"TASK_MANAGER","attempt":2,"maxAttempts":3,
		"labelState":"incomplete","failedEnrichers":[{"enricher":"slow","status":"timed-out","error":"boom"}],"attributes":{"a":"b"}
	}]}}`, w.Body.String())
	text, err := json.Marshal(only(t, h))
	require.NoError(t, err)
	entry, err := json.Marshal(decode(t, w)["exceptionHistory"].(object)["entries"].([]any)[0])
	require.NoError(t, err)
	assert.JSONEq(t, string(entry), string(text), "an Entry as JSON is the same")
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	for path, want := range map[string][]string{
		"/exceptions?format=xml":       {`format: "xml" is not a format: it may be flink, or left out`},
		"/exceptions?format=Flink":     {`format: "Flink" is not a format: it may be flink, or left out`},
		"/jobs?maxJobs=many":           {`maxJobs: "many" is not a whole number from 0 to 2147483647`},
		"/jobs?failureLabelFilter=%zz": {`the query cannot be read: invalid URL escape "%zz"`},
		"/jobs?a;b":                    {`the query cannot be read: invalid semicolon separator in query`},
		"/exceptions?format=x&maxExceptions=y": {
			`maxExceptions: "y" is not a whole number from 0 to 2147483647`,
			`format: "x" is not a format: it may be flink, or left out`,
		},
	} {
		assert.Equal(t, want, errorsOf(t, get(t, h, path), http.StatusBadRequest), path)
	}
	for _, path := range []string{"/exceptions", "/jobs", "/labels", "/events", "/jobs/a/exceptions"} {
		got := errorsOf(t, get(t, h, path+"?failureLabelFilter=a:%22"), http.StatusBadRequest)
		assert.Contains(t, got[0], "failureLabelFilter: a closing quote is missing", path)
	}
}

func TestParametersThatAreNotKnownAreIgnored(t *testing.T) {
	t.Parallel()
	w := get(t, exceptions.NewHandler(sample()), "/exceptions?maxexceptions=x&foo=bar")
	assert.Equal(t, http.StatusOK, w.Code)
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	assert.Equal(t, []string{`there is no job "none" in the history`}, errorsOf(t, get(t, h, "/jobs/none/exceptions"), http.StatusNotFound))
	for _, path := range []string{"/none", "/jobs/", "/jobs/a", "/jobs/a/b/exceptions", "/jobs/a/exceptions/", "//", "/page/app.js", "/openapi.yaml"} {
		got := errorsOf(t, get(t, h, path), http.StatusNotFound)
		assert.Contains(t, got[0], "/jobs/{jobid}/exceptions", path)
	}
	assert.Equal(t, http.StatusNotFound, get(t, exceptions.NewHandler(nil), "/jobs/a/exceptions").Code)
}

func TestOtherMethodsAreNotAllowed(t *testing.T) {
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

func TestLongRequestsAreRefused(t *testing.T) {
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

func TestHeadIsGetWithoutABody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(exceptions.NewHandler(sample()))
	defer server.Close()
	for _, path := range append([]string{"/none"}, paths...) {
		headOf := func(method string) (int, http.Header, string) {
			r, err := http.NewRequest(method, server.URL+path, nil)
			require.NoError(t, err)
			res, err := server.Client().Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			for _, name := range []string{"Date", "Content-Length"} {
				res.Header.Del(name)
			}
			return res.StatusCode, res.Header, string(body)
		}
		status, header, body := headOf("GET")
		headStatus, headHeader, headBody := headOf("HEAD")
		assert.Equal(t, status, headStatus, path)
		assert.Equal(t, header, headHeader, path)
		assert.NotEmpty(t, body, path)
		assert.Empty(t, headBody, path)
	}
}

func TestWhatHasNotChangedIsNotSentAgain(t *testing.T) {
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
	keep(h, errBoom, enricher.FailureContext{JobID: "b"}, nil)
	for _, path := range paths {
		static := path == "/" || strings.Contains(path, ".")
		want := http.StatusOK
		if static || path == "/jobs/a/exceptions" {
			want = http.StatusNotModified
		}
		assert.Equal(t, want, get(t, handler, path, "If-None-Match", tags[path]).Code, path)
	}
}

func TestLabelsThatArriveChangeTheETag(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	handler := exceptions.NewHandler(h)
	release := make(chan struct{})
	future := h.EnrichAsync(t.Context(), newEnricher(t, waitFor(release), []string{"k"}), errBoom, enricher.FailureContext{JobID: "a"})
	var tags []string
	for _, path := range []string{"/exceptions", "/jobs/a/exceptions"} {
		tags = append(tags, get(t, handler, path).Header().Get("ETag"))
	}
	close(release)
	future.Result()
	for i, path := range []string{"/exceptions", "/jobs/a/exceptions"} {
		assert.Equal(t, http.StatusOK, get(t, handler, path, "If-None-Match", tags[i]).Code)
	}
}
