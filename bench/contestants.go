package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A contestant is one way to hand failures to a number of enrichers.
type contestant struct {
	by        string // who hands them on
	work      string // what the enrichers do
	enrichers int
	callers   int // goroutines that have failures to enrich

	failure enricher.FailureContext
	enrich  func(ctx context.Context, fc enricher.FailureContext) enricher.Labels

	failures int      // that one measurement enriches
	samples  []sample // all that were taken
}

// String returns the name of c in profiles and errors.
func (c *contestant) String() string {
	return fmt.Sprintf("%d %s: %s", c.enrichers, c.work, c.by)
}

// The failure that everybody enriches, as a job manager would report it: the
// job has wrapped what the system said. It has no Attributes, but for a pair of
// its own: the library gives each enricher a copy, which is no work that others
// do.
var (
	errFailure = fmt.Errorf("restore checkpoint 41: %w",
		&fs.PathError{Op: "open", Path: "/var/lib/jobs/checkpoints/41", Err: fs.ErrNotExist})
	failureContext = enricher.FailureContext{
		ID:            "0197a3c0-5f6e-7b1c-9a51-3c1f2b6d8e04",
		Type:          enricher.FailureTypeTask,
		JobID:         "a5c1f4b2",
		JobName:       "billing-daily",
		TaskName:      "aggregate (3/16)",
		TaskManagerID: "worker-7",
		Endpoint:      "10.0.4.17:6122",
		Attempt:       2,
		MaxAttempts:   5,
		Time:          time.Date(2026, time.January, 17, 4, 30, 0, 0, time.UTC),
	}
)

// A namedEnricher is an enricher under the name that errors about it use.
type namedEnricher struct {
	name string
	enricher.FailureEnricher
}

// quick is an enricher that returns at once. It looks into the cause, as most
// do, and makes a label.
type quick struct{ key string }

var _ enricher.FailureEnricher = (*quick)(nil)

func (q *quick) OutputKeys() []string { return []string{q.key} }

func (q *quick) ProcessFailure(
	_ context.Context, cause error, _ enricher.FailureContext,
) (enricher.Labels, error) {
	if pathErr, ok := errors.AsType[*fs.PathError](cause); ok {
		return enricher.Labels{q.key: pathErr.Path}, nil
	}
	return nil, nil
}

// slowness is what a slow enricher takes.
const slowness = 10 * time.Millisecond

// slow is an enricher that asks somebody far away, and gives up when its time
// is up.
type slow struct{ quick }

var _ enricher.FailureEnricher = (*slow)(nil)

