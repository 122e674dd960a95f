package enrichertemporal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichertemporal"
)

// workflowOf returns a workflow that returns the error of an activity.
func workflowOf(job func(context.Context) error, timeout time.Duration) func(workflow.Context) error {
	return func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: timeout, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		})
		return workflow.ExecuteActivity(ctx, job).Get(ctx, nil)
	}
}

// A namespace has these search attributes, or does not tell.
type namespace struct {
	attributes map[string]enumspb.IndexedValueType
	calls      int
}

func (n *namespace) lookUp(context.Context, string) (map[string]enumspb.IndexedValueType, error) {
	if n.calls++; n.attributes == nil {
		return nil, errors.New("permission denied: password=hunter2")
	}
	return n.attributes, nil
}

// A written is what a workflow has written.
type written struct {
	err   error
	memo  map[string]any
	pairs []string
	log   string
}

var attribute = temporal.NewSearchAttributeKeyKeywordList("FailureLabels")

// run runs the workflow wf.
func run(n *namespace, i interceptor.WorkerInterceptor, wf any) (w written) {
	var out bytes.Buffer
	var s testsuite.WorkflowTestSuite
	s.SetLogger(temporallog.NewStructuredLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	env := s.NewTestWorkflowEnvironment()
	enrichertemporal.SetAttributes(i, n.lookUp)
	setPatient(env, worker.Options{Interceptors: []interceptor.WorkerInterceptor{i}})
	env.RegisterActivity(failing)
	env.OnUpsertMemo(mock.Anything).Run(func(args mock.Arguments) { w.memo = args.Get(0).(map[string]any) }).Return(nil).Maybe()
	env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		w.pairs, _ = args.Get(0).(temporal.SearchAttributes).GetKeywordList(attribute)
	}).Return(nil).Maybe()
	env.ExecuteWorkflow(wf)
	w.err, w.log = env.GetWorkflowError(), out.String()
	return w
}

func failing(context.Context) error { return errors.New("no stock") }

func TestWorkflow(t *testing.T) {
	t.Parallel()
	labels := enricher.Labels{"team": "shop", "type": "USER", "token": "hunter2"}
	redacted := enricher.Labels{"team": "shop", "type": "USER", "token": "***"}
	pairs := []string{"team=shop", "token=***", "type=USER"}
	for name, c := range map[string]struct {
		wf       any
		failures []enricher.FailureType
		kept     bool // labels are written
		inErr    bool // and in the error
	}{
		"success":         {wf: func(workflow.Context) error { return nil }},
		"its own failure": {wf: func(workflow.Context) error { return errors.New("no") }, failures: []enricher.FailureType{enricher.FailureTypeGlobal}, kept: true, inErr: true},
		"of its activity": {wf: workflowOf(failing, time.Minute), failures: []enricher.FailureType{enricher.FailureTypeTask}, kept: true, inErr: true},
		"wrapped": {wf: func(ctx workflow.Context) error {
			return fmt.Errorf("import: %w", workflowOf(failing, time.Minute)(ctx))
		}, failures: []enricher.FailureType{enricher.FailureTypeTask}, kept: true, inErr: true},
		"another kind": {wf: func(workflow.Context) error {
			return temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_HEARTBEAT, nil)
		}, failures: []enricher.FailureType{enricher.FailureTypeGlobal}, kept: true},
		"canceled":        {wf: func(workflow.Context) error { return fmt.Errorf("wait: %w", temporal.NewCanceledError()) }},
		"continue as new": {wf: func(ctx workflow.Context) error { return workflow.NewContinueAsNewError(ctx, "next") }},
		"benign": {wf: func(workflow.Context) error {
			return temporal.NewApplicationErrorWithOptions("not yet", "", temporal.ApplicationErrorOptions{Category: temporal.ApplicationErrorCategoryBenign})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, rec := newEnricher(t, labels)
			n := &namespace{attributes: map[string]enumspb.IndexedValueType{"FailureLabels": enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST}}
			w := run(n, enrichertemporal.NewInterceptor(e, enrichertemporal.Options{Memo: "failureLabels", SearchAttribute: attribute}), c.wf)
			var failures []enricher.FailureType
			for _, f := range rec.Failures() {
				failures = append(failures, f.Context.Type)
				assert.NotEmpty(t, f.Context.JobID)
			}
			assert.Equal(t, c.failures, failures)
			if c.kept {
				assert.Equal(t, map[string]any{"failureLabels": redacted}, w.memo)
				assert.Equal(t, pairs, w.pairs)
			} else {
				assert.Nil(t, w.memo)
				assert.Nil(t, w.pairs)
			}
			if c.inErr {
				assert.Equal(t, redacted, enrichertemporal.LabelsOf(w.err))
			}
			assert.Equal(t, name == "continue as new", workflow.IsContinueAsNewError(w.err))
			assert.Equal(t, name == "canceled", temporal.IsCanceledError(w.err))

			w = run(n, enrichertemporal.NewInterceptor(e, enrichertemporal.Options{ActivitiesOnly: true}), c.wf)
			assert.Nil(t, w.memo)
			assert.Nil(t, w.pairs)
		})
	}
}

