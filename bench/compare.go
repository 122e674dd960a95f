package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

const (
	hangRounds   = 5                     // at most: it is mostly a timer that is measured
	hangBudget   = 50 * time.Millisecond // of a failure
	hangPatience = 10 * hangBudget       // after which a call counts as hung
)

// never is the cell of a contender whose caller does not return.
const never = "never"

// compareSizes are the numbers of enrichers that contenders are compared with.
var compareSizes = []int{1, 8, 64}

// A comparison is the same work done by all contenders: a row of the table.
type comparison struct {
	enrichers int
	work      string
	all       []*contestant // in the order of contenders
}

func newComparisons() []comparison {
	var rows []comparison
	for _, n := range compareSizes {
		rows = append(rows,
			newComparison(workQuick, quickEnrichers(n)),
			newComparison(workMillisecond, slowEnrichers(n, time.Millisecond)))
	}
	return rows
}

func newComparison(work string, enrichers []namedEnricher) comparison {
	row := comparison{enrichers: len(enrichers), work: work}
	for _, c := range contenders {
		row.all = append(row.all, newContestant(c, work, enrichers))
	}
	return row
}

// A hang is a contender with enrichers of which one hangs.
type hang struct {
	by        *contender
	enrichers int
	forever   bool        // the caller does not return
	first     hangSamples // of the first failure
	later     hangSamples // of failures after as many as open a breaker
}

// hangSamples hold one value per measurement.
type hangSamples struct {
	nanoseconds []float64
	labels      []float64 // that the caller got
}

func newHangs() []*hang {
	var all []*hang
	for _, n := range compareSizes {
		for _, c := range contenders {
			all = append(all, &hang{by: c, enrichers: n})
		}
	}
	return all
}

// measure starts the contender, unless its caller is known to hang, and hands it
// as many failures as open a breaker, and then more for the given time, at least
// one.
func (h *hang) measure(atLeast time.Duration) error {
	if h.forever {
		return nil
	}
	release := make(chan struct{})
	defer close(release)
	p, err := h.by.start(amongHung(quickEnrichers(h.enrichers-1), release), hangBudget)
	if err != nil {
		return err
	}
	defer stop(p)
	for i := range enricher.DefaultBreakerThreshold {
		c := watch(p, hangPatience)
		if c.ending != returned {
			h.forever = true
			return nil
		}
		if i == 0 {
			h.first.add(c.took, 1, len(c.labels))
		}
	}
	start := time.Now()
	for n := 1; ; n++ {
		// Not watched: after so many calls that returned, this one does.
		labels, _ := p.enrich(context.Background(), errFailure, failureContext)
		if took := time.Since(start); took >= atLeast {
			h.later.add(took, n, len(labels))
			return nil
		}
	}
}

// add adds the time of n failures, and the number of labels of the last one.
func (s *hangSamples) add(took time.Duration, n, labels int) {
	s.nanoseconds = append(s.nanoseconds, float64(took.Nanoseconds())/float64(n))
	s.labels = append(s.labels, float64(labels))
}

// cells returns the cost of the first failure, and of later ones.
func (h *hang) cells() (first, later string) {
	if h.forever {
		return never, never
	}
	return h.first.cell(h.enrichers - 1), h.later.cell(h.enrichers - 1)
}

func (s hangSamples) cell(others int) string {
	took := inUnits(median(s.nanoseconds))
	if others == 0 {
		return took
	}
	return fmt.Sprintf("%s, %.0f of %d", took, median(s.labels), others)
}

// runComparisons measures all contenders at the same work.
func runComparisons(opts options, rep *report, progress io.Writer) error {
	rows, hangs := newComparisons(), newHangs()
	fmt.Fprintf(progress, "Comparing %d contenders in %d rounds.\n", len(contenders), opts.rounds)
	var all []*contestant
	for _, row := range rows {
		all = append(all, row.all...)
	}
	defer func() {
		for _, c := range all {
			c.stop()
		}
	}()
	if err := calibrate(all, opts.time); err != nil {
		return err
	}
	for round := range opts.rounds {
		if err := measureEach(rows, round); err != nil {
			return err
		}
	}
	for range min(opts.rounds, hangRounds) {
		for _, h := range hangs {
			if err := h.measure(opts.time); err != nil {
				return err
			}
		}
	}
	rep.add("The same work done by alternatives", fmt.Sprintf(
		"Time and allocations of one failure. If an enricher hangs, it ignores its context; the timeout is %v, "+
			"and the cell has the time and how many labels of the other enrichers the caller got (median of %d rounds). "+
			"Never: the caller did not return within %v. \"After five hangs\" is the time once the breaker is open, if there is one.",
		hangBudget, min(opts.rounds, hangRounds), hangPatience),
		comparisonTable(rows, hangs), contenderNotes)
	return nil
}

// measureEach measures every contestant once, those of a row one after another,
// each time starting with another.
func measureEach(rows []comparison, round int) error {
	for i := range rows {
		all := rows[(i+round)%len(rows)].all
		first := round % len(all)
		if err := measureInTurn(slices.Concat(all[first:], all[:first])); err != nil {
			return err
		}
	}
	return nil
}

// comparisonTable has a column per contender and the rows by number of enrichers.
func comparisonTable(rows []comparison, hangs []*hang) *table {
	t := &table{columns: []column{{title: "enrichers", right: true}, {title: "kind"}}}
	for _, c := range contenders {
		t.columns = append(t.columns, column{title: c.name, right: true})
	}
	for _, n := range compareSizes {
		for _, row := range rows {
			if row.enrichers != n {
				continue
			}
			cells := []string{fmt.Sprint(n), row.work}
			for _, c := range row.all {
				s := c.typical()
				cells = append(cells, fmt.Sprintf("%s, %.0f", inUnits(s.nanoseconds), s.allocs))
			}
			t.add(cells...)
		}
		first, later := []string{fmt.Sprint(n), "one hangs"}, []string{fmt.Sprint(n), "after five hangs"}
		for _, h := range hangs {
			if h.enrichers == n {
				f, l := h.cells()
				first, later = append(first, f), append(later, l)
			}
		}
		t.add(first...)
		t.add(later...)
	}
	return t
}
