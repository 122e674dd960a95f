package enrichergocron_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichergocron"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/jobs/jobstest"
)

// newEnricher returns one that sets labels, and what observes it.
func newEnricher(t testing.TB, labels enricher.Labels) (*enricher.Enricher, *enrichertest.Recorder) {
	rec := &enrichertest.Recorder{}
	fake := &enrichertest.Fake{Keys: labels.Keys(), Steps: []enrichertest.Step{{Labels: labels}}}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("fake", fake), enricher.WithObserver(rec), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	return e, rec
}

func fails(context.Context) error { return io.EOF }

func culprit(context.Context) error { panic(io.ErrNoProgress) }

// A job runs three times in each case.
func TestEachFailureIsLabeledOnce(t *testing.T) {
	t.Parallel()
	type own = []gocron.EventListener
	both := own{ownPanics, ownErrors}
	for name, c := range map[string]struct {
		in     installed
		own    own
		errors int
		panics int
		frames bool // of the panics
	}{
		"listeners":                           {installed{true, false}, nil, 3, 3, true},
		"listeners, own listener of errors":   {installed{true, false}, own{ownErrors}, 0, 3, true},
		"listeners, own listener of panics":   {installed{true, false}, own{ownPanics}, 3, 3, false},
		"listeners, own listeners":            {installed{true, false}, both, 0, 0, false},
		"monitor":                             {installed{false, true}, nil, 3, 3, false},
		"monitor, own listeners":              {installed{false, true}, both, 3, 3, false},
		"both":                                {installed{true, true}, nil, 3, 3, true},
		"both, own listener of errors":        {installed{true, true}, own{ownErrors}, 3, 3, true},
		"both, own listener of panics":        {installed{true, true}, own{ownPanics}, 3, 3, false},
		"both, own listeners":                 {installed{true, true}, both, 3, 3, false},
		"none of ours, as without the module": {installed{false, false}, nil, 0, 0, false},
	} {
		for _, panics := range []bool{false, true} {
			name, run, want := name+", an error", fails, c.errors
			if panics {
				name, run, want = name+", a panic", culprit, c.panics
			}
			e, rec := newEnricher(t, enricher.Labels{"team": "shop"})
			carried := 0
			j := start(t, jobstest.Setup{Labeler: e, Job: run, Handler: func(_ context.Context, err error, _ any) {
				if enricher.LabelsOf(err)["team"] == "shop" {
					carried++
				}
			}}, c.in, c.own...)
			for range 3 {
				j.Attempt(t)
			}
			failures := rec.Failures()
			assert.Len(t, failures, want, name)
			ids := map[string]bool{}
			for _, f := range failures {
				ids[f.Context.ID] = true
				_, ok := enricher.AsType[*enricher.PanicError](f.Cause)
				assert.Equal(t, panics && c.frames, ok, name)
			}
			assert.NotContains(t, ids, "", name)
			if c.in.monitor {
				assert.Equal(t, 3, carried, name)
			}
		}
	}
}

func TestFailuresAtOnceAreLabeledOnce(t *testing.T) {
	t.Parallel()
	e, rec := newEnricher(t, enricher.Labels{"team": "shop"})
	const runs = 50
	s, err := gocron.NewScheduler(
		gocron.WithGlobalJobOptions(enrichergocron.Listeners(e, enrichergocron.Options{Recover: true, Logger: slog.New(slog.DiscardHandler)})),
		gocron.WithMonitorStatus(enrichergocron.Monitor(e, enrichergocron.Options{}, nil)))
	require.NoError(t, err)
	var n atomic.Int64
	running, fail := make(chan bool), make(chan bool)
	j, err := s.NewJob(gocron.DurationJob(time.Hour), gocron.NewTask(func() error {
		odd := n.Add(1)%2 == 1
		running <- true
		<-fail
		if odd {
			panic("odd")
		}
		return io.EOF
	}))
	require.NoError(t, err)
	s.Start()
	for range runs {
		require.NoError(t, j.RunNow())
	}
	for range runs {
		<-running
	}
	close(fail)
	require.NoError(t, s.Shutdown()) // waits for the runs
	assert.Len(t, rec.Failures(), runs)
}

const inChild = "ENRICHERGOCRON_TEST_CHILD"

