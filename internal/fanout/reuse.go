package fanout

import "time"

// A run, its tasks and its timer are used again by a later failure. Making new
// ones would cost a failure about a third of its time, most of it for setting
// the timer, and a fifth of its memory.
//
// A run is kept if no goroutine but the caller's is left that may touch it: its
// count of workers is 0 when the last task settles. One with an abandoned call
// is not kept.
//
// The timer of a run is not stopped when the run is kept while it is set for
// the end of sharing: it would be set for much the same time again by the next
// use. So it may fire early in a later use, or between two; enforceTime then
// sets it again, or does nothing.
//
// In a bubble of testing/synctest no run is used again, as a timer that was
// made in a bubble must not be used outside of it. Times that are read in a
// bubble have no monotonic clock reading, by which outsideBubble tells.

// outsideBubble reports whether now was read outside of any bubble.
func outsideBubble(now time.Time) bool { return now != now.Round(0) }

// takeRun returns a run for a use that starts at start.
func (p *Plan) takeRun(start time.Time) *run {
	if p.reuse(start) {
		if r, ok := p.runs.Get().(*run); ok {
			return r
		}
	}
	return newRun(p)
}

// keepRun keeps r, which was started at start and is over, for later use.
func (p *Plan) keepRun(r *run, start time.Time) {
	r.calls, r.scope = nil, nil // they lead to what is the caller's
	if !p.reuse(start) {
		r.timer.Stop()
		return
	}
	p.runs.Put(r)
}
