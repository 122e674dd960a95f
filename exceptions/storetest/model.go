package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// testModel does the same to the store and to one in memory, at random, and compares
// the answers.
func testModel(s *store) {
	r := rand.New(rand.NewPCG(1, 2))
	model := &store{t: s.t, Store: exceptions.NewMemory(exceptions.Options{MaxExceptions: 10_000, MaxBytes: 1 << 30})}
	at := start
	for n := range 40 {
		var batch []exceptions.Record
		for range 1 + r.IntN(8) {
			at = at.Add(time.Duration(1+r.IntN(900_000)) * time.Millisecond)
			batch = append(batch, s.random(r, at))
		}
		if r.IntN(8) == 0 {
			at = at.Add(30 * time.Hour)
		}
		var done []exceptions.Record
		for _, b := range batch {
			if b.Entry.LabelState == exceptions.StatePending && r.IntN(4) > 0 {
				b.Update, b.Entry.LabelState, b.Entry.Labels = true, exceptions.StateComplete, labels(r)
				done = append(done, b)
			}
		}
		job := fmt.Sprint("job ", r.IntN(5))
		for _, to := range []*store{s, model} {
			to.append(batch...)
			to.append(done...)
			switch n % 10 {
			case 4:
				to.ok(to.Resolve(to.t.Context(), job, at))
			case 9:
				to.ok(to.Delete(to.t.Context(), job))
			}
		}
	}
	for range 60 {
		q := query(r, at)
		s.compare(model, q)
		if s.t.Failed() {
			s.t.Fatalf("the query is %+v", q)
		}
	}
}

// random returns a failure. Half of them are under another.
func (s *store) random(r *rand.Rand, at time.Time) exceptions.Record {
	e := exceptions.Entry{JobID: fmt.Sprint("job ", r.IntN(5)), JobName: fmt.Sprint("Name ", r.IntN(3)), Time: at, Message: fmt.Sprint("message ", r.IntN(20))}
	if r.IntN(3) > 0 {
		e.Labels, e.LabelState = labels(r), exceptions.StateComplete
	}
	if r.IntN(2) == 0 {
		e.RootID = fmt.Sprintf("id-%d", s.keys-4+r.IntN(8))
	}
	return s.record(e)
}

func labels(r *rand.Rand) enricher.Labels {
	l := enricher.Labels{}
	for k := range 3 {
		if r.IntN(3) > 0 {
			l[fmt.Sprint("k", k)] = fmt.Sprint("v", r.IntN(2+12*k))
		}
	}
	return l
}

func query(r *rand.Rand, end time.Time) exceptions.Query {
	q := exceptions.Query{By: fmt.Sprint("k", r.IntN(4)), Buckets: 1 + r.IntN(30)}
	moment := func() time.Time { return start.Add(time.Duration(r.Int64N(int64(end.Sub(start))))) }
	if r.IntN(2) == 0 {
		q.From = moment()
	}
	if r.IntN(2) == 0 {
		q.To = moment()
		if q.To.Before(q.From) {
			q.From, q.To = q.To, q.From
		}
	}
	if r.IntN(2) == 0 {
		q.Filter = filter([]string{"k0:v1", "!k0", "k1", "k1:v3,!k2", "!k0:v0,k2"}[r.IntN(5)])
	}
	if r.IntN(3) == 0 {
		q.Words = []string{fmt.Sprint(r.IntN(20))}
	}
	if r.IntN(3) == 0 {
		q.JobIDs = []string{"job 1", fmt.Sprint("job ", r.IntN(5))}
	}
	if q.By == "k3" {
		q.By = ""
	}
	return q
}

