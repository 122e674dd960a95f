// Package enricher attaches labels to the failures of jobs.
//
// When a job fails, somebody has to know what kind of failure it was, whose it
// is, whether a restart can help and whom to tell. Failure enrichers answer
// such questions with labels. A service names the enrichers it wants in its
// configuration, hands every failure to all of them at once, and gets their
// labels merged:
//
//	cfg, err := enricher.ParseConfig(raw) // what your configuration loader yields
//	...
//	e, err := enricher.New(cfg)
//	...
//	res := e.EnrichContext(ctx, jobErr, enricher.FailureContext{JobID: job.ID, Attempt: n})
//	if res.Labels.CannotRestart() {
//		...
//	}
//
// The idea and its words are those of Apache Flink's failure enrichers
// (FLIP-304).
//
// # Writing an enricher
//
// Implement [FailureEnricher]: name the keys that it may set, and return labels
// for a failure. ProcessFailure is called from several goroutines at once, for
// failures of every kind; look for what it knows with [AsType] or [Chain], and
// give up when ctx ends. An enricher that needs the labels of others is a
// [LabelReader]; one that holds resources is an [io.Closer]. [Func] makes an
// enricher of a function.
//
// # Registering
//
// A [Factory] makes an enricher from its options; [NewFactory] gives these a
// type. [Register] it under a name in an init function, and whoever imports the
// package can configure it.
//
// # Configuring
//
// A [Config] names the enrichers to run and has their options; [ParseConfig]
// makes one of what any loader yields. [New] loads them. Enrichers that cannot
// run together, such as two that declare the same key, are refused and listed
// by [Enricher.Rejected], while the others run, unless the configuration is
// Strict.
//
// # What is guaranteed
//
// An enricher that fails, panics, hangs, floods or lies hurts nobody else:
// the labels of all others are returned within the budget, and the [Result]
// says what became of each. Failures themselves may be as strange as they like.
// After a number of timeouts or panics in a row an enricher is left alone for a
// while. No failure and no label is dropped in silence: there is an [Outcome],
// a [LabelIssue], a count in [Stats] or a log line.
//
// # What is not
//
// Go cannot end a goroutine. An enricher that ignores its ctx is abandoned: it
// goes on, holding one of its MaxConcurrent slots, its cause and its
// FailureContext until it returns. So one that hangs for ever costs at most
// MaxConcurrent goroutines. Nor can Go survive an enricher that exhausts the
// memory or the stack, calls os.Exit, or writes to a map while it is read.
// Observers and the handler of the logger are the service's own code: they run
// on the goroutine that enriches, and one that blocks holds it up.
package enricher

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/fanout"
	"github.com/failure-enrichers/enricher/internal/graph"
	"github.com/failure-enrichers/enricher/internal/inflight"
	"github.com/failure-enrichers/enricher/internal/sparse"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A FailureEnricher attaches labels to failures.
type FailureEnricher interface {
	// OutputKeys returns every label key that ProcessFailure may set. It is
	// called once, when the enricher is loaded; the answer is copied. A key
	// is 1 to 128 bytes of valid UTF-8 without control characters. No keys
	// is legal: an enricher may only notify or count.
	OutputKeys() []string

	// ProcessFailure returns the labels of one failure. It is called from
	// several goroutines at once.
	//
	// cause is never nil, but may be any error: a typed nil, one that is not
	// comparable, one whose methods panic. A panic here is recovered and
	// costs the enricher its labels for this failure, no more.
	//
	// ctx ends when this enricher's time is up, when ProcessFailure returns,
	// and when a Shutdown does not wait any longer. It has the values of the
	// caller's context, but not its cancellation: that of a failed job has
	// usually been cancelled. fc belongs to this call; its maps are for reading,
	// as whoever wraps an enricher may share them.
	//
	// The labels are copied, and the map is not to be kept; nil is no labels.
	// Those under keys not in OutputKeys are dropped and reported, as are values
	// that are not valid UTF-8, that hold control characters other than tab and
	// newline, or that exceed the Limits. Where the error is not nil, the labels
	// are ignored.
	ProcessFailure(ctx context.Context, cause error, fc FailureContext) (Labels, error)
}

