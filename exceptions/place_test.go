package exceptions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestHistoryRemovesTheOldestFailureOfAJob(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	for i := range 20 {
		keep(h, errBoom, enricher.FailureContext{ID: fmt.Sprint(i), JobID: "a"}, nil)
	}
	keep(h, errBoom, enricher.FailureContext{ID: "b", JobID: "b"}, nil)
	a, _ := h.Entries(exceptions.Query{JobIDs: []string{"a"}})
	require.Len(t, a, 16, "by default as many as in Flink")
	assert.Equal(t, "19", a[0].ID)
	assert.Equal(t, "4", a[15].ID)
	jobs, _ := h.Jobs(exceptions.Query{})
	require.Len(t, jobs, 2)
	assert.Equal(t, uint64(20), jobs[1].Failures, "also those that are gone")
	assert.Equal(t, 16, jobs[1].Entries)
}

func TestHistoryRemovesInTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{MaxExceptions: 2})
	now := time.Now()
	keep(h, errBoom, enricher.FailureContext{ID: "future", Time: now.Add(time.Hour)}, nil)
	keep(h, errBoom, enricher.FailureContext{ID: "past", Time: now.Add(-time.Hour)}, nil)
	assert.Equal(t, []string{"future", "past"}, ids(entries(h)))
	keep(h, errBoom, enricher.FailureContext{ID: "now", Time: now}, nil)
	assert.Equal(t, []string{"now", "past"}, ids(entries(h)))
}

func TestHistoryRemovesTheJobWithTheOldestLastFailure(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{MaxJobs: 2})
	for _, job := range []string{"a", "b", "a", "c"} {
		keep(h, errBoom, enricher.FailureContext{JobID: job, JobName: "job " + job}, nil)
	}
	jobs, truncated := h.Jobs(exceptions.Query{})
	require.Len(t, jobs, 2)
	assert.False(t, truncated)
	assert.Equal(t, "c", jobs[0].ID)
	assert.Equal(t, "a", jobs[1].ID)
	assert.Equal(t, "job a", jobs[1].Name)
	assert.Equal(t, uint64(2), jobs[1].Failures)
	keep(h, errBoom, enricher.FailureContext{JobID: "b"}, nil)
	jobs, _ = h.Jobs(exceptions.Query{JobIDs: []string{"b"}})
	require.Len(t, jobs, 1)
	assert.Equal(t, uint64(1), jobs[0].Failures, "a job that comes back begins anew")
}

func TestEntryIsBounded(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	huge := strings.Repeat("x", 1<<20)
	many := map[string]string{}
	outcomes := []enricher.Outcome{}
	for i := range 1100 {
		many[fmt.Sprintf("%04d%s", i, huge[:i])] = huge[:5000]
		outcomes = append(outcomes, enricher.Outcome{
			Enricher: huge, Status: enricher.StatusFailed, Err: errors.New(huge), Issues: []enricher.LabelIssue{{Key: huge, Err: errors.New(huge)}},
		})
	}
	h.ObserveFailure(t.Context(), errors.New(huge), enricher.FailureContext{
		ID: huge, JobID: huge, JobName: huge, TaskName: huge, TaskManagerID: huge, Endpoint: huge, RootID: huge + "y", Attributes: many,
	}, enricher.Result{Labels: many, Outcomes: outcomes})
	e := only(t, h)
	for _, name := range []string{e.ID, e.JobID, e.JobName, e.TaskName, e.TaskManagerID, e.Endpoint, e.FailedEnrichers[0].Enricher} {
		assert.Len(t, name, 256)
	}
	assert.Len(t, e.Message, 4096)
	assert.LessOrEqual(t, len(e.Stacktrace), 16384)
	assert.Len(t, e.FailedEnrichers, 64)
	assert.Len(t, e.FailedEnrichers[0].Error, 4096)
	assert.Equal(t, 1100-64, e.FailedEnrichersDropped)
	require.Len(t, e.LabelIssues, 64)
	assert.Equal(t, [3]int{256, 128, 4096}, [3]int{len(e.LabelIssues[0].Enricher), len(e.LabelIssues[0].Key), len(e.LabelIssues[0].Error)})
	assert.Equal(t, 1100-64, e.LabelIssuesDropped)
	assert.Equal(t, 1100-256, e.AttributesDropped)
	assert.Equal(t, 1100-1024, e.LabelsDropped)
	answer := get(t, exceptions.NewHandler(h), "/exceptions").Body.String()
	assert.Contains(t, answer, `"labelsDropped":76,"attributesDropped":844,"failedEnrichersDropped":1036`)
	for most, kept := range map[int]map[string]string{256: e.Attributes, 1024: e.Labels} {
		assert.Len(t, kept, most)
		for i := range most {
			key := fmt.Sprintf("%04d", i) + huge[:i]
			if len(key) > 128 {
				continue // its beginning and a hash
			}
			assert.Len(t, kept[key], 4096, "the first in the order of their keys")
		}
		for key := range kept {
			assert.LessOrEqual(t, len(key), 128)
		}
	}
}

