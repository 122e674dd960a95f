package exceptions_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A flinkFailure is an entry of the history that Flink's tests of this endpoint
// set up: global ones have neither task nor location, and no labels.
type flinkFailure struct {
	id, task, endpoint, taskManager string
	labels                          enricher.Labels
	concurrent                      []flinkFailure
}

func global(id string) flinkFailure { return flinkFailure{id: id} }

func local(id string, labels enricher.Labels, concurrent ...flinkFailure) flinkFailure {
	return flinkFailure{id, "task name", "localhost:41", "tm-1", labels, concurrent}
}

// flinkStart is when the first of them happened.
var flinkStart = time.UnixMilli(1_700_000_000_000)

// flinkHistory records failures, the oldest first, for the job "job".
func flinkHistory(failures ...flinkFailure) *exceptions.History {
	h := exceptions.NewHistory(exceptions.Options{MaxExceptions: 100})
	n := 0
	add := func(f flinkFailure, root string) {
		fc := enricher.FailureContext{
			ID: f.id, RootID: root, JobID: "job", TaskName: f.task, Endpoint: f.endpoint, TaskManagerID: f.taskManager,
			Type: enricher.FailureTypeTask, Attempt: 1, Attributes: map[string]string{"a": "b"},
			Time: flinkStart.Add(time.Duration(n) * time.Millisecond),
		}
		n++
		keep(h, &fs.PathError{Op: "read", Path: f.id, Err: errBoom}, fc, f.labels)
	}
	for _, f := range failures {
		add(f, "")
		for _, c := range f.concurrent {
			add(c, f.id)
		}
	}
	return h
}

// flinkEntry returns what Flink answers for f, the nth failure there was.
func flinkEntry(f flinkFailure, n int) object {
	labels := object{}
	for key, value := range f.labels {
		labels[key] = value
	}
	text := "read " + f.id + ": boom"
	e := object{
		"exceptionName": "*fs.PathError",
		"stacktrace":    text + "\n  type: *fs.PathError\n  caused by: *errors.errorString: boom",
		"timestamp":     float64(flinkStart.UnixMilli() + int64(n)),
		"failureLabels": labels,
	}
	for key, value := range map[string]string{"taskName": f.task, "endpoint": f.endpoint, "taskManagerId": f.taskManager} {
		if value != "" {
			e[key] = value
		}
	}
	return e
}

// The cases are those of Flink's tests of this endpoint.
func TestTheAnswerIsFlinks(t *testing.T) {
	t.Parallel()
	var (
		rootCause = global("exception #0")
		other     = local("exception #1", enricher.Labels{"key": "value"})
		matching  = local("exception #1", enricher.Labels{"key1": "value1", "key3": "value3"})
		not       = local("exception #2", enricher.Labels{"key2": "value2"})
		another   = local("exception #3", enricher.Labels{"key1": "value1", "key3": "value2"})
		nowhere   = flinkFailure{id: "exception #1", task: "task name", labels: enricher.Labels{"key": "value"}}
	)
	for _, c := range []struct {
		name      string
		failures  []flinkFailure // oldest first
		query     string
		want      []int // which of them, newest first
		truncated bool
	}{
		{"only the root cause", []flinkFailure{rootCause}, "maxExceptions=10", []int{0}, false},
		{"no failure with the label", []flinkFailure{rootCause}, "maxExceptions=10&failureLabelFilter=key:value", []int{}, false},
		{"a global and a local failure", []flinkFailure{other, rootCause}, "maxExceptions=10", []int{1, 0}, false},
		{
			"only failures with all of the labels",
			[]flinkFailure{another, not, matching, rootCause},
			"maxExceptions=10&failureLabelFilter=key1:value1,key3:value3",
			[]int{2},
			false,
		},
		{
			"the same in two parameters",
			[]flinkFailure{another, not, matching, rootCause},
			"maxExceptions=10&failureLabelFilter=key1:value1&failureLabelFilter=key3:value3",
			[]int{2},
			false,
		},
		{
			"several failures with the label",
			[]flinkFailure{another, not, matching, rootCause},
			"maxExceptions=10&failureLabelFilter=key1:value1",
			[]int{2, 0},
			false,
		},
		{
			"the filter comes before the limit",
			[]flinkFailure{another, not, matching, rootCause},
			"maxExceptions=1&failureLabelFilter=key1:value1",
			[]int{2},
			true,
		},
		{"a local failure without a location", []flinkFailure{nowhere}, "maxExceptions=10", []int{0}, false},
		{"cut off by the parameter", []flinkFailure{other, rootCause}, "maxExceptions=1", []int{1}, true},
		{"as many as there are", []flinkFailure{other, rootCause}, "maxExceptions=2", []int{1, 0}, false},
		{"none wanted", []flinkFailure{other, rootCause}, "maxExceptions=0", []int{}, true},
		{
			"with concurrent failures",
			[]flinkFailure{local("root", nil, local("c1", enricher.Labels{"c": "1"}), local("c2", nil))},
			"",
			[]int{0},
			false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := exceptions.NewHandler(flinkHistory(c.failures...))
			got, truncated := historyOf(t, get(t, h, "/jobs/job/exceptions?format=flink&"+c.query))
			assert.Equal(t, c.truncated, truncated)
			want := []object{}
			for _, i := range c.want {
				e := flinkEntry(c.failures[i], i)
				concurrent := []any{}
				for k, f := range c.failures[i].concurrent {
					concurrent = append(concurrent, flinkEntry(f, i+1+k))
				}
				e["concurrentExceptions"] = concurrent
				want = append(want, e)
			}
			assert.Equal(t, want, got)

			// Without format=flink, all of that is there, and more.
			full, truncated := historyOf(t, get(t, h, "/jobs/job/exceptions?"+c.query))
			assert.Equal(t, c.truncated, truncated)
			require.Len(t, full, len(want))
			for i := range full {
				assert.Subset(t, without(full[i], "concurrentExceptions"), without(want[i], "concurrentExceptions"))
				assert.Len(t, full[i]["concurrentExceptions"], len(want[i]["concurrentExceptions"].([]any)))
				assert.Contains(t, full[i], "labelState")
			}
		})
	}
}

