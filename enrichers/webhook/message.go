package webhook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A Message is what is known of a failure: the data of a template, and with
// these JSON keys what the preset json sends. All of it is valid UTF-8 without
// control characters other than tab and newline, redacted, and of bounded
// length.
type Message struct {
	ID            string               `json:"id,omitempty"`
	RootID        string               `json:"rootId,omitempty"`
	Type          enricher.FailureType `json:"type,omitzero"` // of the FailureContext; "GLOBAL" and so on
	JobID         string               `json:"jobId,omitempty"`
	JobName       string               `json:"jobName,omitempty"`
	TaskName      string               `json:"taskName,omitempty"`
	TaskManagerID string               `json:"taskManagerId,omitempty"`
	Endpoint      string               `json:"endpoint,omitempty"`
	Attempt       int                  `json:"attempt,omitzero"`
	MaxAttempts   int                  `json:"maxAttempts,omitzero"`
	Final         bool                 `json:"final"`         // this was the last attempt
	Time          time.Time            `json:"time,omitzero"` // UTC; zero where the year does not have four digits

	Error      string            `json:"error"`     // the text of the cause
	ErrorType  string            `json:"errorType"` // the Go type of the cause, or of what it wraps where it only adds a text
	Labels     map[string]string `json:"labels"`    // never nil
	Attributes map[string]string `json:"attributes,omitempty"`

	HeldBack    uint64 `json:"heldBack,omitzero"`    // equal failures held back since one was sent
	RateLimited uint64 `json:"rateLimited,omitzero"` // other failures not sent because of the rate limit
	Truncated   bool   `json:"truncated,omitzero"`   // something was too long or too much, and was cut

	alert    string // equal for what is one alert; may be empty
	severity string // the label; may be empty
}

// Bounds of what is sent. Together they keep every preset below 256 KiB.
const (
	maxNameLength = 256      // bytes of an ID, a name or a key
	maxValue      = 1024     // bytes of a label or an attribute
	maxEntries    = 64       // labels, and attributes
	maxEntryBytes = 16 << 10 // all labels together, and all attributes
)

// margin is how much more of a text than its bound the redactor gets to see:
// what gives a secret away may be its end.
const margin = 4096

// withheld is sent in place of a text whose redactor panicked.
const withheld = "[withheld: the redactor panicked]"

// A writer writes a Message.
type writer struct {
	redact  func(string) string // may be nil
	maxText int
	cut     bool // something was
}

func (e *Enricher) newMessage(cause error, fc enricher.FailureContext) *Message {
	w := &writer{redact: e.opts.Redact, maxText: e.opts.MaxText}
	m := &Message{
		ID:            w.keep(fc.ID, maxNameLength),
		RootID:        w.keep(fc.RootID, maxNameLength),
		Type:          fc.Type,
		JobID:         w.keep(fc.JobID, maxNameLength),
		JobName:       w.keep(fc.JobName, maxNameLength),
		TaskName:      w.keep(fc.TaskName, maxNameLength),
		TaskManagerID: w.keep(fc.TaskManagerID, maxNameLength),
		Endpoint:      w.keep(fc.Endpoint, maxNameLength),
		Attempt:       fc.Attempt,
		MaxAttempts:   fc.MaxAttempts,
		Final:         fc.Final(),
		Time:          wireTime(fc.Time),
		Error:         w.keep(inspect.Text(cause, w.maxText+margin+utf8.UTFMax), w.maxText),
		ErrorType:     text.Clean(inspect.TypeName(inspect.Peel(cause)), maxNameLength),
		Labels:        w.keepMap(fc.Labels),
		Attributes:    w.keepMap(fc.Attributes),
	}
	m.Truncated = w.cut
	// Not out of m.Labels, which may not have them all.
	m.alert = cmp.Or(fc.Labels[e.opts.FingerprintLabel], fc.JobID)
	m.severity = fc.Labels[e.opts.SeverityLabel]
	return m
}

