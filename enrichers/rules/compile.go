package rules

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/glob"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// compile makes rules ready for matching, and checks the examples.
func compile(doc document) (*ruleSet, []error) {
	if len(doc.Rules) == 0 {
		return nil, []error{errors.New("must have at least one rule")}
	}
	s := &ruleSet{all: doc.All}
	var errs []error
	for i, r := range doc.Rules {
		c := compiler{rule: &rule{Rule: r, number: i + 1}}
		c.compile()
		s.rules = append(s.rules, c.rule)
		errs = append(errs, c.errs...)
	}
	s.addLabels()
	if !slices.ContainsFunc(doc.Rules, func(r Rule) bool { return len(r.Set) > 0 }) {
		errs = append(errs, errors.New("must set a label: those of a rule belong under set; under labels are conditions"))
	}
	if errs = append(errs, s.conflicts()...); len(errs) > 0 {
		return nil, errs
	}
	return s, s.check(doc.Examples)
}

// addLabels collects the labels that the rules set and read.
func (s *ruleSet) addLabels() {
	s.set, s.read = map[string][]string{}, map[string][]string{}
	var open []string
	for _, r := range s.rules {
		for _, l := range r.set {
			if l.value.groups {
				open = append(open, l.key)
			}
			if !slices.Contains(s.set[l.key], l.value.text) {
				s.set[l.key] = append(s.set[l.key], l.value.text)
			}
		}
		for key, patterns := range r.labels {
			s.read[key] = append(s.read[key], glob.Literals(patterns...)...)
		}
	}
	for _, key := range open {
		s.set[key] = nil
	}
}

// conflicts returns errors for rules that have no effect because of other rules.
func (s *ruleSet) conflicts() (errs []error) {
	for _, key := range s.InputKeys() {
		if _, ok := s.set[key]; ok {
			errs = append(errs, fmt.Errorf("label %q: must not be both set and read by rules", key))
		}
	}
	if s.all {
		return append(errs, s.overridden()...)
	}
	for i, r := range s.rules[:len(s.rules)-1] {
		if r.isCatchAll() {
			return append(errs, fmt.Errorf("%s: must have conditions or be the last rule, as %s can never match", r, s.rules[i+1]))
		}
	}
	earlier := map[string]*rule{}
	for _, r := range s.rules {
		conditions := r.conditions()
		if same := earlier[conditions]; same != nil {
			errs = append(errs, fmt.Errorf("%s: can never match, as %s has the same conditions: remove one of them", r, same))
			continue
		}
		earlier[conditions] = r
	}
	return errs
}

// overridden returns errors for labels that an earlier rule always sets, if all rules that
// match count: a catch-all, or one with the same conditions.
func (s *ruleSet) overridden() (errs []error) {
	type label struct{ conditions, key string }
	setBy := map[label]*rule{}
	catchAll := (&rule{}).conditions()
	for _, r := range s.rules {
		conditions := r.conditions()
		for _, l := range r.set {
			own := label{conditions, l.key}
			if first := cmp.Or(setBy[label{catchAll, l.key}], setBy[own]); first != nil {
				errs = append(errs, fmt.Errorf("%s: can never set %q, as %s sets it on every such failure: move this rule before that, or remove the label", r, l.key, first))
				continue
			}
			setBy[own] = r
		}
	}
	return errs
}

// conditions returns a text that two rules share if they have the same conditions.
func (r *rule) conditions() string {
	conditions := r.Rule
	conditions.Name, conditions.Set = "", nil
	if r.attempt != (attempt{}) { // 3 is "3" as well
		conditions.Attempt = r.attempt
	}
	return fmt.Sprintf("%#v", conditions)
}

// A compiler makes a rule ready for matching, and collects errors in it.
type compiler struct {
	rule *rule
	errs []error
}

func (c *compiler) fail(key string, err error) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s: %w", c.rule, key, err))
}

func (c *compiler) compile() {
	r := c.rule
	c.checkEmpty()
	c.checkTypes("type", r.Type)
	for _, name := range r.Type {
		if inspect.IsPlainName(name) {
			c.fail("type", fmt.Errorf("%q: is passed over, as it only adds a text, labels or a stack: use the type that it wraps, or chain", name))
		}
	}
	c.checkTypes("chain", r.Chain)
	r.job = c.globs("job", r.Job)
	r.task = c.globs("task", r.Task)
	r.attributes = c.keyGlobs("attributes", r.Attributes)
	r.labels = c.keyGlobs("labels", r.Labels)
	for _, key := range slices.Sorted(maps.Keys(r.Labels)) {
		if key == "*" || enricher.CheckKey(key) != nil {
			c.fail("labels", fmt.Errorf("%q: must be the key of a label", key))
		}
	}
	var err error
	if r.attempt, err = parseAttempt(r.Attempt); err != nil {
		c.fail("attempt", err)
	}
	if r.message, err = regexp.Compile(string(r.Message)); err != nil {
		c.fail("message", err)
		return // the groups for set are unknown
	}
	r.literal = literal(string(r.Message))
	for _, key := range slices.Sorted(maps.Keys(r.Set)) {
		value, err := parseValue(r.Set[key], r.message)
		if err == nil && !value.groups {
			err = enricher.CheckLabel(key, value.text)
		}
		if err != nil {
			c.fail("set."+key, err)
		}
		r.groups = r.groups || value.groups
		r.set = append(r.set, label{key, value})
	}
}

// checkEmpty rejects empty conditions, which would make a rule a catch-all.
func (c *compiler) checkEmpty() {
	r := c.rule
	for key, list := range map[string][]string{"type": r.Type, "chain": r.Chain, "job": r.Job, "task": r.Task} {
		c.failIf(list != nil && len(list) == 0, key)
	}
	c.failIf(r.FailureType != nil && len(r.FailureType) == 0, "failure-type")
	for key, globs := range map[string]map[string][]string{"attributes": r.Attributes, "labels": r.Labels} {
		c.failIf(globs != nil && len(globs) == 0, key)
		for k, list := range globs {
			c.failIf(len(list) == 0, key+"."+k)
		}
	}
	slices.SortFunc(c.errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
}

func (c *compiler) failIf(empty bool, key string) {
	if empty {
		c.fail(key, errEmpty)
	}
}

// checkTypes rejects what cannot be the name of a Go type with its package.
func (c *compiler) checkTypes(key string, names []string) {
	for _, name := range names {
		if err := inspect.CheckTypeName(name); err != nil {
			c.fail(key, fmt.Errorf("%.128q: %w", name, err))
		}
	}
}

func (c *compiler) globs(key string, patterns []string) globs {
	var compiled globs
	for _, s := range patterns {
		p, err := glob.Compile(s)
		if err != nil {
			c.fail(key, err)
			continue
		}
		compiled = append(compiled, p)
	}
	return compiled
}

func (c *compiler) keyGlobs(key string, patterns map[string][]string) map[string]globs {
	compiled := make(map[string]globs, len(patterns))
	for _, k := range slices.Sorted(maps.Keys(patterns)) {
		compiled[k] = c.globs(key+"."+k, patterns[k])
	}
	return compiled
}
