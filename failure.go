package enricher

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher/internal/fanout"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/sparse"
)

// A failure is one failure on its way through the enrichers.
//
// An enricher that was abandoned keeps its failure alive for as long as it
// hangs, so labels and outcomes, which are the Result, are here only while
// fanout.Run runs. They are written by Settle alone, and by nobody afterwards.
// Where no enricher was, the failure is used again for another.
type failure struct {
	e     *Enricher
	ctx   context.Context // values for enrichers, observers and log lines; never nil
	cause error
	fc    FailureContext // ours: Attributes is a copy, Labels is nil

	labels   Labels
	outcomes []Outcome
	inputs   []Labels // by reader: what it gets to read; taken by its call
	texts    []string // by enricher: of its error; nil if there is none
	opened   []int    // the enrichers whose breaker this failure has opened
	over     bool     // no enricher is at it any more
}

// An answer is what an enricher returned, checked. It is handed on by value
// several times, so what is rare is out of the way.
type answer struct {
	labels Labels  // its own map, or one of ours: to be copied
	faults *faults // nil if there are none
}

// faults are what was wrong with an answer.
type faults struct {
	issues []LabelIssue
	text   string // of the error that was returned instead of labels
}

// text returns that of the error, if there is one.
func (a answer) text() string {
	if a.faults == nil {
		return ""
	}
	return a.faults.text
}

// failures are those that may be used again. They are zero.
var failures = sync.Pool{New: func() any { return new(failure) }}

func newFailure(e *Enricher, ctx context.Context, cause error, fc FailureContext) *failure {
	if ctx == nil {
		ctx = context.Background()
	}
	if fc.Time.IsZero() {
		fc.Time = time.Now()
	}
	fc.Attributes = maps.Clone(fc.Attributes)
	fc.Labels = nil
	f := failures.Get().(*failure)
	f.e, f.ctx, f.cause, f.fc = e, ctx, cause, fc
	return f
}

// enrich hands the failure to the enrichers and returns what they say.
func (f *failure) enrich() Result {
	f.prepare()
	f.over = fanout.Run(f.e.plan, f.ctx, f)
	res := Result{f.labels, f.outcomes}
	f.labels, f.outcomes = nil, nil
	f.report(res)
	f.texts, f.opened = nil, nil
	return res
}

// free gives f back, which must not be used any more.
func (f *failure) free() {
	if f.over {
		*f = failure{}
		failures.Put(f)
	}
}

// prepare makes room for what the enrichers will say.
func (f *failure) prepare() {
	f.labels = make(Labels, min(f.e.keys, maxMapHint))
	if len(f.e.members) > 0 {
		f.outcomes = make([]Outcome, len(f.e.members))
	}
	if f.e.readers {
		f.inputs = make([]Labels, len(f.e.members))
	}
}

// maxMapHint bounds what is set aside for labels that may never come.
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
}

// Call asks one enricher, and checks its labels while they are in the cache.
func (f *failure) Call(ctx context.Context, i int) (answer, error) {
	m := f.e.members[i]
	if !m.reader && f.fc.Attributes == nil { // nothing that is its own: spare the copies
		labels, err := m.fe.ProcessFailure(ctx, f.cause, f.fc)
		return f.check(m, labels, err)
	}
	labels, err := m.fe.ProcessFailure(ctx, f.cause, f.contextFor(i))
	return f.check(m, labels, err)
}

// contextFor returns the FailureContext that one enricher gets.
func (f *failure) contextFor(i int) FailureContext {
	fc := f.fc
	fc.Attributes = maps.Clone(fc.Attributes)
	if f.e.members[i].reader {
		fc.Labels, f.inputs[i] = f.inputs[i], nil
	}
	return fc
}

// check makes an answer of what an enricher has returned.
func (f *failure) check(m *member, labels Labels, err error) (answer, error) {
	if err != nil {
		// Its Error method is the enricher's code as well. It is called here,
		// where it may hang, panic or exit.
		return answer{faults: &faults{text: guard.Text(err)}}, err
	}
	labels, issues := checkLabels(labels, m.keys, f.e.limits)
	if len(issues) > 0 {
		return answer{labels, &faults{issues: issues}}, nil
	}
	return answer{labels: labels}, nil
}

// Settle records what came of one enricher, and counts it.
func (f *failure) Settle(i int, a answer, from fanout.Outcome) {
	f.settle(i, a, from)
	f.e.members[i].calls[f.outcomes[i].Status].Add(1)
}

func (f *failure) settle(i int, a answer, from fanout.Outcome) {
	m := f.e.members[i]
	o := &f.outcomes[i]
	o.Enricher = m.info.Name
	o.Status = Status(from.Status)
	o.Duration = from.Duration
	switch o.Status {
	case StatusOK:
		if a.faults != nil {
			o.Issues = a.faults.issues
		}
		m.merge(f.labels, a.labels)
	case StatusTimedOut:
		text := a.text()
		if p, ok := from.Err.(*PanicError); text == "" && ok {
			text = p.text // ours, as what an enricher returns has a text in a
		}
		o.Err = &timeoutError{from.Limit, from.Err, text}
	case StatusSaturated:
		o.Err = m.errSaturated
	case StatusCircuitOpen:
		o.Err = m.errCircuitOpen
	case StatusSkipped:
		o.Err = ErrShutdown
	default:
		o.Err = from.Err
		if o.Status == StatusFailed {
			if f.texts == nil {
				f.texts = make([]string, len(f.outcomes))
			}
			f.texts[i] = a.text()
		}
	}
	if from.Opened {
		f.opened = append(f.opened, i)
	}
}

