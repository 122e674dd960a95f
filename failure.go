package enricher

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher/internal/fanout"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/redact"
	"github.com/failure-enrichers/enricher/internal/sparse"
)

// A failure is one failure on its way through the enrichers.
type failure struct {
	e     *Enricher
	ctx   context.Context // values for enrichers, observers and log lines; never nil
	cause error
	fc    FailureContext // ours: Attributes is a copy, Labels is nil

	// The Result, while the enrichers run: written by Settle. An abandoned call
	// keeps its failure alive, so these are nil afterwards.
	labels   Labels
	outcomes []Outcome
	opened   []int // the enrichers whose breaker this failure has opened

	inputs  []Labels // by reader: the labels that it gets; taken by its Call
	answers []answer // by enricher: written by its Call, taken by Settle once that has returned

	explained []ExplainedAnswer // by enricher; nil unless the failure is explained
	over      bool              // no enricher is called any more, so f may be used again
}

// An answer is what an enricher returned, checked.
type answer struct {
	labels  Labels // its own map, or one of ours: to be copied
	issues  []LabelIssue
	reasons map[string]string // of an Explainer, if the failure is explained
}

// failures may be used again. All but the capacity of answers is zero.
var failures = sync.Pool{New: func() any { return new(failure) }}

func newFailure(e *Enricher, ctx context.Context, cause error, fc FailureContext) *failure {
	ctx = cmp.Or(ctx, context.Background())
	if fc.Time.IsZero() {
		fc.Time = time.Now()
	}
	fc.Attributes = maps.Clone(fc.Attributes)
	fc.Labels = nil
	f := failures.Get().(*failure)
	f.e, f.ctx, f.cause, f.fc = e, ctx, cause, fc
	return f
}

// free keeps f for another failure, if possible. f must not be used any more.
func (f *failure) free() {
	if f.over {
		clear(f.answers)
		*f = failure{answers: f.answers}
		failures.Put(f)
	}
}

// enrich passes the failure to the enrichers, whose time counts from start, logs
// what went wrong and sets res, which is too large to be copied for each failure. If the
// failure was rejected before, res is the Result that it got then.
func (f *failure) enrich(start time.Time, res *Result) {
	f.run(start)
	f.count()
	number := cmp.Or(res.of.number, f.e.counts.failures.Add(1))
	*res = Result{f.labels, f.outcomes, time.Since(start), origin{by: f.e, number: number, fc: f.fc}}
	f.labels, f.outcomes = nil, nil
	f.report(res)
	f.opened = nil
}

// run passes the failure to the enrichers. Then labels and outcomes are complete.
func (f *failure) run(start time.Time) {
	n := len(f.e.members)
	f.labels = make(Labels, min(f.e.keys, maxMapHint))
	if n > 0 {
		f.outcomes = make([]Outcome, n)
		f.answers = slices.Grow(f.answers[:0], n)[:n]
	}
	if f.e.readers {
		f.inputs = make([]Labels, n)
	}
	f.over = f.e.plan.Run(start, f.ctx, f)
}

// maxMapHint bounds the room made for labels that may never come.
const maxMapHint = 64

// Prepare collects the labels that a reader gets to read.
func (f *failure) Prepare(i int) {
	m := f.e.members[i]
	if !m.reader {
		return
	}
	inputs := make(Labels, min(len(m.reads), len(f.labels)))
	for _, key := range m.reads {
		if value, ok := f.labels[key]; ok {
			inputs[key] = value
		}
	}
	f.inputs[i] = inputs
	if f.explained != nil && len(m.reads) > 0 {
		f.explained[i].Read = inputs.Clone()
	}
}

