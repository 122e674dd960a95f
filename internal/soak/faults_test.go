package soak_test

import (
	"fmt"
	"runtime"
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
	failures, calls atomic.Int64
	outcomes        [enricher.StatusSkipped + 1]atomic.Int64
}

func (f *figures) log(t *testing.T, seed uint64, took time.Duration) {
	t.Logf("-soak.seed %d: %d failures in %v, %d calls",
		seed, f.failures.Load(), took.Round(time.Millisecond), f.calls.Load())
	for s := range f.outcomes {
		t.Logf("%v: %d", enricher.Status(s), f.outcomes[s].Load())
	}
}

// liveHeap returns how many bytes are in use after a collection.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // what has a finalizer, and the second half of each sync.Pool
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
