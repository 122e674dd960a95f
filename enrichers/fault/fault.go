package fault

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/errtype"
	"github.com/failure-enrichers/enricher/internal/evidence"
)

// Name is what the enricher is registered as.
const Name = "type"

// The keys of its labels.
const (
	KeyType = "type"
	KeyHint = "hint"
)

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

// A classifier sets the labels. Its methods may be called concurrently.
type classifier struct {
	overrides *overrides
	hints     *hints           // nil: the label hint is not set
	counts    [5]atomic.Uint64 // by index into types
	unknown   unknown
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
	hints, hintErr := opts.hints()
	if err := errors.Join(err, hintErr); err != nil {
		return nil, err
	}
	return &classifier{overrides: overrides, hints: hints}, nil
}

// OutputKeys returns [KeyType], and [KeyHint] with option hints or default-hints.
func (c *classifier) OutputKeys() []string {
	if c.hints == nil {
		return []string{KeyType}
	}
	return []string{KeyType, KeyHint}
}

// DescribeLabels describes the labels of OutputKeys.
func (c *classifier) DescribeLabels() []enricher.LabelDescription {
	d := enricher.LabelDescription{Key: KeyType, Doc: "Who is at fault."}
	for _, t := range types {
		d.Values = append(d.Values, string(t))
	}
	if c.hints == nil {
		return []enricher.LabelDescription{d}
	}
	return []enricher.LabelDescription{d, c.hints.describe()}
}

func (c *classifier) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	t, override, _ := c.classify(cause)
	c.counts[slices.Index(types, t)].Add(1)
	if override != nil {
		override.counted.Add(1)
	}
	if t == Unknown {
		c.unknown.add(errtype.Of(cause))
	}
	labels := enricher.Labels{KeyType: string(t)}
	if hint, _ := c.hints.of(cause, t); hint != nil {
		labels[KeyHint] = hint.text
		if hint.override != nil {
			hint.override.counted.Add(1)
		}
	}
	return labels, nil
}

// ExplainFailure says what decided.
func (c *classifier) ExplainFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	t, override, found := c.classify(cause)
	why := cmp.Or(found.Reason(), "no error of the chain has a type or code that tells")
	if override != nil {
		why = "option " + override.String()
	}
	labels, reasons := enricher.Labels{KeyType: string(t)}, map[string]string{KeyType: why}
	if c.hints != nil {
		reasons[KeyHint] = "not set, as no error of the chain has a hint"
		if hint, why := c.hints.of(cause, t); hint != nil {
			labels[KeyHint], reasons[KeyHint] = hint.text, why
		}
	}
	return labels, reasons, nil
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
	if o := c.overrides.ofCode(v.Code); o != nil { // a text has it
		return o.value, o, evidence.Evidence{}
	}
	return cmp.Or(Type(v.Fault.Fault), Unknown), nil, v.Fault
}

// Counts returns the number of failures by value, such as "type=UNKNOWN", of unknown
// ones also by error_type, such as "type=UNKNOWN error_type=*shop.StockError", and for
// each override and each of option hints how many it decided, such as "statuses 404".
func (c *classifier) Counts() map[string]uint64 {
	counts := c.unknown.counts()
	for i, t := range types {
		counts[KeyType+"="+string(t)] = c.counts[i].Load()
	}
	for _, o := range c.overrides.all {
		counts[o.String()] = o.counted.Load()
	}
	if c.hints != nil {
		for _, own := range c.hints.own {
			counts[own.override.String()] = own.override.counted.Load()
		}
	}
	return counts
}

// maxUnknown is how many values of error_type are told apart among unknown failures.
const maxUnknown = 20

// An unknown counts unknown failures by error_type, so that it is known which override
// is missing. Those of more than maxUnknown values are counted as one.
type unknown struct {
	mu     sync.Mutex
	byType map[string]uint64
}

func (u *unknown) add(errorType string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.byType == nil {
		u.byType = map[string]uint64{}
	}
	if u.byType[errorType] == 0 && len(u.byType) >= maxUnknown {
		errorType = errtype.Other
	}
	u.byType[errorType]++
}

func (u *unknown) counts() map[string]uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	counts := map[string]uint64{}
	for errorType, n := range u.byType {
		counts[KeyType+"="+string(Unknown)+" "+errtype.KeyErrorType+"="+errorType] = n
	}
	return counts
}
