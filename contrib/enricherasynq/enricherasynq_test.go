package enricherasynq_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherasynq"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/jobs/jobstest"
)

// A panics panics in what errors.Is calls.
type panics struct{}

func (panics) Error() string { return "panics" }
func (panics) Is(error) bool { panic("Is") }
func (panics) Unwrap() error { panic("Unwrap") }

func TestErrorHandler(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     error
		labeled int
	}{
		"methods that panic": {panics{}, 1},
		"no failure":         {asynq.RevokeTask, 0}, // which the user's handler compares
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := &enrichertest.Recorder{}
			e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithObserver(rec))
			require.NoError(t, err)
			var got error
			cfg := asynq.Config{ErrorHandler: asynq.ErrorHandlerFunc(func(_ context.Context, _ *asynq.Task, err error) { got = err })}
			work := enricherasynq.Install(&cfg, e, enricherasynq.Options{})
			task := asynq.NewTask("import", nil)
			err = work(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return c.err })).ProcessTask(t.Context(), task)
			cfg.ErrorHandler.HandleError(t.Context(), task, err)
			assert.Len(t, rec.Failures(), c.labeled)
			if c.labeled == 0 {
				assert.Same(t, c.err, got)
			}
		})
	}
}

func TestAdapter(t *testing.T) {
	t.Parallel()
	jobstest.Run(t, jobstest.Manager{
		Start:       start,
		NotFailures: map[string]error{"RevokeTask": asynq.RevokeTask},
		Terminal:    map[string]func(error) error{"SkipRetry": func(err error) error { return errors.Join(err, asynq.SkipRetry) }},
		Stop: func(_ testing.TB, j jobstest.Job) {
			j.(*task).server.Shutdown()
			close(j.(*task).stopped)
		},
		Cancel: func(t testing.TB, j jobstest.Job) {
			assert.NoError(t, j.(*task).inspector.CancelProcessing(taskID))
		},
		Without: map[string]string{"timeout": "asynq keeps no labels of a task whose time is up; see TestTimeoutIsLabeled"},
	})
}

const taskID, queue = "1", "default"

// A task is one in a server with a Redis of its own.
type task struct {
	setup     jobstest.Setup
	server    *asynq.Server
	client    *asynq.Client
	inspector *asynq.Inspector
	ran       int
	done      chan bool // an attempt that succeeds
	stopped   chan bool
}

func start(t testing.TB, s jobstest.Setup) jobstest.Job {
	return newTask(t, s, enricherasynq.Options{Options: s.Options, InResult: true}, asynq.Config{})
}

func newTask(t testing.TB, s jobstest.Setup, o enricherasynq.Options, cfg asynq.Config) *task {
	redis := miniredis.NewMiniRedis()
	require.NoError(t, redis.Start())
	at := asynq.RedisClientOpt{Addr: redis.Addr()}
	cfg.Concurrency, cfg.LogLevel, cfg.TaskCheckInterval, cfg.ShutdownTimeout = 2, asynq.FatalLevel, 10*time.Millisecond, 200*time.Millisecond
	cfg.RetryDelayFunc = func(int, error, *asynq.Task) time.Duration { return s.Delay }
	if s.Handler != nil {
		cfg.ErrorHandler = asynq.ErrorHandlerFunc(func(ctx context.Context, _ *asynq.Task, err error) { s.Handler(ctx, err, nil) })
	}
	mux := asynq.NewServeMux()
	mux.Use(enricherasynq.Install(&cfg, s.Labeler, o))
	j := &task{setup: s, done: make(chan bool, 1), stopped: make(chan bool)}
	mux.HandleFunc("import", func(ctx context.Context, _ *asynq.Task) error {
		err := s.Job(ctx)
		if err == nil || errors.Is(err, asynq.RevokeTask) {
			defer func() { j.done <- true }()
		}
		return err
	})
	j.server, j.client, j.inspector = asynq.NewServer(at, cfg), asynq.NewClient(at), asynq.NewInspector(at)
	require.NoError(t, j.server.Start(mux))
	t.Cleanup(func() {
		j.server.Shutdown()
		assert.NoError(t, j.client.Close())
		assert.NoError(t, j.inspector.Close())
		redis.Close()
	})
	return j
}

func (j *task) Attempt(t testing.TB) jobstest.Attempt {
	before := time.Now()
	if j.ran++; j.ran == 1 {
		_, err := j.client.Enqueue(asynq.NewTask("import", nil), asynq.TaskID(taskID), asynq.MaxRetry(j.setup.MaxAttempts-1), j.timeout())
		require.NoError(t, err)
	} else {
		require.NoError(t, j.inspector.RunTask(queue, taskID))
	}
	for {
		select {
		case <-j.done:
			return jobstest.Attempt{}
		case <-j.stopped:
			return jobstest.Attempt{}
		case <-time.After(5 * time.Millisecond):
		}
		info, err := j.inspector.GetTaskInfo(queue, taskID)
		if errors.Is(err, asynq.ErrTaskNotFound) {
			<-j.done // it has succeeded between the two looks
			return jobstest.Attempt{}
		}
		require.NoError(t, err)
		if info.LastFailedAt.Before(before.Truncate(time.Second)) || info.State != asynq.TaskStateRetry && info.State != asynq.TaskStateArchived {
			continue
		}
		return settled(t, info)
	}
}

