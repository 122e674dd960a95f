package enricher_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// A brokenError panics in every method that it has, also as a nil pointer.
type brokenError struct{ cause error }

func (e *brokenError) Error() string                    { panic("Error of " + e.cause.Error()) }
func (e *brokenError) Unwrap() error                    { panic("Unwrap") }
func (e *brokenError) Is(error) bool                    { panic("Is") }
func (e *brokenError) As(any) bool                      { panic("As") }
func (e *brokenError) FailureLabels() map[string]string { panic("FailureLabels") }
func (e *brokenError) Format(fmt.State, rune)           { panic("Format") }
func (e *brokenError) MarshalText() ([]byte, error)     { panic("MarshalText") }
func (e *brokenError) MarshalJSON() ([]byte, error)     { panic("MarshalJSON") }

// An incomparableError cannot be compared with ==, nor be the key of a map.
type incomparableError []string

func (e incomparableError) Error() string { return strings.Join(e, ", ") }

// A cyclicError wraps itself.
type cyclicError struct{ wraps []error }

func (e *cyclicError) Error() string   { return "round and round" }
func (e *cyclicError) Unwrap() []error { return e.wraps }

type hostileCause struct {
	name  string
	cause error
	text  string // what the library makes of its Error method
	value string // what it makes of it as the value of a panic
}

// hostileCauses returns errors that are ordinary input.
func hostileCauses() []hostileCause {
	cyclic := &cyclicError{}
	cyclic.wraps = []error{errJob, cyclic, cyclic}
	return []hostileCause{
		{
			"a typed nil", (*brokenError)(nil),
			"(the Error method of a *enricher_test.brokenError panicked: runtime error: invalid memory address or nil pointer dereference)",
			"(a *enricher_test.brokenError that panics when it is printed)",
		},
		{
			"an error that panics", &brokenError{errJob},
			"(the Error method of a *enricher_test.brokenError panicked: Error of the job has failed)",
			"(a *enricher_test.brokenError that panics when it is printed)",
		},
		{"an error that is not comparable", incomparableError{"a", "b"}, "a, b", "a, b"},
		{"a cyclic error", cyclic, "round and round", "round and round"},
		{"joined errors", errors.Join(errJob, incomparableError{"a"}), "the job has failed\na", "the job has failed\na"},
		{
			"a joined error that panics", errors.Join(errJob, &brokenError{errJob}),
			"(the Error method of a *errors.joinError panicked: Error of the job has failed)",
			"(a *errors.joinError that panics when it is printed)",
		},
	}
}

func TestFailureMayBeAnyError(t *testing.T) {
	t.Parallel()
	for _, hostile := range hostileCauses() {
		t.Run(hostile.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { enrichHostile(t, hostile) })
		})
	}
}

func enrichHostile(t *testing.T, hostile hostileCause) {
	log := &logbook{}
	causes := make(chan error, 8)
	e := running(t, enricher.Config{}, enricher.WithLogger(log.logger()),
		with("good", "x", func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			causes <- cause
			return enricher.Labels{"x": "good"}, nil
		}),
		with("returns", "y", func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			causes <- cause
			return nil, cause
		}),
		with("panics", "z", func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			causes <- cause
			panic(cause)
		}),
		enricher.WithObserver(observerFunc(func(_ context.Context, cause error, _ enricher.FailureContext, _ enricher.Result) {
			causes <- cause
			panic(cause)
		})))
	res := e.EnrichContext(context.Background(), hostile.cause, enricher.FailureContext{})

	assert.Equal(t, enricher.Labels{"x": "good"}, res.Labels)
	assert.Equal(t, []enricher.Status{enricher.StatusOK, enricher.StatusFailed, enricher.StatusPanicked}, statuses(res))
	require.Len(t, causes, 4)
	for range 4 {
		assert.True(t, identical(hostile.cause, <-causes))
	}
	assert.True(t, identical(hostile.cause, errors.Unwrap(res.Outcomes[1].Err)))
	panicked, ok := res.Outcomes[2].Err.(*enricher.PanicError)
	require.True(t, ok)
	assert.True(t, identical(hostile.cause, panicked.Value))
	assert.True(t, identical(hostile.cause, panicked.Unwrap()))

	assert.Equal(t, []string{
		fmt.Sprintf("level=WARN msg=%q enricher=returns status=failed error=%q", "Failure enricher gave no labels", hostile.text),
		fmt.Sprintf("level=WARN msg=%q enricher=panics status=panicked error=%q stack=...", "Failure enricher gave no labels", "panic: "+hostile.value),
		fmt.Sprintf("level=ERROR msg=%q observer=enricher_test.observerFunc error=%q stack=...", "Failure observer panicked", "panic: "+hostile.value),
	}, log.take())

	assert.Equal(t, fmt.Sprintf("enricher %q: %s\nenricher %q: panic: %s", "returns", hostile.text, "panics", hostile.value),
		res.Err().Error())
	text, err := json.Marshal(res)
	require.NoError(t, err)
	type object = map[string]any
	want, err := json.Marshal(object{
		"labels": object{"x": "good"},
		"outcomes": []object{
			{"enricher": "good", "status": "ok", "duration": "0s"},
			{"enricher": "returns", "status": "failed", "duration": "0s", "error": hostile.text},
			{"enricher": "panics", "status": "panicked", "duration": "0s", "error": "panic: " + hostile.value},
		},
		"duration": "0s",
	})
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(text))
}

