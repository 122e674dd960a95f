package main

import (
	"fmt"
	"io"
	"time"
)

// What the enrichers of a contestant do.
const (
	workQuick           = "quick"
	workQuickEverywhere = "quick, a caller on every core"
	workQuickOneCore    = "quick, one core"
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

	// How many allocations more than the reference are hoped for at most; 0: it
	// does not matter.
	moreAllocs float64

	ratios []float64 // by round
}

const (
	againstHandWritten = "a hand-written fan-out"
	againstBareLoop    = "a bare loop without isolation"
)

// newPairs returns all that is compared, in the order of the report. Pairs share
// contestants.
func newPairs() []*pair {
	library8 := newContestant(library, workQuick, quickEnrichers(8))
	library64 := newContestant(library, workQuick, quickEnrichers(64))
	handWritten8 := newContestant(handWritten, workQuick, quickEnrichers(8))
	return []*pair{
		{
			work: "8 enrichers that return at once", against: againstHandWritten,
			subject: library8, reference: handWritten8,
			bar: 0.6, stretch: 0.45,
		},
		{
			// What is left of the bar for all that the library does.
			work: "8 that return at once, in a loop on one goroutine, with a timer", against: againstHandWritten,
			subject: newContestant(leavableLoop, workQuick, quickEnrichers(8)), reference: handWritten8,
		},
		{
			work: "64 enrichers that return at once", against: againstHandWritten,
			subject: library64, reference: newContestant(handWritten, workQuick, quickEnrichers(64)),
			bar: 0.55,
		},
		{
			work: "8 enrichers that return at once", against: againstBareLoop,
			subject: library8, reference: newContestant(bareLoop, workQuick, quickEnrichers(8)),
			bar: 4, stretch: 3, moreAllocs: 4,
		},
		{
			work: "64 enrichers that return at once", against: againstBareLoop,
			subject: library64, reference: newContestant(bareLoop, workQuick, quickEnrichers(64)),
		},
		{
			// The one is called without the library: its overhead there would
			// hide some of that of the 64.
			work: "64 enrichers of 10 ms each", against: "one enricher of 10 ms",
			subject:   newContestant(library, workSlow, slowEnrichers(64, 10*time.Millisecond)),
			reference: newContestant(bareLoop, workSlow, slowEnrichers(1, 10*time.Millisecond)),
			bar:       1.1,
		},
		{
			work: "each of 64 enrichers that return at once", against: "each of 8",
			subject: library64, reference: library8,
			perEnricher: true, bar: 1,
		},
		{
			work: "8 enrichers that return at once, a caller on every core", against: againstHandWritten,
			subject:   onEveryCore(newContestant(library, workQuickEverywhere, quickEnrichers(8))),
			reference: onEveryCore(newContestant(handWritten, workQuickEverywhere, quickEnrichers(8))),
			stretch:   0.6,
		},
		{
			// With a second core that is idle, a part of the time goes into waking
			// it whenever a goroutine becomes ready. Here is what is left.
			work: "8 enrichers that return at once, on one core", against: againstHandWritten,
			subject:   onOneCore(newContestant(library, workQuickOneCore, quickEnrichers(8))),
			reference: onOneCore(newContestant(handWritten, workQuickOneCore, quickEnrichers(8))),
		},
		{
			// What it costs that no enricher can write to the map of another.
			work: "8 enrichers that return at once, 4 attributes", against: againstHandWritten,
			subject:   withAttributes(newContestant(library, workQuickAttributes, quickEnrichers(8))),
			reference: withAttributes(newContestant(handWritten, workQuickAttributes, quickEnrichers(8))),
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

// runPairs measures all pairs, in rounds.
func runPairs(opts options, rep *report, progress io.Writer) error {
	pairs := newPairs()
	fmt.Fprintf(progress, "Measuring %d pairs in %d rounds, which takes about %v.\n", len(pairs), opts.rounds,
		(time.Duration(2*len(pairs)*(opts.rounds+2)) * opts.time).Round(time.Second))
	if err := calibrate(contestantsOf(pairs), opts.time); err != nil { // also lets everybody warm up
		return err
	}
	for round := range opts.rounds {
		if err := measureRound(pairs, round); err != nil {
			return err
		}
	}
	rep.addPairs(pairs, allocationsOfNone())
	return nil
}
