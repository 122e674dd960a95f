package exceptions

import (
	"encoding/json"

	"github.com/failure-enrichers/enricher"
)

// A wireEntry is an Entry in the REST API: Flink's keys, then our additions.
type wireEntry struct {
	ExceptionName        string          `json:"exceptionName"`
	Stacktrace           string          `json:"stacktrace"`
	Timestamp            int64           `json:"timestamp"` // ms
	FailureLabels        enricher.Labels `json:"failureLabels"`
	TaskName             string          `json:"taskName,omitempty"`
	Endpoint             string          `json:"endpoint,omitempty"`
	TaskManagerID        string          `json:"taskManagerId,omitempty"`
	ConcurrentExceptions []wireEntry     `json:"concurrentExceptions,omitzero"`

	*additions // nil with format=flink
}

type additions struct {
	ID                string            `json:"id"`
	RootID            string            `json:"rootId,omitempty"`
	JobID             string            `json:"jobId"`
	JobName           string            `json:"jobName"`
	Message           string            `json:"message"`
	FailureType       string            `json:"failureType"`
	Attempt           int               `json:"attempt,omitempty"`
	MaxAttempts       int               `json:"maxAttempts,omitempty"`
	LabelState        LabelState        `json:"labelState"`
	FailedEnrichers   []FailedEnricher  `json:"failedEnrichers"`
	Attributes        map[string]string `json:"attributes,omitempty"`
	ConcurrentDropped int               `json:"concurrentDropped,omitempty"`

	LabelsDropped          int `json:"labelsDropped,omitempty"`
	AttributesDropped      int `json:"attributesDropped,omitempty"`
	FailedEnrichersDropped int `json:"failedEnrichersDropped,omitempty"`

	LabelIssues        []LabelIssue `json:"labelIssues,omitempty"`
	LabelIssuesDropped int          `json:"labelIssuesDropped,omitempty"`
}

// wire returns e for the REST API, without those under it.
func (e *Entry) wire(flink bool) wireEntry {
	w := wireEntry{
		ExceptionName: e.ExceptionName,
		Stacktrace:    e.Stacktrace,
		Timestamp:     e.Time.UnixMilli(),
		FailureLabels: e.Labels,
		TaskName:      e.TaskName,
		Endpoint:      e.Endpoint,
		TaskManagerID: e.TaskManagerID,
	}
	if w.FailureLabels == nil {
		w.FailureLabels = enricher.Labels{}
	}
	if flink {
		return w
	}
	w.additions = &additions{
		ID:                e.ID,
		RootID:            e.RootID,
		JobID:             e.JobID,
		JobName:           e.JobName,
		Message:           e.Message,
		FailureType:       e.Type.String(),
		Attempt:           e.Attempt,
		MaxAttempts:       e.MaxAttempts,
		LabelState:        e.LabelState,
		FailedEnrichers:   e.FailedEnrichers,
		Attributes:        e.Attributes,
		ConcurrentDropped: e.ConcurrentDropped,

		LabelsDropped:          e.LabelsDropped,
		AttributesDropped:      e.AttributesDropped,
		FailedEnrichersDropped: e.FailedEnrichersDropped,

		LabelIssues:        e.LabelIssues,
		LabelIssuesDropped: e.LabelIssuesDropped,
	}
	if w.FailedEnrichers == nil {
		w.FailedEnrichers = []FailedEnricher{}
	}
	return w
}

// wire returns g for the REST API.
func (g *group) wire(flink bool) wireEntry {
	w := g.root.wire(flink)
	if g.under {
		return w
	}
	w.ConcurrentExceptions = make([]wireEntry, len(g.concurrent))
	for i, c := range g.concurrent {
		w.ConcurrentExceptions[i] = c.wire(flink)
	}
	if !flink {
		w.additions.ConcurrentDropped = g.dropped
	}
	return w
}

// MarshalJSON returns e as the REST API serves it.
func (e Entry) MarshalJSON() ([]byte, error) {
	w := e.wire(false)
	if e.Concurrent != nil {
		w.ConcurrentExceptions = make([]wireEntry, len(e.Concurrent))
		for i := range e.Concurrent {
			w.ConcurrentExceptions[i] = e.Concurrent[i].wire(false)
		}
	}
	return json.Marshal(w)
}
