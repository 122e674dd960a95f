// Command jobmanager is a small job manager that labels the failures of its jobs.
//
//	go run ./examples/jobmanager                    # the jobs that ship with it
//	go run ./examples/jobmanager -listen :8081      # and their failures at http://localhost:8081/
//	go run ./examples/jobmanager -jobs my-jobs.yaml -config my-enrichers.yaml
//	go run ./examples/jobmanager -explain import-april
//
// These jobs fail in many ways, and really. Every failure is labelled by the
// enrichers of the configuration, by default the ready-made ones. The labels
// decide whether the job is run again.
//
// To see how the library is used, read internal/manager. To see how an enricher is
// written, read enrichers, which has two of the program's own.
//
// The exit status is 0 if the jobs were run, even if they failed; 1 if they could
// not be run, or were interrupted; and 2 if the flags or the files are wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	_ "github.com/failure-enrichers/enricher/examples/jobmanager/enrichers"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/report"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/sandbox"
	"github.com/failure-enrichers/enricher/exceptions"
)

func main() {
	sandbox.Misbehave(os.Args[1:])

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	announced := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(announced)
		stop() // so that the next signal kills
		fmt.Fprintln(os.Stderr, "jobmanager: stopping; interrupt again to stop at once")
	})
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if ctx.Err() != nil {
		<-announced // the jobs may have ended first
	}
	os.Exit(status)
}

// Exit statuses.
const (
	exitDone    = 0
	exitTrouble = 1
	exitUsage   = 2
)

// run is the program without its process. It stops in order when ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	fail := func(status int, err error) int {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(stderr, "jobmanager: %s\n", strings.TrimSuffix(line, "\n"))
		}
		return status
	}
	opts, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitDone
	}
	if err != nil {
		return exitUsage // flag has printed the error
	}

	// Both files are checked before any job starts.
	box, err := sandbox.Start()
	if err != nil {
		return fail(exitTrouble, err)
	}
	defer box.Close()
	file, jobsErr := readJobs(opts.jobs, box)
	cfg, configErr := readConfig(opts.config, box)
	if err := errors.Join(jobsErr, configErr); err != nil {
		return fail(exitUsage, err)
	}

	level := slog.LevelWarn
	if opts.verbose {
		level = slog.LevelInfo
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	e, err := enricher.New(cfg, enricher.WithLogger(logger))
	if err != nil {
		return fail(exitUsage, inFile(displayName(opts.config, defaultConfig), err))
	}
	defer func() {
		// Enrichers may have requests to finish.
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
		defer cancel()
		if err := e.Shutdown(ctx); err != nil {
			status = fail(exitTrouble, err)
		}
	}()

	if opts.explain != "" {
		if err := explain(ctx, e, opts, file.Jobs, stdout); err != nil {
			return fail(exitTrouble, err)
		}
		return exitDone
	}

	endpoint, _ := os.Hostname()
	history := exceptions.NewHistory(exceptions.Options{})
	if opts.listen != "" {
		server, err := listen(opts.listen, exceptions.NewHandler(history), logger)
		if err != nil {
			return fail(exitTrouble, err)
		}
		defer func() {
			if err := server.Close(); err != nil {
				status = fail(exitTrouble, err)
			}
		}()
		endpoint = server.Addr
	}

	start := time.Now()
	notes := stdout
	var reporter reporter
	if opts.json {
		notes = stderr // stdout has JSON only
		reporter = report.NewJSON(stdout)
	} else {
		reporter = report.NewText(stdout, colours(stdout), start, file.Jobs, labelKeys(e))
		fmt.Fprintf(notes, "Jobs: %d. Workers: %d. Failures are labelled by: %s.\n", len(file.Jobs), file.Workers, names(e))
	}
	if opts.listen != "" {
		fmt.Fprintf(notes, "Failures are at http://%s/\n", endpoint)
	}

	m := &manager.Manager{Workers: file.Workers, Endpoint: endpoint, Enricher: e, History: history, Reporter: reporter}
	outcomes := m.Run(ctx, file.Jobs)
	if err := reporter.Summary(outcomes, time.Since(start)); err != nil {
		return fail(exitTrouble, err)
	}
	if n := box.Notifications(); n > 0 {
		fmt.Fprintf(notes, "Notifications sent to on-call: %d.\n", n)
	}
	for _, o := range outcomes {
		if o.State == manager.Cancelled {
			return exitTrouble
		}
	}
	if opts.listen != "" {
		fmt.Fprintf(notes, "\nAll jobs are done. Their failures stay at http://%s/ until you interrupt (Ctrl-C).\n", endpoint)
		<-ctx.Done()
	}
	return exitDone
}

// explain prints why the failure of a job gets its labels, after one attempt of
// the job. If no job has this ID, it explains an error with this text.
func explain(ctx context.Context, e *enricher.Enricher, opts options, jobs []manager.Job, stdout io.Writer) error {
	cause, fc := errors.New(opts.explain), enricher.FailureContext{}
	i := slices.IndexFunc(jobs, func(job manager.Job) bool { return job.ID == opts.explain })
	if i >= 0 {
		if fc, cause = manager.Try(ctx, jobs[i]); cause == nil {
			return fmt.Errorf("-explain %s: the job succeeds", opts.explain)
		}
	}
	explanation := e.Explain(ctx, cause, fc)
	if opts.json {
		return json.NewEncoder(stdout).Encode(explanation)
	}
	if i < 0 {
		fmt.Fprintf(stdout, "No job has the ID %q. Explaining an error with this text:\n\n", opts.explain)
	}
	_, err := fmt.Fprint(stdout, explanation)
	return err
}

// shutdownTime is how long each part of the program may take to shut down.
const shutdownTime = 5 * time.Second

// A reporter prints failures and results.
type reporter interface {
	manager.Reporter
	Summary(outcomes []manager.Outcome, took time.Duration) error
}

// options are the flags.
type options struct {
	jobs, config, listen, explain string
	json, verbose                 bool
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("jobmanager", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opts.jobs, "jobs", "", "read the jobs from this `file` (default: the built-in "+defaultJobs+")")
	flags.StringVar(&opts.config, "config", "", "read the configuration of the enrichers from this `file` (default: the built-in "+defaultConfig+")")
	flags.StringVar(&opts.listen, "listen", "", "serve the failures at this `address`, such as localhost:8081, until interrupted")
	flags.StringVar(&opts.explain, "explain", "", "run only the job with this `id`, once, and print why its failure gets its labels; if there is no such job, explain an error with this text")
	flags.BoolVar(&opts.json, "json", false, "write JSON to stdout, one object a line")
	flags.BoolVar(&opts.verbose, "v", false, "log more than warnings")
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("jobmanager: unexpected argument %q: there are only flags", flags.Arg(0))
		fmt.Fprintln(stderr, err)
		flags.Usage()
	}
	return opts, err
}

// colours reports whether w is a terminal that shows colours.
func colours(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) &&
		os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" &&
		(runtime.GOOS != "windows" || os.Getenv("WT_SESSION") != "") // older consoles print the codes
}

// labelKeys returns the keys of all labels, in the order of the enrichers.
func labelKeys(e *enricher.Enricher) []string {
	var keys []string
	for _, info := range e.Enrichers() {
		keys = append(keys, info.OutputKeys...)
	}
	return keys
}

func names(e *enricher.Enricher) string {
	var names []string
	for _, info := range e.Enrichers() {
		names = append(names, info.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
