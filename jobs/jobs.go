package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/redact"
)

// AttributeUncounted is the key of the attribute with the number of earlier attempts
// of the job that were not counted. An adapter that acts on [Verdict.Uncounted] sets
// it. Judge reads it before it calls [Options.Context].
const AttributeUncounted = "uncounted_attempts"

// A Labeler labels failures: an [*enricher.Enricher], or a history of failures with
// one, as the method For of exceptions.History returns it.
type Labeler interface {
	EnrichContext(ctx context.Context, cause error, fc enricher.FailureContext) enricher.Result
}

// Options are the options that the adapters of all job managers have. The functions
// are called on the goroutine that judges the failure, concurrently for several
// failures. If one panics, that is logged and has no other effect.
type Options struct {
	IgnoreVeto       bool // a label does not end a job
	IgnoreRetryAfter bool // a label does not delay the next attempt

	// MaxRetryAfter is the longest delay that a label can ask for. By default, an
	// hour.
	MaxRetryAfter time.Duration

	// Skip reports whether cause is no failure, besides what the job manager does not
	// take for one. By default, everything else is a failure.
	Skip func(ctx context.Context, cause error) bool

	// Context adds to what the adapter says about the failure. Its Attributes are a map
	// that it can write to, never nil. It can set Terminal, but not clear it. By default,
	// nothing.
	Context func(ctx context.Context, fc *enricher.FailureContext)

	// Done is called after each failure. cause carries its Result: a log handler finds
	// the labels. By default, it is not called.
	Done func(ctx context.Context, cause error, v Verdict)

	// MaxUncounted is how many attempts of one job can be Uncounted; those after
	// them count. By default, 20.
	MaxUncounted int

	counted bool // every attempt counts
}

// Validate returns an error for each option that is wrong, joined.
func (o Options) Validate() error {
	var errs []error
	if o.MaxRetryAfter < 0 {
		errs = append(errs, fmt.Errorf("jobs: MaxRetryAfter %v: must not be negative; 0 is an hour", o.MaxRetryAfter))
	}
	if o.MaxUncounted < 0 {
		errs = append(errs, fmt.Errorf("jobs: MaxUncounted %d: must not be negative; 0 is %d", o.MaxUncounted, defaultMaxUncounted))
	}
	return errors.Join(errs...)
}

const (
	defaultMaxRetryAfter = time.Hour
	defaultMaxUncounted  = 20

	// minUncountedDelay is the least delay after an attempt that does not count,
	// unless a label says how long: nothing else slows such a job down.
	minUncountedDelay = 30 * time.Second
)

// A Verdict is what a job manager does after a failure. The zero Verdict asks for
// nothing: the job manager does what it would do without labels.
type Verdict struct {
	Result     enricher.Result // the labels, and how they came about
	Terminal   bool            // no further attempt
	RetryAfter time.Duration   // the wait before the next attempt; 0: the job manager's own
	Uncounted  bool            // the attempt does not use up one of those allowed; never with Terminal
	Expected   bool            // no alarm is needed
}

// Judge labels a failure with l and returns what its labels ask for. If l is nil, it
// is [enricher.Default]. A cause that carries its Result, or whose Result ctx
// carries, is not labeled again: see [enricher.WithResult].
//
// If cause is nil, or if Skip reports that it is no failure, Judge does nothing and
// returns the zero Verdict. If there are no labels, all but the Result is zero.
//
// fc says what the adapter knows. If fc.Terminal is set, so is Terminal. RetryAfter
// is that of the labels, at most MaxRetryAfter; it is 0 if Terminal. If Uncounted, it
// is 30s if the labels do not ask for a delay, and never 0.
//
// Judge holds the caller no longer than the budget of l, besides the time that Skip,
// Context, Done and observers take, and, if ctx carries a Result, the methods Unwrap of
// cause. It may be called concurrently.
func Judge(ctx context.Context, l Labeler, o Options, cause error, fc enricher.FailureContext) Verdict {
	if ctx == nil {
		ctx = context.Background()
	}
	if cause == nil || o.skip(ctx, cause) {
		return Verdict{}
	}
	if l == nil {
		l = defaultLabeler{}
	}
	// Context may replace these: a bound or an end must not be lost for it.
	uncounted, _ := strconv.Atoi(fc.Attributes[AttributeUncounted]) // none is 0
	terminal := fc.Terminal
	if o.Context != nil {
		attributes := map[string]string{}
		maps.Copy(attributes, fc.Attributes)
		fc.Attributes = attributes
		survive("Context", func() { o.Context(ctx, &fc) })
		fc.Terminal = fc.Terminal || terminal
	}
	res := l.EnrichContext(context.WithValue(ctx, labelingKey{}, true), Carry(ctx, cause), fc)
	v := o.verdict(res, fc.Terminal, uncounted)
	if o.Done != nil {
		survive("Done", func() { o.Done(ctx, enricher.WithResult(cause, res), v) })
	}
	return v
}

// A defaultLabeler labels failures with [enricher.Default], which may change.
type defaultLabeler struct{}

func (defaultLabeler) EnrichContext(ctx context.Context, cause error, fc enricher.FailureContext) enricher.Result {
	return enricher.EnrichContext(ctx, cause, fc)
}

