package enricher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/sparse"
)

// Shutdown rejects new failures, waits for those under way, and closes each
// enricher that a factory made once its own calls have returned, abandoned ones
// included.
//
// If ctx ends first, the contexts of all calls are cancelled, the remaining
// enrichers are closed without waiting for their calls, and the error names
// them. Shutdown then waits at most 100 ms for each Close. It also waits for the
// handler of the logger.
//
// Shutdown may be called again and concurrently: every call waits for the end
// and returns the same error, and each Close runs once. A nil ctx never ends.
// An enricher or observer that calls Shutdown waits for itself and must not do
// so.
func (e *Enricher) Shutdown(ctx context.Context) error {
	if e.isEmpty() {
		return nil
	}
	ctx = cmp.Or(ctx, context.Background())
	s := e.end
	s.once.Do(func() {
		s.begun.Store(true)
		go e.runShutdown()
	})
	select {
	case <-s.done:
	case <-ctx.Done():
		e.stopWaiting(context.Cause(ctx))
		<-s.done
	}
	return s.err
}

// stopWaiting cancels the contexts of all calls. It first notes which are under way,
// as they may return at once.
func (e *Enricher) stopWaiting(cause error) {
	s := e.end
	s.stop.Do(func() {
		s.failures, _ = s.underWay.Held()
		for i, m := range e.members {
			s.held[i], _ = m.fan.Slots.Held()
		}
		s.cancel(cause)
	})
}

// A shutdown is the end of an Enricher and what must be over before it.
type shutdown struct {
	begun    atomic.Bool
	underWay *bulkhead.Bulkhead // failures

	calls  context.Context // ends the contexts of all calls, when Shutdown stops waiting or is over
	cancel context.CancelCauseFunc

	// What was under way when Shutdown stopped waiting; read after calls has ended.
	stop     sync.Once
	failures int
	held     []int // by member: its calls

	once sync.Once
	done chan struct{} // closed, after err is set, when all is closed
	err  error
}

// maxFailures is how many failures may be under way: more than there can be.
const maxFailures = math.MaxInt32

func newShutdown(members int) *shutdown {
	s := &shutdown{underWay: bulkhead.New(maxFailures), held: make([]int, members), done: make(chan struct{})}
	s.calls, s.cancel = context.WithCancelCause(context.Background())
	// Make the channel now: one that the first call makes in a bubble of
	// testing/synctest could not be used outside that bubble.
	s.calls.Done()
	return s
}

// enter reports whether a failure may begin. If so, leave must follow.
func (s *shutdown) enter() bool {
	if s.underWay.TryAcquire() {
		if !s.begun.Load() { // asked when Shutdown can see that a failure is under way
			return true
		}
		s.leave()
	}
	return false
}

func (s *shutdown) leave() { s.underWay.Release(false) }

// closeGrace is how long a Close may delay a Shutdown whose ctx has ended.
const closeGrace = 100 * time.Millisecond

// runShutdown does the work of Shutdown, once.
func (e *Enricher) runShutdown() {
	s := e.end
	defer close(s.done)
	defer s.cancel(nil)
	var errs []error
	if !s.underWay.Drain(s.calls) || s.calls.Err() != nil && s.failures > 0 {
		errs = append(errs, fmt.Errorf("enricher: shut down with failures under way: %w", context.Cause(s.calls)))
	}
	closed := make([]error, len(e.members))
	var all sync.WaitGroup
	for i, m := range e.members {
		all.Go(func() { closed[i] = s.closeMember(i, m) })
	}
	all.Wait()
	s.err = errors.Join(append(errs, closed...)...)
	e.logSuppressed()
}

// logSuppressed logs how many log lines were suppressed since the last of their
// kind.
func (e *Enricher) logSuppressed() {
	line := func(kind string, l *sparse.Limiter, attrs ...slog.Attr) {
		if n := l.Rest(); n > 0 {
			e.write(context.Background(), slog.LevelWarn, "Log lines were suppressed", n,
				func() []slog.Attr { return append(attrs, slog.String("kind", kind)) })
		}
	}
	for _, m := range e.members {
		for i := range m.lines {
			line(lineKinds[i], &m.lines[i], slog.String("enricher", m.Name))
		}
	}
	line("skipped", &e.counts.skipped)
	line("observer panicked", &e.counts.observerPanics)
	line("observer slow", &e.counts.slowObservers)
}

// closeMember closes one enricher once its calls have returned or Shutdown has
// stopped waiting.
func (s *shutdown) closeMember(i int, m *member) error {
	var early error
	if !m.fan.Slots.Drain(s.calls) || s.calls.Err() != nil && s.held[i] > 0 {
		held, _ := m.fan.Slots.Held()
		held = max(held, s.held[i])
		early = &EnricherError{m.Name, fmt.Errorf("shut down with %d of its calls under way: %w", held, context.Cause(s.calls))}
	}
	return errors.Join(early, m.close(s.calls))
}

// close closes the enricher if it must be closed, and returns its error. Once ctx
// has ended, close waits no longer than closeGrace.
func (c *candidate) close(ctx context.Context) error {
	if c.closer == nil {
		return nil
	}
	var err error
	closed := guard.Go(func() {
		if err = c.closer.Close(); err != nil {
			err = &failedError{err, "its Close: " + errorText(err)}
		}
	})
	var p *guard.Panic
	select {
	case p = <-closed:
	case <-ctx.Done():
		select {
		case p = <-closed:
		case <-time.After(closeGrace):
			return &EnricherError{c.Name, fmt.Errorf("its Close has not returned: %w", context.Cause(ctx))}
		}
	}
	if p != nil {
		err = fmt.Errorf("its Close: %w", panicError(p))
	}
	if err != nil {
		return &EnricherError{c.Name, err}
	}
	return nil
}