// wireTime returns t as JSON can have it. Zero means now.
func wireTime(t time.Time) time.Time {
	if t.IsZero() {
		t = time.Now()
	}
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return time.Time{}
	}
	return t
}

// keep returns what is sent of a text: cleaned, redacted, and at most limit
// bytes. A text that was cut ends with an ellipsis.
func (w *writer) keep(s string, limit int) string {
	if s == "" {
		return ""
	}
	seen := w.redacted(text.Clean(s, limit+margin), limit+margin)
	if len(s) > limit+margin && len(seen) <= limit {
		// The redactor has drawn the end nearer. It may be half a secret, which
		// nobody could recognise.
		seen = seen[:1+strings.LastIndexAny(seen, " \t\n")] + strings.Repeat(" ", limit)
	}
	if len(seen) <= limit {
		return seen
	}
	w.cut = true
	return ellipsis(seen, limit)
}

// ellipsis returns s if it has at most limit bytes, and otherwise its beginning
// and an ellipsis.
func ellipsis(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	return strings.TrimRight(text.Clean(s, limit-len(mark)), " ") + mark
}

func (w *writer) redacted(s string, limit int) (redacted string) {
	if w.redact == nil {
		return s
	}
	defer func() {
		if recover() != nil {
			redacted = withheld
		}
	}()
	return text.Clean(w.redact(s), limit)
}

// keepMap returns what is sent of a map: the first in the order of their keys.
// It is never nil.
func (w *writer) keepMap(m map[string]string) map[string]string {
	kept := make(map[string]string, min(len(m), maxEntries))
	left := maxEntryBytes
	for _, key := range slices.Sorted(maps.Keys(m)) {
		name := w.keep(key, maxNameLength)
		value := w.keepKeyed(name, m[key])
		if left -= len(name) + len(value); left < 0 || len(kept) == maxEntries {
			w.cut = true
			break
		}
		kept[name] = value
	}
	return kept
}

// keepKeyed is keep for a value whose key may say that it is a secret.
func (w *writer) keepKeyed(key, value string) string {
	prefix := key + "="
	kept := w.keep(prefix+text.Clean(value, maxValue+margin+utf8.UTFMax), maxValue+len(prefix))
	if kept, ok := strings.CutPrefix(kept, prefix); ok {
		return kept
	}
	return ellipsis(kept, maxValue) // the redactor has its own way
}

// Title says in a line what has failed: "job orders, task map failed (attempt 2
// of 3)".
func (m *Message) Title() string {
	var b strings.Builder
	part := func(what, name string) {
		if name == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(what + " " + firstLine(name))
	}
	part("job", cmp.Or(m.JobName, m.JobID))
	part("task", m.TaskName)
	if b.Len() == 0 {
		part("worker", m.TaskManagerID)
	}
	if b.Len() == 0 {
		b.WriteString("a job")
	}
	b.WriteString(" failed")
	switch {
	case m.Attempt > 0 && m.MaxAttempts > 0:
		fmt.Fprintf(&b, " (attempt %d of %d)", m.Attempt, m.MaxAttempts)
	case m.Attempt > 0:
		fmt.Fprintf(&b, " (attempt %d)", m.Attempt)
	}
	return b.String()
}

// Summary is the Title and the first line of the error.
func (m *Message) Summary() string {
	if line := firstLine(m.Error); line != "" {
		return m.Title() + ": " + line
	}
	return m.Title()
}

// Unsent says in a line how many failures were held back, or is empty where none
// was: "failures not sent before: 12 equal to this one, 3 over the rate limit".
func (m *Message) Unsent() string {
	var parts []string
	if m.HeldBack > 0 {
		parts = append(parts, fmt.Sprintf("%d equal to this one", m.HeldBack))
	}
	if m.RateLimited > 0 {
		parts = append(parts, fmt.Sprintf("%d over the rate limit", m.RateLimited))
	}
	if len(parts) == 0 {
		return ""
	}
	return "failures not sent before: " + strings.Join(parts, ", ")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
