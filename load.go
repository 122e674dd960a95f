package enricher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"

	"github.com/failure-enrichers/enricher/internal/graph"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/nearest"
	"github.com/failure-enrichers/enricher/internal/source"
)

// A candidate is an enricher on its way into an Enricher.
type candidate struct {
	name    string
	factory Factory // nil for one made in code, or unknown
	fe      FailureEnricher
	ours    bool // to close: a factory made it
	outputs []string
	inputs  []string
	reader  bool
	inCode  bool     // given by WithEnricher
	from    Location // of one that is kept
	refused error    // why it is not kept
}

// load makes the configured enrichers, adds those made in code, and returns the
// ones that may run. Where the error is not nil, there are none. What load made
// and does not return it has closed.
func load(cfg Config, s *settings) (kept []*candidate, rejected []Rejection, err error) {
	all, err := candidates(cfg, s)
	if err := errors.Join(cfg.check(), err); err != nil {
		return nil, nil, err
	}
	defer func() {
		for _, c := range all {
			if err != nil || c.refused != nil {
				c.close(s.logger)
			}
		}
	}()
	var errs []error
	failed := false
	for _, c := range all {
		if c.factory == nil {
			errs = append(errs, c.refused) // nil where it is made in code
			continue
		}
		conf := newFactoryConfig(c.name, byName(cfg.Options, c.name), s.logger)
		fe, err := create(c.factory, conf)
		c.fe, c.ours = fe, !isNil(fe)
		if err != nil {
			errs, failed = append(errs, err), true
		}
	}
	if failed { // then let all that is wrong be said at once
		return nil, nil, errors.Join(errs...)
	}
	strays := strays(cfg, all)
	for _, c := range all {
		if c.refused == nil {
			c.refused = c.askKeys()
		}
	}
	refuseOverlaps(all)
	refuseCircles(all)
	for _, c := range all {
		if c.refused != nil {
			rejected = append(rejected, Rejection{c.name, c.refused})
			continue
		}
		c.from = c.location()
		kept = append(kept, c)
	}
	if err := errors.Join(append(refusals(rejected), strays...)...); cfg.Strict && err != nil {
		return nil, nil, err
	}
	announce(s.logger, all, strays)
	return kept, rejected, nil
}

// candidates returns what is to be loaded, in configured order, those made in
// code last. Unknown names are refused already.
func candidates(cfg Config, s *settings) (all []*candidate, err error) {
	var errs []error
	taken := map[string]string{}
	take := func(name string) bool {
		other, ok := taken[fold(name)]
		taken[fold(name)] = name
		if ok && other != name {
			errs = append(errs, &ConfigError{Enricher: name, Option: "failure-enrichers", Err: fmt.Errorf(
				"%q is there too: want names that differ in more than case, as options and policies match them without regard to it", other)})
		}
		return !ok
	}
	for _, name := range cfg.FailureEnrichers {
		if !take(name) {
			continue // a name given twice counts once
		}
		c := &candidate{name: name}
		c.factory, c.refused = s.registry.lookUp(name)
		all = append(all, c)
	}
	for _, in := range s.inCode {
		switch {
		case !configurable.MatchString(in.name):
			errs = append(errs, &ConfigError{Enricher: in.name, Option: "WithEnricher", Err: errors.New(
				"malformed name: want letters, digits, '.', '_' or '-', and one '/' before an instance")})
		case isNil(in.fe):
			errs = append(errs, &ConfigError{Enricher: in.name, Option: "WithEnricher", Err: errors.New("want an enricher, not nil")})
		case !take(in.name):
			errs = append(errs, &ConfigError{Enricher: in.name, Option: "WithEnricher", Err: errors.New("the name is taken: want another")})
		default:
			all = append(all, &candidate{name: in.name, fe: in.fe, inCode: true})
		}
	}
	return all, errors.Join(errs...)
}

// location returns where the enricher comes from.
func (c *candidate) location() Location {
	// The names are constants for the sake of the linker, which could otherwise
	// leave out no method of any type.
	code, method := any(c.fe), func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("ProcessFailure") }
	if c.factory != nil {
		code, method = c.factory, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("CreateFailureEnricher") }
	}
	if wrapper, ok := code.(interface{ source() any }); ok {
		code = wrapper.source()
	}
	return Location(source.Of(c.fe, code, method))
}

// announce logs what was found, and what is wrong with it.
func announce(logger *slog.Logger, all []*candidate, strays []error) {
	if len(all) == 0 {
		// Not an error, as nobody has to have any. But the configuration may
		// have been looked for in the wrong place.
		line(logger, slog.LevelInfo, "No failure enrichers are configured")
	}
	set, refused := map[string]bool{}, map[string][]string{}
	for _, c := range all {
		for _, key := range unique(c.outputs) {
			if c.refused == nil {
				set[key] = true
			} else {
				refused[key] = append(refused[key], c.name)
			}
		}
	}
	for _, c := range all {
		name := slog.String("enricher", c.name)
		if c.refused != nil {
			level := slog.LevelError
			switch c.refused.(type) {
			case *overlaps, *CycleError:
				level = slog.LevelWarn
			}
			line(logger, level, "Failure enricher is refused", name, slog.String("error", guard.Text(c.refused)))
			continue
		}
		line(logger, slog.LevelInfo, "Found failure enricher", name,
			slog.Any("output_keys", c.outputs), slog.Any("location", c.from))
		for _, key := range unique(c.inputs) {
			if key == graph.All || set[key] {
				continue
			}
			attrs := []slog.Attr{name, slog.String("key", key)}
			if by := refused[key]; by != nil {
				line(logger, slog.LevelWarn, "Failure enricher reads a label that only refused enrichers set",
					append(attrs, slog.Any("refused", by))...)
				continue
			}
			own := func(key string) bool { return slices.Contains(c.outputs, key) }
			if near, ok := nearest.Name(key, slices.DeleteFunc(sortedKeys(set), own)); ok {
				attrs = append(attrs, slog.String("did_you_mean", near))
			}
			line(logger, slog.LevelWarn, "Failure enricher reads a label that no enricher sets", attrs...)
		}
	}
	for _, err := range strays {
		line(logger, slog.LevelWarn, "Configuration of a failure enricher is not used", slog.String("error", err.Error()))
	}
}

// line writes a log line, and survives the handler.
func line(logger *slog.Logger, level slog.Level, msg string, attrs ...slog.Attr) {
	guard.Do(func() { logger.LogAttrs(context.Background(), level, msg, attrs...) })
}

// close closes what a factory has made.
func (c *candidate) close(logger *slog.Logger) {
	if closer, ok := c.fe.(io.Closer); ok && c.ours {
		if err := closeSafely(c.name, closer); err != nil {
			line(logger, slog.LevelWarn, "Closing a failure enricher failed",
				slog.String("enricher", c.name), slog.String("error", err.Error()))
		}
	}
}
