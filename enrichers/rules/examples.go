package rules

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
)

// check returns an error for each label that an example expects but does not get,
// or gets but does not expect.
func (s *ruleSet) check(examples []Example) (errs []error) {
	for i, e := range examples {
		f := e.Given.failure()
		matches, _ := s.match(context.Background(), f) // fails only if the context ends
		got := labels(f, matches)
		keys := maps.Clone(got)
		maps.Copy(keys, e.Expect)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if got, want := quoted(got, key), quoted(e.Expect, key); got != want {
				errs = append(errs, fmt.Errorf("%s: label %q is %s: must be %s; %s",
					numbered("example", i+1, e.Name), key, got, want, describe(matches)))
			}
		}
	}
	return errs
}

// quoted returns the value of a label that may be missing.
func quoted(labels map[string]string, key string) string {
	if value, ok := labels[key]; ok {
		return fmt.Sprintf("%q", value)
	}
	return "missing"
}

// describe says which rules matched.
func describe(matches []match) string {
	if len(matches) == 0 {
		return "no rule matched"
	}
	names := make([]string, len(matches))
	for i, m := range matches {
		names[i] = m.rule.String()
	}
	return strings.Join(names, ", ") + " matched"
}

func (g *Given) failure() *failure {
	return &failure{given: g, fc: &enricher.FailureContext{
		Type:        g.FailureType,
		JobName:     g.Job,
		TaskName:    g.Task,
		Attempt:     g.Attempt,
		MaxAttempts: g.MaxAttempts,
		Attributes:  g.Attributes,
		Labels:      g.Labels,
	}}
}
