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

// A Registry holds factories by name. Its zero value is empty and ready for use,
// its methods may be called concurrently. Most programs need none of their own:
// see [Register].
type Registry struct {
	mu        sync.RWMutex
	factories map[string]Factory
}

var defaultRegistry = NewRegistry()

// NewRegistry returns an empty registry, for tests and for services that want
// no global state. [WithRegistry] makes New use it.
func NewRegistry() *Registry { return &Registry{} }

// Register makes a factory available under a name, in the default registry. It
// is meant to be called from init functions, and panics where
// [Registry.Register] returns an error.
func Register(name string, f Factory) {
	if err := defaultRegistry.Register(name, f); err != nil {
		panic(err)
	}
}

// Registered returns the names in the default registry, ascending.
func Registered() []string { return defaultRegistry.Names() }

// RegisteredFactory returns the factory of this name in the default registry, for
// one that wraps what it makes, and for tests.
func RegisteredFactory(name string) (f Factory, ok bool) { return defaultRegistry.Factory(name) }

// Register makes a factory available under a name: letters, digits, '.', '_'
// and '-'. An empty or malformed name, a nil factory and a name that is taken
// are errors. A name that differs from another only in case counts as taken,
// since configurations may come without case.
func (r *Registry) Register(name string, f Factory) error {
	if !registrable.MatchString(name) {
		return fmt.Errorf("enricher: Register: name %q: want letters, digits, '.', '_' or '-'", name)
	}
	if isNil(f) {
		return fmt.Errorf("enricher: Register: the factory of %q is nil", name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for taken := range r.factories {
		if strings.EqualFold(taken, name) {
			return fmt.Errorf("enricher: Register: name %q: %q is registered already", name, taken)
		}
	}
	if r.factories == nil {
		r.factories = map[string]Factory{}
	}
	r.factories[name] = f
	return nil
}

// Names returns the registered names, ascending.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return sortedKeys(r.factories)
}

// Factory returns the factory of this name.
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

// lookUp returns the factory of a configured name.
func (r *Registry) lookUp(name string) (Factory, error) {
	registered, _, _ := strings.Cut(name, "/")
	if configurable.MatchString(name) {
		if f, ok := r.Factory(registered); ok {
			return f, nil
		}
	}
	var b strings.Builder
	if !configurable.MatchString(name) {
		b.WriteString("malformed, want letters, digits, '.', '_' or '-', and one '/' before an instance; ")
	}
	names := r.Names()
	if len(names) == 0 {
		b.WriteString("none is registered, import the packages of the enrichers that you need")
	} else {
		b.WriteString("registered are " + quoted(names))
	}
	if near, ok := nearest.Name(strings.TrimSpace(registered), names); ok {
		fmt.Fprintf(&b, "; did you mean %q?", near)
	}
	return nil, fmt.Errorf("%w: %q: %s", ErrUnknownEnricher, name, &b)
}

// quoted lists names for a message.
func quoted(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(name))
	}
	return b.String()
}

// unique returns the different keys, ascending.
func unique(keys []string) []string {
	keys = slices.Sorted(slices.Values(keys))
	return slices.Compact(keys)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
