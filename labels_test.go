package enricher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestLabelsString(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]enricher.Labels{
		"":                       {},
		"a=":                     {"a": ""},
		"B=2, a=1, b=x=y, z, c=": {"b": "x=y, z", "a": "1", "c": "", "B": "2"},
	} {
		assert.Equal(t, want, l.String())
		assert.Equal(t, want, fmt.Sprint(l))
	}
	assert.Empty(t, enricher.Labels(nil).String())
}

func TestLabelsKeys(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"B", "a", "b"}, enricher.Labels{"b": "", "B": "", "a": ""}.Keys())
	assert.Empty(t, enricher.Labels{}.Keys())
	assert.Empty(t, enricher.Labels(nil).Keys())
}

func TestLabelsClone(t *testing.T) {
	t.Parallel()
	l := enricher.Labels{"a": "1"}
	c := l.Clone()
	assert.Equal(t, l, c)
	c["a"] = "2"
	assert.Equal(t, enricher.Labels{"a": "1"}, l)
	assert.Nil(t, enricher.Labels(nil).Clone())
	assert.NotNil(t, enricher.Labels{}.Clone())
}

func TestLabelsLogValue(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&buf, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	logger.Info("failed", "labels", enricher.Labels{"b": "2", "a": "1", "c": ""})
	assert.Equal(t, `{"level":"INFO","msg":"failed","labels":{"a":"1","b":"2","c":""}}`+"\n", buf.String())
	buf.Reset()
	logger.Info("failed", "labels", enricher.Labels(nil))
	assert.Equal(t, `{"level":"INFO","msg":"failed"}`+"\n", buf.String(), "an empty group is left out")
	assert.Equal(t, slog.KindGroup, enricher.Labels(nil).LogValue().Kind())
}

func TestLabelsCannotRestart(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "JOB_CANNOT_RESTART", enricher.KeyJobCannotRestart)
	for value, want := range map[string]bool{
		"true": true, "": true, "no": true, "False": true, " false": true, "the schema has changed": true, "false": false,
	} {
		assert.Equal(t, want, enricher.Labels{"JOB_CANNOT_RESTART": value}.CannotRestart(), value)
	}
	assert.False(t, enricher.Labels{"job_cannot_restart": "true"}.CannotRestart())
	assert.False(t, enricher.Labels{}.CannotRestart())
	assert.False(t, enricher.Labels(nil).CannotRestart())
}

// A ruleError is an error of a type and with a text in %+v of its own.
type ruleError struct{ rule string }

func (e *ruleError) Error() string { return "rule " + e.rule }

func (e *ruleError) Format(s fmt.State, verb rune) {
	_, _ = io.WriteString(s, e.Error())
	if verb == 'v' && s.Flag('+') {
		_, _ = io.WriteString(s, " at line 3")
	}
}

func TestWithLabelsWrapsItsError(t *testing.T) {
	t.Parallel()
	inner := &ruleError{"payments"}
	err := enricher.WithLabels(fmt.Errorf("%w: %w", io.EOF, inner), enricher.Labels{"a": "1"})
	assert.EqualError(t, err, "EOF: rule payments")
	assert.ErrorIs(t, err, io.EOF)
	var found *ruleError
	require.ErrorAs(t, err, &found)
	assert.Same(t, inner, found)
	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(err))

	err = enricher.WithLabels(inner, nil)
	assert.Equal(t, "rule payments", fmt.Sprintf("%v", err))
	assert.Equal(t, "rule payments at line 3", fmt.Sprintf("%+v", err))
	err = enricher.WithLabels(errors.New("a\nb"), nil)
	assert.Equal(t, `"a\nb"`, fmt.Sprintf("%q", err))
	assert.Equal(t, "   a\nb|a", fmt.Sprintf("%6s|%.1s", err, err))
	assert.Equal(t, enricher.Labels{}, enricher.LabelsOf(err))
}

// A structured error says how package slog logs it.
type structured struct{ error }

func (structured) LogValue() slog.Value { return slog.GroupValue(slog.String("code", "E7")) }

