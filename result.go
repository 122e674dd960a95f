package enricher

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher/internal/fanout"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/redact"
)

// A Result holds the labels of one failure and the outcome of each enricher. It
// is the caller's, who may change it.
type Result struct {
	Labels   Labels        // of all enrichers, merged; never nil
	Outcomes []Outcome     // one per enricher, in configured order
	Duration time.Duration // how long enriching took, without the observers

	of origin
}

// An origin says which failure a Result is of, and which Enricher made it.
type origin struct {
	by       *Enricher
	number   uint64         // no other failure of by has it; 0: none
	rejected bool           // the failure was passed to no enricher, so another layer may try
	fc       FailureContext // its maps do not change
}

// FailureKey identifies the failure: copies of r have it, and, if the failure was
// rejected and its error has r, the Result of the layer that accepts it, but none of
// another failure, Enricher or process, nor of a later layer that rejects it, too. It is
// empty if no Enricher made r.
func (r Result) FailureKey() string {
	if r.of.by == nil {
		return ""
	}
	return r.of.by.unique + strconv.FormatUint(r.of.number, 36)
}

// FailureContext returns that of the failure, as the Enricher got it. It is the
// caller's. If there was neither an enricher nor an observer, it has no Attributes.
func (r Result) FailureContext() FailureContext {
	fc := r.of.fc
	fc.Attributes = maps.Clone(fc.Attributes)
	return fc
}

// Complete reports whether every outcome is [StatusOK]. The labels of a Result
// that is not complete are valid.
func (r Result) Complete() bool {
	return !slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return o.Status != StatusOK })
}

// Err returns nil if r is complete, and otherwise the errors of the outcomes that
// are not [StatusOK], joined in configured order, each an [*EnricherError].
func (r Result) Err() error {
	var errs []error
	for _, o := range r.Outcomes {
		if o.Status != StatusOK {
			errs = append(errs, &EnricherError{o.Enricher, o.Err})
		}
	}
	return errors.Join(errs...)
}

// MarshalJSON encodes r with the duration as text. No member is null.
func (r Result) MarshalJSON() ([]byte, error) {
	labels := Labels{}
	maps.Copy(labels, r.Labels)
	return json.Marshal(struct {
		Labels   Labels    `json:"labels"`
		Outcomes []Outcome `json:"outcomes"`
		Duration string    `json:"duration"`
	}{labels, append([]Outcome{}, r.Outcomes...), r.Duration.String()})
}

// clone returns a deep copy.
func (r Result) clone() Result {
	r.Labels = r.Labels.Clone()
	r.Outcomes = slices.Clone(r.Outcomes)
	for i := range r.Outcomes {
		r.Outcomes[i].Issues = slices.Clone(r.Outcomes[i].Issues)
	}
	return r
}

// An Outcome says how one enricher dealt with one failure.
type Outcome struct {
	Enricher string // as configured: "rules/payments"
	Status   Status

	// Err is nil for StatusOK. For StatusFailed it wraps the enricher's error, of
	// whose text it shows at most 4 KiB; for StatusPanicked it is a
	// [*PanicError]. The others can be tested for with [errors.Is]:
	// [context.DeadlineExceeded], [ErrSaturated], [ErrCircuitOpen],
	// [ErrOverloaded] and [ErrShutdown].
	Err error

	Duration time.Duration // until it returned or was abandoned, including its wait for a slot; 0 if it neither was called nor waited
	Issues   []LabelIssue  // labels dropped or cut, in ascending order of keys, at most 64
}

// MarshalJSON encodes o with the duration and the errors as text.
func (o Outcome) MarshalJSON() ([]byte, error) {
	type issue struct {
		Key   string `json:"key"`
		Error string `json:"error"`
	}
	out := struct {
		Enricher string  `json:"enricher"`
		Status   Status  `json:"status"`
		Error    string  `json:"error,omitempty"`
		Duration string  `json:"duration"`
		Issues   []issue `json:"issues,omitempty"`
	}{Enricher: o.Enricher, Status: o.Status, Duration: o.Duration.String()}
	if o.Err != nil {
		out.Error = guard.Text(o.Err)
	}
	for _, i := range o.Issues {
		out.Issues = append(out.Issues, issue{i.Key, guard.Text(i.Err)})
	}
	return json.Marshal(out)
}

// A Status is how an enricher dealt with a failure.
type Status uint8

const (
	StatusUnknown     Status = 0                          // no outcome; text "unknown"
	StatusOK          Status = Status(fanout.OK)          // its labels are merged; "ok"
	StatusFailed      Status = Status(fanout.Failed)      // it returned an error; "failed"
	StatusTimedOut    Status = Status(fanout.TimedOut)    // it did not return in time; "timed-out"
	StatusPanicked    Status = Status(fanout.Panicked)    // it panicked, or called runtime.Goexit; "panicked"
	StatusSaturated   Status = Status(fanout.Saturated)   // not called: MaxConcurrent calls were under way; "saturated"
	StatusCircuitOpen Status = Status(fanout.CircuitOpen) // not called: its circuit breaker was open; "circuit-open"
	StatusSkipped     Status = Status(fanout.Skipped)     // not called: overloaded or shut down; "skipped"
)

const numStatuses = int(StatusSkipped) + 1

var statuses = []string{
	"unknown", "ok", "failed", "timed-out", "panicked", "saturated", "circuit-open", "skipped",
}

// String returns the text of s.
func (s Status) String() string { return nameOf(statuses, s) }

// MarshalText returns the text of s. The error is always nil.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets s to the status with this text; any other is an error.
func (s *Status) UnmarshalText(name []byte) error { return unmarshalName(statuses, s, name) }

// maxErrorText bounds the text of an enricher's error, in bytes.
const maxErrorText = 4 << 10

