package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func testTimes(s *store) {
	at := start.Add(500 * time.Microsecond)
	s.append(s.done("a", "j", at, nil), s.done("b", "j", at.Add(time.Millisecond), nil), s.done("old", "j", time.UnixMilli(-1000), nil))
	for _, c := range []struct {
		from, to time.Time
		want     string
	}{
		{start, start, "a"},
		{start, start.Add(time.Millisecond), "b a"},
		{start.Add(time.Millisecond), time.Time{}, "b"},
		{start.Add(900 * time.Microsecond), time.Time{}, "b a"}, // is cut to the millisecond as well
		{time.Time{}, start, "a old"},
		{time.UnixMilli(-1000), time.UnixMilli(-1000), "old"},
		{start.Add(time.Hour), time.Time{}, ""},
	} {
		if jobs := s.jobs(exceptions.Query{From: c.from, To: c.to}); len(jobs) > 0 {
			s.same("the latest failure of the job", jobs[0].Latest.ID, strings.Fields(c.want)[0])
		}
		s.same(fmt.Sprint(c.from, " to ", c.to), ids(s.all(exceptions.Query{From: c.from, To: c.to})), c.want)
	}
}

func testWords(s *store) {
	for i, message := range []string{"Disk full: no space", `100% of C:\dir_1`, "it's \"quoted\""} {
		s.append(s.record(exceptions.Entry{ID: fmt.Sprint(i), JobID: "job-" + fmt.Sprint(i), JobName: "Nightly Report", Message: message}))
	}
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"disk"}, "0"},
		{[]string{"FULL", "space"}, "0"},
		{[]string{"full", "none"}, ""},
		{[]string{"isk"}, "0"},
		{[]string{"nightly", "report"}, "2 1 0"},
		{[]string{"JOB-1"}, "1"},
		{[]string{"job-2", "quoted"}, "2"},
		{[]string{"%"}, "1"},
		{[]string{"_"}, "1"},
		{[]string{`c:\d`}, "1"},
		{[]string{"'"}, "2"},
		{[]string{`"`}, "2"},
		{[]string{"r_1"}, "1"},
		{[]string{"0%"}, "1"},
		{[]string{"i_k"}, ""},
	} {
		s.same(fmt.Sprintf("%q", c.words), ids(s.all(exceptions.Query{Words: c.words})), c.want)
	}
}

func testFilters(s *store) {
	s.append(
		s.done("0", "a", time.Time{}, enricher.Labels{"type": "USER", "team": "x"}),
		s.done("1", "b", time.Time{}, enricher.Labels{"type": "SYSTEM"}),
		s.done("2", "a", time.Time{}, enricher.Labels{"type": "SYSTEM", "team": ""}),
		s.done("3", "", time.Time{}, nil),
	)
	for _, c := range []struct {
		jobs   []string
		filter string
		want   string
	}{
		{nil, "", "3 2 1 0"},
		{[]string{"a"}, "", "2 0"},
		{[]string{"a", "b", "a", "none"}, "", "2 1 0"},
		{[]string{""}, "", "3"},
		{[]string{"none"}, "", ""},
		{nil, "type:SYSTEM", "2 1"},
		{nil, "!type:SYSTEM", "3 0"},
		{nil, "!type", "3"},
		{nil, "team", "2 0"},
		{nil, "team:", "2"},
		{nil, "type:system", ""},
		{nil, "type:SYSTEM,!team", "1"},
		{[]string{"a"}, "type:SYSTEM,team", "2"},
		{nil, "type:USER,type:SYSTEM", ""},
		{nil, "type,type:USER,team:x,!none", "0"},
	} {
		s.same(fmt.Sprint(c.jobs, " ", c.filter), ids(s.all(exceptions.Query{JobIDs: c.jobs, Filter: filter(c.filter)})), c.want)
	}
}

func testCursors(s *store) {
	long := strings.Repeat(" é", 800)
	for i := range 23 { // some at one instant
		s.append(s.done(fmt.Sprint(i), fmt.Sprint("job ", i%11), start.Add(time.Duration(i/3)*time.Minute), enricher.Labels{"k": fmt.Sprint(i%7, long)}))
	}
	ctx := s.t.Context()
	for _, sort := range []exceptions.Sort{exceptions.SortNewest, exceptions.SortOldest} {
		q := exceptions.Query{Sort: sort}
		whole := s.all(q)
		got := walk(s, q, func(q exceptions.Query) (exceptions.Page[exceptions.Entry], error) { return s.Failures(ctx, q) })
		s.same("failures, page by page", ids(got), ids(whole))
	}
	for _, sort := range []exceptions.Sort{exceptions.SortCount, exceptions.SortLastSeen, exceptions.SortFirstSeen} {
		q := exceptions.Query{By: "k", Sort: sort}
		got := walk(s, q, func(q exceptions.Query) (exceptions.Page[exceptions.Group], error) { return s.Groups(ctx, q) })
		s.same("groups, page by page", values(got), values(s.groups(q)))
	}
	for _, sort := range []exceptions.Sort{exceptions.SortLatest, exceptions.SortCount} {
		q := exceptions.Query{Sort: sort}
		got := walk(s, q, func(q exceptions.Query) (exceptions.Page[exceptions.Job], error) { return s.Jobs(ctx, q) })
		s.same("jobs, page by page", jobIDs(got), jobIDs(s.jobs(q)))
	}
	first, err := s.Failures(ctx, exceptions.Query{Limit: 3})
	s.ok(err)
	s.append(s.done("new", "j", start.Add(time.Hour), nil))
	rest := s.all(exceptions.Query{Cursor: first.Next})
	s.same("the rest, after another failure", len(rest), 20)
	for _, cursor := range []string{"x", "!", "AAAA", "~"} {
		_, err := s.Failures(ctx, exceptions.Query{Cursor: cursor})
		s.same("the error for the cursor "+cursor, errors.Is(err, exceptions.ErrCursor), true)
	}
	none, err := s.Failures(ctx, exceptions.Query{Limit: -1})
	s.ok(err)
	s.same("failures for a negative limit", len(none.Items), 0)
}

