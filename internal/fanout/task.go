package fanout

import (
	"errors"
	"runtime/debug"
	"time"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
)

// A task is one call of a run.
type task[R any] struct {
	run *run[R]
	i   int32

	waits   int32 // unsettled tasks that this one waits for
	state   state
	started time.Duration   // when it was taken: began, or began to queue
	began   time.Duration   // when the call began
	place   *bulkhead.Place // in the queue for a slot
	ticket  breaker.Ticket
	next    *task[R] // in the list of ready tasks
}

type state uint8

const (
	blocked state = iota // waits for other tasks, or for somebody to take it
	queued               // waits for a slot
	running
	settled
)

// context returns the context of the call.
func (t *task[R]) context() *callContext { return &t.run.scope.calls[t.i] }

// deadline returns when t has to be done, once it has been taken.
func (t *task[R]) deadline() time.Duration { return t.context().deadline }

// A list is a queue of tasks.
type list[R any] struct{ first, last *task[R] }

func (l *list[R]) push(t *task[R]) {
	if l.first == nil {
		l.first = t
	} else {
		l.last.next = t
	}
	l.last = t
}

// pop removes and returns the first task, nil if there is none.
func (l *list[R]) pop() *task[R] {
	t := l.first
	if t != nil {
		l.first = t.next
	}
	return t
}

// Granted starts t, which has waited for a slot, on a goroutine of its own,
// unless it is too late.
func (t *task[R]) Granted() (next bulkhead.Waiter) {
	r := t.run
	r.mu.Lock()
	defer r.unlock()
	now := r.scope.since()
	if t.state == queued && t.deadline() <= now {
		r.expire(t, now)
	}
	if t.state != queued {
		next = r.plan.members[t.i].Slots.Release(false)
	} else if ok, after := r.admit(t, now); ok {
		r.spawn(t)
	} else {
		next = after
	}
	// Where t has settled, others may have become ready, and nobody has been
	// told to work on them.
	if t := r.next(now); t != nil {
		r.spawn(t)
	}
	return next
}

// work does what is ready. The first call is taken here, as it is not to blame
// for the time until there was a processor for this goroutine.
func (r *run[R]) work() {
	growStack(false)
	r.mu.Lock()
	t := r.next(r.scope.since())
	r.unlock()
	for t != nil {
		t = t.do()
	}
}

// work does t, which has been taken, and then what is ready.
func (t *task[R]) work() {
	growStack(false)
	for t != nil {
		t = t.do()
	}
}

// growStack makes room for the calls while there is next to nothing on the
// stack that would have to be moved. A new goroutine may have 2 KiB, half of
// which can be used, and nearly every call exceeds that; to find out at depth
// costs a microsecond and more. One that has 4 KiB already, as Go gives it where
// the average goroutine needs so much, is left alone. Room is made on entry, so
// use is never true: then the array need not even be cleared.
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

var errGoexit = errors.New("runtime.Goexit was called")

// do makes the call of t, settles it and returns the task to do next.
func (t *task[R]) do() (next *task[R]) {
	returned := false
	defer func() {
		if returned {
			return
		}
		value := recover()
		if value == nil { // panic(nil) has had a value since Go 1.21
			value = errGoexit
		}
		o := Outcome{Status: Panicked}
		defer func() {
			if o.Err == nil { // the value has exited when it was asked for its text
				o.Err = t.run.plan.panicked(errGoexit, nil)
			}
			if next := t.end(nil, o); next != nil {
				go next.work() // this goroutine may be exiting, whether it panicked or not
			}
		}()
		o.Err = t.run.plan.panicked(value, debug.Stack())
	}()
	result, err := t.run.calls.Call(t.context(), int(t.i))
	returned = true
	o := Outcome{Status: OK, Err: err}
	if err != nil {
		o.Status = Failed
	}
	return t.end(&result, o)
}

// end settles t, whose call is over, unless that has happened without it, and
// returns the task to do next.
func (t *task[R]) end(result *R, o Outcome) (next *task[R]) {
	r, m := t.run, t.run.plan.members[t.i]
	now := r.scope.since()
	t.context().end(now)
	r.mu.Lock()
	abandoned := t.state == settled
	granted := m.Slots.Release(abandoned)
	if !abandoned {
		// Whatever comes when the time is up is too late, even if nobody has
		// noticed yet: what counts must not depend on who wakes first.
		if now >= t.deadline() {
			o.Status, o.Limit = TimedOut, t.deadline()-t.began
		}
		o.Duration = now - t.started
		o.Opened = r.leave(t, o.Status)
		if slow := o.Duration > patience; slow != m.slow.Load() {
			m.slow.Store(slow)
		}
		r.settle(t, result, o, now)
	}
	next = r.next(now)
	r.unlock()
	bulkhead.Grant(granted)
	return next
}
