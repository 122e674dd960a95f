package enrichertest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A suite checks the enrichers of one factory. Checks run one after another, and
// share what is costly: the pass over all failures.
type suite struct {
	settings
	factory enricher.Factory

	prepared sync.Once
	unusable error // why no enricher can be had
	refused  []refusal
	passed   sync.Once
	pass     pass

	closeHangs bool // some Close has not returned

	// remaining is what is left of the patience that a check has. An enricher that
	// waits for a server which does not answer uses up whatever it is given.
	remaining time.Duration
}

// leastPatience is what each call gets once patience is used up.
const leastPatience = 2 * time.Millisecond

func newSuite(factory enricher.Factory, options []Option) (*suite, error) {
	s, err := newSettings(options)
	if err != nil {
		return nil, err
	}
	if isNil(factory) {
		return nil, errors.New("enrichertest: want a factory, not nil")
	}
	return &suite{settings: s, factory: factory}, nil
}

// An instance is one enricher that the factory has made. Its methods survive
// whatever the enricher does.
type instance struct {
	s     *suite
	fe    enricher.FailureEnricher
	label string // of its goroutines
	reads []string
	own   error // why the factory, and not the library, has refused to make it
}

// lastLabel makes the labels of all suites different.
var lastLabel atomic.Int64

// made is what came of asking the factory.
type made struct {
	fe  enricher.FailureEnricher
	own error // that the factory has returned
	err error // that New has returned
}

// create makes an enricher as [enricher.New] does, which refuses options that the
// factory does not look at. The label is there even where the enricher is not.
func (s *suite) create(options map[string]any) (*instance, error) {
	in := &instance{s: s, label: strconv.FormatInt(lastLabel.Add(1), 10)}
	limit := enricher.DefaultTimeout + s.margin
	m, e := call(context.Background(), in.label, limit, func(context.Context) made { return s.load(options) })
	if !e.ok() {
		return in, &factoryError{e}
	}
	in.own = m.own
	if m.fe != nil {
		in.fe = m.fe
		in.reads, _ = in.inputKeys()
	}
	if m.err != nil {
		in.close()
		in.fe = nil
	}
	return in, m.err
}

// A factoryError says how a factory has ended that has not returned.
type factoryError struct{ end end }

func (e *factoryError) Error() string { return "the factory " + e.end.String() }

// load has New call the factory, and catches what the factory makes: New itself
// does not give it away.
func (s *suite) load(options map[string]any) (m made) {
	catch := enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		fe, err := s.factory.CreateFailureEnricher(conf)
		m.own = err
		if !isNil(fe) {
			m.fe = fe
			fe = enricher.Func(nil, processNothing) // New has nothing to close, and nothing to refuse
		}
		return fe, err
	})
	registry := enricher.NewRegistry()
	registered, _, _ := strings.Cut(s.name, "/")
	if m.err = registry.Register(registered, catch); m.err != nil {
		return m
	}
	_, m.err = enricher.New(
		enricher.Config{
			FailureEnrichers: []string{s.name},
			Options:          map[string]map[string]any{s.name: options},
			Strict:           true,
		},
		enricher.WithRegistry(registry),
		enricher.WithLogger(slog.New(slog.DiscardHandler)),
	)
	return m
}

func processNothing(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	return nil, nil
}

// isNil reports whether v is nil or holds a nil pointer or function, which New does
// not accept.
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

// instance makes an enricher of the author's options for a check, or reports that
// there is none. The caller closes it.
func (s *suite) instance(r *report) (in *instance, ok bool) {
	in, err := s.create(s.options)
	if err != nil {
		r.addf("", "one more enricher of the same options cannot be made: %s", text(err))
	}
	return in, err == nil
}

// outputKeys returns the keys, and how the call has ended.
func (in *instance) outputKeys() ([]string, end) {
	return call(context.Background(), in.label, in.s.margin, func(context.Context) []string { return in.fe.OutputKeys() })
}

// inputKeys returns the keys of a LabelReader, and how the call has ended.
func (in *instance) inputKeys() ([]string, end) {
	reader, ok := in.fe.(enricher.LabelReader)
	if !ok {
		return nil, end{}
	}
	return call(context.Background(), in.label, in.s.margin, func(context.Context) []string { return reader.InputKeys() })
}

// close closes the enricher if it can be closed. Once a Close has hung, later ones
// are hardly waited for.
func (in *instance) close() {
	limit := in.s.margin
	if in.s.closeHangs {
		limit = leastPatience
	}
	e, _ := in.closeWithin(limit)
	in.s.closeHangs = in.s.closeHangs || e.hung
}

// closeWithin closes the enricher if it can be closed.
func (in *instance) closeWithin(limit time.Duration) (end, error) {
	closer, ok := in.fe.(io.Closer)
	if !ok {
		return end{}, nil
	}
	err, e := call(context.Background(), in.label, limit, func(context.Context) error { return closer.Close() })
	return e, err
}

// closable reports whether the enricher has a Close method.
func (in *instance) closable() bool {
	_, ok := in.fe.(io.Closer)
	return ok
}

// budget is how long a call may take. Calls that are not made at the same time
// use up patience.
func (s *suite) budget() time.Duration {
	return min(enricher.DefaultTimeout, max(leastPatience, s.remaining))
}
