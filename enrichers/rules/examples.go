package rules

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
)

// check returns an error for each label of an example that does not come out as
// expected.
func (s *ruleSet) check(examples []Example) (errs []error) {
	if len(examples) > maxRules {
		return []error{fmt.Errorf("there are %d examples: want at most %d", len(examples), maxRules)}
	}
	for i, e := range examples {
		name := exampleName(i+1, e.Name)
		if e.Expect == nil {
			errs = append(errs, fmt.Errorf("%s: key \"expect\": it is missing: want the labels, or {} for none", name))
			continue
		}
		f := e.Given.failure()
		hits, _ := s.apply(context.Background(), f) // which does not end
		got := labels(f, hits)
		keys := maps.Clone(e.Expect)
		maps.Copy(keys, got)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			want, wanted := e.Expect[key]
			value, ok := got[key]
			if want != value || wanted != ok {
				errs = append(errs, fmt.Errorf("%s: label %q: want %s, got %s; %s",
					name, key, quoted(want, wanted), quoted(value, ok), matched(hits)))
			}
		}
	}
	return errs
}

// quoted returns the value of a label that may not be set.
func quoted(value string, ok bool) string {
	if !ok {
		return "none"
	}
	return fmt.Sprintf("%q", value)
}

// matched says which rules matched.
func matched(hits []hit) string {
	if len(hits) == 0 {
		return "no rule matched"
	}
	var names []string
	for _, h := range hits {
		names = append(names, h.rule.String())
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
