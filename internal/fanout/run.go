package fanout

import (
	"sync"
	"time"
)

// A run is one use of a plan.
type run struct {
	plan     *Plan
	workFunc func() // work and enforceTime, kept because making a method value allocates
	timeFunc func()

	calls Calls
	scope *scope // new for each use, as third-party code may keep a context

	// mu guards all that follows, with the tasks, and is held for Prepare and
	// Settle. No call is made while it is held.
	mu        sync.Mutex
	tasks     []task
	ready     []*task // in the order in which they became ready
	taken     int     // of ready
	unsettled int     // tasks; returned once there is none and Run may return
	workers   int     // goroutines for the run that have not left it
	starting  int     // of workers: unlock starts them
	over      bool    // there were no workers when the last task settled; read by Run after that

	// Until sharing ends, the workers that there are take the ready tasks. After
	// that, there is one more worker for each.
	sharingOver bool

	checked  bool // CheckInput was called, or will not be
	checking bool // CheckInput is running

	timer     *time.Timer   // calls enforceTime
	timerSet  bool          // the timer will fire, at nextCheck or before
	nextCheck time.Duration // when enforceTime has something to do, after the start of the run
}

// returned is the value of unsettled once Run may return.
const returned = -1

// never is a nextCheck that does not come.
const never time.Duration = 1<<63 - 1

func newRun(p *Plan) *run {
	r := &run{plan: p, tasks: make([]task, len(p.members)), ready: make([]*task, 0, len(p.members))}
	r.workFunc, r.timeFunc = r.work, r.enforceTime
	for i := range r.tasks {
		t := &r.tasks[i]
		t.run, t.member, t.i = r, p.members[i], int32(i)
	}
	return r
}

// start makes the tasks ready that wait for no other.
func (r *run) start(s *scope, calls Calls) {
	r.mu.Lock()
	defer r.unlock()
	r.scope, r.calls = s, calls
	r.ready, r.taken = r.ready[:0], 0
	r.unsettled, r.workers, r.sharingOver, r.checked = len(r.tasks), 0, false, false
	for i := range r.tasks {
		t := &r.tasks[i]
		t.state, t.waits = blocked, r.plan.waits[i]
	}
	for _, i := range r.plan.first {
		r.makeReady(&r.tasks[i], 0)
	}
	r.nextCheck = r.plan.sharing
	if !r.timerSet {
		r.setTimer(r.nextCheck)
	}
	if len(r.ready) > r.workers { // some share a worker
		r.startWorker()
	}
}

// unlock unlocks mu and starts workers, which would have to wait for mu before. If no
// task is left, it lets Run return. Then the run may be in use again at once, so the
// caller of unlock must not touch it any more, unless it is a worker with a task.
func (r *run) unlock() {
	starting := r.starting
	r.starting = 0
	if r.unsettled != 0 {
		r.mu.Unlock()
		for range starting {
			go r.workFunc()
		}
		return
	}
	r.unsettled = returned
	r.workers -= starting // no task is left for them
	s := r.scope
	r.over = r.workers == 0
	if !r.over || r.sharingOver {
		r.timer.Stop()
		r.timerSet = false
	}
	r.mu.Unlock()
	s.settled.Done()
}

// enforceTime abandons the calls whose time is up, checks the input when one has
// used half of its time, and ends sharing. The timer calls it, sometimes early
// or when the run is not in use.
func (r *run) enforceTime() {
	r.mu.Lock()
	defer r.unlock()
	r.timerSet = false
	if r.unsettled == returned {
		return
	}
	now := r.scope.since()
	if now < r.nextCheck {
		r.setTimer(r.nextCheck - now)
		return
	}
	if !r.sharingOver {
		r.sharingOver = true
		for range r.ready[r.taken:] {
			r.startWorker()
		}
	}
	for i := range r.tasks {
		t := &r.tasks[i]
		switch {
		case t.state == ready && r.plan.deadlines[i] <= now:
			r.settleLate(t, now)
		case t.state != running:
		case t.deadline() <= now:
			r.abandon(t, now)
		case t.halfway() <= now && !r.checked:
			r.startCheck()
		}
	}
	r.nextCheck = never
	for i := range r.tasks {
		r.watch(&r.tasks[i], now)
	}
}

// watch sets the timer so that enforceTime comes in time for t, if t is ready or
// running. Before the end of sharing there is no need to: that comes first.
func (r *run) watch(t *task, now time.Duration) {
	at := never
	switch {
	case !r.sharingOver:
	case t.state == ready:
		at = r.plan.deadlines[t.i]
	case t.state == running && r.checked:
		at = t.deadline()
	case t.state == running:
		at = t.halfway()
	}
	if at < r.nextCheck {
		r.nextCheck = at
		r.setTimer(at - now)
	}
}

