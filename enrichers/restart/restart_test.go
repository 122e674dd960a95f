package restart_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/restart"
	"github.com/failure-enrichers/enricher/exit"
)

type patient time.Duration

func (patient) Error() string               { return "later" }
func (p patient) RetryAfter() time.Duration { return time.Duration(p) }

type busy struct{ patient }

func (busy) Retryable() bool { return true }

type final struct{ error }

func (final) Retryable() bool { return false }

var (
	errPlain    = errors.New("x")
	errTerminal = final{errPlain}
)

func newEnricher(t testing.TB, opts restart.Options) enricher.FailureEnricher {
	t.Helper()
	e, err := restart.New(opts)
	require.NoError(t, err)
	return e
}

func labels(t testing.TB, e enricher.FailureEnricher, cause error, fc enricher.FailureContext) string {
	t.Helper()
	explained, why, err := e.(enricher.Explainer).ExplainFailure(context.Background(), cause, fc)
	require.NoError(t, err)
	labels, err := e.ProcessFailure(context.Background(), cause, fc)
	require.NoError(t, err)
	assert.Equal(t, labels, explained, "what is explained is what happens")
	assert.NotEmpty(t, why[restart.KeyRetry])
	return labels.String()
}

func TestRetryIsDecidedByTheError(t *testing.T) {
	e := newEnricher(t, restart.Options{})
	assert.Equal(t, []string{"retry", "retry_after"}, e.OutputKeys())
	assert.Empty(t, e.(enricher.LabelReader).InputKeys())
	for _, c := range []struct {
		name  string
		cause error
		want  string
	}{
		{"nothing is known", errPlain, "retry=unknown"},
		{"a code", fmt.Errorf("a: %w", syscall.ECONNREFUSED), "retry=retryable"},
		{"another code", syscall.ENOENT, "retry=terminal"},
		{"one that may go either way", syscall.ENOSPC, "retry=unknown"},
		{"the author says so", errTerminal, "retry=terminal"},
		{"the author says when", patient(90 * time.Second), "retry=retryable, retry_after=1m30s"},
		{"in whole seconds, and not too early", patient(1500 * time.Millisecond), "retry=retryable, retry_after=2s"},
		{"within a day", patient(1000 * time.Hour), "retry=retryable, retry_after=24h0m0s"},
		{"never before now", patient(-time.Second), "retry=unknown"},
		{"not if it is terminal", errors.Join(errTerminal, patient(time.Second)), "retry=terminal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, labels(t, e, c.cause, enricher.FailureContext{}))
		})
	}
	assert.Equal(t, map[string]uint64{"retry=retryable": 4, "retry=terminal": 3, "retry=unknown": 3, "vetoed": 0, "not-vetoed": 0}, e.(enricher.CountReporter).Counts())
}

func TestRetryIsDecidedByLabelsFirst(t *testing.T) {
	e := newEnricher(t, restart.Options{
		Terminal:  map[string][]string{"type": {"USER", "CANCELLED"}, "team": {"legacy"}},
		Retryable: map[string][]string{"type": {"SYSTEM"}},
	})
	assert.Equal(t, []string{"team", "type"}, e.(enricher.LabelReader).InputKeys())
	for _, c := range []struct {
		labels enricher.Labels
		want   string
	}{
		{enricher.Labels{"type": "SYSTEM"}, "retry=retryable"},
		{enricher.Labels{"type": "USER"}, "retry=terminal"},
		{enricher.Labels{"type": "SYSTEM", "team": "legacy"}, "retry=terminal"},
		{enricher.Labels{"type": "UNKNOWN"}, "retry=terminal"}, // as the error has it
		{enricher.Labels{}, "retry=terminal"},
	} {
		assert.Equal(t, c.want, labels(t, e, errTerminal, enricher.FailureContext{Labels: c.labels}), "%v", c.labels)
	}
}

