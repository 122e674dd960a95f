// Package static has the enricher "static": labels that are the same for every
// failure, such as the region or the version of the service. They are found out
// once, when the enricher is made.
//
// # Options
//
//	labels  values by label key
//	env     names of environment variables by label key. A variable that is not
//	        set is an error, unless labels has a value for the same key, which is
//	        then the default
//	build   what is known of the build, by label key: "version" (of the main
//	        module; "(devel)" in a working copy), "revision" and "time" (of the
//	        commit), "modified" ("true" or "false": with changes that were not
//	        committed), "go" (the version of Go), "path" (of the main package).
//	        What the binary does not say is "unknown"
//	host    the key of a label that has the name of the machine
//
// In a configuration:
//
//	static:
//	  labels: {env: production}
//	  env: {region: AWS_REGION}
//	  build: {app_version: version, app_revision: revision}
//	  host: host_name
package static

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/text"
)

// Name is what the enricher is registered as.
const Name = "static"

// Unknown is the value of a label about the build where the binary does not say.
const Unknown = "unknown"

// Options are the options of the enricher. The package documentation says what
// they mean. There has to be one label at least.
type Options struct {
	Labels map[string]string // values by label key
	Env    map[string]string // names of environment variables by label key
	Build  map[string]string // what of the build, by label key
	Host   string            // a label key. By default, there is no such label.
}

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) { return New(opts) }))
}

// An Enricher has the same labels for every failure. Its methods may be called
// concurrently.
type Enricher struct {
	labels enricher.Labels
	from   map[string]string // for people, by label key
}

var _ enricher.Explainer = (*Enricher)(nil)

// New returns an enricher with these options, or an error that names each option
// that is wrong.
func New(opts Options) (*Enricher, error) {
	e := &Enricher{enricher.Labels{}, map[string]string{}}
	errs := []error{e.addLabels(opts.Labels), e.addEnv(opts), e.addBuild(opts.Build), e.addHost(opts.Host)}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(e.labels) == 0 {
		return nil, &enricher.ConfigError{Option: "labels", Err: errors.New("none: want a label at least, here or in env, build or host")}
	}
	return e, nil
}

// OutputKeys returns the keys of all labels.
func (e *Enricher) OutputKeys() []string { return e.labels.Keys() }

// ProcessFailure returns the labels. It never fails.
func (e *Enricher) ProcessFailure(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	return e.labels.Clone(), nil
}

// ExplainFailure says where each label is from.
func (e *Enricher) ExplainFailure(context.Context, error, enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	return e.labels.Clone(), maps.Clone(e.from), nil
}

// set adds a label. Its value is cleaned here, once, and not dropped later from
// every failure.
func (e *Enricher) set(option, key, value, from string) error {
	if err := enricher.CheckKey(key); err != nil {
		return &enricher.ConfigError{Option: option, Err: err}
	}
	if before, ok := e.from[key]; ok {
		return &enricher.ConfigError{Option: option, Err: fmt.Errorf("label %q: it has a value from %s: want one only", key, before)}
	}
	if clean := text.Clean(value, enricher.DefaultMaxValueLength); clean != value {
		return &enricher.ConfigError{Option: option, Err: fmt.Errorf(
			"label %q: value %.64q from %s: want at most %d bytes of UTF-8 without control characters", key, value, from, enricher.DefaultMaxValueLength)}
	}
	e.labels[key], e.from[key] = value, from
	return nil
}

func (e *Enricher) addLabels(labels map[string]string) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		errs = append(errs, e.set("labels", key, labels[key], "option labels"))
	}
	return errors.Join(errs...)
}

func (e *Enricher) addEnv(opts Options) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(opts.Env)) {
		name := opts.Env[key]
		if name == "" {
			errs = append(errs, &enricher.ConfigError{Option: "env", Err: fmt.Errorf("label %q: %q: want the name of an environment variable", key, name)})
			continue
		}
		value, set := os.LookupEnv(name)
		_, hasDefault := opts.Labels[key]
		switch {
		case set:
			delete(e.from, key) // the default, if there was one
			errs = append(errs, e.set("env", key, value, "environment variable "+name))
		case !hasDefault:
			errs = append(errs, &enricher.ConfigError{Option: "env", Err: fmt.Errorf(
				"label %q: environment variable %q is not set: want it set, or a default in option labels", key, name)})
		}
	}
	return errors.Join(errs...)
}

func (e *Enricher) addHost(key string) error {
	if key == "" {
		return nil
	}
	name, err := os.Hostname()
	if err != nil {
		return &enricher.ConfigError{Option: "host", Err: err}
	}
	return e.set("host", key, name, "the name of the machine")
}

func (e *Enricher) addBuild(build map[string]string) error {
	var errs []error
	known := buildInfo()
	for _, key := range slices.Sorted(maps.Keys(build)) {
		value, ok := known[build[key]]
		if !ok {
			errs = append(errs, &enricher.ConfigError{Option: "build", Err: fmt.Errorf(
				"label %q: nothing is known as %q: want one of %q", key, build[key], slices.Sorted(maps.Keys(known)))})
			continue
		}
		errs = append(errs, e.set("build", key, value, build[key]+" of the build"))
	}
	return errors.Join(errs...)
}

// buildInfo returns what the binary says about itself.
func buildInfo() map[string]string {
	known := map[string]string{
		"version": Unknown, "revision": Unknown, "time": Unknown, "modified": Unknown, "go": Unknown, "path": Unknown,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return known
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for what, value := range map[string]string{
		"version": info.Main.Version, "go": info.GoVersion, "path": info.Path,
		"revision": settings["vcs.revision"], "time": settings["vcs.time"], "modified": settings["vcs.modified"],
	} {
		if value != "" {
			known[what] = value
		}
	}
	return known
}
