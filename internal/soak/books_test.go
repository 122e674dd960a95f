package soak_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/failure-enrichers/enricher"
)

// checkLoaded checks what New has loaded.
func (g *generation) checkLoaded() {
	infos := g.e.Enrichers()
	if !slices.EqualFunc(infos, g.specs, func(info enricher.Info, s *spec) bool {
		return info.Name == s.name && slices.Equal(info.OutputKeys, s.keys) && slices.Equal(info.InputKeys, s.reads)
	}) {
		g.faultf("loaded are %v", infos)
	}
	for _, m := range g.made {
		if n := m.closed.Load(); n > 0 {
			g.faultf("%s: closed %d times when New has returned", m.name, n)
		}
	}
}

// peek checks what Stats says under load.
func (g *generation) peek() {
	for i, s := range g.e.Stats().Enrichers {
		m := g.members[i]
		if s.Enricher != m.name || s.Abandoned > s.InFlight || s.InFlight > m.policy.MaxConcurrent {
			g.faultf("%s, with a MaxConcurrent of %d, has the stats %+v", m.name, m.policy.MaxConcurrent, s)
		}
	}
}

// restless returns what Stats says that is not so when only what hangs goes on.
func (g *generation) restless() string {
	for i, s := range g.e.Stats().Enrichers {
		if n := int(g.members[i].underWay.Load()); s.InFlight != n || s.Abandoned != n {
			return fmt.Sprintf("%s: %d calls hang, and its stats are %+v", s.Enricher, n, s)
		}
	}
	return ""
}

// checkEnd checks the books when nothing of g goes on any more.
func (g *generation) checkEnd() {
	stats := g.e.Stats()
	if g.reported != g.observed+stats.Overloaded+stats.AfterShutdown {
		g.faultf("of %d failures, the observer was called for %d, %d were rejected as too many, and %d after Shutdown",
			g.reported, g.observed, stats.Overloaded, stats.AfterShutdown)
	}
	if len(g.members) > 0 && (stats.Overloaded != g.rejected[enricher.ErrOverloaded] || stats.AfterShutdown != g.rejected[enricher.ErrShutdown]) {
		g.faultf("rejected were %v, and the stats are %+v", g.rejected, stats)
	}
	if g.cutShort.Load() && !errors.Is(g.err, errForced) {
		g.faultf("calls were cancelled, though Shutdown was not forced")
	}
	g.closeBooks()
	for i, m := range g.members {
		g.checkCounts(m, stats.Enrichers[i], g.counts[i], g.all[i])
		if m.closedEarly.Load() && !isNamed(g.err, m.name) {
			g.faultf("%s: closed before its last call had returned, and the error of Shutdown does not say so: %v", m.name, g.err)
		}
	}
	for _, m := range g.made {
		if n := m.closed.Load(); n != 1 {
			g.faultf("%s: closed %d times in the end, must be once", m.name, n)
		}
	}
}

// closeBooks checks the books when all failures so far are settled, and begins new
// ones.
func (g *generation) closeBooks() {
	failures := g.failures
	g.failures = map[uint64]*failure{}
	for id, f := range failures {
		if !f.settled || f.observed > 1 || f.observed > 0 && f.explained {
			g.faultf("failure %d: settled: %t, explained: %t, observed %d times", id, f.settled, f.explained, f.observed)
		}
		if len(f.outcomes) != len(g.members) {
			delete(failures, id) // a fault that has been noted
		}
	}
	g.checkLog()
	for i, m := range g.members {
		p := &page{m, i, failures, m.closeBooks()}
		p.checkCalls()
		if g.r.virtual {
			p.checkForced()
		}
	}
}

// A page is what the books say of one enricher and the failures since they were
// opened.
type page struct {
	*member
	i        int // of the enricher
	failures map[uint64]*failure
	visits   map[uint64]visit
}

// checkCalls checks that each failure was handed to an enricher as often as its
// outcomes say.
func (p *page) checkCalls() {
	strays := 0
	for id, v := range p.visits {
		p.g.r.figures.calls.Add(int64(v.n))
		if p.failures[id] == nil {
			strays += v.n
		}
	}
	if strays > 0 {
		p.g.faultf("%s: called %d times for failures that were never reported", p.name, strays)
	}
	for id, f := range p.failures {
		n, want := p.visits[id].n, 1
		status := f.outcomes[p.i]
		switch status {
		case enricher.StatusSaturated, enricher.StatusCircuitOpen, enricher.StatusSkipped:
			want = 0
		case enricher.StatusTimedOut:
			if !p.g.r.virtual {
				want = min(n, 1) // none where the machine was too slow to call it in time
			}
		}
		if n != want {
			p.g.faultf("failure %d: %s was called %d times, and its status is %v", id, p.name, n, status)
		}
	}
}

// checkCounts checks the final counts of one enricher: as Stats has them, as they
// were seen, and those of Explain included.
func (g *generation) checkCounts(m *member, stats enricher.EnricherStats, seen, all counts) {
	want := map[enricher.Status]uint64{}
	for status, n := range seen {
		if n > 0 {
			want[enricher.Status(status)] = n
		}
	}
	if !maps.Equal(stats.Calls, want) || stats.InFlight != 0 || stats.Abandoned != 0 {
		g.faultf("%s: the stats at the end are %+v, must be %v", m.name, stats, want)
	}
	if bad := all[enricher.StatusTimedOut] + all[enricher.StatusPanicked]; all[enricher.StatusCircuitOpen] > 0 && bad < uint64(m.policy.BreakerThreshold) {
		g.faultf("%s: its breaker has opened after %d timeouts and panics, the threshold is %d", m.name, bad, m.policy.BreakerThreshold)
	}
}
