package exceptions

import (
	"context"
	"errors"
	"time"
)

// A Store is where failures are kept. A [History] writes to it and answers from it,
// and so may several histories in several processes at once. Package storetest
// tests an implementation.
//
// # Writing
//
// A History calls Append, Resolve and Delete one at a time, in order, with a
// context that ends after some seconds, and calls again with the same arguments if
// they return an error. So each must be idempotent, and an error is for what may
// pass, such as a database that cannot be reached. A record that can never be kept is
// skipped and counted by the store, without an error.
//
// # Reading
//
// The other methods may be called concurrently with each other and with the writing
// ones, and return soon after their context ends, which is never nil. Their answers
// belong to the caller. Every number in an answer is counted by the store over all
// failures that match. If that takes too long, the store stops, and the answer is
// Truncated: a number in it is then at most too small.
//
// # Roots
//
// A failure whose Entry.RootID is the ID of another failure of the same job is under
// that one, in whichever order the two arrive. If several have the ID, the latest that
// was there is meant. Nothing is under a failure that is itself under another: its
// root is used instead. A failure whose root is not in the store, or which is its own
// root, is by itself. Once a failure is under another, its RootID is the ID of that
// one as the store shows it, and otherwise it is empty. Those under a failure are
// removed with it. The store says how many of them an entry lists at most, the latest,
// and counts the others in Entry.ConcurrentDropped.
//
// # IDs
//
// Two failures with one ID are both kept. The store changes the ID of the one that
// arrives later by a suffix that begins with "~", so that an ID is unique in the
// store. What others give as RootID is the ID without the suffix.
//
// # Order
//
// Failures are ordered by Entry.Time to the microsecond, and those of one instant by
// the order in which they arrived. A Page with SortOldest has the exact reverse.
//
// # Help
//
// A store need not write what the answers of all stores have in common: [Axis] has the
// buckets of a query, [Occurrence] the state of a group, [CountLabels] makes the answer of
// Labels, [PageOf] a page of items in memory, [Query.Next] its Next, and [Query.After] reads
// that. See also [Entry.SetLabels] and [Query.OnlyJobs].
//
// A Store may have a method String, which says in a few words what it is, and a method
// Skipped() uint64, of how many records were skipped, for Status.Dropped.
type Store interface {
	// Append keeps failures, all or, if it returns an error, any number of them.
	// A record with the Key of one that was appended before replaces its labels,
	// as [Entry.SetLabels] does. The rest of it is as before. The store may keep what
	// the records refer to, which does not change any more, and does not change it
	// either.
	Append(ctx context.Context, batch []Record) error

	// Resolve says that a job works again since a time. It has no effect on a
	// job that is not in the store or has failed later.
	Resolve(ctx context.Context, jobID string, at time.Time) error

	// Delete removes all failures of a job.
	Delete(ctx context.Context, jobID string) error

	// Failure returns one failure by its ID as the store shows it, with those
	// under it. The error is ErrNotFound if there is none.
	Failure(ctx context.Context, id string) (Entry, error)

	// Failures returns failures that are not under others, the newest first, or
	// the oldest first with SortOldest. Only these are compared with the query;
	// those under one come with it, in Entry.Concurrent. Entry.Wire is nil
	// unless Query.Wire is set.
	Failures(ctx context.Context, q Query) (Page[Entry], error)

	// Jobs returns the jobs that have a failure that matches and is not under
	// another, in the order of the latest of these, the newest first, or with
	// SortCount in the order of Job.Failures, the most first. The rest is in the
	// order of the IDs.
	Jobs(ctx context.Context, q Query) (Page[Job], error)

	// Labels counts the values of each label in the failures that match, those
	// under others included, in the order of the keys. Query.Limit is for the keys.
	// The cursor is not used.
	Labels(ctx context.Context, q Query) (Page[LabelCount], error)

	// Groups returns the failures that match, those under others included, by
	// their value of the label Query.By: the most frequent first, or with
	// SortLastSeen or SortFirstSeen the latest first. The rest is in the order of
	// the values. Each has Query.Buckets, if that is positive.
	Groups(ctx context.Context, q Query) (Page[Group], error)

	// Histogram counts the failures that match, those under others included,
	// over time: by their value of the label Query.By, or all together if that is
	// empty. Query.Buckets is how many there are at most.
	Histogram(ctx context.Context, q Query) (Histogram, error)

	// Changes returns failures that were added, or got their labels, after a
	// position, about in the order in which that happened, and at most limit. If
	// the position is empty, there are none, and Next is the present position.
	// Next is never empty. No change is missed; one may be returned twice. An
	// entry is as it is now, with those under it. A failure that got its labels
	// before the call may be there once, as EventLabels. A store that a backup was restored
	// to returns ErrCursor for a position later than the present one: followers of a History
	// then learn that events are lost.
	Changes(ctx context.Context, after string, limit int) (Page[Change], error)
}