func TestEntryWithAnUnknownTypeCanBeRead(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	for typ, want := range map[enricher.FailureType]enricher.FailureType{
		enricher.FailureTypeTaskManager: enricher.FailureTypeTaskManager, enricher.FailureTypeTaskManager + 1: 0, 255: 0,
	} {
		keep(h, errBoom, enricher.FailureContext{Type: typ}, nil)
		text, err := json.Marshal(entries(h)[0])
		require.NoError(t, err)
		var e exceptions.Entry
		require.NoError(t, json.Unmarshal(text, &e))
		assert.Equal(t, want, e.Type)
	}
}

func TestEntryIDsStayDifferentWhenCut(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	long := strings.Repeat("é", 1000)
	keep(h, errBoom, enricher.FailureContext{JobID: long + "1"}, nil)
	keep(h, errBoom, enricher.FailureContext{JobID: long + "2"}, nil)
	jobs, _ := h.Jobs(exceptions.Query{})
	require.Len(t, jobs, 2)
	one, _ := h.Entries(exceptions.Query{JobIDs: []string{long + "1"}})
	require.Len(t, one, 1)
	assert.LessOrEqual(t, len(one[0].JobID), 256)
	again, _ := h.Entries(exceptions.Query{JobIDs: []string{one[0].JobID}})
	assert.Equal(t, one, again, "also found by the ID as it is shown")
}

// The history is hammered by writers of every kind and readers of every kind,
// and keeps its bounds at every moment.
func TestHistoryKeepsItsBoundsUnderLoad(t *testing.T) {
	t.Parallel()
	opts := exceptions.Options{MaxExceptions: 5, MaxJobs: 4, MaxConcurrentExceptions: 3, MaxEvents: 32, MaxMessageLength: 64, MaxStackLength: 256}
	h := exceptions.NewHistory(opts)
	e, err := enricher.New(enricher.Config{MaxPending: 64}, enricher.WithObserver(h),
		enricher.WithEnricher("test", enricher.Func([]string{"k"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			if fc.Attempt%7 == 0 {
				return nil, errBoom
			}
			return enricher.Labels{"k": fc.JobID}, nil
		})))
	require.NoError(t, err)
	handler := exceptions.NewHandler(h)
	const writers, readers, failures = 8, 8, 400
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writing, reading sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for i := range failures {
				fc := enricher.FailureContext{JobID: fmt.Sprint(r.IntN(8)), Attempt: i}
				if r.IntN(2) == 0 {
					fc.ID = fmt.Sprint(r.IntN(50))
				}
				if r.IntN(2) == 0 {
					fc.RootID = fmt.Sprint(r.IntN(50))
				}
				cause := fmt.Errorf("%s: %w", strings.Repeat("x", r.IntN(200)), errBoom)
				switch r.IntN(3) {
				case 0:
					h.Enrich(ctx, e, cause, fc)
				case 1:
					h.EnrichAsync(ctx, e, cause, fc)
				default:
					e.EnrichContext(ctx, cause, fc)
				}
			}
		})
	}
	for r := range readers {
		reading.Go(func() {
			if r == 0 {
				last := uint64(0)
				for ev := range h.Follow(ctx, exceptions.FollowOptions{}) {
					if ev.Seq <= last && !(ev.Kind == exceptions.EventLost && ev.Seq == last) {
						t.Errorf("event %d after %d", ev.Seq, last)
					}
					last = ev.Seq
				}
				return
			}
			for ctx.Err() == nil {
				check(t, h, opts)
				get(t, handler, "/exceptions?maxExceptions=100&failureLabelFilter=k")
				get(t, handler, "/jobs")
				h.Labels(exceptions.Query{})
			}
		})
	}
	writing.Wait()
	require.NoError(t, e.Shutdown(t.Context()))
	check(t, h, opts)
	jobs, _ := h.Jobs(exceptions.Query{})
	require.Len(t, jobs, opts.MaxJobs)
	for _, job := range jobs {
		assert.Zero(t, job.Pending)
	}
	said, counted := exceptions.Bytes(h)
	assert.Equal(t, counted, said)
	stop()
	reading.Wait()
}

