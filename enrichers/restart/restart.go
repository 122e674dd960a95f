package restart

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
	"github.com/failure-enrichers/enricher/internal/evidence"
)

// Name is what the enricher is registered as.
const Name = "restart"

// The keys of its labels, with [enricher.KeyJobCannotRestart].
const (
	Key      = "retry"
	KeyAfter = "retry_after"
)

// The values of the label [Key].
const (
	Retryable = string(evidence.Retryable)
	Terminal  = string(evidence.Terminal)
	Unknown   = string(evidence.Undecided)
)

// maxAfter bounds what an error can ask to wait.
const maxAfter = 24 * time.Hour

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(conf enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) {
			e, err := New(opts)
			if err != nil {
				return nil, err
			}
			e.logger = conf.Logger()
			return e, nil
		}))
}

// An Enricher says whether a restart can help. Its methods may be called
// concurrently.
type Enricher struct {
	opts    Options
	logger  *slog.Logger // nil: what was not vetoed is only counted
	repeats *repeats
	vetoes  *window

	byRetry           [3]atomic.Uint64 // by index into answers
	vetoed, notVetoed atomic.Uint64
}

var answers = []string{Retryable, Terminal, Unknown}

var (
	_ enricher.LabelReader   = (*Enricher)(nil)
	_ enricher.Explainer     = (*Enricher)(nil)
	_ enricher.CountReporter = (*Enricher)(nil)
)

// New returns an enricher with these options, or an error that names each option
// that is wrong.
func New(opts Options) (*Enricher, error) {
	opts, err := opts.check()
	if err != nil {
		return nil, err
	}
	return &Enricher{
		opts:    opts,
		repeats: newRepeats(opts.Repeats, opts.RepeatsWindow),
		vetoes:  newWindow(opts.MaxRestartsVetoed, opts.VetoWindow),
	}, nil
}

// OutputKeys returns [Key] and [KeyAfter], and with option veto
// [enricher.KeyJobCannotRestart].
func (e *Enricher) OutputKeys() []string {
	keys := []string{Key, KeyAfter}
	if e.opts.Veto {
		keys = append(keys, enricher.KeyJobCannotRestart)
	}
	return keys
}

// InputKeys returns the keys in options terminal and retryable.
func (e *Enricher) InputKeys() []string { return e.opts.reads() }

// ProcessFailure says whether a restart can help. It never fails.
func (e *Enricher) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	a := e.judge(cause, fc, e.repeats.add)
	for i, retry := range answers {
		if retry == a.retry {
			e.byRetry[i].Add(1)
		}
	}
	labels := a.labels()
	if e.opts.Veto && a.retry == Terminal && !a.guessed {
		if e.veto(ctx) {
			labels[enricher.KeyJobCannotRestart] = "true"
		}
	}
	return labels, nil
}

// ExplainFailure says what decided. It counts neither repeats nor vetoes.
func (e *Enricher) ExplainFailure(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	a := e.judge(cause, fc, e.repeats.peek)
	labels, why := a.labels(), map[string]string{Key: a.why}
	if e.opts.Veto && a.retry == Terminal {
		why[enricher.KeyJobCannotRestart] = "retry is terminal"
		if a.guessed {
			why[enricher.KeyJobCannotRestart] = "not set, as only a text or the name of a type says that retry is terminal"
		} else if e.vetoes.full(time.Now()) {
			why[enricher.KeyJobCannotRestart] = fmt.Sprintf("not set, as max-restarts-vetoed, %d within %v, is reached", e.opts.MaxRestartsVetoed, e.opts.VetoWindow)
		} else {
			labels[enricher.KeyJobCannotRestart] = "true"
		}
	}
	return labels, why, nil
}

// An answer is what there is to say about a failure.
type answer struct {
	retry   string
	why     string
	after   time.Duration
	guessed bool // only a text or the name of a type says so
}

// judge decides. repeated counts the failure, or tells how often it would have
// been counted.
func (e *Enricher) judge(cause error, fc enricher.FailureContext, repeated func(job, fingerprint string) bool) answer {
	v := evidence.Of(cause)
	a := answer{after: v.After}
	// Always, so that a failure counts that is terminal for another reason.
	again := e.opts.Repeats > 0 && repeated(jobOf(fc), fingerprint.Of(cause))
	if key, ok := byLabels(e.opts.Terminal, fc.Labels); ok {
		a.retry, a.why = Terminal, "option terminal: "+key+"="+fc.Labels[key]
	} else if key, ok := byLabels(e.opts.Retryable, fc.Labels); ok {
		a.retry, a.why = Retryable, "option retryable: "+key+"="+fc.Labels[key]
	} else if again {
		a.retry, a.why = Terminal, fmt.Sprintf("option repeats: the same failure %d times within %v", e.opts.Repeats, e.opts.RepeatsWindow)
	} else if v.Retry.Retry != "" {
		a.retry, a.why, a.guessed = string(v.Retry.Retry), v.Retry.Reason(), v.Retry.Weight <= evidence.Text
	} else {
		a.retry, a.why = Unknown, "no error of the chain is of a type, or has a code, that says it"
	}
	return a
}

// jobOf returns what tells the job from others; empty: nothing does.
func jobOf(fc enricher.FailureContext) string { return cmp.Or(fc.JobID, fc.JobName) }

func (a answer) labels() enricher.Labels {
	labels := enricher.Labels{Key: a.retry}
	if a.after > 0 && a.retry != Terminal {
		// Up to whole seconds, lest it be tried too early.
		seconds := (min(a.after, maxAfter) + time.Second - 1).Truncate(time.Second)
		labels[KeyAfter] = seconds.String()
	}
	return labels
}

// veto reports whether a restart may be vetoed, and counts it.
func (e *Enricher) veto(ctx context.Context) bool {
	ok, first := e.vetoes.add(time.Now())
	if ok {
		e.vetoed.Add(1)
		return true
	}
	e.notVetoed.Add(1)
	if first && e.logger != nil {
		e.logger.WarnContext(ctx, "Restarts of terminal failures are not vetoed for a while: there were too many vetoes",
			"max-restarts-vetoed", e.opts.MaxRestartsVetoed, "veto-window", e.opts.VetoWindow)
	}
	return false
}

// Counts returns the number of failures by value of retry, such as
// "retry=unknown", of vetoes, "vetoed", and of failures that would have been
// vetoed but for max-restarts-vetoed, "not-vetoed".
func (e *Enricher) Counts() map[string]uint64 {
	counts := map[string]uint64{"vetoed": e.vetoed.Load(), "not-vetoed": e.notVetoed.Load()}
	for i, retry := range answers {
		counts[Key+"="+retry] = e.byRetry[i].Load()
	}
	return counts
}
