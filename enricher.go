// Package enricher attaches labels to the failures of jobs.
//
// If a job fails, someone must know what kind of failure it was, who owns it,
// whether a restart can help and whom to notify. Failure enrichers answer such
// questions with labels. A service names the enrichers it wants in its
// configuration, passes every failure to all of them at once, and gets their
// merged labels:
//
//	cfg, err := enricher.ParseConfig(raw) // from any configuration loader
//	...
//	e, err := enricher.New(cfg)
//	...
//	res := e.EnrichContext(ctx, jobErr, enricher.FailureContext{JobID: job.ID, Attempt: n})
//	if res.Labels.CannotRestart() {
//		...
//	}
//
// The idea and its terms are those of Apache Flink's failure enrichers
// (FLIP-304).
//
// # Writing an enricher
//
// Implement [FailureEnricher]: declare the keys that it may set, and return
// labels for a failure. ProcessFailure is called from several goroutines at
// once, for failures of every kind. Inspect the error with [AsType], [Is] or
// [Chain], and return when ctx ends. An enricher that needs the labels of others
// is a [LabelReader]. One that holds resources is an [io.Closer]. [Func] makes
// an enricher from a function.
//
// # Registering
//
// A [Factory] makes an enricher from its options; [NewFactory] gives the options
// a type. [Register] the factory under a name in an init function. Any program
// that imports the package can then configure it.
//
// # Configuring
//
// A [Config] names the enrichers to run and holds their options; [ParseConfig]
// makes one from the output of any loader. [New] loads the enrichers. Those that
// cannot run together, such as two that declare the same key, are rejected and
// listed by [Enricher.Rejected]; the others run. If the configuration is Strict,
// a rejection makes New fail.
//
// # What is guaranteed
//
// A failing, panicking, slow or misbehaving enricher does not affect the others:
// their labels are returned within the budget, and the [Result] holds the
// [Outcome] of each. A failure may be any error, however badly its methods
// behave. An enricher that times out or panics several times in a row is not
// called for a while. No failure and no label is dropped silently: there is an
// Outcome, a [LabelIssue], a count in [Stats] or a log line.
//
// # What is not guaranteed
//
// Go cannot end a goroutine. An enricher that ignores its ctx is abandoned: its
// goroutine keeps one of the enricher's MaxConcurrent slots, its cause and its
// FailureContext until it returns. An enricher that never returns costs at most
// MaxConcurrent goroutines. Go cannot survive an enricher that exhausts memory
// or the stack, calls os.Exit, panics on a goroutine that it has started, or
// writes to a map while it is read. Observers and the handler of the logger are
// the service's own code: they run on the goroutine that enriches, and one that
// blocks delays the caller.
package enricher

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/decode"
	"github.com/failure-enrichers/enricher/internal/fanout"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/sparse"
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
	// comparable, one whose methods panic. A panic in ProcessFailure is
	// recovered; the enricher then has no labels for this failure.
	//
	// ctx ends when this enricher's time is up, when all enrichers have
	// settled, and when Shutdown stops waiting. It has the values of the caller's
	// context but not its cancellation, because the context of a failed job
	// has usually been cancelled. fc belongs to this call. Its maps must not
	// be written to: a wrapper of enrichers may share them.
	//
	// The labels are copied; nil means no labels. Labels under keys not in
	// OutputKeys are dropped and reported, and so are values that are not valid
	// UTF-8 or hold control characters other than tab and newline. Values and
	// numbers of labels beyond the [Limits] are cut and reported. If the error
	// is not nil, the labels are ignored.
	ProcessFailure(ctx context.Context, cause error, fc FailureContext) (Labels, error)
}

// A LabelReader is a FailureEnricher that reads labels of others: it starts once
// every enricher that can set one of InputKeys has settled, whatever the
// outcome, and finds their labels in FailureContext.Labels. "*" means all
// labels: it starts after every enricher that neither reads "*" nor waits,
// directly or indirectly, for it.
//
// The enrichers of a chain share the budget. If the longest chain has three
// enrichers, those that read no labels must be done after a third of the
// budget, and those that read only theirs after two thirds.
type LabelReader interface {
	FailureEnricher

	// InputKeys returns the keys of the labels to read, or "*". It is called
	// once, when the enricher is loaded; the answer is copied.
	InputKeys() []string
}

// Func returns an enricher that calls fn for the labels under keys. keys is
// copied. Func panics if fn is nil.
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

// source returns the author's code, for the enricher's Location.
func (f *funcEnricher) source() any { return f.fn }

// An Enricher passes failures to a set of enrichers and merges their labels. Its
// methods may be called concurrently. It is made by [New]; one that is nil or zero has
// no enrichers.
type Enricher struct {
	members   []*member
	rejected  []Rejection
	warnings  []error
	observers []Observer
	limits    Limits
	keys      int  // how many labels the members may set
	readers   bool // some members are LabelReaders
	logger    *slog.Logger

	timeout  time.Duration
	waits    [][]int // by member: the members that it waits for
	unique   string  // begins the FailureKey of every Result
	plan     *fanout.Plan
	pending  *semaphore.Weighted // EnrichAsync calls under way
	searches *semaphore.Weighted // for the Result that an error carries, under way
	counts   counters
	end      *shutdown
}

// A member is one loaded enricher.
type member struct {
	*candidate
	policy Policy
	keys   []string // the output keys, ascending, without duplicates
	fan    *fanout.Member

	calls [numStatuses]atomic.Uint64 // but those of counters.allOK
	lines [numLines]sparse.Limiter
}

