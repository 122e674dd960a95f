package exceptions

import (
	"encoding/json"
	"time"

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
	ID                string               `json:"id"`
	RootID            string               `json:"rootId,omitempty"`
	JobID             string               `json:"jobId"`
	JobName           string               `json:"jobName"`
	Message           string               `json:"message"`
	FailureType       enricher.FailureType `json:"failureType"`
	Attempt           int                  `json:"attempt,omitempty"`
	MaxAttempts       int                  `json:"maxAttempts,omitempty"`
	LabelState        LabelState           `json:"labelState"`
	FailedEnrichers   []FailedEnricher     `json:"failedEnrichers"`
	Attributes        map[string]string    `json:"attributes,omitempty"`
	ConcurrentDropped int                  `json:"concurrentDropped,omitempty"`
	Process           string               `json:"process,omitempty"`

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
		FailureType:       e.Type,
		Attempt:           e.Attempt,
		MaxAttempts:       e.MaxAttempts,
		LabelState:        e.LabelState,
		FailedEnrichers:   e.FailedEnrichers,
		Attributes:        e.Attributes,
		ConcurrentDropped: e.ConcurrentDropped,
		Process:           e.Process,

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

// whole returns e for the REST API, with those under it.
func (e *Entry) whole(flink bool) wireEntry {
	w := e.wire(flink)
	if e.RootID == "" {
		w.ConcurrentExceptions = make([]wireEntry, len(e.Concurrent))
		for i := range e.Concurrent {
			w.ConcurrentExceptions[i] = e.Concurrent[i].wire(flink)
		}
	}
	return w
}

// entry is the reverse of Entry.whole.
func (w *wireEntry) entry() Entry {
	e := Entry{
		ID:            w.ID,
		RootID:        w.RootID,
		Type:          w.FailureType,
		JobID:         w.JobID,
		JobName:       w.JobName,
		TaskName:      w.TaskName,
		TaskManagerID: w.TaskManagerID,
		Endpoint:      w.Endpoint,
		Attempt:       w.Attempt,
		MaxAttempts:   w.MaxAttempts,
		Time:          time.UnixMilli(w.Timestamp),
		Attributes:    w.Attributes,
		ExceptionName: w.ExceptionName,
		Message:       w.Message,
		Stacktrace:    w.Stacktrace,
		Labels:        w.FailureLabels,
		LabelState:    w.LabelState,
		Process:       w.Process,

		FailedEnrichers:   w.FailedEnrichers,
		LabelIssues:       w.LabelIssues,
		ConcurrentDropped: w.ConcurrentDropped,
		LabelsDropped:     w.LabelsDropped,
		AttributesDropped: w.AttributesDropped,

		FailedEnrichersDropped: w.FailedEnrichersDropped,
		LabelIssuesDropped:     w.LabelIssuesDropped,
	}
	if e.Labels == nil {
		e.Labels = enricher.Labels{}
	}
	if e.Attributes == nil {
		e.Attributes = map[string]string{}
	}
	if w.ConcurrentExceptions != nil {
		e.Concurrent = make([]Entry, len(w.ConcurrentExceptions))
	}
	for i := range w.ConcurrentExceptions {
		e.Concurrent[i] = w.ConcurrentExceptions[i].entry()
	}
	return e
}

// UnmarshalJSON makes room for the additions, which encoding/json cannot.
func (w *wireEntry) UnmarshalJSON(text []byte) error {
	type plain wireEntry
	w.additions = &additions{}
	return json.Unmarshal(text, (*plain)(w))
}

// UnmarshalJSON sets e to what MarshalJSON has written. The time is that to the
// millisecond, in the local time zone.
func (e *Entry) UnmarshalJSON(text []byte) error {
	var w wireEntry
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	*e = w.entry()
	return nil
}

// MarshalJSON returns e as the REST API serves it, without the keys of those under it if
// Concurrent is nil.
func (e Entry) MarshalJSON() ([]byte, error) {
	if e.Concurrent == nil {
		return json.Marshal(e.wire(false))
	}
	return json.Marshal(e.whole(false))
}
