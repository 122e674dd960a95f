package fanout

import (
	"context"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher/internal/bulkhead"
)

// patience is how long the calls that share a goroutine may hold each other
// up. Starting a goroutine costs about a microsecond, most of it for waking
// another core; a call that takes a hundred does not notice it.
const patience = 100 * time.Microsecond

// A Status is how a call ended.
type Status uint8

const (
	OK          Status = iota + 1
	Failed             // the call returned an error
	TimedOut           // the call was not done in time, however it ended
	Panicked           // the call panicked, or left by runtime.Goexit
	Saturated          // the call was not made: it found no slot
	CircuitOpen        // the call was not made: its breaker is open
	Skipped            // the call was not made: the plan's base context has ended
)

// An Outcome is what came of one call.
type Outcome struct {
	Status   Status
	Opened   bool          // this outcome has opened the member's breaker
	Err      error         // what a Failed call returned, or what stands for the panic; a TimedOut one may have either
	Duration time.Duration // until the call ended or was given up
	Limit    time.Duration // how long a TimedOut call had; 0: its turn came too late, and it was not made
}

// Calls are what one run does.
type Calls[R any] interface {
	// Prepare says that call i is about to be made, in the order in which
	// calls start. It must not block.
	Prepare(i int)

	// Call makes call i. It may do what it likes: take long, panic, exit.
	// ctx ends when its time is up, or when it has returned.
	Call(ctx context.Context, i int) (R, error)

	// Settle takes the outcome of call i, and what Call has returned where it
	// has. It is called exactly once for each call and not after Run has
	// returned. It must not block. Prepare and Settle are never called
	// concurrently.
	Settle(i int, result R, o Outcome)
}

// A run is one use of a plan.
//
// Everything below mu is written with mu held. A task settles once: whoever
// finds it running (or queued) with mu held settles it, be it the goroutine
// that made the call or the timer. A goroutine that comes back to a task which
// was settled without it leaves no other trace than its slot.
//
// Where the caller and one worker (or who took its place when it exited) were the
// only ones to have a run, as with most, it is used again, which spares a failure a
// fifth of its memory. The last that the worker does to it is to wake the caller,
// see unlock. With others (more workers, a timer that found something, whoever
// makes room for a call that waits for a slot) the first worker may not even have
// begun when all is done.
//
// The timer is not stopped in between: it costs less to let it come in vain now
// and then than to set it for each use. So it may come early, and find the run in
// another use, or in none.
type run[R any] struct {
	plan   *Plan
	doWork func() // work and look as values, as to make one costs memory
	doLook func()

	calls Calls[R]
	scope *scope // made anew for each use: strangers may have kept a context

	mu     sync.Mutex
	tasks  []task[R]
	ready  list[R]       // tasks that wait for nothing and nobody has taken
	left   int           // tasks not settled; told when there is none
	spread bool          // patience is over: every task gets a goroutine
	shared bool          // others than the caller and the first worker may have r
	timer  *time.Timer   // calls look
	armed  bool          // it will do so, no later than one set in begin
	alarm  time.Duration // when there is something to look for
}

// told is what left is once the caller is told that no task is left.
const told = -1

// Run makes the calls of a plan and returns when all are settled: at the
// latest when the plan's timeout is over. Contexts of calls have the values of
// values.
//
// It reports whether the calls are known to be over: nobody uses calls any more.
// Those that were abandoned are not, and others need not be known to be.
func Run[R any](p *Plan, values context.Context, calls Calls[R]) (over bool) {
	if len(p.members) == 0 {
		return true
	}
	s := newScope(p.base, values, len(p.members))
	var r *run[R]
	reusable := p.reusable(s.start)
	if reusable {
		r, _ = p.runs.Get().(*run[R])
	}
	if r == nil {
		r = newRun[R](p)
	}
	r.begin(s, calls)
	s.done.Wait()
	over = !r.shared
	if over {
		r.calls, r.scope = nil, nil // which lead to what is the caller's
	}
	if over && reusable {
		p.runs.Put(r)
	} else {
		r.timer.Stop()
	}
	return over
}

// outsideBubbles reports whether now was read outside the bubbles of
// testing/synctest: inside, times have no monotonic part. A timer of one bubble is
// no use in another, nor outside.
func outsideBubbles(now time.Time) bool { return now != now.Round(0) }

func newRun[R any](p *Plan) *run[R] {
	r := &run[R]{plan: p, tasks: make([]task[R], len(p.members))}
	r.doWork, r.doLook = r.work, r.look
	for i := range r.tasks {
		t := &r.tasks[i]
		t.run, t.i = r, int32(i)
	}
	return r
}

// begin starts the tasks that wait for nothing.
func (r *run[R]) begin(s *scope, calls Calls[R]) {
	r.mu.Lock()
	defer r.unlock()
	r.scope, r.calls = s, calls
	r.left = len(r.tasks)
	for i := range r.tasks {
		t := &r.tasks[i]
		t.state, t.next, t.waits = blocked, nil, r.plan.waits[i]
	}
	for _, i := range r.plan.first {
		r.offer(&r.tasks[i], 0)
	}
	r.alarm = r.plan.patience
	if !r.armed {
		r.arm(r.alarm)
	}
	if r.ready.first != nil {
		go r.doWork()
	}
}

// unlock gives back mu, and wakes the caller where no task is left. Then r may
// be in use again at once: whoever has unlocked it does not touch it any more,
// unless for a task which he has taken.
func (r *run[R]) unlock() {
	if r.left != 0 {
		r.mu.Unlock()
		return
	}
	r.left = told
	done := &r.scope.done
	r.mu.Unlock()
	done.Done()
}