// A LabelReader is a FailureEnricher that reads labels of others: it starts once
// every enricher that can set one of InputKeys has settled, whatever the
// outcome, and finds what they set in FailureContext.Labels. "*" means all
// labels: it starts after every enricher that neither reads "*" nor waits,
// directly or indirectly, for it.
//
// Waiting costs time. Where the longest chain of readers has three enrichers,
// all that wait for nobody have to be done after a third of the budget, and those
// that wait for them after two thirds.
type LabelReader interface {
	FailureEnricher

	// InputKeys returns the keys of the labels to read, or "*". It is called
	// once, when the enricher is loaded; the answer is copied.
	InputKeys() []string
}

// Func returns an enricher that sets labels under keys, which are copied, by
// calling fn. It panics if fn is nil.
func Func(
	keys []string, fn func(ctx context.Context, cause error, fc FailureContext) (Labels, error),
) FailureEnricher {
	if fn == nil {
		panic("enricher: Func: fn is nil")
	}
	return &funcEnricher{slices.Clone(keys), fn}
}

type funcEnricher struct {
	keys []string
	fn   func(context.Context, error, FailureContext) (Labels, error)
}

var _ FailureEnricher = (*funcEnricher)(nil)

func (f *funcEnricher) OutputKeys() []string { return f.keys }

func (f *funcEnricher) ProcessFailure(ctx context.Context, cause error, fc FailureContext) (Labels, error) {
	return f.fn(ctx, cause, fc)
}

// source leads to the code that its author wrote.
func (f *funcEnricher) source() any { return f.fn }

// An Enricher hands failures to a set of enrichers and merges their labels. Its
// methods may be called concurrently. A nil Enricher has no enrichers.
type Enricher struct {
	members   []*member
	rejected  []Rejection
	observers []Observer
	limits    Limits
	keys      int  // labels that there may be
	readers   bool // there are LabelReaders
	logger    *slog.Logger

	waits   [][]int // by enricher: those that it waits for
	plan    *fanout.Plan
	cancel  context.CancelFunc // ends the contexts of all calls
	pending *semaphore.Weighted

	overloaded     atomic.Uint64
	afterShutdown  atomic.Uint64
	refusals       sparse.Limiter
	observerPanics sparse.Limiter
	slowObservers  sparse.Limiter

	under    inflight.Group // failures under way
	stopping sync.Once
	forcing  sync.Once
	force    chan struct{} // closed, with forceErr set, when Shutdown waits no longer
	forceErr error
	stopped  chan struct{} // closed, with stopErr set, when Shutdown is over
	stopErr  error
}

// A member is one loaded enricher.
type member struct {
	info   Info
	policy Policy
	fe     FailureEnricher
	closer io.Closer // nil if there is nothing for us to close
	keys   []string  // the output keys, ascending, each once
	reader bool
	reads  []string // the keys of the labels that a reader gets
	fan    *fanout.Member

	errSaturated   error
	errCircuitOpen error

	calls [numStatuses]atomic.Uint64
	lines [numLines]sparse.Limiter
}

// New loads the enrichers that cfg names and returns an Enricher that runs them.
//
// It logs an INFO line for each enricher that it found, or one that none is
// configured. An enricher that is unknown, that has invalid keys, that shares an
// output key with another, or that waits for its own labels is refused: it earns
// a WARN or ERROR line and appears in [Enricher.Rejected], and the others run.
// With cfg.Strict, any refusal makes New fail.
//
// New fails if a number in cfg is out of its range, an option is unknown or of
// a wrong type ([*ConfigError]), or a factory fails, panics or returns nil
// ([*EnricherError]). It returns all such errors, joined, but calls no factory
// where a number or a name is wrong already. What it made it has closed.
//
// An Enricher has no goroutines of its own. It should be shut down to close its
// enrichers. One that is made in a bubble of testing/synctest belongs to that
// bubble; one that is made outside may be used in a bubble too, but not in two at
// once.
func New(cfg Config, opts ...Option) (*Enricher, error) {
	s := &settings{}
	for _, opt := range opts {
		if opt != nil {
			opt(s)
		}
	}
	if s.registry == nil {
		s.registry = defaultRegistry
	}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	kept, rejected, err := load(cfg, s)
	if err != nil {
		return nil, err
	}
	base, cancel := context.WithCancel(context.Background())
	// The channel is made here, not by the first call that asks for it: one
	// that is made in a bubble of testing/synctest cannot be used in another.
	base.Done()
	e := &Enricher{
		rejected:  rejected,
		observers: s.observers,
		limits:    cfg.limits(),
		logger:    s.logger,
		cancel:    cancel,
		pending:   semaphore.NewWeighted(int64(cmp.Or(cfg.MaxPending, DefaultMaxPending))),
		force:     make(chan struct{}),
		stopped:   make(chan struct{}),
	}
	fans := make([]*fanout.Member, len(kept))
	for i, c := range kept {
		m := newMember(c, cfg.policyOf(c.name))
		e.members = append(e.members, m)
		e.keys += len(m.keys)
		e.readers = e.readers || m.reader
		fans[i] = m.fan
	}
	e.waits = waits(kept)
	for i, m := range e.members {
		if slices.Contains(m.reads, graph.All) {
			// All of those that it waits for: what others have set by then would
			// be a matter of chance.
			m.reads = slices.Clone(m.reads)
			for _, j := range e.waits[i] {
				m.reads = append(m.reads, e.members[j].keys...)
			}
		}
	}
	e.plan = fanout.NewPlan(base, fans, e.waits, cmp.Or(cfg.Timeout, DefaultTimeout),
		func(value any, stack []byte) error {
			err := NewPanicError(value, stack)
			err.text = text.Cut(err.Error(), maxErrorText) // within the time of the call: the value may have third-party methods
			return err
		})
	return e, nil
}

