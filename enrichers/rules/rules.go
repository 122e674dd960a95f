package rules

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/reload"
)

// Name is the name under which the enricher is registered.
const Name = "rules"

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(conf enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) {
			opts.Logger = conf.Logger()
			return New(opts)
		}))
}

// New returns an enricher with these options, which is an [enricher.LabelReader],
// [enricher.Explainer] and [enricher.CountReporter]. The error joins an
// [*enricher.ConfigError] for each wrong option or rule, and for each label that
// an example expects but does not get.
func New(opts Options) (enricher.FailureEnricher, error) {
	var misplaced error
	if opts.File != "" && len(opts.Examples) > 0 {
		misplaced = &enricher.ConfigError{Option: "examples", Err: errors.New("must be in the file, as the rules are")}
	}
	rules, err := reload.Load(
		reload.Options{File: opts.File, Reload: opts.Reload, Rules: len(opts.Rules), Logger: opts.Logger},
		func() (*ruleSet, []error) { return compile(document{opts.All, opts.Rules, opts.Examples}) },
		func(data []byte) (*ruleSet, []error) { return parseFile(opts.File, data, opts.All) })
	if err = errors.Join(misplaced, err); err != nil {
		return nil, err
	}
	return &labeler{Rules: rules}, nil
}

// A labeler is the enricher. The embedded Rules have its keys.
type labeler struct {
	*reload.Rules[*ruleSet]
	unmatched atomic.Uint64
}

var (
	_ enricher.ValueReader    = (*labeler)(nil)
	_ enricher.LabelDescriber = (*labeler)(nil)
	_ enricher.Explainer      = (*labeler)(nil)
	_ enricher.CountReporter  = (*labeler)(nil)
)

// ProcessFailure returns the labels of the first rule that matches, or of all. The
// error is that of a context which ended before all rules were tried.
func (e *labeler) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	f := &failure{cause: cause, fc: &fc}
	matches, err := e.Get().match(ctx, f)
	if err != nil {
		return nil, err
	}
	if len(matches) == 0 {
		e.unmatched.Add(1)
		return nil, nil
	}
	return labels(f, matches), nil
}

// ExplainFailure says for each label which rule sets it, such as
//
//	rule 3 "card-declined"
//
// and under the empty key that no rule matched, or which one that sets no labels.
func (e *labeler) ExplainFailure(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, map[string]string, error) {
	f := &failure{cause: cause, fc: &fc}
	matches, err := e.Get().match(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	reasons := map[string]string{}
	for _, m := range matches {
		for _, l := range m.rule.set {
			if _, ok := reasons[l.key]; !ok {
				reasons[l.key] = m.rule.String()
			}
		}
	}
	switch {
	case len(matches) == 0:
		reasons[""] = "no rule matched"
	case len(reasons) == 0:
		reasons[""] = matches[0].rule.String() + " matched and sets no labels"
	}
	return labels(f, matches), reasons, nil
}

// Counts returns the number of failures that no rule matched and that of new
// versions of the file that could not be used.
func (e *labeler) Counts() map[string]uint64 {
	return map[string]uint64{"unmatched": e.unmatched.Load(), "reload-failed": e.Failed()}
}
