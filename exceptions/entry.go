package exceptions

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

// An Entry is a failure as a [History] keeps it. The caller owns it: it does not
// change when the history does.
//
// As JSON, it is what the REST API serves.
type Entry struct {
	ID string // as in the FailureContext, or made by the history; unique in the history

	// RootID is the ID of the entry that this one is under. It is empty if
	// there is none.
	RootID string

	Type          enricher.FailureType // one of the constants
	JobID         string               // the JobName if the service set none
	JobName       string
	TaskName      string
	TaskManagerID string
	Endpoint      string
	Attempt       int
	MaxAttempts   int
	Time          time.Time         // that of the call if the service set none, or one before 1970 or after 9999
	Attributes    map[string]string // never nil; the first 256 in the order of their keys

	// AttributesDropped is how many attributes there were more.
	AttributesDropped int

	// ExceptionName is the Go type of the innermost error that does more than
	// wrap another one or hold a text, such as "*fs.PathError".
	ExceptionName string

	// Message is the text of the error in one line: line breaks are replaced
	// by semicolons.
	Message string

	// Stacktrace is the text of the error, the types and texts of its chain,
	// and its stack if it carries one.
	Stacktrace string

	Labels          enricher.Labels // never nil; empty while they are pending; the first 1024 in the order of their keys
	LabelsDropped   int             // how many labels there were more
	LabelState      LabelState
	FailedEnrichers []FailedEnricher // in configured order, at most 64; none unless StateIncomplete

	// FailedEnrichersDropped is how many failed enrichers there were more.
	FailedEnrichersDropped int

	// LabelIssues are the labels that enrichers set and that were dropped or cut
	// before they reached the history, at most 64. LabelIssuesDropped is how many
	// there were more, of at most 64 of each enricher.
	LabelIssues        []LabelIssue
	LabelIssuesDropped int

	// Concurrent are the failures under this one, in the order in which they
	// arrived. It is nil if this one is under another.
	Concurrent []Entry

	// ConcurrentDropped is how many more are or were under it: the oldest, which
	// have been removed or are not listed.
	ConcurrentDropped int

	// Process is the Options.Process of the history that kept the failure.
	Process string

	// Wire is the failure in the form of package wire, redacted. It is not part of
	// the JSON. A history makes it if its Store is not in memory. It is nil in
	// answers, unless Query.Wire is set.
	Wire []byte
}

// SetLabels gives e the Labels, LabelState, FailedEnrichers and LabelIssues of another
// entry, and what was dropped of them: those of a [Record] that was appended before.
func (e *Entry) SetLabels(from *Entry) {
	e.Labels, e.LabelsDropped, e.LabelState = from.Labels, from.LabelsDropped, from.LabelState
	e.FailedEnrichers, e.FailedEnrichersDropped = from.FailedEnrichers, from.FailedEnrichersDropped
	e.LabelIssues, e.LabelIssuesDropped = from.LabelIssues, from.LabelIssuesDropped
}

// A LabelState says whether the labels of a failure are known.
type LabelState uint8

const (
	StatePending    LabelState = iota // enrichment is running; text "pending"
	StateComplete                     // every enricher succeeded; "complete"
	StateIncomplete                   // an enricher failed, and the labels of the others are there; "incomplete"
)

var labelStates = []string{"pending", "complete", "incomplete"}

// String returns the text of s.
func (s LabelState) String() string {
	if int(s) < len(labelStates) {
		return labelStates[s]
	}
	return fmt.Sprintf("LabelState(%d)", uint8(s))
}

// MarshalText returns the text of s. The error is always nil.
func (s LabelState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets s to the state with this text; any other is an error.
func (s *LabelState) UnmarshalText(text []byte) error {
	i := slices.Index(labelStates, string(text))
	if i < 0 {
		return fmt.Errorf("unknown label state %q: must be one of %q", text, labelStates)
	}
	*s = LabelState(i)
	return nil
}

// A FailedEnricher is an enricher that gave no labels for a failure, and why.
type FailedEnricher struct {
	Enricher string          `json:"enricher"` // as configured; "*" if the enrichment did not return
	Status   enricher.Status `json:"status"`
	Error    string          `json:"error"`
}

// A LabelIssue is a label of an enricher that was dropped or cut, and why.
type LabelIssue struct {
	Enricher string `json:"enricher"` // as configured
	Key      string `json:"key"`
	Error    string `json:"error"`
}

// A group is an entry with those under it. It never changes, nor do its entries,
// whose Concurrent is nil: a record gets a new group instead. So readers hold the
// lock only while they copy pointers.
type group struct {
	at         int64  // when it failed, in microseconds
	seq        uint64 // of the first event of the entry; orders those of one instant
	root       *Entry
	under      bool // root itself is under another entry
	concurrent []*Entry
	dropped    int
}

// entry returns a copy for a caller.
func (g *group) entry() Entry {
	e := g.root.clone()
	if g.under {
		return e
	}
	e.ConcurrentDropped = g.dropped
	e.Concurrent = make([]Entry, len(g.concurrent))
	for i, c := range g.concurrent {
		e.Concurrent[i] = c.clone()
	}
	return e
}

// newer orders groups from the newest to the oldest.
func newer(a, b *group) int {
	return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.seq, a.seq))
}
