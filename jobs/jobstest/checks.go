package jobstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherslog"
	"github.com/failure-enrichers/enricher/jobs"
)

func attempts(t testing.TB, m Manager) {
	b := start(t, m, some, Setup{MaxAttempts: 4})
	for range 3 {
		a := b.job.Attempt(t)
		assert.True(t, a.Again, "another attempt")
		assertLabels(t, m, some, a)
	}
	failures := b.observed.Failures()
	require.Len(t, failures, 3, "failures that were labeled")
	ids := map[string]bool{}
	for i, f := range failures {
		assert.Equal(t, i+1, f.Context.Attempt, "Attempt")
		assert.NotEmpty(t, f.Context.JobID, "JobID")
		assert.Equal(t, failures[0].Context.JobID, f.Context.JobID, "JobID")
		require.ErrorIs(t, f.Cause, errJob)
		ids[f.Context.ID] = true
	}
	assert.Len(t, ids, 3, "different IDs")
	assert.NotContains(t, ids, "", "an empty ID")
}

func maximum(t testing.TB, m Manager) {
	b := start(t, m, some, Setup{MaxAttempts: 2})
	assert.True(t, b.job.Attempt(t).Again, "another attempt after the first of two")
	assert.False(t, b.job.Attempt(t).Again, "another attempt after the second of two")
	failures := b.observed.Failures()
	require.Len(t, failures, 2, "failures that were labeled")
	for _, f := range failures {
		assert.Equal(t, 2, f.Context.MaxAttempts, "MaxAttempts")
	}
}

func success(t testing.TB, m Manager) {
	b := start(t, m, some, Setup{Job: func(context.Context) error { return nil }})
	assertLabels(t, m, nil, b.job.Attempt(t))
	assert.Empty(t, b.observed.Failures())
}

func noFailure(t testing.TB, m Manager) {
	if len(m.NotFailures) == 0 {
		t.Skip("the job manager has no errors that are no failures")
	}
	for name, err := range m.NotFailures {
		b := start(t, m, some, Setup{Job: func(context.Context) error { return err }})
		assertLabels(t, m, nil, b.job.Attempt(t))
		assert.Empty(t, b.observed.Failures(), name)
	}
}

func interrupted(t testing.TB, m Manager, interrupt func(testing.TB, Job)) {
	if interrupt == nil {
		t.Skip("the job manager cannot do this")
	}
	running := make(chan bool, 1)
	b := start(t, m, some, Setup{Job: func(ctx context.Context) error {
		running <- true
		<-ctx.Done()
		return fmt.Errorf("query: %w", ctx.Err())
	}})
	settled := make(chan bool)
	go func() {
		defer close(settled)
		b.job.Attempt(t)
	}()
	select {
	case <-running:
		interrupt(t, b.job)
		<-settled
	case <-settled:
		t.Errorf("Attempt returned before the job ran")
	}
	assert.Empty(t, b.observed.Failures())
}

func timeout(t testing.TB, m Manager) {
	b := start(t, m, some, Setup{Timeout: 100 * time.Millisecond, Job: func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("query: %w", ctx.Err())
	}})
	assertLabels(t, m, some, b.job.Attempt(t))
	require.ErrorIs(t, b.one(t).Cause, context.DeadlineExceeded)
}

func overdue(t testing.TB, m Manager) {
	returned := make(chan bool)
	b := start(t, m, some, Setup{Timeout: 100 * time.Millisecond, Job: func(ctx context.Context) error {
		defer close(returned)
		<-ctx.Done()
		<-time.After(200 * time.Millisecond) // the job manager may go on
		return errJob
	}})
	b.job.Attempt(t)
	<-returned
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	failures, _ := b.observed.Wait(ctx, 2) // there must be no second one
	assert.Len(t, failures, 1, "failures that were labeled")
}

func panicked(t testing.TB, m Manager) {
	var value any
	b := start(t, m, some, Setup{Job: culprit, Handler: func(_ context.Context, err error, panicked any) {
		if value = panicked; value == nil {
			value = err
		}
	}})
	assertLabels(t, m, some, b.job.Attempt(t))
	p, ok := enricher.AsType[*enricher.PanicError](b.one(t).Cause)
	require.True(t, ok, "the cause is a *PanicError")
	assert.Equal(t, errJob, p.Value)
	assert.True(t, hasFrame(p, "jobstest.culprit"), "the frames of the job")
	if _, ok := m.Without["handler"]; !ok {
		err, ok := value.(error)
		require.True(t, ok, "the user's handler gets an error or the value of the panic, but got %v", value)
		require.ErrorIs(t, err, errJob)
	}
}

func hasFrame(p *enricher.PanicError, function string) bool {
	frames := runtime.CallersFrames(p.Callers())
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, function) {
			return true
		}
		if !more {
			return false
		}
	}
}

var vetoing = enricher.Labels{enricher.KeyJobCannotRestart: "true", "team": "shop"}

func veto(t testing.TB, m Manager, job func(context.Context) error) {
	b := start(t, m, vetoing, Setup{Job: job})
	a := b.job.Attempt(t)
	assert.False(t, a.Again, "another attempt")
	assertLabels(t, m, vetoing, a)
	b.one(t)
}

func ignoreVeto(t testing.TB, m Manager) {
	b := start(t, m, vetoing, Setup{Options: jobs.Options{IgnoreVeto: true}})
	assert.True(t, b.job.Attempt(t).Again, "another attempt")
}

