package enrichertemporal_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichertemporal"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// A site is a worker on a queue of its own of a real server.
type site struct {
	client.Client

	ctx      context.Context // a guard for all of the test
	queue    string          // also the ID of its workflow
	failures func() []enrichertest.Recorded
	log      *lockedBuffer // of the worker, from warnings on
}

// A setup is what a site has.
type setup struct {
	labels   enricher.Labels
	without  bool // the interceptor
	options  enrichertemporal.Options
	workflow func(workflow.Context) error // by default, it returns the error of the activity
	activity workflow.ActivityOptions     // how the workflow starts it
	job      func(context.Context) error  // the activity
}

// newSite returns a site with a workflow and an activity of the name "import".
func newSite(t *testing.T, s setup) *site {
	address := os.Getenv("TEMPORAL_ADDRESS")
	if address == "" {
		const missing = "no Temporal server: start one with (cd servertest && GOWORK=off go run .), and set TEMPORAL_ADDRESS to what it prints"
		if os.Getenv("CI") != "" {
			require.FailNow(t, missing)
		}
		t.Skip(missing)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	w := &site{ctx: ctx, queue: t.Name() + "-" + rand.Text(), log: &lockedBuffer{}}
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var err error
	w.Client, err = client.DialContext(ctx, client.Options{HostPort: address, Logger: temporallog.NewStructuredLogger(logger)})
	require.NoError(t, err)
	t.Cleanup(w.Close)
	e, rec := newEnricher(t, s.labels)
	w.failures = rec.Failures
	o := worker.Options{MaxHeartbeatThrottleInterval: 50 * time.Millisecond}
	if !s.without {
		o.Interceptors = []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(e, s.options)}
	}
	if s.activity.StartToCloseTimeout == 0 {
		s.activity.StartToCloseTimeout = time.Hour
	}
	if s.workflow == nil {
		s.workflow = func(ctx workflow.Context) error {
			return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, s.activity), "import").Get(ctx, nil)
		}
	}
	worker := worker.New(w.Client, w.queue, o)
	worker.RegisterWorkflowWithOptions(s.workflow, workflow.RegisterOptions{Name: "import"})
	worker.RegisterActivityWithOptions(s.job, activity.RegisterOptions{Name: "import"})
	require.NoError(t, worker.Start())
	t.Cleanup(worker.Stop)
	return w
}

// start starts the workflow of w, which ends at the latest with the test.
func (w *site) start(t *testing.T, policy *temporal.RetryPolicy) client.WorkflowRun {
	run, err := w.ExecuteWorkflow(w.ctx, client.StartWorkflowOptions{
		ID: w.queue, TaskQueue: w.queue, RetryPolicy: policy, WorkflowExecutionTimeout: 24 * time.Hour,
	}, "import")
	require.NoError(t, err)
	t.Cleanup(func() { w.TerminateWorkflow(context.WithoutCancel(w.ctx), w.queue, "", "the test is over") })
	return run
}

// history returns the events of run once it has ended.
func (w *site) history(t *testing.T, run client.WorkflowRun) (events []*historypb.HistoryEvent) {
	iter := w.GetWorkflowHistory(w.ctx, run.GetID(), run.GetRunID(), true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iter.HasNext() {
		event, err := iter.Next()
		require.NoError(t, err)
		events = append(events, event)
	}
	return events
}

// pending returns the activity of run once its first attempt has failed.
func (w *site) pending(t *testing.T, run client.WorkflowRun) (p *workflowpb.PendingActivityInfo) {
	w.eventually(t, func() bool {
		d, err := w.DescribeWorkflow(w.ctx, run.GetID(), run.GetRunID())
		require.NoError(t, err)
		if len(d.RawResponse.PendingActivities) > 0 {
			p = d.RawResponse.PendingActivities[0]
		}
		return p.GetLastFailure() != nil
	})
	return p
}

func (w *site) eventually(t *testing.T, ok func() bool) {
	for !ok() {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-w.ctx.Done():
			require.NoError(t, w.ctx.Err())
		}
	}
}

