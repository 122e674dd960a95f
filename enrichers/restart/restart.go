package restart

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/redact"
	"github.com/failure-enrichers/enricher/internal/text"
)

// Name is what the enricher is registered as.
const Name = "restart"

// The keys of its labels, with [enricher.KeyJobCannotRestart].
const (
	KeyRetry         = "retry"
	KeyRetryAfter    = enricher.KeyRetryAfter
	KeyAttemptCounts = enricher.KeyAttemptCounts
	KeyExpected      = enricher.KeyExpected
)

// The values of the label [KeyRetry].
const (
	Retryable = string(evidence.Retryable)
	Terminal  = string(evidence.Terminal)
	Unknown   = string(evidence.Undecided)
)

// maxRetryAfter bounds the wait that an error can ask for.
const maxRetryAfter = 24 * time.Hour

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(conf enricher.FactoryConfig, opts Options) (*judge, error) { return newJudge(opts, conf.Logger()) }))
}

// New returns an enricher with these options, or an error for each wrong option,
// joined. Unlike one that is configured, it does not log that vetoes are withheld.
func New(opts Options) (enricher.FailureEnricher, error) {
	j, err := newJudge(opts, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return j, nil
}

// A judge says whether a restart can help.
type judge struct {
	opts    Options
	logger  *slog.Logger
	repeats *repeats
	vetoes  *budget

	counts           map[string]*atomic.Uint64 // of labels, by "key=value"
	vetoed, withheld atomic.Uint64
}

var (
	_ enricher.ValueReader    = (*judge)(nil)
	_ enricher.LabelDescriber = (*judge)(nil)
	_ enricher.Explainer      = (*judge)(nil)
	_ enricher.CountReporter  = (*judge)(nil)
)

func newJudge(opts Options, logger *slog.Logger) (*judge, error) {
	given := opts
	opts = opts.withDefaults()
	if err := opts.check(given); err != nil {
		return nil, err
	}
	j := &judge{
		opts:    opts,
		logger:  logger,
		repeats: newRepeats(opts.Repeats, opts.RepeatsWindow),
		vetoes: &budget{
			perName: opts.MaxRestartsVetoed, total: opts.MaxRestartsVetoedTotal, span: opts.VetoWindow,
			byName: map[uint64]*spent{},
		},
		counts: map[string]*atomic.Uint64{},
	}
	for _, d := range j.DescribeLabels() {
		for _, value := range d.Values {
			if d.Key != enricher.KeyJobCannotRestart { // counted as vetoed
				j.counts[d.Key+"="+value] = &atomic.Uint64{}
			}
		}
	}
	return j, nil
}

// OutputKeys returns [KeyRetry] and [KeyRetryAfter], [enricher.KeyJobCannotRestart]
// with option veto, [KeyAttemptCounts] with option uncounted, and [KeyExpected] with
// option expected.
func (j *judge) OutputKeys() []string {
	var keys []string
	for _, d := range j.DescribeLabels() {
		keys = append(keys, d.Key)
	}
	return keys
}

// DescribeLabels describes the labels of OutputKeys.
func (j *judge) DescribeLabels() []enricher.LabelDescription {
	all := []enricher.LabelDescription{
		{Key: KeyRetry, Doc: "Whether a restart of the job can help.", Values: []string{Retryable, Terminal, Unknown}},
		{Key: KeyRetryAfter, Doc: "How long to wait before the restart."},
	}
	if j.opts.Veto {
		all = append(all, enricher.LabelDescription{Key: enricher.KeyJobCannotRestart, Doc: "The job must not be restarted.", Values: []string{"true"}})
	}
	if len(j.opts.Uncounted) > 0 {
		all = append(all, enricher.LabelDescription{Key: KeyAttemptCounts, Doc: "The attempt does not use up one of those that the job may have.", Values: []string{"false"}})
	}
	if len(j.opts.Expected) > 0 {
		all = append(all, enricher.LabelDescription{Key: KeyExpected, Doc: "The failure is no reason for an alarm.", Values: []string{"true"}})
	}
	return all
}

// InputKeys returns the keys in options terminal, retryable, uncounted and expected.
func (j *judge) InputKeys() []string { return slices.Sorted(maps.Keys(j.InputValues())) }

// InputValues returns the values in options terminal, retryable, uncounted and
// expected.
func (j *judge) InputValues() map[string][]string {
	values := map[string][]string{}
	for _, c := range j.opts.conditions() {
		for key := range c.values {
			values[key] = append(values[key], c.values[key]...)
		}
	}
	return values
}

// ProcessFailure says whether a restart can help. Its error is always nil.
func (j *judge) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	v := j.decide(cause, fc, j.repeats.add)
	labels := v.labels()
	for key, value := range labels {
		if n := j.counts[key+"="+value]; n != nil {
			n.Add(1)
		}
	}
	if j.opts.Veto && v.retry == Terminal && j.noVeto(v, fc, func(name string) string { return j.veto(ctx, name) }) == "" {
		labels[enricher.KeyJobCannotRestart] = "true"
	}
	return labels, nil
}

// ExplainFailure says what decided. It counts neither repeats nor vetoes.
func (j *judge) ExplainFailure(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	v := j.decide(cause, fc, j.repeats.peek)
	labels, why := v.labels(), j.reasons(v)
	if !j.opts.Veto || v.retry != Terminal {
		return labels, why, nil
	}
	if reason := j.noVeto(v, fc, j.vetoes.peek); reason != "" {
		why[enricher.KeyJobCannotRestart] = "not set, as " + reason
		return labels, why, nil
	}
	why[enricher.KeyJobCannotRestart] = "retry is terminal"
	labels[enricher.KeyJobCannotRestart] = "true"
	return labels, why, nil
}

