package enricher_test

import (
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

var statusTexts = map[enricher.Status]string{
	enricher.StatusUnknown:     "unknown",
	enricher.StatusOK:          "ok",
	enricher.StatusFailed:      "failed",
	enricher.StatusTimedOut:    "timed-out",
	enricher.StatusPanicked:    "panicked",
	enricher.StatusSaturated:   "saturated",
	enricher.StatusCircuitOpen: "circuit-open",
	enricher.StatusSkipped:     "skipped",
}

func TestStatusText(t *testing.T) {
	t.Parallel()
	for status, want := range statusTexts {
		back := enricher.Status(99)
		throughText(t, status, want, &back)
		assert.Equal(t, status, back)
	}
	assert.Zero(t, enricher.StatusUnknown)
	assert.Equal(t, "enricher.Status(8)", enricher.Status(8).String())
}

func TestBreakerStateText(t *testing.T) {
	t.Parallel()
	for state, want := range map[enricher.BreakerState]string{
		enricher.BreakerClosed:   "closed",
		enricher.BreakerOpen:     "open",
		enricher.BreakerHalfOpen: "half-open",
	} {
		back := enricher.BreakerState(99)
		throughText(t, state, want, &back)
		assert.Equal(t, state, back)
	}
	assert.Zero(t, enricher.BreakerClosed)
	assert.Equal(t, "enricher.BreakerState(3)", enricher.BreakerState(3).String())
}

// throughText checks the text of v and reads it back.
func throughText(t *testing.T, v interface {
	fmt.Stringer
	encoding.TextMarshaler
}, want string, back encoding.TextUnmarshaler,
) {
	t.Helper()
	assert.Equal(t, want, v.String())
	text, err := v.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, want, string(text))
	require.NoError(t, back.UnmarshalText(text))
}

func TestStatusRejectsUnknownText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "OK", "Failed", "timed out", "enricher.Status(9)"} {
		status := enricher.StatusOK
		assert.EqualError(t, status.UnmarshalText([]byte(text)), fmt.Sprintf(`enricher.Status: unknown text %q: `+
			`must be one of ["unknown" "ok" "failed" "timed-out" "panicked" "saturated" "circuit-open" "skipped"]`, text))
		assert.Equal(t, enricher.StatusOK, status, "it is left as it was")
		state := enricher.BreakerOpen
		assert.EqualError(t, state.UnmarshalText([]byte(text)),
			fmt.Sprintf(`enricher.BreakerState: unknown text %q: must be one of ["closed" "open" "half-open"]`, text))
		assert.Equal(t, enricher.BreakerOpen, state)
	}
}

func TestOutcomeJSON(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]enricher.Outcome{
		`{"enricher":"rules","status":"ok","duration":"1.5ms"}`: {
			Enricher: "rules", Status: enricher.StatusOK, Duration: 1500 * time.Microsecond,
		},
		`{"enricher":"rules/payments","status":"failed","error":"EOF","duration":"2s"}`: {
			Enricher: "rules/payments", Status: enricher.StatusFailed, Err: io.EOF, Duration: 2 * time.Second,
		},
		`{"enricher":"rules","status":"skipped","error":"the Enricher is shut down","duration":"0s"}`: {
			Enricher: "rules", Status: enricher.StatusSkipped, Err: enricher.ErrShutdown,
		},
		`{"enricher":"rules","status":"panicked","error":"panic: boom","duration":"0s"}`: {
			Enricher: "rules", Status: enricher.StatusPanicked, Err: enricher.NewPanicError("boom", []byte("stack")),
		},
		`{"enricher":"rules","status":"failed","error":"(the Error method of a *enricher_test.panicker panicked: Error)","duration":"0s"}`: {
			Enricher: "rules", Status: enricher.StatusFailed, Err: &panicker{},
		},
		`{"enricher":"rules","status":"ok","duration":"0s","issues":[` +
			`{"key":"a","error":"key is not among the enricher's OutputKeys"},{"key":"b","error":"too many labels"}]}`: {
			Enricher: "rules", Status: enricher.StatusOK, Issues: []enricher.LabelIssue{
				{Key: "a", Err: enricher.ErrUndeclaredKey}, {Key: "b", Err: enricher.ErrTooManyLabels},
			},
		},
		`{"enricher":"","status":"unknown","duration":"0s"}`: {},
	} {
		text, err := json.Marshal(o)
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
}

func TestResultJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(enricher.Result{
		Labels:   enricher.Labels{"b": "2", "a": "1"},
		Outcomes: []enricher.Outcome{{Enricher: "rules", Status: enricher.StatusOK}},
		Duration: 1500 * time.Microsecond,
	})
	require.NoError(t, err)
	assert.Equal(t, `{"labels":{"a":"1","b":"2"},"outcomes":[{"enricher":"rules","status":"ok","duration":"0s"}],"duration":"1.5ms"}`, string(text))
}

func TestStatsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(enricher.Stats{Enrichers: []enricher.EnricherStats{{
		Enricher: "rules",
		Calls:    map[enricher.Status]uint64{enricher.StatusOK: 2, enricher.StatusTimedOut: 1},
		Breaker:  enricher.BreakerHalfOpen,
	}}})
	require.NoError(t, err)
	assert.Contains(t, string(text), `{"ok":2,"timed-out":1}`)
	assert.Contains(t, string(text), `"half-open"`)
}

func TestResultComplete(t *testing.T) {
	t.Parallel()
	ok := enricher.Outcome{Enricher: "good", Status: enricher.StatusOK}
	for _, res := range []enricher.Result{
		{},
		{Outcomes: []enricher.Outcome{ok, ok}},
		{Outcomes: []enricher.Outcome{{Status: enricher.StatusOK, Issues: []enricher.LabelIssue{{Key: "a"}}}}},
	} {
		assert.True(t, res.Complete())
		assert.NoError(t, res.Err())
	}
	for status := range statusTexts {
		if status == enricher.StatusOK {
			continue
		}
		res := enricher.Result{Outcomes: []enricher.Outcome{ok, {Enricher: "bad", Status: status, Err: io.EOF}, ok}}
		assert.False(t, res.Complete(), status)
		assert.EqualError(t, res.Err(), `enricher "bad": EOF`)
	}
}

func TestResultErr(t *testing.T) {
	t.Parallel()
	boom := enricher.NewPanicError("boom", nil)
	res := enricher.Result{Outcomes: []enricher.Outcome{
		{Enricher: "b", Status: enricher.StatusFailed, Err: io.EOF},
		{Enricher: "good", Status: enricher.StatusOK},
		{Enricher: "a", Status: enricher.StatusPanicked, Err: boom},
		{Enricher: "c", Status: enricher.StatusSkipped, Err: fmt.Errorf("c: %w", enricher.ErrOverloaded)},
		{Enricher: "d", Status: enricher.StatusFailed, Err: &panicker{}},
	}}
	err := res.Err()
	assert.EqualError(t, err, `enricher "b": EOF
enricher "a": panic: boom
enricher "c": c: too many failures are pending
enricher "d": (the Error method of a *enricher_test.panicker panicked: Error)`)
	assert.ErrorIs(t, err, io.EOF)
	assert.ErrorIs(t, err, enricher.ErrOverloaded)
	var p *enricher.PanicError
	require.ErrorAs(t, err, &p)
	assert.Same(t, boom, p)
	all := leaves(err)
	require.Len(t, all, 4)
	for i, name := range []string{"b", "a", "c", "d"} {
		ee, ok := all[i].(*enricher.EnricherError)
		require.True(t, ok)
		assert.Equal(t, name, ee.Enricher)
	}
}

func TestOutcomeErrors(t *testing.T) {
	t.Parallel()
	all := map[string]error{
		"concurrency limit reached":                  enricher.ErrSaturated,
		"circuit breaker is open":                    enricher.ErrCircuitOpen,
		"too many failures are pending":              enricher.ErrOverloaded,
		"the Enricher is shut down":                  enricher.ErrShutdown,
		"no such failure enricher":                   enricher.ErrUnknownEnricher,
		"key is not among the enricher's OutputKeys": enricher.ErrUndeclaredKey,
		"too many labels":                            enricher.ErrTooManyLabels,
		"value is too long and was cut":              enricher.ErrValueTruncated,
		"key must be 1 to 128 bytes of valid UTF-8 without control characters":            enricher.ErrInvalidKey,
		"value must be valid UTF-8 without control characters other than tab and newline": enricher.ErrInvalidValue,
	}
	for text, err := range all {
		assert.EqualError(t, err, text)
		for other, err2 := range all {
			assert.Equal(t, text == other, errors.Is(err, err2))
		}
		assert.NotErrorIs(t, err, context.DeadlineExceeded)
	}
}

func TestResultErrOfANilError(t *testing.T) {
	t.Parallel()
	res := enricher.Result{Outcomes: []enricher.Outcome{{Enricher: "op", Status: enricher.StatusFailed}}}
	assert.EqualError(t, res.Err(), `enricher "op": (no error)`)
	assert.EqualError(t, &enricher.ConfigError{Option: "file"}, `option "file": (no error)`)
}

