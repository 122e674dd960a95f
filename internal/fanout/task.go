package fanout

import (
	"time"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// A task is one call of a run.
//
//	         makeReady          admit, begin             finish, abandon
//	blocked ───────────▶ ready ──────────────▶ running ──────────────────▶ settled
//	                       │                      ▲                           ▲
//	                       │ admit                │ begin                     │
//	                       ├────────▶ queued ─────┘                           │
//	                       │             │ waitForSlot, begin                 │
//	                       │ admit       └────────────────────────────────────┤
//	                       └──────────────────────────────────────────────────┘
//
// makeReady settles a task that would need a worker of its own if its breaker is open,
// and enforceTime one that no worker has taken in time.
//
// A task is settled once, by the goroutine that first finds that it should be,
// with mu held. A worker that comes back to a task which was abandoned
// meanwhile gives back the slot, and does nothing else.
type task struct {
	run    *run
	member *Member
	i      int32

	waits    int32 // unsettled tasks that this one waits for
	state    state
	admitted time.Duration // when it began or joined the queue for a slot
	began    time.Duration // when the call began
	ticket   breaker.Ticket
}

type state uint8

const (
	blocked state = iota // waits for other tasks
	ready                // for a worker to take it
	queued               // waits for a slot
	running
	settled
)

// context returns the context of the call.
func (t *task) context() *callContext { return &t.run.scope.calls[t.i] }

// deadline returns when t must be done, once it was admitted.
func (t *task) deadline() time.Duration { return t.context().deadline }

// halfway returns when t, which is running, will have used half of its time.
func (t *task) halfway() time.Duration { return t.began + (t.deadline()-t.began)/2 }

// work is a worker. It takes its first task here, as the call is not to blame for the
// time until there was a processor for this goroutine.
func (r *run) work() {
	growStack(false)
	now := r.scope.since()
	r.mu.Lock()
	t := r.takeTask(now)
	r.unlock()
	for t != nil {
		t = t.call()
	}
}

// work is a worker that begins with t, which is running.
func (t *task) work() {
	growStack(false)
	for t != nil {
		t = t.call()
	}
}

// waitForSlot is a worker that begins with t, which is queued.
func (t *task) waitForSlot() {
	r := t.run
	err := t.member.Slots.Wait(t.context())
	r.mu.Lock()
	now := r.scope.since()
	late := now >= t.deadline()
	if err == nil && late {
		t.member.Slots.Release(false)
	}
	next := t
	switch {
	case late:
		r.settle(t, Outcome{Status: Saturated, Duration: now - t.admitted}, now)
		next = r.takeTask(now)
	case err != nil: // the plan has ended
		r.settle(t, Outcome{Status: Skipped, Duration: now - t.admitted}, now)
		next = r.takeTask(now)
	case !r.begin(t, now):
		next = r.takeTask(now)
	}
	r.unlock()
	next.work()
}

// growStack makes room for the calls while there is next to nothing on the
// stack that would have to be moved. A new goroutine may have 2 KiB, half of
// which can be used, and nearly every call exceeds that; growing the stack
// under a deep call costs a microsecond and more. Room is made on entry, so use
// is never true: then the array need not even be cleared.
//
//go:noinline
func growStack(use bool) {
	if use {
		var room [2560]byte
		keep(&room)
	}
}

//go:noinline
func keep(*[2560]byte) {}

// call makes the call of t, finishes it and returns the task to call next.
func (t *task) call() (next *task) {
	returned := false
	defer func() {
		if returned {
			return
		}
		value := recover()
		if value == nil { // panic(nil) has had a value since Go 1.21
			value = guard.ErrGoexit
		}
		o := Outcome{Status: Panicked}
		defer func() {
			if o.Err == nil { // the value has exited when it was asked for its text
				o.Err = t.run.plan.panicked(guard.ErrGoexit, nil)
			}
			if next := t.finish(o); next != nil {
				go next.work() // this goroutine may be exiting, whether it panicked or not
			}
		}()
		o.Err = t.run.plan.panicked(value, guard.Callers())
	}()
	err := t.run.calls.Call(t.context(), int(t.i))
	returned = true
	o := Outcome{Status: OK, Err: err}
	if err != nil {
		o.Status = Failed
	}
	return t.finish(o)
}

// finish settles t, whose call has ended, unless it was abandoned, and returns
// the task to call next.
func (t *task) finish(o Outcome) (next *task) {
	r, m := t.run, t.member
	now := r.scope.since()
	r.mu.Lock()
	abandoned := t.state == settled
	m.Slots.Release(abandoned)
	if !abandoned {
		// What comes when the time is up is too late, even if enforceTime has
		// not run yet: what counts must not depend on which goroutine wakes first.
		if now >= t.deadline() {
			o.Status, o.Limit = TimedOut, t.deadline()-t.began
		}
		o.Duration = now - t.admitted
		o.Opened = t.reportToBreaker(o.Status, now)
		if slow := now-t.began > maxSharing; slow != m.slow.Load() {
			m.slow.Store(slow)
		}
		r.settle(t, o, now)
	}
	next = r.takeTask(now)
	r.unlock()
	return next
}

// reportToBreaker reports how the call of t ended, which was noticed at now.
func (t *task) reportToBreaker(s Status, now time.Duration) (opened bool) {
	b := t.member.Breaker
	if s == TimedOut && t.excused(now) {
		b.Waive(t.ticket)
		return false
	}
	return b.Leave(t.ticket, s == TimedOut || s == Panicked)
}

// excused reports whether it is not the member's fault that t has timed out, so
// that a storm of failures, a pause of the process or one bad input does not
// switch off an enricher that works.
func (t *task) excused(now time.Duration) bool {
	return t.deadline()-t.began < (t.deadline()-t.admitted)/3 || // it had to wait for a slot, for too long
		now-t.deadline() > maxLateness ||
		t.run.checking
}
