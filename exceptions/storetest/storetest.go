// Package storetest tests implementations of [exceptions.Store].
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) exceptions.Store { ... })
//	}
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// Run tests a store. open returns an empty one that keeps at least 1,000 failures of a
// job, and lists at least 8 under another; it is called once for each subtest.
func Run(t *testing.T, open func(t *testing.T) exceptions.Store) {
	for _, c := range []struct {
		name string
		test func(s *store)
	}{
		{"Append keeps every field", testFields},
		{"Append keeps two failures with one ID", testSameID},
		{"Append sets labels once they are known", testLabels},
		{"Append puts failures under their roots", testRoots},
		{"Failures are found by time, to the millisecond", testTimes},
		{"Failures are found by words", testWords},
		{"Failures are found by labels and jobs", testFilters},
		{"Cursors lead through everything once", testCursors},
		{"Cursors are of one method and query", testOtherCursors},
		{"Groups say what is new and what came back", testStates},
		{"Groups count a missing label as empty", testMissingLabel},
		{"Histograms begin and end with the query, or its failures", testAxis},
		{"Resolve says that a job works again", testResolve},
		{"Delete removes a job", testDelete},
		{"Changes miss nothing", testChanges},
		{"Answers are the caller's", testOwnership},
		{"Calls return when their context has ended", testContext},
		{"Calls may be concurrent", testConcurrent},
		{"Histories keep a failure that passes several layers once", testLayers},
		{"Answers are those of the store in memory", testModel},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(&store{t: t, Store: open(t)}) })
	}
}

// start is when the first failures of the tests happen.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A store is one under test. Its methods fail the test if the store fails.
type store struct {
	exceptions.Store
	t    *testing.T
	keys int
}

// record returns a failure.
func (s *store) record(e exceptions.Entry) exceptions.Record {
	s.keys++
	if e.Time.IsZero() {
		e.Time = start.Add(time.Duration(s.keys) * time.Minute)
	}
	if e.Labels == nil {
		e.Labels = enricher.Labels{}
	}
	if e.Attributes == nil {
		e.Attributes = map[string]string{}
	}
	if e.ID == "" {
		e.ID = fmt.Sprintf("id-%d", s.keys)
	}
	return exceptions.Record{Key: fmt.Sprintf("key-%d", s.keys), Entry: e}
}

// done returns a failure that has these labels.
func (s *store) done(id, job string, at time.Time, labels enricher.Labels) exceptions.Record {
	return s.record(exceptions.Entry{ID: id, JobID: job, Time: at, Labels: labels, Message: "boom", LabelState: exceptions.StateComplete})
}

func (s *store) append(batch ...exceptions.Record) {
	s.t.Helper()
	s.ok(s.Append(s.t.Context(), batch))
}

func (s *store) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// all returns the failures that match.
func (s *store) all(q exceptions.Query) []exceptions.Entry {
	s.t.Helper()
	page, err := s.Failures(s.t.Context(), q)
	s.ok(err)
	if page.Truncated || page.Next != "" {
		s.t.Errorf("%+v: there is more than the %d failures of the answer", q, len(page.Items))
	}
	return page.Items
}

func (s *store) groups(q exceptions.Query) []exceptions.Group {
	s.t.Helper()
	page, err := s.Groups(s.t.Context(), q)
	s.ok(err)
	return page.Items
}

func (s *store) jobs(q exceptions.Query) []exceptions.Job {
	s.t.Helper()
	page, err := s.Jobs(s.t.Context(), q)
	s.ok(err)
	return page.Items
}

