package enricher

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher/internal/decode"
	"github.com/failure-enrichers/enricher/internal/graph"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/redact"
	"github.com/failure-enrichers/enricher/internal/source"
)

// A candidate is an enricher on its way into an Enricher.
type candidate struct {
	Info                     // without a Location if it is rejected
	factory  Factory         // nil for one made in code, or unknown
	fe       FailureEnricher // nil if there is none
	closer   io.Closer       // nil unless a factory made it and it must be closed
	reader   bool
	reads    []string            // the keys of the labels that it reads: InputKeys, "*" expanded
	values   map[string][]string // by input key: the values that it looks for
	rejected error               // why it is rejected
}

// A loaded is what load returns.
type loaded struct {
	kept     []*candidate
	rejected []Rejection
	warnings []error
}

// closeTimeout is how long load waits for Close methods.
const closeTimeout = time.Second

// load makes the configured enrichers, adds those made in code, and returns the
// ones that may run. If the error is not nil, there are none. It closes what it
// made and does not return.
func load(cfg Config, s *settings) (l loaded, err error) {
	all, err := candidates(cfg, s)
	if err := errors.Join(cfg.check(), err); err != nil {
		return loaded{}, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		for _, c := range all {
			if err == nil && c.rejected == nil {
				continue
			}
			if err := c.close(ctx); err != nil {
				logLine(context.Background(), s.logger, slog.LevelWarn, "Closing a failure enricher failed",
					slog.String("enricher", c.Name), slog.String("error", err.Error()))
			}
		}
	}()
	if err := makeAll(all, cfg, s); err != nil {
		for _, f := range unusedConfig(cfg, all) { // options may be missing because they stand under another name
			err = errors.Join(err, f.err)
		}
		return loaded{}, err
	}
	check(all)
	for _, c := range all {
		if c.rejected != nil {
			l.rejected = append(l.rejected, Rejection{c.Name, c.rejected})
			continue
		}
		c.Location = c.location()
		l.kept = append(l.kept, c)
	}
	findings := slices.Concat(checkInputs(l.kept, all), checkActedOn(l.kept), checkTimeouts(cfg, l.kept), unusedConfig(cfg, all))
	l.warnings = rejectionErrors(l.rejected)
	for _, f := range findings {
		l.warnings = append(l.warnings, f.err)
	}
	if err := errors.Join(l.warnings...); cfg.Strict && err != nil {
		return loaded{}, err
	}
	announce(s.logger, all, findings)
	return l, nil
}

// candidates returns what is to be loaded, in configured order, those made in
// code last. Unknown names are rejected already.
func candidates(cfg Config, s *settings) (all []*candidate, err error) {
	var errs []error
	if cfg.Strict && cfg.FailureEnrichers == nil {
		errs = append(errs, &ConfigError{Option: "failure-enrichers", Err: errors.New(
			"missing, and the configuration is strict: an empty list means no enrichers")})
	}
	var names []string
	for _, name := range cfg.FailureEnrichers {
		if slices.Contains(names, name) {
			continue // a name given twice counts once
		}
		names = append(names, name)
		c := &candidate{Info: Info{Name: name}}
		c.factory, c.rejected = s.registry.lookUp(name)
		all = append(all, c)
	}
	for _, in := range s.inCode {
		var err error
		switch {
		case !configurable.MatchString(in.name):
			err = errors.New("malformed name: " + nameForm)
		case isNil(in.fe):
			err = errors.New("the enricher is nil")
		case slices.Contains(names, in.name):
			err = errors.New("the name is already in use: an enricher made in code must not be among failure-enrichers as well")
		default:
			names = append(names, in.name)
			all = append(all, &candidate{Info: Info{Name: in.name}, fe: in.fe})
			continue
		}
		errs = append(errs, &ConfigError{Enricher: in.name, Option: "WithEnricher", Err: err})
	}
	errs = append(errs, sameName("failure-enrichers", names))
	return all, errors.Join(errs...)
}