// A verdict is what is known about a failure.
type verdict struct {
	retry     string
	why       string
	after     time.Duration
	guessed   bool   // only a text or the name of a type says so
	uncounted string // how option uncounted is met, or ""
	expected  string // the same of option expected
}

// decide says whether a restart can help. It calls repeated for every failure that
// counts, if option repeats is set.
func (j *judge) decide(cause error, fc enricher.FailureContext, repeated func(key repeatKey, id string) bool) verdict {
	found := evidence.Of(cause)
	met := func(option string, values map[string][]string) string {
		return condition{option, values}.met(fc.Labels)
	}
	v := verdict{after: found.After, uncounted: met("uncounted", j.opts.Uncounted), expected: met("expected", j.opts.Expected)}
	// A failure counts as a repeat even if it is terminal for another reason.
	again := j.opts.Repeats > 0 && v.uncounted == "" && !found.Cancelled() &&
		repeated(repeatKey{cmp.Or(fc.JobID, fc.JobName), fingerprint.Of(cause)}, cmp.Or(fc.RootID, fc.ID))
	if fc.Terminal {
		v.retry, v.why = Terminal, "the job manager does not try again, by FailureContext.Terminal"
	} else if why := met("terminal", j.opts.Terminal); why != "" {
		v.retry, v.why = Terminal, why
	} else if why := met("retryable", j.opts.Retryable); why != "" {
		v.retry, v.why = Retryable, why
	} else if again {
		v.retry, v.why = Terminal, fmt.Sprintf("option repeats: the same failure %d times within %v", j.opts.Repeats, j.opts.RepeatsWindow)
	} else if found.Retry.Retry != "" {
		v.retry, v.why, v.guessed = string(found.Retry.Retry), found.Retry.Reason(), found.Retry.Weight <= evidence.Text
		if v.retry == Unknown {
			v.why += ", after which a restart may help or not"
		}
	} else {
		v.retry, v.why = Unknown, "no error of the chain has a type or a code that says it"
	}
	return v
}

func (v verdict) labels() enricher.Labels {
	labels := enricher.Labels{KeyRetry: v.retry}
	if v.after > 0 && v.retry != Terminal {
		// Rounded up, so that the job does not start too early.
		seconds := (min(v.after, maxRetryAfter) + time.Second - 1).Truncate(time.Second)
		labels[KeyRetryAfter] = seconds.String()
	}
	if v.uncounted != "" && v.retry != Terminal {
		labels[KeyAttemptCounts] = "false"
	}
	if v.expected != "" {
		labels[KeyExpected] = "true"
	}
	return labels
}

// reasons returns why v has its labels, and why one for which there is an option is
// not set.
func (j *judge) reasons(v verdict) map[string]string {
	const terminal = "not set, as retry is terminal"
	why := map[string]string{KeyRetry: v.why}
	if v.after > 0 {
		why[KeyRetryAfter] = fmt.Sprintf("an error of the chain asks to wait %v", v.after)
		if v.retry == Terminal {
			why[KeyRetryAfter] = terminal
		}
	}
	if len(j.opts.Uncounted) > 0 {
		why[KeyAttemptCounts] = cmp.Or(v.uncounted, "not set, as no label meets option uncounted")
		if v.uncounted != "" && v.retry == Terminal {
			why[KeyAttemptCounts] = terminal
		}
	}
	if len(j.opts.Expected) > 0 {
		why[KeyExpected] = cmp.Or(v.expected, "not set, as no label meets option expected")
	}
	return why
}

// noVeto returns why the restart after a terminal failure is not vetoed, or "". It
// asks reached which bound keeps a job from one more veto.
func (j *judge) noVeto(v verdict, fc enricher.FailureContext, reached func(name string) string) (reason string) {
	switch {
	case fc.Terminal:
		return "the job manager does not try again anyway"
	case v.guessed:
		return "only a text or the name of a type says that retry is terminal"
	}
	switch reached(cmp.Or(fc.JobName, fc.JobID)) {
	case nameReached:
		return fmt.Sprintf("the budget of the job is used up: %s, %d within %v", nameReached, j.opts.MaxRestartsVetoed, j.opts.VetoWindow)
	case totalReached:
		return fmt.Sprintf("the budget of all jobs is used up: %s, %d within %v", totalReached, j.opts.MaxRestartsVetoedTotal, j.opts.VetoWindow)
	}
	return ""
}

// veto uses the budget of a job for a veto, or returns the bound that is reached.
func (j *judge) veto(ctx context.Context, name string) (reached string) {
	reached, first := j.vetoes.add(name)
	if reached == admitted {
		j.vetoed.Add(1)
	} else {
		j.withheld.Add(1)
	}
	if first {
		j.logger.WarnContext(ctx, "Too many restarts vetoed; further vetoes withheld",
			"option", reached, "job", redact.Text(redact.Cut(text.Clean(name, 2*maxLoggedName), maxLoggedName)), "veto-window", j.opts.VetoWindow)
	}
	return reached
}

// maxLoggedName is how much of the name of a job is logged, in bytes.
const maxLoggedName = 256

// Counts returns the number of failures by label, such as "retry=unknown", of
// vetoes, "vetoed", and of vetoes withheld because the budget was used up,
// "not-vetoed".
func (j *judge) Counts() map[string]uint64 {
	counts := map[string]uint64{"vetoed": j.vetoed.Load(), "not-vetoed": j.withheld.Load()}
	for label, n := range j.counts {
		counts[label] = n.Load()
	}
	return counts
}