func TestWithLabelsKeepsHowItsErrorIsLogged(t *testing.T) {
	t.Parallel()
	none := func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return nil, nil }
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("none", enricher.Func(nil, none)))
	require.NoError(t, err)
	inner := structured{io.EOF}
	res := e.EnrichContext(t.Context(), inner, enricher.FailureContext{})
	for name, err := range map[string]error{
		"labels":           enricher.WithLabels(inner, enricher.Labels{"a": "1"}),
		"result":           enricher.WithResult(inner, res),
		"labels of result": enricher.WithLabels(enricher.WithResult(inner, res), nil),
	} {
		assert.Equal(t, "[code=E7]", slog.AnyValue(err).Resolve().String(), name)
		assert.EqualError(t, err, "EOF", name)
		assert.Equal(t, "EOF", fmt.Sprintf("%+v", err), name)
		assert.Equal(t, "github.com/failure-enrichers/enricher_test.structured", err.(interface{ ErrorType() string }).ErrorType(), name)
		_, ok := enricher.AsType[structured](err)
		assert.True(t, ok, name)
		if name == "labels" {
			assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(err))
			continue
		}
		carried, ok := e.Carried(err, enricher.FailureContext{})
		assert.True(t, ok, name)
		assert.Equal(t, res, carried, name)
	}
	_, ok := enricher.WithResult(io.EOF, res).(slog.LogValuer)
	assert.False(t, ok, "a handler that resolves the value finds the Result")
}

func TestWithLabelsOfNil(t *testing.T) {
	t.Parallel()
	assert.NoError(t, enricher.WithLabels(nil, enricher.Labels{"a": "1"}))
	// Unlike a typed nil, which is an error.
	err := enricher.WithLabels((*ruleError)(nil), enricher.Labels{"a": "1"})
	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(err))
}

func TestWithLabelsCopies(t *testing.T) {
	t.Parallel()
	l := enricher.Labels{"a": "1"}
	err := enricher.WithLabels(io.EOF, l)
	l["a"] = "changed"
	enricher.LabelsOf(err)["a"] = "changed"
	err.(interface{ FailureLabels() map[string]string }).FailureLabels()["a"] = "changed"
	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(err))

	own := carrier{labels: map[string]string{"a": "1"}}
	enricher.LabelsOf(own)["a"] = "changed"
	assert.Equal(t, map[string]string{"a": "1"}, own.labels)
}

// A carrier is an error of somebody else that has labels. It is no pointer, and
// not comparable.
type carrier struct {
	labels map[string]string
	wraps  []error
}

func (c carrier) Error() string { return "carrier" }

func (c carrier) FailureLabels() map[string]string { return c.labels }

func (c carrier) Unwrap() []error { return c.wraps }

// labeled returns err with one label.
func labeled(key, value string, err error) error {
	return enricher.WithLabels(err, enricher.Labels{key: value})
}

// wrapped returns err below n others.
func wrapped(n int, err error) error {
	for range n {
		err = fmt.Errorf("wrapped: %w", err)
	}
	return err
}

func TestLabelsOfPrefersTheOutermost(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		err  error
		want enricher.Labels
	}{
		"of a chain": {
			labeled("a", "outer", wrapped(2, labeled("a", "inner", labeled("b", "innermost", io.EOF)))),
			enricher.Labels{"a": "outer", "b": "innermost"},
		},
		"of a later branch that is less deep": {
			errors.Join(wrapped(2, labeled("a", "deep", io.EOF)), wrapped(1, labeled("a", "middle", io.EOF)), labeled("a", "shallow", io.EOF)),
			enricher.Labels{"a": "shallow"},
		},
		"of an earlier branch that is less deep": {
			errors.Join(labeled("a", "shallow", labeled("b", "1", io.EOF)), wrapped(1, labeled("a", "deep", io.EOF))),
			enricher.Labels{"a": "shallow", "b": "1"},
		},
		"the first of equally deep ones": {
			errors.Join(io.EOF, wrapped(1, labeled("a", "first", io.EOF)), wrapped(1, labeled("a", "second", io.EOF))),
			enricher.Labels{"a": "first"},
		},
		"key by key": {
			errors.Join(wrapped(1, enricher.WithLabels(io.EOF, enricher.Labels{"a": "deep", "b": "deep"})), labeled("b", "shallow", io.EOF)),
			enricher.Labels{"a": "deep", "b": "shallow"},
		},
		"of anybody's errors": {
			carrier{map[string]string{"a": "outer"}, []error{carrier{map[string]string{"a": "inner", "b": "inner"}, nil}}},
			enricher.Labels{"a": "outer", "b": "inner"},
		},
		"though it is empty": {
			labeled("a", "", labeled("a", "inner", io.EOF)),
			enricher.Labels{"a": ""},
		},
	} {
		assert.Equal(t, test.want, enricher.LabelsOf(test.err), what)
	}
}

