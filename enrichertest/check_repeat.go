package enrichertest

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// checkConcurrency compares the labels of concurrent calls with those of single calls
// before and after. If these differ among themselves, as with a count of failures,
// there is nothing to compare.
func checkConcurrency(s *suite, r *report, in *instance) {
	p := s.passOf(r)
	kept := false
	p.kept(func(string, string, ...any) { kept = true })
	inputs := sample(p.answered, 24)
	switch {
	case kept:
		r.skipped = "the enricher keeps maps that it has returned: see ownership"
		return
	case len(inputs) == 0:
		r.skipped = nothing
		return
	}
	alone, during := make([][]*record, len(inputs)), make([][]*record, len(inputs))
	for n, i := range inputs {
		cause := i.failure.make(nil)
		inputs[n].failure.make = func(*hostile.Steps) error { return cause } // all get the same
		alone[n] = []*record{in.process(inputs[n]), in.process(inputs[n])}
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for w := range len(inputs) {
		all.Go(func() {
			for n := range inputs {
				n = (n + w) % len(inputs)
				rec := in.process(inputs[n])
				mu.Lock()
				during[n] = append(during[n], rec)
				mu.Unlock()
				if rec.crash != nil {
					return
				}
			}
		})
	}
	all.Wait()
	compared := 0
	for n, i := range inputs {
		single := append(alone[n], in.process(i), in.process(i))
		if agree(single) {
			compared++
		}
		for _, rec := range during[n] {
			if rec.crash != nil {
				r.addf(i.name(), "ProcessFailure %v, during other calls", rec.crash)
			} else if rec.comparable() && agree(single) && !rec.same(single[0]) {
				r.addf(i.name(), "the labels were %.200q during other calls, and %.200q otherwise", rec.was, single[0].was)
			}
		}
	}
	if compared == 0 {
		r.notes = append(r.notes, "no labels were compared: single calls returned errors, different labels, or nothing in time")
	}
}

// agree reports whether all records have the same labels.
func agree(records []*record) bool {
	return !slices.ContainsFunc(records, func(rec *record) bool { return !rec.comparable() || !rec.same(records[0]) })
}

func checkDeterministic(s *suite, r *report, in *instance) {
	if !s.deterministic {
		r.skipped = "not checked without WithDeterministic"
		return
	}
	other, ok := s.another(r)
	if !ok {
		return
	}
	defer other.close()
	compared := 0
	for _, i := range sample(s.passOf(r).answered, 64) {
		first := in.process(i)
		for _, rec := range []*record{in.process(i), in.process(i), in.process(i), other.process(i)} {
			switch {
			case first.crash != nil || rec.crash != nil:
				r.addf(i.name(), "ProcessFailure %v, although it had returned before", cmp.Or(first.crash, rec.crash))
				return
			case first.endless || rec.endless || first.late || rec.late:
			case rec.good() != first.good():
				r.addf(rec.name(), "there were labels for it, and an error at another time")
			case !rec.good():
			case rec.same(first):
				compared++
			default:
				r.addf(rec.name(), "the labels were %.200q, and then, of this enricher or another of the same options, %.200q", first.was, rec.was)
			}
		}
	}
	if compared == 0 && len(r.findings) == 0 {
		r.skipped = nothing
	}
}

func checkExplain(s *suite, r *report, in *instance) {
	explainer, ok := in.fe.(enricher.Explainer)
	if !ok {
		r.skipped = "the enricher is no Explainer"
		return
	}
	// Two more enrichers get the same failures, and only process them: if these
	// disagree, labels depend on more than the failures, and cannot be compared.
	one, ok := s.another(r)
	if !ok {
		return
	}
	defer one.close()
	other, ok := s.another(r)
	if !ok {
		return
	}
	defer other.close()
	explain := func(i input) *record {
		ctx, cancel := context.WithTimeout(context.Background(), enricher.DefaultTimeout)
		defer cancel()
		return in.ask(ctx, enricher.DefaultTimeout, i, explainer.ExplainFailure)
	}
	p := s.passOf(r)
	for _, i := range p.returned {
		want, control := one.process(i), other.process(i)
		first, second := explain(i), explain(i)
		got := in.process(i)
		for key := range first.reasons {
			if key != "" && !slices.Contains(p.keys.outputs, key) {
				r.addf(i.name(), "there is a reason for %.200q: declared are %q", key, p.keys.outputs)
			}
		}
		for _, rec := range []*record{first, second, want, control, got} {
			if rec.crash != nil {
				r.addf(i.name(), "ExplainFailure, or ProcessFailure next to it, %v", rec.crash)
				return // the enricher may wait for itself from now on
			}
		}
		switch {
		case first.endless:
			r.addf(i.name(), "ExplainFailure follows errors that have no end: it was stopped after very many")
		case first.wrote != "":
			r.addf(i.name(), "ExplainFailure has written to the %s of the context", first.wrote)
		case !want.comparable() || !control.comparable() || !want.same(control):
			continue
		case first.comparable() && !first.same(want):
			r.addf(i.name(), "ExplainFailure returned %.200q, and ProcessFailure %.200q", first.was, want.was)
		case second.comparable() && !second.same(first):
			r.addf(i.name(), "ExplainFailure returned %.200q, and then %.200q", first.was, second.was)
		case got.comparable() && !got.same(want):
			r.addf(i.name(), "ProcessFailure returned %.200q after ExplainFailure, and %.200q without", got.was, want.was)
		}
	}
}
