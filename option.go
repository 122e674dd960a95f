package enricher

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
)

// An Option configures [New]. A nil Option does nothing.
type Option func(*settings)

type settings struct {
	registry  *Registry
	logger    *slog.Logger
	observers []Observer
	inCode    []inCode
}

// An inCode is an enricher given by [WithEnricher].
type inCode struct {
	name string
	fe   FailureEnricher
}

// newSettings returns the settings that opts make, with the defaults for the
// rest.
func newSettings(opts []Option) *settings {
	s := &settings{}
	for _, opt := range opts {
		if opt != nil {
			opt(s)
		}
	}
	s.registry = cmp.Or(s.registry, defaultRegistry)
	s.logger = cmp.Or(s.logger, slog.Default())
	return s
}

// WithRegistry makes New look up names in r. By default, or if r is nil, New uses
// the registry of [Register].
func WithRegistry(r *Registry) Option {
	return func(s *settings) { s.registry = r }
}

// WithLogger sets the logger for what New finds, and later for misbehaving
// enrichers: at most one line a second for each enricher and kind. By default, or
// if l is nil, it is [slog.Default].
func WithLogger(l *slog.Logger) Option {
	return func(s *settings) { s.logger = l }
}

// WithEnricher adds an enricher made in code, after the configured ones. Its name
// has the form of a configured name. It is not closed by [Enricher.Shutdown]; the
// caller may close it afterwards. A nil enricher, and a name that is malformed or
// already in use, as one that is configured, make New fail with a [*ConfigError]. By
// default, there are only the configured enrichers.
func WithEnricher(name string, fe FailureEnricher) Option {
	return func(s *settings) { s.inCode = append(s.inCode, inCode{name, fe}) }
}

// WithObserver adds an observer. It may be given several times; a nil observer is
// ignored. By default, there is none.
func WithObserver(o Observer) Option {
	return func(s *settings) {
		if !isNil(o) {
			s.observers = append(s.observers, o)
		}
	}
}

var defaultEnricher atomic.Pointer[Enricher]

func init() { SetDefault(nil) }

// SetDefault makes e the Enricher of the functions [Enrich] and [EnrichContext].
// A nil or zero e restores the initial one, which has no enrichers. SetDefault does not
// shut down the previous one; if the caller does so afterwards, these functions
// reject no failure for it.
func SetDefault(e *Enricher) {
	if e.isEmpty() {
		// It cannot fail, and logs nothing when a program starts.
		e, _ = New(Config{}, WithLogger(slog.New(slog.DiscardHandler)))
	}
	defaultEnricher.Store(e)
}

// Default returns the Enricher of the functions [Enrich] and [EnrichContext]. It
// is never nil, and has no enrichers until [SetDefault] is called.
func Default() *Enricher { return defaultEnricher.Load() }

// Enrich is [EnrichContext] with an empty context and FailureContext.
func Enrich(cause error) Labels {
	return EnrichContext(context.Background(), cause, FailureContext{}).Labels
}

// EnrichContext calls [Enricher.EnrichContext] of [Default].
func EnrichContext(ctx context.Context, cause error, fc FailureContext) Result {
	if cause == nil {
		return Result{Labels: Labels{}}
	}
	for {
		e := Default()
		if e.end.enter() {
			return e.enrichEntered(ctx, cause, fc)
		}
		if e == Default() { // shut down, and not replaced meanwhile
			return e.EnrichContext(ctx, cause, fc)
		}
	}
}

// isEmpty reports whether e was not made by New.
func (e *Enricher) isEmpty() bool { return e == nil || e.plan == nil }
