package owner

import (
	"errors"
	"fmt"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/glob"
)

// A condition is met by a failure or not.
type condition interface {
	match(f *failure) bool
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
		below *glob.Pattern // nil: packages below do not count
	}
)

func (anyCondition) match(*failure) bool { return true }

func (c jobCondition) match(f *failure) bool { return c.name.Match(f.fc.JobName) }

func (c labelCondition) match(f *failure) bool {
	value, ok := f.fc.Labels[c.key]
	return ok && c.value.Match(value)
}

func (c packageCondition) match(f *failure) bool {
	path, ok := f.origin()
	return ok && (c.path.Match(path) || c.below != nil && c.below.Match(path))
}

const (
	anything       = "*" // the condition that is always met
	conditionForms = `*, job:GLOB, pkg:PATH, pkg:PATH/... or label:KEY=GLOB`
)

// isCondition reports whether a word was meant as a condition.
func isCondition(word string) bool {
	_, _, colon := cut(word, ':')
	return word == anything || colon
}

func parseCondition(word string) (condition, error) {
	if word == anything {
		return anyCondition{}, nil
	}
	kind, pattern, _ := cut(word, ':')
	if kind != "job" && kind != "pkg" && kind != "label" {
		return nil, unknown(word, kind, ":", []string{"job", "pkg", "label"}, conditionForms+
			fmt.Sprintf(`; where it is the team, write %s\:%s`, kind, pattern))
	}
	if pattern == "" {
		return nil, fmt.Errorf("%q: want a pattern after the colon; \"*\" is any text", word)
	}
	c, err := parsePattern(kind, pattern)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", word, err)
	}
	return c, nil
}

func parsePattern(kind, pattern string) (condition, error) {
	switch kind {
	case "job":
		name, err := glob.Compile(pattern)
		return jobCondition{name}, err
	case "pkg":
		return parsePackage(pattern)
	}
	return parseLabel(pattern)
}

func parsePackage(pattern string) (condition, error) {
	if pattern == "..." {
		pattern = "*"
	}
	base, deep := strings.CutSuffix(pattern, "/...")
	if base == "" || strings.Contains(base, "...") {
		return nil, errors.New("want the dots as in pkg:example.com/shop/... or pkg:... only")
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
		return nil, errors.New(`want label:KEY=GLOB; "*" is any value`)
	}
	if err := enricher.CheckKey(key); err != nil {
		return nil, err
	}
	switch {
	case key == "*":
		return nil, errors.New("want the key of one label")
	case key == KeyTeam || key == KeyOncall || key == KeyRunbook:
		return nil, fmt.Errorf("%s is a label of this enricher: want one of another", key)
	}
	p, err := glob.Compile(value)
	return labelCondition{key, p}, err
}
