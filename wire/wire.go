// Package wire writes a failure as JSON, so that it can leave its process: for a
// plugin, another machine or a store.
//
//	data := wire.Encode(err, fc)
//
//	f, err := wire.Decode(data)
//	labels := e.EnrichContext(ctx, f.Cause(), f.Context())
package wire

import (
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/redact"
	"github.com/failure-enrichers/enricher/wire/internal/form"
)

// Version is the version of the form that Encode writes and Decode reads.
const Version = form.Version

// A Failure is a failure outside of its process. [json.Marshal] writes it as [Encode]
// does.
type Failure struct {
	// Deadline is how much time the receiver has, in whole milliseconds; 0: it is not
	// known.
	Deadline time.Duration

	form form.Failure
}

// Encode returns the failure as JSON. It calls the methods of cause, and survives
// all that they may do. It masks no secrets: see [Failure.Redact].
func Encode(cause error, fc enricher.FailureContext) []byte { return New(cause, fc).form.Encode() }

// New returns what [Encode] writes.
func New(cause error, fc enricher.FailureContext) *Failure { return &Failure{form: newForm(cause, fc)} }

// Decode returns the failure that [Encode] has written.
func Decode(data []byte) (*Failure, error) {
	f, err := form.Decode(data)
	if err != nil {
		return nil, err
	}
	return &Failure{time.Duration(f.Deadline) * time.Millisecond, *f}, nil
}

// MarshalJSON returns f as JSON. The error is always nil.
func (f *Failure) MarshalJSON() ([]byte, error) {
	form := f.form
	form.Deadline = max(0, f.Deadline.Milliseconds())
	return form.Encode(), nil
}

// Cause returns the error, or nil if there is none.
func (f *Failure) Cause() error { return f.form.Cause() }

// Context returns where the failure happened.
func (f *Failure) Context() enricher.FailureContext { return f.form.Context() }

// Redact masks what r masks in all texts, fields, labels and attributes.
func (f *Failure) Redact(r redact.Redactor) {
	for i := range f.form.Chain {
		n := &f.form.Chain[i]
		n.Text = r.Text(n.Text)
		n.Fields, n.Labels = masked(r, n.Fields), masked(r, n.Labels)
	}
	c := &f.form.Failure
	for _, s := range []*string{&c.ID, &c.RootID, &c.JobID, &c.JobName, &c.TaskName, &c.TaskManagerID, &c.Endpoint} {
		*s = r.Text(*s)
	}
	c.Attributes, c.Labels = masked(r, c.Attributes), masked(r, c.Labels)
}

func masked(r redact.Redactor, m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	own := make(map[string]string, len(m))
	for key, value := range m {
		own[r.Text(key)] = r.Text(value)
	}
	return redact.Map(own)
}
