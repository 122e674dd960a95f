package webhook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/text"
)

// Any is the value in When and Unless that any value of a label equals, also the
// empty one.
const Any = "*"

// A condition is that a label is set to one of some values, or that it is not.
type condition struct {
	key    string
	values []string
	not    bool
}

// newConditions returns the conditions of an option in the order of their keys.
func newConditions(byKey map[string][]string, not bool) ([]condition, error) {
	var conditions []condition
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		if len(byKey[key]) == 0 {
			return nil, fmt.Errorf("label %q: want at least one value, or %q for any", key, Any)
		}
		if key == "" {
			return nil, errors.New("want the keys of labels, got an empty one")
		}
		conditions = append(conditions, condition{key, slices.Clone(byKey[key]), not})
	}
	return conditions, nil
}

// unmet returns the first condition that labels do not meet, or nil.
func unmet(conditions []condition, labels enricher.Labels) *condition {
	for i := range conditions {
		if c := &conditions[i]; c.holds(labels) == c.not {
			return c
		}
	}
	return nil
}

// holds reports whether the label is set to one of the values.
func (c *condition) holds(labels enricher.Labels) bool {
	value, ok := lookUp(labels, c.key)
	return ok && (slices.Contains(c.values, value) || slices.Contains(c.values, Any))
}

// lookUp returns the label under key. Where there is none, it is the first whose
// key differs in case only: some loaders lower-case the keys of what they load.
func lookUp(labels enricher.Labels, key string) (string, bool) {
	if value, ok := labels[key]; ok {
		return value, true
	}
	found, best := false, ""
	for k := range labels {
		if strings.EqualFold(k, key) && (!found || k < best) {
			found, best = true, k
		}
	}
	return labels[best], found
}

// why says why labels do not meet c.
func (c *condition) why(labels enricher.Labels) string {
	want := "want"
	if c.not {
		want = "want none of"
	}
	value, ok := lookUp(labels, c.key)
	if !ok {
		return fmt.Sprintf("the label %q is not set: %s %s", c.key, want, strings.Join(c.values, ", "))
	}
	return fmt.Sprintf("the label %q is %q: %s %s", c.key, text.Clean(value, maxNameLength), want, strings.Join(c.values, ", "))
}
