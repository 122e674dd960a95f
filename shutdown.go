package enricher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/inflight"
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
	if e == nil {
		return nil
	}
	if ctx == nil {
		ctx = context.Background()
	}
	s := e.end
	s.once.Do(func() { go e.runShutdown() })
	select {
	case <-s.done:
	case <-ctx.Done():
		s.forceOnce.Do(func() {
			s.forceErr = context.Cause(ctx)
			close(s.force)
		})
		<-s.done
	}
	return s.err
}

// A shutdown is the end of an Enricher and what must be over before it.
type shutdown struct {
	underWay inflight.Group     // failures
	cancel   context.CancelFunc // ends the contexts of all calls

	once      sync.Once
	forceOnce sync.Once
	force     chan struct{} // closed, after forceErr is set, when Shutdown stops waiting
	forceErr  error
	done      chan struct{} // closed, after err is set, when all is closed
	err       error
}

func newShutdown(cancel context.CancelFunc) *shutdown {
	return &shutdown{cancel: cancel, force: make(chan struct{}), done: make(chan struct{})}
}

// enter reports whether a failure may begin. If so, leave must follow.
func (s *shutdown) enter() bool { return s.underWay.Enter() }

func (s *shutdown) leave() { s.underWay.Leave() }

// closeGrace is how long a Close may delay a Shutdown whose ctx has ended.
const closeGrace = 100 * time.Millisecond

// runShutdown does the work of Shutdown, once.
func (e *Enricher) runShutdown() {
	s := e.end
	defer close(s.done)
	defer s.cancel()
	var errs []error
	if !s.wait(s.underWay.Close()) {
		s.cancel()
		errs = append(errs, fmt.Errorf("enricher: shut down with failures under way: %w", s.forceErr))
	}
	closed := make([]error, len(e.members))
	var all sync.WaitGroup
	for i, m := range e.members {
		all.Go(func() { closed[i] = s.closeMember(m) })
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
			line(lineKind(i), &m.lines[i], slog.String("enricher", m.info.Name))
		}
	}
	line("skipped", &e.counts.skipped)
	line("observer panicked", &e.counts.observerPanics)
	line("observer slow", &e.counts.slowObservers)
}

// lineKind names a kind of log lines about an enricher.
func lineKind(i int) string {
	switch i {
	case lineIssues:
		return "labels dropped or cut"
	case lineOpened:
		return "circuit breaker opened"
	}
	return Status(i).String()
}

// wait waits for done until force is closed. It reports whether done is closed,
// even if both are.
func (s *shutdown) wait(done <-chan struct{}) bool {
	select {
	case <-done:
	case <-s.force:
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// closeMember closes one enricher once its calls have returned or Shutdown has
// stopped waiting.
func (s *shutdown) closeMember(m *member) error {
	var early, failed error
	if !s.wait(m.fan.Slots.Idle()) {
		held, _ := m.fan.Slots.Held()
		early = &EnricherError{m.info.Name, fmt.Errorf("shut down with %d of its calls under way: %w", held, s.forceErr)}
	}
	if m.closer == nil {
		return early
	}
	var err error
	closed := guard.Go(func() { err = m.closer.Close() })
	select {
	case p := <-closed:
		failed = closingError(m.info.Name, p, err)
	case <-s.force:
		select {
		case p := <-closed:
			failed = closingError(m.info.Name, p, err)
		case <-time.After(closeGrace):
			failed = &EnricherError{m.info.Name, fmt.Errorf("its Close has not returned: %w", s.forceErr)}
		}
	}
	return errors.Join(early, failed)
}

// closingError returns the error of a Close that panicked with p or returned err.
func closingError(name string, p *guard.Panic, err error) error {
	if p != nil {
		err = panicError(p)
	}
	if err != nil {
		return &EnricherError{name, &closeError{err}}
	}
	return nil
}

// A closeError is the error of a Close. Its text is third-party code.
type closeError struct{ err error }

func (e *closeError) Error() string { return "its Close: " + guard.Text(e.err) }
func (e *closeError) Unwrap() error { return e.err }
