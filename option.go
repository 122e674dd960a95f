package enricher

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// An Option of [New].
type Option func(*settings)

type settings struct {
	registry  *Registry
	logger    *slog.Logger
	observers []Observer
	inCode    []inCode
}

type inCode struct {
	name string
	fe   FailureEnricher
}

// WithRegistry makes New look up names in r. By default, and where r is nil, they
// are looked up where [Register] puts them.
func WithRegistry(r *Registry) Option {
	return func(s *settings) { s.registry = r }
}

// WithLogger sets the logger for what happens at load, and for misbehaving
// enrichers afterwards: at most one line a second for each enricher and kind. By
// default, and where l is nil, it is [slog.Default].
func WithLogger(l *slog.Logger) Option {
	return func(s *settings) { s.logger = l }
}

// WithEnricher adds an enricher made in code, after the configured ones, under a
// name of the same form. It stays the caller's to close, after Shutdown. A nil
// enricher, a malformed name and one that is taken make New fail with a
// [*ConfigError]. By default, there are only the configured ones.
func WithEnricher(name string, fe FailureEnricher) Option {
	return func(s *settings) { s.inCode = append(s.inCode, inCode{name, fe}) }
}

// WithObserver adds an observer; it may be given several times. A nil one is
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

// SetDefault makes e the Enricher that the functions [Enrich] and
// [EnrichContext] use. A nil e restores the empty one. It does not shut down the
// one before.
func SetDefault(e *Enricher) {
	if e == nil {
		// Nothing that could fail, or that a program wants to read about whenever
		// it starts.
		e, _ = New(Config{}, WithLogger(slog.New(slog.DiscardHandler)))
	}
	defaultEnricher.Store(e)
}

// Default returns the Enricher of the functions [Enrich] and [EnrichContext]. It
// is never nil, and has no enrichers until [SetDefault].
func Default() *Enricher { return defaultEnricher.Load() }

// Enrich is [Enricher.Enrich] of [Default].
func Enrich(cause error) Labels { return Default().Enrich(cause) }

// EnrichContext is [Enricher.EnrichContext] of [Default].
func EnrichContext(ctx context.Context, cause error, fc FailureContext) Result {
	return Default().EnrichContext(ctx, cause, fc)
}
