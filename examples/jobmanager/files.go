package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/jobfile"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/sandbox"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/yamlfile"
)

// The default files. They are built in, so that the program works in any directory.
//
//go:embed jobs.yaml enrichers.yaml data
var builtIn embed.FS

const (
	defaultJobs   = "jobs.yaml"
	defaultConfig = "enrichers.yaml"
)

// onCall is the environment variable for the URL of on-call. If it is not set, the
// sandbox takes the place of on-call.
const onCall = "ON_CALL_URL"

// readJobs reads a job file, or the default one if name is empty. The names of
// files in it are relative to it.
func readJobs(name string, box *sandbox.Sandbox) (jobfile.File, error) {
	data, err := readFile(name, defaultJobs)
	if err != nil {
		return jobfile.File{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return jobfile.File{}, err
	}
	env := jobfile.Env{
		Variables: map[string]string{"self": self, "server": box.Server, "closed": box.Closed},
		Open:      func(file string) (io.ReadCloser, error) { return builtIn.Open(path.Clean(file)) },
	}
	if name != "" {
		env.Open = func(file string) (io.ReadCloser, error) {
			if !filepath.IsAbs(file) {
				file = filepath.Join(filepath.Dir(name), file)
			}
			return os.Open(file)
		}
	}
	return jobfile.Parse(displayName(name, defaultJobs), data, env)
}

// readConfig reads the configuration of the enrichers, or the default one if
// name is empty. With Strict, a rejected enricher is an error: this program does
// not start without one that is configured.
func readConfig(name string, box *sandbox.Sandbox) (enricher.Config, error) {
	data, err := readFile(name, defaultConfig)
	if err != nil {
		return enricher.Config{}, err
	}
	var raw map[string]any
	if err := yamlfile.Decode(displayName(name, defaultConfig), data, &raw); err != nil {
		return enricher.Config{}, err
	}
	cfg, err := enricher.ParseConfig(raw)
	if err != nil {
		return enricher.Config{}, inFile(displayName(name, defaultConfig), err)
	}
	url, _ := cfg.Options["webhook"]["url"].(map[string]any)
	if url["env"] == onCall && os.Getenv(onCall) == "" {
		cfg.Options["webhook"]["url"] = "http://" + box.Server + "/on-call"
	}
	cfg.Strict = true
	return cfg, nil
}

// readFile reads a file, or the built-in one if name is empty.
func readFile(name, otherwise string) ([]byte, error) {
	if name == "" {
		return builtIn.ReadFile(otherwise)
	}
	return os.ReadFile(name)
}

// displayName returns the name of a file for messages.
func displayName(name, otherwise string) string {
	if name == "" {
		return otherwise + " (built in)"
	}
	return name
}

// inFile adds the name of a file to each of the joined errors of err.
func inFile(name string, err error) error {
	var errs []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			errs = append(errs, inFile(name, err))
		}
		return errors.Join(errs...)
	}
	return fmt.Errorf("%s: %w", name, err)
}