func TestAttemptsAndAlarmsAreDecidedByLabels(t *testing.T) {
	e := newEnricher(t, restart.Options{
		Terminal:  map[string][]string{"type": {"USER"}},
		Uncounted: map[string][]string{"error_code": {"429", "Evicted"}, "type": {"CANCELLED"}},
		Expected:  map[string][]string{"type": {"CANCELLED", "USER"}},
		Repeats:   2, Veto: true,
	})
	assert.Equal(t, []string{"retry", "retry_after", "JOB_CANNOT_RESTART", "attempt_counts", "expected"}, e.OutputKeys())
	assert.Equal(t, map[string][]string{"error_code": {"429", "Evicted"}, "type": {"USER", "CANCELLED", "CANCELLED", "USER"}}, e.(enricher.ValueReader).InputValues())
	const noLabel = "not set, as no label meets option "
	for _, c := range []struct {
		name                     string
		cause                    error
		labels                   enricher.Labels
		want, attempts, expected string // labels, and two reasons
	}{
		{"neither", errPlain, nil, "retry=unknown", noLabel + "uncounted", noLabel + "expected"},
		{"uncounted, with a wait", patient(time.Minute), enricher.Labels{"error_code": "429"}, "attempt_counts=false, retry=retryable, retry_after=1m0s", "option uncounted: error_code=429", noLabel + "expected"},
		{"both", errPlain, enricher.Labels{"type": "CANCELLED"}, "attempt_counts=false, expected=true, retry=unknown", "option uncounted: type=CANCELLED", "option expected: type=CANCELLED"},
		{"expected and terminal", errPlain, enricher.Labels{"type": "USER"}, "JOB_CANNOT_RESTART=true, expected=true, retry=terminal", noLabel + "uncounted", "option expected: type=USER"},
		{"a terminal failure counts", errTerminal, enricher.Labels{"error_code": "429"}, "JOB_CANNOT_RESTART=true, retry=terminal", "not set, as retry is terminal", noLabel + "expected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fc := enricher.FailureContext{Labels: c.labels}
			assert.Equal(t, c.want, labels(t, e, c.cause, fc))
			_, why, err := e.(enricher.Explainer).ExplainFailure(t.Context(), c.cause, fc)
			require.NoError(t, err)
			assert.Equal(t, [2]string{c.attempts, c.expected}, [2]string{why[restart.KeyAttemptCounts], why[restart.KeyExpected]})
		})
	}
	counts := e.(enricher.CountReporter).Counts()
	assert.EqualValues(t, [2]uint64{2, 2}, [2]uint64{counts["attempt_counts=false"], counts["expected=true"]})
	fc := enricher.FailureContext{JobID: "a", Labels: enricher.Labels{"error_code": "Evicted"}}
	for range 3 {
		assert.Equal(t, "attempt_counts=false, retry=unknown", labels(t, e, errPlain, fc), "is no repeat")
	}
}

func TestExplainSaysWhyARestartCanHelp(t *testing.T) {
	e := newEnricher(t, restart.Options{})
	for _, c := range []struct {
		cause error
		why   map[string]string
	}{
		{errPlain, map[string]string{"retry": "no error of the chain has a type or a code that says it"}},
		{syscall.ECONNREFUSED, map[string]string{"retry": "errno ECONNREFUSED"}},
		{syscall.ENOSPC, map[string]string{"retry": "errno ENOSPC, after which a restart may help or not"}},
		{errTerminal, map[string]string{"retry": "its method Retryable decides"}},
		{busy{patient(time.Second)}, map[string]string{"retry": "its method Retryable decides", "retry_after": "an error of the chain asks to wait 1s"}},
		{errors.Join(errTerminal, patient(time.Second)), map[string]string{"retry": "its method Retryable decides", "retry_after": "not set, as retry is terminal"}},
	} {
		_, why, err := e.(enricher.Explainer).ExplainFailure(t.Context(), c.cause, enricher.FailureContext{})
		require.NoError(t, err)
		assert.Equal(t, c.why, why)
	}
}

func TestRepeatsAreTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnricher(t, restart.Options{Repeats: 3, RepeatsWindow: time.Hour})
		unreachable := fmt.Errorf("attempt 1: %w", syscall.ECONNREFUSED)
		fail := func(job string, cause error) string {
			return labels(t, e, cause, enricher.FailureContext{JobID: job})
		}
		assert.Equal(t, "retry=retryable", fail("a", unreachable))
		assert.Equal(t, "retry=retryable", fail("a", fmt.Errorf("attempt 2: %w", syscall.ECONNREFUSED)))
		assert.Equal(t, "retry=retryable", fail("b", unreachable), "another job")
		assert.Equal(t, "retry=retryable", fail("a", fmt.Errorf("fetch: %w", syscall.ECONNREFUSED)), "another failure")
		assert.Equal(t, "retry=terminal", fail("a", unreachable), "the third time")
		assert.Equal(t, "retry=terminal", fail("a", unreachable), "and the fourth")
		time.Sleep(time.Hour)
		assert.Equal(t, "retry=retryable", fail("a", unreachable), "those were long ago")
		for range 3 {
			assert.Equal(t, "retry=retryable", fail("", unreachable), "of no known job")
		}
	})
}

