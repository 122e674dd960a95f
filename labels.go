package enricher

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
)

// KeyJobCannotRestart is the key of the label that vetoes a restart of the job.
// See [Labels.CannotRestart].
const KeyJobCannotRestart = "JOB_CANNOT_RESTART"

// KeyRetryAfter is the key of the label that says how long to wait before the next
// attempt. See [Labels.RetryAfter].
const KeyRetryAfter = "retry_after"

// The keys of labels that adapters of job managers act on. See package jobs.
const (
	KeyAttemptCounts = "attempt_counts" // "false": the attempt is not one of those allowed
	KeyExpected      = "expected"       // "true": no alarm is needed
)

// Labels are the labels of a failure by key. A nil map reads as an empty one.
type Labels map[string]string

// CannotRestart reports whether the labels veto a restart of the job: the key
// [KeyJobCannotRestart] is present and its value is not "false".
func (l Labels) CannotRestart() bool {
	v, ok := l[KeyJobCannotRestart]
	return ok && v != "false"
}

// RetryAfter returns the value of the label [KeyRetryAfter], and whether there is
// one: a Go duration ("30s") or a whole number of seconds ("30"), as in the HTTP
// header Retry-After. A negative value is none.
func (l Labels) RetryAfter() (time.Duration, bool) {
	v := l[KeyRetryAfter]
	d, err := time.ParseDuration(v)
	if err != nil {
		d, err = time.ParseDuration(v + "s")
	}
	if err != nil || d < 0 {
		return 0, false
	}
	return d, true
}

// Keys returns the keys in ascending order.
func (l Labels) Keys() []string { return slices.Sorted(maps.Keys(l)) }

// Clone returns a copy. The copy of a nil map is nil.
func (l Labels) Clone() Labels { return maps.Clone(l) }

// String returns the labels in ascending order of keys as "k=v, k=v". Values are
// not quoted: the text is for people.
func (l Labels) String() string {
	var pairs []string
	for _, key := range l.Keys() {
		pairs = append(pairs, key+"="+l[key])
	}
	return strings.Join(pairs, ", ")
}

// LogValue returns the labels as a group in ascending order of keys.
func (l Labels) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, len(l))
	for _, key := range l.Keys() {
		attrs = append(attrs, slog.String(key, l[key]))
	}
	return slog.GroupValue(attrs...)
}

// WithLabels returns err with labels attached, for [LabelsOf] to find. The
// result has the text of err and wraps it; the formatting verbs format err, and it is a
// [slog.LogValuer] if err is one. l is copied. If err is nil, WithLabels returns nil.
//
// These labels are not merged into a [Result]. An enricher may publish them under
// keys that it declares, as the ready-made enricher "attached" does.
func WithLabels(err error, l Labels) error {
	if err == nil {
		return nil
	}
	return logged(&labeledError{err, l.Clone()}, err)
}

type labeledError struct {
	err    error
	labels Labels
}

func (e *labeledError) Error() string { return e.err.Error() }
func (e *labeledError) Unwrap() error { return e.err }

// ErrorType returns the error.type that OpenTelemetry has for the error that e wraps.
func (e *labeledError) ErrorType() string { return errorType(e.err) }

func (e *labeledError) FailureLabels() map[string]string { return e.labels.Clone() }

// Format formats err, whose %+v may print a stack.
func (e *labeledError) Format(s fmt.State, verb rune) {
	fmt.Fprintf(s, fmt.FormatString(s, verb), e.err)
}

// logged returns outer, which wraps err, with the method by which package slog logs err.
// It has none otherwise: what resolves a value would lose what outer carries.
func logged(outer labeling, err error) error {
	if v, ok := err.(slog.LogValuer); ok {
		return &loggedError{outer, v}
	}
	return outer
}

type labeling interface {
	error
	fmt.Formatter
	ErrorType() string
}

type loggedError struct {
	labeling
	slog.LogValuer
}

func (e *loggedError) Unwrap() error { return e.labeling }

// LabelsOf returns the labels that err carries anywhere in its tree: those of
// every error with a method
//
//	FailureLabels() map[string]string
//
// such as what [WithLabels] returns. If several errors have a key, the outermost
// wins, and the first among equally deep ones. An error whose FailureLabels
// panics has no labels, and the errors that it wraps are skipped. The result is
// never nil and is the caller's. The labels are not checked.
func LabelsOf(err error) Labels {
	labels := Labels{}
	depths := map[string]int{}
	var walk guard.Walk
	walk.Visit(err, func(err error, depth int) guard.Step {
		carrier, ok := foreign.As[interface{ FailureLabels() map[string]string }](err)
		if !ok {
			return guard.Into
		}
		var own map[string]string
		if p := guard.Do(func() { own = maps.Clone(carrier.FailureLabels()) }); p != nil {
			return guard.Past
		}
		for key, value := range own {
			if d, ok := depths[key]; !ok || depth < d {
				labels[key], depths[key] = value, depth
			}
		}
		return guard.Into
	})
	return labels
}

const (
	maxKeyLength = 128
	maxIssues    = 64
)

