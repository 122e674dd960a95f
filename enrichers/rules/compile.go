package rules

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/glob"
)

// newRuleSet compiles rules.
func newRuleSet(rules []Rule, all bool) (*ruleSet, []error) {
	switch {
	case len(rules) == 0:
		return nil, []error{errors.New("there are no rules: want at least one")}
	case len(rules) > maxRules:
		return nil, []error{fmt.Errorf("there are %d rules: want at most %d", len(rules), maxRules)}
	}
	s := &ruleSet{all: all, rules: make([]*rule, len(rules))}
	var errs []error
	for i, r := range rules {
		c := compiler{rule: &rule{Rule: r, number: i + 1, matches: new(atomic.Uint64)}}
		c.compile()
		s.rules[i] = c.rule
		errs = append(errs, c.errs...)
	}
	s.outputs, s.inputs = s.keys()
	if errs = append(errs, s.conflicts()...); len(errs) > 0 {
		return nil, errs
	}
	return s, nil
}

// keys returns the keys that the rules set and read, ascending.
func (s *ruleSet) keys() (outputs, inputs []string) {
	set, read := map[string]bool{}, map[string]bool{}
	for _, r := range s.rules {
		for _, l := range r.set {
			set[l.key] = true
		}
		for _, l := range r.labels {
			read[l.key] = true
		}
	}
	return slices.Sorted(maps.Keys(set)), slices.Sorted(maps.Keys(read))
}

// conflicts returns what is wrong with rules because of others.
func (s *ruleSet) conflicts() (errs []error) {
	names := map[string]*rule{}
	var catchAll *rule
	for _, r := range s.rules {
		if other, ok := names[r.Name]; ok && r.Name != "" {
			errs = append(errs, fmt.Errorf("%s: key \"name\": rule %d has it as well: want another", r, other.number))
		}
		names[r.Name] = r
		if catchAll != nil && !s.all {
			errs = append(errs, fmt.Errorf("%s: it can never match, as %s before it has no conditions: want that one last", r, catchAll))
		} else if r.isCatchAll() {
			catchAll = r
		}
		for _, l := range r.labels {
			if _, own := slices.BinarySearch(s.outputs, l.key); own {
				errs = append(errs, fmt.Errorf("%s: key \"labels\": %q is set by these rules: want labels of other enrichers", r, l.key))
			}
		}
	}
	return errs
}

// newKeys returns an error for each rule that needs a key that the enricher, which
// was loaded with first, does not have.
func (s *ruleSet) newKeys(first *ruleSet) (errs []error) {
	for _, r := range s.rules {
		for _, l := range r.set {
			if _, ok := slices.BinarySearch(first.outputs, l.key); !ok {
				errs = append(errs, fmt.Errorf("%s: it sets %q, which no rule did at the start, and keys are fixed from then on: restart to use it", r, l.key))
			}
		}
		for _, l := range r.labels {
			if _, ok := slices.BinarySearch(first.inputs, l.key); !ok {
				errs = append(errs, fmt.Errorf("%s: it reads %q, which no rule did at the start, and keys are fixed from then on: restart to use it", r, l.key))
			}
		}
	}
	return errs
}

// keepCounts gives rules that are in old as well their counts, and failures that
// old matches from now on count here, too.
func (s *ruleSet) keepCounts(old *ruleSet) {
	same := make(map[string][]*rule, len(old.rules))
	for _, r := range old.rules {
		id := r.identity()
		same[id] = append(same[id], r)
	}
	for _, r := range s.rules {
		id := r.identity()
		if rs := same[id]; len(rs) > 0 {
			r.matches, same[id] = rs[0].matches, rs[1:]
		}
	}
}

// identity returns a text that only an equal rule has: package fmt sorts maps.
func (r *rule) identity() string { return fmt.Sprintf("%#v", r.Rule) }

// A compiler makes a rule ready for matching, and collects what is wrong with it.
type compiler struct {
	rule *rule
	errs []error
}

func (c *compiler) fail(key, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: key %q: %w", c.rule, key, fmt.Errorf(format, args...)))
}

