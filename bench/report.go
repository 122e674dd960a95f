package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
)

// A report is what was found out, ready to be printed.
type report struct {
	environment environment
	command     string
	results     []result // none: the pairs were not measured
	costs       []cost
	sections    []section
}

// An environment is what measured times depend on. It does not have to be the
// same for ratios to be compared, but helps to understand them.
type environment struct {
	goVersion  string
	platform   string
	cpu        string // empty if it cannot be found out
	gomaxprocs int
	rounds     int
}

// A result is the measured ratio of a pair, or a number of allocations.
type result struct {
	work, against string
	measured      float64
	low, high     float64 // a quarter of the rounds was below, and above; both 0: it is not about rounds
	unit          string  // empty: it is a ratio
	bar, stretch  float64 // 0: none
}

// A cost is what one failure cost a contestant.
type cost struct {
	work, by  string
	enrichers int
	sample
}

// A section is a table on its own, beside those of the pairs.
type section struct {
	title string
	table *table
	note  string // below the table; may be empty
}

// newReport returns an empty report.
func newReport(opts options) *report {
	return &report{
		environment: environment{
			goVersion:  runtime.Version(),
			platform:   runtime.GOOS + "/" + runtime.GOARCH,
			cpu:        cpuModel("/proc/cpuinfo"),
			gomaxprocs: procs,
			rounds:     opts.rounds,
		},
		command: opts.command,
	}
}

// addPairs adds pairs that have been measured. empty is the number of allocations
// without enrichers.
func (rep *report) addPairs(pairs []*pair, empty float64) {
	for _, p := range pairs {
		rep.results = append(rep.results, result{
			work: p.work, against: p.against,
			measured: median(p.ratios), low: quantile(p.ratios, 0.25), high: quantile(p.ratios, 0.75),
			bar: p.bar, stretch: p.stretch,
		})
	}
	for _, p := range pairs {
		if p.moreAllocs > 0 {
			rep.results = append(rep.results, result{
				work: p.work + ": allocations more than", against: p.against, unit: " allocs", stretch: p.moreAllocs,
				measured: math.Round(p.subject.typical().allocs - p.reference.typical().allocs),
			})
		}
	}
	rep.results = append(rep.results, result{
		work: "no enrichers", against: "the empty map", measured: empty, unit: " alloc", bar: 1,
	})
	for _, c := range contestantsOf(pairs) {
		rep.costs = append(rep.costs, cost{work: c.work, by: c.by, enrichers: c.enrichers, sample: c.typical()})
	}
}

// cpuModel returns what the file, which is that of Linux, says.
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

// missed returns how many bars were not met, and how many there are.
func (rep *report) missed() (missed, bars int) {
	for _, r := range rep.results {
		if r.bar == 0 {
			continue
		}
		bars++
		if !r.met() {
			missed++
		}
	}
	return missed, bars
}

// exitStatus returns the exit status of the program.
func (rep *report) exitStatus(strict bool) int {
	if missed, _ := rep.missed(); strict && missed > 0 {
		return 1
	}
	return 0
}

// publish writes the report to w, and to the Markdown file that opts names.
func (rep *report) publish(opts options, w io.Writer) error {
	if _, err := io.WriteString(w, rep.text()); err != nil {
		return err
	}
	if opts.markdown == "" {
		return nil
	}
	return os.WriteFile(opts.markdown, []byte(rep.markdown()), 0o644)
}

// text returns the report for people at a terminal.
func (rep *report) text() string {
	blocks := []string{rep.environment.String() + "\n"}
	for _, s := range rep.allSections() {
		blocks = append(blocks, s.blocks((*table).text)...)
	}
	if len(rep.results) > 0 {
		blocks = append(blocks, rep.conclusion()+"\n")
	}
	return strings.Join(blocks, "\n")
}

// markdown returns the report for the README.
func (rep *report) markdown() string {
	blocks := []string{fmt.Sprintf("Measured with `%s`: %s.\n", rep.command, rep.environment)}
	for _, s := range rep.allSections() {
		blocks = append(blocks, s.blocks((*table).markdown)...)
	}
	return strings.Join(blocks, "\n")
}

