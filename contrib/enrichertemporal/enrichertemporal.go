// Package enrichertemporal labels the failures of Temporal activities and workflows.
//
//	worker.New(client, "queue", worker.Options{
//		Interceptors: []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(e, enrichertemporal.Options{})},
//	})
//
// An activity that fails returns the ApplicationError that Temporal would have made of
// its error, with [Details] as the last of its details: there Temporal's UI and CLI
// show the labels, and [LabelsOf] returns them in workflows and clients. The type of
// the error and the details of the user stay. The error of a panic has the type
// "Panic" and a cause that Temporal turns into a PanicError; its stack is in Details. A
// FailureConverter of the client gets this ApplicationError, not the user's error.
//
// A veto makes the error non-retryable, the label retry_after sets its NextRetryDelay
// unless it has one, and the label expected sets the benign category. In Temporal each
// attempt counts: attempt_counts=false has no effect. An ApplicationError that is
// non-retryable, or whose type the retry policy does not retry, is labeled with
// FailureContext.Terminal; of a local activity, also one that its error wraps.
//
// An error of another kind that Temporal knows (TimeoutError, TerminatedError,
// ServerError, ActivityError, …) is labeled and returned as it is, because Temporal
// decides by the kind. So is an ApplicationError with a nil among its details. A timeout
// of an activity is made by the server, and has no labels; that the activity then
// returns an error is labeled.
//
// CanceledError, the answer to a cancellation or the stop of the worker,
// activity.ErrResultPending, an ApplicationError of the benign category and
// continue-as-new are no failures.
//
// # Workflows
//
// A workflow that fails has the labels of the failure that it returns, such as that of
// its activity, or else is labeled itself. A local activity does this, so its history
// gets a version marker and the marker of the local activity. A replay does what the
// markers say: a history from before the interceptor, or with other options, replays as
// before. Only the removal of the interceptor and ActivitiesOnly are changes of the
// workflow's code that a replay of a failed workflow finds.
//
// A veto of an activity does not end the retries of its workflow; one of the
// workflow's own failure does. A panic of a workflow fails its task, which is no failure
// of the workflow and is not labeled. Neither are the errors of updates and of Nexus
// operations.
//
// If the namespace does not have Options.SearchAttribute, or with another type, it is
// not written, and the worker's logger gets one warning: the server would reject the
// task of the workflow again and again.
package enrichertemporal

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
)

// Options are the options of NewInterceptor.
type Options struct {
	jobs.Options

	// Memo is the key of the memo with the labels of a failed workflow. By default,
	// there is none.
	Memo string

	// SearchAttribute is the search attribute of a failed workflow that has its labels,
	// each as "key=value". A label of more than 255 bytes is left out, and so are
	// those beyond 2 KiB in all, which the server limits. By default, there is none.
	SearchAttribute temporal.SearchAttributeKeyKeywordList

	// ActivitiesOnly leaves workflows as they are. By default, they are labeled too.
	ActivitiesOnly bool
}

// Validate returns an error for each option that is wrong, joined.
func (o Options) Validate() error {
	err := o.Options.Validate()
	if o.ActivitiesOnly && (o.Memo != "" || o.SearchAttribute.GetName() != "") {
		err = errors.Join(err, errors.New("enrichertemporal: ActivitiesOnly: must not be set together with Memo or SearchAttribute, which are of workflows"))
	}
	return err
}

// NewInterceptor returns the interceptor that labels failures with l. If l is nil, it
// is [enricher.Default]. NewInterceptor panics if o is not valid. In worker.Options,
// interceptors before it see the error with its labels, and those after it the error
// of the activity.
func NewInterceptor(l jobs.Labeler, o Options) interceptor.WorkerInterceptor {
	if err := o.Validate(); err != nil {
		panic("enrichertemporal: NewInterceptor: " + err.Error())
	}
	return &adapter{labeler: l, options: o, attributes: customAttributes}
}

type adapter struct {
	interceptor.WorkerInterceptorBase

	labeler    jobs.Labeler
	options    Options
	attributes func(ctx context.Context, namespace string) (map[string]enumspb.IndexedValueType, error)
	searchable atomic.Bool // the namespace has the search attribute
	warned     atomic.Bool // that it has not
}

func (a *adapter) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &activities{adapter: a}
	i.Next = next
	return i
}

