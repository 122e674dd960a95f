package exceptions

import (
	"context"
	"errors"
	"time"

	"github.com/failure-enrichers/enricher/internal/guard"
)

const (
	// readTimeout is how long the methods of an error may take together.
	readTimeout = time.Second

	// maxReadings is how many readings may be under way at once, of which some may
	// hang. Go cannot end a goroutine, so there must be a limit.
	maxReadings = 64
)

// The reasons why a text was not read.
var (
	errBusy      = errors.New("the text was not read: too many others were being read for a second")
	errNotInTime = errors.New("the text could not be read in time")
	errHanging   = errors.New("the text was not read: too many errors hang in their methods")
	errExited    = errors.New("the text could not be read: a method of the error called runtime.Goexit")
	errPanicked  = errors.New("the text could not be read: a method of the error panicked")
)

// read returns what fn returns, or why it returned nothing. fn calls third-party
// code, so it runs on a goroutine of its own, and read waits for it only for some
// time. fn must not write to anything that others use, because it may outlive read.
func read[T any](h *History, fn func() T) (T, error) {
	var none, got T
	if h.hanging.Load() >= maxReadings {
		return none, errHanging
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	if h.readings.Acquire(ctx, 1) != nil {
		return none, errBusy
	}
	done := guard.Go(func() {
		defer h.readings.Release(1)
		got = fn()
	})
	select {
	case p := <-done:
		switch {
		case p == nil:
			return got, nil
		case p.Value == guard.ErrGoexit:
			return none, errExited
		default:
			return none, errPanicked
		}
	case <-ctx.Done():
		h.hanging.Add(1)
		go func() {
			<-done
			h.hanging.Add(-1)
		}()
		return none, errNotInTime
	}
}