// A veto of a workflow's own failure ends its retries.
func TestWorkflowVeto(t *testing.T) {
	t.Parallel()
	e, _ := newEnricher(t, enricher.Labels{enricher.KeyJobCannotRestart: "true"})
	w := run(&namespace{}, enrichertemporal.NewInterceptor(e, enrichertemporal.Options{}), func(workflow.Context) error { return errors.New("no") })
	var app *temporal.ApplicationError
	require.ErrorAs(t, w.err, &app)
	assert.True(t, app.NonRetryable())
}

// The server rejects a search attribute that it does not know, and the task of the
// workflow with it, so such a one must not be written.
func TestSearchAttributeThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attributes map[string]enumspb.IndexedValueType
		want       string
	}{
		"unknown":          {attributes: map[string]enumspb.IndexedValueType{}, want: "the namespace does not have it"},
		"of another type":  {attributes: map[string]enumspb.IndexedValueType{"FailureLabels": enumspb.INDEXED_VALUE_TYPE_TEXT}, want: "it has the type Text: must be KeywordList"},
		"not found out of": {want: "permission denied: password=***"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, rec := newEnricher(t, enricher.Labels{"team": "shop"})
			n := &namespace{attributes: c.attributes}
			i := enrichertemporal.NewInterceptor(e, enrichertemporal.Options{Memo: "failureLabels", SearchAttribute: attribute})
			w := run(n, i, workflowOf(failing, time.Minute))
			assert.Nil(t, w.pairs)
			assert.Equal(t, map[string]any{"failureLabels": enricher.Labels{"team": "shop"}}, w.memo)
			assert.Equal(t, 1, strings.Count(w.log, "Failed workflows get no search attribute with their labels"))
			assert.Contains(t, w.log, c.want)

			w = run(n, i, workflowOf(failing, time.Minute))
			assert.NotContains(t, w.log, "search attribute", "logged once")
			n.attributes = map[string]enumspb.IndexedValueType{"FailureLabels": enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST}
			for range 3 {
				w = run(n, i, workflowOf(failing, time.Minute))
				assert.Equal(t, []string{"team=shop"}, w.pairs)
			}
			assert.Equal(t, 3, n.calls, "not looked up again once it is there")
			assert.Len(t, rec.Failures(), 5)
		})
	}
}

func TestSearchAttributeIsBounded(t *testing.T) {
	t.Parallel()
	labels := enricher.Labels{"a": strings.Repeat("v", 253), "b": strings.Repeat("v", 254), "type": "USER"}
	for i := range 20 {
		labels[fmt.Sprintf("n%02d", i)] = strings.Repeat("<", 40) // 6 bytes each in JSON
	}
	e, _ := newEnricher(t, labels)
	n := &namespace{attributes: map[string]enumspb.IndexedValueType{"FailureLabels": enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST}}
	w := run(n, enrichertemporal.NewInterceptor(e, enrichertemporal.Options{SearchAttribute: attribute}), workflowOf(failing, time.Minute))
	text, err := json.Marshal(w.pairs)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(text), 2048)
	assert.Greater(t, len(text), 1700)
	assert.Contains(t, w.pairs, "a="+labels["a"])
	assert.NotContains(t, w.pairs, "b="+labels["b"])
	assert.Contains(t, w.pairs, "type=USER")
}

// A results is an interceptor that gets the result of a workflow.
type results struct {
	interceptor.WorkerInterceptorBase
	interceptor.WorkflowInboundInterceptorBase

	result *error
}

func (r *results) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := *r
	i.Next = next
	return &i
}

func (r *results) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	res, err := r.Next.ExecuteWorkflow(ctx, in)
	*r.result = err
	return res, err
}

func payload(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf(`{"metadata":{"encoding":%q},"data":%q}`, b64([]byte("json/plain")), b64(text))
}

