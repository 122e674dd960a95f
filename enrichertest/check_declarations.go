package enrichertest

import (
	"context"
	"maps"
	"slices"

	"github.com/failure-enrichers/enricher"
)

// checkDescriptions compares what the enricher says of labels with its keys, and with the
// labels that it has set.
func checkDescriptions(s *suite, r *report, in *instance) {
	describer, describes := in.fe.(enricher.LabelDescriber)
	reader, reads := in.fe.(enricher.ValueReader)
	switch {
	case !describes && !reads:
		r.skipped = "the enricher is no LabelDescriber and no ValueReader"
		return
	case in.keys.outputsCrash != nil || in.keys.inputsCrash != nil:
		r.skipped = "the keys are not known: see output-keys and input-keys"
		return
	}
	if describes {
		descriptions, crash := call(context.Background(), in.label, timeout, func(context.Context) []enricher.LabelDescription {
			return describer.DescribeLabels()
		})
		if crash != nil {
			r.addf("", "DescribeLabels %v", crash)
		}
		s.passOf(r).compareValues(r, describedValues(r, in.keys.outputs, descriptions))
	}
	if reads {
		values, crash := call(context.Background(), in.label, timeout, func(context.Context) map[string][]string { return reader.InputValues() })
		if crash != nil {
			r.addf("", "InputValues %v", crash)
		}
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if !slices.Contains(in.keys.inputs, key) && !slices.Contains(in.keys.inputs, "*") {
				r.addf("", "InputValues has %.200q, which is no input key: those are %q", key, in.keys.inputs)
			}
		}
	}
}

// describedValues returns the values that are described, by key, and reports keys that are
// no output keys or not distinct.
func describedValues(r *report, outputs []string, descriptions []enricher.LabelDescription) map[string][]string {
	values := map[string][]string{}
	for _, d := range descriptions {
		if !slices.Contains(outputs, d.Key) {
			r.addf("", "DescribeLabels has %.200q, which is no output key: those are %q", d.Key, outputs)
		}
		if _, twice := values[d.Key]; twice {
			r.addf("", "DescribeLabels has %.200q several times", d.Key)
		}
		values[d.Key] = d.Values
	}
	return values
}

// compareValues reports values of labels that are not among those that are described.
func (p *pass) compareValues(r *report, described map[string][]string) {
	for _, rec := range p.records {
		if !rec.good() {
			continue
		}
		for _, key := range rec.was.Keys() {
			if all := described[key]; all != nil && !slices.Contains(all, rec.was[key]) {
				r.addf(rec.failure.name, "the value of %.200q is %.64q: DescribeLabels has only %.200q (context %s)", key, rec.was[key], all, rec.in.name)
			}
		}
	}
}

// checkCounts asks for counts before and after some failures.
func checkCounts(s *suite, r *report, in *instance) {
	counter, ok := in.fe.(enricher.CountReporter)
	if !ok {
		r.skipped = "the enricher is no CountReporter"
		return
	}
	ask := func() map[string]uint64 {
		counts, crash := call(context.Background(), in.label, timeout, func(context.Context) map[string]uint64 { return counter.Counts() })
		if crash != nil {
			r.addf("", "Counts %v", crash)
		}
		return counts
	}
	returned := ask()
	before := maps.Clone(returned)
	const mark = "changed by enrichertest"
	if returned != nil {
		returned[mark] = 1
	}
	for _, i := range sample(s.passOf(r).answered, 24) {
		if len(r.findings) > 0 || in.process(i).crash != nil {
			return
		}
	}
	after := ask()
	if len(r.findings) > 0 {
		return
	}
	if _, kept := after[mark]; kept {
		r.addf("", "the map that Counts returned shows what was done to an earlier one")
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if now, ok := after[name]; !ok {
			r.addf("", "the count %.200q has disappeared", name)
		} else if now < before[name] {
			r.addf("", "the count %.200q was %d and is %d", name, before[name], now)
		}
	}
}
