package enricher

import (
	"context"
	"log/slog"
	"sync/atomic"
)

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
