package soak_test

import (
	"fmt"
	"runtime"
	"time"
)

// checkQuiet checks the last generation, which is not shut down, while no
// failure is reported: there is nothing but what hangs and leaks on purpose. So it
// is again after more failures, which must have left nothing behind in memory.
func (r *round) checkQuiet(before int) {
	const (
		slack      = 96 << 10
		heldByHung = 8 << 10 // an abandoned call keeps its failure
	)
	r.rest(before)
	heap, hung, reported := liveHeap(), r.hanging(), r.ids.Load()
	r.await(r.call(settled), "callers")
	r.rest(before)
	held := heldByHung * max(0, r.hanging()-hung)
	left := int(liveHeap()) - int(heap) - held
	if left > slack {
		r.faults.addf("%d failures have left %d KiB in memory, beside %d KiB for those that hang; must be at most %d KiB",
			r.ids.Load()-reported, left>>10, held>>10, slack>>10)
	}
}

// rest checks that nothing is left but what hangs and leaks on purpose. Then it
// checks and closes the books, which grow with each failure. In fake time, it ends
// when a log line of any kind may follow.
func (r *round) rest(before int) {
	r.settle("what hangs", func() int { return before + r.hanging() })
	for _, g := range r.all {
		g.closeBooks()
	}
	if r.virtual {
		time.Sleep(time.Second)
	}
}

// checkRest checks that nothing is left but what hangs and leaks on purpose, and
// nothing at all once that is released, and then what adds up in the end.
func (r *round) checkRest(before int) {
	r.rest(before)
	for _, g := range r.all {
		g.free()
	}
	r.settle("nothing", func() int { return before })
	for _, g := range r.all {
		g.checkEnd()
	}
}

// hanging returns how many goroutines there are when only what hangs or leaks
// goes on.
func (r *round) hanging() (n int) {
	for _, g := range r.all {
		n += g.hanging()
	}
	return n
}

// settle waits until there are as many goroutines as there should be, and the stats
// of all generations say so, too.
func (r *round) settle(left string, want func() int) {
	all := r.all
	wrong := func() string {
		if n, want := goroutines(), want(); n != want {
			return fmt.Sprintf("%d goroutines, must be %d", n, want)
		}
		for _, g := range all {
			if why := g.restless(); why != "" {
				return why
			}
		}
		return ""
	}
	deadline := time.Now().Add(30 * time.Second)
	for why := wrong(); why != ""; why = wrong() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			r.faults.addf("when %s is left: %s\n%s", left, why, buf[:runtime.Stack(buf, true)])
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// goroutines returns how many goroutines there are. The profile stops the world to
// count them, and so misses those that are about to be gone, unlike
// runtime.NumGoroutine.
func goroutines() int {
	n, _ := runtime.GoroutineProfile(make([]runtime.StackRecord, 1))
	return n
}