func TestLabelsOfIsNeverNil(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, io.EOF, (*ruleError)(nil), errors.Join(io.EOF, nil), carrier{}, enricher.WithLabels(io.EOF, nil)} {
		assert.Equal(t, enricher.Labels{}, enricher.LabelsOf(err))
	}
}

func TestLabelsOfDoesNotCheck(t *testing.T) {
	t.Parallel()
	l := enricher.Labels{"": "\xff", "a\n": strings.Repeat("x", 1<<20)}
	assert.Equal(t, l, enricher.LabelsOf(enricher.WithLabels(io.EOF, l)))
}

// A node is an error that wraps others and can wrap itself.
type node struct {
	name  string
	wraps []error
}

func (n *node) Error() string { return n.name }

func (n *node) Unwrap() []error { return n.wraps }

// A link is an error that wraps one other, which may be itself.
type link struct{ next error }

func (l *link) Error() string { return "link" }

func (l *link) Unwrap() error { return l.next }

// A panicker is an error whose methods panic as they are told.
type panicker struct {
	unwrap, labels bool
	wraps          error
}

func (p *panicker) Error() string { panic("Error") }

func (p *panicker) Unwrap() error {
	if p.unwrap {
		panic("Unwrap")
	}
	return p.wraps
}

func (p *panicker) FailureLabels() map[string]string {
	if p.labels {
		panic("FailureLabels")
	}
	return map[string]string{"panicker": "1"}
}

// panicsToUnwrap is an error that is to wrap several and panics.
type panicsToUnwrap struct{ wraps []error }

func (panicsToUnwrap) Error() string { return "panics" }

func (p panicsToUnwrap) Unwrap() []error { _ = p.wraps[0]; return p.wraps }

// An unprintable error panics with itself where package fmt prints it, and again
// where that prints the panic.
type unprintable struct{}

func (unprintable) Error() string { panic(unprintable{}) }

func TestLabelsRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{"30s": 30 * time.Second, "90": 90 * time.Second, "0": 0, "1.5": 1500 * time.Millisecond, "2m0s": 2 * time.Minute} {
		d, ok := enricher.Labels{enricher.KeyRetryAfter: value}.RetryAfter()
		assert.True(t, ok, value)
		assert.Equal(t, want, d, value)
	}
	for _, value := range []string{"", "soon", "-1s", "-1", "s", "Wed, 21 Oct 2015 07:28:00 GMT"} {
		d, ok := enricher.Labels{enricher.KeyRetryAfter: value}.RetryAfter()
		assert.False(t, ok, value)
		assert.Zero(t, d, value)
	}
	_, ok := enricher.Labels(nil).RetryAfter()
	assert.False(t, ok)
}

func TestWithResultIsEnrichedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSwitchable(sleeping(time.Second, answering(enricher.Labels{"x": "1"})))
		observed := 0
		e := running(t, enricher.Config{}, with("a", "x", s.process), withObserver(func(enricher.Result) { observed++ }))
		fc := enricher.FailureContext{ID: "f1", JobID: "j1", Attempt: 2}
		first := e.EnrichContext(t.Context(), errJob, fc)
		require.Equal(t, time.Second, first.Duration)
		carrying := enricher.WithResult(errJob, first)

		got, ok := enricher.ResultOf(fmt.Errorf("job: %w", carrying))
		assert.True(t, ok)
		assert.Equal(t, first, got)
		assert.Equal(t, enricher.Labels{"x": "1"}, enricher.LabelsOf(carrying))
		assert.EqualError(t, carrying, errJob.Error())
		assert.ErrorIs(t, carrying, errJob)

		for _, again := range []enricher.FailureContext{{}, fc, {ID: "f1"}, {JobID: "j1"}, {Attempt: 2}} {
			assert.Equal(t, first, e.EnrichContext(t.Context(), fmt.Errorf("log: %w", carrying), again))
			assert.Equal(t, first, e.EnrichAsync(t.Context(), carrying, again).Result())
			carried, ok := e.Carried(carrying, again)
			assert.True(t, ok)
			assert.Equal(t, "f1", carried.FailureContext().ID)
		}
		for range 100 { // a search gives its place back
			_, ok := e.Carried(carrying, fc)
			require.True(t, ok)
		}
		assert.EqualValues(t, 1, s.calls.Load())
		assert.Equal(t, 1, observed)

		// Another failure, or another Enricher.
		for _, other := range []enricher.FailureContext{{ID: "f2"}, {JobID: "j2"}, {Attempt: 3}} {
			_, ok := e.Carried(carrying, other)
			assert.False(t, ok)
			e.EnrichContext(t.Context(), carrying, other)
		}
		e.EnrichContext(t.Context(), errors.Join(errors.New("parent"), carrying), enricher.FailureContext{})
		assert.EqualValues(t, 5, s.calls.Load())
		other := running(t, enricher.Config{}, withGood("b", "y"))
		second := other.EnrichContext(t.Context(), carrying, fc)
		assert.Equal(t, enricher.Labels{"y": "b"}, second.Labels)
		assert.Equal(t, first, e.EnrichContext(t.Context(), enricher.WithResult(carrying, second), fc), "below that of another Enricher")

		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, first, e.EnrichContext(t.Context(), carrying, fc), "after Shutdown")
		assert.Zero(t, e.Stats().AfterShutdown)
		require.ErrorIs(t, e.EnrichAsync(t.Context(), carrying, fc).Result().Err(), enricher.ErrShutdown)
	})
}