// merge copies the labels of one enricher to those of all. No other enricher
// has its keys, so nothing can be overwritten.
func (m *member) merge(all, labels Labels) {
	left := len(labels)
	for _, key := range m.keys {
		if left == 0 {
			return
		}
		if value, ok := labels[key]; ok {
			all[key] = value
			left--
		}
	}
}

// Kinds of log lines about an enricher, beside one for each status.
const (
	lineIssues = iota + numStatuses
	lineOpened
	numLines
)

// report logs what went wrong.
func (f *failure) report(res Result) {
	for i := range res.Outcomes {
		o, m := &res.Outcomes[i], f.e.members[i]
		if o.Status != StatusOK {
			f.e.log(f.ctx, &m.lines[o.Status], slog.LevelWarn, "Failure enricher gave no labels", func() []slog.Attr {
				text := ""
				if o.Status == StatusFailed {
					text = f.texts[i]
				} else {
					text = o.Err.Error() // all others are ours
				}
				attrs := f.identified(
					slog.String("enricher", o.Enricher),
					slog.String("status", o.Status.String()),
					slog.String("error", text),
				)
				if p, ok := o.Err.(*PanicError); ok && o.Status == StatusPanicked {
					attrs = append(attrs, slog.String("stack", string(p.Stack)))
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
				)
			})
		}
	}
	for _, i := range f.opened {
		m := f.e.members[i]
		f.e.log(f.ctx, &m.lines[lineOpened], slog.LevelWarn, "Failure enricher is left alone: its circuit breaker has opened", func() []slog.Attr {
			return f.identified(slog.String("enricher", m.info.Name), slog.Duration("cooldown", m.policy.BreakerCooldown))
		})
	}
}

// identified returns the attributes of a log line with those that say which
// failure it is about, as far as the service has told.
func (f *failure) identified(attrs ...slog.Attr) []slog.Attr {
	if f.fc.JobID != "" {
		attrs = append(attrs, slog.String("job", f.fc.JobID))
	}
	if f.fc.ID != "" {
		attrs = append(attrs, slog.String("failure", f.fc.ID))
	}
	return attrs
}

// skip returns the Result of a failure that is not handed to any enricher.
func (e *Enricher) skip(ctx context.Context, count *atomic.Uint64, why error) Result {
	count.Add(1)
	res := Result{Labels: Labels{}}
	for _, m := range e.members {
		res.Outcomes = append(res.Outcomes, Outcome{Enricher: m.info.Name, Status: StatusSkipped, Err: why})
		m.calls[StatusSkipped].Add(1)
	}
	if suppressed, ok := e.counts.skipped.Pass(); ok {
		// On a goroutine of its own, one a second at the most: EnrichAsync never
		// blocks, and it is under overload that handlers do.
		go e.write(ctx, slog.LevelWarn, "Failure was not enriched", suppressed, func() []slog.Attr {
			return []slog.Attr{slog.String("error", why.Error())}
		})
	}
	return res
}

// log writes a line unless there was one of its kind just now.
func (e *Enricher) log(
	ctx context.Context, kind *sparse.Limiter, level slog.Level, msg string, attrs func() []slog.Attr,
) {
	if suppressed, ok := kind.Pass(); ok {
		e.write(ctx, level, msg, suppressed, attrs)
	}
}

// write writes a line.
func (e *Enricher) write(
	ctx context.Context, level slog.Level, msg string, suppressed uint64, attrs func() []slog.Attr,
) {
	// A handler is the service's own code, but a failure is no time to panic.
	guard.Do(func() {
		line := attrs()
		if suppressed > 0 {
			line = append(line, slog.Uint64("suppressed", suppressed))
		}
		e.logger.LogAttrs(ctx, level, msg, line...)
	})
}

// An Observer is told of every failure and its Result. That is how metrics,
// traces and histories are fed.
//
// ObserveFailure is called once for each failure that was accepted, also where
// there are no enrichers, on the goroutine that enriches, one observer after
// another, and from several goroutines at once. A panic is recovered and
// logged. It holds up the caller of Enrich: one that takes over 100 ms earns a
// WARN line. ctx has the values of the caller's, and never ends. fc and res are
// the observer's own.
type Observer interface {
	ObserveFailure(ctx context.Context, cause error, fc FailureContext, res Result)
}

// slowObserver is how long an observer may take before it is named.
const slowObserver = 100 * time.Millisecond

// observe tells the observers.
func (f *failure) observe(res Result) {
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
			f.e.log(f.ctx, &f.e.counts.observerPanics, slog.LevelError, "Failure observer panicked", func() []slog.Attr {
				return append(f.identified(
					slog.String("observer", fmt.Sprintf("%T", o)),
					slog.String("error", NewPanicError(p.Value, nil).Error()),
				), slog.String("stack", string(p.Stack)))
			})
		}
		if took := time.Since(start); took > slowObserver {
			f.e.log(f.ctx, &f.e.counts.slowObservers, slog.LevelWarn, "Failure observer is slow: it holds up whoever reports failures", func() []slog.Attr {
				return f.identified(slog.String("observer", fmt.Sprintf("%T", o)), slog.Duration("took", took))
			})
		}
	}
}
