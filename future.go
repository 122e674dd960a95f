package enricher

import "context"

// EnrichAsync is EnrichContext without the waiting: it never blocks. Where as
// many of its calls are under way as MaxPending allows, the future is complete
// at once, and every outcome is [StatusSkipped] with [ErrOverloaded].
func (e *Enricher) EnrichAsync(ctx context.Context, cause error, fc FailureContext) *Future {
	future := &Future{done: make(chan struct{}), result: Result{Labels: Labels{}}}
	if e == nil || cause == nil {
		close(future.done)
		return future
	}
	if !e.under.Enter() {
		future.result = e.refuse(ctx, &e.afterShutdown, ErrShutdown)
		close(future.done)
		return future
	}
	if !e.pending.TryAcquire(1) {
		e.under.Leave()
		future.result = e.refuse(ctx, &e.overloaded, ErrOverloaded)
		close(future.done)
		return future
	}
	f := newFailure(e, ctx, cause, fc)
	go func() {
		// Deferred, as an observer may exit the goroutine. Shutdown waits for
		// the last of it.
		defer e.under.Leave()
		defer close(future.done)
		defer e.pending.Release(1)
		future.result = f.enrich()
		f.observe(future.result)
		f.free()
	}()
	return future
}

// A Future is the Result of a failure whose enrichment is under way. Its
// methods may be called concurrently.
type Future struct {
	done   chan struct{} // closed once result is set
	result Result
}

// Done returns a channel that is closed when the result is there.
func (f *Future) Done() <-chan struct{} { return f.done }

// Result waits for the result and returns it: a copy for each caller. That
// takes no longer than the budget of the failure and the observers' work.
func (f *Future) Result() Result {
	<-f.done
	return f.result.clone()
}

// Wait is like Result, but returns an empty Result and [context.Cause] of ctx
// where ctx ends first. The enrichment goes on. A nil ctx never ends.
func (f *Future) Wait(ctx context.Context) (Result, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	select {
	case <-f.done:
		return f.Result(), nil
	default:
	}
	select {
	case <-f.done:
		return f.Result(), nil
	case <-ctx.Done():
		return Result{Labels: Labels{}}, context.Cause(ctx)
	}
}
