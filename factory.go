package enricher

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/failure-enrichers/enricher/internal/decode"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// A Factory makes an enricher from its configuration. [New] calls it once for
// each configured name. It returns an enricher, or an error that says what is
// wrong with the configuration. It should not wait for remote systems.
//
// An enricher that must be closed implements [io.Closer]. Close is called once,
// by [Enricher.Shutdown], or by New if it does not keep the enricher.
type Factory interface {
	CreateFailureEnricher(conf FactoryConfig) (FailureEnricher, error)
}

// A FactoryFunc is a function used as a [Factory]. See [NewFactory] for options
// with a type.
type FactoryFunc func(conf FactoryConfig) (FailureEnricher, error)

var _ Factory = FactoryFunc(nil)

// CreateFailureEnricher calls f.
func (f FactoryFunc) CreateFailureEnricher(conf FactoryConfig) (FailureEnricher, error) {
	return f(conf)
}

// NewFactory returns a factory whose options have a type. They are decoded over
// a deep copy of defaults, as [FactoryConfig.Decode] does it, and passed to
// create. O is a struct, whose field MaxTables is the option max-tables, or a
// map such as map[string]string for options whose names the user chooses.
//
// E is the author's own type, so that create can return a nil *E with its error:
// the factory then returns a nil FailureEnricher, never an interface that holds
// a nil pointer. NewFactory panics if create is nil.
func NewFactory[O any, E FailureEnricher](
	defaults O, create func(conf FactoryConfig, opts O) (E, error),
) Factory {
	if create == nil {
		panic("enricher: NewFactory: create is nil")
	}
	return &typedFactory[O, E]{decode.Clone(defaults), create}
}

type typedFactory[O any, E FailureEnricher] struct {
	defaults O
	create   func(FactoryConfig, O) (E, error)
}

func (f *typedFactory[O, E]) CreateFailureEnricher(conf FactoryConfig) (FailureEnricher, error) {
	opts := decode.Clone(f.defaults)
	if err := conf.Decode(&opts); err != nil {
		return nil, err
	}
	fe, err := f.create(conf, opts)
	if isNil(fe) {
		return nil, err
	}
	return fe, err
}

// source returns the author's code, for the enricher's Location.
func (f *typedFactory[O, E]) source() any { return f.create }

// A FactoryConfig is the configuration of one enricher. Its zero value has no name
// and no options. Its methods may be called concurrently.
type FactoryConfig struct {
	name    string
	options map[string]any
	logger  *slog.Logger
	read    *atomic.Bool // whether the factory has read its options; nil in the zero value
}

// NewFactoryConfig returns a FactoryConfig, for tests of a factory. The options
// are copied.
func NewFactoryConfig(name string, options map[string]any) FactoryConfig {
	return newFactoryConfig(name, options, slog.Default())
}

func newFactoryConfig(name string, options map[string]any, logger *slog.Logger) FactoryConfig {
	return FactoryConfig{
		name:    name,
		options: decode.Clone(options),
		logger:  named(logger, name),
		read:    new(atomic.Bool),
	}
}

// named returns a logger with the attribute enricher=name, or logger itself if its
// handler panics.
func named(logger *slog.Logger, name string) *slog.Logger {
	guard.Do(func() { logger = logger.With(slog.String("enricher", name)) })
	return logger
}

// Name returns the configured name with its instance part: "rules/payments".
func (c FactoryConfig) Name() string { return c.name }

// Options returns a copy of the options. It is never nil.
func (c FactoryConfig) Options() map[string]any {
	c.markRead()
	if c.options == nil {
		return map[string]any{}
	}
	return decode.Clone(c.options)
}

