// Package attached has the enricher "attached": it publishes labels that the
// error itself carries, attached with [enricher.WithLabels] or returned by a
// method FailureLabels() map[string]string. Only labels that are configured are
// published: what an error carries may be anything. In a value, what is not valid
// UTF-8 and control characters other than tab and newline are replaced by U+FFFD,
// and what exceeds 1024 bytes is cut.
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
	"github.com/failure-enrichers/enricher/internal/text"
)

// Name is what the enricher is registered as.
const Name = "attached"

// Options are the options of the enricher.
type Options struct {
	Keys []string // of the labels to publish; at least one
}

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) { return New(opts) }))
}

// An Enricher publishes labels that errors carry. Its methods may be called
// concurrently.
type Enricher struct {
	keys []string
}

var _ enricher.Explainer = (*Enricher)(nil)

// New returns an enricher with these options, or a [*enricher.ConfigError].
func New(opts Options) (*Enricher, error) {
	if len(opts.Keys) == 0 {
		return nil, &enricher.ConfigError{Option: "keys", Err: errors.New("none: want the keys of the labels to publish")}
	}
	for i, key := range opts.Keys {
		if err := enricher.CheckKey(key); err != nil {
			return nil, &enricher.ConfigError{Option: "keys", Err: err}
		}
		if slices.Contains(opts.Keys[:i], key) {
			return nil, &enricher.ConfigError{Option: "keys", Err: fmt.Errorf("%q is there twice: want each key once", key)}
		}
	}
	return &Enricher{slices.Clone(opts.Keys)}, nil
}

// OutputKeys returns the keys of the options.
func (e *Enricher) OutputKeys() []string { return e.keys }

// ProcessFailure returns those labels of cause that are to be published, as
// [enricher.LabelsOf] finds them. It never fails.
func (e *Enricher) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	carried := enricher.LabelsOf(cause)
	labels := enricher.Labels{}
	for _, key := range e.keys {
		if value, ok := carried[key]; ok {
			labels[key] = text.Clean(value, enricher.DefaultMaxValueLength)
		}
	}
	return labels, nil
}

// ExplainFailure says which labels the error carries.
func (e *Enricher) ExplainFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	labels, err := e.ProcessFailure(ctx, cause, fc)
	why := map[string]string{}
	for _, key := range e.keys {
		why[key] = "the error does not carry it"
		if _, ok := labels[key]; ok {
			why[key] = "the error carries it"
		}
	}
	return labels, why, err
}
