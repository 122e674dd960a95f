// Package enricherriver labels the failures of River jobs.
//
//	enricherriver.Install(&config, e, enricherriver.Options{}) // before river.NewClient
//
// The labels of the latest failed attempt, and of those before it, are in the job's
// metadata under "failure":
//
//	{"attempt": 3, "labels": {"type": "DEPENDENCY"}, "earlier": {"1": {…}, "2": {…}}}
//
// A veto cancels the job. The label retry_after delays the next attempt, unless the
// worker has a NextRetry of its own, which River asks first. An attempt that does not
// count is snoozed: River keeps neither its error nor its number.
//
// A snooze, a cancellation from outside and the stop of the client are no failures. But if
// River discards a job because of the stop, as that was its last attempt, this is one. An
// error of river.JobCancel is one, with FailureContext.Terminal. A job of an unknown kind,
// that cannot be decoded, or whose worker's Middleware panics is labeled. In these cases
// but that of JobCancel, River stores no metadata. A job that River rescues, as its process
// has died, is not labeled.
//
// Of the jobs of a batch of River Pro, each that fails is labeled. River has one metadata
// for all of them, which gets no labels, and each attempt counts.
package enricherriver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

// Options are the options of Install.
type Options struct {
	jobs.Options

	// MetadataKey is the key of the labels in the metadata of a job. What else the job
	// has there is replaced. By default, "failure".
	MetadataKey string
}

// Validate returns an error for each option that is wrong, joined.
func (o Options) Validate() error {
	err := o.Options.Validate()
	if strings.HasPrefix(o.MetadataKey, "river:") {
		err = errors.Join(err, fmt.Errorf("enricherriver: MetadataKey %q: must not begin with \"river:\", which River keeps for itself", o.MetadataKey))
	}
	return err
}

// A Failure is what is in the metadata of a job.
type Failure struct {
	Attempt   int                     `json:"attempt"`
	Labels    enricher.Labels         `json:"labels"`
	Earlier   map[int]enricher.Labels `json:"earlier,omitempty"`   // by attempt, the latest 10
	Uncounted int                     `json:"uncounted,omitempty"` // attempts that did not count
}

const maxEarlier = 10

// Install adds the labeling of failures with l to cfg: a middleware, outside of those
// of cfg, an ErrorHandler and a RetryPolicy, which call those of cfg. If l is nil, it
// is [enricher.Default]. Install panics if cfg is nil or o is not valid. It must be
// called before river.NewClient, once for each configuration.
func Install(cfg *river.Config, l jobs.Labeler, o Options) {
	if cfg == nil {
		panic("enricherriver: Install: nil *river.Config")
	}
	if err := o.Validate(); err != nil {
		panic("enricherriver: Install: " + err.Error())
	}
	o.MetadataKey = cmp.Or(o.MetadataKey, "failure")
	p := &plugin{labeler: l, options: o, handler: cfg.ErrorHandler, retry: cfg.RetryPolicy}
	if p.retry == nil {
		p.retry = &river.DefaultClientRetryPolicy{}
	}
	if len(cfg.JobInsertMiddleware)+len(cfg.WorkerMiddleware) > 0 { //nolint:staticcheck // River rejects Middleware beside these old fields
		cfg.WorkerMiddleware = append([]rivertype.WorkerMiddleware{p}, cfg.WorkerMiddleware...) //nolint:staticcheck // see above
	} else {
		cfg.Middleware = append([]rivertype.Middleware{p}, cfg.Middleware...)
	}
	cfg.ErrorHandler, cfg.RetryPolicy = p, p
}

type plugin struct {
	river.MiddlewareDefaults

	labeler jobs.Labeler
	options Options
	handler river.ErrorHandler // the user's; may be nil
	retry   river.ClientRetryPolicy

	// verdicts has the verdict on the running attempt of a row for as long as River
	// keeps the row: it passes nothing else from the middleware to the handler and the
	// policy.
	verdicts sync.Map // of jobs.Verdict by weak.Pointer[rivertype.JobRow]
}

