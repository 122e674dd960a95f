package enrichertemporal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherslog"
	"github.com/failure-enrichers/enricher/contrib/enrichertemporal"
	"github.com/failure-enrichers/enricher/jobs"
)

// failureOf returns the error of an activity as its workflow gets it.
func failureOf(t *testing.T, o enrichertemporal.Options, labels enricher.Labels, job func(context.Context) error, log *slog.Logger) error {
	e, _ := newEnricher(t, labels)
	var s testsuite.WorkflowTestSuite
	s.SetLogger(temporallog.NewStructuredLogger(log))
	env := s.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(e, o)}})
	// Messages and details are encoded, so that what is not passes through.
	codec := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}))
	env.SetDataConverter(codec)
	env.SetFailureConverter(temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: codec, EncodeCommonAttributes: true}))
	env.RegisterActivity(job)
	_, err := env.ExecuteActivity(job)
	return err
}

var quiet = slog.New(slog.DiscardHandler)

type stockError struct{ error }

func (e *stockError) Unwrap() error { return e.error }

func TestActivity(t *testing.T) {
	t.Parallel()
	type (
		labels  = enricher.Labels
		options = temporal.ApplicationErrorOptions
	)
	stock := &stockError{fmt.Errorf("open: %w", fs.ErrNotExist)}
	user := func(o options) error { return temporal.NewApplicationErrorWithOptions("no stock", "StockError", o) }
	for name, c := range map[string]struct {
		err      error
		labels   labels
		o        jobs.Options
		want     options // Details are those of the user
		kind     string
		message  string
		labelsIn labels // by default, labels
	}{
		"an error":            {err: errors.New("no"), labels: labels{"team": "shop"}, message: "no"},
		"an error with type":  {err: stock, labels: labels{"team": "shop"}, kind: "stockError", message: stock.Error(), want: options{Cause: stock.error}},
		"a veto":              {err: errors.New("no"), labels: labels{"JOB_CANNOT_RESTART": "true", "retry_after": "5s"}, message: "no", want: options{NonRetryable: true}},
		"an ignored veto":     {err: errors.New("no"), labels: labels{"JOB_CANNOT_RESTART": "true"}, o: jobs.Options{IgnoreVeto: true}, message: "no"},
		"a delay":             {err: errors.New("no"), labels: labels{"retry_after": "5s"}, message: "no", want: options{NextRetryDelay: 5 * time.Second}},
		"what does not count": {err: errors.New("no"), labels: labels{"attempt_counts": "false"}, message: "no", want: options{}},
		"expected":            {err: errors.New("no"), labels: labels{"expected": "true"}, message: "no", want: options{Category: temporal.ApplicationErrorCategoryBenign}},
		"a secret":            {err: errors.New("no"), labels: labels{"password": "hunter2", "note": "token=hunter2"}, message: "no", labelsIn: labels{"password": "***", "note": "token=***"}},
		"the user's": {
			err: user(options{Details: []any{"sku", 3}, Cause: stock, NextRetryDelay: time.Minute}), labels: labels{"retry_after": "5s", "team": "shop"},
			kind: "StockError", message: "no stock", want: options{Details: []any{"sku", 3}, Cause: stock, NextRetryDelay: time.Minute},
		},
		"the user's non-retryable": {err: user(options{NonRetryable: true}), labels: labels{"team": "shop"}, kind: "StockError", message: "no stock", want: options{NonRetryable: true}},
		"one from the wire": {
			err: wire(user(options{Details: []any{"sku", 3}})), labels: labels{"team": "shop"},
			kind: "StockError", message: "no stock", want: options{Details: []any{"sku", 3}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := failureOf(t, enrichertemporal.Options{Options: c.o}, c.labels, func(context.Context) error { return c.err }, quiet)
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			got := options{
				NonRetryable: app.NonRetryable(), NextRetryDelay: app.NextRetryDelay(), Category: app.Category(),
				Cause: c.want.Cause, Details: c.want.Details,
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.kind, app.Type())
			assert.Equal(t, c.message, app.Message())
			assert.Equal(t, c.want.Cause == nil, app.Unwrap() == nil, "cause")
			if c.labelsIn == nil {
				c.labelsIn = c.labels
			}
			assert.Equal(t, c.labelsIn, enrichertemporal.LabelsOf(err))
			var (
				sku string
				n   int
				d   enrichertemporal.Details
			)
			if c.want.Details != nil {
				require.NoError(t, app.Details(&sku, &n, &d))
				assert.Equal(t, c.want.Details, []any{sku, n})
			} else {
				require.NoError(t, app.Details(&d))
			}
			assert.Equal(t, c.labelsIn, d.FailureLabels)
		})
	}
}

func TestActivityKeepsOtherKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []error{
		temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil),
		&temporal.TerminatedError{},
		&temporal.ServerError{},
		&temporal.ActivityError{},
		&temporal.ChildWorkflowExecutionError{},
		wire(&temporal.PanicError{}),
	} {
		err := failureOf(t, enrichertemporal.Options{}, enricher.Labels{"team": "shop"}, func(context.Context) error { return c }, quiet)
		assert.IsType(t, c, errors.Unwrap(err))
	}
	err := failureOf(t, enrichertemporal.Options{}, enricher.Labels{"team": "shop"}, func(context.Context) error {
		return temporal.NewApplicationError("no", "", nil, "sku") // two details, of which one is nil
	}, quiet)
	assert.Nil(t, enrichertemporal.LabelsOf(err))
}

func TestActivityThatPanics(t *testing.T) {
	t.Parallel()
	job := func(context.Context) error { panic("no shelf") }
	err := failureOf(t, enrichertemporal.Options{}, enricher.Labels{"team": "shop"}, job, quiet)
	var (
		app      *temporal.ApplicationError
		panicked *temporal.PanicError
		d        enrichertemporal.Details
	)
	require.ErrorAs(t, err, &app)
	assert.Equal(t, []string{"no shelf", "Panic"}, []string{app.Message(), app.Type()})
	require.ErrorAs(t, err, &panicked)
	require.NoError(t, app.Details(&d))
	assert.Equal(t, enricher.Labels{"team": "shop"}, d.FailureLabels)
	first, _, _ := strings.Cut(d.Stack, "\n")
	assert.Contains(t, first, "TestActivityThatPanics")
	assert.LessOrEqual(t, len(d.Stack), 2048)
	assert.True(t, strings.HasSuffix(d.Stack, "\n"), "cut at a line")

	// Without labels, it is as without the interceptor.
	err = failureOf(t, enrichertemporal.Options{}, nil, job, quiet)
	assert.False(t, errors.As(err, &app))
	require.ErrorAs(t, err, &panicked)
	assert.Contains(t, panicked.StackTrace(), "TestActivityThatPanics")
}

// The SDK looks for what the error of a local activity wraps.
func TestLocalActivityIsRetriedAsWithoutLabels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		panics bool
		want   int // attempts
	}{
		"an error":                     {errors.New("no"), false, 3},
		"an ApplicationError, wrapped": {fmt.Errorf("order 17: %w", temporal.NewApplicationError("no", "")), false, 3},
		"non-retryable, wrapped":       {fmt.Errorf("order 17: %w", temporal.NewNonRetryableApplicationError("no", "", nil)), false, 1},
		"non-retryable, joined":        {errors.Join(errors.New("no"), temporal.NewNonRetryableApplicationError("no", "", nil)), false, 1},
		"non-retryable, a panic":       {temporal.NewNonRetryableApplicationError("no", "", nil), true, 3},
		"of a type, wrapped":           {fmt.Errorf("order 17: %w", temporal.NewApplicationError("no", "StockError")), false, 1},
		"canceled, joined":             {errors.Join(errors.New("no"), temporal.NewCanceledError()), false, 1},
	} {
		for _, labels := range []enricher.Labels{nil, {"team": "shop"}} {
			e, rec := newEnricher(t, labels)
			env := newEnv(worker.Options{Interceptors: []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(e, enrichertemporal.Options{ActivitiesOnly: true})}})
			var attempts int
			env.ExecuteWorkflow(func(ctx workflow.Context) error {
				ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
					ScheduleToCloseTimeout: time.Hour,
					RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Millisecond, MaximumAttempts: 3, NonRetryableErrorTypes: []string{"StockError"}},
				})
				return workflow.ExecuteLocalActivity(ctx, func(context.Context) error {
					if attempts++; c.panics {
						panic(c.err)
					}
					return c.err
				}).Get(ctx, nil)
			})
			assert.Equal(t, c.want, attempts, name)
			assert.Equal(t, c.want == 1, rec.Failures()[0].Context.Terminal, name)
		}
	}
}

