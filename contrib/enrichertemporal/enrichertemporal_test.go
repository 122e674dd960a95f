package enrichertemporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichertemporal"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/jobs/jobstest"
)

// A panics panics in what errors.As calls.
type panics struct{}

func (panics) Error() string { return "panics" }
func (panics) As(any) bool   { panic("As") }
func (panics) Unwrap() error { panic("Unwrap") }

func TestErrorsWhoseMethodsPanicAreFailures(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.False(t, enrichertemporal.Interrupted(ctx, panics{}))
	assert.False(t, enrichertemporal.IsNoFailure(panics{}))
	canceled := fmt.Errorf("import: %w", temporal.NewCanceledError())
	assert.True(t, enrichertemporal.Interrupted(ctx, canceled))
	assert.True(t, enrichertemporal.IsNoFailure(canceled))
}

func TestAdapter(t *testing.T) {
	t.Parallel()
	jobstest.Run(t, jobstest.Manager{
		Start: start,
		NotFailures: map[string]error{
			"ErrResultPending": activity.ErrResultPending,
			"CanceledError":    temporal.NewCanceledError(),
			"benign": temporal.NewApplicationErrorWithOptions("not yet", "", temporal.ApplicationErrorOptions{
				Category: temporal.ApplicationErrorCategoryBenign, NonRetryable: true,
			}),
		},
		Terminal: map[string]func(error) error{
			"NonRetryable": func(err error) error { return temporal.NewNonRetryableApplicationError("no", "", err) },
			"type of the retry policy": func(err error) error {
				return temporal.NewApplicationErrorWithCause("no", nonRetryableType, err)
			},
		},
		Stop:   func(_ testing.TB, j jobstest.Job) { j.(*job).stop() },
		Cancel: func(_ testing.TB, j jobstest.Job) { close(j.(*job).cancel) },
		Without: map[string]string{
			"timeout":   "the server makes the error of a timeout; see TestTimeoutIsLabeled",
			"uncounted": "in Temporal each attempt counts; see TestActivity",
			"handler":   "Temporal has no handler of errors",
			"log":       "an ApplicationError cannot carry a Result; see TestLabeledIsForLogHandlers",
		},
	})
}

const nonRetryableType = "NoRetry"

// A job is an activity of a workflow in the SDK's test environment, which skips the
// time between attempts.
type job struct {
	setup   jobstest.Setup
	env     *testsuite.TestWorkflowEnvironment
	stop    context.CancelFunc
	cancel  chan bool
	permits chan bool // for the next attempt to run
	waiting chan bool // it waits for a permit
	pending chan bool // an attempt was left pending
	done    chan bool // the workflow

	mu    sync.Mutex
	err   error // of the latest attempt, as the worker gets it
	ended time.Time
}

func start(t testing.TB, s jobstest.Setup) jobstest.Job {
	j := &job{
		setup: s, cancel: make(chan bool), permits: make(chan bool), waiting: make(chan bool, 1),
		pending: make(chan bool, 1), done: make(chan bool),
	}
	var ctx context.Context
	ctx, j.stop = context.WithCancel(context.Background())
	policy := &temporal.RetryPolicy{
		MaximumAttempts: int32(s.MaxAttempts), InitialInterval: s.Delay, BackoffCoefficient: 1, NonRetryableErrorTypes: []string{nonRetryableType},
	}
	j.env = newEnv(worker.Options{
		BackgroundActivityContext: ctx, MaxHeartbeatThrottleInterval: 10 * time.Millisecond,
		Interceptors: []interceptor.WorkerInterceptor{
			&server{policy: policy, settled: j.settled},
			enrichertemporal.NewInterceptor(s.Labeler, enrichertemporal.Options{Options: s.Options, ActivitiesOnly: true}),
		},
	})
	timeout := s.Timeout
	if timeout == 0 {
		timeout = time.Hour
	}
	j.env.RegisterActivityWithOptions(j.run, activity.RegisterOptions{Name: "import"})
	go func() {
		defer close(j.done)
		j.env.ExecuteWorkflow(func(ctx workflow.Context) error {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: timeout, RetryPolicy: policy})
			return workflow.ExecuteActivity(ctx, "import").Get(ctx, nil)
		})
	}()
	t.Cleanup(func() {
		close(j.permits)
		j.env.CancelWorkflow()
		<-j.done
		j.stop()
	})
	return j
}

