package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A table is printed for people or as Markdown.
type table struct {
	columns []column
	rows    [][]string // as many cells in each as there are columns
}

type column struct {
	title string
	right bool // aligned to the right, as numbers are
}

// text returns the table with its columns aligned by spaces.
func (t *table) text() string {
	var b strings.Builder
	widths := t.widths()
	rule := make([]string, len(widths))
	for i, w := range widths {
		rule[i] = strings.Repeat("-", w)
	}
	for _, row := range append([][]string{t.titles(), rule}, t.rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = t.pad(i, cell, widths[i])
		}
		b.WriteString(strings.TrimRight(strings.Join(cells, "  "), " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// markdown returns the table in the form of GitHub.
func (t *table) markdown() string {
	var b strings.Builder
	line := func(cells []string) {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	line(escaped(t.titles()))
	rule := make([]string, len(t.columns))
	for i, c := range t.columns {
		rule[i] = "---"
		if c.right {
			rule[i] = "---:"
		}
	}
	line(rule)
	for _, row := range t.rows {
		line(escaped(row))
	}
	return b.String()
}

// escaped returns cells as they have to be written in Markdown.
func escaped(cells []string) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return out
}

func (t *table) titles() []string {
	titles := make([]string, len(t.columns))
	for i, c := range t.columns {
		titles[i] = c.title
	}
	return titles
}

// widths returns how many characters the longest cell of each column has.
func (t *table) widths() []int {
	widths := make([]int, len(t.columns))
	for _, row := range append([][]string{t.titles()}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// pad returns a cell of column i, widened to a number of characters.
func (t *table) pad(i int, cell string, width int) string {
	if t.columns[i].right {
		return fmt.Sprintf("%*s", width, cell)
	}
	return fmt.Sprintf("%-*s", width, cell)
}
