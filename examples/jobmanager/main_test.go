package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Misbehave(os.Args[1:]) // as which the jobs run this program
	if os.Getenv("JOBMANAGER_TEST_MAIN") != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// An event is a line of -json.
type event struct {
	Event, JobID, Error, State string
	Attempt                    int
	Labels                     enricher.Labels
	Counts                     map[string]int
	Jobs                       []struct {
		JobID, State, Summary, Error string
		Attempts                     int
		Labels                       enricher.Labels
	}
}

// ready returns labels as the ready-made enrichers set them.
func ready(typ, retry, team, errorType, code string) enricher.Labels {
	l := enricher.Labels{"type": typ, "retry": retry, "team": team, "error_type": errorType}
	if code != "" {
		l["error_code"] = code
	}
	if retry == "terminal" {
		l[enricher.KeyJobCannotRestart] = "true"
	}
	return l
}

// own returns labels as the enrichers of this program set them.
func own(kind, reason, owner string) enricher.Labels {
	l := enricher.Labels{"kind": kind, "reason": reason, "owner": owner}
	if reason == "command-not-found" || reason == "malformed-row" || reason == "panic" {
		l[enricher.KeyJobCannotRestart] = "true"
	}
	return l
}

// expectedJobs are the expected outcomes of the default jobs.
var expectedJobs = map[string]struct {
	state              string
	attempts, failures int
	errorText          string
	ready, own         enricher.Labels // of the last failure
}{
	"import-march":     {"succeeded", 1, 0, "", nil, nil},
	"fetch-rates":      {"succeeded", 1, 0, "", nil, nil},
	"score-risks":      {"succeeded", 1, 0, "", nil, nil},
	"sync-crm":         {"succeeded", 3, 2, "", nil, nil},
	"backup-database":  {"vetoed", 1, 1, "pg-dump-not-installed", ready("SYSTEM", "terminal", "platform", "*exec.Error", ""), own("SYSTEM", "command-not-found", "platform")},
	"import-april":     {"vetoed", 1, 1, "data/april.csv:5", ready("USER", "terminal", "ledger", "*task.RowError", ""), own("USER", "malformed-row", "ledger")},
	"report-latency":   {"vetoed", 1, 1, "index out of range [4] with length 4", ready("SYSTEM", "terminal", "maintainers", "runtime.boundsError", ""), own("USER", "panic", "web")},
	"build-index":      {"failed", 2, 2, "exit status 3", ready("SYSTEM", "unknown", "platform", "*exec.ExitError", "3"), own("USER", "exit-status", "search")},
	"transcode-videos": {"failed", 2, 2, "signal: killed", ready("SYSTEM", "retryable", "platform", "*exec.ExitError", "SIGKILL"), own("SYSTEM", "killed", "platform")},
	"push-metrics":     {"failed", 3, 3, "refused", ready("DEPENDENCY", "retryable", "integrations", "*url.Error", "ECONNREFUSED"), own("DEPENDENCY", "connection-refused", "integrations")},
	"ask-partner":      {"failed", 2, 2, "prices.invalid", ready("DEPENDENCY", "retryable", "integrations", "*url.Error", ""), own("DEPENDENCY", "name-not-resolved", "integrations")},
	"send-invoices":    {"failed", 2, 2, "503 Service Unavailable", ready("DEPENDENCY", "retryable", "integrations", "*task.StatusError", "503"), own("DEPENDENCY", "http-503", "integrations")},
	"train-model":      {"failed", 2, 2, "deadline of 800ms exceeded", ready("CANCELLED", "unknown", "on-call", "*manager.DeadlineError", ""), own("SYSTEM", "deadline-exceeded", "platform")},
	"clean-up":         {"failed", 2, 2, "step 2: exit status 1", ready("DEPENDENCY", "retryable", "integrations", "*url.Error", "ECONNREFUSED"), own("DEPENDENCY", "connection-refused", "integrations")},
}

