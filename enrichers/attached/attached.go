// Package attached is a failure enricher that publishes labels of the error itself:
// those attached with [enricher.WithLabels] or returned by a method
// FailureLabels() map[string]string. Only configured labels are published, as an
// error may have any. In a value, what is not valid UTF-8 and control characters
// other than tab and newline are replaced by U+FFFD, and what exceeds 1024 bytes is
// cut, if possible at white space. Import it for its side effect, which is to register
// "attached".
//
// # Options
//
//	keys  the keys of the labels to publish; at least one
//
// In a configuration:
//
//	attached: {keys: [tenant, shard]}
package attached

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/redact"
)

// Name is the name under which the enricher is registered.
const Name = "attached"

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) { return New(opts) }))
}

// Options are the options of the enricher.
type Options struct {
	Keys []string // of the labels to publish; at least one
}

// New returns an enricher with these options, which is an [enricher.Explainer], or
// an [*enricher.ConfigError].
func New(opts Options) (enricher.FailureEnricher, error) {
	if len(opts.Keys) == 0 {
		return nil, &enricher.ConfigError{Option: "keys", Err: errors.New("must have at least one key of a label")}
	}
	for i, key := range opts.Keys {
		if err := enricher.CheckKey(key); err != nil {
			return nil, &enricher.ConfigError{Option: "keys", Err: err}
		}
		if key == "*" {
			return nil, &enricher.ConfigError{Option: "keys", Err: errors.New(`must have the key of each label: "*" does not stand for all`)}
		}
		if slices.Contains(opts.Keys[:i], key) {
			return nil, &enricher.ConfigError{Option: "keys", Err: fmt.Errorf("must have each key once: %q", key)}
		}
	}
	return publisher{slices.Clone(opts.Keys)}, nil
}

// A publisher is the enricher.
type publisher struct{ keys []string }

var (
	_ enricher.Explainer      = publisher{}
	_ enricher.LabelDescriber = publisher{}
)

// OutputKeys returns the keys of the options.
func (p publisher) OutputKeys() []string { return slices.Clone(p.keys) }

// DescribeLabels describes the labels, which may have any value.
func (p publisher) DescribeLabels() (all []enricher.LabelDescription) {
	for _, key := range p.keys {
		all = append(all, enricher.LabelDescription{Key: key, Doc: "A label that the error itself carries."})
	}
	return all
}

// ProcessFailure returns those labels of cause that are to be published, as
// [enricher.LabelsOf] finds them. It never fails.
func (p publisher) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	attached := enricher.LabelsOf(cause)
	labels := enricher.Labels{}
	for _, key := range p.keys {
		if value, ok := attached[key]; ok {
			labels[key] = redact.Clean(value, enricher.DefaultMaxValueLength)
		}
	}
	return labels, nil
}

// ExplainFailure says which labels the error has.
func (p publisher) ExplainFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	labels, err := p.ProcessFailure(ctx, cause, fc)
	reasons := map[string]string{}
	for _, key := range p.keys {
		reasons[key] = "not attached to the error"
		if _, ok := labels[key]; ok {
			reasons[key] = "attached to the error"
		}
	}
	return labels, reasons, err
}
