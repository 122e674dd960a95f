// Package jobfile reads jobs from a YAML file. It is strict, as whoever writes
// such a file wants it to be: what is unknown, missing or out of range is an error
// that names the file, the line, the job and the key, and no job is returned.
package jobfile

import (
	"fmt"
	"io"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/task"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/yamlfile"
)

// A File is what a job file says.
type File struct {
	Workers int
	Jobs    []manager.Job
}

// An Env is what a job file can refer to.
type Env struct {
	Variables map[string]string                        // ${name} in commands and URLs
	Open      func(name string) (io.ReadCloser, error) // opens a file that a job reads
}

// Bounds of what a file may ask for. More is a mistake.
const (
	MaxSize     = 1 << 20 // bytes of the file
	maxJobs     = 10_000
	maxWorkers  = 1024
	maxAttempts = 100
	maxDeadline = 24 * time.Hour
	maxText     = 200 // characters of a name
	maxArgument = 4096
	maxItems    = 1000 // of a list in a job
)

// Defaults of what a file does not say.
var (
	defaultWorkers = 4
	defaults       = manager.Job{
		Attempts: 1,
		Deadline: time.Minute,
		Backoff:  manager.Backoff{Initial: time.Second, Max: time.Minute},
	}
)

// Parse returns what the file with this name, which is used in messages, says.
func Parse(name string, data []byte, env Env) (File, error) {
	if len(data) > MaxSize {
		return File{}, fmt.Errorf("%s: more than %d KiB", name, MaxSize>>10)
	}
	root, err := yamlfile.Parse(name, data)
	if err != nil {
		return File{}, err
	}
	d := &document{name: name, env: env}
	top := value{doc: d, node: root, line: 1}
	if root != nil {
		top.line = root.Line
	}
	file := readFile(top)
	if err := d.err(); err != nil {
		return File{}, err
	}
	return file, nil
}

func readFile(root value) File {
	if root.given() && root.node.Kind != yaml.MappingNode {
		root.fail("got %s: want the keys workers, defaults and jobs", root.describe())
		return File{}
	}
	f := root.mapping("workers", "defaults", "jobs")
	file := File{Workers: f["workers"].number(defaultWorkers, 1, maxWorkers)}
	base := readEffort(f["defaults"].mapping("attempts", "deadline", "backoff"), defaults)
	lines := map[string]int{}
	for i, item := range f["jobs"].list(maxJobs) {
		item.path = fmt.Sprintf("job %d", i+1)
		job := readJob(item, base)
		if line := lines[job.ID]; line > 0 {
			item.fail("id: %q is taken by the job in line %d", job.ID, line)
		} else if job.ID != "" {
			lines[job.ID] = item.line
		}
		file.Jobs = append(file.Jobs, job)
	}
	return file
}

// validID says what an ID is made of: it becomes part of URLs.
var validID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// readJob returns the job that v describes; what v does not say of its effort is
// as in base.
func readJob(v value, base manager.Job) manager.Job {
	if v.node.Kind != yaml.MappingNode {
		v.fail("got %s: want keys and values, such as id and name", v.describe())
		return manager.Job{}
	}
	// The ID is looked up first, since all messages name the job by it.
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		if key, id := v.node.Content[i], v.node.Content[i+1]; key.Value == "id" && validID.MatchString(id.Value) {
			v.path = fmt.Sprintf("job %q", id.Value)
		}
	}
	f := v.mapping("id", "name", "attributes", "kind", "with", "attempts", "deadline", "backoff")
	job := readEffort(f, base)
	if job.ID = f["id"].text(maxText); job.ID != "" && !validID.MatchString(job.ID) {
		f["id"].fail("got %q: want at most 64 of a-z, 0-9, '.', '_' and '-'", shorten(job.ID))
	}
	job.Name = f["name"].text(maxText)
	job.Attributes = map[string]string{}
	f["attributes"].each(func(name string, v value) { job.Attributes[name] = v.text(maxText) })
	job.Task = readTask(f["kind"], f["with"])
	return job
}

// readEffort returns base with the effort that the fields ask for.
func readEffort(f map[string]value, base manager.Job) manager.Job {
	base.Attempts = f["attempts"].number(base.Attempts, 1, maxAttempts)
	base.Deadline = f["deadline"].duration(base.Deadline, time.Millisecond, maxDeadline)
	pause := f["backoff"].mapping("initial", "max")
	initial := pause["initial"].duration(base.Backoff.Initial, time.Millisecond, maxDeadline)
	longest := max(initial, base.Backoff.Max)
	base.Backoff = manager.Backoff{
		Initial: initial,
		Max:     pause["max"].duration(longest, initial, maxDeadline),
	}
	return base
}

// readTask returns a task of some kind. A kind of your own needs a case here.
func readTask(kind, with value) manager.Task {
	switch name := kind.text(maxText); name {
	case "command":
		var command task.Command
		for _, arg := range with.mapping("command")["command"].list(maxItems) {
			command.Args = append(command.Args, arg.expanded(maxArgument))
		}
		return command
	case "csv":
		return task.CSV{File: with.mapping("file")["file"].text(maxText), Open: with.doc.env.Open}
	case "http":
		return task.HTTP{URL: readURL(with.mapping("url")["url"])}
	case "percentile":
		f := with.mapping("samples", "percent")
		var samples []float64
		for _, sample := range f["samples"].list(maxItems) {
			samples = append(samples, sample.decimal())
		}
		return task.Percentile{Samples: samples, Percent: f["percent"].required().number(0, 0, 100)}
	case "primes":
		return task.Primes{Below: with.mapping("below")["below"].required().number(0, 2, math.MaxInt)}
	case "steps":
		return readSteps(with.mapping("steps")["steps"])
	case "":
		return nil // which is noted
	default:
		kind.fail("unknown kind %q: want one of command, csv, http, percentile, primes, steps", shorten(name))
		return nil
	}
}

func readURL(v value) string {
	text := v.expanded(maxArgument)
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		v.fail("got %q: want a URL that begins with http:// or https://", shorten(text))
	}
	return text
}

func readSteps(v value) task.Steps {
	var steps task.Steps
	for _, item := range v.list(maxItems) {
		f := item.mapping("kind", "with")
		if kind := f["kind"]; kind.given() && kind.node.Value == "steps" {
			kind.fail("steps cannot be made of steps")
			continue
		}
		steps = append(steps, readTask(f["kind"], f["with"]))
	}
	return steps
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
