package main

import (
	"bytes"
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

// The files that are used where no others are given. They are built in, so that
// the program works wherever it is run.
//
//go:embed jobs.yaml enrichers.yaml data
var builtIn embed.FS

const (
	defaultJobs   = "jobs.yaml"
	defaultConfig = "enrichers.yaml"
)

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
// name is empty. Whatever is wrong with it is an error: a job manager that starts
// without half of its enrichers helps nobody.
func readConfig(name string, box *sandbox.Sandbox) (enricher.Config, error) {
	data, err := readFile(name, defaultConfig)
	if err != nil {
		return enricher.Config{}, err
	}
	data = bytes.ReplaceAll(data, []byte("${server}"), []byte(box.Server))
	raw, err := yamlfile.ParseMap(displayName(name, defaultConfig), data)
	if err != nil {
		return enricher.Config{}, err
	}
	cfg, err := enricher.ParseConfig(raw)
	if err != nil {
		return enricher.Config{}, inFile(displayName(name, defaultConfig), err)
	}
	cfg.Strict = true
	return cfg, nil
}

// readFile reads a file of a size that a person may have written, or the
// built-in one if name is empty.
func readFile(name, otherwise string) ([]byte, error) {
	if name == "" {
		return builtIn.ReadFile(otherwise)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, jobfile.MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > jobfile.MaxSize {
		return nil, fmt.Errorf("%s: more than %d KiB", name, jobfile.MaxSize>>10)
	}
	return data, nil
}

// displayName is how messages call a file.
func displayName(name, otherwise string) string {
	if name == "" {
		return otherwise + " (built in)"
	}
	return name
}

// inFile names the file in each of the joined errors of err.
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