func (p *plugin) setVerdict(job *rivertype.JobRow, v jobs.Verdict) {
	key := weak.Make(job)
	p.verdicts.Store(key, v)
	runtime.AddCleanup(job, func(key weak.Pointer[rivertype.JobRow]) { p.verdicts.Delete(key) }, key)
}

func (p *plugin) verdict(job *rivertype.JobRow) (jobs.Verdict, bool) {
	v, _ := p.verdicts.Load(weak.Make(job))
	verdict, ok := v.(jobs.Verdict)
	return verdict, ok
}

// Work labels the failure of an attempt. ctx is the one around the job, which the
// job's timeout does not end; the frames of a panic are still there; and metadata can
// be written only here.
func (p *plugin) Work(ctx context.Context, job *rivertype.JobRow, doInner func(context.Context) error) error {
	var (
		v     jobs.Verdict
		cause error
	)
	err := jobs.Run(func() error { return doInner(ctx) }, func(failure error) jobs.Verdict {
		if all, ok := failure.(batch); ok { //nolint:errorlint // as River does
			p.judgeAll(ctx, all)
			return jobs.Verdict{}
		}
		cause = failure
		v = p.judge(ctx, job, failure, p.options.Options)
		p.setVerdict(job, v)
		p.store(ctx, job, v)
		// A panic goes on to River, which calls HandlePanic, unless it is snoozed.
		return jobs.Verdict{Terminal: v.Uncounted}
	})
	if !v.Uncounted {
		return err
	}
	if res := p.tell(ctx, job, cause); res != nil && res.SetCancelled {
		return river.JobCancel(cause)
	}
	return river.JobSnooze(v.RetryAfter)
}

// A batch is what a worker of several jobs returns, also if none has failed. River then
// settles each job by its own error.
type batch interface {
	error
	Jobs() []*rivertype.JobRow
	ErrorsByID() map[int64]error
}

// judgeAll judges the failures of a batch. It stores nothing, because all jobs of the batch
// would get it, and snoozes none, because the others would be lost.
func (p *plugin) judgeAll(ctx context.Context, all batch) {
	errs := all.ErrorsByID()
	for _, job := range all.Jobs() {
		if err := errs[job.ID]; err != nil {
			p.setVerdict(job, p.judge(ctx, job, err, p.options.Counted()))
		}
	}
}

// judge returns the verdict on a failure, which is zero if it is none.
func (p *plugin) judge(ctx context.Context, job *rivertype.JobRow, cause error, o jobs.Options) jobs.Verdict {
	_, snoozed := enricher.AsType[*river.JobSnoozeError](cause)
	if snoozed || enricher.Is(context.Cause(ctx), river.ErrJobCancelledRemotely) || jobs.Interrupted(ctx, cause) {
		return jobs.Verdict{}
	}
	return p.label(ctx, job, cause, o)
}

// label returns the verdict on a failure.
func (p *plugin) label(ctx context.Context, job *rivertype.JobRow, cause error, o jobs.Options) jobs.Verdict {
	id := strconv.FormatInt(job.ID, 10)
	fc := enricher.FailureContext{
		ID: jobs.FailureID("river", id, job.Attempt, startOf(job)), JobID: id, JobName: job.Kind,
		Attempt: job.Attempt, MaxAttempts: job.MaxAttempts,
		Attributes: map[string]string{enricher.AttributeQueue: job.Queue},
	}
	if n := len(job.AttemptedBy); n > 0 {
		fc.TaskManagerID = job.AttemptedBy[n-1]
	}
	if n := p.stored(job).Uncounted; n > 0 {
		fc.Attributes[jobs.AttributeUncounted] = strconv.Itoa(n)
	}
	_, fc.Terminal = enricher.AsType[*river.JobCancelError](cause)
	if cancel, ok := cause.(*river.JobCancelError); ok { //nolint:errorlint // the text of others is around it
		cause = cmp.Or(cancel.Unwrap(), cause)
	}
	return jobs.Judge(ctx, p.labeler, o, cause, fc)
}

func startOf(job *rivertype.JobRow) time.Time {
	if job.AttemptedAt != nil {
		return *job.AttemptedAt
	}
	return time.Now()
}

