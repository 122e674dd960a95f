package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// probeVariable is the environment variable that makes this program a probe: its
// value is the contender and the misbehaviour.
const probeVariable = "ENRICHER_BENCH_PROBE"

// Exit statuses of a probe. That of one which panics is 2.
const (
	exitStatusOfMisuse   = 1
	exitStatusOfEnricher = 3
)

// beProbeIfAsked does nothing, unless this process is a probe. Then it prints
// what became of the misbehaviour, and exits.
func beProbeIfAsked() {
	if asked := os.Getenv(probeVariable); asked != "" {
		os.Exit(beProbe(asked, os.Stdout, os.Stderr))
	}
}

func beProbe(asked string, stdout, stderr io.Writer) int {
	who, what, _ := strings.Cut(asked, ": ")
	for _, c := range contenders {
		for _, m := range misbehaviours {
			if c.name == who && m.what == what {
				fmt.Fprint(stdout, m.probe(c))
				return 0
			}
		}
	}
	fmt.Fprintf(stderr, "%s=%q: want a contender, a colon, a space and a misbehaviour\n", probeVariable, asked)
	return exitStatusOfMisuse
}

// observe returns what becomes of m with c. It looks at a process of its own, as
// that may not survive.
func observe(c *contender, m misbehaviour) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), probeVariable+"="+c.name+": "+m.what,
		"GORACE=atexit_sleep_ms=0") // or it takes a second to exit, built with -race
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(out), nil
	case errors.As(err, &exit) && ctx.Err() == nil && exit.ExitCode() != exitStatusOfMisuse:
		return fateDies, nil
	case exit != nil:
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return "", fmt.Errorf("probe of %v, %q: %w", c, m.what, err)
}

// runProbes observes all contenders with all misbehaviours.
func runProbes(_ options, rep *report, progress io.Writer) error {
	fmt.Fprintf(progress, "Observing %d contenders with %d misbehaviours.\n", len(contenders), len(misbehaviours))
	fates, err := observeAll()
	if err != nil {
		return err
	}
	t := &table{columns: []column{{title: "an enricher"}}}
	for _, c := range contenders {
		t.columns = append(t.columns, column{title: c.name})
	}
	for i, m := range misbehaviours {
		t.rows = append(t.rows, append([]string{m.what}, fates[i]...))
	}
	rep.sections = append(rep.sections, section{title: behaviourTitle, table: t})
	return nil
}

const behaviourTitle = "What becomes of the labels of the others, or of the label in question, and whether the caller is told which enricher it was, as observed. " +
	"The caller is back within the budget unless something else is said."

// observeAll returns what becomes of each misbehaviour, a row, with each
// contender, a column.
func observeAll() ([][]string, error) {
	fates := make([][]string, len(misbehaviours))
	errs := make([]error, len(misbehaviours)*len(contenders))
	var all sync.WaitGroup
	atOnce := make(chan struct{}, 2*runtime.NumCPU()) // some only wait
	for i, m := range misbehaviours {
		fates[i] = make([]string, len(contenders))
		for j, c := range contenders {
			atOnce <- struct{}{}
			all.Go(func() {
				defer func() { <-atOnce }()
				fates[i][j], errs[i*len(contenders)+j] = observe(c, m)
			})
		}
	}
	all.Wait()
	return fates, errors.Join(errs...)
}
