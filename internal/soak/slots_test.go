package soak_test

import (
	"time"

	"github.com/failure-enrichers/enricher"
)

// patience is how long, in fake time, a call may wait for others before it begins.
const patience = 100 * time.Microsecond

// A page is what the books say of one enricher and the failures since they were
// opened.
type page struct {
	*member
	i        int // of the enricher
	failures map[uint64]*failure
	visits   map[uint64]visit
}

// checkSaturated checks, in fake time, that the calls which found no slot could
// find none.
func (p *page) checkSaturated() {
	busy, overdue, queued := p.spans()
	slots := p.policy.MaxConcurrent
	for id, f := range p.failures {
		o := f.outcomes[p.i]
		if o.status != enricher.StatusSaturated {
			continue
		}
		if o.took == 0 {
			under := span{f.began, f.ended}
			if n, m := atOnce(overdue, under), atOnce(queued, under); n < slots && m < slots {
				p.g.faultf("failure %d: %s does not wait for one of its %d slots, though at most %d calls were overdue, and %d waited",
					id, p.name, slots, n, m)
			}
			continue
		}
		// It has waited at least from the latest moment at which it can have
		// begun to the earliest at which it can have given up.
		wait := span{f.ended.Add(-o.took), f.began.Add(o.took)}
		if p.depth == 1 && wait.from.After(f.began.Add(patience)) {
			wait.from = f.began.Add(patience)
		}
		if n := leastBusy(busy, wait); wait.from.Before(wait.to) && n < slots {
			p.g.faultf("failure %d: %s waits in vain for one of its %d slots, though only %d were taken", id, p.name, slots, n)
		}
	}
}

// spans returns when calls held a slot, when they did so though their time was up,
// and when others may have waited for one.
func (p *page) spans() (busy, overdue, queued []span) {
	const long = 1000 * time.Hour
	for _, v := range p.visits {
		if v.ended.IsZero() {
			v.ended = v.began.Add(long)
		}
		busy = append(busy, span{v.began, v.ended})
		if !v.ended.Before(v.deadline) {
			overdue = append(overdue, span{v.deadline, v.ended})
		}
	}
	for id, f := range p.failures {
		o := f.outcomes[p.i]
		v, called := p.visits[id]
		switch {
		case called: // and may have waited, if only for a moment
			queued = append(queued, span{v.settled().Add(-o.took), v.began})
		case o.took > 0 || o.status != enricher.StatusSaturated:
			queued = append(queued, span{f.began, f.ended})
		}
	}
	return busy, overdue, queued
}

// checkCircuit checks, in fake time, that those which were not called were so for
// a reason: a timeout or panic within the cooldown, or a call under way that may
// be the probe. The order of what happens
// at the same moment is not known.
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
			p.g.faultf("failure %d: %s is not called, though no timeout or panic is less than %v ago", id, p.name, p.policy.BreakerCooldown)
		}
	}
}
