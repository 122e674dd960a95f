package enricher_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestRegisterChecksNames(t *testing.T) {
	t.Parallel()
	r := enricher.NewRegistry()
	names := []string{"-", ".", "0", "Acme.rules_v2-beta", "Z", "_", "rules"}
	for _, name := range names {
		require.NoError(t, r.Register(name, giving(setting())))
	}
	assert.Equal(t, names, r.Names())

	for name, message := range map[string]string{
		"":               `enricher: Register: name "": must be letters, digits, '.', '_' or '-'`,
		" ":              `enricher: Register: name " ": must be letters, digits, '.', '_' or '-'`,
		"a b":            `enricher: Register: name "a b": must be letters, digits, '.', '_' or '-'`,
		"a\n":            `enricher: Register: name "a\n": must be letters, digits, '.', '_' or '-'`,
		"a\x00":          `enricher: Register: name "a\x00": must be letters, digits, '.', '_' or '-'`,
		"a,b":            `enricher: Register: name "a,b": must be letters, digits, '.', '_' or '-'`,
		"é":              `enricher: Register: name "é": must be letters, digits, '.', '_' or '-'`,
		"\xff":           `enricher: Register: name "\xff": must be letters, digits, '.', '_' or '-'`,
		"rules/payments": `enricher: Register: name "rules/payments": must be letters, digits, '.', '_' or '-'`,
	} {
		assert.EqualError(t, r.Register(name, giving(setting())), message)
	}
	assert.Equal(t, names, r.Names(), "a name that is refused is not registered")
}

func TestRegisterRejectsNil(t *testing.T) {
	t.Parallel()
	r := enricher.NewRegistry()
	for what, f := range map[string]enricher.Factory{
		"nil":            nil,
		"a nil function": enricher.FactoryFunc(nil),
		"a nil pointer":  (*pointerFactory)(nil),
	} {
		assert.EqualError(t, r.Register("rules", f), `enricher: Register: the factory of "rules" is nil`, what)
	}
	assert.Empty(t, r.Names())
}

func TestRegisterRejectsNamesInUse(t *testing.T) {
	t.Parallel()
	fs := factories{"Rules": giving(setting("first"))}
	r := registryOf(t, fs)
	for _, name := range []string{"Rules", "rules", "RULES"} {
		assert.EqualError(t, r.Register(name, giving(setting("second"))),
			fmt.Sprintf(`enricher: Register: name %q: "Rules" is already registered`, name))
	}
	assert.Equal(t, []string{"Rules"}, r.Names())
	e := loaded(t, nil, enricher.Config{FailureEnrichers: []string{"Rules"}}, enricher.WithRegistry(r))
	assert.Equal(t, []string{"first"}, e.Enrichers()[0].OutputKeys, "the first one stays")
}

func TestRegistryNames(t *testing.T) {
	t.Parallel()
	r := registryOf(t, factories{"b": giving(setting()), "a": giving(setting()), "C": giving(setting())})
	names := r.Names()
	assert.Equal(t, []string{"C", "a", "b"}, names)
	names[0] = "changed"
	assert.Equal(t, []string{"C", "a", "b"}, r.Names())
	assert.Empty(t, enricher.NewRegistry().Names())
}

// inDefaultRegistry registers the only name that these tests have in the
// default registry, from which nothing can be removed.
var inDefaultRegistry = sync.OnceValue(func() string {
	enricher.Register("registry-test", giving(setting("default")))
	return "registry-test"
})

func TestRegistryDefaultIsUsedByNew(t *testing.T) {
	name := inDefaultRegistry()
	cfg := enricher.Config{FailureEnrichers: []string{name}}
	for _, opt := range []enricher.Option{nil, enricher.WithRegistry(nil)} {
		e, err := enricher.New(cfg, opt)
		require.NoError(t, err)
		assert.Equal(t, []string{name}, namesOf(e))
	}
	e := loaded(t, nil, cfg)
	assert.Empty(t, namesOf(e), "a registry of one's own stands alone")
	assert.NotContains(t, enricher.NewRegistry().Names(), name)
}

func TestRegisteredIsSorted(t *testing.T) {
	name := inDefaultRegistry()
	names := enricher.Registered()
	assert.True(t, slices.IsSorted(names))
	assert.Contains(t, names, name)
}

func TestRegisterPanics(t *testing.T) {
	name := inDefaultRegistry()
	before := enricher.Registered()
	good := giving(setting())
	assert.PanicsWithError(t, `enricher: Register: name "": must be letters, digits, '.', '_' or '-'`,
		func() { enricher.Register("", good) })
	assert.PanicsWithError(t, `enricher: Register: name "a/b": must be letters, digits, '.', '_' or '-'`,
		func() { enricher.Register("a/b", good) })
	assert.PanicsWithError(t, `enricher: Register: the factory of "other" is nil`,
		func() { enricher.Register("other", nil) })
	assert.PanicsWithError(t, `enricher: Register: name "registry-test": "registry-test" is already registered`,
		func() { enricher.Register(name, good) })
	assert.Equal(t, before, enricher.Registered())
}

func TestRegistryConcurrentUse(t *testing.T) {
	t.Parallel()
	r := registryOf(t, factories{"base": giving(setting("base"))})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { assert.NoError(t, r.Register(fmt.Sprintf("name-%d", i), giving(setting()))) })
		all.Go(func() { assert.Contains(t, r.Names(), "base") })
		all.Go(func() {
			_, err := load(t, nil, enricher.Config{FailureEnrichers: []string{"base"}}, enricher.WithRegistry(r))
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Len(t, r.Names(), 9)
}

func TestRegistryMayBeUsedByAFactory(t *testing.T) {
	t.Parallel()
	r := enricher.NewRegistry()
	require.NoError(t, r.Register("outer", enricher.FactoryFunc(
		func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			return setting(r.Names()...), r.Register("inner", giving(setting()))
		})))
	e := loaded(t, nil, enricher.Config{FailureEnrichers: []string{"outer"}}, enricher.WithRegistry(r))
	assert.Equal(t, []string{"outer"}, e.Enrichers()[0].OutputKeys)
	assert.Equal(t, []string{"inner", "outer"}, r.Names())
}

func TestRegistryFactory(t *testing.T) {
	r := enricher.NewRegistry()
	want := enricher.Labels{"a": "b"}
	require.NoError(t, r.Register("a", enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		return enricher.Func([]string{"a"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return want, nil }), nil
	})))
	f, ok := r.Factory("a")
	require.True(t, ok)
	fe, err := f.CreateFailureEnricher(enricher.FactoryConfig{})
	require.NoError(t, err)
	labels, err := fe.ProcessFailure(t.Context(), errors.New("x"), enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, want, labels)
	_, ok = r.Factory("a/b")
	assert.False(t, ok, "that is an instance")
	_, ok = enricher.DefaultRegistry().Factory("no-such-name")
	assert.False(t, ok)
	registered, ok := enricher.DefaultRegistry().Factory(inDefaultRegistry())
	require.True(t, ok)
	fe, err = registered.CreateFailureEnricher(enricher.FactoryConfig{})
	require.NoError(t, err)
	assert.Equal(t, []string{"default"}, fe.OutputKeys())
}

func TestRegistryZeroValue(t *testing.T) {
	t.Parallel()
	var r enricher.Registry
	assert.Empty(t, r.Names())
	require.NoError(t, r.Register("op", giving(setting())))
	assert.Equal(t, []string{"op"}, r.Names())
}
