// Command fleet runs jobs that fail with River, and labels their failures:
//
//	go run .                                  # one process, with a SQLite file of its own
//	go run . -database-url postgres://…       # one of several processes that share the jobs
//	go run . -database-url postgres://… -jobs 0 -listen 127.0.0.1:8082
//	go run . -plugins ../plugin/plugins -enrichers type,restart,resource
//	go run . -serve-owner -nats embedded      # a process that knows whose a failure is
//	go run . -nats nats://127.0.0.1:…         # one that asks it
//
// The labels are in the metadata of the jobs, counted at /metrics for Prometheus, and
// on a page behind a password. A label ends jobs that a restart cannot help.
//
// The failures are kept in the same database as the jobs, and so outlive the process.
//
// To see how it is wired, read serve here and configure in queue.go. The jobs are in
// jobs.go.
//
// The exit status is 0 after an interrupt, 1 if the program cannot run, and 2 if the
// flags are wrong.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherprom"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	"github.com/failure-enrichers/enricher/exceptions"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that the next signal kills
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	exitDone    = 0
	exitTrouble = 1
	exitUsage   = 2
)

// stopTime is how long jobs, and requests, may take to end after an interrupt.
const stopTime = 5 * time.Second

// run is the program without its process. It stops in order when ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitDone
	}
	if err != nil {
		return exitUsage // flag has printed the error
	}
	err = serve(ctx, opts, stdout, stderr)
	interrupted := ctx.Err() != nil && errors.Is(err, context.Canceled) // during the start
	if err != nil && !interrupted {
		fmt.Fprintln(stderr, "fleet:", err)
		return exitTrouble
	}
	return exitDone
}

// config has the enrichers that label the failures, and their options.
func config(names string) enricher.Config {
	return enricher.Config{
		FailureEnrichers: strings.Split(names, ","),
		Options: map[string]map[string]any{
			"restart": {
				"terminal": []map[string]any{{"key": "type", "is": "USER"}}, // if the error does not say more
				"veto":     true,
			},
		},
		Strict: true,
	}
}

// serve runs jobs until ctx ends.
func serve(ctx context.Context, opts options, stdout, stderr io.Writer) (err error) {
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if opts.serveOwner {
		return serveOwner(ctx, opts, stdout, logger)
	}

	// What labels failures, counts them, and keeps them.
	counts := enricherprom.New(enricherprom.Options{Labels: []string{"type", "retry"}})
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(counts)
	registry, closePlugins, err := registryWith(opts.plugins)
	if err != nil {
		return fmt.Errorf("-plugins: %w", err)
	}
	cfg := config(opts.enrichers)
	if opts.nats != "" {
		nc, stop, err := connectNATS(opts.nats)
		if err != nil {
			return errors.Join(err, closePlugins())
		}
		defer stop()
		if cfg, err = withOwner(cfg, registry, nc); err != nil {
			return errors.Join(err, closePlugins())
		}
	}
	e, err := enricher.New(cfg, enricher.WithRegistry(registry), enricher.WithObserver(counts), enricher.WithLogger(logger))
	if err != nil {
		return errors.Join(err, closePlugins())
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		err = errors.Join(err, e.Shutdown(ctx), closePlugins())
	}()
	db, err := open(ctx, opts)
	if err != nil {
		return err
	}
	defer db.close()
	history := exceptions.NewHistory(exceptions.Options{Store: db.failures, Process: opts.name, Logger: logger})
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		err = errors.Join(err, history.Close(ctx))
	}()
	partner, err := startPartner()
	if err != nil {
		return err
	}
	defer partner.Close()
	client, err := db.newQueue(configure(opts, workers(db.sql, partner), history.For(e), logger))
	if err != nil {
		return err
	}

	web, err := listen(opts.listen, pages(metrics, history, opts.password), logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, web.Close()) }()
	fmt.Fprintf(stdout, "Process %s. Jobs are in %s.\n", opts.name, db.name)
	fmt.Fprintf(stdout, "Failures are at http://%s/failures/, user %s, password %s. Metrics are at http://%[1]s/metrics.\n",
		web.Addr, userName, opts.shownPassword())
	return work(ctx, client, opts.jobs, stdout)
}

// options are the flags.
type options struct {
	database, databaseURL  string
	listen, name, password string
	enrichers, plugins     string
	generated              bool // the password
	nats                   string
	serveOwner             bool
	jobs                   int
	rescueAfter            time.Duration
}

// passwordVariable is the environment variable for the password of the page. Unlike
// a flag, other users of the machine cannot see it.
const passwordVariable = "FLEET_PASSWORD"

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var opts options
	host, _ := os.Hostname()
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opts.database, "database", "", "keep the jobs and their failures in this SQLite `file` (default: a temporary one)")
	flags.StringVar(&opts.databaseURL, "database-url", "", "keep the jobs and their failures in the Postgres database at this `URL`")
	flags.StringVar(&opts.listen, "listen", "127.0.0.1:8081", "serve the page and the metrics at this `address`")
	flags.StringVar(&opts.enrichers, "enrichers", "type,restart", "label failures with these enrichers, by `name`")
	flags.StringVar(&opts.plugins, "plugins", "", "each file NAME.wasm in this `folder` is an enricher, too")
	flags.StringVar(&opts.name, "name", fmt.Sprintf("%s-%d", cmp.Or(host, "fleet"), os.Getpid()), "`name` of this process, unique in the fleet")
	flags.StringVar(&opts.password, "password", os.Getenv(passwordVariable), "`password` of the page (default: that in "+passwordVariable+", or a new one, which is printed)")
	flags.IntVar(&opts.jobs, "jobs", 1, "insert the jobs this many times; 0 only works on those of other processes")
	flags.DurationVar(&opts.rescueAfter, "rescue-after", time.Minute, "run a job again whose process was killed, this long after its start; a job may take half of it")
	flags.StringVar(&opts.nats, "nats", "", "label failures with their owner, whom a process with -serve-owner knows, over the NATS server at this `URL`, or an \"embedded\" one")
	flags.BoolVar(&opts.serveOwner, "serve-owner", false, "run no jobs, but answer for the owners of failures at -nats")
	err := flags.Parse(args)
	if err != nil {
		return opts, err
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: there are only flags", flags.Arg(0))
	case opts.database != "" && opts.databaseURL != "":
		err = errors.New("-database and -database-url: only one of them is accepted")
	case opts.serveOwner && opts.nats == "":
		err = errors.New("-serve-owner: needs -nats")
	case opts.jobs < 0:
		err = fmt.Errorf("-jobs %d: must not be negative", opts.jobs)
	case opts.rescueAfter < 2*time.Second:
		err = fmt.Errorf("-rescue-after %v: must be at least 2s", opts.rescueAfter)
	}
	if err != nil {
		fmt.Fprintln(stderr, "fleet:", err)
		return opts, err
	}
	if opts.password == "" {
		opts.password, opts.generated = rand.Text(), true
	}
	return opts, nil
}

// shownPassword returns the password if it was generated.
func (o options) shownPassword() string {
	if o.generated {
		return o.password
	}
	return "as given"
}
