package soak_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"github.com/failure-enrichers/enricher"
)

type observerFunc func(ctx context.Context, cause error, fc enricher.FailureContext, res enricher.Result)

func (f observerFunc) ObserveFailure(ctx context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
	f(ctx, cause, fc, res)
}

// observers returns one that keeps the books, after some that are in its way, and
// one that goes too far.
func (g *generation) observers(random *rand.Rand) []enricher.Option {
	others := []observerFunc{
		func(context.Context, error, enricher.FailureContext, enricher.Result) { panic("not now") },
		func(_ context.Context, _ error, fc enricher.FailureContext, res enricher.Result) { spoilAll(fc, res) },
	}
	if random.IntN(2) == 0 {
		pause := upTo(random, g.r.budget/4)
		g.delay += pause
		others = append(others, func(context.Context, error, enricher.FailureContext, enricher.Result) { time.Sleep(pause) })
	}
	opts := []enricher.Option{enricher.WithObserver(nil)}
	first := random.IntN(len(others))
	if first == 0 {
		g.panicking++
	}
	for _, o := range others[first:] {
		opts = append(opts, enricher.WithObserver(o))
	}
	opts = append(opts, enricher.WithObserver(observerFunc(g.observe)))
	if random.IntN(4) == 0 {
		opts = append(opts, enricher.WithObserver(observerFunc(g.exitIfAsync)))
	}
	return opts
}

// spoilAll writes to all that an observer or a caller was given.
func spoilAll(fc enricher.FailureContext, res enricher.Result) {
	spoil(fc.Attributes)
	spoil(res.Labels)
	for i := range res.Outcomes {
		for j := range res.Outcomes[i].Issues {
			res.Outcomes[i].Issues[j] = enricher.LabelIssue{}
		}
		res.Outcomes[i] = enricher.Outcome{}
	}
}

// observe notes a failure and its Result.
func (g *generation) observe(ctx context.Context, why error, fc enricher.FailureContext, res enricher.Result) {
	id := numberOf(why, fc)
	if g.over.Load() {
		g.faultf("an observer is called for failure %d after an orderly Shutdown has returned", id)
	}
	if ctx.Err() != nil || ctx.Done() != nil {
		g.faultf("an observer is called for failure %d in a context that ends", id)
	}
	if fc.Labels != nil {
		g.faultf("an observer is given the labels %v in its FailureContext", fc.Labels)
	}
	g.checkContext(ctx, "an observer", id, fc)

	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.failure(id)
	f.observed++
	f.seen = res
	g.observed++
}

// exitIfAsync exits the goroutine, if that is one of the library's own.
func (g *generation) exitIfAsync(_ context.Context, why error, fc enricher.FailureContext, _ enricher.Result) {
	g.mu.Lock()
	async := g.failure(numberOf(why, fc)).async
	g.mu.Unlock()
	if async {
		runtime.Goexit()
	}
}

// checkContext checks the context that an enricher or observer got: nothing, or
// what newReport says.
func (g *generation) checkContext(ctx context.Context, who string, id uint64, fc enricher.FailureContext) {
	if fc.Time.IsZero() {
		g.faultf("%s: failure %d has no time", who, id)
	}
	if v := ctx.Value(idKey{}); (v != nil) != (fc.JobID == withValue) || v != nil && v != id {
		g.faultf("%s: failure %d, %q, has the value %v in its context", who, id, fc.JobID, v)
	}
	if fc.ID == "" && len(fc.Attributes) == 0 {
		return
	}
	want := strconv.FormatUint(id, 10)
	if fc.ID != want || len(fc.Attributes) != 1 || fc.Attributes["id"] != want {
		g.faultf("%s: failure %d has the ID %q and the attributes %v", who, id, fc.ID, fc.Attributes)
	}
}
