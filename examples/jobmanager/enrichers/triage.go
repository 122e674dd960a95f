package enrichers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
)

// KeyOwner is the label of example-triage that says who is responsible for a
// failure. Its other label is [enricher.KeyJobCannotRestart].
const KeyOwner = "owner"

// TriageOptions are the options of example-triage. In a configuration they are
// called final-reasons, owners, team-attribute and default-owner.
type TriageOptions struct {
	// FinalReasons are the reasons that a restart cannot mend.
	FinalReasons []string

	// Owners are the owners of failures by kind. For other kinds, it is the
	// team of the job.
	Owners map[string]string

	// TeamAttribute is the attribute of a failure that names the team.
	TeamAttribute string

	// DefaultOwner is the owner if there is no other.
	DefaultOwner string
}

// triageDefaults are the defaults of the options.
var triageDefaults = TriageOptions{
	FinalReasons:  []string{ReasonCommandNotFound, ReasonMalformedRow, ReasonPanic},
	TeamAttribute: "team",
	DefaultOwner:  "on-call",
}

// A triage is the enricher example-triage. It is immutable.
type triage struct {
	opts TriageOptions
}

var _ enricher.LabelReader = (*triage)(nil)

// newTriage is the factory. The options have been decoded over the defaults, and
// unknown ones and wrong types rejected. newTriage rejects values without an
// effect; the error names the option and what is accepted.
func newTriage(conf enricher.FactoryConfig, opts TriageOptions) (*triage, error) {
	var errs []error
	bad := func(option, format string, args ...any) {
		errs = append(errs, &enricher.ConfigError{Enricher: conf.Name(), Option: option, Err: fmt.Errorf(format, args...)})
	}
	for _, reason := range opts.FinalReasons {
		if !slices.Contains(reasons, reason) && !strings.HasPrefix(reason, "http-") {
			bad("final-reasons", "unknown reason %q: must be one of %s, or \"http-404\" and the like", reason, strings.Join(reasons, ", "))
		}
	}
	for kind := range opts.Owners {
		if !slices.Contains(kinds, kind) {
			bad("owners", "unknown kind %q: must be one of %s", kind, strings.Join(kinds, ", "))
		}
	}
	if opts.DefaultOwner == "" {
		bad("default-owner", "must not be empty")
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &triage{opts}, nil
}

var (
	kinds   = []string{KindUser, KindSystem, KindDependency, KindUnknown}
	reasons = []string{
		ReasonExitStatus, ReasonCommandNotFound, ReasonKilled, ReasonConnectionRefused, ReasonNameNotResolved,
		ReasonMalformedRow, ReasonDeadlineExceeded, ReasonCancelled, ReasonPanic, ReasonUnknown,
	}
)

// InputKeys declares the labels to read. Triage starts after the enrichers that
// set them.
func (t *triage) InputKeys() []string { return []string{KeyKind, KeyReason} }

// OutputKeys declares the labels to set.
func (t *triage) OutputKeys() []string { return []string{KeyOwner, enricher.KeyJobCannotRestart} }

// ProcessFailure sets an owner for every failure, even if the labels to read are
// missing, such as when their enricher timed out. It sets a veto only if there is
// one: an enricher need not set all its labels.
func (t *triage) ProcessFailure(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
	labels := enricher.Labels{
		KeyOwner: cmp.Or(t.opts.Owners[fc.Labels[KeyKind]], clean(fc.Attributes[t.opts.TeamAttribute]), t.opts.DefaultOwner),
	}
	if slices.Contains(t.opts.FinalReasons, fc.Labels[KeyReason]) {
		labels[enricher.KeyJobCannotRestart] = "true"
	}
	return labels, nil
}

// clean returns the part of a text that a label may contain.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return -1
		}
		return r
	}, text[:min(len(text), 100)])
}
