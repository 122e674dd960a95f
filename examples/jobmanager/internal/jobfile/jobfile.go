// Package jobfile reads jobs from a YAML file. Unknown keys, wrong types and
// missing or impossible values are errors, and then no job is returned.
package jobfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/task"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/yamlfile"
)

// A File is the content of a job file.
type File struct {
	Workers int
	Jobs    []manager.Job
}

// An Env is what a job file can refer to.
type Env struct {
	Variables map[string]string                        // ${name} in commands and URLs
	Open      func(name string) (io.ReadCloser, error) // opens a file that a job reads
}

// The form of a job file. A value of 0 means the default.
type (
	document struct {
		Workers  int
		Defaults effort
		Jobs     []job
	}
	job struct {
		ID         string
		Name       string
		Attributes map[string]string
		work       `yaml:",inline"`
		effort     `yaml:",inline"`
	}
	effort struct {
		Attempts int
		Deadline time.Duration
		Backoff  struct{ Initial, Max time.Duration }
	}
	work struct {
		Kind string
		With options
	}
	options struct { // of all kinds of work
		Command []string
		File    string
		URL     string
		Samples []float64
		Percent int
		Below   int
		Steps   []work
	}
)

const defaultWorkers = 4

// Parse returns the content of a job file. name is used in messages.
func Parse(name string, data []byte, env Env) (File, error) {
	var doc document
	if err := yamlfile.Decode(name, data, &doc); err != nil {
		return File{}, err
	}
	file := File{Workers: cmp.Or(doc.Workers, defaultWorkers)}
	var errs []error
	if file.Workers < 1 {
		errs = append(errs, fmt.Errorf("%s: workers: %d: must be positive", name, file.Workers))
	}
	if len(doc.Jobs) == 0 {
		errs = append(errs, fmt.Errorf("%s: jobs: missing", name))
	}
	ids := map[string]bool{}
	for i, j := range doc.Jobs {
		job, err := j.build(doc.Defaults, env)
		if err == nil && ids[job.ID] {
			err = errors.New("id: given twice")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: job %d (%q): %w", name, i+1, j.ID, err))
		}
		ids[job.ID] = true
		file.Jobs = append(file.Jobs, job)
	}
	if len(errs) > 0 {
		return File{}, errors.Join(errs...)
	}
	return file, nil
}

// validID matches the IDs of jobs, which become part of URLs.
var validID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

func (j job) build(defaults effort, env Env) (manager.Job, error) {
	initial := cmp.Or(j.Backoff.Initial, defaults.Backoff.Initial, time.Second)
	out := manager.Job{
		ID:         j.ID,
		Name:       j.Name,
		Attributes: j.Attributes,
		Attempts:   cmp.Or(j.Attempts, defaults.Attempts, 1),
		Deadline:   cmp.Or(j.Deadline, defaults.Deadline, time.Minute),
		Backoff: manager.Backoff{
			Initial: initial,
			Max:     max(initial, cmp.Or(j.Backoff.Max, defaults.Backoff.Max, time.Minute)),
		},
	}
	switch {
	case !validID.MatchString(j.ID):
		return out, errors.New("id: must be 1 to 64 of a-z, 0-9, '.', '_' and '-'")
	case strings.TrimSpace(j.Name) == "":
		return out, errors.New("name: missing")
	case out.Attempts < 1:
		return out, fmt.Errorf("attempts: %d: must be positive", out.Attempts)
	case out.Deadline < 0:
		return out, fmt.Errorf("deadline: %v: must be positive", out.Deadline)
	case initial < 0:
		return out, fmt.Errorf("backoff: initial: %v: must be positive", initial)
	}
	var err error
	out.Task, err = j.task(env)
	return out, err
}

// task returns a task of some kind. A kind of your own needs a case here.
func (w work) task(env Env) (manager.Task, error) {
	missing := func(option string) error { return fmt.Errorf("with: %s: missing", option) }
	with := w.With
	switch w.Kind {
	case "command":
		if len(with.Command) == 0 {
			return nil, missing("command")
		}
		args := make([]string, len(with.Command))
		for i, arg := range with.Command {
			var err error
			if args[i], err = env.expand(arg); err != nil {
				return nil, err
			}
		}
		return task.Command{Args: args}, nil
	case "csv":
		if with.File == "" {
			return nil, missing("file")
		}
		return task.CSV{File: with.File, Open: env.Open}, nil
	case "http":
		url, err := env.expand(with.URL)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
			return nil, fmt.Errorf("with: url: %q: must begin with http:// or https://", url)
		}
		return task.HTTP{URL: url}, nil
	case "percentile":
		if len(with.Samples) == 0 {
			return nil, missing("samples")
		}
		if with.Percent < 0 || with.Percent > 100 {
			return nil, fmt.Errorf("with: percent: %d: must be 0 to 100", with.Percent)
		}
		return task.Percentile{Samples: with.Samples, Percent: with.Percent}, nil
	case "primes":
		if with.Below == 0 {
			return nil, missing("below")
		}
		return task.Primes{Below: with.Below}, nil
	case "steps":
		if len(with.Steps) == 0 {
			return nil, missing("steps")
		}
		var steps task.Steps
		for i, step := range with.Steps {
			t, err := step.task(env)
			if err != nil {
				return nil, fmt.Errorf("with: step %d: %w", i+1, err)
			}
			steps = append(steps, t)
		}
		return steps, nil
	}
	return nil, fmt.Errorf("kind: %q: must be command, csv, http, percentile, primes or steps", w.Kind)
}

var variable = regexp.MustCompile(`\$\{[^}]*\}`)

// expand returns a text with each ${name} replaced by its value.
func (e Env) expand(text string) (string, error) {
	var err error
	expanded := variable.ReplaceAllStringFunc(text, func(match string) string {
		value, ok := e.Variables[match[2:len(match)-1]]
		if !ok {
			names := slices.Sorted(maps.Keys(e.Variables))
			err = fmt.Errorf("unknown variable %s: must be ${%s}", match, strings.Join(names, "} or ${"))
		}
		return value
	})
	return expanded, err
}
