// Package enrichergocron labels the failures of gocron jobs.
//
//	gocron.NewScheduler(gocron.WithGlobalJobOptions(enrichergocron.Listeners(e, enrichergocron.Options{})))
//
// gocron has no place for labels: a log record has them, and what e keeps or counts. There
// is a record of each failure, also if it has no labels.
//
// gocron has one listener of each kind for a job, the one that is given last. A job
// with an AfterJobRunsWithError or AfterJobRunsWithPanic of its own does not have that
// of [Listeners], and Listeners replaces those that are before it in
// WithGlobalJobOptions. [Monitor] sees the failures of all jobs, but not the frames of
// a panic. If both are installed, a failure is labeled once, by the listener if the job
// has it.
//
// A panic that no listener recovers ends the process. It still does so with Listeners,
// once it is labeled, unless Options.Recover is set. Monitor does not see it.
//
// gocron asks for no verdict. After a veto, Options.OnVeto is called, and after the
// label retry_after Options.OnRetryAfter. gocron has no attempts: FailureContext.Attempt
// is 0, and the label attempt_counts has no effect.
//
// FailureContext.JobID is the ID of the job, which is another in each process without
// gocron.WithIdentifier. For a history that lasts, Options.Context can set it to JobName.
//
// An error that is context.Canceled is taken for the answer of a job to its removal or
// to the stop of the scheduler, which is no failure: gocron does not say whether it
// is. Of joined errors, all must be. An error of BeforeJobRunsSkipIfBeforeFuncErrors is
// no failure either.
package enrichergocron

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

// Options are the options of Listeners and Monitor. The functions are called on the
// goroutine of the job, after Done, and may be called concurrently.
type Options struct {
	jobs.Options

	// Recover makes a panic a failed run, as a listener of the user's own does. By
	// default, a panic ends the process. It has no effect on Monitor.
	Recover bool

	// OnVeto is called after a failure whose labels say that the job must not run
	// again. It can call Scheduler.RemoveJob. By default, the job goes on.
	OnVeto func(id uuid.UUID, name string)

	// OnRetryAfter is called after a failure whose labels ask for another run after
	// delay. It must not wait for it; it can start a timer that calls Job.RunNow. By
	// default, the job runs as scheduled.
	OnRetryAfter func(id uuid.UUID, name string, delay time.Duration)

	// Logger gets a record of each failure, at level ERROR, or INFO if it is expected.
	// Labels are in the group failure, if there are any. By default, it is
	// slog.Default().
	Logger *slog.Logger
}

// Listeners returns an option for gocron.WithGlobalJobOptions, or for a job, that
// labels failures with l. If l is nil, it is [enricher.Default]. Listeners panics if o
// is not valid.
func Listeners(l jobs.Labeler, o Options) gocron.JobOption {
	if err := o.Validate(); err != nil {
		panic("enrichergocron: Listeners: " + err.Error())
	}
	a := &adapter{l, o}
	return gocron.WithEventListeners(gocron.AfterJobRunsWithPanic(a.panicked), gocron.AfterJobRunsWithError(a.failed))
}

// Monitor returns a monitor for gocron.WithMonitorStatus that labels failures with l
// and then calls next, which may be nil, with the error that carries its Result. If l
// is nil, it is [enricher.Default]. Monitor panics if o is not valid.
func Monitor(l jobs.Labeler, o Options, next gocron.MonitorStatus) gocron.MonitorStatus {
	if err := o.Validate(); err != nil {
		panic("enrichergocron: Monitor: " + err.Error())
	}
	labeled.monitors.Store(true)
	return &monitor{adapter{l, o}, next}
}

type adapter struct {
	labeler jobs.Labeler
	options Options
}

// panicked is called by the deferred function of gocron that has recovered.
func (a *adapter) panicked(id uuid.UUID, name string, value any) {
	res := a.label(id, name, enricher.Recovered(value), time.Now())
	if !a.options.Recover {
		panic(value)
	}
	labeled.add(id, toListener, res)
	labeled.add(id, panicToMonitor, res)
}

// failed is called with errors, and after a panic too.
func (a *adapter) failed(id uuid.UUID, name string, err error) {
	to := errorToMonitor
	if enricher.Is(err, gocron.ErrPanicRecovered) {
		if _, ok := labeled.take(id, toListener); ok {
			return
		}
		to = panicToMonitor // the job has a listener for panics of its own
	}
	labeled.add(id, to, a.label(id, name, err, time.Now()))
}

// label labels a failure and does what the labels ask for. The Result is zero if it is
// no failure.
func (a *adapter) label(id uuid.UUID, name string, cause error, start time.Time) enricher.Result {
	if isCanceled(cause) {
		return enricher.Result{}
	}
	v := jobs.Judge(context.Background(), a.labeler, a.options.Counted(), cause, enricher.FailureContext{
		ID: jobs.FailureID("gocron", id.String(), 0, start), JobID: id.String(), JobName: name,
	})
	a.log(id, name, cause, v)
	switch {
	case v.Terminal && a.options.OnVeto != nil:
		a.options.OnVeto(id, name)
	case v.RetryAfter > 0 && a.options.OnRetryAfter != nil:
		a.options.OnRetryAfter(id, name, v.RetryAfter)
	}
	return v.Result
}

func (a *adapter) log(id uuid.UUID, name string, cause error, v jobs.Verdict) {
	level := slog.LevelError
	if v.Expected {
		level = slog.LevelInfo
	}
	attrs := []slog.Attr{
		slog.String("job", redact.Text(name)), slog.String("job_id", id.String()),
		slog.String("error", redact.Text(enricher.Text(cause))),
	}
	if len(v.Result.Labels) > 0 {
		attrs = append(attrs, slog.Any("failure", enricher.Labels(redact.Map(v.Result.Labels))))
	}
	if p, ok := cause.(*enricher.PanicError); ok { //nolint:errorlint // that of panicked
		attrs = append(attrs, slog.String("stack", p.Stack()))
	}
	cmp.Or(a.options.Logger, slog.Default()).LogAttrs(context.Background(), level, "Job failed", attrs...)
}

type monitor struct {
	adapter
	next gocron.MonitorStatus // may be nil
}

func (m *monitor) RecordJobTimingWithStatus(start, end time.Time, id uuid.UUID, name string, tags []string, status gocron.JobStatus, err error) {
	if err != nil {
		from := errorToMonitor
		if enricher.Is(err, gocron.ErrPanicRecovered) {
			from = panicToMonitor
		}
		res, ok := labeled.take(id, from)
		if !ok {
			res = m.label(id, name, err, start)
		}
		if jobs.Enriched(res) {
			err = enricher.WithResult(err, res)
		}
	}
	if m.next != nil {
		m.next.RecordJobTimingWithStatus(start, end, id, name, tags, status, err)
	}
}

func (m *monitor) IncrementJob(id uuid.UUID, name string, tags []string, status gocron.JobStatus) {
	if m.next != nil {
		m.next.IncrementJob(id, name, tags, status)
	}
}

func (m *monitor) RecordJobTiming(start, end time.Time, id uuid.UUID, name string, tags []string) {
	if m.next != nil {
		m.next.RecordJobTiming(start, end, id, name, tags)
	}
}
