package jobfile_test

import (
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/jobfile"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/task"
)

var env = jobfile.Env{
	Variables: map[string]string{"self": "/bin/jm", "server": "127.0.0.1:1"},
	Open:      func(name string) (io.ReadCloser, error) { return os.Open(name) },
}

func TestParse(t *testing.T) {
	t.Parallel()
	file, err := jobfile.Parse("jobs.yaml", []byte(`
workers: 7
defaults: {attempts: 3, backoff: {initial: 2s}}
jobs:
  - id: index
    name: Rebuild index 索引
    attributes: {team: search}
    kind: command
    with: {command: ["${self}", exit, 3, "$x"]}
    attempts: 2
    deadline: 1m30s
    backoff: {initial: 100ms, max: 200ms}
  - {id: get, name: Get, kind: http, with: {url: "http://${server}/a?b=c"}}
  - {id: sum, name: Sum, kind: csv, with: {file: a.csv}}
  - {id: p, name: Primes, kind: primes, with: {below: 1_000}}
  - {id: q, name: Quantile, kind: percentile, with: {samples: [1, 2.5], percent: 50}}
  - {id: s, name: Steps, kind: steps, with: {steps: [{kind: csv, with: {file: b.csv}}]}}
`), env)
	require.NoError(t, err)
	assert.Equal(t, 7, file.Workers)
	require.Len(t, file.Jobs, 6)
	assert.Equal(t, manager.Job{
		ID:         "index",
		Name:       "Rebuild index 索引",
		Attributes: map[string]string{"team": "search"},
		Task:       task.Command{Args: []string{"/bin/jm", "exit", "3", "$x"}},
		Attempts:   2,
		Deadline:   90 * time.Second,
		Backoff:    manager.Backoff{Initial: 100 * time.Millisecond, Max: 200 * time.Millisecond},
	}, file.Jobs[0])
	assert.Equal(t, manager.Job{
		ID:       "get",
		Name:     "Get",
		Task:     task.HTTP{URL: "http://127.0.0.1:1/a?b=c"},
		Attempts: 3,
		Deadline: time.Minute,
		Backoff:  manager.Backoff{Initial: 2 * time.Second, Max: time.Minute},
	}, file.Jobs[1])
	for i, want := range []string{"csv a.csv", "primes below 1000", "percentile 50", "1 steps"} {
		assert.Equal(t, want, file.Jobs[i+2].Task.String())
	}
}

func TestParseRejects(t *testing.T) {
	t.Parallel()
	const fine = "id: a, name: A, kind: csv, with: {file: a.csv}"
	ofJob := func(fields string) string { return "jobs:\n  - {" + fields + "}\n" }
	of := func(kind, with string) string {
		return ofJob("id: a, name: A, kind: " + kind + ", with: {" + with + "}")
	}
	for yaml, want := range map[string]string{
		"":                                             "f.yaml: jobs: missing",
		"hello":                                        "f.yaml:1: cannot unmarshal !!str `hello` into jobfile.document",
		"workers: 1\njobs: [":                          "f.yaml:2: did not find expected node content",
		"workers: 3\nworkers: 4":                       `f.yaml:2: mapping key "workers" already defined at line 1`,
		"worker: 3":                                    "f.yaml:1: field worker not found in type jobfile.document",
		"workers: -1\n" + ofJob(fine):                  "f.yaml: workers: -1: must be positive",
		ofJob("name: A"):                               `f.yaml: job 1 (""): id: must be 1 to 64 of a-z, 0-9, '.', '_' and '-'`,
		ofJob("id: A/b"):                               `f.yaml: job 1 ("A/b"): id: must be 1 to 64 of a-z, 0-9, '.', '_' and '-'`,
		ofJob(fine) + "  - {" + fine + "}":             `f.yaml: job 2 ("a"): id: given twice`,
		ofJob("id: a, name: ' '"):                      `f.yaml: job 1 ("a"): name: missing`,
		ofJob(fine + ", attempts: -1"):                 `f.yaml: job 1 ("a"): attempts: -1: must be positive`,
		ofJob(fine + ", deadline: -1s"):                `f.yaml: job 1 ("a"): deadline: -1s: must be positive`,
		ofJob(fine + ", deadline: 10"):                 "f.yaml:2: cannot unmarshal !!int `10` into time.Duration",
		ofJob(fine + ", backoff: {initial: -1s}"):      `f.yaml: job 1 ("a"): backoff: initial: -1s: must be positive`,
		of("htpp", ""):                                 `f.yaml: job 1 ("a"): kind: "htpp": must be command, csv, http, percentile, primes or steps`,
		of("command", ""):                              `f.yaml: job 1 ("a"): with: command: missing`,
		of("command", `command: ["${HOME}"]`):          `f.yaml: job 1 ("a"): unknown variable ${HOME}: must be ${self} or ${server}`,
		of("csv", "dir: b"):                            "f.yaml:2: field dir not found in type jobfile.options",
		of("csv", ""):                                  `f.yaml: job 1 ("a"): with: file: missing`,
		of("http", "url: /a"):                          `f.yaml: job 1 ("a"): with: url: "/a": must begin with http:// or https://`,
		of("http", "url: '${x}'"):                      `f.yaml: job 1 ("a"): unknown variable ${x}: must be ${self} or ${server}`,
		of("primes", ""):                               `f.yaml: job 1 ("a"): with: below: missing`,
		of("percentile", ""):                           `f.yaml: job 1 ("a"): with: samples: missing`,
		of("percentile", "samples: [1], percent: 101"): `f.yaml: job 1 ("a"): with: percent: 101: must be 0 to 100`,
		of("steps", ""):                                `f.yaml: job 1 ("a"): with: steps: missing`,
		of("steps", "steps: [{kind: csv}]"):            `f.yaml: job 1 ("a"): with: step 1: with: file: missing`,
		"workers: x\njobs: y":                          "f.yaml:1: cannot unmarshal !!str `x` into int\nf.yaml:2: cannot unmarshal !!str `y` into []jobfile.job",
		ofJob("id: a") + "  - {id: b}":                 `f.yaml: job 1 ("a"): name: missing` + "\n" + `f.yaml: job 2 ("b"): name: missing`,
	} {
		file, err := jobfile.Parse("f.yaml", []byte(yaml), env)
		require.EqualError(t, err, want)
		assert.Empty(t, file)
	}
}
