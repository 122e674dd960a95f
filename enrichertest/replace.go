package enrichertest

import (
	"maps"
	"strings"
	"testing"

	"github.com/failure-enrichers/enricher"
)

// Replace returns an option of [enricher.New] for the test of a service, with which its
// configuration can stay as it is. Enrichers that are configured under the names in
// fakes, instance part included, are not made: the fakes take their places, whatever the
// options are. All others are made by the factories that [enricher.Register] was given.
//
// If no factory is registered for a name, the test fails at once: the name may be
// misspelt, and then the enricher itself would be called. A fake that can be closed is
// closed by Shutdown, as configured enrichers are. The option is a
// [enricher.WithRegistry], of which the last one counts.
func Replace(t testing.TB, fakes map[string]enricher.FailureEnricher) enricher.Option {
	t.Helper()
	fakes, replaced := maps.Clone(fakes), map[string]bool{}
	for name := range fakes {
		registered, _, _ := strings.Cut(name, "/")
		if _, ok := enricher.DefaultRegistry().Factory(registered); !ok {
			t.Fatalf("enrichertest: Replace: %q: no such enricher: must be one of %q", name, enricher.Registered())
		}
		replaced[registered] = true
	}
	registry := enricher.NewRegistry()
	for _, name := range enricher.Registered() {
		factory, _ := enricher.DefaultRegistry().Factory(name)
		if original := factory; replaced[name] {
			factory = enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
				if fake, ok := fakes[conf.Name()]; ok {
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