// Enriched reports whether res is of a failure that enrichers got. If it is not, because
// there was no failure or there are no enrichers, an adapter hands on the job's own error,
// which may be compared with ==.
func Enriched(res enricher.Result) bool { return len(res.Labels)+len(res.Outcomes) > 0 }

func (o Options) skip(ctx context.Context, cause error) (skip bool) {
	if o.Skip != nil {
		survive("Skip", func() { skip = o.Skip(ctx, cause) })
	}
	return skip
}

// survive calls a function of Options.
func survive(option string, fn func()) {
	defer func() {
		if v := recover(); v != nil {
			p := enricher.Recovered(v)
			slog.Error("A function of the options of a job manager's adapter panicked",
				"option", option, "error", redact.Text(enricher.Text(p)), "stack", p.Stack())
		}
	}()
	fn()
}

func (o Options) verdict(res enricher.Result, terminal bool, uncounted int) Verdict {
	v := Verdict{Result: res}
	if len(res.Labels) == 0 {
		return v
	}
	v.Expected = res.Labels[enricher.KeyExpected] == "true"
	v.Terminal = terminal || !o.IgnoreVeto && res.Labels.CannotRestart()
	if v.Terminal {
		return v
	}
	v.RetryAfter = o.retryAfter(res.Labels)
	v.Uncounted = !o.counted && res.Labels[enricher.KeyAttemptCounts] == "false" && uncounted < cmp.Or(o.MaxUncounted, defaultMaxUncounted)
	if v.Uncounted && v.RetryAfter == 0 {
		v.RetryAfter = minUncountedDelay
	}
	return v
}

// retryAfter returns the delay that the labels ask for; 0: none.
func (o Options) retryAfter(labels enricher.Labels) time.Duration {
	after, _ := labels.RetryAfter()
	if o.IgnoreRetryAfter {
		return 0
	}
	return min(after, cmp.Or(o.MaxRetryAfter, defaultMaxRetryAfter))
}

// Counted returns o for a job manager in which every attempt counts: Judge then returns
// no Verdict that is Uncounted, and RetryAfter is only what the labels ask for.
func (o Options) Counted() Options {
	o.counted = true
	return o
}

// Run calls job and, if it fails, failed with its error; that of a panic is an
// [*enricher.PanicError] with the frames of job. Run returns the error of job.
//
// A panic goes on after failed has returned, so that the job manager sees it as it
// would without Run, unless the Verdict is Terminal: then Run returns the
// PanicError, as most job managers try again after a panic.
func Run(job func() error, failed func(cause error) Verdict) (err error) {
	returned := false
	defer func() {
		if returned {
			return // failed may have panicked
		}
		if v := recover(); v != nil {
			p := enricher.Recovered(v)
			if !failed(p).Terminal {
				panic(v)
			}
			err = p
		}
	}()
	err = job()
	returned = true
	if err != nil {
		failed(err)
	}
	return err
}

// Interrupted reports whether err is no failure of the job but its answer to the end
// of ctx, which must be the context around the job, without the job's own timeout: a
// shutdown, or a cancellation from outside. It is false as long as ctx has not ended.
// Besides errors that wrap that of ctx, or its cause, it recognizes what clients return
// if they are cancelled, such as the status Canceled of gRPC, and what a cancellation
// leads to: a command that was killed, a query that the database has ended, and a
// connection, file or transaction that is closed.
//
// Of joined errors, all must be such: an error of a cleanup that comes with the
// cancellation is a failure.
//
// If the job manager ends the job for good because of it, an adapter labels it all the
// same: otherwise nothing tells that the job is lost.
func Interrupted(ctx context.Context, err error) bool {
	if err == nil || ctx == nil || ctx.Err() == nil {
		return false
	}
	var walk guard.Walk
	return isInterruption(ctx, err, &walk)
}

// severalType is the type of one error that names several: "%w: %w".
var severalType = reflect.TypeOf(fmt.Errorf("%w%w", context.Canceled, context.Canceled))

func isInterruption(ctx context.Context, err error, walk *guard.Walk) bool {
	for link := err; link != nil; {
		if !walk.Enter(link, 1) {
			return false
		}
		many, one := guard.Unwrap(link)
		if len(many) > 0 && reflect.TypeOf(link) != severalType {
			return !slices.ContainsFunc(many, func(e error) bool { return e != nil && !isInterruption(ctx, e, walk) })
		}
		link = one
	}
	if enricher.Is(err, ctx.Err()) || enricher.Is(err, context.Cause(ctx)) {
		return true
	}
	if ctx.Err() != context.Canceled || enricher.Is(err, context.DeadlineExceeded) {
		return false
	}
	v := evidence.Of(err)
	return v.IsInterruption()
}

// FailureID returns an ID for the failure of an attempt, for FailureContext.ID, such
// as "river:42-3-mf3k2x1p". It has the start of the attempt in it, to the
// millisecond, because job managers use the number of an attempt again.
func FailureID(manager, job string, attempt int, start time.Time) string {
	return fmt.Sprintf("%s:%s-%d-%s", manager, job, attempt, strconv.FormatInt(start.UnixMilli(), 36))
}