// identical reports whether a and b are the same error, without comparing what
// cannot be compared and without calling a method of theirs.
func identical(a, b any) bool {
	if list, ok := a.(incomparableError); ok {
		other, ok := b.(incomparableError)
		return ok && &list[0] == &other[0]
	}
	return a == b
}

func TestPanicDoesNotAffectOthers(t *testing.T) {
	t.Parallel()
	for _, panics := range []struct {
		name string
		do   func()
		text string
	}{
		{"with a string", func() { panic("out of luck") }, "panic: out of luck"},
		{"with an error", func() { panic(errJob) }, "panic: the job has failed"},
		{"with nil", func() { panic(nil) }, "panic: " + new(runtime.PanicNilError).Error()},
		{"with anything", func() { panic([]int{1, 2}) }, "panic: ([]int)"},
		{"of the runtime", func() { _ = any(1).(string) }, "panic: interface conversion: interface {} is int, not string"},
		{"as runtime.Goexit", runtime.Goexit, "panic: runtime.Goexit was called"},
		{"deferred over another", func() { defer panic("second"); panic("first") }, "panic: second"},
	} {
		t.Run(panics.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := &logbook{}
				e := running(t, enricher.Config{}, enricher.WithLogger(log.logger()),
					withGood("a", "x"),
					with("b", "y", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
						panics.do()
						return enricher.Labels{"y": "b"}, nil
					}),
					withGood("c", "z"),
					withReader("d", "v", []string{"y", "z"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
						return enricher.Labels{"v": fc.Labels.String()}, nil
					}))
				for _, enrich := range []func() enricher.Result{
					func() enricher.Result { return enrichAs(e, enricher.FailureContext{}) },
					func() enricher.Result {
						return e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result()
					},
				} {
					res := enrich()
					assert.Equal(t, enricher.Labels{"x": "a", "z": "c", "v": "z=c"}, res.Labels)
					assert.Equal(t, []enricher.Status{
						enricher.StatusOK, enricher.StatusPanicked, enricher.StatusOK, enricher.StatusOK,
					}, statuses(res))
					panicked, ok := res.Outcomes[1].Err.(*enricher.PanicError)
					require.True(t, ok)
					assert.Equal(t, panics.text, panicked.Error())
					assert.Contains(t, panicked.Stack(), "failure_test.go")
				}
				assert.Equal(t, []string{
					fmt.Sprintf("level=WARN msg=%q enricher=b status=panicked error=%q stack=...", "Failure enricher gave no labels", panics.text),
				}, log.take())
			})
		})
	}
}

// Not parallel, as the setting is everybody's.
func TestPanicOfNilAndGoexit(t *testing.T) {
	t.Setenv("GODEBUG", "panicnil=1")
	e := running(t, enricher.Config{}, with("a", "x",
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { panic(nil) }), withGood("b", "y"))
	for range 3 {
		res := enrichAs(e, enricher.FailureContext{})
		assert.Equal(t, enricher.Labels{"y": "b"}, res.Labels)
		assert.Equal(t, []enricher.Status{enricher.StatusPanicked, enricher.StatusOK}, statuses(res))
	}
	assert.Equal(t, enricher.EnricherStats{
		Enricher: "b", Calls: map[enricher.Status]uint64{enricher.StatusOK: 3},
	}, e.Stats().Enrichers[1])
}

func TestPanicWithAnErrorWrapsIt(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{}, with("a", "x",
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			panic(fmt.Errorf("no: %w", errJob))
		}))
	err := enrichAs(e, enricher.FailureContext{}).Err()
	require.EqualError(t, err, `enricher "a": panic: no: the job has failed`)
	assert.ErrorIs(t, err, errJob)
	var panicked *enricher.PanicError
	require.ErrorAs(t, err, &panicked)
	var named *enricher.EnricherError
	require.ErrorAs(t, err, &named)
	assert.Equal(t, "a", named.Enricher)
}