func TestTimeoutIsLabeled(t *testing.T) {
	t.Parallel()
	e, rec := newEnricher(t, enricher.Labels{"team": "shop"})
	env := newEnv(worker.Options{Interceptors: []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(e, enrichertemporal.Options{})}})
	job := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	env.RegisterActivity(job)
	env.ExecuteWorkflow(workflowOf(job, 50*time.Millisecond))
	var timeout *temporal.TimeoutError
	require.ErrorAs(t, env.GetWorkflowError(), &timeout)
	failures := rec.Failures() // of the activity and, as the server's error has no labels, of the workflow
	require.Len(t, failures, 2)
	require.ErrorIs(t, failures[0].Cause, context.DeadlineExceeded)
	assert.Equal(t, enricher.FailureTypeTask, failures[0].Context.Type)
	assert.Equal(t, enricher.FailureTypeGlobal, failures[1].Context.Type)
}

func TestLabeledIsForLogHandlers(t *testing.T) {
	t.Parallel()
	for _, skip := range []func(context.Context, error) bool{nil, enrichertemporal.Labeled} {
		e, rec := newEnricher(t, enricher.Labels{"who": "logs"})
		var out bytes.Buffer
		h := enricherslog.New(slog.NewTextHandler(&out, nil), e, enricherslog.Options{Options: jobs.Options{Skip: skip}})
		_ = failureOf(t, enrichertemporal.Options{}, enricher.Labels{"team": "shop"}, func(context.Context) error { return errors.New("no") }, slog.New(h))
		assert.Contains(t, out.String(), "Activity error.")
		assert.Equal(t, skip == nil, len(rec.Failures()) > 0)
	}
}

func TestLabelsOf(t *testing.T) {
	t.Parallel()
	details := enrichertemporal.Details{FailureLabels: enricher.Labels{"team": "shop"}}
	for name, c := range map[string]struct {
		err  error
		want enricher.Labels
	}{
		"nil":                       {},
		"another error":             {err: errors.New("no")},
		"no details":                {err: temporal.NewApplicationError("no", "")},
		"other details":             {err: temporal.NewApplicationError("no", "", "sku", map[string]int{"a": 1})},
		"not the last of them":      {err: temporal.NewApplicationError("no", "", details, "sku")},
		"alone":                     {err: temporal.NewApplicationError("no", "", details), want: details.FailureLabels},
		"the last of them":          {err: temporal.NewApplicationError("no", "", "sku", 3, details), want: details.FailureLabels},
		"of the cause":              {err: temporal.NewApplicationErrorWithCause("no", "", temporal.NewApplicationError("no", "", details), "sku"), want: details.FailureLabels},
		"of a cause that is joined": {err: errors.Join(errors.New("a"), temporal.NewApplicationError("no", "", details)), want: details.FailureLabels},
	} {
		assert.Equal(t, c.want, enrichertemporal.LabelsOf(c.err), name)
		assert.Equal(t, c.want != nil, enrichertemporal.Labeled(t.Context(), c.err), name)
		if !strings.HasSuffix(name, "joined") { // Temporal drops it
			assert.Equal(t, c.want, enrichertemporal.LabelsOf(wire(c.err)), name)
		}
	}
}

func TestNewInterceptorPanicsOnWrongOptions(t *testing.T) {
	t.Parallel()
	o := enrichertemporal.Options{Options: jobs.Options{MaxUncounted: -1}, ActivitiesOnly: true, Memo: "labels"}
	assert.EqualError(t, o.Validate(), "jobs: MaxUncounted -1: must not be negative; 0 is 20\n"+
		"enrichertemporal: ActivitiesOnly: must not be set together with Memo or SearchAttribute, which are of workflows")
	assert.Panics(t, func() { enrichertemporal.NewInterceptor(nil, o) })
}