func TestRepeatsAreNoCancellations(t *testing.T) {
	e := newEnricher(t, restart.Options{Repeats: 2})
	for range 3 {
		for _, cause := range []error{context.Canceled, fmt.Errorf("copy: %w", context.Canceled), &exit.Error{Code: 143}} {
			assert.Equal(t, "retry=unknown", labels(t, e, cause, enricher.FailureContext{JobID: "j"}), "%v", cause)
		}
	}
	assert.Equal(t, "retry=unknown", labels(t, e, context.DeadlineExceeded, enricher.FailureContext{JobID: "j"}))
	assert.Equal(t, "retry=terminal", labels(t, e, context.DeadlineExceeded, enricher.FailureContext{JobID: "j"}))
}

func TestRepeatsCountCompanionsOnce(t *testing.T) {
	e := newEnricher(t, restart.Options{Repeats: 2})
	for i, want := range []string{"retry=unknown", "retry=terminal", "retry=terminal"} {
		attempt := fmt.Sprint("attempt ", i)
		for _, fc := range []enricher.FailureContext{{ID: attempt}, {ID: "task", RootID: attempt}, {RootID: attempt}, {ID: attempt}} {
			fc.JobID = "a"
			assert.Equal(t, want, labels(t, e, errPlain, fc), attempt)
		}
	}
}

func TestVetoIsOffByDefault(t *testing.T) {
	assert.Equal(t, "retry=terminal", labels(t, newEnricher(t, restart.Options{}), errTerminal, enricher.FailureContext{}))
}

// A ParameterError is terminal by nothing but its name.
type ParameterError struct{ error }

func TestVetoNeedsMoreThanAGuess(t *testing.T) {
	e := newEnricher(t, restart.Options{Veto: true})
	_, why, err := e.(enricher.Explainer).ExplainFailure(context.Background(), ParameterError{errPlain}, enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, "not set, as only a text or the name of a type says that retry is terminal", why[enricher.KeyJobCannotRestart])
	assert.Equal(t, "retry=terminal", labels(t, e, ParameterError{errPlain}, enricher.FailureContext{}))
	assert.Equal(t, "JOB_CANNOT_RESTART=true, retry=terminal", labels(t, e, errTerminal, enricher.FailureContext{}))
}

func TestVetoHasALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e, err := enricher.New(enricher.Config{
			FailureEnrichers: []string{"restart"},
			Options:          map[string]map[string]any{"restart": {"veto": true, "max-restarts-vetoed": 2, "veto-window": "1h"}},
		}, enricher.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))))
		require.NoError(t, err)
		assert.Equal(t, []string{"retry", "retry_after", "JOB_CANNOT_RESTART"}, e.Enrichers()[0].OutputKeys)

		assert.False(t, e.Enrich(errPlain).CannotRestart(), "only what is terminal is vetoed")
		assert.True(t, e.Enrich(errTerminal).CannotRestart())
		time.Sleep(30 * time.Minute)
		assert.True(t, e.Enrich(errTerminal).CannotRestart())
		for range 3 {
			assert.Equal(t, "retry=terminal", e.Enrich(errTerminal).String(), "enough")
		}
		assert.Equal(t, 1, strings.Count(log.String(), "Too many restarts vetoed"), log.String())
		assert.Contains(t, log.String(), "enricher=restart")
		time.Sleep(30 * time.Minute)
		assert.True(t, e.Enrich(errTerminal).CannotRestart(), "the first was an hour ago")
		assert.False(t, e.Enrich(errTerminal).CannotRestart())
		assert.Equal(t, 2, strings.Count(log.String(), "Too many restarts vetoed"))
		counts := e.Stats().Enrichers[0].Counts
		assert.EqualValues(t, 3, counts["vetoed"])
		assert.EqualValues(t, 4, counts["not-vetoed"])
	})
}

func TestVetoLogsNoHalfOfASecret(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"restart"},
		Options:          map[string]map[string]any{"restart": {"veto": true, "max-restarts-vetoed": 1}},
	}, enricher.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	require.NoError(t, err)
	job := enricher.FailureContext{JobName: strings.Repeat("x", 240) + " redis://:hunter2hunter2@h"}
	for range 2 {
		e.EnrichContext(t.Context(), errTerminal, job)
	}
	assert.Contains(t, log.String(), `job="`+strings.Repeat("x", 240)+` "`)
}

func TestVetoHasABudgetForEachJobAndForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnricher(t, restart.Options{Veto: true, MaxRestartsVetoed: 2, MaxRestartsVetoedTotal: 5})
		vetoed := func(name, id string) bool {
			labels := labels(t, e, errTerminal, enricher.FailureContext{JobName: name, JobID: id})
			return strings.Contains(labels, enricher.KeyJobCannotRestart)
		}
		why := func(name string) string {
			_, why, _ := e.(enricher.Explainer).ExplainFailure(t.Context(), errTerminal, enricher.FailureContext{JobName: name})
			return why[enricher.KeyJobCannotRestart]
		}
		assert.True(t, vetoed("a", "1"))
		time.Sleep(time.Minute)
		assert.True(t, vetoed("a", "2"))
		assert.Equal(t, "not set, as the budget of the job is used up: max-restarts-vetoed, 2 within 1h0m0s", why("a"))
		assert.False(t, vetoed("a", "3"), "the name counts, not the ID")
		assert.True(t, vetoed("", "3"), "another job, by its ID")
		assert.True(t, vetoed("", ""), "jobs without a name or an ID are one")
		assert.True(t, vetoed("", ""))
		assert.False(t, vetoed("", ""))
		assert.Equal(t, "not set, as the budget of all jobs is used up: max-restarts-vetoed-total, 5 within 1h0m0s", why("b"))
		assert.False(t, vetoed("b", ""))

		time.Sleep(time.Hour - time.Minute)
		assert.True(t, vetoed("a", ""), "the first was an hour ago")
		assert.False(t, vetoed("a", ""))
		time.Sleep(time.Hour)
		for i := range 5 {
			assert.True(t, vetoed("c"+fmt.Sprint(i), ""), "all were an hour ago")
		}
		assert.False(t, vetoed("d", ""))
		assert.EqualValues(t, 11, e.(enricher.CountReporter).Counts()["vetoed"])
		assert.EqualValues(t, 5, e.(enricher.CountReporter).Counts()["not-vetoed"])
	})
}

func TestVetoBudgetStopsThirtyBadInputs(t *testing.T) {
	e := newEnricher(t, restart.Options{Veto: true})
	for i := range 30 {
		labels := labels(t, e, errTerminal, enricher.FailureContext{JobName: "import", JobID: fmt.Sprint(i)})
		assert.Contains(t, labels, enricher.KeyJobCannotRestart)
	}
}

func TestRetryIsTerminalIfTheJobManagerSaysSo(t *testing.T) {
	e := newEnricher(t, restart.Options{Veto: true, Retryable: map[string][]string{"type": {"SYSTEM"}}})
	fc := enricher.FailureContext{Terminal: true, Labels: enricher.Labels{"type": "SYSTEM"}}
	assert.Equal(t, "retry=terminal", labels(t, e, syscall.ECONNREFUSED, fc))
	assert.Equal(t, "retry=retryable", labels(t, e, syscall.ECONNREFUSED, enricher.FailureContext{Attempt: 3, MaxAttempts: 3}), "the last attempt")
}

func TestVetoHasALimitUnderConcurrency(t *testing.T) {
	e := newEnricher(t, restart.Options{Veto: true, MaxRestartsVetoed: 10})
	var vetoed atomic.Int64
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			labels, err := e.ProcessFailure(context.Background(), errTerminal, enricher.FailureContext{})
			assert.NoError(t, err)
			if labels.CannotRestart() {
				vetoed.Add(1)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 10, vetoed.Load())
}

func TestRepeatsAreBounded(t *testing.T) {
	e := newEnricher(t, restart.Options{Repeats: 2})
	for i := range 10_001 {
		labels(t, e, errPlain, enricher.FailureContext{JobID: fmt.Sprint(i)})
	}
	assert.Equal(t, "retry=unknown", labels(t, e, errPlain, enricher.FailureContext{JobID: "0"}), "forgotten")
	assert.Equal(t, "retry=terminal", labels(t, e, errPlain, enricher.FailureContext{JobID: "5000"}))
}

func TestNothingOfALongNameIsKept(t *testing.T) {
	e := newEnricher(t, restart.Options{Repeats: 2, Veto: true})
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range 100 {
		long := strings.Repeat("x", 1<<20) + fmt.Sprint(i) // or the payload that an ID is a part of
		labels(t, e, errTerminal, enricher.FailureContext{ID: long[1<<20-1:], JobID: long[1<<20-1:], JobName: long[1<<20-1:]})
	}
	assert.Less(t, heap(), before+50<<20)
	runtime.KeepAlive(e)
}