// startCheck calls CheckInput on a goroutine of its own, unless too many hang.
func (r *run) startCheck() {
	r.checked = true
	if !r.plan.checks.TryAcquire(1) {
		return
	}
	r.checking = true
	r.workers++
	go func() {
		defer func() { // CheckInput may have exited the goroutine
			r.plan.checks.Release(1)
			r.mu.Lock()
			r.checking = false
			r.workers--
			r.unlock()
		}()
		r.calls.CheckInput()
	}()
}

func (r *run) setTimer(after time.Duration) {
	r.timerSet = true
	if r.timer == nil {
		r.timer = time.AfterFunc(after, r.timeFunc)
		return
	}
	r.timer.Reset(after)
}

// takeTask takes the next ready task that may be called, for the worker that
// asks. It returns nil if there is none: the worker then has left the run.
func (r *run) takeTask(now time.Duration) *task {
	for r.taken < len(r.ready) {
		t := r.ready[r.taken]
		r.taken++
		if t.state == ready && r.admit(t, now) {
			return t
		}
	}
	r.workers--
	return nil
}

// startWorker starts a worker. It takes a task when there is a processor for it, so that
// no call has a slot, and none uses up its time, while it waits for that.
func (r *run) startWorker() {
	r.workers++
	r.starting++
}

// makeReady moves t from blocked to ready.
func (r *run) makeReady(t *task, now time.Duration) {
	m := t.member
	shares := !r.sharingOver && !m.slow.Load()
	if !shares && m.Breaker.Rejects() { // a member that hangs costs no worker
		r.settle(t, Outcome{Status: CircuitOpen}, now)
		return
	}
	t.state = ready
	r.ready = append(r.ready, t)
	if !shares {
		r.startWorker()
		r.watch(t, now)
	}
}

// settleLate settles t, for which the process was too short of processor time. That is
// not the member's fault: its breaker does not count it.
func (r *run) settleLate(t *task, now time.Duration) { r.settle(t, Outcome{Status: TimedOut}, now) }

// admit reports whether t, which is ready, may be called now: then it is
// running. Otherwise it is settled, or queued for a slot.
func (r *run) admit(t *task, now time.Duration) bool {
	m := t.member
	t.admitted = now
	t.context().deadline = r.plan.deadline(int(t.i), now)
	switch {
	case t.deadline() <= now:
		r.settleLate(t, now)
	case m.Breaker.Rejects():
		r.settle(t, Outcome{Status: CircuitOpen}, now)
	case m.Slots.TryAcquire():
		return r.begin(t, now)
	case m.Slots.Join():
		t.state = queued
		r.workers++
		go t.waitForSlot()
	default:
		r.settle(t, Outcome{Status: Saturated}, now)
	}
	return false
}

// begin moves t, which has a slot, to running. It reports whether it did:
// if the plan has ended or the breaker rejects the call, t is settled.
func (r *run) begin(t *task, now time.Duration) (ok bool) {
	m := t.member
	o := Outcome{Status: CircuitOpen, Duration: now - t.admitted}
	if r.plan.base.Err() != nil { // asked with the slot held, so that Shutdown waits for a call that finds it alive
		o.Status = Skipped
	} else {
		t.ticket, ok = m.Breaker.Enter()
	}
	if !ok {
		m.Slots.Release(false)
		r.settle(t, o, now)
		return false
	}
	t.began, t.state = now, running
	r.calls.Prepare(int(t.i))
	r.watch(t, now)
	return true
}

// abandon settles t, which is running, as its time is up.
// Its worker goes on, and its slot is held until the call returns.
func (r *run) abandon(t *task, now time.Duration) {
	m := t.member
	m.slow.Store(true)
	m.Slots.Abandon()
	r.settle(t, Outcome{
		Status:   TimedOut,
		Opened:   t.reportToBreaker(TimedOut, now),
		Duration: now - t.admitted,
		Limit:    t.deadline() - t.began,
	}, now)
}

// settle records the outcome of t and makes those ready that waited for it only.
func (r *run) settle(t *task, o Outcome, now time.Duration) {
	t.state = settled
	r.unsettled--
	r.calls.Settle(int(t.i), o)
	for _, j := range r.plan.then[t.i] {
		follower := &r.tasks[j]
		if follower.waits--; follower.waits == 0 {
			r.makeReady(follower, now)
		}
	}
}