// errorText returns the text of err, cut. The Error method is third-party code, so
// the text is taken once, on the goroutine of the call that returned err.
func errorText(err error) string { return redact.Cut(guard.Text(err), maxErrorText) }

// A failedError is what an enricher returned, with its errorText.
type failedError struct {
	err  error
	text string
}

func (e *failedError) Error() string { return e.text }
func (e *failedError) Unwrap() error { return e.err }

// A timeoutError is the Err of StatusTimedOut.
type timeoutError struct {
	limit  time.Duration // how long the enricher had; 0: it was not called
	policy time.Duration // what the configuration says that it has
	budget time.Duration // of the failure
	err    error         // a *failedError or *PanicError if the call ended when its time was up; may be nil
}

func (e *timeoutError) Error() string {
	if e.limit == 0 {
		return fmt.Sprintf("not called, as the time was up before its turn came: %v", context.DeadlineExceeded)
	}
	// The time of a call is shorter than its share of the budget by the moment that
	// passed before: 499.783641ms would be no limit that a reader knows.
	limit := cmp.Or(e.limit.Round(time.Millisecond), e.limit)
	share := ""
	if e.policy-e.limit >= time.Millisecond { // others wait for its labels, or it waited for theirs
		share = fmt.Sprintf(" of a budget of %v", e.budget)
	}
	return fmt.Sprintf("not done within %v%s: %v", limit, share, cmp.Or(e.err, context.DeadlineExceeded))
}

func (e *timeoutError) Unwrap() []error {
	if e.err != nil {
		return []error{context.DeadlineExceeded, e.err}
	}
	return []error{context.DeadlineExceeded}
}

// EnrichAsync is like [Enricher.EnrichContext] but does not block. If MaxPending
// of its calls are under way, the future is complete at once, and every outcome
// is [StatusSkipped] with [ErrOverloaded]. That, or ErrShutdown after Shutdown, is also
// the Result for a cause that carries one, as to search for it may block.
func (e *Enricher) EnrichAsync(ctx context.Context, cause error, fc FailureContext) *Future {
	switch {
	case e.isEmpty() || cause == nil:
		return completed(Result{Labels: Labels{}})
	case !e.end.enter():
		return completed(e.skip(ctx, fc, &e.counts.afterShutdown, ErrShutdown))
	case !e.pending.TryAcquire(1):
		e.end.leave()
		return completed(e.skip(ctx, fc, &e.counts.overloaded, ErrOverloaded))
	}
	future := &Future{done: make(chan struct{}), result: Result{Labels: Labels{}}}
	f := newFailure(e, ctx, cause, fc)
	go func() {
		start := time.Now()
		// Deferred, because an observer may exit the goroutine. Shutdown waits
		// until leave is called.
		defer e.end.leave()
		defer close(future.done)
		defer e.pending.Release(1)
		var carried bool
		if future.result, carried = e.Carried(cause, f.fc); carried {
			return
		}
		f.enrich(start, &future.result)
		f.observe(&future.result)
		f.free()
	}()
	return future
}

// pass returns the Result of a failure if there are no enrichers and no observers.
func (e *Enricher) pass(cause error, fc FailureContext) Result {
	if res, ok := e.Carried(cause, fc); ok {
		return res
	}
	fc.Attributes, fc.Labels = nil, nil // they are the caller's, and a copy would double the cost
	return Result{Labels: Labels{}, of: origin{by: e, number: e.counts.failures.Add(1), fc: fc}}
}

// skip returns the Result of a failure that is passed to no enricher.
func (e *Enricher) skip(ctx context.Context, fc FailureContext, count *atomic.Uint64, why error) Result {
	fc.Attributes, fc.Labels = maps.Clone(fc.Attributes), nil
	count.Add(1)
	res := Result{Labels: Labels{}, of: origin{e, e.counts.failures.Add(1), true, fc}}
	for _, m := range e.members {
		res.Outcomes = append(res.Outcomes, Outcome{Enricher: m.Name, Status: StatusSkipped, Err: why})
		m.calls[StatusSkipped].Add(1)
	}
	if suppressed, ok := e.counts.skipped.Pass(); ok {
		// On a goroutine of its own: EnrichAsync never blocks, and log handlers may,
		// above all under overload.
		go func() {
			defer e.counts.skipped.Done()
			e.write(ctx, slog.LevelWarn, "Failure was not enriched", suppressed, func() []slog.Attr {
				return []slog.Attr{slog.String("error", why.Error())}
			})
		}()
	}
	return res
}

// A Future is the Result of a call to [Enricher.EnrichAsync]. Its methods may be
// called concurrently.
type Future struct {
	done   chan struct{} // closed once result is set
	result Result
}

// completed returns a Future that has its result.
func completed(res Result) *Future {
	f := &Future{done: make(chan struct{}), result: res}
	close(f.done)
	return f
}

// Done returns a channel that is closed when the result is ready.
func (f *Future) Done() <-chan struct{} { return f.done }

// Result waits for the result and returns a copy. It waits at most until the
// budget of the failure is over, plus the time that the observers take.
func (f *Future) Result() Result {
	<-f.done
	return f.result.clone()
}

// Wait is like Result, but if ctx ends first it returns an empty Result and
// [context.Cause] of ctx. The enrichment goes on. An empty Result is of no failure:
// do not pass it to [WithResult]. A nil ctx never ends.
func (f *Future) Wait(ctx context.Context) (Result, error) {
	ctx = cmp.Or(ctx, context.Background())
	select {
	case <-f.done:
		return f.Result(), nil
	default:
	}
	select {
	case <-f.done:
		return f.Result(), nil
	case <-ctx.Done():
		return Result{Labels: Labels{}}, context.Cause(ctx)
	}
}
