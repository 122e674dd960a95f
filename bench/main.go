// Command bench compares the enricher library with its alternatives.
//
//	go run ./bench
//
// has five parts, of which -only selects some:
//
//   - cost: every ratio that the library must stay under, against a hand-written
//     fan-out and a bare loop;
//   - readymade: the cost of the ready-made enrichers;
//   - compare: the time of the same work done by these, failsafe-go and the event
//     processors of sentry-go, also if an enricher hangs;
//   - behaviour: what happens to labels and callers if an enricher misbehaves, each
//     observed in its own process, since some do not survive;
//   - storm: throughput, latency and memory if failures come as quickly as they
//     are enriched.
//
// With -markdown docs/performance.md it writes that page.
//
// A bar that was missed is not an error, since a busy machine must not fail a
// build, unless -strict is given. For a profile, use the benchmarks:
//
//	go test -run '^$' -bench Enrich/8/library -cpuprofile cpu.prof ./bench
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// procs is the GOMAXPROCS of all measurements but those of storms. Two makes
// figures from different machines comparable, and is where a fan-out has most to
// lose: handing work to the other core costs more than doing it.
const procs = 2

func main() {
	beProbeIfAsked()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	rounds   int
	time     time.Duration // of one measurement
	storm    time.Duration // of one storm
	only     string        // parts, comma-separated; empty: all
	markdown string
	strict   bool
}

// run is main with the environment as arguments. It returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // the message has been written
	}
	rep, err := measureParts(opts, stderr)
	if err == nil {
		err = rep.publish(opts, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	if opts.strict && rep.missed > 0 {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&opts.rounds, "rounds", 21, "number of rounds; fewer than 11 are not reliable")
	flags.DurationVar(&opts.time, "time", 50*time.Millisecond, "duration of one measurement")
	flags.DurationVar(&opts.storm, "storm", time.Second, "duration of one storm")
	flags.StringVar(&opts.only, "only", "", "run only these `parts`, comma-separated, of "+partNames())
	flags.StringVar(&opts.markdown, "markdown", "", "also write the page to this `file`")
	flags.BoolVar(&opts.strict, "strict", false, "exit with status 1 if a bar is not met")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case opts.rounds < 1:
		err = fmt.Errorf("-rounds %d: must be at least 1", opts.rounds)
	case opts.time <= 0:
		err = fmt.Errorf("-time %v: must be more than 0", opts.time)
	case opts.storm <= 0:
		err = fmt.Errorf("-storm %v: must be more than 0", opts.storm)
	default:
		err = checkParts(opts.only)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		flags.Usage()
	}
	return opts, err
}

// A part of the program can be run without the others.
type part struct {
	name string
	run  func(opts options, rep *report, progress io.Writer) error
}

// parts are in the order of the report.
var parts = []part{
	{"cost", runPairs},
	{"readymade", runReadyMade},
	{"compare", runComparisons},
	{"behaviour", runProbes},
	{"storm", runStorms},
}

func partNames() string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return strings.Join(names, ", ")
}

// checkParts returns an error if one of the parts in only does not exist.
func checkParts(only string) error {
	for name := range strings.SplitSeq(only, ",") {
		if only != "" && !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("-only %q: must be some of %s", name, partNames())
		}
	}
	return nil
}

// selects reports whether opts selects a part.
func (opts options) selects(p part) bool {
	return opts.only == "" || slices.Contains(strings.Split(opts.only, ","), p.name)
}

// measureParts runs the selected parts.
func measureParts(opts options, progress io.Writer) (*report, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	rep := newReport(opts.rounds)
	for _, p := range parts {
		if !opts.selects(p) {
			continue
		}
		if err := p.run(opts, rep, progress); err != nil {
			return nil, err
		}
	}
	return rep, nil
}
