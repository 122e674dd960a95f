package enrichertest

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// A crash is how a call of the enricher has ended that has not returned.
type crash struct {
	hangs bool
	what  string
}

func (c *crash) String() string { return c.what }

// labelKey is the key of the profiler label that tells the goroutines of one
// enricher from all others. A goroutine inherits it from the one that starts it.
const labelKey = "enrichertest"

// call calls fn on a goroutine with a label, and waits for it no longer than limit.
// The value is only there if the crash is nil.
func call[T any](ctx context.Context, label string, limit time.Duration, fn func(ctx context.Context) T) (T, *crash) {
	type answer struct {
		value T
		crash *crash
	}
	done := make(chan answer, 1)
	go func() {
		a := answer{crash: &crash{what: "called runtime.Goexit"}}
		defer func() {
			if v := recover(); v != nil {
				a.crash = &crash{what: "panicked: " + guard.Sprint(v) + origin()}
			}
			done <- a
		}()
		pprof.Do(ctx, pprof.Labels(labelKey, label), func(ctx context.Context) {
			a.value = fn(ctx)
			a.crash = nil
		})
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.value, a.crash
	case <-timer.C:
		var none T
		return none, &crash{hangs: true, what: fmt.Sprintf("has not returned after %v\n\t%s", limit, strings.Join(labelled(label), "\n\t"))}
	}
}

// origin returns where the panic came from, to the function that has recovered it.
func origin() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if !more || !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("\n\tin %s (%s:%d)", frame.Function, frame.File, frame.Line)
		}
	}
}

// text returns the beginning of an error's text, for a message.
func text(err error) string { return fmt.Sprintf("%.1000s", guard.Text(err)) }

// A record is what an enricher did with one failure. If the call has not returned,
// there is only a crash.
type record struct {
	input
	crash   *crash
	labels  enricher.Labels // the enricher's own map
	was     enricher.Labels // a copy from when it was returned
	reasons map[string]string
	err     error
	late    bool   // the ctx had ended
	wrote   string // the map of the context that is not what it was
	endless bool   // it has followed errors that have no end too far
}

// returned reports whether the call has returned, and was not kept from an endless one.
func (r *record) returned() bool { return r.crash == nil && !r.endless }

func (r *record) hangs() bool { return r.crash != nil && r.crash.hangs }

// same reports whether two records have the same labels.
func (r *record) same(other *record) bool { return maps.Equal(r.was, other.was) }

// good reports whether the enricher has returned labels, or none, instead of an error.
func (r *record) good() bool { return r.returned() && r.err == nil }

// comparable reports whether the labels can be compared with others: what is returned
// after the ctx has ended may be what there is for want of time.
func (r *record) comparable() bool { return r.good() && !r.late }
