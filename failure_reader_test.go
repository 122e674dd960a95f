package enricher_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// A seen holds what enrichers were given, by their names.
type seen struct {
	mu     sync.Mutex
	labels map[string]enricher.Labels
	at     map[string]time.Duration // after the start
	start  time.Time
}

func newSeen() *seen {
	return &seen{labels: map[string]enricher.Labels{}, at: map[string]time.Duration{}, start: time.Now()}
}

// by returns a function that notes what it is given, takes its time, and sets
// key to its name.
func (s *seen) by(name, key string, takes time.Duration) processFunc {
	return func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
		s.mu.Lock()
		s.labels[name], s.at[name] = fc.Labels, time.Since(s.start)
		s.mu.Unlock()
		time.Sleep(takes)
		return enricher.Labels{key: name}, nil
	}
}

func TestReaderGetsItsInputKeysOnly(t *testing.T) {
	t.Parallel()
	s := newSeen()
	e := running(t, enricher.Config{},
		withReader("both", "r1", []string{"x", "y"}, s.by("both", "r1", 0)),
		withReader("one", "r2", []string{"x", "x"}, s.by("one", "r2", 0)),
		withReader("second-hand", "r3", []string{"r2"}, s.by("second-hand", "r3", 0)),
		withReader("unset", "r4", []string{"x", "never"}, s.by("unset", "r4", 0)),
		withReader("none", "r5", nil, s.by("none", "r5", 0)),
		withReader("one-of-two", "r6", []string{"p"}, s.by("one-of-two", "r6", 0)),
		enricher.WithEnricher("two", enricher.Func([]string{"p", "q"}, answering(enricher.Labels{"p": "1", "q": "2"}))),
		with("a", "x", s.by("a", "x", 0)),
		with("b", "y", s.by("b", "y", 0)),
		enricher.WithEnricher("declares-never", enricher.Func([]string{"never"}, answering(nil))),
	)
	res := enrichAs(e, enricher.FailureContext{Labels: enricher.Labels{"x": "the caller's", "made": "up"}})
	require.NoError(t, res.Err())
	assert.Equal(t, map[string]enricher.Labels{
		"both":        {"x": "a", "y": "b"},
		"one":         {"x": "a"},
		"second-hand": {"r2": "one"},
		"unset":       {"x": "a"},
		"none":        {},
		"one-of-two":  {"p": "1"},
		"a":           nil,
		"b":           nil,
	}, s.labels)
	assert.Equal(t, enricher.Labels{
		"x": "a", "y": "b", "r1": "both", "r2": "one", "r3": "second-hand", "r4": "unset", "r5": "none",
		"p": "1", "q": "2", "r6": "one-of-two",
	}, res.Labels)
}

func TestReaderOfAllGetsTheLabelsOfThoseBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSeen()
		e := running(t, enricher.Config{},
			withReader("all", "star", []string{"*"}, s.by("all", "star", time.Second)),
			withReader("all-too", "star2", []string{"*"}, s.by("all-too", "star2", time.Second)),
			withReader("reader", "r", []string{"x"}, s.by("reader", "r", time.Second)),
			with("a", "x", s.by("a", "x", time.Second)),
			with("b", "y", s.by("b", "y", 0)))
		res := enrichAs(e, enricher.FailureContext{Labels: enricher.Labels{"made": "up"}})
		require.NoError(t, res.Err())
		assert.Equal(t, map[string]enricher.Labels{
			"a": nil, "b": nil,
			"reader":  {"x": "a"},
			"all":     {"x": "a", "y": "b", "r": "reader"},
			"all-too": {"x": "a", "y": "b", "r": "reader"},
		}, s.labels)
		// In the order of a chain, and otherwise at once.
		slack := float64(time.Millisecond)
		assert.InDelta(t, 0, s.at["b"], slack)
		assert.InDelta(t, 1*time.Second, s.at["reader"], slack)
		assert.InDelta(t, 2*time.Second, s.at["all"], slack)
		assert.InDelta(t, 2*time.Second, s.at["all-too"], slack)
	})
}

func TestReaderOfAllDoesNotWaitForItsReaders(t *testing.T) {
	t.Parallel()
	s := newSeen()
	e := running(t, enricher.Config{},
		withReader("last", "z", []string{"after", "x"}, s.by("last", "z", 0)),
		withReader("after", "after", []string{"star"}, s.by("after", "after", 0)),
		withReader("all", "star", []string{"*"}, s.by("all", "star", 0)),
		with("a", "x", s.by("a", "x", 0)))
	require.NoError(t, enrichAs(e, enricher.FailureContext{}).Err())
	assert.Equal(t, map[string]enricher.Labels{
		"a": nil, "all": {"x": "a"}, "after": {"star": "all"}, "last": {"x": "a", "after": "after"},
	}, s.labels)
}

