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
	stormRounds         = 3 // of each contender, one after another
	stormCallersPerCore = 4
)

// stormContenders are those that are for many callers and enrichers at once.
var stormContenders = []*contender{library, handWritten, failsafeGo, failsafeInFan}

// A storm is failures that come as quickly as they are enriched.
type storm struct {
	work      string
	enrichers func(release <-chan struct{}) []namedEnricher
	labels    int // that there are, of those who work
	budget    time.Duration
}

func newStorms(budget time.Duration) []storm {
	atWork := func(n int) []namedEnricher {
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
			enrichers: func(<-chan struct{}) []namedEnricher { return atWork(8) },
			labels:    8,
			budget:    enricher.DefaultTimeout,
		},
		{
			work: "6 quick, one of 1 ms, one hangs",
			enrichers: func(release <-chan struct{}) []namedEnricher {
				return among(atWork(7), func(context.Context) (enricher.Labels, error) {
					<-release
					return nil, nil
				})
			},
			labels: 7,
			budget: budget,
		},
	}
}

// A weathered storm is what came of it for a contender, in all rounds.
type weathered struct {
	by       *contender
	forever  bool // some callers did not come back
	took     time.Duration
	calls    histogram
	complete uint64 // calls that got all the labels that there are

	// What was there after each round, and not before.
	bytes      []float64
	goroutines []float64
}

// measure lets s rage over the contender for as long as given.
func (w *weathered) measure(s storm, callers int, lasts time.Duration) error {
	if w.forever {
		return nil
	}
	all := make([]stormCaller, callers) // now, not to be counted later
	release := make(chan struct{})
	p, err := w.by.start(s.enrichers(release), s.budget)
	if err != nil {
		return err
	}
	bytes, goroutines := resting()
	defer settle(goroutines) // so that nobody else bears what is left here
	defer close(release)
	defer stop(p)
	start := time.Now()
	if !rage(p, s, all, start.Add(lasts)) {
		w.forever = true
		return nil
	}
	w.took += time.Since(start)
	settle(goroutines)
	bytesAfter, goroutinesAfter := resting()
	w.bytes = append(w.bytes, float64(bytesAfter-bytes))
	w.goroutines = append(w.goroutines, float64(goroutinesAfter-goroutines))
	for i := range all {
		w.calls.merge(&all[i].calls)
		w.complete += all[i].complete
	}
	return nil
}

// rage has failures enriched by all callers at once, and reports whether all of
// them came back.
func rage(p peer, s storm, callers []stormCaller, until time.Time) bool {
	back := make(chan struct{})
	go func() {
		defer close(back)
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() { callers[i].run(p, s.labels, until) })
		}
		all.Wait()
	}()
	select {
	case <-back:
		return true
	case <-time.After(time.Until(until) + hangPatience*s.budget):
		return false
	}
}

// A stormCaller has failures to enrich, one after another, at least one.
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

// resting returns how many bytes of heap and how many goroutines this process
// has after a garbage collection.
func resting() (bytes int64, goroutines int) {
	// Twice, as what is in a sync.Pool survives once.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), runtime.NumGoroutine()
}

// settle waits until there are no more than so many goroutines, but not for
// those that stay.
func settle(goroutines int) {
	for deadline := time.Now().Add(100 * time.Millisecond); time.Now().Before(deadline); {
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// runStorms lets every storm rage over every contender for them, in rounds.
func runStorms(opts options, rep *report, progress io.Writer) error {
	cores := runtime.NumCPU()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	callers := stormCallersPerCore * cores
	storms := newStorms(opts.budget)
	fmt.Fprintf(progress, "Raising %d storms over %d contenders in %d rounds of %v.\n",
		len(storms), len(stormContenders), stormRounds, opts.storm)
	t := newStormTable()
	for _, s := range storms {
		all := make([]*weathered, len(stormContenders))
		for i, c := range stormContenders {
			all[i] = &weathered{by: c}
		}
		for round := range stormRounds {
			for i := range all {
				if err := all[(i+round)%len(all)].measure(s, callers, opts.storm); err != nil {
					return err
				}
			}
		}
		for _, w := range all {
			t.rows = append(t.rows, w.cells(s.work))
		}
	}
	rep.sections = append(rep.sections, section{
		title: fmt.Sprintf("Storms of failures: each of %d callers, on all %d cores, has a failure enriched as soon as it is done with the last, "+
			"%d times for %v with each contender. Where one enricher hangs, the budget is %v. "+
			"Complete are the failures that got all labels of the enrichers that do not hang. "+
			"What stays when all callers are back is the median; %s: some did not come back. "+
			"Left out are sentry-go and the bare loop: they work on the goroutine of their caller, who is lost with the first enricher that hangs.",
			callers, cores, stormRounds, opts.storm, opts.budget, never),
		table: t,
	})
	return nil
}

func newStormTable() *table {
	return &table{columns: []column{
		{title: "enrichers"},
		{title: "run by"},
		{title: "failures a second", right: true},
		{title: "median", right: true},
		{title: "99 %", right: true},
		{title: "99.9 %", right: true},
		{title: "complete", right: true},
		{title: "heap stays", right: true},
		{title: "goroutines stay", right: true},
	}}
}

func (w *weathered) cells(work string) []string {
	if w.forever {
		return []string{work, w.by.name, never, none, none, none, none, none, none}
	}
	n := w.calls.count()
	return []string{
		work, w.by.name,
		fmt.Sprintf("%.0f", float64(n)/w.took.Seconds()),
		inUnits(w.calls.quantile(0.5)), inUnits(w.calls.quantile(0.99)), inUnits(w.calls.quantile(0.999)),
		fmt.Sprintf("%.4g %%", 100*float64(w.complete)/float64(n)),
		fmt.Sprintf("%.1f KiB", median(w.bytes)/1024),
		fmt.Sprintf("%.0f", median(w.goroutines)),
	}
}
