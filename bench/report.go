package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"
)

// A report is what was measured, as a page of Markdown.
type report struct {
	environment  string
	sections     []string
	bars, missed int
}

func newReport(rounds int) *report {
	cpu := cpuModel("/proc/cpuinfo")
	if cpu != "" {
		cpu = ", " + cpu
	}
	return &report{
		environment: fmt.Sprintf("%s %s/%s%s, GOMAXPROCS=%d, median of %d rounds",
			runtime.Version(), runtime.GOOS, runtime.GOARCH, cpu, procs, rounds),
	}
}

// cpuModel returns the name of the processor in file, which is Linux's
// /proc/cpuinfo, or "" if it is unknown.
func cpuModel(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// add adds a section of a heading, a text and a table, with notes below it.
func (rep *report) add(heading, text string, t *table, notes ...string) {
	blocks := append([]string{"## " + heading + "\n", text + "\n", t.markdown()}, notes...)
	rep.sections = append(rep.sections, strings.Join(blocks, "\n"))
}

// judge counts a bar and returns its cell.
func (rep *report) judge(measured, bar float64) string {
	rep.bars++
	if measured > bar {
		rep.missed++
		return fmt.Sprintf("%g: NOT MET", bar)
	}
	return fmt.Sprint(bar)
}

const intro = `# Performance

This page is the output of ` + "`go run ./bench -markdown docs/performance.md`" + `, but for its last part.

All contestants do the same work on the same failure. A ratio compares two measurements made one right after the other, so that a busy machine slows both; the order alternates, and the median over all rounds is reported. "At most" is the bar that the library is to meet.
`

// page returns the report in Markdown.
func (rep *report) page() string {
	return strings.Join(append([]string{intro, "Measured with " + rep.environment + ".\n"}, rep.sections...), "\n")
}

// conclusion returns the last line at a terminal.
func (rep *report) conclusion() string {
	if rep.missed > 0 {
		return fmt.Sprintf("%d of %d bars NOT MET.", rep.missed, rep.bars)
	}
	return fmt.Sprintf("All %d bars met.", rep.bars)
}

// publish writes the report to w, and to the Markdown file that opts names.
func (rep *report) publish(opts options, w io.Writer) error {
	text := rep.page()
	if opts.markdown != "" {
		text := text + other(opts.markdown)
		if err := os.WriteFile(opts.markdown, []byte(text), 0o644); err != nil {
			return err
		}
	}
	if rep.bars > 0 {
		text += "\n" + rep.conclusion() + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

// otherFigures is the heading of the figures that this program does not measure. They
// are the end of the page.
const otherFigures = "\n## Plugins\n"

// other returns the end of the page that is there, if it is.
func other(file string) string {
	page, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	if _, end, ok := strings.Cut(string(page), otherFigures); ok {
		return otherFigures + end
	}
	return ""
}

// none is the text of a cell without a value.
const none = "–"

// A table has as many cells in each row as there are columns.
type table struct {
	columns []column
	rows    [][]string
}

type column struct {
	title string
	right bool // aligned to the right, as numbers are
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// markdown returns the table with its columns padded, so that it can also be read
// at a terminal.
func (t *table) markdown() string {
	titles, rule := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		titles[i] = c.title
	}
	widths := make([]int, len(t.columns))
	for _, row := range append([][]string{titles}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 4)
		}
	}
	for i, c := range t.columns {
		rule[i] = strings.Repeat("-", widths[i])
		if c.right {
			rule[i] = rule[i][1:] + ":"
		}
	}
	var b strings.Builder
	for _, row := range append([][]string{titles, rule}, t.rows...) {
		for i, cell := range row {
			if t.columns[i].right {
				fmt.Fprintf(&b, "| %*s ", widths[i], cell)
			} else {
				fmt.Fprintf(&b, "| %-*s ", widths[i], cell)
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// inUnits formats a duration with two decimals, unlike time.Duration.
func inUnits(nanoseconds float64) string {
	if nanoseconds < 1e6 {
		return fmt.Sprintf("%.2f µs", nanoseconds/1e3)
	}
	return fmt.Sprintf("%.2f ms", nanoseconds/1e6)
}
