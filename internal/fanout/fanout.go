// Package fanout makes many calls at once and waits for each no longer than
// its time allows.
//
// A [Plan] says which calls there are and which wait for which. [Plan.Run]
// makes each of them once. Calls that return at once share a goroutine, slow
// ones get one each, and those that do not return in time are abandoned, since
// Go cannot end a goroutine. What the calls do, fanout does not know.
package fanout

import (
	"context"
	"time"
)

// A Status is how a call ended.
type Status uint8

const (
	OK          Status = iota + 1
	Failed             // the call returned an error
	TimedOut           // the call was not done in time, however it ended
	Panicked           // the call panicked, or called runtime.Goexit
	Saturated          // the call was not made: it got no slot
	CircuitOpen        // the call was not made: its breaker is open
	Skipped            // the call was not made: the plan's base context has ended
)

// An Outcome is the result of one call.
type Outcome struct {
	Status   Status
	Opened   bool          // this outcome has opened the member's breaker
	Err      error         // what a Failed call returned, or the error made of a panic; a TimedOut one may have either
	Duration time.Duration // until the call ended or was given up, including its wait for a slot
	Limit    time.Duration // how long a TimedOut call had; 0: its turn came too late, and it was not made
}

// Calls are the calls of one run.
type Calls interface {
	// Prepare is called when call i is about to be made, in the order in which
	// calls start. It must not block.
	Prepare(i int)

	// Call makes call i. It may take long, panic or exit its goroutine. ctx
	// ends when the call's time is up, or when all calls are settled.
	Call(ctx context.Context, i int) error

	// Settle takes the outcome of call i. It is called exactly once for each
	// call, and not after Run has returned. It must not block. If the outcome
	// is OK or Failed, Call has returned, and what it wrote may be read;
	// otherwise Call may still be running. Prepare and Settle are never called
	// concurrently.
	Settle(i int, o Outcome)

	// CheckInput uses what all calls were given, as they do. It is called at most
	// once, when a call has used half of its time. It may hang or exit its
	// goroutine, and must not panic. While it has not returned, a call that times
	// out does not count against its member: what it was given hangs.
	CheckInput()
}

// Run makes the calls of p and returns when all are settled: at the latest when
// the plan's timeout is over. The contexts of the calls have the values of ctx,
// but neither its cancellation nor its deadline.
//
// The time of the plan counts from start. Run reports whether no goroutine uses calls
// any more. If over is false, calls that were abandoned, or CheckInput, may still be
// running.
func (p *Plan) Run(start time.Time, ctx context.Context, calls Calls) (over bool) {
	if len(p.members) == 0 {
		return true
	}
	s := newScope(start, p.base, ctx, len(p.members))
	r := p.takeRun(s.start)
	r.start(s, calls)
	s.settled.Wait()
	s.leave()
	over = r.over
	if over {
		p.keepRun(r, s.start)
	}
	return over
}