// The text of an error is taken once, within the time of the call, as its Error
// method is third-party code.
func TestFailureTakesTheTextOfAnErrorOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		process func(asked error) (enricher.Labels, error)
		prefix  string
	}{
		"returned": {func(asked error) (enricher.Labels, error) { return nil, asked }, ""},
		"panicked": {func(asked error) (enricher.Labels, error) { panic(asked) }, "panic: "},
		"returned too late": {func(asked error) (enricher.Labels, error) {
			time.Sleep(time.Second)
			return nil, asked
		}, "not done within 1s: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 { // one that is too late may come before the timer, or after
				synctest.Test(t, func(t *testing.T) {
					asked := &countingError{}
					e := running(t, enricher.Config{Timeout: time.Second}, with("a", "x",
						func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
							return c.process(asked)
						}))
					res := enrichAs(e, enricher.FailureContext{})
					_, err := json.Marshal(res)
					require.NoError(t, err)
					text := res.Outcomes[0].Err.Error()
					if name != "returned too late" || errors.Is(res.Outcomes[0].Err, asked) {
						assert.Equal(t, c.prefix+"asked 1 times", text)
					}
					synctest.Wait()
					assert.Equal(t, 1, asked.times)
				})
			}
		})
	}
}

// A countingError counts how often it is asked for its text.
type countingError struct{ times int }

func (e *countingError) Error() string {
	e.times++
	return fmt.Sprintf("asked %d times", e.times)
}

func TestFailureCutsTheTextOfAnError(t *testing.T) {
	t.Parallel()
	long := errors.New(strings.Repeat("é", 4<<10))
	e := running(t, enricher.Config{}, with("a", "x",
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return nil, long }))
	assert.EqualError(t, enrichAs(e, enricher.FailureContext{}).Outcomes[0].Err, strings.Repeat("é", 2<<10))
}

func TestFailureLabelsBesideAnErrorAreIgnored(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{}, with("a", "x",
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"x": "a", "undeclared": "a"}, errJob
		}))
	res := enrichAs(e, enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{}, res.Labels)
	assert.Empty(t, res.Outcomes[0].Issues)
	assert.Equal(t, enricher.StatusFailed, res.Outcomes[0].Status)
	assert.ErrorIs(t, res.Outcomes[0].Err, errJob)
}

func TestFailureContextGivesValuesNotCancellation(t *testing.T) {
	t.Parallel()
	type key struct{}
	ended := func() context.Context {
		ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, "value"))
		cancel(errors.New("the job is over"))
		return ctx
	}
	past := func() context.Context {
		ctx, cancel := context.WithDeadline(context.WithValue(context.Background(), key{}, "value"), time.Now().Add(-time.Hour))
		cancel()
		return ctx
	}
	for name, caller := range map[string]func() context.Context{"cancelled": ended, "past its deadline": past} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				observed := 0
				e := running(t, enricher.Config{Timeout: 3 * time.Second},
					with("a", "x", func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
						assert.NoError(t, ctx.Err())
						assert.NoError(t, context.Cause(ctx))
						assert.Equal(t, "value", ctx.Value(key{}))
						assert.Nil(t, ctx.Value("another key"))
						deadline, ok := ctx.Deadline()
						assert.True(t, ok)
						assert.Equal(t, start.Add(3*time.Second), deadline)
						select {
						case <-ctx.Done():
							assert.Fail(t, "the context of the call has ended")
						case <-time.After(2 * time.Second):
						}
						assert.NoError(t, ctx.Err())
						return enricher.Labels{"x": "a"}, nil
					}),
					enricher.WithObserver(observerFunc(func(ctx context.Context, _ error, _ enricher.FailureContext, _ enricher.Result) {
						assert.NoError(t, ctx.Err())
						assert.Nil(t, ctx.Done())
						assert.Equal(t, "value", ctx.Value(key{}))
						observed++
					})))
				res := e.EnrichContext(caller(), errJob, enricher.FailureContext{})
				assert.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
				start = time.Now()
				res = e.EnrichAsync(caller(), errJob, enricher.FailureContext{}).Result()
				assert.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
				assert.Equal(t, 2, observed)
			})
		})
	}
}

func TestCallContextEndsWithTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kept := make(chan context.Context, 2)
		e := running(t, enricher.Config{},
			with("never-asked", "x", func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
				kept <- ctx
				return nil, nil
			}),
			with("asked", "y", func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
				assert.NotNil(t, ctx.Done())
				kept <- ctx
				return nil, nil
			}))
		e.Enrich(errJob)
		for range 2 {
			ctx := <-kept
			<-ctx.Done()
			assert.Equal(t, context.Canceled, ctx.Err())
			assert.Equal(t, context.Canceled, context.Cause(ctx))
		}
	})
}

func TestCallContextEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		kept := make(chan context.Context, 1)
		e := running(t, enricher.Config{}, with("a", "x",
			func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
				kept <- ctx
				<-release
				return nil, nil
			}))
		caller, cancel := context.WithCancelCause(context.Background())
		cancel(errors.New("the caller's"))
		e.EnrichContext(caller, errJob, enricher.FailureContext{})
		ctx := <-kept
		assert.Equal(t, context.DeadlineExceeded, ctx.Err())
		assert.Equal(t, context.DeadlineExceeded, context.Cause(ctx))
		<-ctx.Done()
		assert.Equal(t, context.DeadlineExceeded, context.Cause(ctx))
		close(release)
		synctest.Wait()
		assert.Equal(t, context.DeadlineExceeded, ctx.Err(), "also after the call has returned")
	})
}

func TestCallContextEndsDerivedContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		ended := make(chan error, 2)
		e := running(t, enricher.Config{}, with("a", "x",
			func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
				child, cancel := context.WithTimeout(context.WithValue(ctx, key{}, "value"), time.Hour)
				defer cancel()
				context.AfterFunc(child, func() { ended <- child.Err() })
				<-child.Done()
				assert.Equal(t, "value", child.Value(key{}))
				ended <- ctx.Err()
				return nil, child.Err()
			}))
		assert.Equal(t, []enricher.Status{enricher.StatusTimedOut}, statuses(enrichAs(e, enricher.FailureContext{})))
		assert.Equal(t, context.DeadlineExceeded, <-ended)
		assert.Equal(t, context.DeadlineExceeded, <-ended)
	})
}

// An oddError has an Error method that does as it likes.
type oddError struct{ text func() string }

func (e oddError) Error() string { return e.text() }

func TestFailureErrorTextThatBlocksIsATimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{Timeout: time.Second}, withGood("good", "x"),
			with("odd", "y", failing(oddError{func() string { time.Sleep(time.Hour); return "at last" }})))
		start := time.Now()
		res := enrichAs(e, enricher.FailureContext{})
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, enricher.Labels{"x": "good"}, res.Labels)
		assert.Equal(t, []enricher.Status{enricher.StatusOK, enricher.StatusTimedOut}, statuses(res))
	})
}

func TestFailureErrorTextThatExitsIsAPanic(t *testing.T) {
	t.Parallel()
	exits := oddError{func() string { runtime.Goexit(); return "" }}
	e := running(t, enricher.Config{}, withGood("good", "x"), with("returns", "y", failing(exits)),
		with("panics", "z", doing(func() { panic(exits) })))
	res := e.EnrichAsync(t.Context(), errJob, enricher.FailureContext{}).Result()
	assert.Equal(t, enricher.Labels{"x": "good"}, res.Labels)
	assert.Equal(t, []enricher.Status{enricher.StatusOK, enricher.StatusPanicked, enricher.StatusPanicked}, statuses(res))
	assert.EqualError(t, res.Outcomes[2].Err, "panic: runtime.Goexit was called")
	assert.Zero(t, e.Stats().Enrichers[2].InFlight)
}

func TestFailurePanicErrorThatIsReturnedIsAnOrdinaryError(t *testing.T) {
	t.Parallel()
	for name, returned := range map[string]error{
		"typed nil": (*enricher.PanicError)(nil),
		"a value":   enricher.NewPanicError("boom", nil),
	} {
		for took, want := range map[time.Duration]enricher.Status{0: enricher.StatusFailed, time.Second: enricher.StatusTimedOut} {
			t.Run(fmt.Sprint(name, " after ", took), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					e := running(t, enricher.Config{Timeout: time.Second}, withGood("good", "x"),
						with("op", "y", sleeping(took, failing(returned))))
					res := enrichAs(e, enricher.FailureContext{})
					assert.Equal(t, enricher.Labels{"x": "good"}, res.Labels)
					assert.Equal(t, []enricher.Status{enricher.StatusOK, want}, statuses(res))
					assert.NotEmpty(t, res.Err().Error())
				})
			})
		}
	}
}
