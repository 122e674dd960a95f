// Command bench compares the enricher library with what people would use
// instead: a fan-out written by hand, and a bare loop.
//
//	go run ./bench
//
// measures every ratio that the library promises to stay under, in one run, and
// says of each whether it was met. All contestants do the same work on the same
// failure, and a ratio is only ever taken of two measurements that were made one
// right after the other, so that a machine which is busy for a while, or changes
// its clock rate, slows both. The order within a pair alternates and that of the
// pairs rotates; what is reported is the median over all rounds.
//
// A bar that was missed is no error, as a noisy machine must not fail a build,
// unless -strict is given. For a profile of one contestant among those that
// -cpuprofile writes, select its name, which is a tag:
//
//	go run ./bench -cpuprofile cpu.prof
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
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// options are what the command line says.
type options struct {
	rounds     int
	time       time.Duration // of one measurement
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
	rep, err := compare(opts, stderr)
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
	flags.IntVar(&opts.rounds, "rounds", 21, "how often each pair is measured, at least 1")
	flags.DurationVar(&opts.time, "time", 50*time.Millisecond, "how long one measurement takes")
	flags.StringVar(&opts.markdown, "markdown", "", "write the tables as Markdown to this `file`")
	flags.StringVar(&opts.cpuProfile, "cpuprofile", "", "write a CPU profile of the rounds to this `file`")
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
		if f.Name == "rounds" || f.Name == "time" {
			fmt.Fprintf(&b, " -%s %s", f.Name, f.Value)
		}
	})
	return b.String()
}

// compare makes all measurements.
func compare(opts options, progress io.Writer) (_ *report, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	pairs := newPairs()
	fmt.Fprintf(progress, "Measuring %d pairs in %d rounds, which takes about %v.\n", len(pairs), opts.rounds,
		(time.Duration(2*len(pairs)*(opts.rounds+2)) * opts.time).Round(time.Second))
	if err := calibrate(pairs, opts.time); err != nil { // also lets everybody warm up
		return nil, err
	}
	if opts.cpuProfile != "" {
		stop, err := startProfile(opts.cpuProfile)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	for round := range opts.rounds {
		if err := measureRound(pairs, round); err != nil {
			return nil, err
		}
	}
	return newReport(opts, pairs, allocationsOfNone()), nil
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