// testOtherCursors uses cursors in answers that they are not of.
func testOtherCursors(s *store) {
	var all []string
	for i := range 9 {
		all = append(all, fmt.Sprint("job ", i%3))
		s.append(s.done("", all[i], start.Add(time.Duration(i)*time.Minute), enricher.Labels{"k": fmt.Sprint(i % 4), "other": fmt.Sprint(i % 2)}))
	}
	ctx := s.t.Context()
	methods := []func(q exceptions.Query) (next string, err error){
		func(q exceptions.Query) (string, error) { page, err := s.Failures(ctx, q); return page.Next, err },
		func(q exceptions.Query) (string, error) { page, err := s.Jobs(ctx, q); return page.Next, err },
		func(q exceptions.Query) (string, error) { page, err := s.Groups(ctx, q); return page.Next, err },
	}
	queries := []exceptions.Query{
		{By: "k"},
		{By: "other"},
		{By: "k", Sort: exceptions.SortOldest},
		{By: "k", Sort: exceptions.SortLastSeen},
		{By: "k", Sort: exceptions.SortFirstSeen},
		{By: "k", JobIDs: all[:3]},
		{By: "k", JobIDs: all[:2]},
		{By: "k", From: start},
		{By: "k", From: start.Add(time.Minute)},
		{By: "k", To: start.Add(time.Hour)},
		{By: "k", Words: []string{"boom"}},
		{By: "k", Words: []string{"oo", "m"}},
		{By: "k", Filter: filter("k")},
		{By: "k", Filter: filter("!k:7")},
	}
	for m, method := range methods {
		for n, q := range queries {
			q.Limit = 1
			next, err := method(q)
			s.ok(err)
			for m2, method := range methods {
				for _, n2 := range []int{n, (n + 1) % len(queries)} {
					q := queries[n2]
					q.Limit, q.Buckets, q.Cursor = 5, 3, next
					_, err := method(q)
					s.same(fmt.Sprintf("the error for the cursor of method %d and query %d in method %d and query %d", m, n, m2, n2),
						errors.Is(err, exceptions.ErrCursor), m != m2 || n != n2)
				}
			}
		}
	}
	changes, err := s.Changes(ctx, "", 1)
	s.ok(err)
	failures, err := s.Failures(ctx, exceptions.Query{Limit: 1})
	s.ok(err)
	_, err = s.Changes(ctx, failures.Next, 1)
	_, err2 := s.Failures(ctx, exceptions.Query{Cursor: changes.Next})
	s.same("the errors for a cursor of failures as a position, and a position as a cursor",
		[2]bool{errors.Is(err, exceptions.ErrCursor), errors.Is(err2, exceptions.ErrCursor)}, [2]bool{true, true})
}

// walk returns all items, three at a time.
func walk[T any](s *store, q exceptions.Query, ask func(exceptions.Query) (exceptions.Page[T], error)) (all []T) {
	q.Limit = 3
	for range 20 {
		page, err := ask(q)
		s.ok(err)
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		if len(page.Items) != 3 {
			s.t.Errorf("%d of 3 items, and there is more", len(page.Items))
		}
		if len(page.Next) > 1024 || strings.ContainsFunc(page.Next, func(r rune) bool { return r < '!' || r > '~' }) {
			s.t.Errorf("the cursor %q: must be at most 1 KiB of printable ASCII", page.Next)
		}
		q.Cursor = page.Next
	}
	s.t.Error("the pages do not end")
	return all
}

func values(groups []exceptions.Group) (out []string) {
	for _, g := range groups {
		out = append(out, g.Value)
	}
	return out
}

func jobIDs(jobs []exceptions.Job) (out []string) {
	for _, j := range jobs {
		out = append(out, j.ID)
	}
	return out
}

