package enrichertest_test

import (
	"context"
	"sync"

	"github.com/failure-enrichers/enricher"
)

// A describer is an enricher that describes its labels.
type describer struct {
	enricher.FailureEnricher
	describe func() []enricher.LabelDescription
}

func (d *describer) DescribeLabels() []enricher.LabelDescription { return d.describe() }

func describing(all ...enricher.LabelDescription) enricher.Factory {
	return describingWith(func() []enricher.LabelDescription { return all })
}

func describingWith(fn func() []enricher.LabelDescription) enricher.Factory {
	return making(func() enricher.FailureEnricher { return &describer{good, fn} })
}

// A valueReader is an enricher that looks for values.
type valueReader struct {
	reader
	values func() map[string][]string
}

func (v *valueReader) InputValues() map[string][]string { return v.values() }

// lookingFor returns a factory of enrichers that read labels and look for values of one.
func lookingFor(values func() map[string][]string, reads ...string) enricher.Factory {
	return making(func() enricher.FailureEnricher {
		return &valueReader{reader{enricher.Func([]string{"owner"}, none), func() []string { return reads }}, values}
	})
}

// A counter is an enricher that counts its calls.
type counter struct {
	enricher.FailureEnricher
	mu    sync.Mutex
	n     map[string]uint64
	count func(n map[string]uint64) map[string]uint64
}

func (c *counter) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n["calls"]++
	return c.FailureEnricher.ProcessFailure(ctx, cause, fc)
}

func (c *counter) Counts() map[string]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count(c.n)
}

func countingWith(fn func(n map[string]uint64) map[string]uint64) enricher.Factory {
	return making(func() enricher.FailureEnricher {
		return &counter{FailureEnricher: good, n: map[string]uint64{}, count: fn}
	})
}

var _ = []any{enricher.LabelDescriber(&describer{}), enricher.ValueReader(&valueReader{}), enricher.CountReporter(&counter{})}

func brokenDeclarations() map[string]broken {
	type description = enricher.LabelDescription
	return map[string]broken{
		"it describes a label of others": {
			"descriptions", `DescribeLabels has "owner", which is no output key: those are ["kind"]`,
			describing(description{Key: "kind"}, description{Key: "owner"}), nil,
		},
		"it describes a label twice": {
			"descriptions", `DescribeLabels has "kind" several times`, describing(description{Key: "kind"}, description{Key: "kind"}), nil,
		},
		"it sets a value that it does not describe": {
			"descriptions", `failure "a plain error": the value of "kind" is "other": DescribeLabels has only ["panic"]`,
			describing(description{Key: "kind", Values: []string{"panic"}}), nil,
		},
		"its descriptions panic": {
			"descriptions", "DescribeLabels panicked: oops", describingWith(func() []description { panic("oops") }), nil,
		},
		"its descriptions hang": {"descriptions", "DescribeLabels has not returned after 10s", describingWith(func() []description {
			hang()
			return nil
		}), nil},
		"it looks for values of a label that it does not read": {
			"descriptions", `InputValues has "type", which is no input key: those are ["kind"]`,
			lookingFor(func() map[string][]string { return map[string][]string{"kind": {"a"}, "type": {"b"}} }, "kind"), nil,
		},
		"its values panic": {
			"descriptions", "InputValues panicked: oops", lookingFor(func() map[string][]string { panic("oops") }, "kind"), nil,
		},
		"its counts panic":            {"counts", "Counts panicked: oops", countingWith(func(map[string]uint64) map[string]uint64 { panic("oops") }), nil},
		"it gives its counts away":    {"counts", "shows what was done to an earlier one", countingWith(func(n map[string]uint64) map[string]uint64 { return n }), nil},
		"its counts decrease":         {"counts", `the count "calls" was 1000 and is `, countingWith(fewerEachTime), nil},
		"its counts have other names": {"counts", `the count "idle" has disappeared`, countingWith(idleAtFirst), nil},
	}
}

// fewerEachTime returns a count that decreases.
func fewerEachTime(n map[string]uint64) map[string]uint64 {
	return map[string]uint64{"calls": 1000 - n["calls"]}
}

// idleAtFirst returns a count that is there before the first call only.
func idleAtFirst(n map[string]uint64) map[string]uint64 {
	if n["calls"] == 0 {
		return map[string]uint64{"idle": 1}
	}
	return map[string]uint64{"calls": n["calls"]}
}

// healthyDeclarations are of enrichers that say what they do.
func healthyDeclarations() map[string]enricher.Factory {
	return map[string]enricher.Factory{
		"one that describes its labels":    describing(enricher.LabelDescription{Key: "kind", Values: []string{"other", "panic", "never"}}),
		"one that describes no values":     describing(enricher.LabelDescription{Key: "kind"}),
		"one that describes nothing":       describing(),
		"one that looks for values":        lookingFor(func() map[string][]string { return map[string][]string{"kind": {"a"}} }, "kind", "type"),
		"one that looks for values of all": lookingFor(func() map[string][]string { return map[string][]string{"kind": {"a"}} }, "*"),
		"one that reports counts":          countingWith(func(n map[string]uint64) map[string]uint64 { return map[string]uint64{"calls": n["calls"]} }),
		"one that has no counts":           countingWith(func(map[string]uint64) map[string]uint64 { return nil }),
	}
}