// same fails the test unless got is what is wanted.
func (s *store) same(what string, got, want any) {
	s.t.Helper()
	if !reflect.DeepEqual(got, want) {
		s.t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func ids(entries []exceptions.Entry) string {
	var out []string
	for _, e := range entries {
		id := e.ID
		if len(e.Concurrent) > 0 {
			id += "(" + ids(e.Concurrent) + ")"
		}
		out = append(out, id)
	}
	return strings.Join(out, " ")
}

func filter(text string) exceptions.Filter {
	f, err := exceptions.ParseFilter(text)
	if err != nil {
		panic(err)
	}
	return f
}

// plain returns an entry in a form that can be compared.
func plain(e exceptions.Entry) exceptions.Entry {
	e.Time = e.Time.Truncate(time.Microsecond).UTC()
	if len(e.Concurrent) == 0 {
		e.Concurrent = nil
	}
	e.Concurrent = slices.Clone(e.Concurrent)
	for i := range e.Concurrent {
		e.Concurrent[i] = plain(e.Concurrent[i])
	}
	return e
}

var hostile = "'; DROP TABLE x; -- \"`\\ % _ $1 ? {} <b> \u2028 é 漢 🙂 \t~"

func testFields(s *store) {
	want := exceptions.Entry{
		ID: hostile + "id", Type: enricher.FailureTypeTask, JobID: hostile, JobName: hostile + "n", TaskName: hostile + "t", TaskManagerID: hostile + "m",
		Endpoint: hostile + "e", Attempt: 3, MaxAttempts: 5, Time: time.Date(1969, 12, 31, 23, 59, 59, 123456789, time.UTC),
		Attributes: map[string]string{hostile: hostile, "": "", "empty": ""}, AttributesDropped: 1,
		ExceptionName: hostile, Message: hostile, Stacktrace: strings.Repeat(hostile+"\n", 300),
		Labels: enricher.Labels{hostile: hostile, "empty": "", "long": strings.Repeat("v", 4096)}, LabelsDropped: 2, LabelState: exceptions.StateIncomplete,
		FailedEnrichers:        []exceptions.FailedEnricher{{Enricher: hostile, Status: enricher.StatusTimedOut, Error: hostile}},
		FailedEnrichersDropped: 3, LabelIssues: []exceptions.LabelIssue{{Enricher: hostile, Key: hostile, Error: hostile}}, LabelIssuesDropped: 4,
		Process: hostile, Wire: []byte(`{"v":1}`),
	}
	s.append(s.record(want))
	under := want
	under.ID, under.RootID, under.Time = "under", want.ID, want.Time.Add(time.Second)
	s.append(s.record(under))
	want.Concurrent = []exceptions.Entry{under}
	got := s.all(exceptions.Query{Wire: true})
	s.same("the number of failures", len(got), 1)
	s.same("the failure", plain(got[0]), plain(want))
	want.Wire, want.Concurrent[0].Wire = nil, nil
	s.same("without Wire", plain(s.all(exceptions.Query{})[0]), plain(want))
	one, err := s.Failure(s.t.Context(), want.ID)
	s.ok(err)
	one.Wire = nil
	s.same("by its ID", plain(one), plain(want))
	s.same("by its job", len(s.all(exceptions.Query{JobIDs: []string{hostile}})), 1)
	s.same("by a label", len(s.all(exceptions.Query{Filter: exceptions.MatchLabels(enricher.Labels{hostile: hostile})})), 1)
	s.same("the value of a group", s.groups(exceptions.Query{By: hostile})[0].Value, hostile)
	_, err = s.Failure(s.t.Context(), "none")
	s.same("the error for an unknown ID", errors.Is(err, exceptions.ErrNotFound), true)
}

func testSameID(s *store) {
	s.append(s.done("a", "j", start, nil), s.done("a", "k", start, nil))
	s.append(s.done("a", "j", start, nil), s.record(exceptions.Entry{ID: "b", RootID: "a", JobID: "j", Time: start}))
	got := s.all(exceptions.Query{})
	s.same("the number of failures", len(got), 3)
	seen := map[string]bool{}
	for _, e := range got {
		s.same("the ID "+e.ID+" is that which was given, or has a suffix", e.ID == "a" || strings.HasPrefix(e.ID, "a~"), true)
		seen[e.ID] = true
		one, err := s.Failure(s.t.Context(), e.ID)
		s.ok(err)
		s.same("the failure by its ID", plain(one), plain(e))
	}
	s.same("the number of different IDs", len(seen), 3)
	s.same("what is under the latest with the ID", ids(got[0].Concurrent), "b")
}

func testLabels(s *store) {
	r := s.record(exceptions.Entry{ID: "a", JobID: "j", Message: "boom"})
	s.append(r)
	s.same("the state", s.all(exceptions.Query{})[0].LabelState, exceptions.StatePending)
	s.same("pending failures", s.jobs(exceptions.Query{})[0].Pending, 1)
	unknown := s.done("b", "j", start, nil)
	unknown.Update = true
	u := r
	u.Update = true
	u.Entry.Labels, u.Entry.LabelState = enricher.Labels{"k": "v"}, exceptions.StateIncomplete
	u.Entry.FailedEnrichers = []exceptions.FailedEnricher{{Enricher: "e", Status: enricher.StatusFailed, Error: "no"}}
	u.Entry.LabelsDropped, u.Entry.LabelIssuesDropped, u.Entry.FailedEnrichersDropped = 1, 2, 3
	for range 2 { // the answer to the first may have been lost
		s.append(unknown, u)
		s.append(r)
		s.append(u)
		got := s.all(exceptions.Query{})
		s.same("failures", ids(got), "a")
		s.same("the failure", plain(got[0]), plain(u.Entry))
		s.same("labels", s.groups(exceptions.Query{By: "k"})[0].Value, "v")
		job := s.jobs(exceptions.Query{})[0]
		s.same("failures and pending ones", [2]int{int(job.Failures), job.Pending}, [2]int{1, 0})
	}
}

func testRoots(s *store) {
	for i, c := range [][2]string{
		{"a b<a c<a", "a(b c)"},
		{"b<a c<a a", "a(b c)"},
		{"b<a c<x", "b c"},
		{"a b<a c<b", "a(b c)"},
		{"c<b b<a a", "a(c b)"},
		{"c<b a b<a", "a(c b)"},
		{"a<a b<a", "a(b)"},
		{"a b<a c d<c", "a(b) c(d)"},
	} {
		job := fmt.Sprint("job ", i)
		for f := range strings.FieldsSeq(c[0]) {
			id, root, _ := strings.Cut(f, "<")
			if root != "" {
				root = fmt.Sprint(i, root)
			}
			s.append(s.record(exceptions.Entry{ID: fmt.Sprint(i, id), RootID: root, JobID: job, LabelState: exceptions.StateComplete}))
		}
		got := s.all(exceptions.Query{JobIDs: []string{job}, Sort: exceptions.SortOldest})
		s.same(c[0], strings.ReplaceAll(ids(got), fmt.Sprint(i), ""), c[1])
		for _, e := range got {
			s.same(c[0]+": RootID of one by itself", e.RootID, "")
			for _, under := range e.Concurrent {
				s.same(c[0]+": RootID", under.RootID, e.ID)
				one, err := s.Failure(s.t.Context(), under.ID)
				s.ok(err)
				s.same(c[0]+": by its ID", plain(one), plain(under))
			}
		}
	}
	s.append(s.record(exceptions.Entry{ID: "x", RootID: "0a", JobID: "other"}))
	s.same("a root of another job", ids(s.all(exceptions.Query{JobIDs: []string{"other"}})), "x")
}

func testContext(s *store) {
	s.append(s.done("a", "j", start, nil))
	ctx, cancel := context.WithCancel(s.t.Context())
	cancel()
	s.Append(ctx, []exceptions.Record{s.done("b", "j", start, nil)})
	s.Failures(ctx, exceptions.Query{})
	s.Groups(ctx, exceptions.Query{By: "k"})
	s.Changes(ctx, "", 1)
	s.append(s.done("c", "j", start, nil))
	s.same("the store works on", strings.HasPrefix(ids(s.all(exceptions.Query{})), "c"), true)
}
