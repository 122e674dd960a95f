package history_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/history"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
)

type answer struct {
	ExceptionHistory struct {
		Entries []struct {
			ExceptionName, Stacktrace         string
			Timestamp                         int64
			FailureLabels                     map[string]string
			TaskName, Endpoint, TaskManagerID string
		}
		Truncated bool
	}
}

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func exceptions(t *testing.T, h *history.History, id string) answer {
	t.Helper()
	status, body := get(t, h.Handler(), "/jobs/"+id+"/exceptions")
	require.Equal(t, http.StatusOK, status)
	var a answer
	require.NoError(t, json.Unmarshal([]byte(body), &a))
	return a
}

func observe(h *history.History, cause error, fc enricher.FailureContext, labels enricher.Labels) {
	h.ObserveFailure(context.Background(), cause, fc, enricher.Result{Labels: labels})
}

func TestFailuresAreServedAsFlinkDoes(t *testing.T) {
	t.Parallel()
	h := history.New([]manager.Job{{ID: "a"}})
	observe(h, errors.New("broken"), enricher.FailureContext{
		JobID: "a", TaskName: "http", Endpoint: "host:1", TaskManagerID: "worker-1", Time: time.UnixMilli(1234567),
	}, enricher.Labels{"kind": "<USER>"})
	_, body := get(t, h.Handler(), "/jobs/a/exceptions")
	assert.Equal(t, `{
  "exceptionHistory": {
    "entries": [
      {
        "exceptionName": "error",
        "stacktrace": "broken",
        "timestamp": 1234567,
        "failureLabels": {
          "kind": "<USER>"
        },
        "taskName": "http",
        "endpoint": "host:1",
        "taskManagerId": "worker-1"
      }
    ],
    "truncated": false
  }
}
`, body)
}

func TestTheNewestSixteenFailuresAreKept(t *testing.T) {
	t.Parallel()
	h := history.New([]manager.Job{{ID: "a"}, {ID: "b"}})
	for i := range 16 {
		observe(h, fmt.Errorf("failure %d", i), enricher.FailureContext{JobID: "a"}, nil)
	}
	a := exceptions(t, h, "a").ExceptionHistory
	require.Len(t, a.Entries, 16)
	assert.False(t, a.Truncated)

	observe(h, errors.New("one more"), enricher.FailureContext{JobID: "a"}, nil)
	a = exceptions(t, h, "a").ExceptionHistory
	require.Len(t, a.Entries, 16)
	assert.True(t, a.Truncated)
	assert.Equal(t, "one more", a.Entries[0].Stacktrace, "newest first")
	assert.Equal(t, "failure 1", a.Entries[15].Stacktrace)
	assert.Empty(t, exceptions(t, h, "b").ExceptionHistory.Entries)
}

func TestAnExceptionIsNamedByItsType(t *testing.T) {
	t.Parallel()
	h := history.New([]manager.Job{{ID: "a"}})
	observe(h, fmt.Errorf("open: %w", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}), enricher.FailureContext{JobID: "a"}, nil)
	observe(h, enricher.NewPanicError("oops", []byte("stack")), enricher.FailureContext{JobID: "a"}, nil)
	a := exceptions(t, h, "a").ExceptionHistory
	assert.Equal(t, "enricher.PanicError", a.Entries[0].ExceptionName)
	assert.Equal(t, "panic: oops\n\nstack", a.Entries[0].Stacktrace)
	assert.Equal(t, "fs.PathError", a.Entries[1].ExceptionName)
}

func TestAnUnknownJobIsNotFound(t *testing.T) {
	t.Parallel()
	h := history.New(nil)
	observe(h, errors.New("broken"), enricher.FailureContext{JobID: "nope"}, nil)
	status, body := get(t, h.Handler(), "/jobs/nope/exceptions")
	assert.Equal(t, http.StatusNotFound, status)
	assert.JSONEq(t, `{"errors": ["no job \"nope\""]}`, body)
}

func TestTheIndexListsWhatThereIs(t *testing.T) {
	t.Parallel()
	h := history.New([]manager.Job{{ID: "b"}, {ID: "a"}})
	status, body := get(t, h.Handler(), "/")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "The latest failures of each job, with their labels:\n\n/jobs/a/exceptions\n/jobs/b/exceptions\n", body)
	status, _ = get(t, h.Handler(), "/elsewhere")
	assert.Equal(t, http.StatusNotFound, status)
}