func (c *compiler) compile() {
	r := c.rule
	c.notEmpty("type", r.Type != nil, len(r.Type))
	c.notEmpty("chain", r.Chain != nil, len(r.Chain))
	c.notEmpty("job", r.Job != nil, len(r.Job))
	c.notEmpty("task", r.Task != nil, len(r.Task))
	c.notEmpty("attributes", r.Attributes != nil, len(r.Attributes))
	c.notEmpty("labels", r.Labels != nil, len(r.Labels))
	c.notEmpty("failure-type", r.FailureType != nil, len(r.FailureType))
	c.typeNames("type", r.Type)
	c.typeNames("chain", r.Chain)
	r.job = c.globs("job", r.Job)
	r.task = c.globs("task", r.Task)
	r.attributes = c.keyGlobs("attributes", r.Attributes)
	r.labels = c.keyGlobs("labels", r.Labels)
	for _, l := range r.labels {
		if l.key == "*" {
			c.fail("labels", `"*" is no label: want its key`)
		} else if err := enricher.CheckKey(l.key); err != nil {
			c.fail("labels", "%w", err)
		}
	}
	for _, t := range r.FailureType {
		if t < enricher.FailureTypeGlobal || t > enricher.FailureTypeTaskManager {
			c.fail("failure-type", "%q: want GLOBAL, TASK or TASK_MANAGER", t.String())
		}
	}
	if r.Attempt != "" {
		var err error
		if r.attempt, err = parseAttempt(r.Attempt); err != nil {
			c.fail("attempt", "%w", err)
		}
	}
	c.message()
	c.labels()
}

// notEmpty refuses a condition that is there and empty. Whoever wrote it did not
// mean a rule that matches everything.
func (c *compiler) notEmpty(key string, given bool, length int) {
	if given && length == 0 {
		c.fail(key, "it is empty: want a condition, or no such key")
	}
}

func (c *compiler) message() {
	r := c.rule
	if r.Message == "" {
		return
	}
	re, err := regexp.Compile(r.Message)
	if err != nil {
		c.fail("message", "%.256q: want a regular expression of Go's package regexp: %w", r.Message, err)
		return
	}
	r.message, r.literal = re, literal(r.Message)
}

// labels compiles what is to be set.
func (c *compiler) labels() {
	r := c.rule
	if r.Set == nil {
		c.fail("set", "it is missing: want the labels to set, or {} for none")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(r.Set)) {
		if err := enricher.CheckKey(key); err != nil {
			c.fail("set", "%w", err)
			continue
		}
		if r.Message != "" && r.message == nil {
			continue // nobody knows its groups
		}
		value, err := parseTemplate(r.Set[key], r.message)
		if err != nil {
			c.fail("set."+key, "%.256q: %w", r.Set[key], err)
			continue
		}
		r.groups = r.groups || value.groups
		r.set = append(r.set, setLabel{key, value})
	}
}

// typeNames checks the names of Go types as far as that is possible.
func (c *compiler) typeNames(key string, names []string) {
	for _, name := range names {
		base := name[strings.LastIndexByte(name, '/')+1:]
		if dot := strings.IndexByte(base, '.'); dot < 1 || dot == len(base)-1 || strings.ContainsFunc(name, unicode.IsSpace) {
			c.fail(key, `%.128q: want a Go type with its package, such as "*fs.PathError" or "*io/fs.PathError"`, name)
		}
	}
}

func (c *compiler) globs(key string, patterns []string) globs {
	compiled := make(globs, 0, len(patterns))
	for _, text := range patterns {
		p, err := glob.Compile(text)
		if err != nil {
			c.fail(key, "%w", err)
			continue
		}
		compiled = append(compiled, p)
	}
	return compiled
}

func (c *compiler) keyGlobs(key string, byKey map[string][]string) (compiled []keyGlobs) {
	for _, k := range slices.Sorted(maps.Keys(byKey)) {
		if len(byKey[k]) == 0 {
			c.fail(key+"."+k, `it is empty: want a glob or a list of them; "*" is any value`)
		}
		compiled = append(compiled, keyGlobs{k, c.globs(key+"."+k, byKey[k])})
	}
	return compiled
}
