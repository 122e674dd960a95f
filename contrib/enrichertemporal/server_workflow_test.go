package enrichertemporal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichertemporal"
)

// createAttribute creates a search attribute, as temporal operator search-attribute
// create does, and waits for it.
func (w *site) createAttribute(t *testing.T, name string, kind enumspb.IndexedValueType) {
	_, err := w.OperatorService().AddSearchAttributes(w.ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: "default", SearchAttributes: map[string]enumspb.IndexedValueType{name: kind},
	})
	var exists *serviceerror.AlreadyExists
	if !errors.As(err, &exists) {
		require.NoError(t, err)
	}
	w.eventually(t, func() bool {
		res, err := w.OperatorService().ListSearchAttributes(w.ctx, &operatorservice.ListSearchAttributesRequest{Namespace: "default"})
		require.NoError(t, err)
		return res.CustomAttributes[name] == kind
	})
}

// written returns the memo and the search attribute of run.
func (w *site) written(t *testing.T, run client.WorkflowRun) (memo, pairs string) {
	d, err := w.DescribeWorkflow(w.ctx, run.GetID(), run.GetRunID())
	require.NoError(t, err)
	info := d.RawResponse.GetWorkflowExecutionInfo()
	return text(info.GetMemo().GetFields()["failureLabels"]), text(info.GetSearchAttributes().GetIndexedFields()["FailureLabels"])
}

func fails(context.Context) error { return errors.New("no stock") }

// once returns the error of an activity that is tried once.
func once(ctx workflow.Context) error {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Hour, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	}), "import").Get(ctx, nil)
}

func TestServerFindsWorkflowsByLabel(t *testing.T) {
	t.Parallel()
	full := enricher.Labels{"a": strings.Repeat("v", 253)} // 255 bytes as a pair
	for i := range 9 {
		full[fmt.Sprintf("n%d", i)] = strings.Repeat("ä", 94)
	}
	for name, c := range map[string]struct {
		labels   enricher.Labels
		workflow func(workflow.Context) error
	}{
		"of its activity": {workflow: once},
		"wrapped":         {workflow: func(ctx workflow.Context) error { return fmt.Errorf("import: %w", once(ctx)) }},
		"its own":         {workflow: func(workflow.Context) error { return errors.New("no") }},
		"its own, of another kind": {workflow: func(workflow.Context) error {
			return temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_HEARTBEAT, nil)
		}},
		"as long as the server allows": {workflow: once, labels: full},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			labels := enricher.Labels{"team": "shop", "type": "DEPENDENCY"}
			for k, v := range c.labels {
				labels[k] = v
			}
			w := newSite(t, setup{
				labels: labels, options: enrichertemporal.Options{Memo: "failureLabels", SearchAttribute: attribute}, workflow: c.workflow, job: fails,
			})
			w.createAttribute(t, "FailureLabels", enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST)
			run := w.start(t, nil)
			err := run.Get(w.ctx, nil)
			require.Error(t, err)
			if !strings.HasSuffix(name, "kind") {
				assert.Equal(t, labels, enrichertemporal.LabelsOf(err))
			}
			assert.NotEmpty(t, w.failures())
			memo, pairs := w.written(t, run)
			assert.Contains(t, memo, `"type":"DEPENDENCY"`)
			assert.Contains(t, pairs, `"team=shop","type=DEPENDENCY"]`)
			for key := range c.labels {
				assert.Contains(t, pairs, `"`+key+"=", "not left out")
			}
			w.eventually(t, func() bool {
				res, err := w.ListWorkflow(w.ctx, &workflowservice.ListWorkflowExecutionsRequest{
					Query: `FailureLabels = "type=DEPENDENCY" AND WorkflowId = "` + run.GetID() + `"`,
				})
				require.NoError(t, err)
				return len(res.Executions) == 1
			})
			assert.NotContains(t, w.log.String(), "search attribute")
		})
	}
}

