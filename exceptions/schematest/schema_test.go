package schematest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	validatorerrors "github.com/pb33f/libopenapi-validator/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// history has a failure of every kind.
func history(t *testing.T) *exceptions.History {
	h := exceptions.NewHistory(exceptions.Options{MaxConcurrentExceptions: 2})
	release := make(chan struct{})
	// So much that the pending failure stays pending.
	e, err := enricher.New(enricher.Config{Timeout: time.Hour}, enricher.WithEnricher("labels", enricher.Func([]string{"type"},
		func(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
			switch fc.TaskName {
			case "fail":
				return nil, cause
			case "panic":
				panic("no")
			case "wait":
				<-release
			}
			return enricher.Labels{"type": "USER"}, nil
		})))
	require.NoError(t, err)
	t.Cleanup(func() {
		close(release)
		require.NoError(t, e.Shutdown(context.Background()))
	})
	for _, fc := range []enricher.FailureContext{
		{},
		{JobID: "full", JobName: "all fields", TaskName: "map", TaskManagerID: "tm", Endpoint: "host:1", Attempt: 1, MaxAttempts: 2, Type: enricher.FailureTypeTask, Attributes: map[string]string{"a": "b"}},
		{JobID: "full", TaskName: "fail", Type: enricher.FailureTypeGlobal},
		{JobID: "full", TaskName: "panic", Type: enricher.FailureTypeTaskManager},
		{JobID: "roots", ID: "root"},
		{JobID: "roots", RootID: "root", ID: "1"},
		{JobID: "roots", RootID: "root", ID: "2", TaskName: "map"},
		{JobID: "roots", RootID: "root", ID: "3", TaskName: "fail"},
		{JobID: "roots", RootID: "nowhere", ID: "orphan"},
		{JobID: "<script>", JobName: "\xff\x00"},
	} {
		h.Enrich(t.Context(), e, fmt.Errorf("x: %w", &fs.PathError{Op: "open", Path: "x", Err: errors.New("boom")}), fc)
	}
	h.EnrichAsync(t.Context(), e, errors.New("pending"), enricher.FailureContext{JobID: "full", TaskName: "wait"})
	return h
}

func load(t *testing.T, h http.Handler) validator.Validator {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/openapi.json", nil))
	require.Equal(t, http.StatusOK, w.Code)
	// The server of the document is ".", but the validator needs an absolute URL.
	text := strings.Replace(w.Body.String(), `"url": "."`, `"url": "http://example.org"`, 1)
	doc, err := libopenapi.NewDocument([]byte(text))
	require.NoError(t, err)
	v, errs := validator.NewValidator(doc)
	require.Empty(t, errs)
	return v
}

func TestDocumentIsValid(t *testing.T) {
	v := load(t, exceptions.NewHandler(history(t)))
	ok, errs := v.ValidateDocument()
	assert.True(t, ok, "%s", texts(errs))
}

