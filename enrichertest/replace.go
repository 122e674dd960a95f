package enrichertest

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/failure-enrichers/enricher"
)

// Replace returns an option of [enricher.New] for the test of a service, with which its
// configuration can stay as it is. Enrichers that are configured under the names in
// fakes, instance part included, are not made: the fakes take their places, whatever the
// options are. All others are made by the factories that [enricher.Register] was given.
//
// If no factory is registered for a name, the test fails at once: the name may be
// misspelt, and then the enricher itself would be called. The test also fails, at its end,
// if a factory has made another instance, but the one under the name was not configured. A
// fake that can be closed is closed by Shutdown, as configured enrichers are. The option is
// a [enricher.WithRegistry], of which the last one counts.
func Replace(t testing.TB, fakes map[string]enricher.FailureEnricher) enricher.Option {
	t.Helper()
	fakes, replaced := maps.Clone(fakes), map[string]bool{}
	for name := range fakes {
		registered := registeredName(name)
		if _, ok := enricher.DefaultRegistry().Factory(registered); !ok {
			t.Fatalf("enrichertest: Replace: %q: no such enricher: must be one of %q", name, enricher.Registered())
		}
		replaced[registered] = true
	}
	made := &madeNames{fakes: map[string]bool{}, others: map[string]string{}}
	t.Cleanup(func() {
		for _, name := range slices.Sorted(maps.Keys(fakes)) {
			if other, ok := made.instead(name); ok {
				t.Errorf("enrichertest: Replace: %q was not configured, but %q, which was made as it is: is the name misspelt?", name, other)
			}
		}
	})
	registry := enricher.NewRegistry()
	for _, name := range enricher.Registered() {
		factory, _ := enricher.DefaultRegistry().Factory(name)
		if original := factory; replaced[name] {
			factory = enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
				fake, ok := fakes[conf.Name()]
				made.add(conf.Name(), ok)
				if ok {
					_ = conf.Options() // New rejects options that the factory does not look at
					return fake, nil
				}
				return original.CreateFailureEnricher(conf)
			})
		}
		if err := registry.Register(name, factory); err != nil {
			t.Fatal(err)
		}
	}
	return enricher.WithRegistry(registry)
}

// madeNames are the configured names of what factories that Replace knows have made.
type madeNames struct {
	mu     sync.Mutex
	fakes  map[string]bool
	others map[string]string // by registered name, one that is no fake
}

func (m *madeNames) add(name string, isFake bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if isFake {
		m.fakes[name] = true
	} else {
		m.others[registeredName(name)] = name
	}
}

// instead returns what was made by the factory of a fake, if that itself was not.
func (m *madeNames) instead(fake string) (other string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	other, ok = m.others[registeredName(fake)]
	return other, ok && !m.fakes[fake]
}

// registeredName returns a configured name without its instance part.
func registeredName(name string) string {
	registered, _, _ := strings.Cut(name, "/")
	return registered
}
