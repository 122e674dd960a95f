package jobs_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
	"github.com/failure-enrichers/enricher/jobs"
)

// labeler returns the same labels for every failure, and keeps what it is given.
type labeler struct {
	labels enricher.Labels
	causes []error
	fc     enricher.FailureContext
}

func (l *labeler) EnrichContext(_ context.Context, cause error, fc enricher.FailureContext) enricher.Result {
	l.causes, l.fc = append(l.causes, cause), fc
	return enricher.Result{Labels: l.labels}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	type labels = enricher.Labels
	uncounted := func(n string) enricher.FailureContext {
		return enricher.FailureContext{Attributes: map[string]string{jobs.AttributeUncounted: n}}
	}
	for name, c := range map[string]struct {
		labels labels
		o      jobs.Options
		fc     enricher.FailureContext
		want   jobs.Verdict
	}{
		"no labels":                    {fc: enricher.FailureContext{Terminal: true}, want: jobs.Verdict{}},
		"labels that ask for nothing":  {labels: labels{"type": "USER"}, want: jobs.Verdict{}},
		"a veto":                       {labels: labels{"JOB_CANNOT_RESTART": "true", "retry_after": "5s"}, want: jobs.Verdict{Terminal: true}},
		"an ignored veto":              {labels: labels{"JOB_CANNOT_RESTART": "true"}, o: jobs.Options{IgnoreVeto: true}},
		"the job manager's own end":    {labels: labels{"a": ""}, o: jobs.Options{IgnoreVeto: true}, fc: enricher.FailureContext{Terminal: true}, want: jobs.Verdict{Terminal: true}},
		"a delay":                      {labels: labels{"retry_after": "5s"}, want: jobs.Verdict{RetryAfter: 5 * time.Second}},
		"a delay of no time":           {labels: labels{"retry_after": "0s"}},
		"a delay that is none":         {labels: labels{"retry_after": "soon"}},
		"an ignored delay":             {labels: labels{"retry_after": "5s"}, o: jobs.Options{IgnoreRetryAfter: true}},
		"a long delay":                 {labels: labels{"retry_after": "48h"}, want: jobs.Verdict{RetryAfter: time.Hour}},
		"a delay over a bound":         {labels: labels{"retry_after": "5s"}, o: jobs.Options{MaxRetryAfter: time.Second}, want: jobs.Verdict{RetryAfter: time.Second}},
		"expected":                     {labels: labels{"expected": "true"}, want: jobs.Verdict{Expected: true}},
		"expected and vetoed":          {labels: labels{"expected": "true", "JOB_CANNOT_RESTART": ""}, want: jobs.Verdict{Expected: true, Terminal: true}},
		"not expected":                 {labels: labels{"expected": "false"}},
		"uncounted":                    {labels: labels{"attempt_counts": "false"}, want: jobs.Verdict{Uncounted: true, RetryAfter: 30 * time.Second}},
		"uncounted with a delay":       {labels: labels{"attempt_counts": "false", "retry_after": "2s"}, want: jobs.Verdict{Uncounted: true, RetryAfter: 2 * time.Second}},
		"uncounted with no delay":      {labels: labels{"attempt_counts": "false", "retry_after": "0s"}, want: jobs.Verdict{Uncounted: true, RetryAfter: 30 * time.Second}},
		"uncounted, delay ignored":     {labels: labels{"attempt_counts": "false", "retry_after": "2s"}, o: jobs.Options{IgnoreRetryAfter: true}, want: jobs.Verdict{Uncounted: true, RetryAfter: 30 * time.Second}},
		"counted":                      {labels: labels{"attempt_counts": "true"}},
		"the last uncounted":           {labels: labels{"attempt_counts": "false"}, fc: uncounted("19"), want: jobs.Verdict{Uncounted: true, RetryAfter: 30 * time.Second}},
		"one uncounted too many":       {labels: labels{"attempt_counts": "false"}, fc: uncounted("20")},
		"one too many of those chosen": {labels: labels{"attempt_counts": "false"}, o: jobs.Options{MaxUncounted: 2}, fc: uncounted("2")},
		"uncounted and vetoed":         {labels: labels{"attempt_counts": "false", "JOB_CANNOT_RESTART": ""}, want: jobs.Verdict{Terminal: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.Result.Labels = c.labels
			assert.Equal(t, c.want, jobs.Judge(t.Context(), &labeler{labels: c.labels}, c.o, io.EOF, c.fc))
		})
	}
}

