package exceptions

import (
	"cmp"
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A failure is one that may get labels.
type failure struct {
	record     Record
	accepted   bool // the record was, before it got its labels
	completing sync.Once
	origin     origin // while it is under way
}

// write passes a failure to the store.
func (h *History) write(f *failure) {
	f.record.Update = f.accepted
	if h.memory != nil {
		f.accepted = true
		h.memory.Append(context.Background(), []Record{f.record})
		return
	}
	f.accepted = h.writer.put(f.record) || f.accepted
}

// kept returns a failure that gets other labels. The record with this key is accepted.
func kept(key string) *failure { return &failure{record: Record{Key: key}, accepted: true} }

// newKey returns the key of a new record.
func (h *History) newKey() string { return h.unique + strconv.FormatUint(h.number.Add(1), 36) }

// The times that are kept, which all forms of a time have room for. Any other is a mistake,
// such as nanoseconds taken for seconds.
var (
	firstTime = time.Unix(0, 0)
	endTime   = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
)

// newFailure makes a failure with the key of its record.
func (h *History) newFailure(key string, cause error, fc enricher.FailureContext) *failure {
	if fc.Time.Before(firstTime) || !fc.Time.Before(endTime) {
		fc.Time = time.Now()
	}
	if text, _ := fc.Type.MarshalText(); fc.Type.UnmarshalText(text) != nil {
		fc.Type = enricher.FailureTypeUnknown // no store could read it again
	}
	id := cmp.Or(h.identity(fc.ID, maxNameLength), key)
	fc.ID = cmp.Or(fc.ID, key)
	described := h.describe(cause, fc)
	attributes, dropped := h.keepMap(fc.Attributes, maxAttributes)
	return &failure{record: Record{Key: key, Entry: Entry{
		ID:            id,
		RootID:        h.identity(fc.RootID, maxNameLength),
		Type:          fc.Type,
		JobID:         h.identity(cmp.Or(fc.JobID, fc.JobName), maxNameLength),
		JobName:       h.name(fc.JobName),
		TaskName:      h.name(fc.TaskName),
		TaskManagerID: h.name(fc.TaskManagerID),
		Endpoint:      h.name(fc.Endpoint),
		Attempt:       fc.Attempt,
		MaxAttempts:   fc.MaxAttempts,
		Time:          fc.Time.Round(0),
		Attributes:    attributes,
		ExceptionName: described.name,
		Message:       described.message,
		Stacktrace:    described.stacktrace,
		Labels:        enricher.Labels{},
		Process:       h.opts.Process,
		Wire:          described.wire,

		AttributesDropped: dropped,
	}}}
}

// label sets the fields of e that are known after its enrichment.
func (h *History) label(e *Entry, res enricher.Result) {
	e.Labels, e.LabelsDropped = h.keepMap(res.Labels, maxLabels)
	e.LabelState = StateComplete
	var errs, issues []error
	for _, o := range res.Outcomes {
		for _, issue := range o.Issues {
			if len(issues) == maxFailed {
				e.LabelIssuesDropped++
				continue
			}
			issues = append(issues, issue.Err)
			e.LabelIssues = append(e.LabelIssues, LabelIssue{Enricher: h.name(o.Enricher), Key: h.identity(issue.Key, maxKeyLength)})
		}
		if o.Status == enricher.StatusOK {
			continue
		}
		if len(errs) == maxFailed {
			e.FailedEnrichersDropped++
			continue
		}
		errs = append(errs, o.Err)
		e.FailedEnrichers = append(e.FailedEnrichers, FailedEnricher{Enricher: h.name(o.Enricher), Status: o.Status})
	}
	if len(errs)+len(issues) == 0 {
		return
	}
	if len(errs) > 0 {
		e.LabelState = StateIncomplete
	}
	texts := h.readErrors(append(errs, issues...))
	for i := range e.FailedEnrichers {
		e.FailedEnrichers[i].Error = texts[i]
	}
	for i := range e.LabelIssues {
		e.LabelIssues[i].Error = texts[len(errs)+i]
	}
}