// text returns the payload as the UI shows it.
func text(p *commonpb.Payload) string { return string(p.GetData()) }

// texts returns the details of f as the UI shows them.
func texts(f *failurepb.Failure) (all []string) {
	for _, p := range f.GetApplicationFailureInfo().GetDetails().GetPayloads() {
		all = append(all, text(p))
	}
	return all
}

// A lockedBuffer is a buffer for concurrent use.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

const shop = `{"failureLabels":{"team":"shop"}}`

// What the history has of an activity that has failed for good.
func TestServerHistoryOfAnActivity(t *testing.T) {
	t.Parallel()
	type labels = enricher.Labels
	fail := func(err error) func(context.Context) error {
		return func(context.Context) error { return err }
	}
	panics := func(context.Context) error { panic("no shelf") }
	for name, c := range map[string]struct {
		labels   labels
		job      func(context.Context) error
		policy   temporal.RetryPolicy
		deadline time.Duration // of all attempts
		attempts int32
		state    enumspb.RetryState
		terminal bool     // for enrichers
		kind     string   // of the error
		details  []string // by default, those of labels
		benign   bool
	}{
		"an error":            {job: fail(&stockError{errors.New("no")}), attempts: 2, kind: "stockError"},
		"a veto":              {labels: labels{"JOB_CANNOT_RESTART": "true"}, job: fail(errors.New("no")), details: []string{`{"failureLabels":{"JOB_CANNOT_RESTART":"true"}}`}, attempts: 1, state: enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE},
		"what does not count": {labels: labels{"attempt_counts": "false"}, job: fail(errors.New("no")), details: []string{`{"failureLabels":{"attempt_counts":"false"}}`}, attempts: 2},
		"expected":            {labels: labels{"expected": "true"}, job: fail(errors.New("no")), details: []string{`{"failureLabels":{"expected":"true"}}`}, attempts: 2, benign: true},
		"the user's details":  {job: fail(temporal.NewApplicationError("no stock", "Stock", "sku", 3)), kind: "Stock", details: []string{`"sku"`, `3`, shop}, attempts: 2},
		"non-retryable":       {job: fail(temporal.NewNonRetryableApplicationError("no stock", "Stock", nil)), kind: "Stock", attempts: 1, state: enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE, terminal: true},
		"a non-retryable type": {
			job: fail(&stockError{errors.New("no")}), policy: temporal.RetryPolicy{NonRetryableErrorTypes: []string{"stockError"}},
			kind: "stockError", attempts: 1, state: enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE, terminal: true,
		},
		"a panic": {job: panics, kind: "Panic", attempts: 2},
		"a panic that the policy does not retry": {
			job: panics, policy: temporal.RetryPolicy{NonRetryableErrorTypes: []string{"PanicError"}},
			kind: "Panic", attempts: 1, state: enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE, terminal: true,
		},
		"a delay beyond the deadline": {
			labels: labels{"retry_after": "30m"}, job: fail(errors.New("no")), deadline: 20 * time.Minute,
			details: []string{`{"failureLabels":{"retry_after":"30m"}}`}, attempts: 1, state: enumspb.RETRY_STATE_TIMEOUT,
		},
		"more than 4 KiB": {job: fail(temporal.NewApplicationError("no stock", "Stock", strings.Repeat("s", 8<<10))), kind: "Stock", details: []string{`"` + strings.Repeat("s", 8<<10) + `"`, shop}, attempts: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.labels == nil {
				c.labels = labels{"team": "shop"}
			}
			if c.details == nil {
				c.details = []string{shop}
			}
			c.policy.MaximumAttempts, c.policy.InitialInterval = 2, 100*time.Millisecond
			w := newSite(t, setup{labels: c.labels, job: c.job, activity: workflow.ActivityOptions{RetryPolicy: &c.policy, ScheduleToCloseTimeout: c.deadline}})
			run := w.start(t, nil)
			var failed *historypb.ActivityTaskFailedEventAttributes
			for _, event := range w.history(t, run) {
				if started := event.GetActivityTaskStartedEventAttributes(); started != nil {
					assert.Equal(t, c.attempts, started.Attempt)
				}
				if f := event.GetActivityTaskFailedEventAttributes(); f != nil {
					failed = f
				}
			}
			if c.state == 0 {
				c.state = enumspb.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED
			}
			assert.Equal(t, c.state, failed.GetRetryState())
			info := failed.GetFailure().GetApplicationFailureInfo()
			assert.Equal(t, c.kind, info.GetType())
			assert.Equal(t, c.benign, info.GetCategory() == enumspb.APPLICATION_ERROR_CATEGORY_BENIGN)
			failures := w.failures()
			for i, f := range failures[:c.attempts] {
				assert.Equal(t, c.terminal, f.Context.Terminal)
				assert.Equal(t, []int{i + 1, 2}, []int{f.Context.Attempt, f.Context.MaxAttempts})
				assert.Equal(t, []string{w.queue, "import", "import"}, []string{f.Context.JobID, f.Context.JobName, f.Context.TaskName})
				assert.Equal(t, map[string]string{"queue": w.queue, "namespace": "default", "run_id": run.GetRunID()}, f.Context.Attributes)
			}
			if c.kind == "Panic" {
				d, _ := detailsOf(t, temporal.GetDefaultFailureConverter().FailureToError(failed.GetFailure()))
				assert.Equal(t, c.labels, d.FailureLabels)
				assert.Contains(t, d.Stack, "TestServer")
				var panicked *temporal.PanicError
				require.ErrorAs(t, run.Get(w.ctx, nil), &panicked)
				assert.Equal(t, "no shelf", failed.GetFailure().GetMessage())
			} else {
				assert.Equal(t, c.details, texts(failed.GetFailure()))
				assert.Equal(t, c.labels, enrichertemporal.LabelsOf(run.Get(w.ctx, nil)))
				assert.Len(t, failures, int(c.attempts), "the failure of the workflow is that of the activity")
			}
		})
	}
}

