package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/reload"
)

// Name is what the enricher is registered as.
const Name = "rules"

func init() {
	enricher.Register(Name, enricher.FactoryFunc(create))
}

// create is the factory. The rules are decoded one by one, as those of a file are,
// so that errors name them.
func create(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
	var raw struct {
		File     string
		Reload   bool
		All      bool
		Rules    []map[string]any
		Examples []map[string]any
	}
	if err := conf.Decode(&raw); err != nil {
		return nil, err
	}
	opts := Options{File: raw.File, Reload: raw.Reload, All: raw.All, Logger: conf.Logger()}
	var errs []error
	opts.Rules, errs = decodeRules(raw.Rules)
	ruleErrs := optionErrors(conf.Name(), "rules", errs)
	opts.Examples, errs = decodeExamples(raw.Examples)
	if errs := append(ruleErrs, optionErrors(conf.Name(), "examples", errs)...); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	e, err := build(conf.Name(), opts)
	if err != nil {
		return nil, err // not a nil *Enricher, which is not nil
	}
	return e, nil
}

// optionErrors returns an [enricher.ConfigError] for each of errs.
func optionErrors(name, option string, errs []error) []error {
	errs = slices.Clone(errs)
	for i, err := range errs {
		errs[i] = &enricher.ConfigError{Enricher: name, Option: option, Err: err}
	}
	return errs
}

// An Enricher labels failures by rules. Its methods may be called concurrently.
type Enricher struct {
	rules     *reload.File[ruleSet]
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
// [*enricher.ConfigError] for each thing that is wrong: an option, a rule, which
// it names by number and name with the key and value, or an example that does not
// come true. opts must not be changed afterwards.
func New(opts Options) (*Enricher, error) { return build("", opts) }

// build is New for an enricher that is configured under name.
func build(name string, opts Options) (*Enricher, error) {
	fail := func(option, format string, args ...any) (*Enricher, error) {
		return nil, errors.Join(optionErrors(name, option, []error{fmt.Errorf(format, args...)})...)
	}
	switch {
	case opts.File == "" && len(opts.Rules) == 0:
		return fail("rules", "want at least one rule, or a file that has them")
	case opts.File == "" && opts.Reload:
		return fail("reload", "there is no file to reload: want the option file, or false")
	case opts.File != "" && len(opts.Rules) > 0:
		return fail("rules", "they are in the file %q: want either file or rules", opts.File)
	case opts.File != "" && len(opts.Examples) > 0:
		return fail("examples", "the rules are in the file %q: want the examples there", opts.File)
	}
	if opts.File == "" {
		set, errs := newRuleSet(opts.Rules, opts.All)
		if len(errs) > 0 {
			return nil, errors.Join(optionErrors(name, "rules", errs)...)
		}
		if errs := set.check(opts.Examples); len(errs) > 0 {
			return nil, errors.Join(optionErrors(name, "examples", errs)...)
		}
		return newEnricher(reload.Fixed(set)), nil
	}
	file, err := open(opts)
	if err != nil {
		return nil, errors.Join(optionErrors(name, "file", parts(err))...)
	}
	return newEnricher(file), nil
}

func newEnricher(file *reload.File[ruleSet]) *Enricher {
	first := file.Value()
	return &Enricher{rules: file, outputs: first.outputs, inputs: first.inputs}
}

// open opens the file of opts.
func open(opts Options) (*reload.File[ruleSet], error) {
	var first *ruleSet // which has the keys
	parse := func(data []byte, old *ruleSet) (*ruleSet, error) {
		set, errs := parseFile(data, opts.All)
		if len(errs) == 0 && old != nil {
			errs = set.newKeys(first)
		}
		if len(errs) > 0 {
			for i, err := range errs {
				errs[i] = fmt.Errorf("%s: %w", opts.File, err)
			}
			return nil, errors.Join(errs...)
		}
		if old == nil {
			first = set
		} else {
			set.keepCounts(old)
		}
		return set, nil
	}
	return reload.Open(opts.File, reload.Options{MaxSize: maxFileSize, Watch: opts.Reload, Logger: opts.Logger}, parse)
}

// parts returns the errors that err joins, or err itself.
func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// OutputKeys returns the keys of the labels that rules set.
func (e *Enricher) OutputKeys() []string { return slices.Clone(e.outputs) }

// InputKeys returns the keys of the labels that rules look at. Without any, the
// enricher waits for no other.
func (e *Enricher) InputKeys() []string { return slices.Clone(e.inputs) }

// ProcessFailure returns the labels of the first rule that matches, or of all. The
// error is that of a context which ended before all rules were tried.
func (e *Enricher) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	set := e.rules.Get(ctx)
	f := &failure{cause: cause, fc: &fc}
	hits, err := set.apply(ctx, f)
	if err != nil {
		return nil, err
	}
	if len(hits) == 0 {
		e.unmatched.Add(1)
		return nil, nil
	}
	for _, h := range hits {
		h.rule.matches.Add(1)
	}
	return labels(f, hits), nil
}

// ExplainFailure says of each label which rule sets it, such as
//
//	rule 3 "card-declined"
//
// and under the empty key that no rule matched, or which one that sets nothing.
func (e *Enricher) ExplainFailure(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, map[string]string, error) {
	f := &failure{cause: cause, fc: &fc}
	hits, err := e.rules.Get(ctx).apply(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	reasons := map[string]string{}
	for _, h := range hits {
		for _, l := range h.rule.set {
			if _, ok := reasons[l.key]; !ok {
				reasons[l.key] = h.rule.String()
			}
		}
	}
	switch {
	case len(hits) == 0:
		reasons[""] = "no rule matched"
	case len(reasons) == 0:
		reasons[""] = hits[0].rule.String() + " matched, and sets no labels"
	}
	return labels(f, hits), reasons, nil
}