func TestRunLabelsTheDefaultJobs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("skipped: the codes and signals are those of Unix")
	}
	for _, config := range []string{"", "own-enrichers.yaml"} {
		t.Run(config, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			assert.Zero(t, run(t.Context(), []string{"-json", "-config", config}, &stdout, &stderr))
			failures := map[string]int{}
			var summary event
			for line := range strings.Lines(stdout.String()) {
				var e event
				require.NoError(t, json.Unmarshal([]byte(line), &e), line)
				require.Empty(t, summary.Event, "the summary is the last event")
				if e.Event == "summary" {
					summary = e
					continue
				}
				require.Equal(t, "failure", e.Event)
				failures[e.JobID]++
				assert.Equal(t, failures[e.JobID], e.Attempt, "the failures of a job are in order")
			}

			require.Len(t, summary.Jobs, len(expectedJobs))
			for _, job := range summary.Jobs {
				want, ok := expectedJobs[job.JobID]
				require.True(t, ok, job.JobID)
				labels := want.own
				if config == "" {
					labels = want.ready
				}
				assert.Equal(t, want.state, job.State, job.JobID)
				assert.Equal(t, want.attempts, job.Attempts, job.JobID)
				assert.Equal(t, want.failures, failures[job.JobID], job.JobID)
				assert.Equal(t, config == "" && labels != nil, job.Labels["fingerprint"] != "", job.JobID)
				delete(job.Labels, "fingerprint") // depends on paths and ports
				assert.Equal(t, labels.String(), job.Labels.String(), job.JobID)
				assert.Contains(t, job.Error, want.errorText, job.JobID)
				assert.Equal(t, job.State == "succeeded", job.Summary != "", job.JobID)
			}
			assert.Equal(t, map[string]int{"succeeded": 4, "failed": 7, "vetoed": 3, "cancelled": 0}, summary.Counts)
			notifications := ""
			if config == "" {
				notifications = "Notifications sent to on-call: 5.\n"
			}
			assert.Equal(t, notifications, stderr.String())
		})
	}
}

func TestRunExplains(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-explain", "import-april"}, &stdout, &stderr), stderr.String())
	assert.Contains(t, stdout.String(), "*task.RowError: data/april.csv:5: ")
	assert.Contains(t, stdout.String(), "type=USER  because: option types *task.RowError\n")
	assert.Contains(t, stdout.String(), "retry=terminal  because: option terminal: type=USER\n")
	stdout.Reset()
	assert.Equal(t, exitTrouble, run(t.Context(), []string{"-explain", "import-march"}, &stdout, &stderr))
	assert.Equal(t, "jobmanager: -explain import-march: the job succeeds\n", stderr.String())
	stderr.Reset()

	require.Zero(t, run(t.Context(), []string{"-explain", "row 7 is malformed"}, &stdout, &stderr), stderr.String())
	assert.Contains(t, stdout.String(), "No job has the ID \"row 7 is malformed\". Explaining an error with this text:\n\n*errors.errorString: row 7 is malformed\n\nwave 1\n  type: ok\n    type=UNKNOWN  because: ")
	assert.Contains(t, stdout.String(), "the label \"type\" must be SYSTEM or USER")
	assert.NotContains(t, stdout.String(), "Jobs:", "no job is run")

	stdout.Reset()
	require.Zero(t, run(t.Context(), []string{"-json", "-explain", "x"}, &stdout, &stderr))
	var explanation struct{ Labels enricher.Labels }
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &explanation))
	assert.Equal(t, "on-call", explanation.Labels["team"])
	assert.Empty(t, stderr.String())
}

// write puts a file into a directory of the test.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestRunOpensFilesRelativeToTheJobFile(t *testing.T) {
	t.Parallel()
	jobs := write(t, "jobs.yaml", "jobs: [{id: a, name: A, kind: csv, with: {file: a.csv}}]")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(jobs), "a.csv"), []byte("date,account,amount\n,,1"), 0o600))
	var stdout, stderr bytes.Buffer
	assert.Zero(t, run(t.Context(), []string{"-jobs", jobs}, &stdout, &stderr))
	assert.Contains(t, stdout.String(), "1 rows, 1.00 in total")
	assert.Contains(t, stdout.String(), "1 job in ")
	assert.NotContains(t, stdout.String(), "\x1b", "no colours without a terminal")
	assert.Empty(t, stderr.String())
}