func terminal(t testing.TB, m Manager) {
	if len(m.Terminal) == 0 {
		t.Skip("the job manager has no errors that end a job")
	}
	for name, wrap := range m.Terminal {
		b := start(t, m, some, Setup{Job: func(context.Context) error { return wrap(errJob) }})
		a := b.job.Attempt(t)
		assert.False(t, a.Again, "another attempt after %s", name)
		assertLabels(t, m, some, a)
		f := b.one(t)
		assert.True(t, f.Context.Terminal, "FailureContext.Terminal after %s", name)
		require.ErrorIs(t, f.Cause, errJob, name)
	}
}

func delay(t testing.TB, m Manager) {
	after := enricher.Labels{enricher.KeyRetryAfter: labelDelay.String()}
	for _, c := range []struct {
		what   string
		labels enricher.Labels
		o      jobs.Options
		want   time.Duration
	}{
		{"without a label", some, jobs.Options{}, userDelay},
		{"of a label", after, jobs.Options{}, labelDelay},
		{"of an ignored label", after, jobs.Options{IgnoreRetryAfter: true}, userDelay},
	} {
		a := start(t, m, c.labels, Setup{Options: c.o}).job.Attempt(t)
		assert.True(t, a.Again, "another attempt after a delay %s", c.what)
		assertDelay(t, c.want, a)
	}
}

func uncounted(t testing.TB, m Manager) {
	labels := enricher.Labels{enricher.KeyAttemptCounts: "false"}
	b := start(t, m, labels, Setup{MaxAttempts: 2, Options: jobs.Options{MaxUncounted: 3}})
	n := 0
	for again := true; again && n < 10; n++ {
		a := b.job.Attempt(t)
		if again = a.Again; n < 3 {
			assert.True(t, again, "another attempt after %d that do not count", n+1)
			assertDelay(t, 30*time.Second, a)
			assert.Positive(t, a.Delay, "delay")
		}
	}
	assert.Equal(t, 5, n, "attempts: 3 that do not count, and 2 that do")
}

func handler(t testing.TB, m Manager) {
	var got []error
	b := start(t, m, some, Setup{Handler: func(_ context.Context, err error, _ any) { got = append(got, err) }})
	b.job.Attempt(t)
	require.Len(t, got, 1, "calls of the user's handler")
	require.ErrorIs(t, got[0], errJob)
}

func logged(t testing.TB, m Manager) {
	var e *enricher.Enricher
	b := start(t, m, some, Setup{Handler: func(ctx context.Context, err error, _ any) {
		slog.New(enricherslog.New(slog.NewTextHandler(io.Discard, nil), e, enricherslog.Options{})).ErrorContext(ctx, "Job failed", "error", err)
	}})
	e = b.enricher
	b.job.Attempt(t)
	b.one(t)
}

// unchanged checks that the job manager does what it does without the adapter.
func unchanged(t testing.TB, m Manager, b bench) {
	t.Helper()
	a := b.job.Attempt(t)
	if _, ok := m.Without["attempts"]; !ok {
		assert.True(t, a.Again, "another attempt")
	}
	if _, ok := m.Without["delay"]; !ok {
		assertDelay(t, userDelay, a)
	}
	if !m.NoLabels {
		assert.Empty(t, a.Labels, "labels")
	}
}

func plain(t testing.TB, m Manager) {
	var got error
	b := startWith(t, m, Setup{Handler: func(_ context.Context, err error, _ any) { got = err }}, enricher.Config{})
	unchanged(t, m, b)
	if _, ok := m.Without["handler"]; !ok {
		require.Equal(t, errJob, got, "the handler may compare the error of the job")
	}
}

func shutdown(t testing.TB, m Manager) {
	b := start(t, m, vetoing, Setup{})
	require.NoError(t, b.enricher.Shutdown(context.Background()))
	unchanged(t, m, b)
}

func hang(t testing.TB, m Manager) {
	released := make(chan bool)
	defer close(released)
	hanging := enricher.Func([]string{"never"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		<-released
		return nil, nil
	})
	b := startWith(t, m, Setup{}, enricher.Config{Timeout: 100 * time.Millisecond}, enricher.WithEnricher("hanging", hanging))
	done := make(chan bool)
	go func() {
		defer close(done)
		b.job.Attempt(t)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Errorf("the attempt is not over after 100 times the budget of its enrichers")
	}
}

func secrets(t testing.TB, m Manager) {
	const secret = "hunter2-marker"
	labels := enricher.Labels{"password": secret, "note": "password=" + secret, "team": "shop"}
	b := start(t, m, labels, Setup{
		Job: func(context.Context) error { return errors.New("login: password=" + secret) },
		Options: jobs.Options{Context: func(_ context.Context, fc *enricher.FailureContext) {
			fc.TaskName = "token=" + secret
			fc.Attributes = map[string]string{"password": secret}
		}},
	})
	a := b.job.Attempt(t)
	assert.NotContains(t, a.Kept, secret)
	assertLabels(t, m, enricher.Labels{"password": "***", "note": "password=***", "team": "shop"}, a)
}

func keys(t testing.TB, m Manager) {
	labels := enricher.Labels{"a b": "1", "ü/ö=,": "2", strings.Repeat("k", 128): "3", "long": strings.Repeat("v", 1024), "team": "shop"}
	b := start(t, m, labels, Setup{})
	a := b.job.Attempt(t)
	if !m.NoLabels {
		assert.Equal(t, "shop", a.Labels["team"])
	}
	b.one(t)
}
