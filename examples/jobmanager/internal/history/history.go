// Package history keeps the latest failures of each job and serves them. It
// learns of them as an [enricher.Observer], so nothing else has to know of it.
package history

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"sync"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
)

// perJob is how many failures of a job are kept.
const perJob = 16

// A History has the latest failures of a number of jobs. Its methods may be
// called concurrently.
type History struct {
	mu   sync.Mutex
	jobs map[string]*exceptions
}

var _ enricher.Observer = (*History)(nil)

// exceptions are the failures of one job, newest first.
type exceptions struct {
	Entries   []entry `json:"entries"`
	Truncated bool    `json:"truncated"` // there were more
}

// An entry is a failure as the REST API of Flink has it.
type entry struct {
	ExceptionName string          `json:"exceptionName"`
	Stacktrace    string          `json:"stacktrace"`
	Timestamp     int64           `json:"timestamp"` // ms
	FailureLabels enricher.Labels `json:"failureLabels"`
	TaskName      string          `json:"taskName"`
	Endpoint      string          `json:"endpoint"`
	TaskManagerID string          `json:"taskManagerId"`
}

// New returns a History of these jobs.
func New(jobs []manager.Job) *History {
	h := &History{jobs: make(map[string]*exceptions, len(jobs))}
	for _, job := range jobs {
		h.jobs[job.ID] = &exceptions{Entries: []entry{}}
	}
	return h
}

// ObserveFailure adds a failure. One of a job that h was not made for is ignored.
func (h *History) ObserveFailure(_ context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
	e := entry{
		ExceptionName: typeOf(cause),
		Stacktrace:    trace(cause),
		Timestamp:     fc.Time.UnixMilli(),
		FailureLabels: res.Labels,
		TaskName:      fc.TaskName,
		Endpoint:      fc.Endpoint,
		TaskManagerID: fc.TaskManagerID,
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	job := h.jobs[fc.JobID]
	if job == nil {
		return
	}
	job.Entries = slices.Insert(job.Entries, 0, e)
	if len(job.Entries) > perJob {
		job.Entries, job.Truncated = job.Entries[:perJob], true
	}
}

// typeOf names the type of the outermost error that has one of its own.
func typeOf(cause error) string {
	for err := range enricher.Chain(cause) {
		t := reflect.TypeOf(err)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if pkg := t.PkgPath(); pkg != "fmt" && pkg != "errors" {
			return t.String()
		}
	}
	return "error"
}

// trace returns the text of the error, and the stack if it was a panic.
func trace(cause error) string {
	text := cause.Error()
	for err := range enricher.Chain(cause) {
		if p, ok := err.(*enricher.PanicError); ok {
			return text + "\n\n" + string(p.Stack)
		}
	}
	return text
}

// Handler serves GET /jobs/{jobid}/exceptions, and at / what there is.
func (h *History) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jobs/{jobid}/exceptions", h.serveExceptions)
	mux.HandleFunc("GET /{$}", h.serveIndex)
	return mux
}

func (h *History) serveExceptions(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("jobid")
	var copied exceptions
	h.mu.Lock()
	job := h.jobs[id]
	if job != nil {
		copied = exceptions{slices.Clone(job.Entries), job.Truncated}
	}
	h.mu.Unlock()
	if job == nil {
		writeJSON(w, http.StatusNotFound, map[string]any{"errors": []string{fmt.Sprintf("no job %q", id)}})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"exceptionHistory": copied})
}

func (h *History) serveIndex(w http.ResponseWriter, _ *http.Request) {
	h.mu.Lock()
	ids := make([]string, 0, len(h.jobs))
	for id := range h.jobs {
		ids = append(ids, id)
	}
	h.mu.Unlock()
	slices.Sort(ids)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "The latest failures of each job, with their labels:\n\n")
	for _, id := range ids {
		fmt.Fprintf(w, "/jobs/%s/exceptions\n", id)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	enc.Encode(v)
}
