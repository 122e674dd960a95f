package fanout

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// scope is what the contexts of one run have in common. As a context it is the
// parent of them all: its values are the caller's, its end is the plan's. The
// caller's own end is of no interest: the context of a job that failed has
// usually ended already.
type scope struct {
	base   context.Context // the plan's
	values context.Context // the caller's
	start  time.Time
	done   sync.WaitGroup // until all tasks of the run are settled
	calls  []callContext
	few    [8]callContext // calls, where there are so few: one allocation less
}

// newScope returns the scope of a run of n calls that starts now.
func newScope(base, values context.Context, n int) *scope {
	s := &scope{base: base, values: values, start: time.Now()}
	s.done.Add(1)
	if n <= len(s.few) {
		s.calls = s.few[:n]
	} else {
		s.calls = make([]callContext, n)
	}
	for i := range s.calls {
		s.calls[i].scope = s
	}
	return s
}

func (s *scope) Deadline() (time.Time, bool) { return time.Time{}, false }
func (s *scope) Done() <-chan struct{}       { return s.base.Done() }
func (s *scope) Err() error                  { return s.base.Err() }

// Value asks the base first. It holds no values of anybody's, only the key by
// which package context knows its own, and that must lead to whom Done leads.
func (s *scope) Value(key any) any {
	if v := s.base.Value(key); v != nil {
		return v
	}
	return s.values.Value(key)
}

// since returns the time since the start of the run. It reads one clock where
// time.Now would read two.
func (s *scope) since() time.Duration { return time.Since(s.start) }

// callContext is the context of one call. Most calls are over before they look
// at it, so the timer is made when somebody asks for Done, and costs a
// microsecond only then.
type callContext struct {
	scope    *scope
	deadline time.Duration // after the start of the run

	ended atomic.Uint32         // what Err has returned, or end has left
	armed atomic.Pointer[armed] // once Done was asked for
}

// armed is a context of package context that does the work.
type armed struct {
	context.Context
	cancel context.CancelFunc
}

// How a context ended.
const (
	not uint32 = iota
	canceled
	deadlineExceeded
)

func (c *callContext) Deadline() (time.Time, bool) {
	return c.scope.start.Add(c.deadline), true
}

func (c *callContext) Done() <-chan struct{} {
	a := c.armed.Load()
	if a == nil {
		deadline, _ := c.Deadline()
		a = &armed{}
		a.Context, a.cancel = context.WithDeadline(c.scope, deadline)
		if !c.armed.CompareAndSwap(nil, a) {
			a.cancel()
			a = c.armed.Load()
		}
		if c.ended.Load() != not { // end has either left this, or finds the armed one
			a.cancel()
		}
	}
	return a.Done()
}

func (c *callContext) Err() error {
	if c.ended.Load() == not {
		if how := c.look(); how != not {
			c.ended.CompareAndSwap(not, how)
		}
	}
	switch c.ended.Load() {
	case canceled:
		return context.Canceled
	case deadlineExceeded:
		return context.DeadlineExceeded
	}
	return nil
}

// look finds out whether the context has ended.
func (c *callContext) look() uint32 {
	err := c.scope.Err()
	if a := c.armed.Load(); a != nil {
		err = a.Err()
	} else if c.scope.since() >= c.deadline {
		return deadlineExceeded
	}
	switch err {
	case nil:
		return not
	case context.DeadlineExceeded:
		return deadlineExceeded
	}
	return canceled
}

// Value leads to the armed context once there is one, so that contexts made
// from this one attach to it directly, without a goroutine each.
func (c *callContext) Value(key any) any {
	if a := c.armed.Load(); a != nil {
		return a.Value(key)
	}
	return c.scope.Value(key)
}

// end ends the context, as its call has returned at now.
func (c *callContext) end(now time.Duration) {
	how := canceled
	if now >= c.deadline {
		how = deadlineExceeded
	}
	if c.armed.Load() == nil {
		c.ended.CompareAndSwap(not, how)
	}
	if a := c.armed.Load(); a != nil {
		a.cancel()
	}
}