// history returns one of a workflow that fails, with events of its only task.
func history(events ...string) string {
	all := append([]string{
		`"eventType":"WorkflowExecutionStarted","workflowExecutionStartedEventAttributes":{"workflowType":{"name":"import"},"taskQueue":{"name":"q"},"originalExecutionRunId":"r","firstExecutionRunId":"r","attempt":1}`,
		`"eventType":"WorkflowTaskScheduled","workflowTaskScheduledEventAttributes":{"taskQueue":{"name":"q"}}`,
		`"eventType":"WorkflowTaskStarted","workflowTaskStartedEventAttributes":{"scheduledEventId":"2"}`,
		`"eventType":"WorkflowTaskCompleted","workflowTaskCompletedEventAttributes":{"scheduledEventId":"2","startedEventId":"3"}`,
	}, events...)
	all = append(all, `"eventType":"WorkflowExecutionFailed","workflowExecutionFailedEventAttributes":{"failure":{"message":"no","applicationFailureInfo":{}},"workflowTaskCompletedEventId":"4"}`)
	for i := range all {
		all[i] = fmt.Sprintf(`{"eventId":"%d","eventTime":"2026-11-29T00:00:00Z",%s}`, i+1, all[i])
	}
	return `{"events":[` + strings.Join(all, ",") + `]}`
}

// A failed workflow is replayed for queries, resets and tests.
func TestWorkflowReplays(t *testing.T) {
	t.Parallel()
	details := func(members string) string { return `"workflowTaskCompletedEventId":"4","details":{` + members + `}` }
	version := []string{
		`"eventType":"MarkerRecorded","markerRecordedEventAttributes":{"markerName":"Version",` +
			details(`"change-id":{"payloads":[`+payload("enrichertemporal")+`]},"version":{"payloads":[`+payload(1)+`]}`) + `}`,
		`"eventType":"UpsertWorkflowSearchAttributes","upsertWorkflowSearchAttributesEventAttributes":{"workflowTaskCompletedEventId":"4","searchAttributes":{"indexedFields":{"TemporalChangeVersion":` +
			payload([]string{"enrichertemporal-1"}) + `}}}`,
	}
	local := func(record map[string]any) string {
		return `"eventType":"MarkerRecorded","markerRecordedEventAttributes":{"markerName":"LocalActivity",` + details(
			`"data":{"payloads":[`+payload(map[string]any{"ActivityID": "1", "ActivityType": "LabelWorkflow", "Attempt": 1, "ReplayTime": "2026-11-29T00:00:00Z"})+`]},`+
				`"result":{"payloads":[`+payload(record)+`]}`) + `}`
	}
	outcome := map[string]any{"Details": map[string]any{"failureLabels": map[string]string{"team": "shop"}}}
	memo := `"eventType":"WorkflowPropertiesModified","workflowPropertiesModifiedEventAttributes":{"workflowTaskCompletedEventId":"4","upsertedMemo":{"fields":{"m":` + payload(map[string]string{"team": "shop"}) + `}}}`
	search := `"eventType":"UpsertWorkflowSearchAttributes","upsertWorkflowSearchAttributesEventAttributes":{"workflowTaskCompletedEventId":"4","searchAttributes":{"indexedFields":{"Other":` + payload([]string{"team=shop"}) + `}}}`
	for name, c := range map[string]struct {
		history string
		fails   bool
		labels  enricher.Labels
	}{
		"from before the interceptor": {history: history()},
		"without memo":                {labels: enricher.Labels{"team": "shop"}, history: history(append(version, local(map[string]any{"Outcome": outcome, "Own": true}))...)},
		"with other options": {labels: enricher.Labels{"team": "shop"}, history: history(append(version,
			local(map[string]any{"Outcome": outcome, "Own": true, "Memo": "m", "SearchAttribute": "Other", "Pairs": []string{"team=shop"}}), memo, search)...)},
		"of a workflow that did something else": {history: history(memo), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, rec := newEnricher(t, enricher.Labels{"team": "stock"})
			var result error
			r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{Interceptors: []interceptor.WorkerInterceptor{
				&results{result: &result},
				enrichertemporal.NewInterceptor(e, enrichertemporal.Options{Memo: "failureLabels", SearchAttribute: attribute}),
			}})
			require.NoError(t, err)
			r.RegisterWorkflowWithOptions(func(workflow.Context) error { return errors.New("no") }, workflow.RegisterOptions{Name: "import"})
			h, err := client.HistoryFromJSON(strings.NewReader(c.history), client.HistoryJSONOptions{})
			require.NoError(t, err)
			err = r.ReplayWorkflowHistory(temporallog.NewStructuredLogger(quiet), h)
			if c.fails {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				require.Error(t, result, "the workflow ended")
				assert.Equal(t, c.labels, enrichertemporal.LabelsOf(result))
			}
			assert.Empty(t, rec.Failures(), "not labeled again")
		})
	}
}
