package webhook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/redact"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A Message is what is known of a failure: the data of a template, and with
// these JSON keys what the preset json sends. Its texts are valid UTF-8 without
// control characters other than tab and newline, redacted, and of bounded length.
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
	Time          time.Time            `json:"time,omitzero"` // that of the call if it is not from year 0 to 9999, as JSON cannot have it

	Error      string            `json:"error"`     // the text of the cause
	ErrorType  string            `json:"errorType"` // the Go type of the cause, or of what it wraps if it only adds a text
	Labels     map[string]string `json:"labels"`    // never nil
	Attributes map[string]string `json:"attributes,omitempty"`

	HeldBack    uint64 `json:"heldBack,omitzero"`    // equal failures held back since one was sent
	RateLimited uint64 `json:"rateLimited,omitzero"` // other failures not sent because of the rate limit
	Truncated   bool   `json:"truncated,omitzero"`   // something was cut or left out

	alert    string // the same for the messages of one alert; may be empty
	severity string // the label; may be empty
}

// Bounds of what is sent. Together they keep every preset below 256 KiB.
const (
	maxNameLength = 256      // bytes of an ID, a name or a key
	maxValue      = 1024     // bytes of a label or an attribute
	maxEntries    = 64       // labels, and attributes
	maxEntryBytes = 16 << 10 // all labels together, and all attributes
)

// margin is how much more of a text than its bound is redacted, as the end of a
// text may be what makes it a secret.
const margin = 4096

// withheld is sent in place of a text if Redact panicked.
const withheld = "[withheld: the redactor panicked]"

// newMessage returns the message about an error with this text and type.
func (p *poster) newMessage(errorText, errorType string, fc enricher.FailureContext) *Message {
	w := &writer{redact: p.opts.Redact}
	at := fc.Time.UTC()
	if at.Year() < 0 || at.Year() > 9999 {
		at = time.Now().UTC()
	}
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
		Time:          at,
		Error:         w.keep(errorText, p.opts.MaxText),
		ErrorType:     text.Clean(errorType, maxNameLength),
		Labels:        w.keepMap(fc.Labels),
		Attributes:    w.keepMap(fc.Attributes),
	}
	m.Truncated = w.cut
	// From fc, as m.Labels may not have them all.
	if value := fc.Labels[p.opts.FingerprintLabel]; value != "" {
		m.alert = w.keepValue(p.opts.FingerprintLabel, value)
	} else {
		m.alert = w.keep(fc.JobID, maxValue)
	}
	m.severity = fc.Labels[p.opts.SeverityLabel]
	return m
}

// mapTexts returns a copy of m with other texts.
func (m *Message) mapTexts(fn func(string) string) *Message {
	other := *m
	for _, s := range []*string{
		&other.ID, &other.RootID, &other.JobID, &other.JobName, &other.TaskName, &other.TaskManagerID, &other.Endpoint,
		&other.Error, &other.ErrorType,
	} {
		*s = fn(*s)
	}
	for _, byKey := range []*map[string]string{&other.Labels, &other.Attributes} {
		texts := make(map[string]string, len(*byKey))
		for key, value := range *byKey {
			texts[fn(key)] = fn(value)
		}
		*byKey = texts
	}
	return &other
}

// A writer prepares the texts of a Message.
type writer struct {
	redact func(string) string
	cut    bool // something was cut or left out
}

// keep returns a text cleaned, redacted, and cut to limit bytes.
func (w *writer) keep(s string, limit int) string {
	if s == "" {
		return ""
	}
	cropped := len(s) > limit+margin
	s = text.Clean(s, limit+margin)
	if guard.Do(func() { s = text.Clean(w.redact(s), limit+margin) }) != nil {
		s = withheld
	}
	if cropped && len(s) <= limit {
		// The last word may be half a secret, which Redact does not recognize.
		w.cut = true
		return s[:1+strings.LastIndexAny(s, " \t\n")] + ellipsis
	}
	w.cut = w.cut || len(s) > limit
	return abridge(s, limit)
}

const ellipsis = "…"

// abridge returns s if it has at most limit bytes, and otherwise its beginning
// and an ellipsis.
func abridge(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.TrimRight(text.Clean(s, limit-len(ellipsis)), " ") + ellipsis
}

// keepMap returns the first entries in the order of their keys. It is never nil.
func (w *writer) keepMap(m map[string]string) map[string]string {
	kept := make(map[string]string, min(len(m), maxEntries))
	left := maxEntryBytes
	for _, key := range slices.Sorted(maps.Keys(m)) {
		name := w.keep(key, maxNameLength)
		value := w.keepValue(key, m[key])
		if left -= len(name) + len(value); left < 0 || len(kept) == maxEntries {
			w.cut = true
			break
		}
		kept[name] = value
	}
	return kept
}

// secretValue is sent in place of a value under a secret's key.
const secretValue = "***"

// keepValue returns the value of a label or an attribute, of which the key may say
// that it is a secret.
func (w *writer) keepValue(key, value string) string {
	if redact.IsSecret(key, value) {
		return secretValue
	}
	prefix := w.keep(key, maxNameLength) + "="
	kept := w.keep(prefix+value, len(prefix)+maxValue)
	return abridge(strings.TrimPrefix(kept, prefix), maxValue)
}

// Title says in a line what failed: "job orders, task map failed (attempt 2 of
// 3)".
func (m *Message) Title() string {
	var names []string
	if job := cmp.Or(m.JobName, m.JobID); job != "" {
		names = append(names, "job "+firstLine(job))
	}
	if m.TaskName != "" {
		names = append(names, "task "+firstLine(m.TaskName))
	}
	title := cmp.Or(strings.Join(names, ", "), "a job") + " failed"
	switch {
	case m.Attempt > 0 && m.MaxAttempts > 0:
		title += fmt.Sprintf(" (attempt %d of %d)", m.Attempt, m.MaxAttempts)
	case m.Attempt > 0:
		title += fmt.Sprintf(" (attempt %d)", m.Attempt)
	}
	return title
}

// Summary is the Title and the first line of the error.
func (m *Message) Summary() string {
	return strings.TrimSuffix(m.Title()+": "+firstLine(m.Error), ": ")
}

// Unsent says in a line how many failures were not sent before this one: "not
// sent before: 12 equal to this one, 3 over the rate limit". It is empty if there
// were none.
func (m *Message) Unsent() string {
	if m.HeldBack == 0 && m.RateLimited == 0 {
		return ""
	}
	return fmt.Sprintf("not sent before: %d equal to this one, %d over the rate limit", m.HeldBack, m.RateLimited)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