func TestOptionsThatAreWrongAreNamed(t *testing.T) {
	for _, c := range []struct {
		opts restart.Options
		want string
	}{
		{restart.Options{Terminal: map[string][]string{"retry": {"x"}}}, `option "terminal": label "retry": must be set by another enricher`},
		{restart.Options{Retryable: map[string][]string{"type": nil}}, `option "retryable": label "type": must have at least one value`},
		{restart.Options{Terminal: map[string][]string{"*": {"x"}}}, `option "terminal": label "*": must be the key of a label`},
		{restart.Options{Uncounted: map[string][]string{"expected": {"x"}}}, `option "uncounted": label "expected": must be set by another enricher`},
		{restart.Options{Expected: map[string][]string{"type": {}}}, `option "expected": label "type": must have at least one value`},
		{restart.Options{
			Terminal: map[string][]string{"type": {"USER"}}, Retryable: map[string][]string{"type": {"SYSTEM", "USER"}, "team": {"USER"}},
		}, `option "retryable": label "type": "USER": has no effect, as option terminal has it: remove one of them`},
		{restart.Options{
			Terminal: map[string][]string{"type": {"USER"}}, Uncounted: map[string][]string{"type": {"USER"}}, Expected: map[string][]string{"type": {"USER"}},
		}, `option "uncounted": label "type": "USER": has no effect, as option terminal has it: remove one of them`},
		{restart.Options{Retryable: map[string][]string{"error_code": {"4??"}, "error_type": {"*fs.PathError"}}}, `option "retryable": label "error_code": "4??": must be a value, and no pattern`},
		{restart.Options{Terminal: map[string][]string{"team": {"web", "data-*"}}}, `option "terminal": label "team": "data-*": must be a value, and no pattern`},
		{restart.Options{Repeats: 1}, `option "repeats": 1: must be 2 to 100, or 0 to ignore repeats`},
		{restart.Options{Repeats: 101}, `option "repeats": 101: must be 2 to 100, or 0 to ignore repeats`},
		{restart.Options{Repeats: 2, RepeatsWindow: -1}, `option "repeats-window": -1ns: must be more than 0`},
		{restart.Options{Veto: true, MaxRestartsVetoed: -1}, `option "max-restarts-vetoed": -1: must be 1 to 10000`},
		{restart.Options{Veto: true, MaxRestartsVetoed: 10_001}, `option "max-restarts-vetoed": 10001: must be 1 to 10000`},
		{restart.Options{Veto: true, MaxRestartsVetoed: 1001}, `option "max-restarts-vetoed": 1001: must be at most max-restarts-vetoed-total, which is 1000`},
		{restart.Options{Veto: true, MaxRestartsVetoedTotal: 10_001}, `option "max-restarts-vetoed-total": 10001: must be 1 to 10000`},
		{restart.Options{Veto: true, VetoWindow: -1}, `option "veto-window": -1ns: must be more than 0`},
		{restart.Options{MaxRestartsVetoed: 3}, `option "max-restarts-vetoed": has no effect without option veto`},
		{restart.Options{MaxRestartsVetoedTotal: 3}, `option "max-restarts-vetoed-total": has no effect without option veto`},
		{restart.Options{VetoWindow: time.Hour}, `option "veto-window": has no effect without option veto`},
		{restart.Options{Veto: true, RepeatsWindow: time.Hour}, `option "repeats-window": has no effect without option repeats`},
	} {
		_, err := restart.New(c.opts)
		assert.EqualError(t, err, c.want)
	}
}

func Example() {
	e, err := restart.New(restart.Options{Veto: true})
	if err != nil {
		panic(err)
	}
	for _, cause := range []error{
		fmt.Errorf("fetch prices: %w", syscall.ECONNREFUSED),
		fmt.Errorf("open orders.csv: %w", syscall.ENOENT),
	} {
		labels, _ := e.ProcessFailure(context.Background(), cause, enricher.FailureContext{})
		fmt.Println(labels)
	}
	// Output:
	// retry=retryable
	// JOB_CANNOT_RESTART=true, retry=terminal
}

func BenchmarkProcessFailure(b *testing.B) {
	chain := fmt.Errorf("job 7: %w", fmt.Errorf("push: %w", syscall.ECONNREFUSED))
	for _, bench := range []struct {
		name string
		opts restart.Options
	}{{"by the error", restart.Options{}}, {"by repeats", restart.Options{Repeats: 5}}} {
		b.Run(bench.name, func(b *testing.B) {
			e := newEnricher(b, bench.opts)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = e.ProcessFailure(context.Background(), chain, enricher.FailureContext{JobID: "a"})
			}
		})
	}
}