func (s *slow) ProcessFailure(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	timer := time.NewTimer(slowness)
	defer timer.Stop()
	select {
	case <-timer.C:
		return s.quick.ProcessFailure(ctx, cause, fc)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func quickEnrichers(n int) []namedEnricher {
	return namedEnrichers(n, func(key string) enricher.FailureEnricher { return &quick{key} })
}

func slowEnrichers(n int) []namedEnricher {
	return namedEnrichers(n, func(key string) enricher.FailureEnricher { return &slow{quick{key}} })
}

func namedEnrichers(n int, create func(key string) enricher.FailureEnricher) []namedEnricher {
	all := make([]namedEnricher, n)
	for i := range all {
		name := fmt.Sprintf("enricher-%02d", i+1)
		all[i] = namedEnricher{name, create("key-of-" + name)}
	}
	return all
}

// newLibrary returns an Enricher with these enrichers and nothing changed that
// has a default, but for the logger. There is nothing to shut down: it has no
// goroutines, and the enrichers are not its own. It panics where they cannot be
// loaded, as they are always the same.
func newLibrary(enrichers []namedEnricher) *enricher.Enricher {
	opts := []enricher.Option{enricher.WithLogger(slog.New(slog.DiscardHandler))}
	for _, e := range enrichers {
		opts = append(opts, enricher.WithEnricher(e.name, e.FailureEnricher))
	}
	// Strict, so that one that is refused cannot make the library look quick.
	e, err := enricher.New(enricher.Config{Strict: true}, opts...)
	if err != nil {
		panic(err)
	}
	return e
}

// newHandWritten returns a handWritten with the budget that the library has by
// default.
func newHandWritten(enrichers []namedEnricher) *handWritten {
	return &handWritten{enrichers: enrichers, timeout: enricher.DefaultTimeout}
}

func libraryOf(work string, enrichers []namedEnricher) *contestant {
	e := newLibrary(enrichers)
	return newContestant("library", work, enrichers, func(ctx context.Context, fc enricher.FailureContext) enricher.Labels {
		return e.EnrichContext(ctx, errFailure, fc).Labels
	})
}

func handWrittenOf(work string, enrichers []namedEnricher) *contestant {
	h := newHandWritten(enrichers)
	return newContestant("hand-written", work, enrichers, func(ctx context.Context, fc enricher.FailureContext) enricher.Labels {
		labels, _ := h.enrich(ctx, errFailure, fc)
		return labels
	})
}

func bareLoopOf(work string, enrichers []namedEnricher) *contestant {
	l := bareLoop(enrichers)
	return newContestant("bare loop", work, enrichers, func(ctx context.Context, fc enricher.FailureContext) enricher.Labels {
		labels, _ := l.enrich(ctx, errFailure, fc)
		return labels
	})
}

func newContestant(
	by, work string, enrichers []namedEnricher,
	enrich func(ctx context.Context, fc enricher.FailureContext) enricher.Labels,
) *contestant {
	return &contestant{
		by: by, work: work, enrichers: len(enrichers), callers: 1, failure: failureContext, enrich: enrich,
	}
}

// onEveryCore makes c work for a caller on each core at once.
func onEveryCore(c *contestant) *contestant {
	c.callers = procs
	return c
}

// withAttributes gives the failure of c four attributes.
func withAttributes(c *contestant) *contestant {
	c.failure.Attributes = map[string]string{
		"cluster": "eu-1", "image": "aggregate:v1.4", "owner": "billing", "queue": "batch",
	}
	return c
}

// run enriches the failure n times. It returns an error if a single label was
// missing: who loses some has not done the work.
func (c *contestant) run(n int) error {
	ctx := context.Background()
	for range n {
		if got := len(c.enrich(ctx, c.failure)); got != c.enrichers {
			return fmt.Errorf("%v: got %d labels, want %d", c, got, c.enrichers)
		}
	}
	return nil
}

// What the enrichers of a contestant do.
const (
	workQuick           = "quick"
	workQuickEverywhere = "quick, a caller on every core"
	workQuickAttributes = "quick, 4 attributes"
	workSlow            = "10 ms"
)

// A pair is two contestants whose costs are compared.
type pair struct {
	work, against string
	subject       *contestant
	reference     *contestant

	perEnricher bool    // the costs of one enricher are compared, not those of a failure
	bar         float64 // the ratio has to be this at most; 0: it is for information
	stretch     float64 // the ratio hoped for; 0: none

	ratios []float64 // by round
}

const (
	againstHandWritten = "a hand-written fan-out"
	againstBareLoop    = "a bare loop without isolation"
)

// newPairs returns all that is compared, in the order of the report. Pairs share
// contestants.
func newPairs() []*pair {
	library8 := libraryOf(workQuick, quickEnrichers(8))
	library64 := libraryOf(workQuick, quickEnrichers(64))
	return []*pair{
		{
			work: "8 enrichers that return at once", against: againstHandWritten,
			subject: library8, reference: handWrittenOf(workQuick, quickEnrichers(8)),
			bar: 0.6, stretch: 0.45,
		},
		{
			work: "64 enrichers that return at once", against: againstHandWritten,
			subject: library64, reference: handWrittenOf(workQuick, quickEnrichers(64)),
			bar: 0.55,
		},
		{
			work: "8 enrichers that return at once", against: againstBareLoop,
			subject: library8, reference: bareLoopOf(workQuick, quickEnrichers(8)),
			bar: 4, stretch: 3,
		},
		{
			work: "64 enrichers that return at once", against: againstBareLoop,
			subject: library64, reference: bareLoopOf(workQuick, quickEnrichers(64)),
		},
		{
			// The one is called without the library: its overhead there would
			// hide some of that of the 64.
			work: "64 enrichers of 10 ms each", against: "one enricher of 10 ms",
			subject:   libraryOf(workSlow, slowEnrichers(64)),
			reference: bareLoopOf(workSlow, slowEnrichers(1)),
			bar:       1.1,
		},
		{
			work: "each of 64 enrichers that return at once", against: "each of 8",
			subject: library64, reference: library8,
			perEnricher: true, bar: 1,
		},
		{
			work: "8 enrichers that return at once, a caller on every core", against: againstHandWritten,
			subject:   onEveryCore(libraryOf(workQuickEverywhere, quickEnrichers(8))),
			reference: onEveryCore(handWrittenOf(workQuickEverywhere, quickEnrichers(8))),
			stretch:   0.6,
		},
		{
			// What it costs that no enricher can write to the map of another.
			work: "8 enrichers that return at once, 4 attributes", against: againstHandWritten,
			subject:   withAttributes(libraryOf(workQuickAttributes, quickEnrichers(8))),
			reference: withAttributes(handWrittenOf(workQuickAttributes, quickEnrichers(8))),
		},
	}
}

// contestantsOf returns the contestants of pairs, each once, in the order in
// which they appear.
func contestantsOf(pairs []*pair) []*contestant {
	var all []*contestant
	seen := map[*contestant]bool{}
	for _, p := range pairs {
		for _, c := range []*contestant{p.subject, p.reference} {
			if !seen[c] {
				seen[c] = true
				all = append(all, c)
			}
		}
	}
	return all
}
