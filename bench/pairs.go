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
	workQuickAttributes = "quick, 4 attributes"
	workMillisecond     = "1 ms each"
	workSlow            = "10 ms each"
)

// A pair is two contestants whose costs are compared.
type pair struct {
	work, against string
	subject       *contestant
	reference     *contestant

	perEnricher bool      // compare the cost of one enricher instead of one failure
	bar         float64   // the ratio must be at most this
	ratios      []float64 // by round
}

const (
	againstHandWritten = "a hand-written fan-out"
	againstBareLoop    = "a bare loop without isolation"
)

// newPairs returns all pairs in the order of the report. Some share contestants.
func newPairs() []*pair {
	library8 := newContestant(library, workQuick, quickEnrichers(8))
	library64 := newContestant(library, workQuick, quickEnrichers(64))
	handWritten8 := newContestant(handWritten, workQuick, quickEnrichers(8))
	return []*pair{
		{
			work: "8 enrichers that return at once", against: againstHandWritten,
			subject: library8, reference: handWritten8,
			bar: 0.6,
		},
		{
			work: "64 enrichers that return at once", against: againstHandWritten,
			subject: library64, reference: newContestant(handWritten, workQuick, quickEnrichers(64)),
			bar: 0.55,
		},
		{
			work: "8 enrichers that return at once", against: againstBareLoop,
			subject: library8, reference: newContestant(bareLoop, workQuick, quickEnrichers(8)),
			bar: 4,
		},
		{
			// The reference is not called through the library, whose overhead
			// would hide some of that of the 64.
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
			work: "8 enrichers that return at once, 4 attributes", against: againstHandWritten,
			subject:   withAttributes(newContestant(library, workQuickAttributes, quickEnrichers(8))),
			reference: withAttributes(newContestant(handWritten, workQuickAttributes, quickEnrichers(8))),
			bar:       0.75,
		},
		{
			work: "64 enrichers of 1 ms each", against: againstHandWritten,
			subject:   newContestant(library, workMillisecond, slowEnrichers(64, time.Millisecond)),
			reference: newContestant(handWritten, workMillisecond, slowEnrichers(64, time.Millisecond)),
			bar:       1,
		},
		{
			work: "8 enrichers that return at once, a caller on every core", against: againstHandWritten,
			subject:   onEveryCore(newContestant(library, workQuickEverywhere, quickEnrichers(8))),
			reference: onEveryCore(newContestant(handWritten, workQuickEverywhere, quickEnrichers(8))),
			bar:       0.6,
		},
	}
}

// contestantsOf returns the contestants of pairs, each once, in order.
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
	if err := calibrate(contestantsOf(pairs), opts.time); err != nil { // also warms up
		return err
	}
	for round := range opts.rounds {
		if err := measureRound(pairs, round); err != nil {
			return err
		}
	}
	rep.addPairs(pairs, allocationsWithoutEnrichers())
	return nil
}

// addPairs adds the tables of measured pairs. empty is the number of allocations
// of a failure without enrichers.
func (rep *report) addPairs(pairs []*pair, empty float64) {
	ratios := &table{columns: []column{
		{title: "work"},
		{title: "against"},
		{title: "measured", right: true},
		{title: "middle half of rounds", right: true},
		{title: "at most", right: true},
	}}
	for _, p := range pairs {
		measured := median(p.ratios)
		ratios.add(p.work, p.against, fmt.Sprintf("%.3f", measured),
			fmt.Sprintf("%.3f to %.3f", quantile(p.ratios, 0.25), quantile(p.ratios, 0.75)), rep.judge(measured, p.bar))
	}
	ratios.add("no enrichers: allocations", "the empty map", fmt.Sprint(empty), none, rep.judge(empty, 1))
	rep.add("Ratios", "A ratio below 1 means that the library takes less time.", ratios)

	costs := &table{columns: []column{
		{title: "enrichers", right: true},
		{title: "kind"},
		{title: "run by"},
		{title: "time", right: true},
		{title: "allocations", right: true},
		{title: "bytes", right: true},
	}}
	for _, c := range contestantsOf(pairs) {
		s := c.typical()
		costs.add(fmt.Sprint(c.enrichers), c.work, c.by,
			inUnits(s.nanoseconds), fmt.Sprintf("%.0f", s.allocs), fmt.Sprintf("%.0f", s.bytes))
	}
	rep.add("Cost of one failure", "Medians. With a caller on every core, the time is that between two enriched failures.", costs)
}
