package enrichertest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A record is what an enricher did with one failure. Where the call has not
// returned, there is only its end.
type record struct {
	failure failure
	in      circumstances
	end     end
	budget  time.Duration // after which its ctx ended
	took    time.Duration // by the clock; a busy machine makes it longer
	answer
}

// An answer is what ProcessFailure has returned.
type answer struct {
	labels  enricher.Labels // the enricher's own map
	was     enricher.Labels // a copy from when it was returned
	reasons map[string]string
	err     error
	wrote   string // the map of the context that is not what it was
	over    bool   // the ctx had ended
	endless bool   // the enricher has followed a tree that has no end too far
}

// good reports whether the enricher has returned labels, or none.
func (r *record) good() bool { return r.end.ok() && !r.endless && r.err == nil }

// trouble names the check that says why there are no labels; empty: there are, or none
// had to be.
func (r *record) trouble() string {
	switch {
	case r.endless:
		return "endless"
	case r.end.hung:
		return "context"
	case !r.end.ok():
		return "panics"
	case r.err == nil:
		return ""
	case isNil(r.err):
		return "errors"
	}
	return "answers"
}

// inTime reports whether the enricher has returned before its ctx ended. What it
// returned afterwards, if only by a moment, may be what it has for want of time.
func (r *record) inTime() bool { return r.end.ok() && !r.endless && !r.over }

// comparable reports whether the labels can be compared with others.
func (r *record) comparable() bool { return r.good() && r.inTime() }

// changed reports whether the map that was returned has changed since.
func (r *record) changed() bool { return r.end.ok() && !maps.Equal(r.labels, r.was) }

// same reports whether two records that are good have the same labels.
func (r *record) same(other *record) bool { return maps.Equal(r.was, other.was) }

// name names the failure and its context.
func (r *record) name() string {
	if r.in.name == "" {
		return r.failure.name
	}
	return r.failure.name + ", context: " + r.in.name
}

// A method is ProcessFailure, or ExplainFailure.
type method func(context.Context, error, enricher.FailureContext) (enricher.Labels, map[string]string, error)

func (in *instance) processFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	labels, err := in.fe.ProcessFailure(ctx, cause, fc)
	return labels, nil, err
}

// process gives the enricher a failure, and the time that there is for it.
func (in *instance) process(f failure, c circumstances) *record {
	return in.ask(in.processFailure, f, c)
}

// ask is process for either method.
func (in *instance) ask(m method, f failure, c circumstances) *record {
	budget := in.s.budget()
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	r := in.askWithin(ctx, budget+in.s.margin, m, f, c)
	r.budget, r.took = budget, time.Since(start)
	in.s.remaining -= r.took
	return r
}

// askWithin calls m and waits for it no longer than limit.
func (in *instance) askWithin(
	ctx context.Context, limit time.Duration, m method, f failure, c circumstances,
) *record {
	r := &record{failure: f, in: c}
	var odometer odometer
	cause := f.make(&odometer)
	fc := in.contextFor(c.fc)
	r.answer, r.end = call(ctx, in.label, limit, func(ctx context.Context) (a answer) {
		attributes, labels := maps.Clone(fc.Attributes), maps.Clone(fc.Labels)
		a.labels, a.reasons, a.err = m(ctx, cause, fc)
		a.over = ctx.Err() != nil
		a.was = a.labels.Clone()
		a.wrote = wrote(fc, attributes, labels)
		return a
	})
	if r.end.hung {
		odometer.stop() // where it is that tree which it cannot leave
	}
	r.endless = odometer.exceeded(r.end.hung)
	return r
}

// wrote names the map of fc that is not what it was; empty: both are.
func wrote(fc enricher.FailureContext, attributes, labels map[string]string) string {
	switch {
	case !maps.Equal(fc.Attributes, attributes):
		return "Attributes"
	case !maps.Equal(fc.Labels, labels):
		return "Labels"
	}
	return ""
}

// contextFor returns fc as the library hands it to this enricher: with maps of its
// own, and no labels but those that it reads.
func (in *instance) contextFor(fc enricher.FailureContext) enricher.FailureContext {
	fc.Attributes = maps.Clone(fc.Attributes)
	if _, ok := in.fe.(enricher.LabelReader); !ok {
		fc.Labels = nil
		return fc
	}
	labels := enricher.Labels{}
	for key, value := range fc.Labels {
		if slices.Contains(in.reads, "*") || slices.Contains(in.reads, key) {
			labels[key] = value
		}
	}
	fc.Labels = labels
	return fc
}