func TestServerWithoutTheSearchAttribute(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"NoSuchLabels": "the namespace does not have it", "FailureWord": "it has the type Keyword: must be KeywordList"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := temporal.NewSearchAttributeKeyKeywordList(name)
			w := newSite(t, setup{
				labels: enricher.Labels{"team": "shop"}, options: enrichertemporal.Options{Memo: "failureLabels", SearchAttribute: key}, workflow: once, job: fails,
			})
			if name == "FailureWord" {
				w.createAttribute(t, name, enumspb.INDEXED_VALUE_TYPE_KEYWORD)
			}
			for range 2 {
				run := w.start(t, nil)
				assert.Equal(t, enricher.Labels{"team": "shop"}, enrichertemporal.LabelsOf(run.Get(w.ctx, nil)))
				memo, _ := w.written(t, run)
				assert.JSONEq(t, `{"team":"shop"}`, memo)
			}
			assert.Equal(t, 1, strings.Count(w.log.String(), "Failed workflows get no search attribute with their labels"), w.log)
			assert.Contains(t, w.log.String(), want)
		})
	}

	t.Run("it would be rejected", func(t *testing.T) { // so it is not written
		t.Parallel()
		w := newSite(t, setup{without: true, job: fails, workflow: func(ctx workflow.Context) error {
			return workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeywordList("NoSuchLabels").ValueSet([]string{"team=shop"}))
		}})
		assert.Equal(t, enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES, w.taskFailure(t, w.start(t, nil)))
	})
}

// taskFailure waits until a task of run has failed, and returns why.
func (w *site) taskFailure(t *testing.T, run client.WorkflowRun) (cause enumspb.WorkflowTaskFailedCause) {
	w.eventually(t, func() bool {
		iter := w.GetWorkflowHistory(w.ctx, run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for iter.HasNext() {
			event, err := iter.Next()
			require.NoError(t, err)
			if failed := event.GetWorkflowTaskFailedEventAttributes(); failed != nil {
				cause = failed.Cause
				return true
			}
		}
		return false
	})
	return cause
}

// The server makes the error of a timeout. What the activity returns then is too late.
// What it returns in time, but of another kind than an ApplicationError, is rejected.
func TestServerTimeout(t *testing.T) {
	t.Parallel()
	for name, job := range map[string]func(context.Context) error{
		"too late": func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
		"another kind": func(context.Context) error { return &temporal.ServerError{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSite(t, setup{
				labels: enricher.Labels{"team": "shop"}, options: enrichertemporal.Options{Memo: "failureLabels"}, job: job,
				activity: workflow.ActivityOptions{StartToCloseTimeout: time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}},
			})
			run := w.start(t, nil)
			var timeout *temporal.TimeoutError
			require.ErrorAs(t, run.Get(w.ctx, nil), &timeout)
			assert.Equal(t, enumspb.TIMEOUT_TYPE_START_TO_CLOSE, timeout.TimeoutType())
			for _, event := range w.history(t, run) {
				assert.Nil(t, event.GetActivityTaskFailedEventAttributes())
			}
			memo, _ := w.written(t, run)
			assert.JSONEq(t, `{"team":"shop"}`, memo)
			w.eventually(t, func() bool { return len(w.failures()) >= 2 })
			causes := map[enricher.FailureType]error{}
			for _, f := range w.failures() {
				causes[f.Context.Type] = f.Cause
			}
			assert.NotNil(t, causes[enricher.FailureTypeTask])
			require.ErrorAs(t, causes[enricher.FailureTypeGlobal], &timeout)
		})
	}
}

func TestServerWhatIsNoFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		workflow func(workflow.Context) error
		job      func(ctx context.Context, w *site) error
		end      enumspb.EventType
	}{
		"a cancellation": {job: func(ctx context.Context, w *site) error {
			if err := w.CancelWorkflow(ctx, w.queue, ""); err != nil {
				return err
			}
			for ctx.Err() == nil {
				activity.RecordHeartbeat(ctx)
				select {
				case <-time.After(50 * time.Millisecond):
				case <-ctx.Done():
				}
			}
			return ctx.Err()
		}, end: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED},
		"a result that is pending": {job: func(ctx context.Context, w *site) error {
			go w.CompleteActivity(w.ctx, activity.GetInfo(ctx).TaskToken, nil, nil)
			return activity.ErrResultPending
		}, end: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED},
		"continue as new": {workflow: func(ctx workflow.Context) error {
			if workflow.GetInfo(ctx).ContinuedExecutionRunID != "" {
				return nil
			}
			return workflow.NewContinueAsNewError(ctx, "import")
		}, end: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w *site
			ready := make(chan bool)
			w = newSite(t, setup{
				labels: enricher.Labels{"team": "shop"}, workflow: c.workflow,
				activity: workflow.ActivityOptions{HeartbeatTimeout: time.Minute, WaitForCancellation: true},
				job: func(ctx context.Context) error {
					<-ready
					return c.job(ctx, w)
				},
			})
			close(ready)
			events := w.history(t, w.start(t, nil))
			assert.Equal(t, c.end, events[len(events)-1].EventType)
			assert.Empty(t, w.failures())
		})
	}

	t.Run("a panic of a workflow", func(t *testing.T) { // fails its task, which is tried again
		t.Parallel()
		w := newSite(t, setup{labels: enricher.Labels{"team": "shop"}, job: fails, workflow: func(workflow.Context) error { panic("no") }})
		assert.Equal(t, enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE, w.taskFailure(t, w.start(t, nil)))
		assert.Empty(t, w.failures())
	})
}

// A veto of the workflow's own failure ends its retries, and one of its activity does not.
func TestServerRetriesOfAWorkflow(t *testing.T) {
	t.Parallel()
	own := func(workflow.Context) error { return errors.New("no") }
	for name, c := range map[string]struct {
		labels   enricher.Labels
		workflow func(workflow.Context) error
		state    enumspb.RetryState
		delay    time.Duration
	}{
		"no veto":               {labels: enricher.Labels{"team": "shop"}, workflow: own, state: enumspb.RETRY_STATE_IN_PROGRESS, delay: time.Minute},
		"a veto":                {labels: enricher.Labels{"JOB_CANNOT_RESTART": "true"}, workflow: own, state: enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE},
		"a veto of an activity": {labels: enricher.Labels{"JOB_CANNOT_RESTART": "true"}, workflow: once, state: enumspb.RETRY_STATE_IN_PROGRESS, delay: time.Minute},
		"a delay":               {labels: enricher.Labels{"retry_after": "20m"}, workflow: own, state: enumspb.RETRY_STATE_IN_PROGRESS, delay: 20 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSite(t, setup{labels: c.labels, workflow: c.workflow, job: fails})
			run := w.start(t, &temporal.RetryPolicy{InitialInterval: time.Minute, MaximumAttempts: 3})
			events := w.history(t, run)
			end := events[len(events)-1].GetWorkflowExecutionFailedEventAttributes()
			require.NotNil(t, end)
			assert.Equal(t, c.state, end.RetryState)
			assert.Equal(t, c.delay > 0, end.NewExecutionRunId != "")
			if c.delay > 0 {
				iter := w.GetWorkflowHistory(w.ctx, w.queue, end.NewExecutionRunId, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
				event, err := iter.Next()
				require.NoError(t, err)
				assert.Equal(t, c.delay, event.GetWorkflowExecutionStartedEventAttributes().GetFirstWorkflowTaskBackoff().AsDuration().Round(time.Minute))
			}
		})
	}
}

