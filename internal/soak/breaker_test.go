package soak_test

import (
	"time"

	"github.com/failure-enrichers/enricher"
)

// A row is the circuit breaker of an enricher whose calls come one after another.
type row struct {
	bad    int       // timeouts and panics
	until  time.Time // from then on, a call may probe; zero while the breaker is closed
	opened uint64    // by failures of which log lines may tell
}

// checkRow checks the outcome of a failure against the row of its enricher, and
// moves that. There is a single caller, in fake time: nothing is left to chance.
func (g *generation) checkRow(m *member, rep *report, f *failure, o outcome) {
	if m.policy.BreakerThreshold < 0 {
		return
	}
	row := &m.row
	v, called := m.visitFor(rep.id)
	switch {
	case called && v.began.Before(row.until):
		g.faultf("failure %d: %s is called, though its breaker is open for another %v", rep.id, m.name, row.until.Sub(v.began))
	case o.status == enricher.StatusCircuitOpen && row.until.IsZero():
		g.faultf("failure %d: %s is left alone after %d timeouts or panics in a row, and its threshold is %d",
			rep.id, m.name, row.bad, m.policy.BreakerThreshold)
	case o.status == enricher.StatusCircuitOpen && !f.began.Before(row.until):
		g.faultf("failure %d: %s is left alone, though its cooldown has been over for %v", rep.id, m.name, f.began.Sub(row.until))
	case o.status == enricher.StatusSaturated && f.ended.Before(row.until):
		g.faultf("failure %d: %s is asked for a slot, though its breaker is open", rep.id, m.name)
	}
	switch {
	case !called:
	case !o.bad():
		row.bad, row.until = 0, time.Time{}
	default:
		if row.bad++; row.until.IsZero() && row.bad < m.policy.BreakerThreshold {
			return
		}
		row.bad, row.until = 0, v.settled().Add(m.policy.BreakerCooldown)
		if !f.explained {
			row.opened++
		}
	}
}

// checkCircuit checks, in fake time, that those which were left alone were so for
// a reason: a timeout or panic within the cooldown, or a call under way that may
// be the probe. With several callers, nobody knows the order of what happens at
// the same moment, and so no more can be said.
func (p *page) checkCircuit() {
	var open []span
	if !p.lastBad.IsZero() {
		open = append(open, span{p.lastBad, p.lastBad.Add(p.policy.BreakerCooldown)})
	}
	for id, v := range p.visits {
		s := span{v.began, v.settled()}
		if f := p.failures[id]; f != nil && f.outcomes[p.i].bad() {
			if p.lastBad.Before(s.to) {
				p.lastBad = s.to
			}
			s.to = s.to.Add(p.policy.BreakerCooldown)
		}
		open = append(open, s)
	}
	for id, f := range p.failures {
		if f.outcomes[p.i].status == enricher.StatusCircuitOpen && atOnce(open, span{f.began, f.ended}) == 0 {
			p.g.faultf("failure %d: %s is left alone, though no timeout or panic is less than %v ago", id, p.name, p.policy.BreakerCooldown)
		}
	}
}
