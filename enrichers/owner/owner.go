package owner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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

// DefaultTeam is the team of failures that no line matches, unless an option says
// otherwise.
const DefaultTeam = "unowned"

// Name is the name under which the enricher is registered.
const Name = "owner"

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(conf enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) {
			opts.Logger = conf.Logger()
			return New(opts)
		}))
}

// Options are the options of the enricher. Either File or Rules is required.
type Options struct {
	File           string   // the path of a file with the rules
	Reload         bool     // whether to read it again when it changes. By default, false.
	Rules          []string // the rules in place of a File, a line each
	DefaultTeam    string   // of failures that no line matches. By default, DefaultTeam.
	DefaultOncall  string   // the same for the label oncall. By default, there is none.
	DefaultRunbook string   // the same for the label runbook. By default, there is none.

	// Logger logs what becomes of new versions of File. By default, it is
	// slog.Default().
	Logger *slog.Logger `mapstructure:"-"`
}

// New returns an enricher with these options, which is an [enricher.LabelReader],
// [enricher.Explainer] and [enricher.CountReporter]. The error joins an
// [*enricher.ConfigError] for each wrong option or line.
func New(opts Options) (enricher.FailureEnricher, error) {
	o := &owners{fallback: owner{cmp.Or(opts.DefaultTeam, DefaultTeam), opts.DefaultOncall, opts.DefaultRunbook}}
	var err error
	o.Rules, err = reload.Load(
		reload.Options{File: opts.File, Reload: opts.Reload, Rules: len(opts.Rules), Logger: opts.Logger},
		func() (*lines, []error) { return parse(opts.Rules, "rule ", o.fallback) },
		func(data []byte) (*lines, []error) {
			return parse(strings.Split(string(data), "\n"), opts.File+":", o.fallback)
		})
	err = errors.Join(
		checkOption("default-team", o.fallback.team),
		checkOption("default-oncall", o.fallback.oncall),
		checkOption("default-runbook", o.fallback.runbook),
		err,
	)
	if err != nil {
		return nil, err
	}
	return o, nil
}

func checkOption(option, value string) error {
	if err := checkValue(value); err != nil {
		return &enricher.ConfigError{Option: option, Err: err}
	}
	return nil
}

// owners is the enricher. The embedded Rules have its keys.
type owners struct {
	*reload.Rules[*lines]
	fallback  owner // of failures that no line matches
	unmatched atomic.Uint64
}

var (
	_ enricher.ValueReader    = (*owners)(nil)
	_ enricher.LabelDescriber = (*owners)(nil)
	_ enricher.Explainer      = (*owners)(nil)
	_ enricher.CountReporter  = (*owners)(nil)
)

// ProcessFailure returns the labels of the last line that matches.
func (o *owners) ProcessFailure(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	if l := o.Get().find(&failure{cause: cause, fc: &fc}); l != nil {
		return l.owner.labels(), nil
	}
	o.unmatched.Add(1)
	return o.fallback.labels(), nil
}

// ExplainFailure says for each label which line sets it, such as
//
//	owners.txt:3 "job:import-*"
//
// or, of rules that are an option, rule 3 "job:import-*".
func (o *owners) ExplainFailure(
	_ context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, map[string]string, error) {
	l := o.Get().find(&failure{cause: cause, fc: &fc})
	labels := o.fallback.labels()
	if l != nil {
		labels = l.owner.labels()
	}
	reasons := make(map[string]string, len(labels))
	for key := range labels {
		reasons[key] = "no line matched: option default-" + key
		if l != nil {
			reasons[key] = fmt.Sprintf("%s %q", l.place, l.text)
		}
	}
	return labels, reasons, nil
}

// Counts returns the number of failures that no line matched and that of new
// versions of the file that could not be used.
func (o *owners) Counts() map[string]uint64 {
	return map[string]uint64{"unmatched": o.unmatched.Load(), "reload-failed": o.Failed()}
}

// An owner is responsible for a failure. An empty field is no label.
type owner struct{ team, oncall, runbook string }

func (o owner) labels() enricher.Labels {
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

	searched bool // for origin, which the first condition on it does
	origin   inspect.Frame
	known    bool // whether there is an origin
}

// pkg returns the path of the package in which the failure arose.
func (f *failure) pkg() (path string, ok bool) {
	if !f.searched {
		f.origin, f.known = inspect.Origin(f.cause)
		f.searched = true
	}
	return f.origin.Package, f.known
}