func TestOptionsCounted(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]time.Duration{"": 0, "0s": 0, "2s": 2 * time.Second, "48h": time.Hour} {
		l := &labeler{labels: enricher.Labels{"attempt_counts": "false", "retry_after": after}}
		var done jobs.Verdict
		o := jobs.Options{Done: func(_ context.Context, _ error, v jobs.Verdict) { done = v }}.Counted()
		v := jobs.Judge(t.Context(), l, o, io.EOF, enricher.FailureContext{})
		assert.Equal(t, jobs.Verdict{Result: v.Result, RetryAfter: want}, v)
		assert.Equal(t, v, done)
	}
}

func TestJudgeCallsTheFunctionsOfTheOptions(t *testing.T) {
	t.Parallel()
	l := &labeler{labels: enricher.Labels{"a": "b"}}
	var done []jobs.Verdict
	o := jobs.Options{
		Skip:    func(_ context.Context, err error) bool { return err == io.ErrUnexpectedEOF },
		Context: func(_ context.Context, fc *enricher.FailureContext) { fc.TaskName = "load" },
		Done:    func(_ context.Context, _ error, v jobs.Verdict) { done = append(done, v) },
	}
	assert.Equal(t, jobs.Verdict{}, jobs.Judge(t.Context(), l, o, nil, enricher.FailureContext{}))
	assert.Equal(t, jobs.Verdict{}, jobs.Judge(t.Context(), l, o, io.ErrUnexpectedEOF, enricher.FailureContext{}))
	assert.Empty(t, done)
	v := jobs.Judge(t.Context(), l, o, io.EOF, enricher.FailureContext{JobID: "7"})
	assert.Equal(t, []jobs.Verdict{v}, done)
	assert.Equal(t, enricher.FailureContext{JobID: "7", TaskName: "load", Attributes: map[string]string{}}, l.fc)
	assert.Equal(t, []error{io.EOF}, l.causes)
}

// A map of its own: that of the caller may be shared, or be nil.
func TestJudgeGivesContextAttributesToWrite(t *testing.T) {
	t.Parallel()
	shared := map[string]string{"queue": "mail"}
	o := jobs.Options{Context: func(_ context.Context, fc *enricher.FailureContext) { fc.Attributes["tenant"] = "acme" }}
	for _, c := range []struct{ from, want map[string]string }{
		{nil, map[string]string{"tenant": "acme"}},
		{shared, map[string]string{"queue": "mail", "tenant": "acme"}},
	} {
		l := &labeler{}
		jobs.Judge(t.Context(), l, o, io.EOF, enricher.FailureContext{Attributes: c.from})
		assert.Equal(t, c.want, l.fc.Attributes)
	}
	assert.Equal(t, map[string]string{"queue": "mail"}, shared)
}

// What Context replaces or clears neither ends the bound nor gives a job that has
// ended another attempt.
func TestJudgeKeepsWhatTheAdapterKnows(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*enricher.FailureContext){
		"other attributes": func(fc *enricher.FailureContext) { fc.Attributes = map[string]string{"tenant": "a"} },
		"another number":   func(fc *enricher.FailureContext) { fc.Attributes[jobs.AttributeUncounted] = "0" },
		"no attribute":     func(fc *enricher.FailureContext) { clear(fc.Attributes) },
		"all of it":        func(fc *enricher.FailureContext) { *fc = enricher.FailureContext{JobName: "a"} },
	} {
		o := jobs.Options{Context: func(_ context.Context, fc *enricher.FailureContext) { change(fc) }}
		for _, terminal := range []bool{false, true} {
			l := &labeler{labels: enricher.Labels{"attempt_counts": "false"}}
			v := jobs.Judge(t.Context(), l, o, io.EOF, enricher.FailureContext{
				Terminal: terminal, Attributes: map[string]string{jobs.AttributeUncounted: "20"},
			})
			assert.Equal(t, jobs.Verdict{Result: v.Result, Terminal: terminal}, v, name)
			assert.Equal(t, terminal, l.fc.Terminal, name)
		}
	}
}

func TestJudgeSurvivesPanicsOfTheOptions(t *testing.T) {
	var out bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	l := &labeler{labels: enricher.Labels{"retry_after": "1s"}}
	v := jobs.Judge(t.Context(), l, jobs.Options{
		Skip:    func(context.Context, error) bool { panic("in Skip") },
		Context: func(context.Context, *enricher.FailureContext) { panic("in Context") },
		Done:    func(context.Context, error, jobs.Verdict) { panic("in Done") },
	}, io.EOF, enricher.FailureContext{})
	assert.Equal(t, time.Second, v.RetryAfter)
	for _, option := range []string{"Skip", "Context", "Done"} {
		assert.Contains(t, out.String(), fmt.Sprintf(`option=%s error="panic: in %s"`, option, option))
	}
}

