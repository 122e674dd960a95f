package fault

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence"
)

// Name is what the enricher is registered as.
const Name = "type"

// Key is the key of its label.
const Key = "type"

// A Type is a value of the label.
type Type string

// The values of the label.
const (
	User       = Type(evidence.User)
	System     = Type(evidence.System)
	Dependency = Type(evidence.Dependency)
	Cancelled  = Type(evidence.Cancelled)
	Unknown    = Type(evidence.Unknown)
)

var types = []Type{User, System, Dependency, Cancelled, Unknown}

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) { return New(opts) }))
}

// An Enricher says who is at fault. Its methods may be called concurrently.
type Enricher struct {
	overrides *overrides
	counts    [5]atomic.Uint64 // by index into types
}

var (
	_ enricher.Explainer     = (*Enricher)(nil)
	_ enricher.CountReporter = (*Enricher)(nil)
)

// New returns an enricher with these options, or an error that names each option
// that is wrong.
func New(opts Options) (*Enricher, error) {
	overrides, err := opts.overrides()
	if err != nil {
		return nil, err
	}
	return &Enricher{overrides: overrides}, nil
}

// OutputKeys returns [Key].
func (e *Enricher) OutputKeys() []string { return []string{Key} }

// ProcessFailure says who is at fault. It never fails.
func (e *Enricher) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	t, override, _ := e.judge(cause)
	e.counts[slices.Index(types, t)].Add(1)
	if override != nil {
		override.counted.Add(1)
	}
	return enricher.Labels{Key: string(t)}, nil
}

// ExplainFailure says what decided.
func (e *Enricher) ExplainFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	t, override, found := e.judge(cause)
	why := cmp.Or(found.Reason(), "no error of the chain is of a type, or has a code, that says it")
	if override != nil {
		why = "option " + override.String()
	}
	return enricher.Labels{Key: string(t)}, map[string]string{Key: why}, nil
}

// judge returns the type of a failure, and what decided: an override or evidence,
// or neither.
func (e *Enricher) judge(cause error) (Type, *override, evidence.Evidence) {
	if len(e.overrides.all) > 0 {
		for err := range enricher.Chain(cause) {
			if o := e.overrides.of(err); o != nil {
				return o.value, o, evidence.Evidence{}
			}
		}
	}
	v := evidence.Of(cause)
	return cmp.Or(Type(v.Fault.Fault), Unknown), nil, v.Fault
}

// Counts returns the number of failures by value, such as "type=UNKNOWN", and for
// each override how many it decided, such as "statuses 404".
func (e *Enricher) Counts() map[string]uint64 {
	counts := make(map[string]uint64, len(types)+len(e.overrides.all))
	for i, t := range types {
		counts[Key+"="+string(t)] = e.counts[i].Load()
	}
	for _, o := range e.overrides.all {
		counts[o.String()] = o.counted.Load()
	}
	return counts
}
