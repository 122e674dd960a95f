package enrichertemporal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

type workflows struct {
	interceptor.WorkflowInboundInterceptorBase

	adapter *adapter
}

// A record is the result of the local activity: all that commands of the workflow
// depend on, so that a replay with other options or labels does the same.
type record struct {
	Outcome         outcome
	Own             bool     `json:",omitempty"` // the failure is the workflow's own
	Memo            string   `json:",omitempty"` // its key
	SearchAttribute string   `json:",omitempty"` // its name
	Pairs           []string `json:",omitempty"` // its value
}

// The version of what ExecuteWorkflow does.
const (
	changeID = "enrichertemporal"
	version  = 1
)

// ExecuteWorkflow labels a workflow that fails. It does not recover: the SDK ends the
// coroutines of workflows by panics.
func (i *workflows) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	res, err := i.Next.ExecuteWorkflow(ctx, in)
	if err == nil || isNoFailure(err) || isBenign(err) {
		return res, err
	}
	if workflow.GetVersion(ctx, changeID, workflow.DefaultVersion, version) == workflow.DefaultVersion {
		return res, err
	}
	failed := failure{i.adapter, err, contextOf(workflow.GetInfo(ctx), err)}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	var r record
	// Not a side effect: it would have to end within the second that the deadlock
	// detector allows.
	local := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: time.Minute, // many times the budget of an Enricher
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	}), failed.LabelWorkflow)
	if noLabels := local.Get(ctx, &r); noLabels != nil {
		workflow.GetLogger(ctx).Warn("A failed workflow is not labeled", "Error", noLabels)
		return res, err
	}
	if r.Memo != "" {
		i.warn(ctx, workflow.UpsertMemo(ctx, map[string]any{r.Memo: r.Outcome.Details.FailureLabels}))
	}
	if r.SearchAttribute != "" {
		key := temporal.NewSearchAttributeKeyKeywordList(r.SearchAttribute)
		i.warn(ctx, workflow.UpsertTypedSearchAttributes(ctx, key.ValueSet(r.Pairs)))
	}
	if r.Own {
		err = application(err, r.Outcome)
	}
	return res, err
}

// isNoFailure reports whether a workflow is continued as a new one or is canceled.
func isNoFailure(err error) bool {
	_, continued := enricher.AsType[*workflow.ContinueAsNewError](err)
	_, canceled := enricher.AsType[*temporal.CanceledError](err)
	return continued || canceled
}

func (i *workflows) warn(ctx workflow.Context, err error) {
	if err != nil {
		workflow.GetLogger(ctx).Warn("The labels of a failed workflow were not written", "Error", err)
	}
}

func contextOf(info *workflow.Info, cause error) enricher.FailureContext {
	id := info.WorkflowExecution.ID
	fc := enricher.FailureContext{
		ID:          jobs.FailureID("temporal", id, int(info.Attempt), info.WorkflowStartTime),
		Type:        enricher.FailureTypeGlobal,
		JobID:       id,
		JobName:     info.WorkflowType.Name,
		Attempt:     int(info.Attempt),
		MaxAttempts: 1,
		Terminal:    isNonRetryable(cause, info.RetryPolicy),
		Attributes:  attributes(info.TaskQueueName, info.Namespace, info.WorkflowExecution.RunID),
	}
	if info.RetryPolicy != nil {
		fc.MaxAttempts = int(info.RetryPolicy.MaximumAttempts)
	}
	return fc
}

// A failure is that of a workflow.
type failure struct {
	adapter *adapter
	cause   error
	context enricher.FailureContext
}

// LabelWorkflow is the local activity; histories have its name. It labels the failure
// if it has no labels yet, and says where they are written to.
func (f failure) LabelWorkflow(ctx context.Context) (r record, err error) {
	r.Outcome.Details.FailureLabels = LabelsOf(f.cause)
	if len(r.Outcome.Details.FailureLabels) == 0 {
		v := jobs.Judge(ctx, f.adapter.labeler, f.adapter.options.Counted(), f.cause, f.context)
		if len(v.Result.Labels) == 0 {
			return record{}, nil
		}
		r.Own, r.Outcome = true, newOutcome(f.cause, v)
	}
	r.Memo = f.adapter.options.Memo
	name := f.adapter.options.SearchAttribute.GetName()
	if name != "" && f.adapter.isSearchable(ctx, f.context.Attributes[enricher.AttributeNamespace], name) {
		if r.Pairs = pairs(r.Outcome.Details.FailureLabels); len(r.Pairs) > 0 {
			r.SearchAttribute = name
		}
	}
	return r, nil
}

// What the server and its stores take of a search attribute, in bytes.
const (
	maxPair  = 255
	maxPairs = 2 << 10
)

// pairs returns the value of the search attribute.
func pairs(labels enricher.Labels) (out []string) {
	for _, key := range labels.Keys() {
		pair := key + "=" + labels[key]
		if len(pair) > maxPair {
			continue
		}
		more := append(out[:len(out):len(out)], pair)
		if text, err := json.Marshal(more); err == nil && len(text) <= maxPairs {
			out = more
		}
	}
	return out
}

// isSearchable reports whether the namespace has the search attribute. If it has not,
// the first call logs that.
func (a *adapter) isSearchable(ctx context.Context, namespace, name string) bool {
	if a.searchable.Load() {
		return true
	}
	err := a.check(ctx, namespace, name)
	if err == nil {
		a.searchable.Store(true)
		return true
	}
	if a.warned.CompareAndSwap(false, true) {
		activity.GetLogger(ctx).Warn("Failed workflows get no search attribute with their labels",
			"searchAttribute", name, "Namespace", namespace, "Error", redact.Text(enricher.Text(err)))
	}
	return false
}

// check returns an error if the namespace does not have the search attribute.
func (a *adapter) check(ctx context.Context, namespace, name string) error {
	known, err := a.attributes(ctx, namespace)
	if err != nil {
		return err
	}
	switch kind := known[name]; kind {
	case enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST:
		return nil
	case enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED:
		return errors.New("the namespace does not have it")
	default:
		return fmt.Errorf("it has the type %v: must be KeywordList", kind)
	}
}

// customAttributes returns the types of the search attributes of namespace.
func customAttributes(ctx context.Context, namespace string) (types map[string]enumspb.IndexedValueType, err error) {
	defer func() {
		if v := recover(); v != nil { // in the SDK's test environment, there is no client
			err = enricher.Recovered(v)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	res, err := activity.GetClient(ctx).OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	return res.GetCustomAttributes(), err
}