// CheckKey returns nil if key can be the key of a label, and otherwise an error
// that wraps [ErrInvalidKey] and quotes the key. It is meant for enrichers whose
// keys are configured.
func CheckKey(key string) error {
	if len(key) >= 1 && len(key) <= maxKeyLength && utf8.ValidString(key) &&
		strings.IndexFunc(key, unicode.IsControl) < 0 {
		return nil
	}
	return fmt.Errorf("%.*q: %w", maxKeyLength, key, ErrInvalidKey)
}

// CheckLabel returns nil if value can be the value of the label key, and otherwise an
// error that quotes the value and says what is accepted: "true" or "false" of
// [KeyJobCannotRestart], [KeyAttemptCounts] and [KeyExpected], and of [KeyRetryAfter]
// what [Labels.RetryAfter] reads. It accepts any value of other labels. It is meant for
// enrichers whose labels are configured: job managers ignore other values of these, or
// take them for a veto.
func CheckLabel(key, value string) error {
	switch key {
	case KeyJobCannotRestart, KeyAttemptCounts, KeyExpected:
		if value != "true" && value != "false" {
			return fmt.Errorf(`%.64q: must be "true" or "false"`, value)
		}
	case KeyRetryAfter:
		if _, ok := (Labels{key: value}).RetryAfter(); !ok {
			return fmt.Errorf(`%.64q: must be a duration such as "30s", or a number of seconds such as "30"`, value)
		}
	}
	return nil
}

// checkLabels returns the labels of an enricher that may be merged, and what is
// wrong with the others. keys are the enricher's in ascending order. The result
// may be labels itself, so the caller must copy it to keep it.
func checkLabels(labels Labels, keys []string, limits Limits) (Labels, []LabelIssue) {
	valid := 0
	for _, key := range keys {
		if value, ok := labels[key]; ok && len(value) <= limits.MaxValueLength && checkValue(value) {
			valid++
		}
	}
	if valid == len(labels) && valid <= limits.MaxLabels {
		return labels, nil
	}
	return filterLabels(labels, keys, limits)
}

// checkValue reports whether value can be the value of a label. Nearly all are
// plain ASCII.
func checkValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' && c != '\n' || c >= 0x7f {
			return utf8.ValidString(value[i:]) && strings.IndexFunc(value[i:], func(r rune) bool {
				return unicode.IsControl(r) && r != '\t' && r != '\n'
			}) < 0
		}
	}
	return true
}

// filterLabels is checkLabels for labels of which some must be dropped or cut.
func filterLabels(labels Labels, keys []string, limits Limits) (Labels, []LabelIssue) {
	kept := make(Labels, min(len(labels), len(keys)))
	var issues []LabelIssue
	for _, key := range labels.Keys() {
		value := labels[key]
		_, declared := slices.BinarySearch(keys, key)
		var err error
		switch {
		case !declared:
			err = ErrUndeclaredKey
		case !checkValue(value):
			err = ErrInvalidValue
		case len(kept) == limits.MaxLabels:
			err = fmt.Errorf("%w: at most %d are kept, in ascending order of keys", ErrTooManyLabels, limits.MaxLabels)
		case len(value) > limits.MaxValueLength:
			// Cloned, so that the long value can be collected.
			kept[key] = strings.Clone(text.Cut(value, limits.MaxValueLength))
			err = fmt.Errorf("%w: it has %d bytes, at most %d are kept", ErrValueTruncated, len(value), limits.MaxValueLength)
		default:
			kept[key] = value
		}
		if err != nil && len(issues) < maxIssues {
			issues = append(issues, LabelIssue{strings.Clone(text.Cut(key, maxKeyLength)), err})
		}
	}
	return kept, issues
}

// A LabelIssue is one label of an enricher that was dropped or cut.
type LabelIssue struct {
	Key string // at most 128 bytes; a longer one is cut
	Err error  // wraps one of ErrUndeclaredKey, ErrInvalidValue, ErrTooManyLabels, ErrValueTruncated
}

// WithResult returns err with the Result of its enrichment attached. It is like
// [WithLabels] of the labels of res, and [ResultOf] finds res. A failure often
// passes two layers that both enrich it, such as a middleware and a log handler:
// [Enricher.EnrichContext] of the Enricher that made res returns res for the
// second, if these hold:
//
//   - res is found by Unwrap() error alone, not through a joined error;
//   - ID, JobID and Attempt of the FailureContext, if set, are those that res was
//     made with. A FailureContext without them matches any Result.
//
// Otherwise the error is another failure and is enriched anew: that of a parent
// whose child failed, for example. So is one that was rejected, with [ErrOverloaded]
// or [ErrShutdown]. If err is nil, WithResult returns nil.
func WithResult(err error, res Result) error {
	if err == nil {
		return nil
	}
	resultsCarried.Store(true)
	res = res.clone()
	return logged(&resultError{labeledError{err, res.Labels}, res}, err)
}

// ResultOf returns a copy of the Result that err carries, as [WithResult] attaches
// it, and whether there is one. It follows Unwrap() error, not joined errors.
func ResultOf(err error) (Result, bool) {
	var s search
	s.look(err, unwrapAny)
	return s.result()
}

type resultError struct {
	labeledError
	result Result
}

// resultsCarried is set once WithResult was called: programs that do not use it
// need not search errors for a Result.
var resultsCarried atomic.Bool
