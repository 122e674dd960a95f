package exceptions

import (
	"cmp"
	"log/slog"
	"math"
)

// Options configure a [History]. The zero value is usable.
//
// With the default options, MaxBytes is usually the bound that is reached first: a
// failure takes about 2 KB and its texts, so that 64 MiB are about 30,000 failures
// with short texts, or 3,000 with 20 KB each.
type Options struct {
	// Store is where failures are kept. It stays the caller's to close. By default,
	// [NewMemory] with these options, of which MaxExceptions, MaxJobs and
	// MaxConcurrentExceptions are for that store only.
	Store Store

	// Process is the name of this process, for Entry.Process, where secrets in it are
	// masked. By default, the name of the host and the number of the process, or none
	// if the store is in memory.
	Process string

	// Logger gets a line when the store fails, or is so slow that failures are dropped,
	// at most one a minute, and one when it works again after a failure. By default,
	// [slog.Default].
	Logger *slog.Logger

	// MaxExceptions is how many failures of a job are kept, not counting those
	// under others. If more than that are enriched at once, the oldest are removed
	// before they have labels, and followers get no event with these. By default, 16,
	// as in Flink (web.exception-history-size); a negative number means 1.
	MaxExceptions int

	// MaxJobs is how many jobs are kept. The one whose last failure is the
	// oldest is removed first. By default, 1024; a negative number means 1.
	MaxJobs int

	// MaxConcurrentExceptions is how many failures are kept under another
	// one. By default, 16; a negative number means none.
	MaxConcurrentExceptions int

	// MaxBytes is how much memory the failures and the events take up, as a sum
	// of their texts, labels and attributes and a fixed amount for each. The
	// oldest are removed first, and counted in Status.Evicted; the last failure
	// stays, whatever its size. Event streams hold up to 4 MiB more, and the keys of
	// the last failures 3 MiB; failures that were removed while they are enriched
	// are not counted. With another store, it bounds the failures that wait to be
	// written, of which further ones are dropped, and the events, each. By default,
	// 64 MiB; a negative number means that only the last failure is kept.
	MaxBytes int

	// MaxMessageLength is how many bytes are kept of an error's message, an
	// attribute, a label, and the error of an enricher. A longer text is cut,
	// and the cut is marked. By default, 4096; a negative number means none,
	// except for labels and attributes, of which 1 KiB is kept.
	MaxMessageLength int

	// MaxStackLength is how many bytes of an error's chain and stack are
	// kept. A longer text is cut, and the cut is marked. By default, 16384; a
	// negative number means none.
	MaxStackLength int

	// MaxEvents is how many events are kept for followers that are late. An
	// event keeps its failure in memory. By default, 1024; a negative number
	// means 1.
	MaxEvents int

	// Redact is called with every text of an error, attribute and label as
	// key=value, key, ID and name, cleaned and cut to a few kilobytes more than
	// its bound, and returns what to keep. An ID or a key that it changes gets a
	// suffix, so that different ones stay different. What it has returned is passed
	// to it again as one line, joined with other texts or cut, and should come back
	// as it is. It must return, and be safe for concurrent use. If it panics, nothing
	// of the text is kept. By default, [Redact]; to keep everything, use a function
	// that returns its argument.
	Redact func(text string) string
}

// Bounds without an option.
const (
	maxNameLength = 256  // of IDs, names, endpoints and type names, bytes
	maxKeyLength  = 128  // of label and attribute keys, bytes
	maxLabels     = 1024 // of one failure
	maxAttributes = 256  // of one failure
	maxFailed     = 64   // failed enrichers of one failure, and label issues

	maxErrorLength = 512 // of an error of the store

	minValueLength = 1024 // of labels and attributes, even if MaxMessageLength is less
)

// withDefaults returns o with every field in its range.
func (o Options) withDefaults() Options {
	o.MaxExceptions = max(1, cmp.Or(o.MaxExceptions, 16))
	o.MaxJobs = max(1, cmp.Or(o.MaxJobs, 1024))
	o.MaxConcurrentExceptions = max(0, cmp.Or(o.MaxConcurrentExceptions, 16))
	o.MaxBytes = max(0, cmp.Or(o.MaxBytes, 64<<20))
	o.MaxMessageLength = length(o.MaxMessageLength, 4096)
	o.MaxStackLength = length(o.MaxStackLength, 16384)
	o.MaxEvents = max(1, cmp.Or(o.MaxEvents, 1024))
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Redact == nil {
		o.Redact = Redact
	}
	return o
}

// length leaves room for a margin above it.
func length(n, otherwise int) int { return min(max(0, cmp.Or(n, otherwise)), math.MaxInt32/2) }