func TestWithResultCopies(t *testing.T) {
	t.Parallel()
	res := enricher.Result{Labels: enricher.Labels{"x": "1"}}
	err := enricher.WithResult(errJob, res)
	res.Labels["x"] = "changed"
	got, _ := enricher.ResultOf(err)
	assert.Equal(t, enricher.Labels{"x": "1"}, got.Labels)
	got.Labels["x"] = "changed"
	again, _ := enricher.ResultOf(err)
	assert.Equal(t, enricher.Labels{"x": "1"}, again.Labels)
	assert.NoError(t, enricher.WithResult(nil, res))
	_, ok := enricher.ResultOf(nil)
	assert.False(t, ok)
	_, ok = enricher.ResultOf(&cyclicError{})
	assert.False(t, ok)
}

// A hungError never returns from Unwrap until it is released.
type hungError struct{ release chan struct{} }

func (hungError) Error() string   { return "hung" }
func (e hungError) Unwrap() error { <-e.release; return nil }

func TestWithResultDoesNotWaitForUnwrap(t *testing.T) {
	t.Parallel()
	enricher.WithResult(errJob, enricher.Result{})
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{Timeout: time.Second}, withGood("a", "x"))
		hung := hungError{make(chan struct{})}
		start := time.Now()
		res := e.EnrichContext(t.Context(), hung, enricher.FailureContext{})
		assert.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
		assert.Equal(t, time.Second/10, time.Since(start))
		close(hung.release)
	})
}

func TestWithLabelsHasTheErrorTypeOfWhatItWraps(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"*errors.errorString": io.EOF,
		"syscall.Errno":       syscall.ENOENT,
		"CODE_7":              typedError{"CODE_7"},
		"github.com/failure-enrichers/enricher_test.typedError": typedError{""},
		"*fs.PathError":     fmt.Errorf("load: %w", fmt.Errorf("read: %w", &fs.PathError{Err: io.EOF})),
		"CODE_8":            fmt.Errorf("load: %w", typedError{"CODE_8"}),
		"*errors.joinError": errors.Join(io.EOF, syscall.ENOENT),
	} {
		for _, wrapped := range []error{enricher.WithLabels(err, nil), enricher.WithResult(err, enricher.Result{})} {
			assert.Equal(t, want, wrapped.(interface{ ErrorType() string }).ErrorType())
		}
		assert.Equal(t, want, enricher.Recovered(err).ErrorType())
	}
	assert.Equal(t, "string", enricher.Recovered("boom").ErrorType())
}

type typedError struct{ code string }

func (e typedError) Error() string { return "typed" }

// An error that keeps what was made of it leads to itself.
func TestErrorTypeEnds(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]func(error) error{
		"a panic":  func(err error) error { return enricher.Recovered(err) },
		"labels":   func(err error) error { return enricher.WithLabels(err, enricher.Labels{"a": "1"}) },
		"a Result": func(err error) error { return enricher.WithResult(err, enricher.Result{}) },
		"all of them": func(err error) error {
			return enricher.WithLabels(enricher.Recovered(enricher.WithResult(err, enricher.Result{})), nil)
		},
	} {
		e := &jobError{}
		e.cause = keep(e)
		assert.Equal(t, "*enricher_test.jobError", e.cause.(interface{ ErrorType() string }).ErrorType(), name)
	}
	assert.Equal(t, "*enricher.PanicError", enricher.WithLabels((*enricher.PanicError)(nil), nil).(interface{ ErrorType() string }).ErrorType())
}

type jobError struct{ cause error }

func (e *jobError) Error() string { return "job" }
func (e *jobError) Unwrap() error { return e.cause }

func (e typedError) ErrorType() string { return e.code }
