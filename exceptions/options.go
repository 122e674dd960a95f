package exceptions

import (
	"cmp"
	"math"
)

// Options say how much a [History] keeps. The zero value is good.
//
// A history with the default options and all of its bounds reached holds 16,384
// failures with up to 16 concurrent ones each. One failure without labels and
// stack takes about a kilobyte.
type Options struct {
	// MaxExceptions is how many failures of a job are kept, those that stand
	// under others not counted. By default, 16, as in Flink
	// (web.exception-history-size); negative counts as 1.
	MaxExceptions int

	// MaxJobs is how many jobs are kept. The one whose last failure is the
	// oldest goes first. By default, 1024; negative counts as 1.
	MaxJobs int

	// MaxConcurrentExceptions is how many failures are kept under another
	// one. By default, 16; negative is none.
	MaxConcurrentExceptions int

	// MaxMessageLength is how many bytes of an error's message are kept; also
	// of an attribute, of a label, and of the error of an enricher. What is
	// longer is cut, and the cut is marked. By default, 4096; negative is
	// none, except for labels and attributes, of which 1 KiB is kept.
	MaxMessageLength int

	// MaxStackLength is how many bytes of an error's chain and stack are
	// kept, likewise. By default, 16384; negative is none.
	MaxStackLength int

	// MaxEvents is how many events are kept for those who follow the history
	// and are late. An event keeps its failure alive. By default, 1024;
	// negative counts as 1.
	MaxEvents int

	// Redact is called with every text of an error, an attribute, a label or
	// a name, cleaned and cut to a few kilobytes more than its bound, and returns
	// what to keep. It is called from several goroutines at once. Where it
	// panics, nothing of the text is kept. By default, [Redact]; to keep
	// everything, give a function that returns its argument.
	Redact func(text string) string
}

// Bounds without an option.
const (
	maxNameLength = 256 // of IDs, names, endpoints and type names, bytes
	maxKeyLength  = 128 // of label and attribute keys, bytes
	maxLabels     = 256 // of one failure
	maxAttributes = 64  // of one failure
	maxFailed     = 64  // failed enrichers of one failure

	minValueLength = 1024 // of labels and attributes, whatever MaxMessageLength is
)

// withDefaults returns o with every field in its range.
func (o Options) withDefaults() Options {
	o.MaxExceptions = max(1, cmp.Or(o.MaxExceptions, 16))
	o.MaxJobs = max(1, cmp.Or(o.MaxJobs, 1024))
	o.MaxConcurrentExceptions = max(0, cmp.Or(o.MaxConcurrentExceptions, 16))
	o.MaxMessageLength = length(o.MaxMessageLength, 4096)
	o.MaxStackLength = length(o.MaxStackLength, 16384)
	o.MaxEvents = max(1, cmp.Or(o.MaxEvents, 1024))
	if o.Redact == nil {
		o.Redact = Redact
	}
	return o
}

// length leaves room above for a margin.
func length(n, otherwise int) int { return min(max(0, cmp.Or(n, otherwise)), math.MaxInt32/2) }
