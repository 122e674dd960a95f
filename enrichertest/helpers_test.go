package enrichertest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

var errJob = errors.New("the job has failed")

// running returns an Enricher of fakes by name.
func running(t *testing.T, options ...enricher.Option) *enricher.Enricher {
	t.Helper()
	e, err := enricher.New(enricher.Config{}, options...)
	require.NoError(t, err)
	require.Empty(t, e.Rejected())
	return e
}

func TestRecorderCanBeWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var rec enrichertest.Recorder
		fake := &enrichertest.Fake{Keys: []string{"kind"}, Steps: []enrichertest.Step{{Labels: enricher.Labels{"kind": "a"}}}}
		e := running(t, enricher.WithObserver(&rec), enricher.WithEnricher("fake", fake))
		assert.Empty(t, rec.Failures())
		var all sync.WaitGroup
		for n := range 4 {
			all.Go(func() {
				got, err := rec.Wait(t.Context(), n)
				assert.NoError(t, err)
				assert.Len(t, got, n)
			})
		}
		for attempt := range 3 {
			synctest.Wait()
			e.EnrichAsync(t.Context(), errJob, enricher.FailureContext{Attempt: attempt})
		}
		all.Wait()
		for attempt, r := range rec.Failures() {
			assert.Equal(t, errJob, r.Cause)
			assert.Equal(t, attempt, r.Context.Attempt)
			assert.Equal(t, enricher.Labels{"kind": "a"}, r.Result.Labels)
		}

		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, errors.New("waited for long enough"))
		defer cancel()
		got, err := rec.Wait(ctx, 4)
		require.EqualError(t, err, "waited for long enough")
		assert.Len(t, got, 3)
	})
}

// processWith calls an enricher as the library does, with a second.
func processWith(t *testing.T, fe enricher.FailureEnricher) (enricher.Labels, time.Duration, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	labels, err := fe.ProcessFailure(ctx, errJob, enricher.FailureContext{JobID: "42"})
	return labels, time.Since(start), err
}

func TestFakeDoesStepByStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		labels := enricher.Labels{"kind": "a"}
		opened := make(chan struct{})
		go func() {
			time.Sleep(3 * time.Second)
			close(opened)
		}()
		fake := &enrichertest.Fake{Keys: []string{"kind"}, Steps: []enrichertest.Step{
			{},
			{Labels: labels, Delay: time.Millisecond},
			{Err: errJob},
			{Labels: labels, Delay: time.Hour},
			{Labels: labels, Until: opened},
			{Labels: labels, Until: opened, IgnoreContext: true},
			{Labels: labels, Delay: 2 * time.Second, IgnoreContext: true},
			{Labels: labels},
		}}
		for i, want := range []struct {
			labels enricher.Labels
			err    error
			took   time.Duration
		}{
			{nil, nil, 0},
			{labels, nil, time.Millisecond},
			{nil, errJob, 0},
			{nil, context.DeadlineExceeded, time.Second},
			{nil, context.DeadlineExceeded, time.Second},
			{labels, nil, 999 * time.Millisecond},
			{labels, nil, 2 * time.Second},
			{labels, nil, 0},
			{labels, nil, 0},
		} {
			got, took, err := processWith(t, fake)
			assert.Equal(t, want.labels, got, i)
			assert.Equal(t, want.err, err, i)
			assert.Equal(t, want.took, took, i)
			if got != nil {
				got["kind"] = "changed"
			}
		}
		calls := fake.Calls()
		require.Len(t, calls, 9)
		assert.Equal(t, enrichertest.Call{Cause: errJob, Context: enricher.FailureContext{JobID: "42"}}, calls[8])
	})
}