// The history of a failed workflow replays with other options and labels.
func TestServerHistoryReplays(t *testing.T) {
	t.Parallel()
	w := newSite(t, setup{labels: enricher.Labels{"team": "shop"}, options: enrichertemporal.Options{Memo: "failureLabels"}, workflow: once, job: fails})
	events := w.history(t, w.start(t, nil))
	for name, c := range map[string]struct {
		interceptors []interceptor.WorkerInterceptor
		want         string
	}{
		"other options":   {interceptors: []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(nil, enrichertemporal.Options{SearchAttribute: attribute})}},
		"activities only": {interceptors: []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(nil, enrichertemporal.Options{ActivitiesOnly: true})}, want: "nondeterministic"},
		"without":         {want: "nondeterministic"},
	} {
		r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{Interceptors: c.interceptors})
		require.NoError(t, err)
		r.RegisterWorkflowWithOptions(once, workflow.RegisterOptions{Name: "import"})
		err = r.ReplayWorkflowHistory(temporallog.NewStructuredLogger(quiet), &historypb.History{Events: events})
		if c.want == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, c.want, name)
		}
	}
}

// Without an enricher, the history is as without the interceptor, apart from the
// markers of a failed workflow.
func TestServerWithoutAnEnricher(t *testing.T) {
	t.Parallel()
	for name, job := range map[string]func(context.Context) error{
		"success":  func(context.Context) error { return nil },
		"an error": func(context.Context) error { return &stockError{errors.New("no")} },
		"a panic":  func(context.Context) error { panic("no shelf") },
		"the user's": func(context.Context) error {
			return temporal.NewApplicationErrorWithCause("no stock", "Stock", errors.New("no"), "sku", 3)
		},
		"non-retryable": func(context.Context) error { return temporal.NewNonRetryableApplicationError("no stock", "Stock", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story := func(s setup) (lines []string) {
				s.job, s.activity = job, workflow.ActivityOptions{RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 2, InitialInterval: 100 * time.Millisecond}}
				w := newSite(t, s)
				for _, event := range w.history(t, w.start(t, nil)) {
					if !strings.HasPrefix(event.EventType.String(), "WorkflowTask") { // on a busy machine, one may time out
						lines = append(lines, tell(t, w, event))
					}
				}
				return lines
			}
			want := story(setup{without: true})
			assert.Equal(t, want, story(setup{options: enrichertemporal.Options{ActivitiesOnly: true}}))
			got := story(setup{options: enrichertemporal.Options{Memo: "failureLabels"}})
			if name != "success" {
				end := len(got) - 1
				require.Len(t, got, len(want)+3)
				for i, kind := range []string{"MarkerRecorded", "UpsertWorkflowSearchAttributes", "MarkerRecorded"} {
					assert.Contains(t, got[end-3+i], kind)
				}
				got = append(got[:end-3:end-3], got[end])
			}
			assert.Equal(t, want, got)
		})
	}
}

// tell returns what an event says about failures.
func tell(t *testing.T, w *site, event *historypb.HistoryEvent) string {
	started, failed, ended := event.GetActivityTaskStartedEventAttributes(), event.GetActivityTaskFailedEventAttributes(), event.GetWorkflowExecutionFailedEventAttributes()
	line := fmt.Sprintln(event.EventType, started.GetAttempt(), failed.GetRetryState(), ended.GetRetryState())
	for _, f := range []*failurepb.Failure{started.GetLastFailure(), failed.GetFailure(), ended.GetFailure()} {
		f = proto.CloneOf(f)
		for cause := f; cause != nil; cause = cause.Cause {
			cause.StackTrace, _, _ = strings.Cut(cause.StackTrace, "\n") // the other lines are frames
			if info := cause.GetActivityFailureInfo(); info != nil {
				info.ScheduledEventId, info.StartedEventId = 0, 0
			}
		}
		text, err := protojson.Marshal(f)
		require.NoError(t, err)
		line += string(text)
	}
	return strings.ReplaceAll(line, w.queue, "queue")
}
