package enricher

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/failure-enrichers/enricher/internal/nearest"
)

// A Registry holds factories by name. The zero value is an empty registry. Its
// methods may be called concurrently. Most programs use the default registry: see
// [Register].
type Registry struct {
	mu        sync.RWMutex
	factories map[string]Factory
}

var defaultRegistry = NewRegistry()

// DefaultRegistry returns the registry of [Register] and [Registered].
func DefaultRegistry() *Registry { return defaultRegistry }

// NewRegistry returns an empty registry, for tests and for services without
// global state. [WithRegistry] makes New use it.
func NewRegistry() *Registry { return &Registry{} }

// Register makes a factory available under a name in the default registry. It is
// meant to be called from init functions, and panics if [Registry.Register]
// returns an error.
func Register(name string, f Factory) {
	if err := defaultRegistry.Register(name, f); err != nil {
		panic(err)
	}
}

// Registered returns the names in the default registry in ascending order.
func Registered() []string { return defaultRegistry.Names() }

// Register makes a factory available under a name of letters, digits, '.', '_'
// and '-'. It returns an error if the name is empty, malformed or already
// registered, or if f is nil. Names are case-insensitive here, because some
// loaders of configuration lower-case all keys.
func (r *Registry) Register(name string, f Factory) error {
	if !registrable.MatchString(name) {
		return fmt.Errorf("enricher: Register: name %q: must be letters, digits, '.', '_' or '-'", name)
	}
	if isNil(f) {
		return fmt.Errorf("enricher: Register: the factory of %q is nil", name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for taken := range r.factories {
		if strings.EqualFold(taken, name) {
			return fmt.Errorf("enricher: Register: name %q: %q is already registered", name, taken)
		}
	}
	if r.factories == nil {
		r.factories = map[string]Factory{}
	}
	r.factories[name] = f
	return nil
}

// Names returns the registered names in ascending order.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return sortedKeys(r.factories)
}

// Factory returns the factory of this name, and whether there is one.
func (r *Registry) Factory(name string) (f Factory, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	f, ok = r.factories[name]
	return f, ok
}

var (
	registrable  = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	configurable = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?$`)
)

// nameForm says what configurable matches.
const nameForm = "must be letters, digits, '.', '_' or '-', with at most one '/' before an instance"

// lookUp returns the factory of a configured name.
func (r *Registry) lookUp(name string) (Factory, error) {
	registered, _, _ := strings.Cut(name, "/")
	f, ok := r.Factory(registered)
	wellFormed := configurable.MatchString(name)
	if ok && wellFormed {
		return f, nil
	}
	names := r.Names()
	why := "registered are " + quoted(names)
	if len(names) == 0 {
		why = "none is registered, import the packages of the enrichers, such as github.com/failure-enrichers/enricher/enrichers/all"
	}
	if !wellFormed {
		why = "malformed, " + nameForm + " (names are separated by commas); " + why
	}
	hint := nearest.Hint(strings.TrimSpace(registered), names)
	if wellFormed && hint == "" && len(names) > 0 {
		hint = "; import the package that registers it"
	}
	why += hint
	return nil, fmt.Errorf("%w: %q: %s", ErrUnknownEnricher, name, why)
}

// quoted returns names quoted and separated by commas.
func quoted(names []string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = strconv.Quote(name)
	}
	return strings.Join(all, ", ")
}

// unique returns the keys in ascending order without duplicates.
func unique(keys []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(keys)))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
