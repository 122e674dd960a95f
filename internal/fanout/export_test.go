package fanout

import (
	"context"
	"time"
)

// MaxLateness is maxLateness.
const MaxLateness = maxLateness

// MaxChecks is maxChecks.
const MaxChecks = maxChecks

// InOneBubble tells p that it is used in the bubble of testing/synctest in which it
// was made, and nowhere else, so that its runs are used again as they are
// outside of bubbles.
func InOneBubble(p *Plan) *Plan {
	p.reuse = func(time.Time) bool { return true }
	return p
}

// Pause makes it later by d for the run of the call that ctx is of, while no timer
// fires: as if the process had been paused.
func Pause(ctx context.Context, d time.Duration) {
	s := ctx.(*callContext).scope
	s.start = s.start.Add(-d)
}

// RunWithoutProcessor is Run if there is no processor for any call.
func RunWithoutProcessor(p *Plan, start time.Time, calls Calls) {
	s := newScope(start, p.base, context.Background(), len(p.members))
	r := newRun(p)
	r.workFunc = func() {}
	r.start(s, calls)
	s.settled.Wait()
	s.leave()
}
