package rules

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/glob"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/redact"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A ruleSet is one version of the rules. It does not change.
type ruleSet struct {
	rules     []*rule
	all       bool
	set, read map[string][]string // values by key: nil if any can be set; no globs
}

func (s *ruleSet) OutputKeys() []string { return slices.Sorted(maps.Keys(s.set)) }

func (s *ruleSet) InputKeys() []string { return slices.Sorted(maps.Keys(s.read)) }

func (s *ruleSet) InputValues() map[string][]string { return s.read }

func (s *ruleSet) DescribeLabels() (all []enricher.LabelDescription) {
	for _, key := range s.OutputKeys() {
		all = append(all, enricher.LabelDescription{Key: key, Doc: "What the rules set.", Values: s.set[key]})
	}
	return all
}

// A rule is a Rule that is ready for matching.
type rule struct {
	Rule
	number int // from 1

	job, task          globs
	attributes, labels map[string]globs
	attempt            attempt
	message            *regexp.Regexp
	literal            string // without which message does not match; quicker to look for
	groups             bool   // whether set has groups of message
	set                []label
}

// A label is what a rule sets.
type label struct {
	key   string
	value value
}

// String returns the name of the rule in errors and explanations.
func (r *rule) String() string { return numbered("rule", r.number, r.Name) }

func numbered(what string, number int, name string) string {
	if name == "" {
		return fmt.Sprintf("%s %d", what, number)
	}
	return fmt.Sprintf("%s %d %q", what, number, name)
}

func (r *rule) isCatchAll() bool {
	return r.Attempt == nil && len(r.Type)+len(r.Chain)+len(r.Message)+len(r.Job)+len(r.Task)+len(r.Attributes)+
		len(r.FailureType)+len(r.Labels) == 0
}

// globs are alternatives. Without any, every text matches.
type globs []*glob.Pattern

func (g globs) match(s string) bool {
	return len(g) == 0 || slices.ContainsFunc(g, func(p *glob.Pattern) bool { return p.Match(s) })
}

// matchAll reports whether values has each key of byKey, with a value that matches.
func matchAll(byKey map[string]globs, values map[string]string) bool {
	for key, g := range byKey {
		if value, ok := values[key]; !ok || !g.match(value) {
			return false
		}
	}
	return true
}

// A match is a rule that matches, with the groups in the message if its labels
// need them.
type match struct {
	rule   *rule
	groups []int
}

// match returns the first rule that matches, or all.
func (s *ruleSet) match(ctx context.Context, f *failure) (matches []match, err error) {
	for i, r := range s.rules {
		// Long messages and many rules take long.
		if i%16 == 15 && ctx.Err() != nil {
			return nil, fmt.Errorf("time was up after %d of %d rules: %w", i, len(s.rules), context.Cause(ctx))
		}
		groups, ok := r.match(f)
		if !ok {
			continue
		}
		matches = append(matches, match{r, groups})
		if !s.all {
			break
		}
	}
	return matches, nil
}

// match reports whether the failure meets the conditions, the cheap ones first.
func (r *rule) match(f *failure) (groups []int, ok bool) {
	fc := f.fc
	if len(r.FailureType) > 0 && !slices.Contains(r.FailureType, fc.Type) ||
		!r.attempt.match(fc) ||
		!r.job.match(fc.JobName) || !r.task.match(fc.TaskName) ||
		!matchAll(r.attributes, fc.Attributes) || !matchAll(r.labels, fc.Labels) ||
		len(r.Type) > 0 && !slices.ContainsFunc(r.Type, f.isType) ||
		len(r.Chain) > 0 && !slices.ContainsFunc(r.Chain, f.inChain) {
		return nil, false
	}
	switch {
	case r.Message == "":
		return nil, true
	case !strings.Contains(f.text(), r.literal):
		return nil, false
	case r.groups:
		groups = r.message.FindStringSubmatchIndex(f.text())
		return groups, groups != nil
	}
	return nil, r.message.MatchString(f.text())
}

// labels returns what the rules set. If several set one key, the first wins.
func labels(f *failure, matches []match) enricher.Labels {
	all := enricher.Labels{}
	for _, m := range matches {
		for _, l := range m.rule.set {
			if _, ok := all[l.key]; !ok {
				all[l.key] = l.value.expand(f, m.rule.message, m.groups)
			}
		}
	}
	return all
}

// maxText is the part of a message that is looked at, in bytes.
const maxText = 64 << 10

// A failure is what the rules look at. What takes long is done for the first rule
// that needs it.
type failure struct {
	cause error
	fc    *enricher.FailureContext
	given *Given // of an example, in place of cause

	message *string
	hider   func(string) string
	peeled  error
	chain   []error
}

// text returns the text of the error.
func (f *failure) text() string {
	if f.message == nil {
		var s string
		if f.given != nil {
			s = text.Clean(f.given.Error, maxText)
		} else {
			s = inspect.Text(f.cause, maxText)
		}
		f.message = &s
	}
	return *f.message
}

// hide masks in s the secrets of the text of the error. They are recognized there, as a
// part of it may leave out by what.
func (f *failure) hide(s string) string {
	if f.hider == nil {
		f.hider = redact.Hider(redact.Found(f.text()))
	}
	return f.hider(s)
}

// isType reports whether the error without plain wrappers has this type.
func (f *failure) isType(name string) bool {
	if f.given != nil {
		return isTypeName(f.given.Type, name)
	}
	if f.peeled == nil {
		f.peeled = inspect.Peel(f.cause)
	}
	return inspect.IsType(f.peeled, name)
}

// inChain reports whether an error in the chain has this type.
func (f *failure) inChain(name string) bool {
	if f.given != nil {
		return isTypeName(f.given.Type, name) ||
			slices.ContainsFunc(f.given.Chain, func(t string) bool { return isTypeName(t, name) })
	}
	if f.chain == nil {
		f.chain = slices.Collect(enricher.Chain(f.cause))
	}
	return slices.ContainsFunc(f.chain, func(err error) bool { return inspect.IsType(err, name) })
}

// isTypeName reports whether the type that an example gives is the one that a
// rule names, perhaps without the path of its package.
func isTypeName(given, name string) bool {
	base := strings.TrimLeft(given[strings.LastIndexByte(given, '/')+1:], "*")
	stars := strings.Repeat("*", len(given)-len(strings.TrimLeft(given, "*")))
	return given == name || stars+base == name
}