func TestResultJSONOfTheZeroValue(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(enricher.Result{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"labels":{},"outcomes":[],"duration":"0s"}`, string(text))
}

func TestResultFailureKeyIsThatOfOneFailure(t *testing.T) {
	t.Parallel()
	assert.Empty(t, enricher.Result{}.FailureKey())
	assert.Empty(t, enrichAs(nil, enricher.FailureContext{ID: "1"}).FailureKey())
	seen := map[string]bool{}
	note := func(res enricher.Result) {
		key := res.FailureKey()
		require.NotEmpty(t, key)
		require.False(t, seen[key], "of another failure")
		seen[key] = true
		carried, ok := enricher.ResultOf(enricher.WithResult(errJob, res))
		assert.True(t, ok)
		assert.Equal(t, key, carried.FailureKey())
	}
	var observed []string
	var gate chan struct{} // closed when the failure under way may end
	watch := withObserver(func(res enricher.Result) {
		observed = append(observed, res.FailureKey())
		if gate != nil {
			<-gate
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newSwitchable(answering(nil))
		for range 2 {
			e := running(t, enricher.Config{MaxPending: 1}, with("a", "x", s.process), withGood("b", "y"), watch)
			for _, fn := range []processFunc{answering(nil), failing(io.EOF), doing(func() { panic("a") }), untilTimeIsUp} {
				s.to(fn)
				for range 2 {
					observed, gate = nil, nil
					res := enrichAs(e, enricher.FailureContext{ID: "1"})
					note(res)
					gate = make(chan struct{})
					future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
					note(e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result()) // is rejected
					close(gate)
					note(future.Result())
					assert.Equal(t, future.Result().FailureKey(), future.Result().FailureKey())
					assert.Equal(t, []string{res.FailureKey(), future.Result().FailureKey()}, observed)
				}
			}
			gate = nil
			s.to(answering(nil))
			none := running(t, enricher.Config{})
			for _, e := range []*enricher.Enricher{none, running(t, enricher.Config{}, withObserver(func(enricher.Result) {})), e} {
				for range 2 {
					note(enrichAs(e, enricher.FailureContext{}))
				}
				require.NoError(t, e.Shutdown(context.Background()))
				for range 2 {
					note(enrichAs(e, enricher.FailureContext{}))
				}
			}
		}
	})
}

func TestResultFailureContextIsThatOfTheFailure(t *testing.T) {
	t.Parallel()
	fc := enricher.FailureContext{
		ID: "1", RootID: "0", Type: enricher.FailureTypeTask, JobID: "j", JobName: "n", TaskName: "t", TaskManagerID: "w", Endpoint: "h:1",
		Attempt: 2, MaxAttempts: 3, Terminal: true, Time: time.Unix(1, 0),
	}
	down := running(t, enricher.Config{}, withGood("a", "x"))
	require.NoError(t, down.Shutdown(context.Background()))
	none := running(t, enricher.Config{})
	for _, e := range []*enricher.Enricher{running(t, enricher.Config{}, withGood("a", "x")), down, none} {
		given := fc
		given.Attributes, given.Labels = map[string]string{"a": "1"}, enricher.Labels{"x": "of the caller"}
		res := enrichAs(e, given)
		given.Attributes["a"] = "changed"
		want := fc
		if e != none {
			want.Attributes = map[string]string{"a": "1"}
		}
		got := res.FailureContext()
		assert.Equal(t, want, got)
		if e != none {
			got.Attributes["a"] = "changed"
		}
		assert.Equal(t, want, res.FailureContext())
	}
	assert.Zero(t, enricher.Result{}.FailureContext())
}

func TestCarriedIsNotAResultOfARejectedFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := newSwitchable(hanging(release, nil))
		e := running(t, enricher.Config{MaxPending: 1}, with("a", "x", s.process))
		first := e.EnrichAsync(t.Context(), errJob, enricher.FailureContext{})
		fc := enricher.FailureContext{JobID: "j"}
		rejected := e.EnrichAsync(t.Context(), errJob, fc).Result()
		require.ErrorIs(t, rejected.Err(), enricher.ErrOverloaded)
		close(release)
		<-first.Done()
		s.to(answering(enricher.Labels{"x": "1"}))

		err := enricher.WithResult(errJob, rejected)
		res, ok := e.Carried(err, enricher.FailureContext{})
		assert.False(t, ok)
		assert.Equal(t, rejected, res)
		res, _ = e.Carried(err, enricher.FailureContext{JobID: "another"})
		assert.Empty(t, res.FailureKey())
		labeled := e.EnrichContext(t.Context(), err, fc)
		assert.Equal(t, enricher.Labels{"x": "1"}, labeled.Labels, "it gets its labels from the next layer")

		both := enricher.WithResult(enricher.WithResult(errJob, labeled), rejected)
		res, ok = e.Carried(both, fc)
		assert.True(t, ok)
		assert.Equal(t, labeled, res)
	})
}

// A slowWrapper takes a millisecond to unwrap.
type slowWrapper struct{ error }

func (w slowWrapper) Unwrap() error { time.Sleep(time.Millisecond); return w.error }

func TestCarriedIsFoundInAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{}, withGood("a", "x"))
		carrying := enricher.WithResult(errJob, enrichAs(e, enricher.FailureContext{}))
		find := func(err error) {
			var wg sync.WaitGroup
			var found atomic.Int64
			for range 1000 {
				wg.Go(func() {
					if _, ok := e.Carried(err, enricher.FailureContext{}); ok {
						found.Add(1)
					}
				})
			}
			wg.Wait()
			assert.EqualValues(t, 1000, found.Load(), "%T", err)
		}
		find(slowWrapper{carrying})

		release := make(chan struct{})
		for range 100 { // they take all the searches that may be under way
			e.Carried(unwrapHangs{release}, enricher.FailureContext{})
		}
		find(enricher.WithLabels(fmt.Errorf("b: %w", fmt.Errorf("a: %w", carrying)), nil))
		close(release)
	})
}