// Decode decodes the options into the struct or map that into points to. An option
// sets the field of its name, ignoring case, '-' and '_' (max-tables is the field
// MaxTables), or the field with the tag `mapstructure:"name"`. A field without an
// option, or with a null, keeps its value. A given map or slice replaces the one that
// is there. A null inside a list, or as a value of a map, is an error.
//
// Decoding is strict. An unknown option, or one of the wrong type, is a
// [*ConfigError]; all of them are returned, joined. Because options also come
// from property files and the environment, a string is converted to the type of
// its field: to a duration ("1.5s"), a number, a boolean, a list (items separated
// by commas), or by the UnmarshalText method of the field. A map may be given as a
// list of pairs, as loaders such as viper lower-case the keys of maps and split
// them at dots: [{match: "*shop.StockError", is: USER}], or with key and value.
// Nothing else is converted: a duration must have a unit, a number is never
// truncated, and a boolean is not a number.
func (c FactoryConfig) Decode(into any) error {
	c.markRead()
	err := decode.Into(c.options, into)
	if errs, ok := err.(decode.Errors); ok {
		for _, e := range errs {
			if errors.Is(e, decode.ErrUnknown) && decode.Into(map[string]any{e.Option: nil}, new(Policy)) == nil {
				e.Err = fmt.Errorf("%w; settings belong under failure-enrichment.policies.%s", e.Err, c.name)
			}
		}
	}
	return configErrors(c.name, err)
}

// Logger returns the logger of the enricher, with the attribute enricher=name. It
// is never nil. It masks nothing: an enricher that logs texts of failures passes them
// through package redact first.
func (c FactoryConfig) Logger() *slog.Logger {
	return cmp.Or(c.logger, slog.Default())
}

func (c FactoryConfig) markRead() {
	if c.read != nil {
		c.read.Store(true)
	}
}

// ignored returns an error for options that the factory did not read.
func (c FactoryConfig) ignored() error {
	if c.read.Load() {
		return nil
	}
	var errs []error
	for _, option := range sortedKeys(c.options) {
		errs = append(errs, &ConfigError{c.name, option, errors.New("this enricher takes no options: remove it")})
	}
	return errors.Join(errs...)
}

// create calls f and returns its enricher, or an error that names the enricher.
func create(f Factory, conf FactoryConfig) (fe FailureEnricher, err error) {
	p := guard.Apart(func() {
		fe, err = f.CreateFailureEnricher(conf)
		if err == nil && isNil(fe) {
			err = errors.New("its factory returned nil without an error")
		} else if err == nil {
			err = conf.ignored()
		}
		if err != nil {
			err = conf.explain(err) // whose methods are third-party code, too
		}
	})
	if p != nil {
		err = &EnricherError{conf.name, fmt.Errorf("factory: %w", panicError(p))}
	}
	return fe, err
}

// explain returns err with the name of the enricher in each of the errors that it
// joins: lines of several enrichers may be printed one below the other.
func (c FactoryConfig) explain(err error) error {
	if reflect.TypeOf(err) == reflect.TypeOf(errors.Join(err)) {
		var errs []error
		for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
			errs = append(errs, c.explain(err))
		}
		return errors.Join(errs...)
	}
	if isNil(err) {
		// A variable of such a type, returned as it is. Its methods may panic.
		return &EnricherError{c.name, fmt.Errorf("its factory returned a nil %T as its error instead of nil", err)}
	}
	if ce, ok := err.(*ConfigError); ok {
		return &ConfigError{cmp.Or(ce.Enricher, c.name), ce.Option, c.unexpanded(ce)}
	}
	if ce, ok := AsType[*ConfigError](err); ok && ce.Enricher != "" {
		return err
	}
	return &EnricherError{c.name, err}
}

// variable matches a variable by a usual name: ${code} is a group in a label of rules.
var variable = regexp.MustCompile(`\$\{[A-Z_][A-Z0-9_]*\}`)

// unexpanded returns what is wrong with an option, with a hint if its value has a
// variable, as many tools expand it.
func (c FactoryConfig) unexpanded(ce *ConfigError) error {
	option, _, _ := strings.Cut(strings.ReplaceAll(ce.Option, "[", "."), ".")
	name := variable.FindString(fmt.Sprint(byName(c.options, option)))
	if name == "" {
		return ce.Err
	}
	return fmt.Errorf("%w; %s is not expanded: give the value, or {env: %s} if the option takes that", ce.Err, name, strings.Trim(name, "${}"))
}

// isNil reports whether v is nil, or holds a nil pointer or function.
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