func (a *adapter) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	if a.options.ActivitiesOnly {
		return next
	}
	i := &workflows{adapter: a}
	i.Next = next
	return i
}

type activities struct {
	interceptor.ActivityInboundInterceptorBase

	adapter *adapter
}

// ExecuteActivity labels the failure of an attempt.
func (i *activities) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (res any, err error) {
	var v jobs.Verdict
	err = jobs.Run(func() (err error) {
		res, err = i.Next.ExecuteActivity(ctx, in)
		return err
	}, func(cause error) jobs.Verdict {
		v = i.adapter.judge(ctx, cause)
		return jobs.Verdict{Terminal: len(v.Result.Labels) > 0} // a panic without labels goes on
	})
	if len(v.Result.Labels) == 0 {
		return res, err
	}
	return res, application(err, newOutcome(err, v))
}

// judge returns the verdict on a failure of an activity, which is zero if it is none.
func (a *adapter) judge(ctx context.Context, cause error) jobs.Verdict {
	if cause == activity.ErrResultPending || isBenign(cause) || interrupted(ctx, cause) { //nolint:errorlint // as the SDK compares it
		return jobs.Verdict{}
	}
	info := activity.GetInfo(ctx)
	fc := enricher.FailureContext{
		Type:       enricher.FailureTypeTask,
		JobID:      info.WorkflowExecution.ID,
		TaskName:   info.ActivityType.Name,
		Attempt:    int(info.Attempt),
		Terminal:   isNonRetryable(cause, info.RetryPolicy) || info.IsLocalActivity && endsLocal(cause, info.RetryPolicy),
		Attributes: attributes(info.TaskQueue, info.Namespace, info.WorkflowExecution.RunID),
	}
	fc.ID = jobs.FailureID("temporal", info.WorkflowExecution.ID+"/"+info.ActivityID, fc.Attempt, info.StartedTime)
	if info.WorkflowType != nil {
		fc.JobName = info.WorkflowType.Name
	}
	if fc.JobID == "" { // an activity without a workflow
		fc.JobID, fc.JobName, fc.Attributes[enricher.AttributeRunID] = info.ActivityID, info.ActivityType.Name, info.ActivityRunID
	}
	if info.RetryPolicy != nil {
		fc.MaxAttempts = int(info.RetryPolicy.MaximumAttempts)
	}
	return jobs.Judge(ctx, a.labeler, a.options.Counted(), cause, fc)
}

func attributes(queue, namespace, run string) map[string]string {
	return map[string]string{enricher.AttributeQueue: queue, enricher.AttributeNamespace: namespace, enricher.AttributeRunID: run}
}

// interrupted reports whether cause is the answer to the end of ctx, but not to the
// timeout of the activity, which ends ctx too.
func interrupted(ctx context.Context, cause error) bool {
	if _, ok := cause.(*temporal.CanceledError); ok { //nolint:errorlint // what wraps one has failed
		return true
	}
	_, canceled := enricher.AsType[*temporal.CanceledError](cause)
	return errors.Is(ctx.Err(), context.Canceled) && (canceled || jobs.Interrupted(ctx, cause))
}

func isBenign(err error) bool {
	app, ok := err.(*temporal.ApplicationError) //nolint:errorlint // the server looks at the outermost
	return ok && app.Category() == temporal.ApplicationErrorCategoryBenign
}

// isNonRetryable reports whether there is no further attempt after err.
func isNonRetryable(err error, p *temporal.RetryPolicy) bool {
	if app, ok := err.(*temporal.ApplicationError); ok && app.NonRetryable() { //nolint:errorlint // as in isBenign
		return true
	}
	return p != nil && slices.Contains(p.NonRetryableErrorTypes, typeOf(err))
}

// endsLocal reports whether there is no further attempt of a local activity after err. The
// SDK decides that, and finds what err wraps, which the ApplicationError that is made of err
// would hide from it.
func endsLocal(err error, p *temporal.RetryPolicy) bool {
	if _, ok := err.(*enricher.PanicError); ok { //nolint:errorlint // that of jobs.Run, whose value the SDK does not look into
		return false
	}
	_, terminated := enricher.AsType[*temporal.TerminatedError](err)
	_, canceled := enricher.AsType[*temporal.CanceledError](err)
	app, ok := enricher.AsType[*temporal.ApplicationError](err)
	return terminated || canceled || ok && isNonRetryable(app, p)
}