func TestJudgeUsesTheDefaultEnricher(t *testing.T) {
	fixed := func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"a": "b"}, nil
	}
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("fixed", enricher.Func([]string{"a"}, fixed)))
	require.NoError(t, err)
	defer enricher.SetDefault(nil)
	enricher.SetDefault(e)
	v := jobs.Judge(t.Context(), nil, jobs.Options{}, io.EOF, enricher.FailureContext{ID: "1"})
	assert.Equal(t, enricher.Labels{"a": "b"}, v.Result.Labels)

	// The Result travels in the context of the same failure, not of another one.
	ctx := jobs.WithResult(t.Context(), io.EOF, v.Result)
	again := jobs.Judge(ctx, nil, jobs.Options{}, fmt.Errorf("job 7: %w", io.EOF), enricher.FailureContext{})
	assert.Equal(t, "1", again.Result.FailureContext().ID)
	other := jobs.Judge(ctx, nil, jobs.Options{}, io.ErrUnexpectedEOF, enricher.FailureContext{})
	assert.Empty(t, other.Result.FailureContext().ID)
}

func TestCarry(t *testing.T) {
	t.Parallel()
	res := enricher.Result{Labels: enricher.Labels{"a": "b"}}
	ctx := jobs.WithResult(t.Context(), io.EOF, res)
	carrying := jobs.Carry(ctx, io.EOF)
	assert.Equal(t, res.Labels, enricher.LabelsOf(carrying))
	assert.EqualError(t, carrying, "EOF")
	require.ErrorIs(t, carrying, io.EOF)
	assert.Equal(t, res.Labels, enricher.LabelsOf(jobs.Carry(jobs.WithResult(t.Context(), nil, res), io.EOF)), "for every error")
	for _, ctx := range []context.Context{nil, t.Context(), jobs.WithResult(t.Context(), io.ErrUnexpectedEOF, res)} {
		assert.Equal(t, io.EOF, jobs.Carry(ctx, io.EOF))
	}
}

func TestNilContextIsBackground(t *testing.T) {
	t.Parallel()
	var none context.Context
	assert.False(t, jobs.Interrupted(none, context.Canceled))
	res := enricher.Result{Labels: enricher.Labels{"a": "b"}}
	assert.Equal(t, res.Labels, enricher.LabelsOf(jobs.Carry(jobs.WithResult(none, io.EOF, res), io.EOF)))
	var calls []string
	called := func(name string, ctx context.Context) { calls = append(calls, fmt.Sprint(name, ctx)) }
	jobs.Judge(none, &labeler{}, jobs.Options{
		Skip:    func(ctx context.Context, _ error) bool { called("Skip ", ctx); return false },
		Context: func(ctx context.Context, _ *enricher.FailureContext) { called("Context ", ctx) },
		Done:    func(ctx context.Context, _ error, _ jobs.Verdict) { called("Done ", ctx) },
	}, io.EOF, enricher.FailureContext{})
	assert.Equal(t, []string{"Skip context.Background", "Context context.Background", "Done context.Background"}, calls)
}

func culprit() error { panic(io.ErrNoProgress) }