// compare compares all answers to a query.
func (s *store) compare(model *store, q exceptions.Query) {
	s.t.Helper()
	for _, sort := range []exceptions.Sort{exceptions.SortNewest, exceptions.SortOldest} {
		q.Sort = sort
		got, want := s.all(q), model.all(q)
		s.same("failures", ids(got), ids(want))
		for i := range min(len(got), len(want)) {
			s.same("a failure", plain(got[i]), plain(want[i]))
		}
	}
	for _, sort := range []exceptions.Sort{exceptions.SortLatest, exceptions.SortCount} {
		q.Sort = sort
		s.same("jobs", jobsText(s.jobs(q)), jobsText(model.jobs(q)))
	}
	if q.By != "" {
		for _, sort := range []exceptions.Sort{exceptions.SortCount, exceptions.SortLastSeen, exceptions.SortFirstSeen} {
			q.Sort = sort
			s.same("groups", groupsText(s.groups(q)), groupsText(model.groups(q)))
		}
	}
	q.Sort = exceptions.SortDefault
	got, err := s.Labels(s.t.Context(), q)
	s.ok(err)
	want, err := model.Labels(s.t.Context(), q)
	s.ok(err)
	s.same("labels", fmt.Sprintf("%+v", got.Items), fmt.Sprintf("%+v", want.Items))
	s.histogram(model, q)
}

func jobsText(jobs []exceptions.Job) string {
	text := ""
	for _, j := range jobs {
		text += fmt.Sprintf("\n%s %q: %d failures, %d entries, %d pending, resolved %v, latest %s",
			j.ID, j.Name, j.Failures, j.Entries, j.Pending, !j.Resolved.IsZero(), j.Latest.ID)
	}
	return text
}

func groupsText(groups []exceptions.Group) string {
	text := ""
	for _, g := range groups {
		text += fmt.Sprintf("\n%q: %d in %d jobs, %d to %d, %s, latest %s, in buckets %d",
			g.Value, g.Count, g.Jobs, g.FirstSeen.UnixMilli(), g.LastSeen.UnixMilli(), g.State, g.Latest.ID, sum(g.Buckets.Counts))
	}
	return text
}

// histogram checks a histogram, of which the store may choose the buckets, and the
// buckets of the groups.
func (s *store) histogram(model *store, q exceptions.Query) {
	s.t.Helper()
	h, err := s.Histogram(s.t.Context(), q)
	s.ok(err)
	var all []exceptions.Entry // that match
	var series []string
	if q.By == "" {
		series = []string{""}
	}
	for _, e := range model.all(exceptions.Query{}) {
		for _, e := range append(e.Concurrent, e) {
			if matches(model, q, e) {
				all = append(all, e)
			}
		}
	}
	if q.By != "" {
		series = values(model.groups(q))
	}
	bucket := func(at time.Time) int {
		return min(int(at.Truncate(time.Millisecond).Sub(h.From)/h.Step), len(h.Series[0].Counts)-1)
	}
	for i, g := range h.Series {
		want := make([]int, len(g.Counts))
		for _, e := range all {
			if e.Labels[q.By] == g.Value {
				want[bucket(e.Time)]++
			}
		}
		s.same("the value of a series", g.Value, series[i])
		s.same("the series "+g.Value, g.Counts, want)
	}
	s.same("the number of series", len(h.Series), min(len(series), exceptions.MaxSeries))
	if len(series) > exceptions.MaxSeries {
		rest := 0
		for _, g := range model.groups(q)[exceptions.MaxSeries:] {
			rest += g.Count
		}
		s.same("other series", sum(h.Other), rest)
	}
	if q.By == "" || len(h.Series) == 0 {
		return
	}
	counts := map[string][]int{}
	for _, g := range h.Series {
		counts[g.Value] = g.Counts
	}
	for _, g := range s.groups(q) {
		if c := counts[g.Value]; c != nil {
			s.same("the axis of a group", g.Buckets.From.Equal(h.From) && g.Buckets.Step == h.Step, true)
			s.same("the buckets of the group "+g.Value, g.Buckets.Counts, c)
		}
	}
}

// matches reports whether a failure matches, also one under another.
func matches(model *store, q exceptions.Query, e exceptions.Entry) bool {
	alone := exceptions.NewMemory(exceptions.Options{})
	e.Concurrent, e.RootID = nil, ""
	if err := alone.Append(model.t.Context(), []exceptions.Record{{Key: "k", Entry: e}}); err != nil {
		return false
	}
	q.Sort, q.Limit = exceptions.SortDefault, 0
	page, _ := alone.Failures(model.t.Context(), q)
	return len(page.Items) == 1
}
