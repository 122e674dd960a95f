package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
)

// maxLabelColumns is how many labels get a column: the first ones, in the order of
// the enrichers.
const maxLabelColumns = 4

// table shows one job a line, with the labels of its last failure.
func (t *Text) table(b *strings.Builder, outcomes []manager.Outcome) {
	keys, cells := t.labelColumns(outcomes)
	rows := [][]string{append([]string{"JOB", "STATE", "ATTEMPTS", "TIME"}, keys...)}
	for _, o := range outcomes {
		row := []string{shortName(o.Job), string(o.State), fmt.Sprintf("%d/%d", o.Attempts, o.Job.Attempts), fmt.Sprintf("%.2fs", o.Took().Seconds())}
		rows = append(rows, append(row, cells(o.Labels)...))
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	for i, row := range rows {
		last := len(row) - 1
		for last > 0 && row[last] == "" {
			last--
		}
		for j, cell := range row[:last+1] {
			padded := pad(cell, widths[j])
			if j == last {
				padded = cell // no space at the end of a line
			}
			switch {
			case i == 0:
				padded = t.paint(bold, padded)
			case j == 1:
				padded = t.paint(colourOf(outcomes[i-1].State), padded)
			}
			if j > 0 {
				b.WriteString("  ")
			}
			b.WriteString(padded)
		}
		b.WriteByte('\n')
	}
}

// labelColumns returns the headings for labels, and a function that returns the
// cells of a row.
func (t *Text) labelColumns(outcomes []manager.Outcome) (headings []string, cells func(enricher.Labels) []string) {
	set := map[string]bool{}
	for _, o := range outcomes {
		for key := range o.Labels {
			set[key] = true
		}
	}
	delete(set, enricher.KeyJobCannotRestart) // the state says so
	keys := t.ordered(slices.Sorted(maps.Keys(set)))
	keys = keys[:min(len(keys), maxLabelColumns)]
	for _, key := range keys {
		headings = append(headings, strings.ToUpper(shorten(clean(key), maxCell)))
	}
	return headings, func(labels enricher.Labels) []string {
		row := make([]string, len(keys))
		for i, key := range keys {
			row[i] = shorten(clean(labels[key]), maxCell)
		}
		return row
	}
}