func TestRun(t *testing.T) {
	t.Parallel()
	run := func(job func() error, v jobs.Verdict) (recovered any, causes []error, err error) {
		defer func() { recovered = recover() }()
		err = jobs.Run(job, func(cause error) jobs.Verdict {
			causes = append(causes, cause)
			return v
		})
		return nil, causes, err
	}
	t.Run("success", func(t *testing.T) {
		t.Parallel()
		recovered, causes, err := run(func() error { return nil }, jobs.Verdict{})
		assert.NoError(t, err)
		assert.Nil(t, recovered)
		assert.Empty(t, causes)
	})
	t.Run("an error", func(t *testing.T) {
		t.Parallel()
		recovered, causes, err := run(func() error { return io.EOF }, jobs.Verdict{Terminal: true})
		assert.Equal(t, io.EOF, err)
		assert.Nil(t, recovered)
		assert.Equal(t, []error{io.EOF}, causes)
	})
	t.Run("a panic goes on", func(t *testing.T) {
		t.Parallel()
		recovered, causes, err := run(culprit, jobs.Verdict{})
		assert.NoError(t, err)
		assert.Equal(t, io.ErrNoProgress, recovered)
		require.Len(t, causes, 1)
		p, ok := enricher.AsType[*enricher.PanicError](causes[0])
		require.True(t, ok)
		frame, _ := runtime.CallersFrames(p.Callers()).Next()
		assert.Equal(t, "github.com/failure-enrichers/enricher/jobs_test.culprit", frame.Function)
	})
	t.Run("a terminal panic is an error", func(t *testing.T) {
		t.Parallel()
		recovered, causes, err := run(culprit, jobs.Verdict{Terminal: true})
		assert.Nil(t, recovered)
		require.ErrorIs(t, err, io.ErrNoProgress)
		assert.Equal(t, []error{err}, causes)
	})
	t.Run("a panic of failed is not the job's", func(t *testing.T) {
		t.Parallel()
		calls := 0
		assert.PanicsWithValue(t, "failed", func() {
			_ = jobs.Run(func() error { return io.EOF }, func(error) jobs.Verdict { calls++; panic("failed") })
		})
		assert.Equal(t, 1, calls)
	})
	t.Run("a goroutine that exits", func(t *testing.T) {
		t.Parallel()
		done, calls := make(chan bool), 0
		go func() {
			defer close(done)
			_ = jobs.Run(func() error { runtime.Goexit(); return nil }, func(error) jobs.Verdict { calls++; return jobs.Verdict{} })
		}()
		<-done
		assert.Zero(t, calls)
	})
}

type sqlState string

func (s sqlState) Error() string    { return "pq: canceling statement due to user request" }
func (s sqlState) SQLState() string { return string(s) }

func TestInterrupted(t *testing.T) {
	t.Parallel()
	stop := errors.New("the worker stops")
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelLate()
	requestCanceled := &url.Error{Op: "Get", URL: "http://h/", Err: errors.New("net/http: request canceled")}
	killed := exec.Command("sh", "-c", "kill -9 $$").Run() // as exec.CommandContext does
	if runtime.GOOS == "windows" {
		killed = context.Canceled
	}
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want bool
	}{
		"no error":                       {cancelled, nil, false},
		"the error of ctx":               {cancelled, fmt.Errorf("query: %w", context.Canceled), true},
		"its cause":                      {cancelled, fmt.Errorf("query: %w", stop), true},
		"another error":                  {cancelled, io.EOF, false},
		"what a client returns":          {cancelled, requestCanceled, true},
		"a command that was killed":      {cancelled, killed, true},
		"a query that was ended":         {cancelled, fmt.Errorf("query: %w", sqlState("57014")), true},
		"a transaction that is over":     {cancelled, sql.ErrTxDone, true},
		"a closed connection":            {cancelled, &net.OpError{Op: "read", Err: net.ErrClosed}, true},
		"a failure and what it leads to": {cancelled, errors.Join(sqlState("23505"), net.ErrClosed), false},
		"the error of ctx and a failure": {cancelled, fmt.Errorf("job 7: %w", errors.Join(context.Canceled, fmt.Errorf("flush: %w", io.EOF))), false},
		"the error of ctx in another":    {cancelled, fmt.Errorf("job 7: %w: %w", io.EOF, context.Canceled), true},
		"the error of ctx twice":         {cancelled, errors.Join(nil, context.Canceled, stop, sql.ErrTxDone), true},
		"older joined errors":            {cancelled, hostile.Multi{context.Canceled, io.EOF}, false},
		"older joined errors, all alike": {cancelled, hostile.Aggregate{context.Canceled, stop}, true},
		"a client, ctx has not ended":    {t.Context(), requestCanceled, false},
		"the job's own timeout":          {cancelled, context.DeadlineExceeded, false},
		"a deadline of ctx":              {late, context.DeadlineExceeded, true},
		"a ctx that has not ended":       {t.Context(), context.Canceled, false},
		"an error that wraps nothing":    {cancelled, struct{ error }{nil}, false},
	} {
		assert.Equal(t, c.want, jobs.Interrupted(c.ctx, c.err), name)
	}
}

func TestFailureID(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "river:42-3-loyw3v28", jobs.FailureID("river", "42", 3, time.UnixMilli(1_700_000_000_000)))
}

func TestOptionsValidate(t *testing.T) {
	t.Parallel()
	assert.NoError(t, jobs.Options{}.Validate())
	assert.EqualError(t, jobs.Options{MaxRetryAfter: -time.Second, MaxUncounted: -1}.Validate(),
		"jobs: MaxRetryAfter -1s: must not be negative; 0 is an hour\njobs: MaxUncounted -1: must not be negative; 0 is 20")
}
