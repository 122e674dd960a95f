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

// KeyType is the key of its label.
const KeyType = "type"

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

// A classifier sets the label. Its methods may be called concurrently.
type classifier struct {
	overrides *overrides
	counts    [5]atomic.Uint64 // by index into types
}

var (
	_ enricher.Explainer      = (*classifier)(nil)
	_ enricher.CountReporter  = (*classifier)(nil)
	_ enricher.LabelDescriber = (*classifier)(nil)
)

// New returns the enricher, or an [*enricher.ConfigError] for each option that is
// wrong, joined. The enricher is an [enricher.Explainer] and an
// [enricher.CountReporter].
func New(opts Options) (enricher.FailureEnricher, error) {
	overrides, err := opts.overrides()
	if err != nil {
		return nil, err
	}
	return &classifier{overrides: overrides}, nil
}

func (c *classifier) OutputKeys() []string { return []string{KeyType} }

// DescribeLabels describes [KeyType].
func (c *classifier) DescribeLabels() []enricher.LabelDescription {
	d := enricher.LabelDescription{Key: KeyType, Doc: "Who is at fault."}
	for _, t := range types {
		d.Values = append(d.Values, string(t))
	}
	return []enricher.LabelDescription{d}
}

func (c *classifier) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	t, override, _ := c.classify(cause)
	c.counts[slices.Index(types, t)].Add(1)
	if override != nil {
		override.counted.Add(1)
	}
	return enricher.Labels{KeyType: string(t)}, nil
}

// ExplainFailure says what decided.
func (c *classifier) ExplainFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	t, override, found := c.classify(cause)
	why := cmp.Or(found.Reason(), "no error of the chain has a type or code that tells")
	if override != nil {
		why = "option " + override.String()
	}
	return enricher.Labels{KeyType: string(t)}, map[string]string{KeyType: why}, nil
}

// classify returns the type of a failure, and what decided: an override or evidence,
// or neither.
func (c *classifier) classify(cause error) (Type, *override, evidence.Evidence) {
	if len(c.overrides.all) > 0 {
		for err := range enricher.Chain(cause) {
			if o := c.overrides.of(err); o != nil {
				return o.value, o, evidence.Evidence{}
			}
		}
	}
	v := evidence.Of(cause)
	return cmp.Or(Type(v.Fault.Fault), Unknown), nil, v.Fault
}

// Counts returns the number of failures by value, such as "type=UNKNOWN", and for
// each override how many it decided, such as "statuses 404".
func (c *classifier) Counts() map[string]uint64 {
	counts := make(map[string]uint64, len(types)+len(c.overrides.all))
	for i, t := range types {
		counts[KeyType+"="+string(t)] = c.counts[i].Load()
	}
	for _, o := range c.overrides.all {
		counts[o.String()] = o.counted.Load()
	}
	return counts
}
