package enrichertest_test

import (
	"maps"
	"os"
	"regexp"
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

func TestCheckFindsEachFaultByOneCheck(t *testing.T) {
	t.Parallel()
	all := map[string]broken{}
	for _, group := range []map[string]broken{brokenFactories(), brokenKeys(), brokenCalls(), brokenLabels(), brokenDeclarations(), brokenEnds(), brokenSlowly()} {
		for name, b := range group {
			require.NotContains(t, all, name)
			all[name] = b
		}
	}
	for name, b := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(24 * time.Hour) // until what hangs has ended
				b.isFound(t)
			})
		})
	}
	checks := map[string]bool{}
	for _, b := range all {
		checks[b.check] = true
	}
	assert.Equal(t, documented(t), slices.Sorted(maps.Keys(checks)), "every check finds something")
}

// isFound proves that the check finds the fault, and no other check does.
func (b broken) isFound(t *testing.T) {
	err := enrichertest.Check(b.factory, b.options...)
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

// notNegative makes an enricher with an option for which err is returned if it is less
// than 0.
func notNegative(err error) enricher.Factory {
	return depth(func(o depthOptions) error {
		if o.Depth < 0 {
			return err
		}
		return nil
	})
}

var good = enricher.Func([]string{"kind"}, kind)

var negative = enrichertest.WithBadOptions("depth", map[string]any{"depth": -1})

// documented returns the names of the checks in the package comment, ascending.
func documented(t *testing.T) (names []string) {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, match := range regexp.MustCompile(`(?m)^//   - ([a-z-]+): `).FindAllSubmatch(doc, -1) {
		names = append(names, string(match[1]))
	}
	slices.Sort(names)
	return names
}
