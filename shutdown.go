package enricher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// Shutdown refuses new failures, lets those under way end, and closes each
// enricher that a factory made once its own calls, abandoned ones included, have
// returned. Where ctx ends first, the contexts of all calls are cancelled, the
// remaining enrichers are closed without waiting for their calls, and the error
// names them; a Close that takes over 100 ms from then on is left to itself.
//
// It may be called again and concurrently: every call waits for the end and
// returns the same error, and each Close runs once. A nil ctx never ends. It must
// not be called from an enricher or an observer: it would wait for its caller.
func (e *Enricher) Shutdown(ctx context.Context) error {
	if e == nil {
		return nil
	}
	if ctx == nil {
		ctx = context.Background()
	}
	e.stopping.Do(func() { go e.stop() })
	select {
	case <-e.stopped:
	case <-ctx.Done():
		e.forcing.Do(func() {
			e.forceErr = context.Cause(ctx)
			close(e.force)
		})
		<-e.stopped
	}
	return e.stopErr
}

// closeGrace is how long a Close may hold up a Shutdown whose ctx has ended.
const closeGrace = 100 * time.Millisecond

// stop does what Shutdown is about, once.
func (e *Enricher) stop() {
	defer close(e.stopped)
	defer e.cancel()
	var errs []error
	if !ended(e.under.Close(), e.force) {
		e.cancel()
		errs = append(errs, fmt.Errorf("enricher: shut down with failures under way: %w", e.forceErr))
	}
	stopped := make([]error, len(e.members))
	var all sync.WaitGroup
	for i, m := range e.members {
		all.Go(func() { stopped[i] = e.stopMember(m) })
	}
	all.Wait()
	e.stopErr = errors.Join(append(errs, stopped...)...)
}

// ended waits for done, until force ends the waiting. It reports whether done is
// closed, even if both are.
func ended(done, force <-chan struct{}) bool {
	select {
	case <-done:
	case <-force:
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// stopMember closes one enricher once its calls have returned, or Shutdown does
// not wait for them any more.
func (e *Enricher) stopMember(m *member) error {
	var early, failed error
	if !ended(m.fan.Slots.Idle(), e.force) {
		held, _ := m.fan.Slots.Held()
		early = &EnricherError{m.info.Name, fmt.Errorf("shut down with %d of its calls under way: %w", held, e.forceErr)}
	}
	if m.closer == nil {
		return early
	}
	closed := make(chan error, 1)
	go func() {
		err := error(&EnricherError{m.info.Name, errors.New("its Close exited the goroutine")})
		defer func() { closed <- err }()
		err = closeSafely(m.info.Name, m.closer)
	}()
	select {
	case failed = <-closed:
	case <-e.force:
		select {
		case failed = <-closed:
		case <-time.After(closeGrace):
			failed = &EnricherError{m.info.Name, fmt.Errorf("its Close has not returned: %w", e.forceErr)}
		}
	}
	return errors.Join(early, failed)
}

// closeSafely returns the error of closing an enricher, or its panic as one.
func closeSafely(name string, closer io.Closer) (err error) {
	if p := guard.Do(func() { err = closer.Close() }); p != nil {
		err = NewPanicError(p.Value, p.Stack)
	}
	if err != nil {
		return &EnricherError{name, &closeError{err}}
	}
	return nil
}

// A closeError is the error of a Close, whose text may be as strange as any.
type closeError struct{ err error }

func (e *closeError) Error() string { return "its Close: " + guard.Text(e.err) }
func (e *closeError) Unwrap() error { return e.err }
