// Command bench compares the enricher library with what people would use
// instead.
//
//	go run ./bench
//
// has four parts, of which -only chooses:
//
//   - cost: every ratio that the library promises to stay under, against a
//     fan-out written by hand and a bare loop, with a verdict on each;
//   - compare: the time of the same work done by these, failsafe-go and the event
//     processors of sentry-go, also where an enricher hangs;
//   - behaviour: what becomes of labels and callers where an enricher misbehaves,
//     as observed in processes of their own, since some do not survive;
//   - storm: throughput, latency and what stays behind when failures come as
//     quickly as they are enriched.
//
// All contestants do the same work on the same failure. A ratio is only ever
// taken of two measurements that were made one right after the other, so that a
// machine which is busy for a while, or changes its clock rate, slows both. The
// order within a pair alternates and that of the pairs rotates; what is reported
// is the median over all rounds.
//
// A bar that was missed is no error, as a noisy machine must not fail a build,
// unless -strict is given. For a profile of one contestant among those that
// -cpuprofile writes, select its name, which is a tag:
//
//	go run ./bench -only cost -cpuprofile cpu.prof
//	go tool pprof -top -tagfocus='contestant=^8 quick: library$' cpu.prof
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

// procs is the GOMAXPROCS of all measurements. Two is where a fan-out has most
// to lose, since handing work to the other core costs more than doing it, and
// it makes figures from different machines comparable.
const procs = 2

// enoughRounds is the number of rounds below which a median says little.
const enoughRounds = 11

func main() {
	beProbeIfAsked()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// options are what the command line says.
type options struct {
	rounds     int
	time       time.Duration // of one measurement
	budget     time.Duration // of a failure where an enricher hangs
	storm      time.Duration // of one storm
	only       string        // parts, comma-separated; empty: all
	markdown   string
	cpuProfile string
	strict     bool
	command    string // that leads to these options
}

// run is main with the world as arguments. It returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // the flag package has said why
	}
	rep, err := measureParts(opts, stderr)
	if err == nil {
		err = rep.publish(opts, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return rep.exitStatus(opts.strict)
}

func parse(args []string, stderr io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&opts.rounds, "rounds", 21, "how often everything is measured, at least 1")
	flags.DurationVar(&opts.time, "time", 50*time.Millisecond, "how long one measurement takes")
	flags.DurationVar(&opts.budget, "budget", 50*time.Millisecond, "how long a failure may take where an enricher hangs")
	flags.DurationVar(&opts.storm, "storm", time.Second, "how long one storm takes")
	flags.StringVar(&opts.only, "only", "", "the `parts` to run, comma-separated, of "+partNames()+"; empty: all")
	flags.StringVar(&opts.markdown, "markdown", "", "write the tables as Markdown to this `file`")
	flags.StringVar(&opts.cpuProfile, "cpuprofile", "", "write a CPU profile of all measurements to this `file`")
	flags.BoolVar(&opts.strict, "strict", false, "exit with status 1 if a bar is not met")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case opts.rounds < 1:
		err = fmt.Errorf("-rounds %d: want 1 or more", opts.rounds)
	case opts.time <= 0:
		err = fmt.Errorf("-time %v: want more than 0", opts.time)
	case opts.budget <= 0:
		err = fmt.Errorf("-budget %v: want more than 0", opts.budget)
	case opts.storm <= 0:
		err = fmt.Errorf("-storm %v: want more than 0", opts.storm)
	default:
		err = checkParts(opts.only)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		flags.Usage()
	}
	opts.command = command(flags)
	return opts, err
}

// command returns the command line that gives flags the values they have,
// those aside that have no influence on what is measured.
func command(flags *flag.FlagSet) string {
	var b strings.Builder
	b.WriteString("go run ./bench")
	flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "rounds", "time", "budget", "storm", "only":
			fmt.Fprintf(&b, " -%s %s", f.Name, f.Value)
		}
	})
	return b.String()
}

// A part of the program can be run without the others.
type part struct {
	name string
	run  func(opts options, rep *report, progress io.Writer) error
}

// parts are all of them, in the order of the report.
var parts = []part{
	{"cost", runPairs},
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
			return fmt.Errorf("-only %q: want some of %s", name, partNames())
		}
	}
	return nil
}

// runs reports whether opts asks for a part.
func (opts options) runs(p part) bool {
	return opts.only == "" || slices.Contains(strings.Split(opts.only, ","), p.name)
}

// measureParts runs the parts that opts asks for.
func measureParts(opts options, progress io.Writer) (_ *report, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	if opts.cpuProfile != "" {
		stop, err := startProfile(opts.cpuProfile)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	rep := newReport(opts)
	for _, p := range parts {
		if !opts.runs(p) {
			continue
		}
		if err := p.run(opts, rep, progress); err != nil {
			return nil, err
		}
	}
	return rep, nil
}

func startProfile(name string) (stop func() error, err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
