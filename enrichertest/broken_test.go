package enrichertest_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// A broken enricher has one fault.
type broken struct {
	check   string // that has to find it
	says    string // a part of the finding
	factory enricher.Factory
	options []enrichertest.Option
}

func TestABrokenEnricherIsFoundByItsCheckAndNoOther(t *testing.T) {
	t.Parallel()
	all := map[string]broken{}
	for _, group := range []map[string]broken{brokenFactories(), brokenKeys(), brokenCalls(), brokenLabels(), brokenEnds()} {
		for name, b := range group {
			require.NotContains(t, all, name)
			all[name] = b
		}
	}
	for name, b := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := b.options
			if slices.Contains(waiting, b.check) {
				options = append(options, enrichertest.WithMargin(300*time.Millisecond), enrichertest.WithPatience(500*time.Millisecond))
			}
			b.isFound(t, options)
		})
	}
	// In no time, as the fault is in what is done after waiting.
	for name, b := range brokenSlowly() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { b.isFound(t, b.options) })
		})
	}
	checks := map[string]bool{}
	for _, b := range all {
		checks[b.check] = true
	}
	assert.Equal(t, documented(t), slices.Sorted(maps.Keys(checks)), "every check finds something")
}

// isFound proves that the check finds the fault, and no other check does.
func (b broken) isFound(t *testing.T, options []enrichertest.Option) {
	err := enrichertest.Check(b.factory, options...)
	require.Error(t, err)
	found := map[string]bool{}
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		f, ok := err.(*enrichertest.Finding)
		require.True(t, ok, "%T", err)
		assert.NotEmpty(t, f.Contract)
		found[f.Check] = true
	}
	require.Equal(t, []string{b.check}, slices.Sorted(maps.Keys(found)), "%v", err)
	assert.Contains(t, err.Error(), b.says)
}

// waiting are the checks that wait for as long as the margin is, where something is
// wrong. Others keep the default: the machine of the test may be busy.
var waiting = []string{"creation", "start", "context", "explain", "close", "goroutines"}

func factoryFunc(fn func(enricher.FactoryConfig) (enricher.FailureEnricher, error)) enricher.Factory {
	return enricher.FactoryFunc(fn)
}

// depth makes an enricher with an option.
func depth(check func(o depthOptions) error) enricher.Factory {
	return enricher.NewFactory(depthOptions{}, func(_ enricher.FactoryConfig, o depthOptions) (enricher.FailureEnricher, error) {
		if err := check(o); err != nil {
			return nil, err
		}
		return enricher.Func([]string{"kind"}, kind), nil
	})
}

var good = enricher.Func([]string{"kind"}, kind)

var negative = enrichertest.BadOptions("depth", map[string]any{"depth": -1})
