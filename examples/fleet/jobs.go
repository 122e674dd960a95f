package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/riverqueue/river"
)

// fleetJobs returns the jobs. Most of them fail, each for another reason.
func fleetJobs() []river.InsertManyParams {
	twice := &river.InsertOpts{MaxAttempts: 2}
	return []river.InsertManyParams{
		// A label rules out another attempt.
		{Args: importArgs{File: "april.csv"}}, // there is no such file
		{Args: bookArgs{Invoice: "2026-117"}}, // which is booked already
		{Args: reportArgs{Percent: 100}},      // which its code cannot do

		// These are run again, until no attempt is left.
		{Args: fetchArgs{Path: "/rates"}, InsertOpts: twice}, // the server is overloaded
		{Args: pushArgs{}, InsertOpts: twice},                // there is no server

		// These succeed, the first of them at the third attempt.
		{Args: fetchArgs{Path: "/flaky"}},
		{Args: archiveArgs{Takes: time.Second}},
	}
}

type (
	importArgs  struct{ File string }
	bookArgs    struct{ Invoice string }
	reportArgs  struct{ Percent int }
	fetchArgs   struct{ Path string } // at the partner
	pushArgs    struct{}
	archiveArgs struct{ Takes time.Duration }
)

func (importArgs) Kind() string  { return "import" }
func (bookArgs) Kind() string    { return "book" }
func (reportArgs) Kind() string  { return "report" }
func (fetchArgs) Kind() string   { return "fetch" }
func (pushArgs) Kind() string    { return "push" }
func (archiveArgs) Kind() string { return "archive" }

// workers returns what runs the jobs of each kind.
func workers(db *sql.DB, partner *partner) *river.Workers {
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(importFile))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[bookArgs]) error {
		_, err := db.ExecContext(ctx, "INSERT INTO fleet_invoice VALUES ($1)", job.Args.Invoice)
		return err
	}))
	river.AddWorker(workers, river.WorkFunc(report))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[fetchArgs]) error {
		return get(ctx, "http://"+partner.Addr+job.Args.Path, job.Attempt)
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[pushArgs]) error {
		return get(ctx, "http://"+partner.Closed+"/", job.Attempt)
	}))
	river.AddWorker(workers, river.WorkFunc(archive))
	return workers
}

func importFile(_ context.Context, job *river.Job[importArgs]) error {
	f, err := os.Open(job.Args.File)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = csv.NewReader(f).ReadAll()
	return err
}

// report has a bug on purpose: for 100 per cent the index is one past the last
// sample, which is a panic.
func report(_ context.Context, job *river.Job[reportArgs]) error {
	samples := slices.Sorted(slices.Values([]float64{12.5, 9.1, 30.2, 11.7}))
	return river.RecordOutput(context.Background(), samples[len(samples)*job.Args.Percent/100])
}

// archive is a job that takes time, and that a stop can interrupt.
func archive(ctx context.Context, job *river.Job[archiveArgs]) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(job.Args.Takes):
		return nil
	}
}

// get fetches a page.
func get(ctx context.Context, url string, attempt int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set(attemptHeader, strconv.Itoa(attempt))
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return &statusError{url, resp.StatusCode, time.Duration(seconds) * time.Second}
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// client uses no proxy, so that failures are those of the server, and keeps no
// connections.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// A statusError is an answer other than 200. Enrichers find the status and the wait
// by its methods.
type statusError struct {
	url   string
	code  int
	after time.Duration
}

func (e *statusError) Error() string {
	return fmt.Sprintf("GET %s: %d %s", e.url, e.code, http.StatusText(e.code))
}

func (e *statusError) StatusCode() int           { return e.code }
func (e *statusError) RetryAfter() time.Duration { return e.after }
