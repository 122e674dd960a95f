package fanout

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/graph"
)

// maxSharing is how long calls that share a goroutine may delay each other.
// Starting a goroutine costs about a microsecond, most of it for waking another
// core, which is little for a call that takes a hundred.
const maxSharing = 100 * time.Microsecond

// maxLateness is how late a run may notice that the time of a call is up and
// still count that against the member. If it takes longer, the process was
// paused or short of processor time.
const maxLateness = 50 * time.Millisecond

// maxChecks is how many CheckInput of a plan may be under way at once. While that
// many hang, no more are made.
const maxChecks = 64

// A Member is called once in each run of a plan.
type Member struct {
	Timeout time.Duration // of one call; 0: as long as the plan allows
	Slots   *bulkhead.Bulkhead
	Breaker *breaker.Breaker

	// slow says that the last call took longer than maxSharing, or did not
	// return. The next one gets a goroutine at once, and delays no other.
	slow atomic.Bool
}

// A Plan is made once and run often, concurrently.
type Plan struct {
	members  []*Member
	base     context.Context
	panicked func(value any, callers []uintptr) error

	first     []int           // the members that wait for no other
	then      [][]int         // by member: those that wait for it
	waits     []int32         // by member: how many it waits for
	deadlines []time.Duration // by member: when it must be done, after the start of a run
	sharing   time.Duration   // how long calls share a goroutine: maxSharing, or less if there is little time

	checks *semaphore.Weighted // one for each CheckInput

	runs  sync.Pool                  // of *run, see reuse.go
	reuse func(start time.Time) bool // reports whether a run that starts now may be a used one
}

// NewPlan makes a plan in which member i waits for the members waits[i]; there
// must be no cycles. A run takes at most timeout: if the longest chain of
// waiting has D members, the d-th of a chain must be done by timeout*d/D. The
// contexts of all calls end with base, which must come from
// context.WithCancel. panicked makes the error of a panic.
func NewPlan(base context.Context, members []*Member, waits [][]int, timeout time.Duration,
	panicked func(value any, callers []uintptr) error,
) *Plan {
	p := &Plan{
		members:   members,
		base:      base,
		panicked:  panicked,
		then:      make([][]int, len(members)),
		sharing:   maxSharing,
		checks:    semaphore.NewWeighted(maxChecks),
		reuse:     outsideBubble,
		waits:     make([]int32, len(members)),
		deadlines: Deadlines(waits, timeout),
	}
	for i, w := range waits {
		p.waits[i] = int32(len(w))
		if len(w) == 0 {
			p.first = append(p.first, i)
		}
		for _, j := range w {
			p.then[j] = append(p.then[j], i)
		}
		// If there is little time, half of it is left to the calls that would
		// otherwise wait for the first slow one.
		p.sharing = min(p.sharing, p.deadline(i, 0)/2)
	}
	return p
}

// Deadlines returns when each member must be done, after the start of a run; see
// [NewPlan].
func Deadlines(waits [][]int, timeout time.Duration) []time.Duration {
	depths := graph.Depths(waits)
	deepest := time.Duration(1)
	for _, d := range depths {
		deepest = max(deepest, time.Duration(d))
	}
	deadlines := make([]time.Duration, len(depths))
	for i := range depths {
		// timeout*d/D, in an order that does not overflow.
		d := time.Duration(depths[i])
		deadlines[i] = timeout/deepest*d + timeout%deepest*d/deepest
	}
	return deadlines
}

// deadline returns when a call of member i that starts at now must be done.
func (p *Plan) deadline(i int, now time.Duration) time.Duration {
	deadline := p.deadlines[i]
	if t := p.members[i].Timeout; t > 0 && t < deadline-now {
		return now + t
	}
	return deadline
}