// New loads the enrichers that cfg names and returns an Enricher that runs them.
//
// It logs an INFO line for each enricher, or one line if none is configured. An
// enricher that is unknown, has invalid keys, shares an output key with another,
// or waits for its own labels is rejected: it is logged at WARN or ERROR and
// listed by [Enricher.Rejected], and the others run. If cfg.Strict is set, a
// rejection makes New fail.
//
// New fails if a number in cfg is out of range, an option is unknown or of the
// wrong type ([*ConfigError]), or a factory fails, panics or returns nil
// ([*EnricherError]). It returns all such errors joined, and calls no factory
// if a number or a name is wrong. If New fails, it has closed the enrichers that
// it made. It waits for Close methods for about a second at most.
//
// An Enricher has no goroutines of its own. Call [Enricher.Shutdown] to close
// its enrichers. An Enricher made in a bubble of testing/synctest belongs to
// that bubble; one made outside may be used in one bubble at a time.
func New(cfg Config, opts ...Option) (*Enricher, error) {
	s := newSettings(opts)
	l, err := load(cfg, s)
	if err != nil {
		return nil, err
	}
	e := &Enricher{
		rejected:  l.rejected,
		warnings:  l.warnings,
		observers: s.observers,
		limits:    cfg.limits(),
		logger:    s.logger,
		timeout:   cfg.timeout(),
		unique:    strings.ToLower(rand.Text()[:12]) + "-",
		pending:   semaphore.NewWeighted(cfg.maxPending()),
		searches:  semaphore.NewWeighted(maxSearches),
		end:       newShutdown(len(l.kept)),
	}
	e.waits = connect(l.kept)
	fans := make([]*fanout.Member, len(l.kept))
	for i, c := range l.kept {
		m := newMember(c, cfg.policyOf(c.Name))
		e.members = append(e.members, m)
		e.keys += len(m.keys)
		e.readers = e.readers || m.reader
		fans[i] = m.fan
	}
	e.plan = fanout.NewPlan(e.end.calls, fans, e.waits, e.timeout,
		func(value any, callers []uintptr) error {
			err := &PanicError{Value: value, callers: callers}
			err.text = errorText(err) // within the time of the call: the value may have third-party methods
			return err
		})
	for _, o := range s.observers {
		if o, ok := o.(interface{ Attach(*Enricher) }); ok {
			if p := guard.Apart(func() { o.Attach(e) }); p != nil {
				return nil, errors.Join(fmt.Errorf("enricher: Attach of a %T: %w", o, panicError(p)), e.Shutdown(context.Background()))
			}
		}
	}
	return e, nil
}

func newMember(c *candidate, p Policy) *member {
	return &member{
		candidate: c,
		policy:    p,
		keys:      unique(c.OutputKeys),
		fan: &fanout.Member{
			Timeout: p.Timeout,
			Slots:   bulkhead.New(p.MaxConcurrent),
			Breaker: breaker.New(p.BreakerThreshold, p.BreakerCooldown),
		},
	}
}

// Enrich returns the labels of a failure. It is [Enricher.EnrichContext] with an
// empty context and FailureContext.
func (e *Enricher) Enrich(cause error) Labels {
	return e.EnrichContext(context.Background(), cause, FailureContext{}).Labels
}

// EnrichContext passes a failure to all enrichers at once, waits for them, and
// returns their merged labels and the outcome of each. It ignores the
// cancellation and the deadline of ctx, because the context of a failed job has
// usually ended already; ctx provides values to enrichers and observers. A nil
// ctx is context.Background().
//
// It returns when all enrichers have settled, at the latest when the Timeout of
// the [Config] is over, plus the time that the observers take. An enricher that
// has not returned by then is abandoned. To return earlier, use
// [Enricher.EnrichAsync] and [Future.Wait].
//
// If cause carries the Result of this failure, as [WithResult] attaches it,
// EnrichContext returns it, also after Shutdown; no enricher and no observer is called.
// Methods of cause may be called concurrently, and after EnrichContext returned.
//
// If cause is nil, nothing runs, and the Result has no labels and no outcomes.
// Otherwise, after Shutdown, every outcome is [StatusSkipped] with [ErrShutdown].
func (e *Enricher) EnrichContext(ctx context.Context, cause error, fc FailureContext) Result {
	if e.isEmpty() || cause == nil {
		return Result{Labels: Labels{}}
	}
	if !e.end.enter() {
		if res, ok := e.Carried(cause, fc); ok {
			return res
		}
		return e.skip(ctx, fc, &e.counts.afterShutdown, ErrShutdown)
	}
	return e.enrichEntered(ctx, cause, fc)
}

// enrichEntered is EnrichContext once enter has reported true.
func (e *Enricher) enrichEntered(ctx context.Context, cause error, fc FailureContext) (res Result) {
	defer e.end.leave()
	if len(e.members) == 0 && len(e.observers) == 0 {
		return e.pass(cause, fc)
	}
	start := time.Now()
	res, ok := e.Carried(cause, fc)
	if ok {
		return res
	}
	f := newFailure(e, ctx, cause, fc)
	f.enrich(start, &res)
	f.observe(&res)
	f.free()
	return res
}

// Enrichers returns the loaded enrichers in configured order.
func (e *Enricher) Enrichers() []Info {
	if e == nil {
		return nil
	}
	infos := make([]Info, len(e.members))
	for i, m := range e.members {
		infos[i] = decode.Clone(m.Info)
	}
	return infos
}

// Rejected returns the rejected enrichers in configured order.
func (e *Enricher) Rejected() []Rejection {
	if e == nil {
		return nil
	}
	return slices.Clone(e.rejected)
}

// Warnings returns what New logged at WARN or ERROR: the errors of rejected
// enrichers, labels that are read but never set, values that are looked for but
// never set, and configuration that no enricher uses. With Strict they make New
// fail.
func (e *Enricher) Warnings() []error {
	if e == nil {
		return nil
	}
	return slices.Clone(e.warnings)
}
