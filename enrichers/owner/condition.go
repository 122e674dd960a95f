package owner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/glob"
)

// A condition is what a failure must meet. Conditions are comparable.
type condition interface {
	match(f *failure) bool

	// excludes reports whether no failure meets both this condition and other, as far as
	// the beginnings and the ends of their patterns say.
	excludes(other condition) bool
}

type (
	anyCondition   struct{}
	jobCondition   struct{ name *glob.Pattern }
	labelCondition struct {
		key   string
		value *glob.Pattern
	}
	packageCondition struct {
		path  *glob.Pattern
		below *glob.Pattern // nil if packages below do not count
	}
)

func (anyCondition) match(*failure) bool { return true }

func (c jobCondition) match(f *failure) bool { return c.name.Match(f.fc.JobName) }

func (c labelCondition) match(f *failure) bool {
	value, ok := f.fc.Labels[c.key]
	return ok && c.value.Match(value)
}

func (c packageCondition) match(f *failure) bool {
	path, ok := f.pkg()
	return ok && (c.path.Match(path) || c.below != nil && c.below.Match(path))
}

func (c packageCondition) patterns() []*glob.Pattern {
	if c.below == nil {
		return []*glob.Pattern{c.path}
	}
	return []*glob.Pattern{c.path, c.below}
}

func (anyCondition) excludes(condition) bool { return false }

func (c jobCondition) excludes(other condition) bool {
	o, ok := other.(jobCondition)
	return ok && glob.Disjoint(c.name, o.name)
}

func (c labelCondition) excludes(other condition) bool {
	o, ok := other.(labelCondition)
	return ok && c.key == o.key && glob.Disjoint(c.value, o.value)
}

func (c packageCondition) excludes(other condition) bool {
	o, ok := other.(packageCondition)
	return ok && !slices.ContainsFunc(c.patterns(), func(p *glob.Pattern) bool {
		return slices.ContainsFunc(o.patterns(), func(q *glob.Pattern) bool { return !glob.Disjoint(p, q) })
	})
}

const conditionForms = `*, job:GLOB, pkg:PATH, pkg:PATH/... or label:KEY=GLOB`

// isCondition reports whether a word was meant as a condition.
func isCondition(word string) bool {
	_, _, colon := cut(word, ':')
	return word == "*" || colon
}

func parseCondition(word string) (condition, error) {
	kind, pattern, _ := cut(word, ':')
	switch {
	case word == "*":
		return anyCondition{}, nil
	case kind != "job" && kind != "pkg" && kind != "label":
		return nil, fmt.Errorf(`must be %s; if it is the team, write %s\:%s`, conditionForms, kind, pattern)
	case pattern == "":
		return nil, errors.New(`must have a pattern after the colon; "*" is any text`)
	case kind == "job":
		name, err := glob.Compile(pattern)
		return jobCondition{name}, err
	case kind == "pkg":
		return parsePackage(pattern)
	}
	return parseLabel(pattern)
}

func parsePackage(pattern string) (condition, error) {
	if pattern == "..." {
		pattern = "*"
	}
	base, deep := strings.CutSuffix(pattern, "/...")
	switch {
	case base == "" || strings.Contains(base, "..."):
		return nil, errors.New(`must have "..." alone, or at the end after a slash`)
	case strings.HasPrefix(base, "/") || strings.HasPrefix(base, ".") || strings.HasSuffix(base, "/") || strings.Contains(base, "://"):
		return nil, errors.New(`must be an import path, such as "github.com/acme/billing", without a slash at the end`)
	}
	var c packageCondition
	var err error
	if c.path, err = glob.Compile(base); err == nil && deep {
		c.below, err = glob.Compile(base + "/*")
	}
	return c, err
}

func parseLabel(pattern string) (condition, error) {
	key, value, found := cut(pattern, '=')
	if key = unescape(key); !found {
		return nil, errors.New(`must be label:KEY=GLOB; "*" is any value`)
	}
	if err := enricher.CheckKey(key); err != nil {
		return nil, err
	}
	switch key {
	case "*":
		return nil, errors.New("must have the key of one label")
	case KeyTeam, KeyOncall, KeyRunbook:
		return nil, fmt.Errorf("must have the key of another enricher's label: this enricher sets %s", key)
	}
	p, err := glob.Compile(value)
	return labelCondition{key, p}, err
}