func TestFakePanicsAndExits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.WithEnricher("fake", &enrichertest.Fake{Steps: []enrichertest.Step{{Panic: "oops"}, {Exit: true}, {}}}))
		for _, want := range []enricher.Status{enricher.StatusPanicked, enricher.StatusPanicked, enricher.StatusOK} {
			res := e.EnrichContext(t.Context(), errJob, enricher.FailureContext{})
			assert.Equal(t, want, res.Outcomes[0].Status)
		}
	})
}

func TestFakeCanRead(t *testing.T) {
	t.Parallel()
	first := &enrichertest.Fake{Keys: []string{"kind"}, Steps: []enrichertest.Step{{Labels: enricher.Labels{"kind": "a"}}}}
	second := &enrichertest.Fake{Keys: []string{"owner"}}
	e := running(t, enricher.WithEnricher("second", second.Reading("kind")), enricher.WithEnricher("first", first))
	e.Enrich(errJob)
	assert.Equal(t, enricher.Labels{"kind": "a"}, second.Calls()[0].Context.Labels)
	assert.Equal(t, []string{"kind"}, e.Enrichers()[0].InputKeys)
	assert.Equal(t, []string{"owner"}, e.Enrichers()[0].OutputKeys)
}

func TestFakeKeepsTheContract(t *testing.T) {
	t.Parallel()
	require.NoError(t, enrichertest.Check(making(func() enricher.FailureEnricher {
		return &enrichertest.Fake{Keys: []string{"kind"}, Steps: []enrichertest.Step{{Labels: enricher.Labels{"kind": "a"}}}}
	}), enrichertest.WithDeterministic()))
	require.NoError(t, enrichertest.Check(making(func() enricher.FailureEnricher {
		return (&enrichertest.Fake{Keys: []string{"kind"}}).Reading("owner", "*")
	})))
}

func TestReplaceLeavesTheConfigurationAsItIs(t *testing.T) {
	t.Parallel()
	cfg := enricher.Config{
		FailureEnrichers: []string{"error", "static/a", "static/b"},
		Options: map[string]map[string]any{
			"static/a": {"labels": map[string]any{"a": "real"}},
			"static/b": {"labels": map[string]any{"b": "real"}, "no-such-option": true},
		},
		Strict: true,
	}
	fake := &enrichertest.Fake{Keys: []string{"b"}, Steps: []enrichertest.Step{{Labels: enricher.Labels{"b": "fake"}}}}
	e, err := enricher.New(cfg, enrichertest.Replace(t, map[string]enricher.FailureEnricher{"static/b": fake}))
	require.NoError(t, err)
	labels := e.Enrich(errJob)
	assert.Equal(t, "real", labels["a"])
	assert.Equal(t, "fake", labels["b"])
	assert.Len(t, fake.Calls(), 1)
	var names []string
	for _, info := range e.Enrichers() {
		names = append(names, info.Name)
	}
	assert.Equal(t, cfg.FailureEnrichers, names)
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestReplaceFailsTheTestForAnUnknownName(t *testing.T) {
	t.Parallel()
	c := &collector{TB: t}
	var ended sync.WaitGroup
	ended.Go(func() {
		enrichertest.Replace(c, map[string]enricher.FailureEnricher{"statik/a": &enrichertest.Fake{}})
		c.Error("Replace has returned")
	})
	ended.Wait()
	require.Len(t, c.errors, 1)
	assert.Contains(t, c.errors[0], `enrichertest: Replace: "statik/a": no such enricher: must be one of [`)
}

func TestReplaceFailsTheTestForAnInstanceThatIsNotConfigured(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		configured []string
		want       []string
	}{
		"another instance": {[]string{"static/a"}, []string{
			`enrichertest: Replace: "static/b" was not configured, but "static/a", which was made as it is: is the name misspelt?`,
		}},
		"both instances": {[]string{"static/a", "static/b"}, nil},
		"no instance":    {[]string{"error"}, nil},
	} {
		tb := &collector{TB: t}
		option := enrichertest.Replace(tb, map[string]enricher.FailureEnricher{"static/b": &enrichertest.Fake{}})
		e, err := enricher.New(enricher.Config{
			FailureEnrichers: c.configured,
			Options:          map[string]map[string]any{"static/a": {"labels": map[string]any{"a": "real"}}},
		}, option)
		require.NoError(t, err)
		require.NoError(t, e.Shutdown(t.Context()))
		for _, cleanup := range tb.cleanups {
			cleanup()
		}
		assert.Equal(t, c.want, tb.errors, name)
	}
}

