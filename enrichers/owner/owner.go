package owner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/reload"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// The keys of the labels.
const (
	KeyTeam    = "team"
	KeyOncall  = "oncall"
	KeyRunbook = "runbook"
)

// DefaultTeam is the team of what no line matches, unless an option says
// otherwise.
const DefaultTeam = "unowned"

// Name is what the enricher is registered as.
const Name = "owner"

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{}, create))
}

func create(conf enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) {
	opts.Logger = conf.Logger()
	e, err := build(conf.Name(), opts)
	if err != nil {
		return nil, err // not a nil *Enricher, which is not nil
	}
	return e, nil
}

// Options are the options of the enricher. Either File or Rules is needed.
type Options struct {
	File           string   // the path of a file with the rules
	Reload         bool     // whether to read it again when it changes. By default, false.
	Rules          []string // the rules in place of a File, a line each
	DefaultTeam    string   // of what no line matches. By default, DefaultTeam.
	DefaultOncall  string   // the same for the label oncall. By default, there is none.
	DefaultRunbook string   // the same for the label runbook. By default, there is none.

	// Logger is told what becomes of new versions of File. By default, it is
	// slog.Default().
	Logger *slog.Logger `mapstructure:"-"`
}

// An Enricher says whose a failure is. Its methods may be called concurrently.
type Enricher struct {
	lines     *reload.File[lines]
	fallback  owner // of what no line matches
	outputs   []string
	inputs    []string
	unmatched atomic.Uint64
}

var (
	_ enricher.LabelReader   = (*Enricher)(nil)
	_ enricher.Explainer     = (*Enricher)(nil)
	_ enricher.CountReporter = (*Enricher)(nil)
)

// New returns an Enricher with these options. The error joins an
// [*enricher.ConfigError] for each thing that is wrong: an option, or a line,
// which it names by number with the offending word.
func New(opts Options) (*Enricher, error) { return build("", opts) }

// build is New for an enricher that is configured under name.
func build(name string, opts Options) (*Enricher, error) {
	opts.DefaultTeam = cmp.Or(opts.DefaultTeam, DefaultTeam)
	var errs []error
	fail := func(option string, problems ...error) {
		for _, err := range problems {
			errs = append(errs, &enricher.ConfigError{Enricher: name, Option: option, Err: err})
		}
	}
	check := func(option, value string) {
		if err := checkValue(value); err != nil {
			fail(option, err)
		}
	}
	check("default-team", opts.DefaultTeam)
	check("default-oncall", opts.DefaultOncall)
	check("default-runbook", opts.DefaultRunbook)

	e := &Enricher{fallback: owner{opts.DefaultTeam, opts.DefaultOncall, opts.DefaultRunbook}}
	switch {
	case opts.File == "" && len(opts.Rules) == 0:
		fail("rules", errors.New("want at least one line, or a file that has them"))
	case opts.File == "" && opts.Reload:
		fail("reload", errors.New("there is no file to reload: want the option file, or false"))
	case opts.File != "" && len(opts.Rules) > 0:
		fail("rules", fmt.Errorf("there is the file %q as well: want either file or rules", opts.File))
	case opts.File == "":
		all, problems := parse(opts.Rules, "rule ", e.fallback)
		fail("rules", problems...)
		e.lines = reload.Fixed(all)
	default:
		var err error
		if e.lines, err = open(opts, e.fallback); err != nil {
			fail("file", parts(err)...)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	e.outputs, e.inputs = e.lines.Value().outputs, e.lines.Value().inputs
	return e, nil
}

// parts returns the errors that err joins, or err itself.
func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// OutputKeys returns team, and oncall and runbook where these can be set.
func (e *Enricher) OutputKeys() []string { return slices.Clone(e.outputs) }

// InputKeys returns the keys of the labels that lines look at. Without any, the
// enricher waits for no other.
func (e *Enricher) InputKeys() []string { return slices.Clone(e.inputs) }

// ProcessFailure returns the labels of the last line that matches.
func (e *Enricher) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	l := e.lines.Get(ctx).find(&failure{cause: cause, fc: &fc})
	if l == nil {
		e.unmatched.Add(1)
		return e.fallback.labels(), nil
	}
	return l.owner.labels(), nil
}

// ExplainFailure says of each label which line sets it, such as
//
//	owners.txt:3 "job:import-*"
//
// or, of rules that are an option, rule 3 "job:import-*".
func (e *Enricher) ExplainFailure(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, map[string]string, error) {
	l := e.lines.Get(ctx).find(&failure{cause: cause, fc: &fc})
	o, why := e.fallback, func(key string) string { return "no line matched: option default-" + key }
	if l != nil {
		o, why = l.owner, func(string) string { return fmt.Sprintf("%s %q", l.place, l.text) }
	}
	labels := o.labels()
	reasons := make(map[string]string, len(labels))
	for key := range labels {
		reasons[key] = why(key)
	}
	return labels, reasons, nil
}

// Unmatched returns how many failures there were that no line matched.
func (e *Enricher) Unmatched() uint64 { return e.unmatched.Load() }

// Counts returns, under "unmatched", what [Enricher.Unmatched] returns and, under
// "reload-failed", how often a new version of the file could not be used, or the
// file not be read again. Lines from an older version are in force then.
func (e *Enricher) Counts() map[string]uint64 {
	return map[string]uint64{"unmatched": e.Unmatched(), "reload-failed": e.lines.Failed()}
}

// An owner is who has to look at a failure. Empty is none.
type owner struct{ team, oncall, runbook string }

func (o *owner) labels() enricher.Labels {
	labels := enricher.Labels{KeyTeam: o.team}
	if o.oncall != "" {
		labels[KeyOncall] = o.oncall
	}
	if o.runbook != "" {
		labels[KeyRunbook] = o.runbook
	}
	return labels
}

// A failure is what conditions look at.
type failure struct {
	cause error
	fc    *enricher.FailureContext

	frame    inspect.Frame
	known    bool // frame is where it arose
	searched bool
}

// origin returns the package in which the failure arose. To find out costs
// something, and is done for the first line that asks.
func (f *failure) origin() (pkg string, ok bool) {
	if !f.searched {
		f.frame, f.known = inspect.Origin(f.cause)
		f.searched = true
	}
	return f.frame.Package, f.known
}
