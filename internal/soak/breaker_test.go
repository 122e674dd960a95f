package soak_test

import (
	"github.com/failure-enrichers/enricher"
)

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