// What the server keeps of a failure until the next attempt.
func TestServerBetweenAttempts(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("s", 8<<10)
	delay := func(d time.Duration, details ...any) func(context.Context) error {
		return func(context.Context) error {
			return temporal.NewApplicationErrorWithOptions("no stock", "Stock", temporal.ApplicationErrorOptions{NextRetryDelay: d, Details: details})
		}
	}
	for name, c := range map[string]struct {
		job  func(context.Context) error
		want time.Duration
	}{
		"retry_after":      {job: delay(0), want: time.Hour},
		"the user's delay": {job: delay(2 * time.Hour), want: 2 * time.Hour},
		"a panic":          {job: func(context.Context) error { panic("no shelf") }, want: time.Hour},
		"more than 4 KiB":  {job: delay(0, big), want: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSite(t, setup{labels: enricher.Labels{"retry_after": "1h"}, job: c.job, activity: workflow.ActivityOptions{
				ScheduleToCloseTimeout: 24 * time.Hour, RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute},
			}})
			p := w.pending(t, w.start(t, nil))
			assert.EqualValues(t, 2, p.Attempt, "the next one")
			assert.Equal(t, c.want, p.CurrentRetryInterval.AsDuration().Round(time.Minute))
			f := p.LastFailure
			if name == "more than 4 KiB" {
				assert.NotNil(t, f.GetServerFailureInfo())
				f = f.Cause
				assert.Equal(t, "Stock", f.GetApplicationFailureInfo().GetType())
				assert.Equal(t, "no stock", f.GetMessage())
				assert.Empty(t, texts(f))
				return
			}
			last := texts(f)
			require.NotEmpty(t, last)
			assert.True(t, strings.HasPrefix(last[len(last)-1], `{"failureLabels":{"retry_after":"1h"}`), last)
		})
	}
}