// A panic ends the process with the same trace as without the module.
func TestPanicEndsTheProcess(t *testing.T) {
	if os.Getenv(inChild) != "" {
		e, _ := newEnricher(t, enricher.Labels{"team": "shop"})
		s, err := gocron.NewScheduler(gocron.WithGlobalJobOptions(enrichergocron.Listeners(e, enrichergocron.Options{})))
		require.NoError(t, err)
		_, err = s.NewJob(gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), gocron.NewTask(culprit, context.Background()), gocron.WithName("import"))
		require.NoError(t, err)
		s.Start()
		select {}
	}
	t.Parallel()
	child := exec.Command(os.Args[0], "-test.run=^TestPanicEndsTheProcess$")
	child.Env = append(os.Environ(), inChild+"=1")
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, string(out))
	assert.Equal(t, 2, exit.ExitCode(), string(out))
	logged, trace, ok := strings.Cut(string(out), "\npanic: ")
	require.True(t, ok, string(out))
	assert.Contains(t, logged, "Job failed job=import")
	assert.Contains(t, logged, "failure.team=shop")
	assert.Contains(t, trace, io.ErrNoProgress.Error())
	assert.Contains(t, trace, "enrichergocron_test.culprit(")
}

func TestPanicIsRecovered(t *testing.T) {
	t.Parallel()
	e, rec := newEnricher(t, enricher.Labels{"team": "shop"})
	j := start(t, jobstest.Setup{Labeler: e, Job: culprit}, installed{true, true})
	a := j.Attempt(t)
	assert.True(t, a.Again)
	assert.Contains(t, a.Kept, "enrichergocron_test.culprit")
	p, ok := enricher.AsType[*enricher.PanicError](rec.Failures()[0].Cause)
	assert.True(t, ok && p.Value == io.ErrNoProgress)
}

func TestOptionsAreCalled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		labels enricher.Labels
		o      jobs.Options
		want   string
		level  string
	}{
		"no label":                      {nil, jobs.Options{}, "", "ERROR"},
		"a label that asks for nothing": {enricher.Labels{"a": "b"}, jobs.Options{}, "", "ERROR"},
		"expected":                      {enricher.Labels{enricher.KeyExpected: "true"}, jobs.Options{}, "", "INFO"},
		"a veto":                        {enricher.Labels{enricher.KeyJobCannotRestart: "true", enricher.KeyRetryAfter: "5s"}, jobs.Options{}, "veto import", "ERROR"},
		"an ignored veto":               {enricher.Labels{enricher.KeyJobCannotRestart: "true"}, jobs.Options{IgnoreVeto: true}, "", "ERROR"},
		"a delay":                       {enricher.Labels{enricher.KeyRetryAfter: "5s"}, jobs.Options{}, "import after 5s", "ERROR"},
		"does not count":                {enricher.Labels{enricher.KeyAttemptCounts: "false"}, jobs.Options{}, "", "ERROR"},
		"does not count, with a delay":  {enricher.Labels{enricher.KeyAttemptCounts: "false", enricher.KeyRetryAfter: "5s"}, jobs.Options{}, "import after 5s", "ERROR"},
		"does not count, ignored delay": {enricher.Labels{enricher.KeyAttemptCounts: "false", enricher.KeyRetryAfter: "5s"}, jobs.Options{IgnoreRetryAfter: true}, "", "ERROR"},
	} {
		e, _ := newEnricher(t, c.labels)
		var got string
		var log bytes.Buffer
		m := enrichergocron.Monitor(e, enrichergocron.Options{
			Options: c.o, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			OnVeto:       func(_ uuid.UUID, name string) { got += "veto " + name },
			OnRetryAfter: func(_ uuid.UUID, name string, delay time.Duration) { got += name + " after " + delay.String() },
		}, nil)
		m.RecordJobTimingWithStatus(time.Now(), time.Now(), uuid.New(), "import", nil, gocron.Fail, io.EOF)
		assert.Equal(t, c.want, got, name)
		assert.Contains(t, log.String(), "level="+c.level, name)
		assert.Equal(t, len(c.labels) > 0, strings.Contains(log.String(), "failure."), name)
	}
}

func TestEachFailureIsLogged(t *testing.T) {
	t.Parallel()
	ended, _ := newEnricher(t, enricher.Labels{"team": "shop"})
	require.NoError(t, ended.Shutdown(t.Context()))
	none, err := enricher.New(enricher.Config{})
	require.NoError(t, err)
	silent, _ := newEnricher(t, nil)
	for name, e := range map[string]*enricher.Enricher{"after Shutdown": ended, "without enrichers": none, "without labels": silent} {
		for _, in := range []installed{{listeners: true}, {monitor: true}, {true, true}} {
			j := start(t, jobstest.Setup{Labeler: e, Job: func(context.Context) error { return io.EOF }}, in)
			a := j.Attempt(t)
			var record map[string]any
			require.NoError(t, json.Unmarshal([]byte(a.Kept), &record), "one record %s, %v: %s", name, in, a.Kept)
			delete(record, "time")
			assert.Equal(t, map[string]any{
				"level": "ERROR", "msg": "Job failed", "job": "import", "job_id": j.ID().String(), "error": "EOF",
			}, record, "%s, %v", name, in)
		}
	}
}

