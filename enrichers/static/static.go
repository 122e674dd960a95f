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
//	  labels: [{key: env, value: production}]
//	  env: [{key: region, value: AWS_REGION}]
//	  build: [{key: app_version, value: version}, {key: app_revision, value: revision}]
//	  host: host_name
//
// A value that job managers do not know is an error: see [enricher.CheckLabel].
//
// Instead of lists, maps may be given, such as labels: {env: production}, unless the
// loader changes their keys.
package static

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/file"
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
// error joins an [*enricher.ConfigError] for each wrong option. The environment is
// read if the form of all options is right.
func New(opts Options) (enricher.FailureEnricher, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	s := &labels{enricher.Labels{}, map[string]string{}}
	known := buildInfo()
	for key, property := range opts.Build {
		s.values[key], s.sources[key] = known[property], property+" of the build"
	}
	for key, value := range opts.Labels {
		s.values[key], s.sources[key] = value, "option labels"
	}
	if err := errors.Join(s.addEnv(opts.Env), s.addHost(opts.Host)); err != nil {
		return nil, err
	}
	return s, nil
}

// check judges the form of the options.
func (o Options) check() error {
	var errs []error
	fail := func(option, key, format string, args ...any) {
		errs = append(errs, &enricher.ConfigError{Option: option, Err: fmt.Errorf("label %q: "+format, append([]any{key}, args...)...)})
	}
	host := map[string]string{o.Host: ""}
	if o.Host == "" {
		clear(host)
	}
	properties := slices.Sorted(maps.Keys(buildInfo()))
	given := map[string]string{}
	for _, option := range []struct {
		name   string
		values map[string]string
	}{{"labels", o.Labels}, {"env", o.Env}, {"build", o.Build}, {"host", host}} {
		for _, key := range slices.Sorted(maps.Keys(option.values)) {
			value, other := option.values[key], given[key]
			if err := enricher.CheckKey(key); err != nil {
				errs = append(errs, &enricher.ConfigError{Option: option.name, Err: err})
			} else if other != "" && (other != "labels" || option.name != "env") {
				fail(option.name, key, "must have one source, not also option %s", other)
			}
			given[key] = option.name
			switch {
			case option.name == "labels" && !isValue(value):
				fail(option.name, key, valueForm)
			case option.name == "labels" && variable.MatchString(value):
				fail(option.name, key, "%s is not expanded: use option env", variable.FindString(value))
			case option.name == "labels" && enricher.CheckLabel(key, value) != nil:
				fail(option.name, key, "%w", enricher.CheckLabel(key, value))
			case option.name == "env" && (value == "" || strings.ContainsAny(value, "$=\x00")):
				fail(option.name, key, "must be the name of an environment variable, such as AWS_REGION")
			case option.name == "build" && !slices.Contains(properties, value):
				fail(option.name, key, "%q must be one of %q", value, properties)
			}
		}
	}
	if len(given) == 0 {
		errs = append(errs, &enricher.ConfigError{Option: "labels", Err: errors.New("must have a label, if env, build and host have none")})
	}
	return errors.Join(errs...)
}

var variable = regexp.MustCompile(`\$\{\w+\}`)

var valueForm = fmt.Sprintf("its value must have at most %d bytes of valid UTF-8 without control characters", enricher.DefaultMaxValueLength)

func isValue(value string) bool { return text.Clean(value, enricher.DefaultMaxValueLength) == value }

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

// addEnv adds labels from the environment. An error does not show the name of a
// variable that may be a secret in the wrong place.
func (s *labels) addEnv(names map[string]string) error {
	var errs []error
	fail := func(key, format string, args ...any) {
		format = "label %q: its environment variable %s " + format
		errs = append(errs, &enricher.ConfigError{Option: "env", Err: fmt.Errorf(format, append([]any{key, file.Name(names[key])}, args...)...)})
	}
	for _, key := range slices.Sorted(maps.Keys(names)) {
		value, set := os.LookupEnv(names[key])
		_, hasDefault := s.values[key]
		switch {
		case !set && hasDefault:
		case !set:
			fail(key, "is not set: set it, or give a default in option labels")
		case !isValue(value):
			fail(key, "cannot be a label: "+valueForm)
		case enricher.CheckLabel(key, value) != nil:
			fail(key, "is %w", enricher.CheckLabel(key, value))
		default:
			s.values[key], s.sources[key] = value, "environment variable "+names[key]
		}
	}
	return errors.Join(errs...)
}

func (s *labels) addHost(key string) error {
	if key == "" {
		return nil
	}
	name, err := os.Hostname()
	if err == nil && !isValue(name) {
		err = errors.New(valueForm)
	}
	if err != nil {
		return &enricher.ConfigError{Option: "host", Err: err}
	}
	s.values[key], s.sources[key] = name, "the name of the machine"
	return nil
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
