package enrichertest

import (
	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// An Option configures [Run] and [Check].
type Option func(*suite)

// A badOption is what a factory has to reject.
type badOption struct {
	name    string // that the error has to name
	options map[string]any
}

// WithName sets the configured name of the enricher, instance part included. By
// default, it is "tested".
func WithName(name string) Option {
	return func(s *suite) { s.name = name }
}

// WithOptions sets the options that the factory is given. By default, there are
// none.
func WithOptions(options map[string]any) Option {
	return func(s *suite) { s.options = options }
}

// WithBadOptions adds options that the factory has to reject with an error that names
// option; it may be given several times. They replace those of [WithOptions] that have
// the same names, and the others are added: the value nil tests an enricher that needs
// an option and is not given it. By default, the factory has to reject those of
// WithOptions together with one that no enricher has.
func WithBadOptions(option string, options map[string]any) Option {
	return func(s *suite) { s.bad = append(s.bad, badOption{option, options}) }
}

// WithFailure adds a failure to those that the enricher is given; it may be given
// several times. A failure that the enricher knows makes it return labels, which are
// then checked. cause is used many times, from several goroutines at once. By default,
// there are only the failures of the package comment. WithFailure panics if cause is nil.
func WithFailure(name string, cause error) Option {
	if cause == nil {
		panic("enrichertest: WithFailure: the cause must not be nil")
	}
	return func(s *suite) {
		s.failures = append(s.failures, failure{name: name, make: func(*hostile.Steps) error { return cause }, own: true})
	}
}

// WithContext adds a context to those that the failures come with; it may be given
// several times. Each of its attributes is also given hostile values. A LabelReader is
// given those of its Labels that it reads. By default, there are only the contexts of
// the package comment.
func WithContext(name string, fc enricher.FailureContext) Option {
	return func(s *suite) { s.contexts = append(s.contexts, circumstances{name, fc}) }
}

// WithDeterministic says that labels depend only on the failure and its context. By
// default, they may also depend on the time and on earlier failures.
func WithDeterministic() Option {
	return func(s *suite) { s.deterministic = true }
}

// WithEveryKey says that there is a failure and a context, perhaps one of
// [WithFailure] and [WithContext], for every key that the enricher declares. By
// default, there may be keys that it never sets, and the check every-key names them.
func WithEveryKey() Option {
	return func(s *suite) { s.everyKey = true }
}

// WithSkip leaves out a check, for a reason, which must not be empty. Later checks may
// still notice what it would have found. By default, none is left out.
func WithSkip(check, reason string) Option {
	return func(s *suite) { s.skip[check] = reason }
}
