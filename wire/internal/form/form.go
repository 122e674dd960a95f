// Package form has the form of package wire and its way back to an error. Package
// wire/guest uses it in place of wire, so that a plugin does not contain what encodes.
package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
)

// Version is the version of the form.
const Version = 1

// A Failure is a failure outside of its process.
type Failure struct {
	V        int     `json:"v"`
	Deadline int64   `json:"deadlineMs,omitempty"`
	Cut      bool    `json:"cut,omitempty"`
	Chain    []Node  `json:"chain,omitempty"` // as enricher.Chain yields it
	Failure  Context `json:"failure,omitzero"`
}

// A Node is one error. Fields that are empty are not known.
type Node struct {
	Depth    int               `json:"depth"`
	Type     string            `json:"type,omitempty"`     // as %T prints it
	TypePath string            `json:"typePath,omitempty"` // the same with the full path of the package, if that differs
	Text     string            `json:"text,omitempty"`
	TextCut  bool              `json:"textCut,omitempty"`
	Joined   bool              `json:"joined,omitempty"` // it may wrap many
	Is       []string          `json:"is,omitempty"`     // sentinels that it is
	Has      Has               `json:"has,omitzero"`
	Fields   map[string]string `json:"fields,omitzero"` // not nil if the type can be restored
	Labels   map[string]string `json:"labels,omitzero"`
	Frames   []foreign.Frame   `json:"frames,omitempty"`

	Evidence []foreign.Evidence `json:"evidence,omitempty"`
	Wait     string             `json:"wait,omitempty"` // before a retry, as a Go duration
	Inner    []Node             `json:"inner,omitzero"` // what the evidence is about in place of what the error wraps
}

// Has is what the methods of an error returned.
type Has struct {
	Timeout      *bool   `json:"timeout,omitempty"`
	Temporary    *bool   `json:"temporary,omitempty"`
	Retryable    *bool   `json:"retryable,omitempty"`
	RetryAfterMs *int64  `json:"retryAfterMs,omitempty"`
	StatusCode   *int    `json:"statusCode,omitempty"`
	SQLState     *string `json:"sqlState,omitempty"`
	Code         *Code   `json:"code,omitempty"`
	ErrorType    *string `json:"errorType,omitempty"`
	Errno        string  `json:"errno,omitempty"` // by name
	ExitStatus   *int    `json:"exitStatus,omitempty"`
	Signal       *string `json:"signal,omitempty"` // by name; "": none
	ExitReason   *string `json:"exitReason,omitempty"`
}

// A Context is an [enricher.FailureContext].
type Context struct {
	ID            string            `json:"id,omitempty"`
	RootID        string            `json:"rootId,omitempty"`
	Type          string            `json:"type,omitempty"`
	JobID         string            `json:"jobId,omitempty"`
	JobName       string            `json:"jobName,omitempty"`
	TaskName      string            `json:"taskName,omitempty"`
	TaskManagerID string            `json:"taskManagerId,omitempty"`
	Endpoint      string            `json:"endpoint,omitempty"`
	Attempt       int               `json:"attempt,omitempty"`
	MaxAttempts   int               `json:"maxAttempts,omitempty"`
	Terminal      bool              `json:"terminal,omitempty"`
	Time          string            `json:"time,omitempty"`
	Attributes    map[string]string `json:"attributes,omitempty"`
	Labels        map[string]string `json:"labels,omitzero"`
}

// UnmarshalJSON ignores values that have a wrong type or are out of range.
func (h *Has) UnmarshalJSON(data []byte) error {
	type plain Has
	var all plain
	if json.Unmarshal(data, &all) == nil {
		*h = Has(all)
		return nil
	}
	var values map[string]json.RawMessage
	_ = json.Unmarshal(data, &values) // or it is no object, and there are none
	all = plain{}
	for key, value := range values {
		one, _ := json.Marshal(map[string]json.RawMessage{key: value})
		if with := all; json.Unmarshal(one, &with) == nil {
			all = with
		}
	}
	*h = Has(all)
	return nil
}

// A Code is what a method Code returned: a string or a number.
type Code struct {
	Text   *string
	Number *int
}

// TextCode and NumberCode return a Code.
func TextCode(s string) *Code { return &Code{Text: &s} }
func NumberCode(n int) *Code  { return &Code{Number: &n} }

// MarshalJSON returns the string or the number.
func (c *Code) MarshalJSON() ([]byte, error) {
	if c.Text != nil {
		return json.Marshal(c.Text)
	}
	return json.Marshal(c.Number)
}

// UnmarshalJSON accepts anything: c is empty if data is neither.
func (c *Code) UnmarshalJSON(data []byte) error {
	*c = Code{new(string), nil}
	if json.Unmarshal(data, c.Text) == nil {
		return nil
	}
	*c = Code{nil, new(int)}
	if json.Unmarshal(data, c.Number) != nil {
		*c = Code{}
	}
	return nil
}

// Decode returns the failure that data has. What has a wrong type or is out of range
// is ignored.
func Decode(data []byte) (*Failure, error) {
	var f Failure
	err := json.Unmarshal(data, &f)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); err != nil && (!ok || wrong.Field == "") {
		return nil, fmt.Errorf("wire: %w", err)
	}
	if f.V != Version {
		return nil, fmt.Errorf("wire: version %d: must be %d", f.V, Version)
	}
	f.Bound()
	return &f, nil
}

// Encode returns f as JSON, of which as much is left out as is necessary.
func (f *Failure) Encode() []byte {
	bounded := *f
	for i := range levels {
		if i > 0 {
			bounded.cut(levels[i])
		}
		if data := bounded.marshal(); len(data) <= MaxTotal {
			return data
		}
	}
	return []byte(`{"v":1,"cut":true}`)
}

func (f *Failure) marshal() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(f) // no field can cause an error
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// ContextOf returns fc in this form.
func ContextOf(fc enricher.FailureContext) Context {
	c := Context{
		ID: fc.ID, RootID: fc.RootID, JobID: fc.JobID, JobName: fc.JobName, TaskName: fc.TaskName,
		TaskManagerID: fc.TaskManagerID, Endpoint: fc.Endpoint, Attempt: fc.Attempt, MaxAttempts: fc.MaxAttempts,
		Terminal: fc.Terminal, Attributes: fc.Attributes, Labels: fc.Labels,
	}
	if len(c.Attributes) == 0 {
		c.Attributes = nil
	}
	if fc.Type <= enricher.FailureTypeTaskManager {
		c.Type = fc.Type.String()
	}
	if year := fc.Time.Year(); !fc.Time.IsZero() && year >= 1 && year <= 9999 {
		c.Time = fc.Time.Format(time.RFC3339Nano)
	}
	return c
}

// Context returns the context of f.
func (f *Failure) Context() enricher.FailureContext {
	c := &f.Failure
	fc := enricher.FailureContext{
		ID: c.ID, RootID: c.RootID, JobID: c.JobID, JobName: c.JobName, TaskName: c.TaskName,
		TaskManagerID: c.TaskManagerID, Endpoint: c.Endpoint, Attempt: c.Attempt, MaxAttempts: c.MaxAttempts,
		Terminal: c.Terminal, Attributes: c.Attributes, Labels: c.Labels,
	}
	_ = fc.Type.UnmarshalText([]byte(c.Type)) // unknown stays unknown
	fc.Time, _ = time.Parse(time.RFC3339Nano, c.Time)
	return fc
}