func TestRunRejectsFlagsAndFiles(t *testing.T) {
	t.Parallel()
	ofConfig := func(yaml string) []string { return []string{"-config", write(t, "c.yaml", yaml)} }
	ofJobs := func(yaml string) []string { return []string{"-jobs", write(t, "j.yaml", yaml)} }
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	tests := map[string]struct {
		args   []string
		status int
		want   []string // in this order; lines begin with "jobmanager: " and, mostly, the file
	}{
		"help":                 {[]string{"-h"}, 0, []string{"Usage of jobmanager:"}},
		"an unknown flag":      {[]string{"-nope"}, 2, []string{"flag provided but not defined: -nope"}},
		"an argument":          {[]string{"jobs.yaml"}, 2, []string{`jobmanager: unexpected argument "jobs.yaml": there are only flags`}},
		"no job file":          {[]string{"-jobs", missing}, 2, []string{"jobmanager: open " + missing}},
		"a directory":          {[]string{"-jobs", t.TempDir()}, 2, []string{"is a directory"}},
		"a bad job":            {ofJobs("jobs:\n  - {id: a, name: A, kind: csv, with: {file: a}, attempts: -1}"), 2, []string{`j.yaml: job 1 ("a"): attempts: -1: must be positive`}},
		"no YAML":              {ofConfig("a: b\nc: d: e"), 2, []string{"c.yaml:2: mapping values are not allowed in this context"}},
		"a list as config":     {ofConfig("\n- a"), 2, []string{"c.yaml:2: cannot unmarshal !!seq into map[string]interface {}"}},
		"a key given twice":    {ofConfig("a: b\na: c"), 2, []string{`c.yaml:2: mapping key "a" already defined at line 1`}},
		"an unknown enricher":  {ofConfig("failure-enrichers: example-cuase"), 2, []string{`c.yaml: `, `"example-cuase"`, `did you mean "example-cause"?`}},
		"an unknown option":    {ofConfig("failure-enrichers: example-triage\nfailure-enricher: {example-triage: {owner: me}}"), 2, []string{`c.yaml: enricher "example-triage": option "owner"`}},
		"an overlap":           {ofConfig("failure-enrichers: example-cause, example-cause/two"), 2, []string{`c.yaml: output key "kind" is declared by "example-cause", "example-cause/two"`}},
		"a timeout in no unit": {ofConfig("failure-enrichment: {timeout: 5}"), 2, []string{`c.yaml: option "failure-enrichment.timeout"`}},
		"unused options":       {ofConfig("failure-enrichers: []\nfailure-enricher: {example-triage: {default-owner: me}}"), 2, []string{`c.yaml: `, "example-triage"}},
		"both files": {
			append(ofJobs("jobs: []"), ofConfig("- a")...), 2,
			[]string{"j.yaml: jobs: missing", "c.yaml:1: cannot unmarshal"},
		},
		"a bad address": {[]string{"-listen", "nowhere"}, 1, []string{"jobmanager: -listen nowhere: "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			assert.Equal(t, tt.status, run(t.Context(), tt.args, &stdout, &stderr))
			assert.Empty(t, stdout.String(), "nothing has started")
			rest := stderr.String()
			for _, want := range tt.want {
				at := strings.Index(rest, want)
				require.GreaterOrEqual(t, at, 0, "%q in %q", want, stderr.String())
				rest = rest[at+len(want):]
			}
		})
	}
}

// A process is the program as a process of its own, which runs a job that hangs.
type process struct {
	*exec.Cmd
	stdout, stderr *bufio.Reader
}

