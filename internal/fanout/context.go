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

	mu     sync.Mutex
	detach func() bool // from base; nil until a call asks for Done
}

// newScope returns the scope of a run of n calls that starts now.
func newScope(start time.Time, base, values context.Context, n int) *scope {
	s := &scope{base: base, values: values, start: start}
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

// cancel ends the contexts of all calls, as the base has ended.
func (s *scope) cancel() {
	for i := range s.calls {
		s.calls[i].end(canceled)
	}
}

// leave detaches s from the base, once all calls are settled.
func (s *scope) leave() {
	s.mu.Lock()
	detach := s.detach
	s.mu.Unlock()
	if detach != nil {
		detach()
	}
}

// A callContext is the context of one call. Most calls end without looking at
// it, so its channel is made when Done is asked for. It has no timer: the run
// ends it when the time of the call is up.
type callContext struct {
	scope    *scope
	deadline time.Duration // after the start of the run

	state atomic.Uint32
	done  chan struct{} // nil until Done is asked for; guarded by the scope's mu
	ends  *signal       // nil until AfterFunc is called; likewise
}

// The states of a context.
const (
	unseen           uint32 = iota // not ended; Done was not asked for, so Err looks at the clock
	awaited                        // not ended
	canceled                       // if there is a channel, it is closed
	deadlineExceeded               // likewise
)

// A signal is what functions wait for that run when a context ends.
type signal struct {
	context.Context
	give context.CancelFunc
}

func (c *callContext) Deadline() (time.Time, bool) {
	return c.scope.start.Add(c.deadline), true
}

func (c *callContext) Done() <-chan struct{} {
	s := c.scope
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if !c.state.CompareAndSwap(unseen, awaited) {
			close(c.done)
		} else if s.detach == nil {
			s.detach = context.AfterFunc(s.base, s.cancel)
		}
	}
	return c.done
}

func (c *callContext) Err() error {
	if c.state.Load() == unseen {
		switch {
		case c.scope.since() >= c.deadline:
			c.state.CompareAndSwap(unseen, deadlineExceeded)
		case c.scope.Err() != nil:
			c.state.CompareAndSwap(unseen, canceled)
		}
	}
	switch c.state.Load() {
	case canceled:
		return context.Canceled
	case deadlineExceeded:
		return context.DeadlineExceeded
	}
	return nil
}

func (c *callContext) Value(key any) any { return c.scope.Value(key) }

// AfterFunc calls f on a goroutine of its own when the context ends. Package
// context calls AfterFunc for each context that is made directly from this one,
// which then needs no goroutine to wait for the end.
func (c *callContext) AfterFunc(f func()) (stop func() bool) {
	done := c.Done()
	c.scope.mu.Lock()
	defer c.scope.mu.Unlock()
	if c.ends == nil {
		c.ends = &signal{}
		c.ends.Context, c.ends.give = context.WithCancel(context.Background())
		select {
		case <-done:
			c.ends.give()
		default:
		}
	}
	return context.AfterFunc(c.ends, f)
}

// endAt ends the context, as its call has returned or its time is up.
func (c *callContext) endAt(now time.Duration) {
	how := canceled
	if now >= c.deadline {
		how = deadlineExceeded
	}
	c.end(how)
}

// end ends the context, unless it has ended.
func (c *callContext) end(how uint32) {
	if c.state.CompareAndSwap(unseen, how) {
		return
	}
	c.scope.mu.Lock()
	defer c.scope.mu.Unlock()
	if c.state.CompareAndSwap(awaited, how) {
		close(c.done)
		if c.ends != nil {
			c.ends.give()
		}
	}
}
