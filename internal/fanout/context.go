package fanout

import (
	"context"
	"sync"
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

	mu    sync.Mutex
	armed *armed // once Done was asked for
	err   ended  // what Err has returned, or end has left
}

// armed is a context of package context that does the work.
type armed struct {
	context.Context
	cancel context.CancelFunc
}

// ended says how a context ended, in less room than an error takes.
type ended uint8

const (
	not ended = iota
	canceled
	deadlineExceeded
)

func (c *callContext) Deadline() (time.Time, bool) {
	return c.scope.start.Add(c.deadline), true
}

func (c *callContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.armed == nil {
		deadline, _ := c.Deadline()
		c.armed = &armed{}
		c.armed.Context, c.armed.cancel = context.WithDeadline(c.scope, deadline)
		if c.err != not {
			c.armed.cancel()
		}
	}
	return c.armed.Done()
}

func (c *callContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == not {
		c.err = c.look()
	}
	switch c.err {
	case canceled:
		return context.Canceled
	case deadlineExceeded:
		return context.DeadlineExceeded
	}
	return nil
}

// look finds out whether the context has ended, with mu held.
func (c *callContext) look() ended {
	err := c.scope.Err()
	if c.armed != nil {
		err = c.armed.Err()
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
	c.mu.Lock()
	armed := c.armed
	c.mu.Unlock()
	if armed != nil {
		return armed.Value(key)
	}
	return c.scope.Value(key)
}

// end ends the context, as its call has returned at now.
func (c *callContext) end(now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.armed != nil:
		c.armed.cancel()
	case c.err == not && now >= c.deadline:
		c.err = deadlineExceeded
	case c.err == not:
		c.err = canceled
	}
}
