package enrichergocron_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichergocron"
	"github.com/failure-enrichers/enricher/jobs/jobstest"
)

// Which of the two is installed.
type installed struct{ listeners, monitor bool }

func TestAdapter(t *testing.T) {
	t.Parallel()
	without := map[string]string{
		"attempts":  "gocron has no attempts; see TestEachFailureIsLabeledOnce",
		"maximum":   "gocron has no attempts",
		"uncounted": "gocron has no attempts",
	}
	for name, c := range map[string]struct {
		installed
		without map[string]string
	}{
		"listeners": {installed{listeners: true}, map[string]string{"handler": "gocron has one listener of each kind"}},
		"monitor":   {installed{monitor: true}, map[string]string{"panic": "a monitor gets the text of a panic"}},
		"both":      {installed{true, true}, map[string]string{"panic": "the user's monitor gets the text of a panic; see TestPanicIsRecovered"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			maps.Copy(c.without, without)
			jobstest.Run(t, jobstest.Manager{
				Start:   func(t testing.TB, s jobstest.Setup) jobstest.Job { return start(t, s, c.installed) },
				Stop:    func(t testing.TB, j jobstest.Job) { assert.NoError(t, j.(*job).scheduler.Shutdown()) },
				Cancel:  func(t testing.TB, j jobstest.Job) { assert.NoError(t, j.(*job).scheduler.RemoveJob(j.(*job).ID())) },
				Without: c.without,
			})
		})
	}
}

// Listeners that a job has of its own.
var (
	ownPanics = gocron.AfterJobRunsWithPanic(func(uuid.UUID, string, any) {})
	ownErrors = gocron.AfterJobRunsWithError(func(uuid.UUID, string, error) {})
)

// A job is one in a scheduler of its own, in which no other run is due.
type job struct {
	gocron.Job
	jobstest.Setup
	scheduler gocron.Scheduler
	log       bytes.Buffer
	delay     time.Duration // that a label asked for
	over      chan bool     // a run is
}

// start starts a scheduler with one job, which has the listeners own.
func start(t testing.TB, s jobstest.Setup, in installed, own ...gocron.EventListener) *job {
	j := &job{Setup: s, over: make(chan bool, 1)}
	o := enrichergocron.Options{
		Options: s.Options, Recover: true, Logger: slog.New(slog.NewJSONHandler(&j.log, nil)),
		OnVeto:       func(id uuid.UUID, _ string) { assert.NoError(t, j.scheduler.RemoveJob(id)) },
		OnRetryAfter: func(_ uuid.UUID, _ string, delay time.Duration) { j.delay = delay },
	}
	users := &users{j, s.Handler}
	if !in.monitor {
		users.handler = nil
	}
	var monitor gocron.MonitorStatus = users
	if in.monitor {
		monitor = enrichergocron.Monitor(s.Labeler, o, users)
	}
	options := []gocron.SchedulerOption{gocron.WithMonitorStatus(monitor), gocron.WithStopTimeout(time.Second)}
	if in.listeners {
		options = append(options, gocron.WithGlobalJobOptions(enrichergocron.Listeners(s.Labeler, o)))
	} else {
		own = append(own, ownPanics)
	}
	var err error
	j.scheduler, err = gocron.NewScheduler(options...)
	require.NoError(t, err)
	j.Job, err = j.scheduler.NewJob(gocron.DurationJob(max(s.Delay, time.Minute)), gocron.NewTask(j.run), gocron.WithName("import"), gocron.WithEventListeners(own...))
	require.NoError(t, err)
	j.scheduler.Start()
	t.Cleanup(func() { _ = j.scheduler.Shutdown() }) // has an error if a job hangs
	return j
}

func (j *job) run(ctx context.Context) error {
	if j.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.Timeout)
		defer cancel()
	}
	return j.Setup.Job(ctx)
}

func (j *job) Attempt(t testing.TB) jobstest.Attempt {
	j.delay = 0
	j.log.Reset()
	require.NoError(t, j.RunNow())
	<-j.over
	a := jobstest.Attempt{Delay: j.delay, Kept: j.log.String()}
	for _, left := range j.scheduler.Jobs() {
		a.Again = a.Again || left.ID() == j.ID()
	}
	if next, err := j.NextRun(); err == nil && a.Delay == 0 {
		a.Delay = time.Until(next)
	}
	if a.Kept != "" {
		var record struct{ Failure enricher.Labels }
		require.NoError(t, json.Unmarshal([]byte(a.Kept), &record))
		a.Labels = record.Failure
	}
	return a
}

// users is the user's own monitor. gocron calls it last in a run.
type users struct {
	job     *job
	handler func(ctx context.Context, err error, panicked any) // may be nil
}

func (u *users) RecordJobTimingWithStatus(_, _ time.Time, _ uuid.UUID, _ string, _ []string, _ gocron.JobStatus, err error) {
	if err != nil && u.handler != nil {
		u.handler(context.Background(), err, nil)
	}
	u.job.over <- true
}

func (u *users) IncrementJob(uuid.UUID, string, []string, gocron.JobStatus)        {}
func (u *users) RecordJobTiming(_, _ time.Time, _ uuid.UUID, _ string, _ []string) {}
