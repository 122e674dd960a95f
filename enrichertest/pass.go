package enrichertest

import (
	"context"
	"fmt"
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

// nothing is why a check is skipped that judges labels.
const nothing = "no call has returned labels, so there is nothing to judge"

// passOf makes the pass if it is not made. After a panic or a call that hangs, another
// enricher is given the rest: a lock may still be held.
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
		if (rec.late || rec.hangs()) && !i.failure.heavy {
			if slow++; slow == 3 {
				r.notes = append(r.notes, fmt.Sprintf("%d calls took all their time, so %d of %d failures were not tried", slow, len(all)-n-1, len(all)))
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
		all = append(all, input{f, contexts[0]}, input{f, contexts[1]})
	}
	for _, f := range plain {
		for _, c := range slices.Concat(contexts[2:], hostile) {
			all = append(all, input{f, c})
		}
	}
	return all
}

// sample returns at most n light inputs, half of them the author's. It picks evenly,
// because similar ones are neighbours.
func sample(inputs []input, n int) (some []input) {
	inputs = slices.DeleteFunc(slices.Clone(inputs), func(i input) bool { return i.failure.heavy })
	first := slices.IndexFunc(inputs, func(i input) bool { return !i.failure.own })
	if first < 0 {
		first = len(inputs)
	}
	for _, group := range [][]input{inputs[:first], inputs[first:]} {
		size := min(len(group), n/2)
		for i := range size {
			some = append(some, group[i*len(group)/size])
		}
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
	cause, fc := i.failure.make(&steps), in.contextFor(i.in.fc)
	rec, crash := call(ctx, in.label, limit+timeout, func(ctx context.Context) (rec record) {
		attributes, labels := maps.Clone(fc.Attributes), maps.Clone(fc.Labels)
		rec.labels, rec.reasons, rec.err = method(ctx, cause, fc)
		rec.late = ctx.Err() != nil
		rec.was = rec.labels.Clone()
		switch {
		case !maps.Equal(fc.Attributes, attributes):
			rec.wrote = "Attributes"
		case !maps.Equal(fc.Labels, labels):
			rec.wrote = "Labels"
		}
		return rec
	})
	rec.input, rec.crash, rec.endless = i, crash, steps.Exceeded()
	return &rec
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
