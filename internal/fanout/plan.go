// Package fanout makes many calls at once and waits for them no longer than
// they are given.
//
// A [Plan] says which calls there are and which wait for which. [Run] makes
// them, once through: calls that return at once share a goroutine, those that
// take their time get one each, and those that overstay are abandoned, since
// Go cannot end them. What a call is about, fanout does not know.
package fanout

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/graph"
)

// A Member is what the runs of a plan call: once in each run.
type Member struct {
	Timeout time.Duration // of one call; 0: as long as the plan allows
	Slots   *bulkhead.Bulkhead
	Breaker *breaker.Breaker // may be nil

	// slow says that the last call took longer than patience, or did not
	// return. The next one gets a goroutine at once, and holds up nobody.
	slow atomic.Bool
}

// A Plan is made once and run often, concurrently.
type Plan struct {
	members  []*Member
	base     context.Context
	panicked func(value any, stack []byte) error

	first     []int           // the members that wait for nobody
	then      [][]int         // who waits for whom: then[i] wait for i
	waits     []int32         // how many each waits for
	deadlines []time.Duration // when each has to be done, after the start of a run
	patience  time.Duration   // of its runs

	runs     sync.Pool                // of runs that are over altogether
	reusable func(now time.Time) bool // may they be used now?
}

// NewPlan makes a plan in which member i waits for the members waits[i]; these
// must form no circle. A run takes timeout at the longest: where the longest
// chain of waiting has D members, the d-th of a chain has to be done by
// timeout*d/D. The contexts of all calls end with base, which must come from
// context.WithCancel. An error made by panicked stands for a panic.
func NewPlan(base context.Context, members []*Member, waits [][]int, timeout time.Duration,
	panicked func(value any, stack []byte) error,
) *Plan {
	p := &Plan{
		members:   members,
		base:      base,
		panicked:  panicked,
		then:      graph.Followers(waits),
		patience:  patience,
		reusable:  outsideBubbles,
		waits:     make([]int32, len(members)),
		deadlines: make([]time.Duration, len(members)),
	}
	depths := graph.Depths(waits)
	deepest := time.Duration(1)
	for _, d := range depths {
		deepest = max(deepest, time.Duration(d))
	}
	for i, w := range waits {
		p.waits[i] = int32(len(w))
		if len(w) == 0 {
			p.first = append(p.first, i)
		}
		// timeout*d/D, in an order that does not overflow.
		d := time.Duration(depths[i])
		p.deadlines[i] = timeout/deepest*d + timeout%deepest*d/deepest
		// With little time, half of it is for those who would otherwise wait
		// for the first that hangs.
		p.patience = min(p.patience, p.deadline(i, 0)/2)
	}
	return p
}

// deadline returns when a call of member i that starts at now has to be done.
func (p *Plan) deadline(i int, now time.Duration) time.Duration {
	deadline := p.deadlines[i]
	if t := p.members[i].Timeout; t > 0 && t < deadline-now {
		return now + t
	}
	return deadline
}