func TestReaderOfAllMayBeRead(t *testing.T) {
	t.Parallel()
	s := newSeen()
	e := running(t, enricher.Config{},
		withReader("all-1", "s1", []string{"*"}, s.by("all-1", "s1", 0)), withReader("after-1", "r1", []string{"s1"}, s.by("after-1", "r1", 0)),
		withReader("all-2", "s2", []string{"*"}, s.by("all-2", "s2", 0)), withReader("after-2", "r2", []string{"s2"}, s.by("after-2", "r2", 0)),
		with("a", "x", s.by("a", "x", 0)))
	res := enrichAs(e, enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{"s1": "all-1", "r1": "after-1", "s2": "all-2", "r2": "after-2", "x": "a"}, res.Labels)
	assert.Equal(t, enricher.Labels{"s1": "all-1"}, s.labels["after-1"])
	assert.Equal(t, enricher.Labels{"s2": "all-2"}, s.labels["after-2"])
	assert.Equal(t, "a", s.labels["all-1"]["x"])
	assert.Equal(t, "a", s.labels["all-2"]["x"])
}

func TestReaderWaitsForItsInputsOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSeen()
		e := running(t, enricher.Config{},
			with("slow", "x", s.by("slow", "x", 10*time.Second)),
			with("quick", "y", s.by("quick", "y", 0)),
			withReader("reader", "z", []string{"y"}, s.by("reader", "z", 0)))
		require.NoError(t, enrichAs(e, enricher.FailureContext{}).Err())
		assert.Equal(t, enricher.Labels{"y": "quick"}, s.labels["reader"])
		assert.Less(t, s.at["reader"], time.Millisecond)
	})
}

func TestReaderStartsWhateverTheOutcome(t *testing.T) {
	t.Parallel()
	for name, fn := range map[string]processFunc{
		"failed":           failing(errJob),
		"panicked":         func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { panic("oh") },
		"out of time":      untilTimeIsUp,
		"without a label":  answering(nil),
		"a label too many": answering(enricher.Labels{"undeclared": "a"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSeen()
				e := running(t, enricher.Config{}, with("a", "x", fn),
					withReader("named", "y", []string{"x"}, s.by("named", "y", 0)),
					withReader("all", "z", []string{"*"}, s.by("all", "z", 0)))
				res := enrichAs(e, enricher.FailureContext{})
				assert.Equal(t, enricher.Labels{"y": "named", "z": "all"}, res.Labels)
				assert.Equal(t, map[string]enricher.Labels{"named": {}, "all": {"y": "named"}}, s.labels)
			})
		})
	}
}

func TestReaderMayChangeItsLabels(t *testing.T) {
	t.Parallel()
	vandal := func(name string) processFunc {
		return func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			value := fc.Labels["x"]
			fc.Labels["x"] = "changed by " + name
			fc.Labels["made"] = "up"
			return enricher.Labels{name: value}, nil
		}
	}
	e := running(t, enricher.Config{}, withGood("a", "x"),
		withReader("v1", "v1", []string{"x"}, vandal("v1")), withReader("v2", "v2", []string{"x"}, vandal("v2")),
		withReader("v3", "v3", []string{"*"}, vandal("v3")), withReader("v4", "v4", []string{"*"}, vandal("v4")))
	for range 100 {
		res := enrichAs(e, enricher.FailureContext{})
		assert.Equal(t, enricher.Labels{"x": "a", "v1": "a", "v2": "a", "v3": "a", "v4": "a"}, res.Labels)
	}
}

func TestReaderDoesNotGetTheCallersLabels(t *testing.T) {
	t.Parallel()
	ask := func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
		if fc.Labels != nil {
			return enricher.Labels{"x": fc.Labels.String()}, nil
		}
		return enricher.Labels{"x": "nil"}, nil
	}
	e := running(t, enricher.Config{}, with("a", "x", ask),
		enricher.WithObserver(observerFunc(func(_ context.Context, _ error, fc enricher.FailureContext, _ enricher.Result) {
			assert.Nil(t, fc.Labels)
		})))
	callers := enricher.FailureContext{Labels: enricher.Labels{"k": "v"}}
	assert.Equal(t, enricher.Labels{"x": "nil"}, enrichAs(e, callers).Labels)
	assert.Equal(t, enricher.Labels{"x": "nil"}, e.EnrichAsync(context.Background(), errJob, callers).Result().Labels)
	assert.Equal(t, enricher.Labels{"k": "v"}, callers.Labels)
}

func TestReaderOfAllDoesNotSeeOthersLikeIt(t *testing.T) {
	t.Parallel()
	seen := func(key string) processFunc {
		return func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{key: fc.Labels.String()}, nil
		}
	}
	e := running(t, enricher.Config{}, withGood("plain", "x"),
		withReader("a", "a", []string{"*"}, seen("a")), withReader("b", "b", []string{"*"}, seen("b")))
	for range 50 {
		assert.Equal(t, enricher.Labels{"x": "plain", "a": "x=plain", "b": "x=plain"}, e.Enrich(errJob))
	}
}
