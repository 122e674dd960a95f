package exceptions_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestServeJobs(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	jobs := decode(t, get(t, h, "/jobs?maxJobs=1"))
	assert.Equal(t, true, jobs["truncated"])
	require.Len(t, jobs["jobs"], 1)
	job := jobs["jobs"].([]any)[0].(object)
	latest := job["latest"].(object)
	assert.Equal(t, "4", latest["id"])
	assert.NotContains(t, latest, "concurrentExceptions")
	delete(job, "latest")
	assert.Equal(t, object{"jobId": "b", "jobName": "job b", "failures": 3.0, "entries": 2.0, "pending": 0.0}, job)
	assert.Len(t, decode(t, get(t, h, "/jobs?failureLabelFilter=team"))["jobs"], 2)
	assert.Len(t, decode(t, get(t, h, "/jobs?jobId=a&jobId=c&jobId=none"))["jobs"], 2)
	assert.Empty(t, decode(t, get(t, h, "/jobs?jobId=none"))["jobs"])
}

func TestServeLabels(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	w := get(t, h, "/labels?failureLabelFilter=type:SYSTEM")
	decode(t, w)
	assert.JSONEq(t, `{"labels":[
		{"key":"team","count":1,"values":[{"value":"y","count":1}]},
		{"key":"type","count":2,"values":[{"value":"SYSTEM","count":2}]}],"truncated":false}`, w.Body.String())
	assert.JSONEq(t, `{"labels":[],"truncated":false}`, get(t, h, "/labels?jobId=c").Body.String())
}

func TestServeLabelsIsBounded(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{MaxExceptions: 1000})
	for i := range 200 {
		labels := enricher.Labels{"same": "x"}
		for k := range 64 {
			labels[fmt.Sprintf("key %02d", k)] = fmt.Sprintf("%03d%s", i, strings.Repeat("x", 1000))
		}
		keep(h, errBoom, enricher.FailureContext{}, labels)
	}
	w := get(t, exceptions.NewHandler(h), "/labels")
	assert.Less(t, w.Body.Len(), 5<<18)
	answer := decode(t, w)
	assert.Equal(t, true, answer["truncated"])
	first := answer["labels"].([]any)[0].(object)
	assert.Equal(t, 200.0, first["count"])
	assert.Equal(t, 100.0, first["valuesDropped"])
	assert.Len(t, first["values"], 100)
	assert.Len(t, h.Labels(exceptions.Query{}), 65)
}

func TestServeListsIsBounded(t *testing.T) {
	t.Parallel()
	history := exceptions.NewHistory(exceptions.Options{MaxMessageLength: 3 << 19, Redact: func(s string) string { return s }})
	text := errors.New(strings.Repeat("x", 3<<19))
	for i := range 13 {
		id := fmt.Sprint(i)
		keep(history, text, enricher.FailureContext{ID: id, JobID: id}, enricher.Labels{"k": id})
	}
	h := exceptions.NewHandler(history)
	for _, path := range []string{"/exceptions?maxExceptions=1000", "/jobs?maxJobs=1000", "/groups?by=k&maxGroups=1000"} {
		seen := map[string]bool{}
		pages := 0
		for cursor := ""; pages == 0 || cursor != ""; pages++ {
			w := get(t, h, path+"&cursor="+cursor)
			assert.Less(t, w.Body.Len(), 19<<20, path)
			answer := decode(t, w)
			if history, ok := answer["exceptionHistory"]; ok {
				answer = history.(object)
			}
			for _, key := range []string{"entries", "jobs", "groups"} {
				items, _ := answer[key].([]any)
				for _, item := range items {
					item := item.(object)
					seen[fmt.Sprint(item["id"], item["jobId"], item["value"])] = true
				}
			}
			cursor, _ = answer["nextCursor"].(string)
			assert.Equal(t, cursor != "", answer["truncated"])
		}
		assert.Len(t, seen, 13, path)
		assert.Equal(t, 2, pages, path)
	}
}

func TestServeExceptionsOfAllJobs(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	all, truncated := historyOf(t, get(t, h, "/exceptions?maxExceptions=4"))
	assert.True(t, truncated)
	var got []string
	for _, e := range all {
		got = append(got, e["id"].(string))
	}
	assert.Equal(t, []string{"4", "3", "2", "1"}, got)
	some, _ := historyOf(t, get(t, h, "/exceptions?jobId=a&failureLabelFilter=type:USER"))
	require.Len(t, some, 1)
	assert.Equal(t, "0", some[0]["id"])
}

