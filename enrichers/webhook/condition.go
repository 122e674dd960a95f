package webhook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
)

// anyValue is the value in When and Unless that matches any value of a label,
// also the empty one.
const anyValue = "*"

// A condition is that a label has one of some values, or that it has none of them.
type condition struct {
	key    string
	values []string
	not    bool
}

// newConditions returns the conditions of an option in the order of their keys.
func newConditions(c *checker, option string, byKey map[string][]string, not bool) []condition {
	var conditions []condition
	keys := slices.Sorted(maps.Keys(byKey))
	c.differ(option, keys)
	for _, key := range keys {
		c.labelKey(option, key)
		if len(byKey[key]) == 0 {
			c.addf(option, "label %q: must have at least one value, or %q for any", key, anyValue)
		}
		for _, value := range byKey[key] {
			if value != anyValue && strings.TrimRight(value, "*?") != value {
				c.addf(option, "label %q: %.64q: must be a value, and no pattern; %q is any", key, value, anyValue)
			}
		}
		conditions = append(conditions, condition{key, slices.Clone(byKey[key]), not})
	}
	return conditions
}

// checkBoth records the labels of which Unless excludes each value that When requires.
func checkBoth(c *checker, conditions []condition) {
	for _, when := range conditions {
		for _, unless := range conditions {
			sent := func(value string) bool { return !unless.matches(enricher.Labels{when.key: value}) }
			if !when.not && unless.not && strings.EqualFold(when.key, unless.key) && !slices.ContainsFunc(when.values, sent) {
				c.addf("unless", "label %q: excludes all that when requires, so that nothing is sent", unless.key)
			}
		}
	}
}

// unmet returns the first condition that labels do not meet, or nil.
func unmet(conditions []condition, labels enricher.Labels) *condition {
	for i := range conditions {
		if c := &conditions[i]; c.matches(labels) == c.not {
			return c
		}
	}
	return nil
}

// matches reports whether the label has one of the values. The case of its key
// does not matter, as some loaders change keys to lower case.
func (c *condition) matches(labels enricher.Labels) bool {
	for key, value := range labels {
		if strings.EqualFold(key, c.key) && (slices.Contains(c.values, value) || slices.Contains(c.values, anyValue)) {
			return true
		}
	}
	return false
}

// String says what the condition is.
func (c *condition) String() string {
	must := "must"
	if c.not {
		must = "must not"
	}
	return fmt.Sprintf("the label %q %s be %s", c.key, must, strings.Join(c.values, " or "))
}
