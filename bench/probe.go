package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// probeVariable is the environment variable that makes this program a probe. Its
// value is "contender: misbehaviour".
const probeVariable = "ENRICHER_BENCH_PROBE"

// exitMisuse is the exit status of a probe with an unknown value. That of one
// that panics is 2.
const exitMisuse = 1

// beProbeIfAsked prints the outcome of a misbehaviour and exits, if this process
// is a probe.
func beProbeIfAsked() {
	if asked := os.Getenv(probeVariable); asked != "" {
		os.Exit(beProbe(asked, os.Stdout, os.Stderr))
	}
}

func beProbe(asked string, stdout, stderr io.Writer) int {
	name, what, _ := strings.Cut(asked, ": ")
	for _, c := range contenders {
		for _, m := range misbehaviours {
			if c.name == name && m.what == what {
				fmt.Fprint(stdout, m.probe(c))
				return 0
			}
		}
	}
	fmt.Fprintf(stderr, "%s=%q: must be a contender, a colon, a space and a misbehaviour\n", probeVariable, asked)
	return exitMisuse
}

// observe returns the outcome of m with c, observed in its own process.
func observe(c *contender, m misbehaviour) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), probeVariable+"="+c.name+": "+m.what,
		"GORACE=atexit_sleep_ms=0") // otherwise it takes a second to exit if built with -race
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(out), nil
	case errors.As(err, &exit) && ctx.Err() == nil && exit.ExitCode() != exitMisuse:
		return outcomeDies, nil
	case exit != nil:
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return "", fmt.Errorf("probe of %s, %q: %w", c.name, m.what, err)
}

// runProbes observes all contenders with all misbehaviours.
func runProbes(_ options, rep *report, progress io.Writer) error {
	fmt.Fprintf(progress, "Observing %d contenders with %d misbehaviours.\n", len(contenders), len(misbehaviours))
	t := &table{columns: []column{{title: "an enricher"}}}
	for _, c := range contenders {
		t.columns = append(t.columns, column{title: c.name})
	}
	for _, m := range misbehaviours {
		cells := []string{m.what}
		for _, c := range contenders {
			outcome, err := observe(c, m)
			if err != nil {
				return err
			}
			cells = append(cells, outcome)
		}
		t.add(cells...)
	}
	rep.add("Behaviour if an enricher misbehaves",
		"What happens to the labels of the other enrichers, or to the label in question, and whether the caller learns which enricher it was, as observed. "+
			"The caller returns within the timeout unless the cell says otherwise.", t)
	return nil
}