func TestAnswersAreValid(t *testing.T) {
	h := exceptions.NewHandler(history(t))
	v := load(t, h)
	for path, status := range map[string]int{
		"/exceptions": 200, "/exceptions?maxExceptions=1": 200, "/exceptions?maxExceptions=0": 200,
		"/exceptions?format=flink": 200, "/exceptions?format=flink&failureLabelFilter=none": 200,
		"/exceptions?failureLabelFilter=type%3AUSER": 200, "/exceptions?jobId=full&jobId=roots": 200,
		"/jobs/full/exceptions": 200, "/jobs/roots/exceptions": 200, "/jobs/roots/exceptions?format=flink": 200,
		"/jobs": 200, "/jobs?maxJobs=1&failureLabelFilter=type": 200, "/labels": 200, "/labels?jobId=none": 200, "/openapi.json": 200,
		"/exceptions?from=2026-01-02T03%3A04%3A05Z&to=4000000000000&q=boom&sort=oldest&maxExceptions=2": 200, "/jobs?sort=count&maxJobs=1&from=0": 200,
		"/groups?by=type&sort=lastSeen&maxGroups=1": 200, "/groups?q=none": 200, "/groups?by=type&buckets=0": 200,
		"/histogram": 200, "/histogram?by=type&buckets=3": 200, "/histogram?jobId=none&by=type": 200, "/failures/gone": 404, "/status": 200,
		"/jobs/none/exceptions": 404, "/exceptions?maxExceptions=x": 400, "/jobs?failureLabelFilter=%3Ax": 400, "/events?failureLabelFilter=%3Ax": 400,
		"/labels?x=" + strings.Repeat("x", 9000): 414,
	} {
		r := httptest.NewRequest("GET", "http://example.org"+path, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, status, w.Code, path)
		ok, errs := v.ValidateHttpResponse(r, w.Result())
		assert.True(t, ok, "%s: %s\n%s", path, texts(errs), w.Body)
		if status < 400 {
			ok, errs = v.ValidateHttpRequest(r)
			assert.True(t, ok, "%s: %s", path, texts(errs))
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "http://example.org/jobs", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	ok, errs := v.ValidateHttpResponse(httptest.NewRequest("GET", "http://example.org/jobs", nil), w.Result())
	assert.True(t, ok, "%s", texts(errs))
}

func TestAnswersThatSayWhatWasDroppedAreValid(t *testing.T) {
	history := exceptions.NewHistory(exceptions.Options{})
	many := map[string]string{}
	var outcomes []enricher.Outcome
	for i := range 1100 {
		many[fmt.Sprint(i)] = "x"
		outcomes = append(outcomes, enricher.Outcome{
			Enricher: "e", Status: enricher.StatusFailed, Err: errors.New("x"), Issues: []enricher.LabelIssue{{Key: "k", Err: enricher.ErrInvalidValue}},
		})
	}
	for i := range 200 {
		history.ObserveFailure(t.Context(), errors.New("x"), enricher.FailureContext{JobID: fmt.Sprint(i)}, enricher.Result{Labels: enricher.Labels{"i": fmt.Sprint(i)}})
	}
	res := enricher.Result{Labels: many, Outcomes: outcomes}
	history.ObserveFailure(t.Context(), errors.New("x"), enricher.FailureContext{ID: "a", Attributes: many}, res)
	history.ObserveFailure(t.Context(), errors.New("x"), enricher.FailureContext{RootID: "a", Attributes: many}, res)
	h := exceptions.NewHandler(history)
	v := load(t, h)
	for _, path := range []string{"/exceptions", "/jobs", "/labels"} {
		r := httptest.NewRequest("GET", "http://example.org"+path, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Contains(t, w.Body.String(), `sDropped":`)
		ok, errs := v.ValidateHttpResponse(r, w.Result())
		assert.True(t, ok, "%s: %s", path, texts(errs))
	}
}

// The schema rejects unknown keys, so an answer with another key is invalid.
func TestAnswersWithOtherKeysAreInvalid(t *testing.T) {
	h := exceptions.NewHandler(history(t))
	v := load(t, h)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://example.org/exceptions?maxExceptions=1", nil)
	h.ServeHTTP(w, r)
	for what, with := range map[string]string{
		`"labelState"`: `"state"`, `"timestamp":`: `"timestamp":"x","y":`, `"truncated"`: `"more"`, `"failureLabels":{`: `"failureLabels":{"n":1,`,
		`"labelState":"pending"`: `"labelState":"done"`,
	} {
		body := strings.Replace(w.Body.String(), what, with, 1)
		require.NotEqual(t, w.Body.String(), body, what)
		res := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
		ok, _ := v.ValidateHttpResponse(r, res)
		assert.False(t, ok, "%s as %s", what, with)
	}
}

// OpenAPI cannot assign a schema to the data of an event, so this test puts the
// data into answers with the same schema.
func TestEventsAreValid(t *testing.T) {
	handler := exceptions.NewHandler(history(t))
	v := load(t, handler)
	server := httptest.NewServer(handler)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/events", nil)
	require.NoError(t, err)
	r.Header.Set("Last-Event-ID", "1")
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, "text/event-stream; charset=utf-8", res.Header.Get("Content-Type"))

	var root string
	kinds := map[string]int{}
	lines := bufio.NewScanner(res.Body)
	for event := ""; kinds["failure"] < 11 && lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		if name == "event" {
			event = value
			kinds[event]++
		}
		if name != "data" || event == "lost" {
			continue
		}
		if !strings.Contains(value, `"rootId"`) {
			root = value
		} else {
			value = strings.Replace(root, `"concurrentExceptions":[]`, `"concurrentExceptions":[`+value+`]`, 1)
			require.NotEqual(t, root, value)
			kinds["concurrent"]++
		}
		ok, errs := v.ValidateHttpResponse(httptest.NewRequest("GET", "http://example.org/exceptions", nil), &http.Response{
			StatusCode: 200,
			Header:     http.Header{"Content-Type": {"application/json"}},
			Body:       io.NopCloser(strings.NewReader(`{"exceptionHistory":{"entries":[` + value + `],"truncated":false}}`)),
		})
		assert.True(t, ok, "%s\n%s", texts(errs), value)
	}
	assert.Equal(t, map[string]int{"lost": 1, "failure": 11, "labels": 10, "concurrent": 6}, kinds)
}

func texts(errs []*validatorerrors.ValidationError) string {
	var out []string
	for _, err := range errs {
		out = append(out, err.Error())
		for _, s := range err.SchemaValidationErrors {
			out = append(out, "  "+s.Error())
		}
	}
	return strings.Join(out, "\n")
}
