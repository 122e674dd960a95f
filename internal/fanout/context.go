package fanout

import (
	"context"
	"sync"
	"time"
)

// A scope is what the contexts of one run have in common.
type scope struct {
	base   context.Context // the plan's, with which they end
	values context.Context // the caller's, for its values; its end is ignored, as that of a failed job has usually ended already
	start  time.Time
	calls  []callContext
	few    [8]callContext // calls, if there are so few: one allocation less

	settled sync.WaitGroup // until all tasks of the run are settled

	mu   sync.Mutex
	ends []end // one for each deadline for which a call has asked
	over bool  // leave was called
}

// An end is a context that ends at a deadline, after the start of the run.
type end struct {
	context.Context
	cancel   context.CancelFunc
	deadline time.Duration
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

// since returns the time since the start of the run. It reads one clock where
// time.Now would read two.
func (s *scope) since() time.Duration { return time.Since(s.start) }

// leave ends the contexts, as all calls are settled. Those whose time is up end by
// themselves.
func (s *scope) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, e := range s.ends {
		if s.since() < e.deadline {
			e.cancel()
		}
	}
}

// end returns the context that ends at deadline. Most calls return without looking
// at their context, so it is made when the first call asks for it.
func (s *scope) end(deadline time.Duration) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.ends {
		if e.deadline == deadline {
			return e.Context
		}
	}
	ctx, cancel := context.WithDeadline(s.base, s.start.Add(deadline))
	if s.over {
		cancel()
	}
	s.ends = append(s.ends, end{ctx, cancel, deadline})
	return ctx
}

// A callContext is the context of one call.
type callContext struct {
	scope    *scope
	deadline time.Duration // after the start of the run
}

func (c *callContext) Deadline() (time.Time, bool) {
	return c.scope.start.Add(c.deadline), true
}

func (c *callContext) Done() <-chan struct{} { return c.end().Done() }
func (c *callContext) Err() error            { return c.end().Err() }

// Value asks the context that ends first. It has no values, only the key by which
// package context finds its own contexts, and that must lead to the context that
// Done belongs to.
func (c *callContext) Value(key any) any {
	if v := c.end().Value(key); v != nil {
		return v
	}
	return c.scope.values.Value(key)
}

func (c *callContext) end() context.Context { return c.scope.end(c.deadline) }
