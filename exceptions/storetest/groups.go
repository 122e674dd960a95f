package storetest

import (
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// states returns the states of groups by their values.
func (s *store) states(from, to time.Time) map[string]exceptions.GroupState {
	s.t.Helper()
	out := map[string]exceptions.GroupState{}
	for _, g := range s.groups(exceptions.Query{By: "k", From: from, To: to}) {
		out[g.Value] = g.State
	}
	return out
}

func testStates(s *store) {
	day := 24 * time.Hour
	for _, f := range []struct {
		value string
		at    time.Duration
	}{
		{"steady", 0}, {"back", 0}, {"steady", 20 * time.Hour}, {"steady", 40 * time.Hour}, {"back", 49 * time.Hour}, {"back", 50 * time.Hour}, {"fresh", 50 * time.Hour}, {"steady", 51 * time.Hour},
	} {
		s.append(s.done("", "j", start.Add(f.at), enricher.Labels{"k": f.value}))
	}
	type states = map[string]exceptions.GroupState
	s.same("on the third day", s.states(start.Add(2*day), start.Add(3*day)),
		states{"steady": exceptions.GroupOngoing, "back": exceptions.GroupRegressed, "fresh": exceptions.GroupNew})
	s.same("after the return", s.states(start.Add(49*time.Hour+time.Minute), time.Time{}),
		states{"steady": exceptions.GroupOngoing, "back": exceptions.GroupOngoing, "fresh": exceptions.GroupNew})
	s.same("on the first day", s.states(start, start.Add(day)), states{"steady": exceptions.GroupNew, "back": exceptions.GroupNew})
	for _, g := range s.groups(exceptions.Query{By: "k", From: start.Add(2 * day)}) {
		if g.Value == "steady" {
			s.same("first seen, before the time of the query", g.FirstSeen.Equal(start), true)
			s.same("last seen", g.LastSeen.Equal(start.Add(51*time.Hour)), true)
			s.same("count", g.Count, 1)
		}
	}
}

func testMissingLabel(s *store) {
	s.append(s.done("a", "j", start, nil), s.done("b", "k", start.Add(time.Minute), enricher.Labels{"k": ""}), s.done("c", "j", start, enricher.Labels{"k": "v"}),
		s.record(exceptions.Entry{ID: "d", RootID: "a", JobID: "j", Time: start}))
	groups := s.groups(exceptions.Query{By: "k"})
	s.same("values", values(groups), []string{"", "v"})
	s.same("count, jobs and state", fmt.Sprint(groups[0].Count, groups[0].Jobs, groups[0].State), "3 2 ongoing")
	s.same("first seen", groups[0].FirstSeen.Equal(start), true)
	h, err := s.Histogram(s.t.Context(), exceptions.Query{By: "k", Buckets: 4})
	s.ok(err)
	s.same("the histogram", h.Series[0].Value+fmt.Sprint(sum(h.Series[0].Counts)), "3")
}

func testAxis(s *store) {
	s.append(s.done("", "j", start, nil), s.done("", "j", start.Add(time.Hour), nil))
	for _, c := range []struct {
		none     bool // no failure matches
		from, to int  // of the query, in minutes; 0: none
		wantFrom int
		wantTo   int
	}{
		{false, 0, 0, 0, 60},
		{false, -9, 0, -9, 60},
		{false, 0, 90, 0, 90},
		{true, 0, -9, -9, -9},
		{true, -20, -9, -20, -9},
		{true, 90, 95, 90, 95},
	} {
		q := exceptions.Query{Buckets: 10}
		at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
		if c.from != 0 {
			q.From = at(c.from)
		}
		if c.to != 0 {
			q.To = at(c.to)
		}
		h, err := s.Histogram(s.t.Context(), q)
		s.ok(err)
		what := fmt.Sprintf("from %d to %d, if they are set: ", c.from, c.to)
		s.same(what+"where the histogram ends", h.To.UTC(), at(c.wantTo))
		if h.From.After(at(c.wantFrom)) { // it may be earlier
			s.t.Errorf("%sthe histogram begins at %v, after %v", what, h.From, at(c.wantFrom))
		}
		s.same(what+"none", sum(h.Series[0].Counts) == 0, c.none)
	}
	now := time.Now()
	h, err := s.Histogram(s.t.Context(), exceptions.Query{From: start.Add(2 * time.Hour), Words: []string{"none"}, Buckets: 10})
	s.ok(err)
	s.same("from a time to now: where the histogram ends", h.To.Before(now.Add(-time.Second)), false)
}

func sum(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