// Call calls one enricher, and checks its labels while they are in the cache of
// its processor.
func (f *failure) Call(ctx context.Context, i int) error {
	var (
		m      = f.e.members[i]
		a      = &f.answers[i]
		labels Labels
		err    error
	)
	fc := f.fc
	fc.Attributes = maps.Clone(fc.Attributes)
	if m.reader {
		fc.Labels, f.inputs[i] = f.inputs[i], nil
	}
	if f.explained != nil {
		labels, a.reasons, err = m.explain(ctx, f.cause, fc)
	} else {
		labels, err = m.fe.ProcessFailure(ctx, f.cause, fc)
	}
	if err != nil {
		// Its Error method is the enricher's code as well. It is called here,
		// where it may hang, panic or exit.
		return &failedError{err, errorText(err)}
	}
	a.labels, a.issues = checkLabels(labels, m.keys, f.e.limits)
	return nil
}

// CheckInput calls the methods of the cause that enrichers call most.
func (f *failure) CheckInput() {
	left := maxCheckedTexts
	for err := range Chain(f.cause) {
		if left--; left >= 0 {
			guard.Text(err)
		}
	}
	LabelsOf(f.cause)
}

// maxCheckedTexts bounds the texts that CheckInput asks for, as that of an error
// usually includes those of the errors that it wraps.
const maxCheckedTexts = 64

// Settle records the outcome of one enricher.
func (f *failure) Settle(i int, from fanout.Outcome) {
	m, o := f.e.members[i], &f.outcomes[i]
	o.Enricher, o.Status, o.Duration = m.Name, Status(from.Status), from.Duration
	var a answer
	if o.Status == StatusOK || o.Status == StatusFailed {
		a, f.answers[i] = f.answers[i], answer{}
	}
	switch o.Status {
	case StatusOK:
		o.Issues = a.issues
		m.merge(f.labels, a.labels)
	case StatusTimedOut:
		o.Err = &timeoutError{from.Limit, cmp.Or(m.policy.Timeout, f.e.timeout), f.e.timeout, from.Err}
	case StatusSaturated:
		o.Err = fmt.Errorf("%w (%d)", ErrSaturated, m.policy.MaxConcurrent)
	case StatusCircuitOpen:
		o.Err = fmt.Errorf("%w for %v after %d timeouts or panics in a row", ErrCircuitOpen, m.policy.BreakerCooldown, m.policy.BreakerThreshold)
	case StatusSkipped:
		o.Err = ErrShutdown
	default:
		o.Err = from.Err
	}
	if from.Opened {
		f.opened = append(f.opened, i)
	}
	if f.explained != nil {
		x := &f.explained[i]
		x.Outcome, x.Labels, x.Reasons = *o, a.labels.Clone(), a.reasons
	}
}

// count counts the outcomes. If all are OK, as nearly always, one counter stands for
// those of all enrichers: callers on several cores would wait for each other at each.
func (f *failure) count() {
	ok := true
	for i := range f.outcomes {
		ok = ok && f.outcomes[i].Status == StatusOK
	}
	if ok {
		f.e.counts.allOK.Add(1)
		return
	}
	for i, m := range f.e.members {
		m.calls[f.outcomes[i].Status].Add(1)
	}
}

// merge copies the labels of one enricher to those of all. No other enricher
// has its keys, so nothing is overwritten.
func (m *member) merge(all, labels Labels) {
	for _, key := range m.keys {
		if value, ok := labels[key]; ok {
			all[key] = value
		}
	}
}

// lineKinds are the kinds of log lines about an enricher: one for each status, and
// two more.
var lineKinds = append(slices.Clip(statuses), "labels dropped or cut", "circuit breaker opened")

const (
	lineIssues = iota + numStatuses
	lineOpened
	numLines
)