func newMember(c *candidate, p Policy) *member {
	m := &member{
		info:   Info{Name: c.name, OutputKeys: c.outputs, InputKeys: c.inputs, Location: c.from},
		policy: p,
		fe:     c.fe,
		keys:   unique(c.outputs),
		reader: c.reader,
		reads:  c.inputs,
		fan: &fanout.Member{
			Timeout: p.Timeout,
			Slots:   bulkhead.New(p.MaxConcurrent),
			Breaker: breaker.New(p.BreakerThreshold, p.BreakerCooldown),
		},
		errSaturated:   fmt.Errorf("%w (%d)", ErrSaturated, p.MaxConcurrent),
		errCircuitOpen: fmt.Errorf("%w for %v after %d timeouts or panics in a row", ErrCircuitOpen, p.BreakerCooldown, p.BreakerThreshold),
	}
	if c.ours {
		m.closer, _ = c.fe.(io.Closer)
	}
	return m
}

// Enrich is EnrichContext without a context, for callers who want the labels
// only.
func (e *Enricher) Enrich(cause error) Labels {
	return e.EnrichContext(context.Background(), cause, FailureContext{}).Labels
}

// EnrichContext ignores the cancellation and the deadline of ctx: the context of
// a failed job has usually ended already, and its labels are wanted all the
// same. ctx gives its values to enrichers and observers; a nil one has none.
//
// It hands the failure to all enrichers at once and returns when all have
// settled, and never later than the Timeout of the Config and the observers
// allow. An enricher that has not answered by then is abandoned. To leave
// earlier, use [Enricher.EnrichAsync] and [Future.Wait].
//
// A nil cause is no failure: there are no labels, no outcomes, and nothing runs.
// After Shutdown, every outcome is [StatusSkipped] with [ErrShutdown].
func (e *Enricher) EnrichContext(ctx context.Context, cause error, fc FailureContext) Result {
	if e == nil || cause == nil {
		return Result{Labels: Labels{}}
	}
	if !e.under.Enter() {
		return e.reject(ctx, &e.afterShutdown, ErrShutdown)
	}
	defer e.under.Leave()
	if len(e.members) == 0 && len(e.observers) == 0 {
		return Result{Labels: Labels{}}
	}
	f := newFailure(e, ctx, cause, fc)
	res := f.enrich()
	f.observe(res)
	f.free()
	return res
}

// Enrichers returns what is loaded, in configured order.
func (e *Enricher) Enrichers() []Info {
	if e == nil {
		return nil
	}
	infos := make([]Info, len(e.members))
	for i, m := range e.members {
		infos[i] = m.info
		infos[i].OutputKeys = slices.Clone(m.info.OutputKeys)
		infos[i].InputKeys = slices.Clone(m.info.InputKeys)
	}
	return infos
}

// Rejected returns the enrichers that were refused, in configured order.
func (e *Enricher) Rejected() []Rejection {
	if e == nil {
		return nil
	}
	return slices.Clone(e.rejected)
}