// setPatient sets the options of a worker, with limits that a busy machine keeps.
func setPatient(env *testsuite.TestWorkflowEnvironment, o worker.Options) {
	o.DeadlockDetectionTimeout = time.Minute
	env.SetWorkerOptions(o)
	env.SetTestTimeout(time.Minute)
}

func newEnv(o worker.Options) *testsuite.TestWorkflowEnvironment {
	var s testsuite.WorkflowTestSuite
	s.SetLogger(temporallog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := s.NewTestWorkflowEnvironment()
	setPatient(env, o)
	return env
}

// run is the activity.
func (j *job) run(ctx context.Context) error {
	j.waiting <- true
	if _, ok := <-j.permits; !ok {
		return temporal.NewCanceledError() // the check is over
	}
	if j.setup.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.setup.Timeout) // that of the SDK began before the permit
		defer cancel()
	}
	over := make(chan bool)
	defer close(over)
	go func() {
		select {
		case <-over:
			return
		case <-j.cancel:
			j.env.CancelWorkflow()
		}
		for { // a worker learns of it by a heartbeat
			select {
			case <-over:
				return
			case <-time.After(10 * time.Millisecond):
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return j.setup.Job(ctx)
}

func (j *job) settled(err error) {
	j.mu.Lock()
	j.err, j.ended = err, j.env.Now()
	j.mu.Unlock()
	if errors.Is(err, activity.ErrResultPending) {
		j.pending <- true
	}
}

func (j *job) Attempt(t testing.TB) jobstest.Attempt {
	<-j.waiting
	j.permits <- true
	again := false
	select {
	case <-j.waiting:
		again = true
		j.waiting <- true
	case <-j.pending:
	case <-j.done:
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	a := jobstest.Attempt{Again: again}
	if again {
		a.Delay = j.env.Now().Sub(j.ended)
	}
	if details, ok := detailsOf(t, j.err); ok {
		a.Labels = details.FailureLabels
		text, err := json.Marshal(details)
		assert.NoError(t, err)
		a.Kept = string(text)
	}
	return a
}

// detailsOf returns what is in the details of err on the other side of the wire.
func detailsOf(t testing.TB, err error) (d enrichertemporal.Details, ok bool) {
	app, ok := wire(err).(*temporal.ApplicationError)
	if !ok || !app.HasDetails() {
		return d, false
	}
	assert.NoError(t, app.Details(&d))
	return d, true
}

// wire returns err as a workflow gets it.
func wire(err error) error {
	if err == nil || err == activity.ErrResultPending {
		return err
	}
	c := temporal.GetDefaultFailureConverter()
	return c.FailureToError(c.ErrorToFailure(err))
}

// A server is an interceptor that tells activities what only a server does, and sees
// what the worker sees.
type server struct {
	interceptor.WorkerInterceptorBase
	interceptor.ActivityInboundInterceptorBase

	policy  *temporal.RetryPolicy
	settled func(error)
}

func (s *server) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := *s
	i.ActivityInboundInterceptorBase.Next = next
	return &i
}

func (s *server) Init(out interceptor.ActivityOutboundInterceptor) error {
	o := &outbound{policy: s.policy}
	o.Next = out
	return s.ActivityInboundInterceptorBase.Init(o)
}

func (s *server) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (res any, err error) {
	defer func() { s.settled(err) }()
	return s.ActivityInboundInterceptorBase.ExecuteActivity(ctx, in)
}

type outbound struct {
	interceptor.ActivityOutboundInterceptorBase

	policy *temporal.RetryPolicy
}

func (o *outbound) GetInfo(ctx context.Context) activity.Info {
	info := o.Next.GetInfo(ctx)
	info.RetryPolicy = o.policy
	return info
}

// newEnricher returns one that sets labels, and what observes it.
func newEnricher(t testing.TB, labels enricher.Labels, opts ...enricher.Option) (*enricher.Enricher, *enrichertest.Recorder) {
	rec := &enrichertest.Recorder{}
	fake := &enrichertest.Fake{Keys: labels.Keys(), Steps: []enrichertest.Step{{Labels: labels}}}
	opts = append(opts, enricher.WithEnricher("fake", fake), enricher.WithObserver(rec), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, opts...)
	require.NoError(t, err)
	return e, rec
}
