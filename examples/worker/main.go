// Command worker is a small worker loop: it runs jobs, labels their failures, and
// runs them again unless a label rules that out. An interrupt stops it in order.
//
//	go run ./examples/worker
package main

import (
	"context"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

// A Job is run until it succeeds, at most Attempts times.
type Job struct {
	ID       string
	Attempts int
	Run      func(ctx context.Context) error
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"type", "restart"},
		Options:          map[string]map[string]any{"restart": {"veto": true}}, // sets JOB_CANNOT_RESTART
	})
	if err != nil {
		log.Fatal(err)
	}
	jobs := make(chan Job, 3)
	jobs <- Job{"import", 3, func(context.Context) error { return fs.ErrNotExist }}
	jobs <- Job{"resize", 2, func(context.Context) error { panic("no image") }}
	jobs <- Job{"report", 2, func(context.Context) error { return nil }}
	close(jobs)
	work(ctx, e, jobs)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := e.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
}

// work runs jobs until the channel is closed or ctx ends. It may run in several
// goroutines.
func work(ctx context.Context, e *enricher.Enricher, jobs <-chan Job) {
	for ctx.Err() == nil {
		select {
		case job, ok := <-jobs:
			if !ok {
				return
			}
			run(ctx, e, job)
		case <-ctx.Done():
		}
	}
}

// run makes the attempts of a job, with a pause after each that doubles, or the longer one
// that the failure asks for.
func run(ctx context.Context, e *enricher.Enricher, job Job) {
	for n, pause := 1, 100*time.Millisecond; ; n, pause = n+1, 2*pause {
		err := attempt(ctx, job)
		if err == nil {
			fmt.Printf("%s: attempt %d succeeded\n", job.ID, n)
			return
		}
		// ctx may have ended: EnrichContext ignores that.
		res := e.EnrichContext(ctx, err, enricher.FailureContext{JobID: job.ID, Attempt: n, MaxAttempts: job.Attempts})
		fmt.Printf("%s: attempt %d failed: %v [%v]\n", job.ID, n, err, res.Labels)
		if n == job.Attempts || res.Labels.CannotRestart() {
			return
		}
		asked, _ := res.Labels.RetryAfter()
		select {
		case <-time.After(max(pause, asked)):
		case <-ctx.Done():
			return
		}
	}
}

// attempt runs a job once. A panic is a failure like any other.
func attempt(ctx context.Context, job Job) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = enricher.Recovered(v)
		}
	}()
	return job.Run(ctx)
}
