// Package form has the form of package wire and its way back to an error. Package
// wire/guest uses it in place of wire, so that a plugin does not contain what encodes.
package form

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/foreign"
)

// Version is the version of the form.
const Version = 1

// The bounds of a failure.
const (
	MaxErrors = 64
	MaxText   = 8 << 10 // bytes of a text
	MaxFrames = 32
	MaxTotal  = 64 << 10 // bytes
	MaxName   = 1 << 10  // bytes of any other string
	MaxPairs  = 64       // attributes or labels
)

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
	Joined   bool              `json:"joined,omitempty"` // it has Unwrap() []error
	Is       []string          `json:"is,omitempty"`     // sentinels that it is
	Has      Has               `json:"has,omitzero"`
	Fields   map[string]string `json:"fields,omitempty"`
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
	StatusCode   *int64  `json:"statusCode,omitempty"`
	SQLState     *string `json:"sqlState,omitempty"`
	Code         any     `json:"code,omitempty"` // a string or a number
	ErrorType    *string `json:"errorType,omitempty"`
	Errno        string  `json:"errno,omitempty"` // by name
	ExitStatus   *int64  `json:"exitStatus,omitempty"`
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

// Decode returns the failure that data has.
func Decode(data []byte) (*Failure, error) {
	var f Failure
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	if f.V != Version {
		return nil, fmt.Errorf("wire: version %d: must be %d", f.V, Version)
	}
	if len(f.Chain) > MaxErrors {
		f.Chain, f.Cut = f.Chain[:MaxErrors], true
	}
	return &f, nil
}

// Encode returns f as JSON.
func (f *Failure) Encode() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(f); err != nil {
		return []byte(`{"v":1,"cut":true}`) // no field can cause it
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// ContextOf returns fc in this form.
func ContextOf(fc enricher.FailureContext) Context {
	c := Context{
		ID: fc.ID, RootID: fc.RootID, JobID: fc.JobID, JobName: fc.JobName, TaskName: fc.TaskName,
		TaskManagerID: fc.TaskManagerID, Endpoint: fc.Endpoint, Attempt: fc.Attempt, MaxAttempts: fc.MaxAttempts,
		Terminal: fc.Terminal, Attributes: fc.Attributes, Labels: fc.Labels,
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