// makeAll calls the factories of all candidates. If one fails, the error also has
// the unknown names, so that everything wrong is reported at once.
func makeAll(all []*candidate, cfg Config, s *settings) error {
	var errs []error
	failed := false
	for _, c := range all {
		if c.factory == nil {
			errs = append(errs, c.rejected) // nil if it is made in code
			continue
		}
		options := byName(cfg.Options, c.Name)
		if err := decode.Check(options); err != nil {
			errs, failed = append(errs, configErrors(c.Name, err)), true
			continue
		}
		fe, err := create(c.factory, newFactoryConfig(c.Name, options, s.logger))
		if !isNil(fe) {
			c.fe = fe
			c.closer, _ = fe.(io.Closer)
		}
		if err != nil {
			errs, failed = append(errs, err), true
		}
	}
	if !failed {
		return nil
	}
	return errors.Join(errs...)
}

// location returns where the enricher comes from.
func (c *candidate) location() (l Location) {
	if locator, ok := c.factory.(Locator); ok {
		if guard.Apart(func() { l = locator.Location() }) == nil {
			return l
		}
	}
	// MethodByName with a constant lets the linker drop the other methods of all
	// types.
	code, method := any(c.fe), func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("ProcessFailure") }
	if c.factory != nil {
		code, method = c.factory, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("CreateFailureEnricher") }
	}
	if wrapper, ok := code.(interface{ source() any }); ok {
		code = wrapper.source()
	}
	p := source.Of(c.fe, code, method)
	return Location{Type: p.Type, Module: p.Module, Version: p.Version, File: p.File, Line: p.Line}
}

// waits returns for each enricher the indexes of those whose labels it reads.
func waits(cs []*candidate) [][]int {
	nodes := make([]graph.Node, len(cs))
	for i, c := range cs {
		nodes[i] = graph.Node{Sets: c.OutputKeys, Reads: c.InputKeys}
	}
	return graph.Waits(nodes)
}

// connect returns what waits does and sets the keys that each reader gets. "*"
// stands for the keys of those that it waits for, and no others: whether another
// has set its labels by then depends on timing.
func connect(kept []*candidate) [][]int {
	all := waits(kept)
	for i, c := range kept {
		c.reads = c.InputKeys
		if !slices.Contains(c.InputKeys, graph.All) {
			continue
		}
		c.reads = slices.Clone(c.InputKeys)
		for _, j := range all[i] {
			c.reads = append(c.reads, unique(kept[j].OutputKeys)...)
		}
	}
	return all
}

// announce logs what was found, and what is wrong with it.
func announce(logger *slog.Logger, all []*candidate, findings []finding) {
	if len(all) == 0 {
		// Not an error, but perhaps the configuration was looked for in the
		// wrong place.
		logLine(context.Background(), logger, slog.LevelInfo, "No failure enrichers are configured")
	}
	for _, c := range all {
		name := slog.String("enricher", c.Name)
		if c.rejected == nil {
			logLine(context.Background(), logger, slog.LevelInfo, "Found failure enricher", name,
				slog.Any("output_keys", c.OutputKeys), slog.Any("location", c.Location))
			continue
		}
		level := slog.LevelError
		_, overlap := AsType[*OverlapError](c.rejected)
		_, cycle := AsType[*CycleError](c.rejected)
		if overlap || cycle {
			level = slog.LevelWarn
		}
		logLine(context.Background(), logger, level, "Failure enricher rejected", name, slog.String("error", guard.Text(c.rejected)))
	}
	for _, f := range findings {
		attrs := []slog.Attr{slog.String("enricher", f.enricher), slog.String("error", f.err.Error())}
		if f.enricher == "" {
			attrs = attrs[1:]
		}
		logLine(context.Background(), logger, f.level, f.msg, attrs...)
	}
}

// logLine writes a log line, with secrets in its texts masked. A handler that panics
// is ignored.
func logLine(ctx context.Context, logger *slog.Logger, level slog.Level, msg string, attrs ...slog.Attr) {
	guard.Do(func() {
		for i, a := range attrs {
			switch v := a.Value.Any().(type) {
			case string:
				attrs[i].Value = slog.StringValue(redact.Text(v))
			case []string:
				attrs[i].Value = slog.AnyValue(redact.All(v))
			}
		}
		logger.LogAttrs(ctx, level, msg, attrs...)
	})
}
