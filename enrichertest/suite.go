package enrichertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A suite checks the enrichers of one factory. Checks run one after another.
type suite struct {
	factory       enricher.Factory
	name          string
	options       map[string]any
	bad           []badOption
	failures      []failure
	contexts      []circumstances
	deterministic bool
	everyKey      bool
	skip          map[string]string

	pass *pass // see passOf
}

// newSuite applies options and says what is wrong with them.
func newSuite(factory enricher.Factory, options []Option) (*suite, error) {
	if factory == nil {
		return nil, errors.New("enrichertest: the factory is nil: is one registered under this name?")
	}
	s := &suite{factory: factory, name: "tested", skip: map[string]string{}}
	for _, option := range options {
		if option != nil {
			option(s)
		}
	}
	for name, reason := range s.skip {
		if !slices.ContainsFunc(checks, func(c check) bool { return c.name == name }) || reason == "" {
			return nil, fmt.Errorf("enrichertest: WithSkip(%q, %q): must be the name of a check and a reason", name, reason)
		}
	}
	return s, nil
}

// timeout is how long ProcessFailure may go on after its ctx has ended, and how long a
// factory, Close and goroutines may take to end: a healthy enricher needs next to
// nothing, but the machine of a test may be busy.
const timeout = 10 * time.Second

// An instance is one enricher that the factory has made. Its methods survive
// whatever the enricher does.
type instance struct {
	fe    enricher.FailureEnricher
	label string // of its goroutines
	keys  keys   // as it is made
	own   error  // why the factory, and not the library, has rejected its options
}

// Keys are copies of all that an enricher declares, or how the calls for them have ended.
type keys struct {
	outputs, inputs           []string
	outputsCrash, inputsCrash *crash
}

// lastLabel makes the labels of all instances different.
var lastLabel atomic.Int64

// made is what the factory, and New, have returned.
type made struct {
	fe  enricher.FailureEnricher
	own error // of the factory
	err error // of New
}

// create makes an enricher as [enricher.New] does, which rejects options that the
// factory does not look at. The label is there even if the enricher is not.
func (s *suite) create(options map[string]any) (*instance, error) {
	in := &instance{label: strconv.FormatInt(lastLabel.Add(1), 10)}
	m, crash := call(context.Background(), in.label, enricher.DefaultTimeout+timeout, func(context.Context) made {
		return s.load(options)
	})
	if crash != nil {
		return in, errors.New("the factory " + crash.String())
	}
	in.fe, in.own = m.fe, m.own
	if m.err != nil {
		in.close()
		return in, m.err
	}
	in.keys = in.askKeys()
	return in, nil
}

// load has New call the factory, and returns what that makes, which New does not show.
func (s *suite) load(options map[string]any) (m made) {
	registry := enricher.NewRegistry()
	m.err = registry.Register(registeredName(s.name), enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		fe, err := s.factory.CreateFailureEnricher(conf)
		m.own = err
		if !isNil(fe) {
			m.fe = fe
			fe = &Fake{} // New has nothing to close or to reject
		}
		return fe, err
	}))
	if m.err == nil {
		_, m.err = enricher.New(
			enricher.Config{
				FailureEnrichers: []string{s.name},
				Options:          map[string]map[string]any{s.name: options},
				Strict:           true,
			},
			enricher.WithRegistry(registry),
			enricher.WithLogger(slog.New(slog.DiscardHandler)),
		)
	}
	return m
}

// isNil reports whether v is nil or holds a nil pointer or function.
func isNil(v any) bool {
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func:
		return rv.IsNil()
	}
	return false
}

// another makes one more enricher, or reports that there is none. The caller closes it.
func (s *suite) another(r *report) (in *instance, ok bool) {
	in, err := s.create(s.options)
	if err != nil {
		r.addf("", "one more enricher of the same options cannot be made: %s", text(err))
	}
	return in, err == nil
}

// askKeys asks the enricher for its keys.
func (in *instance) askKeys() (k keys) {
	ctx := context.Background()
	k.outputs, k.outputsCrash = call(ctx, in.label, timeout, func(context.Context) []string {
		return slices.Clone(in.fe.OutputKeys())
	})
	if reader, ok := in.fe.(enricher.LabelReader); ok {
		k.inputs, k.inputsCrash = call(ctx, in.label, timeout, func(context.Context) []string {
			return slices.Clone(reader.InputKeys())
		})
	}
	return k
}

// close closes the enricher if it can be closed.
func (in *instance) close() (*crash, error) {
	closer, ok := in.fe.(io.Closer)
	if !ok {
		return nil, nil
	}
	err, crash := call(context.Background(), in.label, timeout, func(context.Context) error { return closer.Close() })
	return crash, err
}