// start starts the program, with one worker, and waits until the second of three
// jobs hangs in a shell with this script, which makes the file "begun" when it does.
func start(t *testing.T, script string) process {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no process can be interrupted here")
	}
	jobs := write(t, "jobs.yaml", `
workers: 1
jobs:
  - {id: a, name: First, kind: percentile, with: {samples: [1], percent: 100}}
  - {id: b, name: Second, kind: command, with: {command: [sh, -c, "`+script+`"]}}
  - {id: c, name: Third, kind: primes, with: {below: 10}}
`)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, self, "-jobs", jobs)
	cmd.Dir = filepath.Dir(jobs)
	cmd.Env = append(os.Environ(), "JOBMANAGER_TEST_MAIN=1")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(cmd.Dir, "begun"))
		return err == nil
	}, time.Minute, time.Millisecond)
	return process{cmd, bufio.NewReader(stdout), bufio.NewReader(stderr)}
}

// interrupt interrupts the program and waits until it says that it stops.
func (p process) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Process.Signal(os.Interrupt))
	for line := ""; line != "jobmanager: stopping; interrupt again to stop at once\n"; {
		var err error
		line, err = p.stderr.ReadString('\n')
		require.NoError(t, err)
	}
}

func TestMainStopsInOrderWhenInterrupted(t *testing.T) {
	t.Parallel()
	p := start(t, "touch begun; exec sleep 30")
	p.interrupt(t)
	out, err := io.ReadAll(p.stdout)
	require.NoError(t, err)
	assert.Contains(t, string(out), "stopped: interrupt signal received: signal: killed\n")
	assert.Contains(t, string(out), "type=CANCELLED  retry=unknown  team=on-call  error_type=*manager.StoppedError", "the failure is enriched")
	assert.Contains(t, string(out), "not started: shutting down\n")
	assert.Contains(t, string(out), "0 succeeded, 0 failed, 1 vetoed, 2 cancelled.\n")
	require.Error(t, p.Wait())
	assert.Equal(t, exitTrouble, p.ProcessState.ExitCode())
}

func TestMainEndsAtASecondInterrupt(t *testing.T) {
	t.Parallel()
	// The shell is killed by the first, but its child holds on to the output, and
	// the command is given some time for that.
	p := start(t, "sleep 3 & touch begun; wait")
	p.interrupt(t)
	require.NoError(t, p.Process.Signal(os.Interrupt))
	out, err := io.ReadAll(p.stdout)
	require.NoError(t, err)
	assert.NotContains(t, string(out), "cancelled", "no summary")
	require.Error(t, p.Wait())
	status, ok := p.ProcessState.Sys().(interface{ Signaled() bool })
	assert.True(t, ok && status.Signaled(), "%v", p.ProcessState)
}

var address = regexp.MustCompile(`http://[^/]+/`)

func TestRunServesFailuresUntilInterrupted(t *testing.T) {
	t.Parallel()
	jobs := write(t, "jobs.yaml", "jobs: [{id: a, name: A, kind: percentile, with: {samples: [1], percent: 100}}]")
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int)
	go func() {
		defer in.Close()
		ended <- run(ctx, []string{"-jobs", jobs, "-listen", "127.0.0.1:0"}, in, io.Discard)
	}()
	var url string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "All jobs are done.") {
			url = address.FindString(lines.Text())
			break
		}
	}
	require.NotEmpty(t, url)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url + "jobs/a/exceptions")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Contains(t, string(body), `"exceptionName":"runtime.boundsError"`)
	assert.Contains(t, string(body), `"type":"SYSTEM"`)
	assert.Contains(t, string(body), `"endpoint":"`+strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")+`"`)
	stop()
	assert.Equal(t, exitDone, <-ended)
}

func TestRunReturnsWriteErrors(t *testing.T) {
	t.Parallel()
	jobs := write(t, "jobs.yaml", "jobs: [{id: a, name: A, kind: primes, with: {below: 10}}]")
	for _, args := range [][]string{{"-jobs", jobs}, {"-json", "-jobs", jobs}} {
		var stderr bytes.Buffer
		assert.Equal(t, exitTrouble, run(t.Context(), args, fullDisk{}, &stderr))
		assert.Contains(t, stderr.String(), "jobmanager: disk full")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errDiskFull }

var errDiskFull = os.NewSyscallError("disk full", os.ErrInvalid)