// check reports whether h keeps its bounds.
func check(t *testing.T, h *exceptions.History, opts exceptions.Options) {
	all := entries(h)
	perJob := map[string]int{}
	seen := map[string]bool{}
	one := func(e exceptions.Entry) {
		perJob[e.JobID] += 0
		if seen[e.ID] {
			t.Errorf("ID %q twice", e.ID)
		}
		seen[e.ID] = true
		if len(e.Message) > opts.MaxMessageLength || len(e.Stacktrace) > opts.MaxStackLength {
			t.Errorf("%d and %d bytes of text", len(e.Message), len(e.Stacktrace))
		}
		if e.LabelState == exceptions.StateComplete && e.Labels["k"] != e.JobID {
			t.Errorf("complete with labels %v", e.Labels)
		}
		if e.LabelState == exceptions.StateIncomplete && len(e.FailedEnrichers) != 1 {
			t.Errorf("incomplete without a reason")
		}
	}
	for _, e := range all {
		one(e)
		perJob[e.JobID]++
		if len(e.Concurrent) > opts.MaxConcurrentExceptions {
			t.Errorf("%d concurrent failures", len(e.Concurrent))
		}
		for _, c := range e.Concurrent {
			one(c)
			if c.RootID != e.ID || c.JobID != e.JobID {
				t.Errorf("%q of job %q is under %q of job %q, and says %q", c.ID, c.JobID, e.ID, e.JobID, c.RootID)
			}
		}
	}
	if len(perJob) > opts.MaxJobs {
		t.Errorf("%d jobs", len(perJob))
	}
	for job, n := range perJob {
		if n > opts.MaxExceptions {
			t.Errorf("%d failures of job %s", n, job)
		}
	}
}

