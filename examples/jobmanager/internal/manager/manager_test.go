package manager_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBroken = errors.New("broken")

// A taskFunc is a task; n counts its attempts from 1.
type taskFunc func(ctx context.Context, n int) (string, error)

type task struct {
	run  taskFunc
	runs atomic.Int64
}

func (t *task) String() string { return "test" }

func (t *task) Run(ctx context.Context) (string, error) {
	return t.run(ctx, int(t.runs.Add(1)))
}

func job(id string, run taskFunc) manager.Job {
	return manager.Job{
		ID:       id,
		Name:     "Job " + id,
		Task:     &task{run: run},
		Attempts: 3,
		Deadline: time.Minute,
		Backoff:  manager.Backoff{Initial: time.Second, Max: 4 * time.Second},
	}
}

func fails(context.Context, int) (string, error)    { return "", errBroken }
func succeeds(context.Context, int) (string, error) { return "fine", nil }

func listens(ctx context.Context, _ int) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

// A recorder is a Reporter.
type recorder struct {
	mu       sync.Mutex
	failures []manager.Failure
	ended    []manager.Outcome
}

func (r *recorder) Failed(f manager.Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, f)
}

func (r *recorder) Ended(o manager.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, o)
}

// labels returns an Enricher with one enricher.
func labels(t *testing.T, label func(error) enricher.Labels) *enricher.Enricher {
	fe := enricher.Func([]string{"reason", enricher.KeyJobCannotRestart},
		func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			return label(cause), nil
		})
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{}, Strict: true}, enricher.WithEnricher("test", fe))
	require.NoError(t, err)
	return e
}

func TestRunRestartsUntilNoAttemptIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		m := manager.Manager{Workers: 1, Reporter: &rec}
		j := job("a", fails)
		j.Attempts = 5
		o := m.Run(t.Context(), []manager.Job{j})[0]
		assert.Equal(t, manager.Failed, o.State)
		assert.Equal(t, 5, o.Attempts)
		assert.ErrorIs(t, o.Err, errBroken)

		require.Len(t, rec.failures, 5)
		var pauses time.Duration
		for i, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second} {
			f := rec.failures[i]
			assert.Equal(t, manager.Restarting, f.State)
			assert.InDelta(t, want.Seconds(), f.Delay.Seconds(), want.Seconds()/4+0.001, "pause %d", i+1)
			assert.Equal(t, f.Delay, rec.failures[i+1].Context.Time.Sub(f.Context.Time), "it waits as long as it says")
			pauses += f.Delay
		}
		assert.Equal(t, manager.Failed, rec.failures[4].State)
		assert.Equal(t, pauses, o.Took())
	})
}

func TestRunForgetsFailuresAfterASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		m := manager.Manager{Workers: 1, Reporter: &rec, Enricher: labels(t, func(error) enricher.Labels {
			return enricher.Labels{"reason": "broken"}
		})}
		o := m.Run(t.Context(), []manager.Job{job("a", func(_ context.Context, n int) (string, error) {
			if n < 3 {
				return "", errBroken
			}
			return "at last", nil
		})})[0]
		assert.Equal(t, []manager.Outcome{o}, rec.ended)
		assert.Equal(t, manager.Succeeded, o.State)
		assert.Equal(t, 3, o.Attempts)
		assert.Equal(t, "at last", o.Summary)
		assert.NoError(t, o.Err)
		assert.Empty(t, o.Labels, "nothing is left of the failures")
		assert.Len(t, rec.failures, 2)
	})
}

func TestRunObeysAVeto(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		m := manager.Manager{Workers: 1, Reporter: &rec, Enricher: labels(t, func(error) enricher.Labels {
			return enricher.Labels{"reason": "broken", enricher.KeyJobCannotRestart: "true"}
		})}
		o := m.Run(t.Context(), []manager.Job{job("a", fails)})[0]
		assert.Equal(t, manager.Vetoed, o.State)
		assert.Equal(t, 1, o.Attempts)
		assert.Equal(t, "broken", o.Labels["reason"])
		require.Len(t, rec.failures, 1)
		assert.Equal(t, manager.Vetoed, rec.failures[0].State)
		assert.True(t, rec.failures[0].Result.Complete())
	})
}

func TestRunPassesTheFailureContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		seen := make(chan enricher.FailureContext, 1)
		e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("test", enricher.Func(nil,
			func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				seen <- fc
				return nil, nil
			})))
		require.NoError(t, err)
		j := job("a", fails)
		j.Attempts = 1
		j.Attributes = map[string]string{"team": "web"}
		m := manager.Manager{Workers: 1, Endpoint: "host:1", Reporter: &rec, Enricher: e}
		m.Run(t.Context(), []manager.Job{j})
		assert.Equal(t, enricher.FailureContext{
			ID:            "a/1",
			Type:          enricher.FailureTypeTask,
			JobID:         "a",
			JobName:       "Job a",
			TaskName:      "test",
			TaskManagerID: "worker-1",
			Endpoint:      "host:1",
			Attempt:       1,
			MaxAttempts:   1,
			Time:          time.Now(),
			Attributes:    map[string]string{"team": "web"},
		}, <-seen)
	})
}

