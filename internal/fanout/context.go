package fanout

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A scope is what the contexts of one run have in common, and their parent: its
// values are the caller's, its end is the plan's. The end of the caller's
// context is ignored, as that of a failed job has usually ended already.
type scope struct {
	base   context.Context // the plan's
	values context.Context // the caller's
	start  time.Time
	calls  []callContext
	few    [8]callContext // calls, if there are so few: one allocation less

	settled sync.WaitGroup // until all tasks of the run are settled
}

// newScope returns the scope of a run of n calls that starts now.
func newScope(base, values context.Context, n int) *scope {
	s := &scope{base: base, values: values, start: time.Now()}
	s.settled.Add(1)
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

// Value asks the base first. The base has no values, only the key by which
// package context finds its own contexts, and that must lead to the context
// that Done belongs to.
func (s *scope) Value(key any) any {
	if v := s.base.Value(key); v != nil {
		return v
	}
	return s.values.Value(key)
}

// since returns the time since the start of the run. It reads one clock where
// time.Now would read two.
func (s *scope) since() time.Duration { return time.Since(s.start) }

// A callContext is the context of one call. Most calls end without looking at
// it, so its timer is made when Done is asked for, and costs a microsecond only
// then.
type callContext struct {
	scope    *scope
	deadline time.Duration // after the start of the run

	ended atomic.Uint32                // how, once Err has said so or the call has ended
	timed atomic.Pointer[timedContext] // nil until Done is asked for
}

// A timedContext is a context of package context that does the work.
type timedContext struct {
	context.Context
	cancel context.CancelFunc
}

// How a context ended.
const (
	notEnded uint32 = iota
	canceled
	deadlineExceeded
)

func (c *callContext) Deadline() (time.Time, bool) {
	return c.scope.start.Add(c.deadline), true
}

func (c *callContext) Done() <-chan struct{} {
	timed := c.timed.Load()
	if timed == nil {
		deadline, _ := c.Deadline()
		timed = &timedContext{}
		timed.Context, timed.cancel = context.WithDeadline(c.scope, deadline)
		if !c.timed.CompareAndSwap(nil, timed) {
			timed.cancel()
			timed = c.timed.Load()
		}
		if c.ended.Load() != notEnded { // end has either left this, or finds the timed one
			timed.cancel()
		}
	}
	return timed.Done()
}

func (c *callContext) Err() error {
	if c.ended.Load() == notEnded {
		if how := c.howEnded(); how != notEnded {
			c.ended.CompareAndSwap(notEnded, how)
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

// howEnded returns whether and how the context has ended by now.
func (c *callContext) howEnded() uint32 {
	err := c.scope.Err()
	if timed := c.timed.Load(); timed != nil {
		err = timed.Err()
	} else if c.scope.since() >= c.deadline {
		return deadlineExceeded
	}
	switch err {
	case nil:
		return notEnded
	case context.DeadlineExceeded:
		return deadlineExceeded
	}
	return canceled
}

// Value leads to the timed context once there is one, so that contexts made
// from this one attach to it directly, without a goroutine each.
func (c *callContext) Value(key any) any {
	if timed := c.timed.Load(); timed != nil {
		return timed.Value(key)
	}
	return c.scope.Value(key)
}

// end ends the context, as its call has returned at now.
func (c *callContext) end(now time.Duration) {
	how := canceled
	if now >= c.deadline {
		how = deadlineExceeded
	}
	if c.timed.Load() == nil {
		c.ended.CompareAndSwap(notEnded, how)
	}
	if timed := c.timed.Load(); timed != nil {
		timed.cancel()
	}
}