// arm makes the timer call look after a while.
func (r *run[R]) arm(after time.Duration) {
	r.armed = true
	if r.timer == nil {
		r.timer = time.AfterFunc(after, r.doLook)
		return
	}
	r.timer.Reset(after)
}

// look settles the tasks whose time is up, and sees to it that those which are
// ready hold each other up no longer.
func (r *run[R]) look() {
	r.mu.Lock()
	defer r.unlock()
	r.armed = false
	if r.left == told {
		return
	}
	now := r.scope.since()
	if now < r.alarm {
		r.arm(r.alarm - now)
		return
	}
	r.spread, r.shared = true, true
	for i := range r.tasks {
		if t := &r.tasks[i]; t.deadline() <= now {
			r.expire(t, now)
		}
	}
	for t := r.ready.pop(); t != nil; t = r.ready.pop() {
		r.launch(t, now)
	}
	r.alarm = never
	for i := range r.tasks {
		r.hurry(&r.tasks[i], now)
	}
}

// never is a time after the start of a run that does not come.
const never time.Duration = 1<<63 - 1

// hurry sees to it that look comes no later than the deadline of t, if that has
// been taken. Until the first look nothing needs to be done: patience ends before
// any deadline.
func (r *run[R]) hurry(t *task[R], now time.Duration) {
	if r.spread && t.deadline() < r.alarm && (t.state == queued || t.state == running) {
		r.alarm = t.deadline()
		r.arm(r.alarm - now)
	}
}

// expire settles task t, as its time is up, if it has been taken.
func (r *run[R]) expire(t *task[R], now time.Duration) {
	m := r.plan.members[t.i]
	o := Outcome{Status: TimedOut, Duration: now - t.started, Limit: t.deadline() - t.began}
	switch t.state {
	case running:
		m.slow.Store(true)
		m.Slots.Abandon()
		o.Opened = r.leave(t, TimedOut)
	case queued:
		m.Slots.Leave(t.place)
		o.Status, o.Limit = Saturated, 0
	default:
		return
	}
	r.settle(t, nil, o, now)
}

// leave tells the breaker of t how its call ended. Where t had to queue, and its
// call was not done in the time that was left, that is not the member's fault: a
// storm must not switch off what works.
func (r *run[R]) leave(t *task[R], s Status) (opened bool) {
	b := r.plan.members[t.i].Breaker
	if s == TimedOut && t.began > t.started {
		b.Waive(t.ticket)
		return false
	}
	return b.Leave(t.ticket, s == TimedOut || s == Panicked)
}

// offer makes t ready, now that it waits for nothing.
func (r *run[R]) offer(t *task[R], now time.Duration) {
	if r.spread || r.plan.members[t.i].slow.Load() {
		r.launch(t, now)
		return
	}
	r.ready.push(t)
}

// launch takes t and gives it a goroutine of its own.
func (r *run[R]) launch(t *task[R], now time.Duration) {
	if r.take(t, now) {
		r.spawn(t)
	}
}

// spawn starts another worker, with t, which has been taken.
func (r *run[R]) spawn(t *task[R]) {
	r.shared = true
	go t.work()
}

// next takes the next ready task that may run, for the goroutine that asks. It
// returns nil if there is none.
func (r *run[R]) next(now time.Duration) *task[R] {
	for t := r.ready.pop(); t != nil; t = r.ready.pop() {
		if r.take(t, now) {
			return t
		}
	}
	return nil
}

// take reports whether t, which is ready, may run now. If so, it counts as
// running; otherwise it is settled, or queued for a slot.
func (r *run[R]) take(t *task[R], now time.Duration) bool {
	m := r.plan.members[t.i]
	t.started = now
	t.context().deadline = r.plan.deadline(int(t.i), now)
	if t.deadline() <= now {
		// Starved of processor time: not the member's fault, nor is it told.
		r.settle(t, nil, Outcome{Status: TimedOut}, now)
		return false
	}
	if m.Breaker.Refuses() {
		r.settle(t, nil, Outcome{Status: CircuitOpen}, now)
		return false
	}
	ok, place := m.Slots.Acquire(t)
	switch {
	case ok:
		ok, next := r.admit(t, now)
		if next != nil {
			go bulkhead.Grant(next) // rare, and not with mu held
		}
		return ok
	case place != nil:
		t.state, t.place = queued, place
		r.shared = true
		r.hurry(t, now)
	default:
		r.settle(t, nil, Outcome{Status: Saturated}, now)
	}
	return false
}

// admit starts t, which has a slot. If the plan has ended or the breaker is
// against it, t is settled and its slot released, to whom is returned.
func (r *run[R]) admit(t *task[R], now time.Duration) (ok bool, next bulkhead.Waiter) {
	m := r.plan.members[t.i]
	o := Outcome{Status: CircuitOpen, Duration: now - t.started}
	if r.scope.Err() != nil { // asked with the slot held, so that whoever ends the plan can see it
		o.Status = Skipped
	} else {
		t.ticket, ok = m.Breaker.Enter()
	}
	if !ok {
		next = m.Slots.Release(false)
		r.settle(t, nil, o, now)
		return false, next
	}
	t.began = now
	t.state = running
	r.calls.Prepare(int(t.i))
	r.hurry(t, now)
	return true, nil
}

// settle records the outcome of t and offers those that waited for it. A nil
// result is none.
func (r *run[R]) settle(t *task[R], result *R, o Outcome, now time.Duration) {
	t.state = settled
	if result == nil {
		result = new(R)
	}
	r.calls.Settle(int(t.i), *result, o)
	for _, j := range r.plan.then[t.i] {
		next := &r.tasks[j]
		if next.waits--; next.waits == 0 {
			r.offer(next, now)
		}
	}
	r.left--
}
