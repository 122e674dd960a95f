package enrichertest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// An input is a failure and its context.
type input struct {
	failure failure
	in      circumstances
}

// name names the failure and its context.
func (i input) name() string { return i.failure.name + ", context: " + i.in.name }

// A pass is what came of giving an enricher all failures, one after another. Most
// checks are judgements on it.
type pass struct {
	records  []*record
	keys     keys
	returned []input // those that it has returned from, without a panic
	answered []input // of these, before its ctx had ended
}

// maxSlow is how many calls of the pass may take all their time.
const maxSlow = 5

// nothing is why a check is skipped that judges labels.
const nothing = "no call has returned labels, so there is nothing to judge"

// passOf returns the pass, which the first check that needs it makes. After a panic or
// a call that hangs, the next enricher is given the rest: the one before may have left
// a lock behind.
func (s *suite) passOf(r *report) *pass {
	if s.pass != nil {
		return s.pass
	}
	p := &pass{}
	s.pass = p
	in, ok := s.another(r)
	if !ok {
		return p
	}
	p.keys = in.keys
	all, slow := s.inputs(in.keys.inputs), 0
	for n, i := range all {
		rec := in.process(i)
		p.records = append(p.records, rec)
		if rec.returned() {
			p.returned = append(p.returned, i)
			if !rec.late {
				p.answered = append(p.answered, i)
			}
		}
		if rec.late || rec.hangs() {
			if slow++; slow == maxSlow {
				r.notef("%d calls took all their time, so %d of %d failures were not tried", slow, len(all)-n-1, len(all))
				break
			}
		}
		if rec.crash != nil {
			in.close()
			if in, ok = s.another(r); !ok {
				return p
			}
		}
	}
	in.close()
	return p
}

// inputs returns every failure in an empty and in a full context, and some in every
// context. Those of the author come first.
func (s *suite) inputs(reads []string) (all []input) {
	contexts := append([]circumstances{{name: "empty"}, {"full", fullContext(reads)}}, s.contexts...)
	hostile := hostileContexts(reads, s.contexts)
	for _, f := range s.failures {
		for _, c := range slices.Concat(contexts, hostile) {
			all = append(all, input{f, c})
		}
	}
	for _, f := range failures {
		for _, c := range contexts[:2] {
			all = append(all, input{f, c})
		}
	}
	for _, f := range plain {
		for _, c := range slices.Concat(contexts[2:], hostile) {
			all = append(all, input{f, c})
		}
	}
	return all
}

// sample returns n of the inputs, half of them the author's, which can be used from
// several goroutines at once and do not take long.
func sample(inputs []input, n int) []input {
	var own, others []input
	for _, i := range inputs {
		switch {
		case i.failure.heavy:
		case i.failure.own:
			own = append(own, i)
		default:
			others = append(others, i)
		}
	}
	some := evenly(own, n/2)
	return append(some, evenly(others, n-len(some))...)
}

// evenly returns n of the inputs, or all. Similar ones are neighbours.
func evenly(inputs []input, n int) (some []input) {
	n = min(n, len(inputs))
	for i := range n {
		some = append(some, inputs[i*len(inputs)/n])
	}
	return some
}

// process gives the enricher a failure, and as much time as it has by default.
func (in *instance) process(i input) *record {
	ctx, cancel := context.WithTimeout(context.Background(), enricher.DefaultTimeout)
	defer cancel()
	return in.processWithin(ctx, enricher.DefaultTimeout, i)
}

// processWithin calls ProcessFailure with a ctx that ends before limit.
func (in *instance) processWithin(ctx context.Context, limit time.Duration, i input) *record {
	return in.ask(ctx, limit, i, func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
		labels, err := in.fe.ProcessFailure(ctx, cause, fc)
		return labels, nil, err
	})
}

// ask calls a method of the enricher.
func (in *instance) ask(
	ctx context.Context, limit time.Duration, i input,
	method func(context.Context, error, enricher.FailureContext) (enricher.Labels, map[string]string, error),
) *record {
	var steps hostile.Steps
	rec := &record{input: i}
	cause, fc := i.failure.make(&steps), in.contextFor(i.in.fc)
	rec.answer, rec.crash = call(ctx, in.label, limit+in.s.timeout, func(ctx context.Context) (a answer) {
		attributes, labels := maps.Clone(fc.Attributes), maps.Clone(fc.Labels)
		a.labels, a.reasons, a.err = method(ctx, cause, fc)
		a.late = ctx.Err() != nil
		a.was = a.labels.Clone()
		switch {
		case !maps.Equal(fc.Attributes, attributes):
			a.wrote = "Attributes"
		case !maps.Equal(fc.Labels, labels):
			a.wrote = "Labels"
		}
		return a
	})
	rec.endless = steps.Exceeded()
	return rec
}

// contextFor returns fc as the library gives it to this enricher: with maps of its
// own, and only the labels that it reads.
func (in *instance) contextFor(fc enricher.FailureContext) enricher.FailureContext {
	fc.Attributes = maps.Clone(fc.Attributes)
	if _, ok := in.fe.(enricher.LabelReader); !ok {
		fc.Labels = nil
		return fc
	}
	labels := enricher.Labels{}
	for key, value := range fc.Labels {
		if slices.Contains(in.keys.inputs, "*") || slices.Contains(in.keys.inputs, key) {
			labels[key] = value
		}
	}
	fc.Labels = labels
	return fc
}