// A printer is a test that prints its errors.
type printer struct{ testing.TB }

func (printer) Helper()                  {}
func (printer) Cleanup(func())           {}
func (printer) Context() context.Context { return context.Background() }
func (printer) Error(args ...any)        { fmt.Print(args...) }

// A collector is a test that collects its errors.
type collector struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (*collector) Helper()             {}
func (c *collector) Error(args ...any) { c.errors = append(c.errors, fmt.Sprint(args...)) }
func (c *collector) Cleanup(fn func()) { c.cleanups = append(c.cleanups, fn) }

func (c *collector) Errorf(format string, args ...any) { c.Error(fmt.Sprintf(format, args...)) }

// Fatalf ends the goroutine, as that of a test does.
func (c *collector) Fatalf(format string, args ...any) {
	c.Error(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func TestAssertLabelsComparesExactly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t,
			enricher.WithEnricher("good", &enrichertest.Fake{Keys: []string{"a", "b", "c"}, Steps: []enrichertest.Step{{
				Labels: enricher.Labels{"a": "1", "b": "2", "c": "\x00"},
			}}}),
			enricher.WithEnricher("slow", &enrichertest.Fake{Steps: []enrichertest.Step{{Until: make(chan struct{})}}}),
		)
		c := &collector{TB: t}
		enrichertest.AssertLabels(c, e, errJob, enricher.Labels{"a": "1", "b": "2"})
		assert.Empty(t, c.errors, "an enricher that is not ok is for the test to judge")
		enrichertest.AssertLabels(c, e, errJob, enricher.Labels{"b": "two", "c": "3"})
		assert.Equal(t, []string{`the labels differ:
	unexpected  a = "1"
	different   b = "2", must be "two"
	missing     c = "3"
	enricher "good": label "c": value must be valid UTF-8 without control characters other than tab and newline
	enricher "slow": timed-out: not done within 1s: context deadline exceeded
`}, c.errors)
	})
}

func TestAssertLabelsNamesRejectedEnrichers(t *testing.T) {
	t.Parallel()
	twin := &enrichertest.Fake{Keys: []string{"twin"}}
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("one", twin), enricher.WithEnricher("other", twin))
	require.NoError(t, err)
	c := &collector{TB: t}
	enrichertest.AssertLabels(c, e, errJob, enricher.Labels{"twin": "a"})
	require.Len(t, c.errors, 1)
	assert.Contains(t, c.errors[0], `enricher "one": rejected: `)
	assert.Contains(t, c.errors[0], `enricher "other": rejected: `)
	enrichertest.AssertLabels(c, e, errJob, nil)
	assert.Len(t, c.errors, 1)
	enrichertest.AssertLabels(c, nil, errJob, enricher.Labels{"twin": "a"})
	assert.Len(t, c.errors, 2)
}

func TestAssertResultTakesNilAsNoLabels(t *testing.T) {
	t.Parallel()
	enrichertest.AssertLabels(t, nil, errJob, nil)
	enrichertest.AssertResult(t, enricher.Result{}, enricher.Labels{})
	c := &collector{TB: t}
	enrichertest.AssertResult(c, enricher.Result{Outcomes: []enricher.Outcome{{Enricher: "by hand"}}}, enricher.Labels{"a": ""})
	assert.Equal(t, []string{"the labels differ:\n\tmissing     a = \"\"\n\tenricher \"by hand\": unknown: (no error)\n"}, c.errors)
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // for examples, too
	os.Exit(m.Run())
}
