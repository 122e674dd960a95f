package enrichertest

import (
	"context"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

const contractExplain = "ExplainFailure is called like ProcessFailure and returns what that would; reasons are under declared keys, or the empty one; it has no effects"

func checkExplain(s *suite, r *report) {
	// Three enrichers get the same failures. Two only process them: where these
	// disagree, labels depend on more than the failures, and cannot be compared.
	// The third explains each first.
	var all [3]*instance
	for i := range all {
		var ok bool
		if all[i], ok = s.instance(r); !ok {
			return
		}
		defer all[i].close()
	}
	explainer, ok := all[2].fe.(enricher.Explainer)
	if !ok {
		r.skip("the enricher is no Explainer")
		return
	}
	explain := func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
		return explainer.ExplainFailure(ctx, cause, fc)
	}
	p := s.passOf(r)
	inputs, compared := s.explainable(r), 0
	for _, input := range inputs {
		want, control := all[0].process(input.failure, input.in), all[1].process(input.failure, input.in)
		first := all[2].ask(explain, input.failure, input.in)
		if judgeExplanation(r, first, p); !first.end.ok() {
			return // the enricher may wait for itself from now on
		}
		second := all[2].ask(explain, input.failure, input.in)
		got := all[2].process(input.failure, input.in)
		switch {
		case !second.end.ok() || !want.end.ok() || !control.end.ok() || !got.end.ok():
			r.addf(first.name(), "one of several calls has not returned: ProcessFailure %v, ExplainFailure %v and then ProcessFailure %v", want.end, second.end, got.end)
			return
		case !want.comparable() || !control.comparable() || !want.same(control):
			continue
		case first.comparable() && !first.same(want):
			r.addf(first.name(), "ExplainFailure returned %.200q, and ProcessFailure %.200q", first.was, want.was)
		case second.comparable() && !second.same(first):
			r.addf(first.name(), "ExplainFailure returned %.200q, and then %.200q", first.was, second.was)
		case got.comparable() && !got.same(want):
			r.addf(first.name(), "ProcessFailure returned %.200q after ExplainFailure, and %.200q without", got.was, want.was)
		}
		if first.comparable() {
			compared++
		}
	}
	noteCompared(r, compared, len(inputs))
}

// explainable returns the inputs to explain: all where there is time for five calls
// each, or a sample, and the trees of errors that are so easy to get lost in.
func (s *suite) explainable(r *report) []input {
	p := s.passOf(r)
	if len(p.answered) > 0 && p.average*time.Duration(5*len(p.fine)) <= s.remaining {
		return p.fine
	}
	some := s.sample(r, 24, 10)
	for _, in := range p.fine {
		if in.failure.heavy && in.in.name == "empty" {
			some = append(some, in)
		}
	}
	return some
}

// judgeExplanation reports what is wrong with one explanation by itself.
func judgeExplanation(r *report, rec *record, p *pass) {
	switch {
	case rec.endless:
		r.addf(rec.name(), "ExplainFailure has followed a tree of errors that does not end for very long")
	case !rec.end.ok():
		r.addf(rec.name(), "ExplainFailure %v", rec.end)
	case rec.wrote != "":
		r.addf(rec.name(), "ExplainFailure has written to the %s of the context", rec.wrote)
	}
	for key := range rec.reasons {
		if key != "" && p.keysKnown && !slices.Contains(p.keys, key) {
			r.addf(rec.name(), "there is a reason for %.200q: declared are %q", key, p.keys)
		}
	}
}
