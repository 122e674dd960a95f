package enricher

import (
	"fmt"
	"slices"
	"time"
)

// A FailureContext says where a failure happened. Every field may be left at
// its zero value, which means unknown. Use field names in literals: fields may
// be added.
//
// Strings are passed on unchanged, whatever their length and content.
type FailureContext struct {
	ID     string // of this failure; empty: none
	RootID string // of the failure that this one is a consequence or companion of; empty: none

	Type          FailureType
	JobID         string
	JobName       string
	TaskName      string
	TaskManagerID string // the worker that ran the task
	Endpoint      string // the worker's host:port

	Attempt     int // 1 is the first; 0 is unknown
	MaxAttempts int // 0 is unknown or unlimited

	// Terminal says that the job manager will not try again, whatever the
	// labels say: the error is one that it never retries.
	Terminal bool

	// Time is when it failed. Zero means now: enrichers and observers get the
	// time at which the Enricher was called.
	Time time.Time

	// Attributes are anything else that the service knows. The map is copied
	// when the Enricher is called, and each enricher gets a copy of its own.
	Attributes map[string]string

	// Labels are the labels of other enrichers. A [LabelReader] gets a map of
	// its own with the labels under its InputKeys, never nil; for every other
	// enricher it is nil. What a caller of the Enricher sets is ignored.
	Labels Labels
}

// Final reports whether this was the last attempt: Terminal is set, or MaxAttempts
// is known and Attempt has reached it.
func (fc FailureContext) Final() bool {
	return fc.Terminal || fc.MaxAttempts > 0 && fc.Attempt >= fc.MaxAttempts
}

// Usual keys of [FailureContext.Attributes]. A service that knows such a fact should
// use its key, so that one configuration serves several job managers.
const (
	AttributeQueue     = "queue"     // the job was taken from; Temporal's task queue
	AttributeNamespace = "namespace" // of the job, in a job manager or cluster that has them
	AttributeTopic     = "topic"     // of the message that the job handles
	AttributeRunID     = "run_id"    // of one run of a job whose runs share a JobID
)

// A FailureType says what failed. The names are those of Flink.
type FailureType uint8

const (
	FailureTypeUnknown     FailureType = iota // text ""
	FailureTypeGlobal                         // the whole job failed; text "GLOBAL"
	FailureTypeTask                           // one task of it failed; text "TASK"
	FailureTypeTaskManager                    // the worker failed; text "TASK_MANAGER"
)

var failureTypes = []string{"", "GLOBAL", "TASK", "TASK_MANAGER"}

// String returns the text of t.
func (t FailureType) String() string { return nameOf(failureTypes, t) }

// MarshalText returns the text of t. The error is always nil.
func (t FailureType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText sets t to the type with this text; any other is an error.
func (t *FailureType) UnmarshalText(text []byte) error {
	return unmarshalName(failureTypes, t, text)
}

// nameOf returns names[v], or the number of v if there is none.
func nameOf[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%T(%d)", v, uint8(v))
}

// unmarshalName sets v to the index of text in names.
func unmarshalName[T ~uint8](names []string, v *T, text []byte) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("%T: unknown text %q: must be one of %q", *v, text, names)
	}
	*v = T(i)
	return nil
}