// report logs what went wrong.
func (f *failure) report(res *Result) {
	for i := range res.Outcomes {
		o, m := &res.Outcomes[i], f.e.members[i]
		if o.Status != StatusOK {
			f.e.log(f.ctx, &m.lines[o.Status], slog.LevelWarn, "Failure enricher gave no labels", func() []slog.Attr {
				attrs := f.identified(
					slog.String("enricher", o.Enricher),
					slog.String("status", o.Status.String()),
					slog.String("error", o.Err.Error()), // ours, not third-party code
				)
				if p, ok := o.Err.(*PanicError); ok && o.Status == StatusPanicked {
					attrs = append(attrs, slog.String("stack", p.Stack()))
				}
				return attrs
			})
		}
		if len(o.Issues) > 0 {
			f.e.log(f.ctx, &m.lines[lineIssues], slog.LevelWarn, "Labels of a failure enricher were dropped or cut", func() []slog.Attr {
				return f.identified(
					slog.String("enricher", o.Enricher),
					slog.Int("labels", len(o.Issues)),
					slog.String("key", o.Issues[0].Key),
					slog.String("error", o.Issues[0].Err.Error()),
					slog.Any("output_keys", m.OutputKeys),
				)
			})
		}
	}
	for _, i := range f.opened {
		m := f.e.members[i]
		f.e.log(f.ctx, &m.lines[lineOpened], slog.LevelWarn, "Circuit breaker of a failure enricher opened", func() []slog.Attr {
			return f.identified(slog.String("enricher", m.Name), slog.Duration("cooldown", m.policy.BreakerCooldown))
		})
	}
}

// identified returns attrs with those that say which failure the log line is
// about, if the service has given them.
func (f *failure) identified(attrs ...slog.Attr) []slog.Attr {
	if f.fc.JobID != "" {
		attrs = append(attrs, slog.String("job", redact.Cut(f.fc.JobID, maxErrorText)))
	}
	if f.fc.ID != "" {
		attrs = append(attrs, slog.String("failure", redact.Cut(f.fc.ID, maxErrorText)))
	}
	return attrs
}

// log writes a line, unless there was one of its kind within the last second.
// If one of its kind is being written, its handler may hang: then no other is.
func (e *Enricher) log(ctx context.Context, kind *sparse.Limiter, level slog.Level, msg string, attrs func() []slog.Attr) {
	if suppressed, ok := kind.Pass(); ok {
		defer kind.Done()
		e.write(ctx, level, msg, suppressed, attrs)
	}
}

// write writes a line.
func (e *Enricher) write(ctx context.Context, level slog.Level, msg string, suppressed uint64, attrs func() []slog.Attr) {
	line := attrs()
	if suppressed > 0 {
		line = append(line, slog.Uint64("suppressed", suppressed))
	}
	logLine(ctx, e.logger, level, msg, line...)
}

// An Observer gets every failure and its Result. Metrics, traces and histories
// are fed by observers.
//
// ObserveFailure is called once for each failure that was accepted, even if
// there are no enrichers. It runs on the goroutine that enriches, one observer
// after another, and is called from several goroutines at once. A panic is
// recovered and logged. A slow observer delays the caller of Enrich: if it takes
// over 100 ms, a line is logged at WARN. ctx has the values of the caller's
// context, and never ends. fc and res are the observer's own.
//
// An Observer may have a method Attach(*Enricher), which [New] calls last, with
// the Enricher that it returns.
type Observer interface {
	ObserveFailure(ctx context.Context, cause error, fc FailureContext, res Result)
}

// slowObserver is how long an observer may take before it is logged.
const slowObserver = 100 * time.Millisecond

// observe calls the observers.
func (f *failure) observe(res *Result) {
	if len(f.e.observers) == 0 {
		return
	}
	ctx := context.WithoutCancel(f.ctx)
	for _, o := range f.e.observers {
		fc := f.fc
		fc.Attributes = maps.Clone(fc.Attributes)
		start := time.Now()
		p := guard.Do(func() { o.ObserveFailure(ctx, f.cause, fc, res.clone()) })
		if p != nil {
			panicked := panicError(p)
			f.e.log(f.ctx, &f.e.counts.observerPanics, slog.LevelError, "Failure observer panicked", func() []slog.Attr {
				return append(f.identified(
					slog.String("observer", fmt.Sprintf("%T", o)),
					slog.String("error", redact.Cut(Text(panicked), maxErrorText)),
				), slog.String("stack", panicked.Stack()))
			})
		}
		if took := time.Since(start); took > slowObserver {
			f.e.log(f.ctx, &f.e.counts.slowObservers, slog.LevelWarn, "Failure observer is slow", func() []slog.Attr {
				return f.identified(slog.String("observer", fmt.Sprintf("%T", o)), slog.Duration("took", took))
			})
		}
	}
}