func testResolve(s *store) {
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	resolve := func(job string, minutes int) { s.ok(s.Resolve(s.t.Context(), job, at(minutes))) }
	s.append(s.done("a", "j", at(1), enricher.Labels{"k": "x"}), s.done("b", "other", at(1), enricher.Labels{"k": "y"}))
	resolve("none", 2)
	resolve("j", 0)
	s.same("before the failure", s.jobs(exceptions.Query{JobIDs: []string{"j"}})[0].Resolved.IsZero(), true)
	resolve("j", 3)
	resolve("j", 3)
	s.same("after the failure", s.jobs(exceptions.Query{JobIDs: []string{"j"}})[0].Resolved.Equal(at(3)), true)
	s.append(s.done("c", "j", at(5), enricher.Labels{"k": "y"}), s.done("d", "j", at(6), enricher.Labels{"k": "x"}))
	s.same("after it failed again", s.jobs(exceptions.Query{JobIDs: []string{"j"}})[0].Resolved.IsZero(), true)
	s.same("what came back", s.states(at(4), time.Time{}),
		map[string]exceptions.GroupState{"x": exceptions.GroupRegressed, "y": exceptions.GroupOngoing})
	s.append(s.done("e", "j", at(8), enricher.Labels{"k": "x"}))
	s.same("what came back before", s.states(at(7), time.Time{}), map[string]exceptions.GroupState{"x": exceptions.GroupOngoing})
	s.append(s.done("f", "late", at(10), enricher.Labels{"k": "z"}), s.done("g", "late", at(12), nil))
	resolve("late", 11)
	s.append(s.done("h", "late", at(13), enricher.Labels{"k": "z"}))
	s.same("what came back although the job had failed later", s.states(at(13), time.Time{}), map[string]exceptions.GroupState{"z": exceptions.GroupOngoing})
}

func testDelete(s *store) {
	r := s.record(exceptions.Entry{ID: "p", JobID: "j"})
	s.append(s.done("a", "j", start, enricher.Labels{"k": "x"}), s.done("b", "other", start, enricher.Labels{"k": "x"}), r)
	for range 2 {
		s.ok(s.Delete(s.t.Context(), "j"))
		r.Update = true
		s.append(r)
		s.same("failures", ids(s.all(exceptions.Query{})), "b")
		s.same("jobs", jobIDs(s.jobs(exceptions.Query{})), []string{"other"})
		s.same("the count of a group", s.groups(exceptions.Query{By: "k"})[0].Count, 1)
		_, err := s.Failure(s.t.Context(), "a")
		s.same("the error for its ID", errors.Is(err, exceptions.ErrNotFound), true)
	}
}

func testChanges(s *store) {
	s.append(s.done("before", "j", start, nil))
	page, err := s.Changes(s.t.Context(), "", 10)
	s.ok(err)
	s.same("changes of the first call", len(page.Items), 0)
	next := func(limit int) (out []string) {
		s.t.Helper()
		for {
			page, err = s.Changes(s.t.Context(), page.Next, limit)
			s.ok(err)
			for _, c := range page.Items {
				out = append(out, c.Kind.String()+" "+c.Entry.ID)
			}
			if len(page.Items) < limit {
				slices.Sort(out)
				return slices.Compact(out)
			}
		}
	}
	s.same("no changes", next(10), []string(nil))
	r := s.record(exceptions.Entry{ID: "a", JobID: "j"})
	s.append(r, s.done("b", "j", start, nil))
	s.same("new failures", next(1), []string{"failure a", "failure b"})
	r.Update, r.Entry.LabelState = true, exceptions.StateComplete
	s.append(r)
	for i := range 5 {
		s.append(s.done(fmt.Sprint("c", i), "j", start, nil))
	}
	s.same("labels, and further failures", next(2), []string{"failure c0", "failure c1", "failure c2", "failure c3", "failure c4", "labels a"})
	s.same("no changes any more", next(10), []string(nil))
}

func testOwnership(s *store) {
	s.append(s.done("a", "j", start, enricher.Labels{"k": "v"}), s.record(exceptions.Entry{ID: "b", RootID: "a", JobID: "j", Labels: enricher.Labels{"k": "w"}}))
	for range 2 {
		got := s.all(exceptions.Query{})
		s.same("labels", got[0].Labels["k"]+got[0].Concurrent[0].Labels["k"], "vw")
		got[0].Labels["k"], got[0].Attributes["k"], got[0].Concurrent[0].Labels["k"] = "changed", "changed", "changed"
	}
}

func testConcurrent(s *store) {
	var wg sync.WaitGroup
	ctx := s.t.Context()
	for range 4 {
		wg.Go(func() {
			for range 20 {
				_, err := s.Failures(ctx, exceptions.Query{Limit: 10})
				_, err2 := s.Groups(ctx, exceptions.Query{By: "k", Buckets: 3})
				_, err3 := s.Changes(ctx, "", 10)
				if err := errors.Join(err, err2, err3); err != nil {
					s.t.Error(err)
				}
			}
		})
	}
	for i := range 50 {
		s.append(s.done(fmt.Sprint(i), "j", start, enricher.Labels{"k": "v"}))
	}
	wg.Wait()
	s.same("failures", s.groups(exceptions.Query{By: "k"})[0].Count, 50)
}
