package enrichertest

import (
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
)

// An end is how a call of the enricher's code has ended. Its zero value is that it
// has returned.
type end struct {
	hung     bool          // it has not returned
	took     time.Duration // how long it was waited for, about
	at       string        // where it hangs, in lines of their own
	exited   bool          // it has called runtime.Goexit
	panicked string        // the value of a panic and where it came from
}

// ok reports whether the call has returned.
func (e end) ok() bool { return !e.hung && e.crash() == "" }

// crash says how the call has ended its goroutine; empty: it has not.
func (e end) crash() string {
	switch {
	case e.exited:
		return "called runtime.Goexit"
	case e.panicked != "":
		return "panicked: " + e.panicked
	}
	return ""
}

// String says how the call has ended.
func (e end) String() string {
	switch crash := e.crash(); {
	case e.hung:
		return fmt.Sprintf("has not returned after %v%s", e.took, e.at)
	case crash != "":
		return crash
	}
	return "returned"
}

// labelKey is the key of the profiler label that tells the goroutines of one
// enricher from all others. Go hands it on to every goroutine that a goroutine
// starts, however many have ended in between, so tests that run at the same time
// do not matter.
const labelKey = "enrichertest"

// A wait is divided into parts. On a machine that is so busy that the goroutine of a
// call does not get its turn, neither does the one that waits: then every part takes
// longer, and nobody is said to hang who could not run. Timers are late by a part of a
// millisecond, so parts much shorter than leastTick would be in sum what nobody asked for.
const (
	mostTicks = 50
	leastTick = 2 * time.Millisecond
)

// call calls fn on a goroutine with a label, and waits for it no longer than limit,
// on a machine that is not too busy. Its result is only there where the call has
// returned.
func call[T any](ctx context.Context, label string, limit time.Duration, fn func(ctx context.Context) T) (T, end) {
	type answer struct {
		value T
		end   end
	}
	done := make(chan answer, 1)
	go func() {
		ctx := pprof.WithLabels(ctx, pprof.Labels(labelKey, label))
		pprof.SetGoroutineLabels(ctx)
		a := answer{end: end{exited: true}}
		defer func() {
			if v := recover(); v != nil {
				text := enricher.NewPanicError(v, nil).Error() // which survives any v
				a.end = end{panicked: strings.TrimPrefix(text, "panic: ") + origin()}
			}
			// Whoever waits may look for goroutines with the label next.
			pprof.SetGoroutineLabels(context.Background())
			done <- a
		}()
		a.value = fn(ctx)
		a.end = end{}
	}()
	ticks := max(1, min(mostTicks, limit/leastTick))
	tick := limit / ticks
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for n := range ticks {
		select {
		case a := <-done:
			a.end.took = n * tick
			return a.value, a.end
		case <-timer.C:
			timer.Reset(tick)
		}
	}
	var none T
	return none, end{hung: true, took: limit, at: hangsAt(label)}
}

// origin returns where the panic that is being recovered came from.
func origin() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	panicking := false
	for {
		frame, more := frames.Next()
		switch inside := strings.HasPrefix(frame.Function, "runtime."); {
		case inside:
			panicking = true
		case panicking:
			return fmt.Sprintf("\n\tin %s (%s:%d)", frame.Function, frame.File, frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// text returns the text of a stranger's error, or of none, for a message: the
// beginning, that is.
func text(err error) string {
	const most = 200
	text := wholeText(err)
	if _, own := err.(*factoryError); own || len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// wholeText returns the text of a stranger's error, or of none.
func wholeText(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("(a %T whose Error method panics)", err)
		}
	}()
	if err == nil {
		return "no error"
	}
	return err.Error()
}