// store writes the labels into the metadata of the job.
func (p *plugin) store(ctx context.Context, job *rivertype.JobRow, v jobs.Verdict) {
	if len(v.Result.Labels) == 0 {
		return
	}
	f := p.stored(job)
	if f.Attempt > 0 && f.Attempt != job.Attempt {
		if f.Earlier == nil {
			f.Earlier = map[int]enricher.Labels{}
		}
		f.Earlier[f.Attempt] = f.Labels
		for len(f.Earlier) > maxEarlier {
			delete(f.Earlier, slices.Min(slices.Collect(maps.Keys(f.Earlier))))
		}
	}
	f.Attempt, f.Labels = job.Attempt, redact.Map(v.Result.Labels)
	if v.Uncounted {
		f.Uncounted++
	}
	_ = river.MetadataSet(ctx, p.options.MetadataKey, f) // the key is valid, and this is the context of a middleware
}

// stored returns what the metadata had before this attempt.
func (p *plugin) stored(job *rivertype.JobRow) (f Failure) {
	var metadata map[string]json.RawMessage
	_ = json.Unmarshal(job.Metadata, &metadata)
	if json.Unmarshal(metadata[p.options.MetadataKey], &f) != nil {
		return Failure{} // something else is there
	}
	return f
}

// tell calls the user's handler for an attempt that is snoozed, which River does not.
func (p *plugin) tell(ctx context.Context, job *rivertype.JobRow, cause error) *river.ErrorHandlerResult {
	if panicked, ok := cause.(*enricher.PanicError); ok { //nolint:errorlint // that of jobs.Run
		return p.HandlePanic(ctx, job, panicked.Value, panicked.Stack())
	}
	return p.HandleError(ctx, job, cause)
}

// HandleError calls the user's handler, and cancels the job if there is a veto.
func (p *plugin) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	v := p.verdictOn(ctx, job, err)
	switch {
	case v.Result.Labels == nil: // no failure
	case jobs.Enriched(v.Result):
		err = enricher.WithResult(err, v.Result)
	default: // without enrichers, the error of the job may be compared
		ctx = jobs.WithResult(ctx, err, v.Result)
	}
	var res *river.ErrorHandlerResult
	if p.handler != nil {
		res = p.handler.HandleError(ctx, job, err)
	}
	return cancelIf(v.Terminal, res)
}

// verdictOn returns the verdict on what River takes for a failure. It is too late to snooze
// the job.
func (p *plugin) verdictOn(ctx context.Context, job *rivertype.JobRow, cause error) jobs.Verdict {
	v, ok := p.verdict(job)
	switch {
	case v.Result.Labels == nil && job.Attempt >= job.MaxAttempts: // the client's stop, which ends the job
		v = p.label(ctx, job, cause, p.options.Counted())
	case !ok: // River did not come to the middleware, as with a job that cannot be decoded
		v = p.judge(ctx, job, cause, p.options.Counted())
	default:
		return v
	}
	p.setVerdict(job, v)
	return v
}

// HandlePanic calls the user's handler, and cancels the job if there is a veto.
func (p *plugin) HandlePanic(ctx context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	v := p.verdictOn(ctx, job, enricher.NewPanicError(value, []byte(trace)))
	var res *river.ErrorHandlerResult
	if p.handler != nil {
		res = p.handler.HandlePanic(jobs.WithResult(ctx, nil, v.Result), job, value, trace)
	}
	return cancelIf(v.Terminal, res)
}

func cancelIf(terminal bool, res *river.ErrorHandlerResult) *river.ErrorHandlerResult {
	if terminal {
		return &river.ErrorHandlerResult{SetCancelled: true}
	}
	return res
}

// NextRetry returns the time that a label asks for, or else that of the user's policy.
func (p *plugin) NextRetry(job *rivertype.JobRow) time.Time {
	if v, _ := p.verdict(job); v.RetryAfter > 0 {
		return time.Now().Add(v.RetryAfter)
	}
	return p.retry.NextRetry(job)
}
