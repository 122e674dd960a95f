// Package static is a failure enricher whose labels are the same for every failure,
// such as the region or the version of the service. They are determined once, when
// the enricher is created. Import it for its side effect, which is to register
// "static".
//
// # Options
//
//	labels  values by label key
//	env     names of environment variables by label key. A variable that is not
//	        set is an error, unless labels has a value for the same key, which is
//	        then the default
//	build   properties of the build by label key: "version" (of the main module;
//	        "(devel)" in a working copy), "revision" and "time" (of the commit),
//	        "modified" ("true" if there were uncommitted changes, or "false"), "go"
//	        (the version of Go), "path" (of the main package). A property that is
//	        not in the binary is "unknown"
//	host    the key of a label whose value is the name of the machine
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
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/text"
)

// Name is the name under which the enricher is registered.
const Name = "static"

// Unknown is the value of a label for a property of the build that is not in the
// binary.
const Unknown = "unknown"

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) { return New(opts) }))
}

// Options are the options of the enricher, as in the package documentation. At
// least one label is required.
type Options struct {
	Labels map[string]string // values by label key
	Env    map[string]string // names of environment variables by label key
	Build  map[string]string // properties of the build by label key
	Host   string            // a label key. By default, there is no such label.
}

// New returns an enricher with these options, which is an [enricher.Explainer]. The
// error joins an [*enricher.ConfigError] for each wrong option.
func New(opts Options) (enricher.FailureEnricher, error) {
	s := &labels{enricher.Labels{}, map[string]string{}}
	err := errors.Join(s.addLabels(opts.Labels), s.addEnv(opts), s.addBuild(opts.Build), s.addHost(opts.Host))
	if err == nil && len(s.values) == 0 {
		err = configError("labels", "must have a label, if env, build and host have none")
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// labels is the enricher.
type labels struct {
	values  enricher.Labels
	sources map[string]string // for people, by label key
}

var (
	_ enricher.Explainer      = (*labels)(nil)
	_ enricher.LabelDescriber = (*labels)(nil)
)

// OutputKeys returns the keys of all labels.
func (s *labels) OutputKeys() []string { return s.values.Keys() }

// DescribeLabels says where each label is from. It has its one value.
func (s *labels) DescribeLabels() (all []enricher.LabelDescription) {
	for _, key := range s.values.Keys() {
		all = append(all, enricher.LabelDescription{Key: key, Doc: "Always the same, from " + s.sources[key] + ".", Values: []string{s.values[key]}})
	}
	return all
}

// ProcessFailure returns the labels. It never fails.
func (s *labels) ProcessFailure(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	return s.values.Clone(), nil
}

// ExplainFailure says where each label is from.
func (s *labels) ExplainFailure(context.Context, error, enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	return s.values.Clone(), maps.Clone(s.sources), nil
}

// add adds a label. An invalid value is an error here, once, and not dropped from
// every failure later.
func (s *labels) add(option, key, value, source string) error {
	if err := enricher.CheckKey(key); err != nil {
		return &enricher.ConfigError{Option: option, Err: err}
	}
	if other, ok := s.sources[key]; ok {
		return configError(option, "label %q: must have one source, not also %s", key, other)
	}
	if text.Clean(value, enricher.DefaultMaxValueLength) != value {
		return configError(option, "label %q: value %.64q from %s: must have at most %d bytes of valid UTF-8 without control characters",
			key, value, source, enricher.DefaultMaxValueLength)
	}
	s.values[key], s.sources[key] = value, source
	return nil
}

func configError(option, format string, args ...any) error {
	return &enricher.ConfigError{Option: option, Err: fmt.Errorf(format, args...)}
}

func (s *labels) addLabels(values map[string]string) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		errs = append(errs, s.add("labels", key, values[key], "option labels"))
	}
	return errors.Join(errs...)
}

func (s *labels) addEnv(opts Options) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(opts.Env)) {
		name := opts.Env[key]
		value, set := os.LookupEnv(name)
		_, hasDefault := opts.Labels[key]
		switch {
		case set:
			delete(s.sources, key) // the default, if there is one
			errs = append(errs, s.add("env", key, value, "environment variable "+name))
		case !hasDefault:
			errs = append(errs, configError("env", "label %q: environment variable %q must be set, or option labels must have a default", key, name))
		}
	}
	return errors.Join(errs...)
}

func (s *labels) addHost(key string) error {
	if key == "" {
		return nil
	}
	name, err := os.Hostname()
	if err != nil {
		return &enricher.ConfigError{Option: "host", Err: err}
	}
	return s.add("host", key, name, "the name of the machine")
}

func (s *labels) addBuild(properties map[string]string) error {
	var errs []error
	known := buildInfo()
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		property := properties[key]
		value, ok := known[property]
		if !ok {
			errs = append(errs, configError("build", "label %q: %q must be one of %q", key, property, slices.Sorted(maps.Keys(known))))
			continue
		}
		errs = append(errs, s.add("build", key, value, property+" of the build"))
	}
	return errors.Join(errs...)
}

// buildInfo returns the properties of the build.
func buildInfo() map[string]string {
	known := map[string]string{
		"version": Unknown, "revision": Unknown, "time": Unknown, "modified": Unknown, "go": Unknown, "path": Unknown,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return known
	}
	found := map[string]string{"version": info.Main.Version, "go": info.GoVersion, "path": info.Path}
	for _, s := range info.Settings {
		if property, ok := strings.CutPrefix(s.Key, "vcs."); ok {
			found[property] = s.Value
		}
	}
	for property := range known {
		known[property] = cmp.Or(found[property], Unknown)
	}
	return known
}
