package jobfile_test

import (
	"io"
	"os"
	"strings"
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

func TestAJobFileSaysWhatToRun(t *testing.T) {
	t.Parallel()
	file, err := jobfile.Parse("jobs.yaml", []byte(`
workers: 7
defaults: {attempts: 3, backoff: {initial: 2s}}
jobs:
  - id: index
    name: Rebuild index 索引
    attributes: {team: search}
    kind: command
    with: {command: ["${self}", exit, 3, "$${kept} $x"]}
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
		Task:       task.Command{Args: []string{"/bin/jm", "exit", "3", "${kept} $x"}},
		Attempts:   2,
		Deadline:   90 * time.Second,
		Backoff:    manager.Backoff{Initial: 100 * time.Millisecond, Max: 200 * time.Millisecond},
	}, file.Jobs[0])
	assert.Equal(t, manager.Job{
		ID:         "get",
		Name:       "Get",
		Attributes: map[string]string{},
		Task:       task.HTTP{URL: "http://127.0.0.1:1/a?b=c"},
		Attempts:   3,
		Deadline:   time.Minute,
		Backoff:    manager.Backoff{Initial: 2 * time.Second, Max: time.Minute},
	}, file.Jobs[1])
	for i, want := range []string{"csv a.csv", "primes below 1000", "percentile 50", "1 steps"} {
		assert.Equal(t, want, file.Jobs[i+2].Task.String())
	}
}

func TestAJobFileThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	const fine = "id: a, name: A, kind: csv, with: {file: a.csv}"
	ofJob := func(fields string) string { return "jobs:\n  - {" + fields + "}\n" }
	tests := map[string]struct {
		yaml string
		want string // lines
	}{
		"empty":                 {"", "f.yaml:1: jobs: missing"},
		"comments only":         {"# jobs", "f.yaml:1: jobs: missing"},
		"a text":                {"hello", `f.yaml:1: got "hello": want the keys workers, defaults and jobs`},
		"a list":                {"\n- a", "f.yaml:2: got a list: want the keys workers, defaults and jobs"},
		"not YAML":              {"workers: 1\njobs: [", "f.yaml:2: not a YAML file: did not find expected node content"},
		"binary":                {"\x00\x01", "f.yaml: not a YAML file: control characters are not allowed"},
		"not UTF-8":             {"\xff\xfe\xfd", "f.yaml: not a YAML file: incomplete UTF-16 character"},
		"two documents":         {"jobs: []\n---\njobs: []", "f.yaml:2: got a second YAML document: want one"},
		"an anchor in a circle": {"jobs: &a [*a]", "f.yaml:1: job 1: got an alias: want keys and values, such as id and name"},
		"huge":                  {strings.Repeat("#", jobfile.MaxSize+1), "f.yaml: more than 1024 KiB"},
		"no jobs":               {"jobs: []", "f.yaml:1: jobs: got 0 items: want 1 to 10000"},
		"jobs are no list":      {"jobs: {a: b}", "f.yaml:1: jobs: got keys and values: want a list"},
		"a job is a text":       {"jobs:\n  - a", `f.yaml:2: job 1: got "a": want keys and values, such as id and name`},
		"an unknown key":        {"worker: 3\n" + ofJob(fine), "f.yaml:1: worker: unknown key: want one of workers, defaults, jobs"},
		"a key given twice":     {"workers: 3\nworkers: 4\n" + ofJob(fine), "f.yaml:2: workers: given twice, first in line 1"},
		"a merge key":           {"defaults: {<<: {}}\n" + ofJob(fine), "f.yaml:1: defaults: <<: want a plain key"},
		"too many workers":      {"workers: 1025\n" + ofJob(fine), `f.yaml:1: workers: got "1025": want a whole number from 1 to 1024`},
		"no workers":            {"workers: 0\n" + ofJob(fine), `f.yaml:1: workers: got "0": want a whole number from 1 to 1024`},
		"workers as text":       {"workers: '3'\n" + ofJob(fine), `f.yaml:1: workers: got "3": want a whole number from 1 to 1024`},
		"half a worker":         {"workers: 1.5\n" + ofJob(fine), `f.yaml:1: workers: got "1.5": want a whole number from 1 to 1024`},
		"a number too large":    {"workers: 99999999999999999999\n" + ofJob(fine), `f.yaml:1: workers: got "99999999999999999999": want a whole number from 1 to 1024`},

		"no ID":               {ofJob("name: A, kind: csv, with: {file: a}"), "f.yaml:2: job 1: id: missing"},
		"a bad ID":            {ofJob("id: A/b, name: A, kind: csv, with: {file: a}"), `f.yaml:2: job 1: id: got "A/b": want at most 64 of a-z, 0-9, '.', '_' and '-'`},
		"an ID that is taken": {ofJob(fine) + "  - {" + fine + "}", `f.yaml:3: job 2: id: "a" is taken by the job in line 2`},
		"no name":             {ofJob("id: a, kind: csv, with: {file: a}"), `f.yaml:2: job "a": name: missing`},
		"an empty name":       {ofJob("id: a, name: ' ', kind: csv, with: {file: a}"), `f.yaml:2: job "a": name: empty`},
		"a name in two lines": {ofJob(`id: a, name: "a\nb", kind: csv, with: {file: a}`), `f.yaml:2: job "a": name: got "a\nb": want one line without control characters`},
		"an endless name":     {ofJob("id: a, kind: csv, with: {file: a}, name: " + strings.Repeat("x", 201)), `f.yaml:2: job "a": name: got 201 characters: want at most 200`},
		"a list as a name":    {ofJob("id: a, name: [a], kind: csv, with: {file: a}"), `f.yaml:2: job "a": name: got a list: want a text`},
		"no kind":             {ofJob("id: a, name: A"), `f.yaml:2: job "a": kind: missing`},
		"an unknown kind":     {ofJob("id: a, name: A, kind: htpp"), `f.yaml:2: job "a": kind: unknown kind "htpp": want one of command, csv, http, percentile, primes, steps`},
		"attempts below zero": {ofJob(fine + ", attempts: -1"), `f.yaml:2: job "a": attempts: got "-1": want a whole number from 1 to 100`},
		"too many attempts":   {ofJob(fine + ", attempts: 101"), `f.yaml:2: job "a": attempts: got "101": want a whole number from 1 to 100`},
		"a deadline below 0":  {ofJob(fine + ", deadline: -1s"), `f.yaml:2: job "a": deadline: got "-1s": want a duration from 1ms to 24h0m0s, such as 1.5s`},
		"a deadline in no unit": {
			ofJob(fine + ", deadline: 10"), `f.yaml:2: job "a": deadline: got "10": want a duration from 1ms to 24h0m0s, such as 1.5s`,
		},
		"a backoff that shrinks": {
			ofJob(fine + ", backoff: {initial: 2s, max: 1s}"), `f.yaml:2: job "a": backoff: max: got "1s": want a duration from 2s to 24h0m0s, such as 1.5s`,
		},
		"attributes as a list": {ofJob(fine + ", attributes: [a]"), `f.yaml:2: job "a": attributes: got a list: want keys and values`},

		"no command":          {ofJob("id: a, name: A, kind: command"), `f.yaml:2: job "a": with: command: missing`},
		"an empty command":    {ofJob("id: a, name: A, kind: command, with: {command: []}"), `f.yaml:2: job "a": with: command: got 0 items: want 1 to 1000`},
		"an unknown variable": {ofJob(`id: a, name: A, kind: command, with: {command: ["${HOME}"]}`), `f.yaml:2: job "a": with: command: item 1: unknown variable ${HOME}: want ${self}, ${server}`},
		"an unknown option":   {ofJob("id: a, name: A, kind: csv, with: {file: a, dir: b}"), `f.yaml:2: job "a": with: dir: unknown key: want one of file`},
		"no URL":              {ofJob("id: a, name: A, kind: http, with: {url: /a}"), `f.yaml:2: job "a": with: url: got "/a": want a URL that begins with http:// or https://`},
		"no limit":            {ofJob("id: a, name: A, kind: primes"), `f.yaml:2: job "a": with: below: missing`},
		"a percent too many":  {ofJob("id: a, name: A, kind: percentile, with: {samples: [1], percent: 101}"), `f.yaml:2: job "a": with: percent: got "101": want a whole number from 0 to 100`},
		"a sample of none":    {ofJob("id: a, name: A, kind: percentile, with: {samples: [.nan], percent: 1}"), `f.yaml:2: job "a": with: samples: item 1: got ".nan": want a number`},
		"steps in steps":      {ofJob("id: a, name: A, kind: steps, with: {steps: [{kind: steps}]}"), `f.yaml:2: job "a": with: steps: item 1: kind: steps cannot be made of steps`},
		"several errors": {
			"workers: x\n" + ofJob("id: a, kind: csv"), `f.yaml:1: workers: got "x": want a whole number from 1 to 1024` +
				"\n" + `f.yaml:3: job "a": name: missing` + "\n" + `f.yaml:3: job "a": with: file: missing`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := jobfile.Parse("f.yaml", []byte(tt.yaml), env)
			require.EqualError(t, err, tt.want)
			assert.Empty(t, file, "nothing of it is returned")
		})
	}
}

func TestOnlySoManyErrorsAreNamed(t *testing.T) {
	t.Parallel()
	_, err := jobfile.Parse("f.yaml", []byte("jobs:"+strings.Repeat("\n  - x", 25)), env)
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 11)
	assert.Equal(t, "f.yaml: and 15 more", lines[10])
}

func FuzzParse(f *testing.F) {
	f.Add("workers: 1\njobs:\n  - {id: a, name: A, kind: csv, with: {file: a}}")
	f.Add("jobs: &a [*a]")
	f.Add("? [a]\n: b")
	f.Add("defaults: {<<: *x}")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := jobfile.Parse("f.yaml", []byte(text), env)
		if err != nil {
			if len(file.Jobs) > 0 || !strings.HasPrefix(err.Error(), "f.yaml") {
				t.Fatalf("%v, and %d jobs", err, len(file.Jobs))
			}
			return
		}
		for _, job := range file.Jobs {
			if job.ID == "" || job.Name == "" || job.Task == nil || job.Attempts < 1 || job.Deadline <= 0 {
				t.Fatalf("%+v", job)
			}
		}
	})
}
