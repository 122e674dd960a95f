package report

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
)

// JSON reports as one JSON object a line: an event "failure" for each, and at
// the end an event "summary". Its methods may be called concurrently.
type JSON struct {
	mu  sync.Mutex
	enc *json.Encoder
	err error // of the first write that failed
}

var _ manager.Reporter = (*JSON)(nil)

// NewJSON returns a JSON that writes to w.
func NewJSON(w io.Writer) *JSON {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &JSON{enc: enc}
}

type failureEvent struct {
	Event         string             `json:"event"`
	Time          time.Time          `json:"time"`
	ID            string             `json:"id"`
	JobID         string             `json:"jobId"`
	JobName       string             `json:"jobName"`
	TaskName      string             `json:"taskName"`
	TaskManagerID string             `json:"taskManagerId"`
	Attempt       int                `json:"attempt"`
	MaxAttempts   int                `json:"maxAttempts"`
	Error         string             `json:"error"`
	Labels        enricher.Labels    `json:"labels"`
	State         manager.State      `json:"state"`
	RestartInMs   int64              `json:"restartInMs,omitempty"`
	Outcomes      []enricher.Outcome `json:"outcomes,omitempty"`
}

// Failed writes a failure. It includes the outcomes of the enrichers unless all
// were successful.
func (j *JSON) Failed(f manager.Failure) {
	event := failureEvent{
		Event:         "failure",
		Time:          f.Context.Time,
		ID:            f.Context.ID,
		JobID:         f.Job.ID,
		JobName:       f.Job.Name,
		TaskName:      f.Context.TaskName,
		TaskManagerID: f.Context.TaskManagerID,
		Attempt:       f.Context.Attempt,
		MaxAttempts:   f.Context.MaxAttempts,
		Error:         fmt.Sprint(f.Err),
		Labels:        f.Result.Labels,
		State:         f.State,
		RestartInMs:   f.Delay.Milliseconds(),
	}
	if !f.Result.Complete() {
		event.Outcomes = f.Result.Outcomes
	}
	j.write(event)
}

// Ended writes nothing: the summary has the outcome.
func (j *JSON) Ended(manager.Outcome) {}

type summaryEvent struct {
	Event  string                `json:"event"`
	TookMs int64                 `json:"tookMs"`
	Counts map[manager.State]int `json:"counts"`
	Jobs   []summaryOfJob        `json:"jobs"`
}

type summaryOfJob struct {
	JobID       string          `json:"jobId"`
	JobName     string          `json:"jobName"`
	State       manager.State   `json:"state"`
	Attempts    int             `json:"attempts"`
	MaxAttempts int             `json:"maxAttempts"`
	TookMs      int64           `json:"tookMs"`
	Summary     string          `json:"summary,omitempty"`
	Error       string          `json:"error,omitempty"`
	Labels      enricher.Labels `json:"labels,omitempty"`
}

// Summary writes the outcome of each job, and returns the first error of writing.
func (j *JSON) Summary(outcomes []manager.Outcome, took time.Duration) error {
	event := summaryEvent{
		Event:  "summary",
		TookMs: took.Milliseconds(),
		Counts: count(outcomes),
		Jobs:   make([]summaryOfJob, len(outcomes)),
	}
	for i, o := range outcomes {
		event.Jobs[i] = summaryOfJob{
			JobID:       o.Job.ID,
			JobName:     o.Job.Name,
			State:       o.State,
			Attempts:    o.Attempts,
			MaxAttempts: o.Job.Attempts,
			TookMs:      o.Took().Milliseconds(),
			Summary:     o.Summary,
			Labels:      o.Labels,
		}
		if o.Err != nil {
			event.Jobs[i].Error = fmt.Sprint(o.Err)
		}
	}
	j.write(event)
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

func (j *JSON) write(event any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.enc.Encode(event); j.err == nil {
		j.err = err
	}
}
