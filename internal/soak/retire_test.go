package soak_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher"
)

var (
	errForced = errors.New("the time to shut down is up")
	errStuck  = errors.New("an orderly Shutdown takes a minute")
)

// closeGrace is how long a Close may hold up a Shutdown that is forced.
const closeGrace = 100 * time.Millisecond

// retire shuts g down, in one of the ways in which that can be done.
func (g *generation) retire(random *rand.Rand) {
	var limits []time.Duration // of calls to Shutdown at once; 0: none
	switch random.IntN(5) {
	case 0:
		limits = []time.Duration{time.Nanosecond}
	case 1:
		limits = []time.Duration{1 + upTo(random, 2*g.cfg.Timeout)}
	case 2:
		limits = []time.Duration{0, 1 + upTo(random, 2*g.cfg.Timeout), 0, time.Hour}
	case 3:
		limits = []time.Duration{0, 0, 0}
	default:
		limits = []time.Duration{0}
	}
	if slices.Max(limits) == 0 {
		g.free() // or Shutdown would wait for ever
	}
	began := time.Now()
	g.err = g.shutdown(limits)
	forced := errors.Is(g.err, errForced)
	if forced {
		g.forcedAt = began.Add(slices.Min(slices.DeleteFunc(limits, func(limit time.Duration) bool { return limit == 0 })))
	} else {
		g.over.Store(true)
	}
	g.checkShutdownError(forced)
	g.checkClosed(forced)
	g.probe(random)
	if random.IntN(2) == 0 {
		g.free()
	}
}

// shutdown calls Shutdown as often as there are limits, at once, and once more.
func (g *generation) shutdown(limits []time.Duration) error {
	g.shutting.Store(true)
	began := time.Now()
	errs := make([]error, len(limits))
	var all sync.WaitGroup
	for i, limit := range limits {
		all.Go(func() {
			ctx, cancel := shutdownContext(limit)
			defer cancel()
			errs[i] = g.e.Shutdown(ctx)
		})
	}
	all.Wait()
	took := time.Since(began)
	for _, limit := range limits {
		if limit > 0 && took > g.r.atMost(limit+closeGrace) {
			g.faultf("Shutdown takes %v, with a limit of %v", took, limit)
		}
	}
	errs = append(errs, g.e.Shutdown(context.Background()))
	for _, err := range errs {
		if (err == nil) != (errs[0] == nil) || err != nil && err.Error() != errs[0].Error() {
			g.faultf("calls to Shutdown return different errors: %v", errs)
		}
	}
	return errs[0]
}

// shutdownContext returns a context that ends after limit, or a minute.
func shutdownContext(limit time.Duration) (context.Context, context.CancelFunc) {
	if limit > 0 {
		return context.WithTimeoutCause(context.Background(), limit, errForced)
	}
	return context.WithTimeoutCause(context.Background(), time.Minute, errStuck)
}

// checkShutdownError checks that the error of Shutdown names those whose Close was
// bad, and others only if it was forced.
func (g *generation) checkShutdownError(forced bool) {
	if errors.Is(g.err, errStuck) {
		g.faultf("Shutdown is stuck: %v", g.err)
	}
	for _, m := range g.members {
		named := isNamed(g.err, m.name)
		if bad := !m.inCode && m.closing.bad(); bad != named && (bad || !forced) {
			g.faultf("%s: its Close is bad: %t, and the error of Shutdown (forced: %t) says: %v", m.name, bad, forced, g.err)
		}
	}
}

// checkForced checks, in fake time, that all contexts were cancelled the moment at
// which Shutdown was forced: from then on, no call begins, and none that heeds its
// context goes on.
func (p *page) checkForced() {
	forced := p.g.forcedAt
	if forced.IsZero() {
		return
	}
	for id, v := range p.visits {
		sc := p.script(id)
		heeds := sc.heeds && v.began.Add(sc.takes).After(forced) || sc.end == obeys && sc.takes == 0
		if v.began.After(forced) || heeds && (v.ended.IsZero() || v.ended.After(forced)) {
			p.g.faultf("failure %d: the call of %s goes on after Shutdown was forced", id, p.name)
		}
	}
}

// isNamed reports whether an EnricherError in the tree names an enricher.
func isNamed(err error, name string) bool {
	for err := range enricher.Chain(err) {
		if ee, ok := err.(*enricher.EnricherError); ok && ee.Enricher == name {
			return true
		}
	}
	return false
}

// checkClosed checks that all were closed once, as soon as Shutdown has returned.
func (g *generation) checkClosed(forced bool) {
	if forced {
		return // a Close may still be about to begin: see checkEnd
	}
	for _, m := range g.members {
		want := int64(1)
		if m.inCode {
			want = 0
		}
		if n := m.closed.Load(); n != want {
			g.faultf("%s: closed %d times when Shutdown has returned, must be %d", m.name, n, want)
		}
		if n := m.underWay.Load(); n > 0 {
			g.faultf("%s: %d calls are under way when an orderly Shutdown has returned", m.name, n)
		}
	}
}

// probe reports a failure in every way after Shutdown.
func (g *generation) probe(random *rand.Rand) {
	for _, way := range []func(*generation, *report){
		g.r.enrich, g.r.enrichContext, g.r.enrichAndResult, g.r.explain,
	} {
		before := g.e.Stats().AfterShutdown
		rep := g.r.newReport(random)
		way(g, rep)
		g.mu.Lock()
		f := *g.failure(rep.id)
		g.mu.Unlock()
		if slices.ContainsFunc(f.outcomes, func(s enricher.Status) bool { return s != enricher.StatusSkipped }) || f.observed > 0 {
			g.faultf("failure %d is accepted after Shutdown: %v", rep.id, f.outcomes)
		}
		if after := g.e.Stats().AfterShutdown; after <= before && !f.explained {
			g.faultf("failure %d is rejected after Shutdown, and not counted", rep.id)
		}
	}
}