func TestRunEndsAnAttemptAtItsDeadline(t *testing.T) {
	tests := map[string]struct {
		run  taskFunc
		text string
	}{
		"the task says why": {listens, "deadline of 2s exceeded"},
		"the task says that its context ended": {func(ctx context.Context, _ int) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}, "deadline of 2s exceeded"},
		"the task says something else": {func(ctx context.Context, _ int) (string, error) {
			<-ctx.Done()
			return "", errBroken
		}, "deadline of 2s exceeded: broken"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := job("a", tt.run)
				j.Attempts, j.Deadline = 1, 2*time.Second
				m := manager.Manager{Workers: 1, Reporter: &recorder{}}
				o := m.Run(t.Context(), []manager.Job{j})[0]
				assert.Equal(t, manager.Failed, o.State)
				assert.Equal(t, 2*time.Second, o.Took())
				assert.ErrorIs(t, o.Err, context.DeadlineExceeded)
				assert.EqualError(t, o.Err, tt.text)
				deadline, ok := errors.AsType[*manager.DeadlineError](o.Err)
				require.True(t, ok)
				assert.Equal(t, 2*time.Second, deadline.Deadline)
			})
		})
	}
}

func TestRunRecoversPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := manager.Manager{Workers: 1, Reporter: &recorder{}}
		panicking := job("a", func(_ context.Context, n int) (string, error) {
			var rows []string
			return rows[n], nil
		})
		panicking.Attempts = 1
		outcomes := m.Run(t.Context(), []manager.Job{panicking, job("b", succeeds)})
		assert.Equal(t, manager.Failed, outcomes[0].State)
		p, ok := errors.AsType[*enricher.PanicError](outcomes[0].Err)
		require.True(t, ok)
		assert.EqualError(t, p, "panic: runtime error: index out of range [1] with length 0")
		assert.Contains(t, p.Stack(), "manager_test.go", "the stack leads to the bug")
		assert.Equal(t, manager.Succeeded, outcomes[1].State, "the worker is still there")
	})
}

func TestRunStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		var rec recorder
		m := manager.Manager{Workers: 1, Reporter: &rec, Enricher: labels(t, func(cause error) enricher.Labels {
			if errors.Is(cause, context.Canceled) {
				return enricher.Labels{"reason": "cancelled"}
			}
			return nil
		})}
		waits := job("waits", fails)
		waits.Backoff = manager.Backoff{Initial: time.Hour, Max: time.Hour}
		start := time.Now()
		time.AfterFunc(10*time.Second, func() { stop(errors.New("interrupted")) })
		outcomes := m.Run(ctx, []manager.Job{waits, job("runs", listens), job("queued", succeeds)})

		assert.Equal(t, 10*time.Second, time.Since(start), "at once, also the one that waits for an hour")
		for _, o := range outcomes {
			assert.Equal(t, manager.Cancelled, o.State, o.Job.ID)
		}
		assert.ErrorIs(t, outcomes[0].Err, errBroken)
		assert.EqualError(t, outcomes[1].Err, "stopped: interrupted")
		assert.Equal(t, "cancelled", outcomes[1].Labels["reason"], "a failure is enriched even now")
		assert.Zero(t, outcomes[2].Attempts)
		assert.Zero(t, outcomes[2].Took())
		assert.Len(t, rec.ended, 3)
	})
}

func TestRunUsesNoMoreThanItsWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		var jobs []manager.Job
		for i := range 20 {
			jobs = append(jobs, job(fmt.Sprint(i), func(context.Context, int) (string, error) {
				n := running.Add(1)
				defer running.Add(-1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				time.Sleep(time.Second)
				return "", nil
			}))
		}
		start := time.Now()
		m := manager.Manager{Workers: 3, Reporter: &recorder{}}
		for i, o := range m.Run(t.Context(), jobs) {
			assert.Equal(t, manager.Succeeded, o.State)
			assert.Equal(t, fmt.Sprint(i), o.Job.ID, "in the order of the jobs")
		}
		assert.Equal(t, int64(3), most.Load())
		assert.Equal(t, 7*time.Second, time.Since(start))
	})
}

func TestRunWaitsWithoutAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		m := manager.Manager{Workers: 1, Reporter: &rec}
		m.Run(t.Context(), []manager.Job{job("waits", fails), job("b", succeeds)})
		require.Len(t, rec.ended, 2)
		assert.Equal(t, "b", rec.ended[0].Job.ID)
	})
}