func (j *task) timeout() asynq.Option {
	if j.setup.Timeout == 0 {
		return asynq.Timeout(time.Hour)
	}
	return asynq.Timeout(j.setup.Timeout.Round(time.Second) + time.Second) // asynq has whole seconds
}

func settled(t testing.TB, info *asynq.TaskInfo) jobstest.Attempt {
	a := jobstest.Attempt{Again: info.State == asynq.TaskStateRetry, Kept: string(info.Result)}
	if _, labels, ok := strings.Cut(info.LastErr, " ["); ok {
		a.Kept += labels
	}
	if a.Again {
		a.Delay = time.Until(info.NextProcessAt)
	}
	if len(info.Result) > 0 {
		var result struct{ FailureLabels enricher.Labels }
		require.NoError(t, json.Unmarshal(info.Result, &result))
		a.Labels = result.FailureLabels
	}
	return a
}

// newEnricher returns one that sets labels, and what observes it.
func newEnricher(t *testing.T, labels enricher.Labels) (*enricher.Enricher, *enrichertest.Recorder) {
	rec := &enrichertest.Recorder{}
	fake := &enrichertest.Fake{Keys: labels.Keys(), Steps: []enrichertest.Step{{Labels: labels}}}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("fake", fake), enricher.WithObserver(rec), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	return e, rec
}

// A cancellation is no failure, unless asynq archives the task for it.
func TestCancellationThatEndsTheTaskIsLabeled(t *testing.T) {
	t.Parallel()
	for attempts, want := range map[int]int{1: 1, 2: 0} {
		e, rec := newEnricher(t, enricher.Labels{"n": "1"})
		running := make(chan bool, 1)
		j := newTask(t, jobstest.Setup{Labeler: e, MaxAttempts: attempts, Delay: time.Hour, Job: func(ctx context.Context) error {
			running <- true
			<-ctx.Done()
			return ctx.Err()
		}}, enricherasynq.Options{}, asynq.Config{})
		go func() {
			<-running
			assert.NoError(t, j.inspector.CancelProcessing(taskID))
		}()
		assert.Equal(t, attempts > 1, j.Attempt(t).Again)
		failures := rec.Failures()
		if assert.Len(t, failures, want); want > 0 {
			assert.True(t, failures[0].Context.Final())
		}
	}
}

func TestTimeoutIsLabeled(t *testing.T) {
	t.Parallel()
	e, rec := newEnricher(t, enricher.Labels{"n": "1", enricher.KeyJobCannotRestart: "true"})
	var got error
	var carried enricher.Labels
	j := newTask(t, jobstest.Setup{
		Labeler: e, MaxAttempts: 3, Timeout: time.Millisecond, Delay: time.Hour,
		Job: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		Handler: func(ctx context.Context, err error, _ any) {
			got, carried = err, enricher.LabelsOf(jobs.Carry(ctx, err))
		},
	}, enricherasynq.Options{}, asynq.Config{})
	a := j.Attempt(t)
	assert.True(t, a.Again, "asynq asks nothing of the adapter")
	assert.Len(t, rec.Failures(), 1)
	assert.Equal(t, "1", carried["n"])
	assert.True(t, got == context.DeadlineExceeded, "the user may compare it") //nolint:errorlint // that is what is tested
}

func TestLastErrorHasTheLabels(t *testing.T) {
	t.Parallel()
	e, _ := newEnricher(t, enricher.Labels{"type": "USER", "password": "hunter2"})
	for want, job := range map[string]func(context.Context) error{
		"EOF [password=***, type=USER]":       func(context.Context) error { return io.EOF },
		": no file [password=***, type=USER]": func(context.Context) error { panic("no file") },
	} {
		j := newTask(t, jobstest.Setup{Labeler: e, MaxAttempts: 3, Delay: time.Hour, Job: job}, enricherasynq.Options{}, asynq.Config{})
		j.Attempt(t)
		info, err := j.inspector.GetTaskInfo(queue, taskID)
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(info.LastErr, want), info.LastErr)
		assert.Empty(t, info.Result)
	}
}

// What the user's functions get is what they would get without the adapter.
func TestUserFunctionsGetTheError(t *testing.T) {
	t.Parallel()
	e, rec := newEnricher(t, enricher.Labels{"type": "USER"})
	type key struct{}
	cfg := asynq.Config{
		BaseContext: func() context.Context { return context.WithValue(context.Background(), key{}, "base") },
		IsFailure:   func(err error) bool { return err != io.EOF && !asynq.IsPanicError(err) }, //nolint:errorlint // as users do
	}
	var base any
	for name, job := range map[string]func(context.Context) error{
		"an error": func(ctx context.Context) error { base = ctx.Value(key{}); return io.EOF },
		"a panic":  func(context.Context) error { panic("no") },
	} {
		j := newTask(t, jobstest.Setup{Labeler: e, MaxAttempts: 3, Delay: time.Hour, Job: job}, enricherasynq.Options{}, cfg)
		j.Attempt(t)
		info, err := j.inspector.GetTaskInfo(queue, taskID)
		require.NoError(t, err)
		assert.Zero(t, info.Retried, name)
	}
	assert.Empty(t, rec.Failures(), "IsFailure says that they are none")
	assert.Equal(t, "base", base)
}

