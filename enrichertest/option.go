package enrichertest

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
)

// An Option of [Run] and [Check].
type Option func(*settings)

type settings struct {
	name          string
	options       map[string]any
	bad           []badOption
	failures      []failure
	contexts      []circumstances
	attributes    []string
	limits        enricher.Limits
	margin        time.Duration
	patience      time.Duration
	deterministic bool
	everyKey      bool
	note          func(check, note string)
	skip          map[string]string
}

// A badOption is what a factory has to refuse.
type badOption struct {
	name    string // that the error has to name
	options map[string]any
}

// WithName sets the configured name of the enricher, instance part included. By
// default, it is "tested".
func WithName(name string) Option {
	return func(s *settings) { s.name = name }
}

// WithOptions sets the options that the factory is given. By default, there are
// none.
func WithOptions(options map[string]any) Option {
	return func(s *settings) { s.options = options }
}

// BadOptions adds options that the factory has to refuse with an error that names
// option; it may be given several times. Those of [WithOptions] are added to them,
// except where they have one of the same name: with nil, an enricher is tested that
// needs an option and is not given it. By default, the factory has to refuse those of
// WithOptions together with one that no enricher has.
func BadOptions(option string, options map[string]any) Option {
	return func(s *settings) { s.bad = append(s.bad, badOption{option, options}) }
}

// WithFailure adds a failure to those that the enricher is given; it may be given
// several times. Failures that the enricher knows make it return labels, which
// then are checked. cause is used many times, from several goroutines at once.
func WithFailure(name string, cause error) Option {
	return func(s *settings) {
		s.failures = append(s.failures, failure{name: name, make: func(*odometer) error { return cause }, own: true})
	}
}

// WithContext adds a context to those that the failures come with; it may be given
// several times. A LabelReader is given those of its Labels that it reads.
func WithContext(name string, fc enricher.FailureContext) Option {
	return func(s *settings) { s.contexts = append(s.contexts, circumstances{name, fc}) }
}

// WithAttributes names attributes that the enricher reads, so that it is given
// hostile values of these. By default, attributes have names that mean nothing.
func WithAttributes(names ...string) Option {
	return func(s *settings) { s.attributes = append(s.attributes, names...) }
}

// WithLimits sets the limits of the services that the enricher is meant for. By
// default, and where they are 0, they are the defaults.
func WithLimits(limits enricher.Limits) Option {
	return func(s *settings) { s.limits = limits }
}

// WithMargin sets how long ProcessFailure may go on after its ctx has ended, and how
// long Close and the goroutines may take to end. By default, it is a second: a
// healthy enricher needs next to nothing, but the machine of a test may be
// busy. With less than some 20 milliseconds, healthy enrichers may fail on one that is.
func WithMargin(margin time.Duration) Option {
	return func(s *settings) { s.margin = margin }
}

// WithPatience sets how long the calls of one check may take in all where nothing is
// wrong. A slow enricher is given fewer failures, and one that uses it up has
// next to no time for those that are left, of which less is known then: notes say
// so. By default, it is 2 seconds, enough for an enricher that answers within a few
// milliseconds.
func WithPatience(patience time.Duration) Option {
	return func(s *settings) { s.patience = patience }
}

// Deterministic says that labels depend on nothing but the failure and its
// context. By default, they may also depend on the time, say, and on the failures
// before.
func Deterministic() Option {
	return func(s *settings) { s.deterministic = true }
}

// EveryKey says that the enricher is given failures and contexts, if need be by
// [WithFailure] and [WithContext], for which it sets every key that it declares. By
// default, there may be keys that it never sets, and so labels that no check has
// seen: they are why the check every-key is skipped.
func EveryKey() Option {
	return func(s *settings) { s.everyKey = true }
}

// Skip leaves out a check, for a reason, which must not be empty. Some checks that
// come later may still notice what it would have. By default, none is left out.
func Skip(check, reason string) Option {
	return func(s *settings) { s.skip[check] = reason }
}

// WithNotes hands note what is no fault and still good to know, such as that the
// enricher returned an error for most failures, and why a check was skipped. It is
// called by [Run] and [Check], on their goroutine, with the name of the check. By
// default, Run logs notes, which "go test -v" shows, and Check drops them.
func WithNotes(note func(check, note string)) Option {
	return func(s *settings) { s.note = note }
}

// newSettings applies options and says what is wrong with them.
func newSettings(options []Option) (settings, error) {
	s := settings{skip: map[string]string{}}
	for _, option := range options {
		if option != nil {
			option(&s)
		}
	}
	s.name = cmp.Or(s.name, "tested")
	s.limits.MaxLabels = cmp.Or(s.limits.MaxLabels, enricher.DefaultMaxLabels)
	s.limits.MaxValueLength = cmp.Or(s.limits.MaxValueLength, enricher.DefaultMaxValueLength)
	s.margin = cmp.Or(s.margin, time.Second)
	s.patience = cmp.Or(s.patience, 2*time.Second)
	var errs []error
	if !configurable(s.name) {
		errs = append(errs, fmt.Errorf("enrichertest: WithName: %q: want letters, digits, '.', '_' or '-', and perhaps one '/' before an instance", s.name))
	}
	for _, bad := range s.bad {
		switch {
		case bad.name == "":
			errs = append(errs, errors.New(`enrichertest: BadOptions: want the name of an option, not ""`))
		case len(bad.options) == 0:
			errs = append(errs, fmt.Errorf("enrichertest: BadOptions: %q: want options that are bad, not none", bad.name))
		}
	}
	for name, reason := range s.skip {
		if !slices.Contains(names(), name) {
			errs = append(errs, fmt.Errorf("enrichertest: Skip: no check %q: want one of %s", name, strings.Join(names(), ", ")))
		} else if reason == "" {
			errs = append(errs, fmt.Errorf("enrichertest: Skip: want a reason to leave out %q", name))
		}
	}
	for _, f := range s.failures {
		if f.make(nil) == nil {
			errs = append(errs, fmt.Errorf("enrichertest: WithFailure: %q: want an error, not nil", f.name))
		}
	}
	if s.margin < 0 {
		errs = append(errs, fmt.Errorf("enrichertest: WithMargin: %v: want more than 0", s.margin))
	}
	if s.patience < 0 {
		errs = append(errs, fmt.Errorf("enrichertest: WithPatience: %v: want more than 0", s.patience))
	}
	return s, errors.Join(errs...)
}

// configurable reports whether New accepts the name: there is no rule but its own.
func configurable(name string) bool {
	_, err := enricher.New(
		enricher.Config{},
		enricher.WithEnricher(name, enricher.Func(nil, processNothing)),
		enricher.WithLogger(slog.New(slog.DiscardHandler)),
	)
	return err == nil
}