// ErrNotFound says that a failure is not in a [Store], or not any more.
var ErrNotFound = errors.New("no such failure")

// ErrCursor says that a cursor is not one of an answer of the same method to the same
// query. See [Query.After].
var ErrCursor = errors.New("invalid cursor")

// A Record is a failure on its way into a [Store].
type Record struct {
	// Key identifies the failure: no other, of any process, has it.
	Key string

	// Update says that the failure was appended before, and only its labels are
	// new: Entry may have nothing else. If the store does not have the failure, it
	// ignores the record: the failure has been removed.
	Update bool

	// Entry is the failure. ID is that which the service gave, or made by the
	// history, and RootID that of its root as the service gave it. Concurrent is
	// nil. All texts are valid UTF-8 without NUL, redacted, and bounded.
	Entry Entry
}

// A Page is a part of an answer.
type Page[T any] struct {
	Items []T

	// Next is the Query.Cursor of the rest. It is empty if there is no more. It
	// is opaque, stays valid while failures are added and removed, and is at most
	// 1 KiB of printable ASCII. A job or a group whose place in the order changes
	// meanwhile, because it has failed again, may be in no part, or in two.
	Next string

	// Truncated says that the store has not looked at all that there is, so that
	// items may be missing for which there is no cursor, and numbers may be too small.
	Truncated bool
}

// A Change is a failure that is new in a [Store], or new to have labels.
type Change struct {
	Kind  EventKind // EventFailure or EventLabels
	Entry Entry
}

// A Query selects failures. The zero value selects all.
type Query struct {
	// JobIDs are the jobs to select. By default, all.
	JobIDs []string

	// From and To select the failures of a time, both included, to the
	// millisecond: the time of a failure is compared without its fraction of a
	// millisecond. By default, there is no limit.
	From, To time.Time

	// Words must all occur in the message, the job's ID or the job's name of a
	// failure, each anywhere in one of them, without regard to the case of ASCII
	// letters. A store may disregard that of other letters. None is empty.
	Words []string

	// Filter is what the labels of a failure have to match.
	Filter Filter

	// By is the label by which Groups and Histogram tell failures apart. A failure
	// without that label counts as one with the value "".
	By string

	// Buckets is how many counts over time Groups and Histogram return.
	Buckets int

	// Sort is the order. By default, the one of the method.
	Sort Sort

	// Limit is how many items to return at most. By default, all, or as many as
	// the store returns at once, at least 1,000; a negative number means none.
	Limit int

	// Cursor is the Page.Next of an answer to the same query: only Buckets, Limit
	// and Wire may differ. By default, the answer begins with the first item.
	Cursor string

	// Wire asks for Entry.Wire in Failures, also of those under others.
	Wire bool
}

// OnlyJobs reports whether q selects failures by nothing but their job: then Job.Failures
// includes those that were removed.
func (q Query) OnlyJobs() bool {
	return q.From.IsZero() && q.To.IsZero() && len(q.Words) == 0 && q.Filter.IsZero()
}

// A Sort is an order of an answer.
type Sort uint8

const (
	SortDefault   Sort = iota
	SortNewest         // of failures: their time, the newest first; the default
	SortOldest         // of failures: their time, the oldest first
	SortLatest         // of jobs: their latest failure, the newest first; the default
	SortCount          // of jobs and groups: how many failures match, the most first; the default of groups
	SortLastSeen       // of groups: the latest first
	SortFirstSeen      // of groups: the latest first
)

// Limits of answers of every [Store].
const (
	MaxValues = 100 // of a LabelCount
	MaxSeries = 20  // of a Histogram, without Other
)