// shape returns the failures and those under them, as in "a(b c) d", the oldest first.
func shape(h *exceptions.History) string {
	var out []string
	for _, e := range slices.Backward(entries(h)) {
		text := e.ID
		if len(e.Concurrent) > 0 {
			text += "(" + strings.Join(ids(e.Concurrent), " ") + ")"
		}
		if e.ConcurrentDropped > 0 {
			text += fmt.Sprintf("+%d", e.ConcurrentDropped)
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func TestConcurrentFailuresAreUnderTheirRoot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		opts     exceptions.Options
		failures string // id or id<root
		want     string
	}{
		{"the root comes first", exceptions.Options{}, "a b<a c<a", "a(b c)"},
		{"the root comes later", exceptions.Options{}, "b<a c<a a", "a(b c)"},
		{"the root comes in between", exceptions.Options{}, "b<a a c<a", "a(b c)"},
		{"the root never comes", exceptions.Options{}, "b<a c<x", "b c"},
		{"a root of a root", exceptions.Options{}, "a b<a c<b", "a(b c)"},
		{"a root of a root, backwards", exceptions.Options{}, "c<b b<a a", "a(c b)"},
		{"a root under which something waits", exceptions.Options{}, "c<b a b<a", "a(c b)"},
		{"its own root", exceptions.Options{}, "a<a b<a", "a(b)"},
		{"its own root, twice", exceptions.Options{}, "a<a a<a", "a a~"},
		{"each the root of the other", exceptions.Options{}, "a<b b<a c<b", "a(b c)"},
		{"a cycle of three", exceptions.Options{}, "a<b b<c c<a", "b(a c)"},
		{"an ID given twice: the latest is meant", exceptions.Options{}, "a a b<a", "a a~(b)"},
		{"the root is evicted", exceptions.Options{MaxExceptions: 2}, "a b c d<a", "c d"},
		{"those under it go with it", exceptions.Options{MaxExceptions: 2}, "a b<a c d", "c d"},
		{"those under it do not count", exceptions.Options{MaxExceptions: 2}, "a b<a c<a d", "a(b c) d"},
		{"an orphan goes before its root comes", exceptions.Options{MaxExceptions: 1}, "b<a c a", "a"},
		{"the oldest under it goes first", exceptions.Options{MaxConcurrentExceptions: 2}, "a b<a c<a d<a", "a(c d)+1"},
		{"none may be under it; the root of c was removed", exceptions.Options{MaxConcurrentExceptions: -1}, "a b<a c<b d<a", "a+2 c"},
		{"dropped ones move along", exceptions.Options{MaxConcurrentExceptions: 1}, "b<a c<b d<b a", "a(d)+2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := exceptions.NewHistory(c.opts)
			for f := range strings.FieldsSeq(c.failures) {
				id, root, _ := strings.Cut(f, "<")
				keep(h, errBoom, enricher.FailureContext{ID: id, RootID: root, JobID: "j"}, nil)
			}
			got := shape(h)
			if strings.Contains(c.want, "~") { // the suffix of an ID that is given twice is not fixed
				for _, e := range entries(h) {
					if head, _, ok := strings.Cut(e.ID, "~"); ok {
						got = strings.ReplaceAll(got, e.ID, head+"~")
					}
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestConcurrentFailuresHaveLabelsOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	keep(h, errBoom, enricher.FailureContext{ID: "b", RootID: "a"}, enricher.Labels{"of": "b"})
	keep(h, errBoom, enricher.FailureContext{ID: "a"}, enricher.Labels{"of": "a"})
	h.Enrich(t.Context(), always(t, enricher.Labels{"of": "c"}), errBoom, enricher.FailureContext{ID: "c", RootID: "b"})
	root := only(t, h)
	assert.Equal(t, enricher.Labels{"of": "a"}, root.Labels)
	assert.Empty(t, root.RootID)
	require.Equal(t, []string{"b", "c"}, ids(root.Concurrent))
	for _, c := range root.Concurrent {
		assert.Equal(t, enricher.Labels{"of": c.ID}, c.Labels)
		assert.Equal(t, "a", c.RootID, "the one that it is under")
		assert.Nil(t, c.Concurrent, "there is no nesting")
	}
}

func TestConcurrentFailuresAreOfOneJob(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	keep(h, errBoom, enricher.FailureContext{ID: "a", JobID: "1"}, nil)
	keep(h, errBoom, enricher.FailureContext{ID: "b", RootID: "a", JobID: "2"}, nil)
	assert.Equal(t, "a b", shape(h), "otherwise who looks at job 2 would see nothing")
}

func TestConcurrentFailuresGetTheirLabelsAfterTheyMoved(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	release := make(chan struct{})
	e := newEnricher(t, waitFor(release), []string{"k"})
	moved := h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{ID: "b", RootID: "a", JobID: "j"})
	keep(h, errBoom, enricher.FailureContext{ID: "a", JobID: "j"}, nil)
	assert.Equal(t, exceptions.StatePending, only(t, h).Concurrent[0].LabelState)
	jobs, _ := h.Jobs(exceptions.Query{})
	assert.Equal(t, 1, jobs[0].Pending)
	close(release)
	moved.Result()
	got := only(t, h).Concurrent[0]
	assert.Equal(t, enricher.Labels{"k": "v"}, got.Labels)
	assert.Equal(t, "a", got.RootID)
	jobs, _ = h.Jobs(exceptions.Query{})
	assert.Zero(t, jobs[0].Pending)
	assert.Equal(t, uint64(2), jobs[0].Failures)
	assert.Equal(t, 1, jobs[0].Entries)
}
