package enricher

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// An Observer is told of every failure and its Result. That is how metrics,
// traces and histories are fed.
//
// ObserveFailure is called once for each failure that was accepted, also where
// there are no enrichers, on the goroutine that enriches, one observer after
// another, and from several goroutines at once. A panic is recovered and
// logged. It holds up the caller of Enrich: one that takes over 100 ms earns a
// WARN line. ctx has the values of the caller's, and never ends. fc and res are
// the observer's own.
type Observer interface {
	ObserveFailure(ctx context.Context, cause error, fc FailureContext, res Result)
}

// slowObserver is how long an observer may take before it is named.
const slowObserver = 100 * time.Millisecond

// observe tells the observers.
func (f *failure) observe(res Result) {
	if len(f.e.observers) == 0 {
		return
	}
	ctx := context.WithoutCancel(f.ctx)
	for _, o := range f.e.observers {
		fc := f.fc
		fc.Attributes = maps.Clone(fc.Attributes)
		start := time.Now()
		p := guard.Do(func() { o.ObserveFailure(ctx, f.cause, fc, res.clone()) })
		if p != nil {
			f.e.log(f.ctx, &f.e.observerPanics, slog.LevelError, "Failure observer panicked", func() []slog.Attr {
				return append(f.identified(
					slog.String("observer", fmt.Sprintf("%T", o)),
					slog.String("error", NewPanicError(p.Value, nil).Error()),
				), slog.String("stack", string(p.Stack)))
			})
		}
		if took := time.Since(start); took > slowObserver {
			f.e.log(f.ctx, &f.e.slowObservers, slog.LevelWarn, "Failure observer is slow: it holds up whoever reports failures", func() []slog.Attr {
				return f.identified(slog.String("observer", fmt.Sprintf("%T", o)), slog.Duration("took", took))
			})
		}
	}
}
