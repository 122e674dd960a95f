package soak_test

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/failure-enrichers/enricher"
)

// faults are the promises that were broken: the first few in full, as one that
// breaks at all tends to break a thousand times.
type faults struct {
	mu    sync.Mutex
	total int
	first []string
}

const maxFaults = 12

func (f *faults) addf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.total++; len(f.first) < maxFaults {
		f.first = append(f.first, fmt.Sprintf(format, args...))
	}
}

// report fails the test if there are any.
func (f *faults) report(t *testing.T, seed uint64) (failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.total == 0 {
		return false
	}
	t.Errorf("%d faults in the round of -soak.seed %d, the first:\n%s", f.total, seed, strings.Join(f.first, "\n"))
	return true
}

// figures are what a variant has seen.
type figures struct {
	rounds, generations, forced, misconfigured atomic.Int64
	failures, explained, observed              atomic.Int64
	overloaded, afterShutdown                  atomic.Int64
	outcomes                                   [enricher.StatusSkipped + 1]atomic.Int64
	calls, closes                              atomic.Int64
	lines, suppressed                          atomic.Int64 // of logs

	goroutines atomic.Int64 // the most at once
	atRest     atomic.Int64 // the most that hung or leaked when all else was over
	pending    atomic.Int64 // the most failures of one EnrichAsync at once
	heap       atomic.Int64 // the most bytes under load, garbage included
	left       atomic.Int64 // the most bytes that all failures of a phase have left behind
	latency    atomic.Int64 // of a failure, the longest
}

// most makes n the maximum if it is larger.
func most(maximum *atomic.Int64, n int64) {
	for m := maximum.Load(); n > m && !maximum.CompareAndSwap(m, n); m = maximum.Load() {
	}
}

// sample is called under load.
func (f *figures) sample() {
	most(&f.goroutines, int64(runtime.NumGoroutine()))
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap) // which stops nobody
	most(&f.heap, int64(heap[0].Value.Uint64()))
}

func (f *figures) log(t *testing.T, seed uint64, took time.Duration) {
	var outcomes strings.Builder
	for s := range f.outcomes {
		if n := f.outcomes[s].Load(); n > 0 {
			fmt.Fprintf(&outcomes, " %v=%d", enricher.Status(s), n)
		}
	}
	t.Logf("-soak.seed %d: %d rounds in %v", seed, f.rounds.Load(), took.Round(time.Millisecond))
	t.Logf("generations %d, shut down by force %d; refused configurations %d; Close called %d times",
		f.generations.Load(), f.forced.Load(), f.misconfigured.Load(), f.closes.Load())
	t.Logf("failures %d, observed %d, overloaded %d, after shutdown %d; explained %d; longest %v",
		f.failures.Load(), f.observed.Load(), f.overloaded.Load(), f.afterShutdown.Load(), f.explained.Load(),
		time.Duration(f.latency.Load()))
	t.Logf("calls %d, outcomes%s", f.calls.Load(), &outcomes)
	t.Logf("log lines %d, suppressed %d", f.lines.Load(), f.suppressed.Load())
	t.Logf("goroutines: at most %d at once; at rest at most %d, which hang or leak on purpose", f.goroutines.Load(), f.atRest.Load())
	t.Logf("pending in one EnrichAsync: at most %d at once", f.pending.Load())
	t.Logf("heap under load: at most %d KiB; left behind by a service's failures: at most %d KiB", f.heap.Load()>>10, f.left.Load()>>10)
}

// liveHeap returns how many bytes are in use after a collection.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // what has a finalizer, and the second half of each sync.Pool
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