func TestServeExceptionsWithAllFields(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	h.ObserveFailure(t.Context(), errBoom, enricher.FailureContext{
		ID: "f", JobID: "j", JobName: "job", Type: enricher.FailureTypeTaskManager, Attempt: 2, MaxAttempts: 3,
		TaskName: "task", TaskManagerID: "tm", Endpoint: "host:1", Time: flinkStart, Attributes: map[string]string{"a": "b"},
	}, enricher.Result{Labels: enricher.Labels{"k": "v"}, Outcomes: []enricher.Outcome{
		{Enricher: "slow", Status: enricher.StatusTimedOut, Err: errBoom},
		{Enricher: "odd", Status: enricher.StatusOK, Issues: []enricher.LabelIssue{{Key: "x", Err: enricher.ErrTooManyLabels}}},
	}})
	keep(h, errBoom, enricher.FailureContext{RootID: "f", ID: "c", JobID: "j", Time: flinkStart}, nil)
	w := get(t, exceptions.NewHandler(h), "/jobs/j/exceptions")
	assert.JSONEq(t, `{"exceptionHistory":{"truncated":false,"entries":[{
		"exceptionName":"*errors.errorString","stacktrace":"boom\n  type: *errors.errorString","timestamp":1700000000000,
		"failureLabels":{"k":"v"},"taskName":"task","endpoint":"host:1","taskManagerId":"tm",
		"concurrentExceptions":[{
			"exceptionName":"*errors.errorString","stacktrace":"boom\n  type: *errors.errorString","timestamp":1700000000000,"failureLabels":{},
			"id":"c","rootId":"f","jobId":"j","jobName":"","message":"boom","failureType":"","labelState":"complete","failedEnrichers":[]}],
		"id":"f","jobId":"j","jobName":"job","message":"boom","failureType":"TASK_MANAGER","attempt":2,"maxAttempts":3,
		"labelState":"incomplete","failedEnrichers":[{"enricher":"slow","status":"timed-out","error":"boom"}],"attributes":{"a":"b"},
		"labelIssues":[{"enricher":"odd","key":"x","error":"too many labels"}]
	}]}}`, w.Body.String())
	text, err := json.Marshal(only(t, h))
	require.NoError(t, err)
	entry, err := json.Marshal(decode(t, w)["exceptionHistory"].(object)["entries"].([]any)[0])
	require.NoError(t, err)
	assert.JSONEq(t, string(entry), string(text), "an Entry as JSON is the same")
	var read exceptions.Entry
	require.NoError(t, json.Unmarshal(text, &read))
	again, err := json.Marshal(read)
	require.NoError(t, err)
	assert.Equal(t, string(text), string(again), "and can be read")
}

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
func TestServeExceptionsAsFlink(t *testing.T) {
	t.Parallel()
	var (
		rootCause = global("exception #0")
		other     = local("exception #1", enricher.Labels{"key": "value"})
		matching  = local("exception #1", enricher.Labels{"key1": "value1", "key3": "value3"})
		not       = local("exception #2", enricher.Labels{"key2": "value2"})
		another   = local("exception #3", enricher.Labels{"key1": "value1", "key3": "value2"})
		nowhere   = flinkFailure{id: "exception #1", task: "task name", labels: enricher.Labels{"key": "value"}}
		four      = []flinkFailure{another, not, matching, rootCause}
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
		{"only failures with all of the labels", four, "maxExceptions=10&failureLabelFilter=key1:value1,key3:value3", []int{2}, false},
		{"the same in two parameters", four, "maxExceptions=10&failureLabelFilter=key1:value1&failureLabelFilter=key3:value3", []int{2}, false},
		{"several failures with the label", four, "maxExceptions=10&failureLabelFilter=key1:value1", []int{2, 0}, false},
		{"the filter comes before the limit", four, "maxExceptions=1&failureLabelFilter=key1:value1", []int{2}, true},
		{"a local failure without a location", []flinkFailure{nowhere}, "maxExceptions=10", []int{0}, false},
		{"cut off by the parameter", []flinkFailure{other, rootCause}, "maxExceptions=1", []int{1}, true},
		{"as many as there are", []flinkFailure{other, rootCause}, "maxExceptions=2", []int{1, 0}, false},
		{"none wanted", []flinkFailure{other, rootCause}, "maxExceptions=0", []int{}, true},
		{"with concurrent failures", []flinkFailure{local("root", nil, local("c1", enricher.Labels{"c": "1"}), local("c2", nil))}, "", []int{0}, false},
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
		})
	}
}

func TestServeExceptionsLimitsAsFlink(t *testing.T) {
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
