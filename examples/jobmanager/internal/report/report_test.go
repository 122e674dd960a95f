package report_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/report"
)

var update = flag.Bool("update", false, "update the golden files")

// golden compares got with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

type task struct{}

func (task) Run(context.Context) (string, error) { return "", nil }
func (task) String() string                      { return "test" }

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

func job(id, name string) manager.Job {
	return manager.Job{ID: id, Name: name, Task: task{}, Attempts: 3}
}

var (
	fine     = job("fine", "Import bookings")
	wide     = job("wide", "夜間バッチ 🚀 café")
	hostile  = job("hostile", "Evil \x1b[31mjob\u202e")
	endless  = job("endless", "A job whose name does not come to an end for a long time")
	stopped  = job("stopped", "Stopped")
	unstart  = job("unbegun", "Never begun")
	jobs     = []manager.Job{fine, wide, hostile, endless, stopped, unstart}
	outcomes = []manager.Outcome{
		{Job: fine, State: manager.Succeeded, Attempts: 3, Started: after(0), Ended: after(1.25), Summary: "7 rows"},
		{
			Job: wide, State: manager.Vetoed, Attempts: 1, Started: after(0), Ended: after(0.5), Err: errors.New("broken"),
			Labels: enricher.Labels{"kind": "USER", "zone": "eu", enricher.KeyJobCannotRestart: "true"},
		},
		{
			Job: hostile, State: manager.Failed, Attempts: 3, Started: after(0), Ended: after(61), Err: errors.New("\x1b[2J"),
			Labels: enricher.Labels{"kind": "SYSTEM", "owner": "line\nbreak\ttab"},
		},
		{Job: endless, State: manager.Failed, Attempts: 3, Started: after(0), Ended: after(2), Err: errors.New("broken")},
		{Job: stopped, State: manager.Cancelled, Attempts: 1, Started: after(1), Ended: after(2), Err: errors.New("stopped")},
		{Job: unstart, State: manager.Cancelled, Ended: after(2)},
	}
)

func failure(o manager.Outcome, state manager.State, delay time.Duration) manager.Failure {
	return manager.Failure{
		Job:   o.Job,
		Err:   o.Err,
		State: state,
		Delay: delay,
		Context: enricher.FailureContext{
			ID: fmt.Sprintf("%s/%d", o.Job.ID, o.Attempts), JobID: o.Job.ID, JobName: o.Job.Name, TaskName: "test",
			TaskManagerID: "worker-1", Attempt: o.Attempts, MaxAttempts: o.Job.Attempts, Time: o.Ended,
		},
		Result: enricher.Result{Labels: o.Labels},
	}
}

// play reports failures and ends of every kind.
func play(r manager.Reporter) {
	r.Failed(failure(outcomes[3], manager.Restarting, 212*time.Millisecond))
	for _, o := range outcomes {
		if o.Err != nil {
			r.Failed(failure(o, o.State, 0))
		}
		r.Ended(o)
	}
	long := failure(outcomes[3], manager.Failed, 0)
	long.Err = errors.New(strings.Repeat("line\n", 20) + strings.Repeat("x", 1000))
	r.Failed(long)
	incomplete := failure(outcomes[1], manager.Failed, 0)
	incomplete.Err = panicking{}
	incomplete.Result.Outcomes = []enricher.Outcome{{
		Enricher: "slow", Status: enricher.StatusTimedOut, Err: context.DeadlineExceeded, Duration: time.Second,
	}}
	r.Failed(incomplete)
}

// A panicking error has no text.
type panicking struct{}

func (panicking) Error() string { panic("no text") }

var keys = []string{"kind", "owner", enricher.KeyJobCannotRestart}

func TestText(t *testing.T) {
	t.Parallel()
	for name, colours := range map[string]bool{"text.golden": false, "colours.golden": true} {
		var out bytes.Buffer
		r := report.NewText(&out, colours, start, jobs, keys)
		play(r)
		require.NoError(t, r.Summary(outcomes, 61*time.Second))
		golden(t, name, out.Bytes())
		if !colours {
			assert.NotContains(t, out.String(), "\x1b", "no escape sequences")
		}
		for line := range strings.Lines(out.String()) {
			assert.Equal(t, strings.TrimRight(line, " \n")+"\n", line, "no space at the end of a line")
		}
	}
}

func TestTextShowsTheFirstLabelsInColumns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := report.NewText(&out, false, start, jobs, []string{"e"})
	o := outcomes[1]
	o.Labels = enricher.Labels{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"}
	require.NoError(t, r.Summary([]manager.Outcome{o}, time.Second))
	assert.Contains(t, out.String(), "TIME   E  A  B  C\n")
	assert.Contains(t, out.String(), "0.50s  5  1  2  3\n")
	assert.Contains(t, out.String(), "1 job in 1.0s: 0 succeeded, 0 failed, 1 vetoed, 0 cancelled.\n")
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := report.NewJSON(&out)
	play(r)
	require.NoError(t, r.Summary(outcomes, 61*time.Second))
	golden(t, "json.golden", out.Bytes())
}