// calls is a monitor of the user's own.
type calls struct{ got []string }

func (c *calls) IncrementJob(_ uuid.UUID, name string, _ []string, status gocron.JobStatus) {
	c.got = append(c.got, fmt.Sprint("count ", name, " ", status))
}

func (c *calls) RecordJobTiming(_, _ time.Time, _ uuid.UUID, name string, _ []string) {
	c.got = append(c.got, "time "+name)
}

func (c *calls) RecordJobTimingWithStatus(_, _ time.Time, _ uuid.UUID, name string, tags []string, status gocron.JobStatus, err error) {
	c.got = append(c.got, fmt.Sprint(name, tags, status, err))
}

func TestMonitorCallsTheUsers(t *testing.T) {
	t.Parallel()
	e, rec := newEnricher(t, enricher.Labels{"team": "shop"})
	c := &calls{}
	for _, next := range []gocron.MonitorStatus{c, nil} {
		m := enrichergocron.Monitor(e, enrichergocron.Options{Logger: slog.New(slog.DiscardHandler)}, next)
		m.IncrementJob(uuid.New(), "import", nil, gocron.Fail)
		m.RecordJobTiming(time.Now(), time.Now(), uuid.New(), "import", nil)
		m.RecordJobTimingWithStatus(time.Now(), time.Now(), uuid.New(), "import", []string{"tag"}, gocron.Success, nil)
		m.RecordJobTimingWithStatus(time.Now(), time.Now(), uuid.New(), "import", nil, gocron.Fail, io.EOF)
		m.RecordJobTimingWithStatus(time.Now(), time.Now(), uuid.New(), "import", nil, gocron.Fail, fmt.Errorf("query: %w", context.Canceled))
	}
	assert.Equal(t, []string{"count import fail", "time import", "import[tag]success<nil>", "import[]failEOF", "import[]failquery: context canceled"}, c.got)
	assert.Len(t, rec.Failures(), 2, "of both, without what was cancelled")
}

// A list is the error of a package from before errors.Join.
type list []error

func (l list) Error() string          { return errors.Join(l...).Error() }
func (l list) Unwrap() error          { return l[0] }
func (l list) WrappedErrors() []error { return l }

// An aggregate is one of Kubernetes.
type aggregate []error

func (a aggregate) Error() string        { return errors.Join(a...).Error() }
func (a aggregate) Errors() []error      { return a }
func (a aggregate) Is(target error) bool { return errors.Is(errors.Join(a...), target) }

// hostile panics if it is asked for what it joins.
type hostile struct{ error }

func (hostile) Is(error) bool   { return true }
func (hostile) Unwrap() []error { panic("hostile") }

func TestCanceledIsNoFailure(t *testing.T) {
	t.Parallel()
	canceled := fmt.Errorf("fetch b: %w", context.Canceled)
	for name, c := range map[string]struct {
		err  error
		want int // failures
	}{
		"canceled":                             {canceled, 0},
		"an error of several":                  {fmt.Errorf("%w: %w", io.ErrNoProgress, context.Canceled), 0},
		"joined, all canceled":                 {errors.Join(canceled, canceled), 0},
		"a failure and what it has canceled":   {errors.Join(io.EOF, canceled), 1},
		"what a failure has canceled, wrapped": {fmt.Errorf("sync: %w", errors.Join(canceled, errors.Join(canceled, io.EOF))), 1},
		"a list":                               {list{canceled, io.EOF}, 1},
		"a list, all canceled":                 {list{canceled, canceled}, 0},
		"an aggregate":                         {aggregate{canceled, io.EOF}, 1},
		"an aggregate, all canceled":           {aggregate{canceled, canceled}, 0},
		"hostile":                              {hostile{io.EOF}, 1},
	} {
		e, rec := newEnricher(t, enricher.Labels{"team": "shop"})
		m := enrichergocron.Monitor(e, enrichergocron.Options{Logger: slog.New(slog.DiscardHandler)}, nil)
		m.RecordJobTimingWithStatus(time.Now(), time.Now(), uuid.New(), "import", nil, gocron.Fail, c.err)
		assert.Len(t, rec.Failures(), c.want, name)
	}
}

func TestListenersAndMonitorPanicOnWrongOptions(t *testing.T) {
	t.Parallel()
	o := enrichergocron.Options{Options: jobs.Options{MaxUncounted: -1}}
	assert.Error(t, o.Validate())
	assert.Panics(t, func() { enrichergocron.Listeners(nil, o) })
	assert.Panics(t, func() { enrichergocron.Monitor(nil, o, nil) })
}