// The verdict says what asynq does: it ends a task after its last attempt and asks
// nothing if the time of the task is up.
func TestUncounted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attempts int
		timeout  time.Duration
		want     bool
	}{
		"an attempt":       {attempts: 2, want: true},
		"the last attempt": {attempts: 1},
		"its time is up":   {attempts: 2, timeout: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := newEnricher(t, enricher.Labels{enricher.KeyAttemptCounts: "false"})
			var done jobs.Verdict
			j := newTask(t, jobstest.Setup{
				Labeler: e, MaxAttempts: c.attempts, Timeout: c.timeout, Delay: time.Hour,
				Job: func(ctx context.Context) error {
					if c.timeout > 0 {
						<-ctx.Done()
					}
					return io.EOF
				},
			}, enricherasynq.Options{Options: jobs.Options{Done: func(_ context.Context, _ error, v jobs.Verdict) { done = v }}}, asynq.Config{})
			assert.Equal(t, c.attempts > 1, j.Attempt(t).Again)
			assert.Equal(t, c.want, done.Uncounted)
			info, err := j.inspector.GetTaskInfo(queue, taskID)
			require.NoError(t, err)
			assert.Equal(t, c.want, info.Retried == 0 && info.State == asynq.TaskStateRetry)
		})
	}
}

// The ID of a task may be used again, such as "daily".
func TestUncountedEndsWithTheTask(t *testing.T) {
	t.Parallel()
	for name, errs := range map[string][]error{
		"success":          {io.EOF, nil},
		"RevokeTask":       {io.EOF, asynq.RevokeTask},
		"SkipRetry":        {io.EOF, asynq.SkipRetry},
		"the last attempt": {io.EOF, io.EOF, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := newEnricher(t, enricher.Labels{enricher.KeyAttemptCounts: "false"})
			verdicts := make(chan bool, 10)
			n := 0
			j := newTask(t, jobstest.Setup{
				Labeler: e, MaxAttempts: 2, Delay: time.Hour, Job: func(context.Context) error { n++; return errs[(n-1)%len(errs)] },
			}, enricherasynq.Options{Options: jobs.Options{MaxUncounted: 1, Done: func(_ context.Context, _ error, v jobs.Verdict) { verdicts <- v.Uncounted }}}, asynq.Config{})
			for range 2 {
				for i := range errs {
					j.Attempt(t)
					if i == 0 {
						assert.True(t, <-verdicts)
					}
				}
				for len(verdicts) > 0 {
					assert.False(t, <-verdicts)
				}
				for { // until asynq has removed it
					_ = j.inspector.DeleteTask(queue, taskID) // if it is archived
					if _, err := j.inspector.GetTaskInfo(queue, taskID); errors.Is(err, asynq.ErrTaskNotFound) {
						break
					}
					<-time.After(time.Millisecond)
				}
				j.ran = 0
			}
		})
	}
}

// A logger keeps what asynq would log as an error.
type logger struct {
	asynq.Logger
	errors *[]any
}

func (l logger) Error(args ...any) { *l.errors = append(*l.errors, args...) }

func culprit(context.Context, *asynq.Task) error { panic("no file") }

func TestPanicIsLogged(t *testing.T) {
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	defer stderr.Close()
	defer func(f *os.File) { os.Stderr = f }(os.Stderr)
	os.Stderr = stderr
	for name, c := range map[string]struct {
		level  asynq.LogLevel
		logged int
	}{"by default": {0, 1}, "errors": {asynq.ErrorLevel, 1}, "only what is fatal": {asynq.FatalLevel, 0}} {
		var errs []any
		for _, log := range []asynq.Logger{logger{errors: &errs}, nil} {
			work := enricherasynq.Install(&asynq.Config{Logger: log, LogLevel: c.level}, nil, enricherasynq.Options{})
			err := work(asynq.HandlerFunc(culprit)).ProcessTask(t.Context(), asynq.NewTask("import", nil))
			assert.True(t, asynq.IsPanicError(err), name)
		}
		text := fmt.Sprint(errs...)
		assert.Len(t, errs, c.logged, name)
		assert.Equal(t, c.logged, strings.Count(text, "recovering from panic. See the stack trace below"), name)
		assert.Equal(t, c.logged > 0, strings.Contains(text, "enricherasynq_test.culprit"), name)
	}
	text, err := os.ReadFile(stderr.Name())
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(text), "ERROR: recovering from panic."))
}

func TestInstallPanicsOnWrongOptions(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "enricherasynq: Install: nil *asynq.Config", func() { enricherasynq.Install(nil, nil, enricherasynq.Options{}) })
	assert.Panics(t, func() {
		enricherasynq.Install(&asynq.Config{}, nil, enricherasynq.Options{Options: jobs.Options{MaxUncounted: -1}})
	})
}
