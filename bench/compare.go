package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// compareSizes are the numbers of enrichers that contenders are compared with.
var compareSizes = []int{1, 8, 64}

// A comparison is the same work done by all contenders: a row of the table.
type comparison struct {
	enrichers int
	work      string
	all       []*contestant // in the order of contenders
}

// newComparisons returns the work that everybody gets done.
func newComparisons() []comparison {
	var rows []comparison
	for _, n := range compareSizes {
		rows = append(rows,
			newComparison(workQuick, quickEnrichers(n)),
			newComparison("1 ms each", slowEnrichers(n, time.Millisecond)))
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
			if err := h.measure(opts.budget, opts.time); err != nil {
				return err
			}
		}
	}
	rep.sections = append(rep.sections, section{
		title: fmt.Sprintf("The same work done by others: time and allocations of one failure. "+
			"Where one enricher hangs, whatever its context says, the budget is %v, and there is how many labels of the others the caller got; "+
			"%s: the caller was not back after %v. There, it is the median of %d rounds.",
			opts.budget, never, hangPatience*opts.budget, min(opts.rounds, hangRounds)),
		table: comparisonTable(rows, hangs),
		note:  whoIsWho,
	})
	return nil
}

// measureEach measures every contestant once. Those at the same work come one
// after another. Who comes first, after work of another kind that has left the
// processor asleep or the heap large, changes from round to round, and so does
// the direction.
func measureEach(rows []comparison, round int) error {
	for i := range rows {
		all := rows[(i+round)%len(rows)].all
		first := round / 2 % len(all)
		all = slices.Concat(all[first:], all[:first])
		if round%2 == 1 {
			slices.Reverse(all)
		}
		if err := measureInTurn(all); err != nil {
			return err
		}
	}
	return nil
}

// comparisonTable has a row for each work, by the number of enrichers, and a
// column for each contender.
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
			t.rows = append(t.rows, cells)
		}
		first, later := []string{fmt.Sprint(n), "one hangs"}, []string{fmt.Sprint(n), "one has hung five times"}
		for _, h := range hangs {
			if h.enrichers == n {
				f, l := h.cells()
				first, later = append(first, f), append(later, l)
			}
		}
		t.rows = append(t.rows, first, later)
	}
	return t
}
