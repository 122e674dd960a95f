package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher"
)

const (
	stormRounds         = 3 // per contender
	stormCallersPerCore = 4
)

// stormContenders are those whose callers return although an enricher hangs, and
// failsafe-go.
var stormContenders = []*contender{library, handWritten, failsafeGo, failsafeInFan}

// A storm is a load of failures that come as quickly as they are enriched.
type storm struct {
	work      string
	enrichers func(release <-chan struct{}) []namedEnricher
	labels    int // of the enrichers that do not hang
	budget    time.Duration
}

func newStorms() []storm {
	oneSlow := func(n int) []namedEnricher {
		return append(quickEnrichers(n-1), namedEnricher{"slow", &slow{quick{"key-of-slow"}, time.Millisecond}})
	}
	return []storm{
		{
			work:      "8 quick",
			enrichers: func(<-chan struct{}) []namedEnricher { return quickEnrichers(8) },
			labels:    8,
			budget:    enricher.DefaultTimeout,
		},
		{
			work:      "7 quick, one of 1 ms",
			enrichers: func(<-chan struct{}) []namedEnricher { return oneSlow(8) },
			labels:    8,
			budget:    enricher.DefaultTimeout,
		},
		{
			work:      "6 quick, one of 1 ms, one hangs",
			enrichers: func(release <-chan struct{}) []namedEnricher { return amongHung(oneSlow(7), release) },
			labels:    7,
			budget:    hangBudget,
		},
	}
}

// A stormResult is the result of a storm for a contender, over all rounds.
type stormResult struct {
	by       *contender
	forever  bool // some callers did not return
	took     time.Duration
	calls    histogram
	complete uint64 // calls that got all labels

	// Differences between after and before each round.
	bytes      []float64
	goroutines []float64
}

// measure runs s for the given time.
func (r *stormResult) measure(s storm, callers int, lasts time.Duration) error {
	if r.forever {
		return nil
	}
	all := make([]stormCaller, callers) // before the heap is measured
	release := make(chan struct{})
	p, err := r.by.start(s.enrichers(release), s.budget)
	if err != nil {
		return err
	}
	bytes, goroutines := resting()
	defer settle(goroutines) // leave none for the next measurement
	defer close(release)
	defer stop(p)
	start := time.Now()
	if !runStorm(p, s, all, start.Add(lasts)) {
		r.forever = true
		return nil
	}
	r.took += time.Since(start)
	settle(goroutines)
	bytesAfter, goroutinesAfter := resting()
	r.bytes = append(r.bytes, float64(bytesAfter-bytes))
	r.goroutines = append(r.goroutines, float64(goroutinesAfter-goroutines))
	for i := range all {
		r.calls.merge(&all[i].calls)
		r.complete += all[i].complete
	}
	return nil
}

// runStorm runs all callers concurrently, and reports whether all returned.
func runStorm(p peer, s storm, callers []stormCaller, until time.Time) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() { callers[i].run(p, s.labels, until) })
		}
		all.Wait()
	}()
	select {
	case <-done:
		return true
	case <-time.After(time.Until(until) + 10*s.budget):
		return false
	}
}

// A stormCaller has failures enriched one after another, at least one.
type stormCaller struct {
	calls    histogram
	complete uint64
}

func (c *stormCaller) run(p peer, labels int, until time.Time) {
	for start := time.Now(); ; {
		got, _ := p.enrich(context.Background(), errFailure, failureContext)
		if len(got) == labels {
			c.complete++
		}
		end := time.Now()
		c.calls.add(end.Sub(start))
		if !end.Before(until) {
			return
		}
		start = end
	}
}

// resting returns the bytes of heap and the number of goroutines after a garbage
// collection.
func resting() (bytes int64, goroutines int) {
	runtime.GC()
	runtime.GC() // twice: the contents of a sync.Pool survive once
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), runtime.NumGoroutine()
}

// settle waits up to 100 ms for the number of goroutines to fall to this.
func settle(goroutines int) {
	for deadline := time.Now().Add(100 * time.Millisecond); time.Now().Before(deadline); {
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// runStorms runs every storm with every contender, in rounds, on all cores.
func runStorms(opts options, rep *report, progress io.Writer) error {
	cores := runtime.NumCPU()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	callers := stormCallersPerCore * cores
	storms := newStorms()
	fmt.Fprintf(progress, "Running %d storms with %d contenders in %d rounds of %v.\n",
		len(storms), len(stormContenders), stormRounds, opts.storm)
	t := &table{columns: []column{
		{title: "enrichers"},
		{title: "run by"},
		{title: "failures per second", right: true},
		{title: "median", right: true},
		{title: "99 %", right: true},
		{title: "99.9 %", right: true},
		{title: "complete", right: true},
		{title: "heap growth", right: true},
		{title: "goroutines left", right: true},
	}}
	for _, s := range storms {
		all := make([]*stormResult, len(stormContenders))
		for i, c := range stormContenders {
			all[i] = &stormResult{by: c}
		}
		for round := range stormRounds {
			for i := range all {
				if err := all[(i+round)%len(all)].measure(s, callers, opts.storm); err != nil {
					return err
				}
			}
		}
		for _, r := range all {
			t.add(r.cells(s.work)...)
		}
	}
	rep.add("Storms of failures", fmt.Sprintf(
		"Each of %d callers, on all %d cores, has the next failure enriched as soon as the last is done, %d times for %v with each contender. "+
			"If an enricher hangs, the timeout is %v. \"Complete\" are the failures that got all labels of the enrichers that do not hang. "+
			"Heap growth and goroutines left are medians after all callers have returned; never: some did not. "+
			"sentry-go and the bare loop are left out: their callers do not survive an enricher that hangs.",
		callers, cores, stormRounds, opts.storm, hangBudget), t)
	return nil
}

func (r *stormResult) cells(work string) []string {
	if r.forever {
		return []string{work, r.by.name, never, none, none, none, none, none, none}
	}
	n := r.calls.count()
	return []string{
		work, r.by.name,
		fmt.Sprintf("%.0f", float64(n)/r.took.Seconds()),
		inUnits(r.calls.quantile(0.5)), inUnits(r.calls.quantile(0.99)), inUnits(r.calls.quantile(0.999)),
		fmt.Sprintf("%.4g %%", 100*float64(r.complete)/float64(n)),
		fmt.Sprintf("%.1f KiB", median(r.bytes)/1024),
		fmt.Sprintf("%.0f", median(r.goroutines)),
	}
}