func without(o object, key string) object {
	out := object{}
	for k, v := range o {
		if k != key {
			out[k] = v
		}
	}
	return out
}

func TestTheNumberOfExceptionsIsLimitedAsInFlink(t *testing.T) {
	t.Parallel()
	var failures []flinkFailure
	for i := range 25 {
		failures = append(failures, global(fmt.Sprint(i)))
	}
	h := exceptions.NewHandler(flinkHistory(failures...))
	for query, want := range map[string]int{
		"":                          20,
		"?maxExceptions=10":         10,
		"?maxExceptions=%2B10":      10,
		"?maxExceptions=25":         25,
		"?maxExceptions=30":         25,
		"?maxExceptions=2147483647": 25,
	} {
		got, truncated := historyOf(t, get(t, h, "/jobs/job/exceptions"+query))
		assert.Len(t, got, want, query)
		assert.Equal(t, want < 25, truncated, query)
	}
}

// Flink answers these with 400 as well, but for the negative one, which it does
// not survive.
func TestFlinksMistakesAreMistakesHere(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(flinkHistory(global("0")))
	for query, want := range map[string]string{
		"maxExceptions=x":                 `maxExceptions: "x" is not a whole number from 0 to 2147483647`,
		"maxExceptions=":                  `maxExceptions: "" is not a whole number from 0 to 2147483647`,
		"maxExceptions=1.5":               `maxExceptions: "1.5" is not a whole number from 0 to 2147483647`,
		"maxExceptions=2147483648":        `maxExceptions: "2147483648" is not a whole number from 0 to 2147483647`,
		"maxExceptions=-1":                `maxExceptions: "-1" is not a whole number from 0 to 2147483647`,
		"maxExceptions=1,2":               `maxExceptions: "1,2" is not a whole number from 0 to 2147483647`,
		"maxExceptions=1&maxExceptions=2": `maxExceptions: may be given once, not 2 times`,
	} {
		assert.Equal(t, []string{want}, errorsOf(t, get(t, h, "/jobs/job/exceptions?"+query), http.StatusBadRequest))
	}
	got := errorsOf(t, get(t, h, "/jobs/job/exceptions?failureLabelFilter=:value"), http.StatusBadRequest)
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "failureLabelFilter: a label key is missing")
}

func TestAPendingFailureHasEmptyLabels(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	release := make(chan struct{})
	future := h.EnrichAsync(t.Context(), newEnricher(t, waitFor(release), []string{"k"}), errBoom, enricher.FailureContext{JobID: "job"})
	handler := exceptions.NewHandler(h)
	pending, _ := historyOf(t, get(t, handler, "/jobs/job/exceptions?format=flink"))
	assert.Equal(t, object{}, pending[0]["failureLabels"])
	full, _ := historyOf(t, get(t, handler, "/jobs/job/exceptions"))
	assert.Equal(t, "pending", full[0]["labelState"])
	close(release)
	future.Result()
	done, _ := historyOf(t, get(t, handler, "/jobs/job/exceptions?format=flink"))
	assert.Equal(t, object{"k": "v"}, done[0]["failureLabels"])
}

func TestFiltersBeyondFlinks(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(flinkHistory(
		local("0", enricher.Labels{"url": "http://x:1/", "empty": ""}),
		local("1", enricher.Labels{"text": `a, "b"`}),
	))
	for filter, want := range map[string]int{
		"url:http://x:1/":           1,
		"empty:":                    1,
		`text:"a, \"b\""`:           1,
		"url":                       1,
		"!url":                      1,
		"!url:http://x:1/":          1,
		"!none":                     2,
		"":                          2,
		"url:http://x:1/,empty:":    1,
		`!text:"a, \"b\"",!empty:x`: 1,
	} {
		got, _ := historyOf(t, get(t, h, "/jobs/job/exceptions?failureLabelFilter="+url.QueryEscape(filter)))
		assert.Len(t, got, want, filter)
	}
}