// allSections returns the sections of rep, those about the pairs first.
func (rep *report) allSections() []section {
	if len(rep.results) == 0 {
		return rep.sections
	}
	return append([]section{
		{table: rep.resultTable()},
		{title: costTitle, table: rep.costTable()},
	}, rep.sections...)
}

// blocks returns what is in s, from top to bottom, with its table as print
// prints it.
func (s section) blocks(print func(*table) string) []string {
	var blocks []string
	if s.title != "" {
		blocks = append(blocks, s.title+"\n")
	}
	blocks = append(blocks, print(s.table))
	if s.note != "" {
		blocks = append(blocks, s.note+"\n")
	}
	return blocks
}

const costTitle = "What one failure costs, at the median. With a caller on every core, it is the time from one failure done to the next:"

func (e environment) String() string {
	cpu := ""
	if e.cpu != "" {
		cpu = ", " + e.cpu
	}
	return fmt.Sprintf("%s %s%s, GOMAXPROCS=%d, median of %d rounds", e.goVersion, e.platform, cpu, e.gomaxprocs, e.rounds)
}

// conclusion says what somebody who does not read tables should know.
func (rep *report) conclusion() string {
	var b strings.Builder
	missed, bars := rep.missed()
	if missed > 0 {
		fmt.Fprintf(&b, "%d of %d bars NOT MET.", missed, bars)
	} else {
		fmt.Fprintf(&b, "All %d bars met.", bars)
	}
	if rep.environment.rounds < enoughRounds {
		fmt.Fprintf(&b, " But fewer than %d rounds say little.", enoughRounds)
	}
	return b.String()
}

func (rep *report) resultTable() *table {
	t := &table{columns: []column{
		{title: "work"},
		{title: "against"},
		{title: "measured", right: true},
		{title: "middle half of rounds", right: true},
		{title: "at most", right: true},
		{title: "verdict"},
		{title: "stretch goal"},
	}}
	for _, r := range rep.results {
		t.rows = append(t.rows, []string{
			r.work, r.against, r.quantity(r.measured), r.spread(), r.atMost(), r.verdict(), r.stretchGoal(),
		})
	}
	return t
}

func (rep *report) costTable() *table {
	t := &table{columns: []column{
		{title: "enrichers", right: true},
		{title: "kind"},
		{title: "run by"},
		{title: "time", right: true},
		{title: "allocations", right: true},
		{title: "bytes", right: true},
	}}
	for _, c := range rep.costs {
		t.rows = append(t.rows, []string{
			fmt.Sprint(c.enrichers), c.work, c.by, inUnits(c.nanoseconds),
			fmt.Sprintf("%.0f", c.allocs), fmt.Sprintf("%.0f", c.bytes),
		})
	}
	return t
}

// none is in a cell that has nothing to say.
const none = "–"

func (r result) met() bool { return r.measured <= r.bar }

// quantity returns a ratio with as many digits as its verdict may depend on, or
// a number with its unit.
func (r result) quantity(v float64) string {
	if r.unit == "" {
		return fmt.Sprintf("%.3f", v)
	}
	return fmt.Sprintf("%g%s", v, r.unit)
}

func (r result) spread() string {
	if r.low == 0 && r.high == 0 {
		return none
	}
	return r.quantity(r.low) + " to " + r.quantity(r.high)
}

func (r result) atMost() string {
	if r.bar == 0 {
		return none
	}
	return fmt.Sprintf("%g%s", r.bar, r.unit)
}

func (r result) verdict() string {
	switch {
	case r.bar == 0:
		return none
	case r.met():
		return "met"
	}
	return "NOT MET"
}

func (r result) stretchGoal() string {
	switch {
	case r.stretch == 0:
		return none
	case r.measured <= r.stretch:
		return fmt.Sprintf("%g: met", r.stretch)
	}
	return fmt.Sprintf("%g: not met", r.stretch)
}

// inUnits returns a duration with the same precision for all of its kind, which
// time.Duration does not.
func inUnits(nanoseconds float64) string {
	if nanoseconds < 1e6 {
		return fmt.Sprintf("%.2f µs", nanoseconds/1e3)
	}
	return fmt.Sprintf("%.2f ms", nanoseconds/1e6)
}
