package exceptions

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// A tally is what a query finds of one value of a label.
type tally struct {
	Group
	jobs        map[string]struct{}
	first, last int64 // of the failures that match, ms
	latest      *group
}

// Groups returns the failures that match by their value of a label.
func (m *Memory) Groups(_ context.Context, q Query) (Page[Group], error) {
	groups, _ := m.matching(q)
	tallies := map[string]*tally{}
	for _, g := range groups {
		at := g.root.Time.UnixMilli()
		value := g.root.Labels[q.By]
		t := tallies[value]
		if t == nil {
			t = &tally{Group: Group{Value: value}, jobs: map[string]struct{}{}, first: at, last: at, latest: g}
			tallies[value] = t
		}
		t.Count++
		t.jobs[g.root.JobID] = struct{}{}
		t.first, t.last = min(t.first, at), max(t.last, at)
		if newer(g, t.latest) < 0 {
			t.latest = g
		}
	}
	list := make([]*tally, 0, len(tallies))
	m.mu.RLock()
	for value, t := range tallies {
		if o := m.seen[m.hash(q.By, value)]; o != nil && value != "" {
			t.first = min(t.first, o.first)
			t.State = o.state(q, t.first)
		}
		list = append(list, t)
	}
	m.mu.RUnlock()
	number := func(t *tally) int64 {
		switch q.Sort {
		case SortLastSeen:
			return t.last
		case SortFirstSeen:
			return t.first
		default:
			return int64(t.Count)
		}
	}
	order := func(a, b *tally) int {
		return cmp.Or(cmp.Compare(number(b), number(a)), cmp.Compare(a.Value, b.Value))
	}
	slices.SortFunc(list, order)
	found, err := pageOf(list, q, order, func(t *tally) (int64, string) {
		return number(t), t.Value
	}, func(n int64, value string) (*tally, error) {
		return &tally{Group: Group{Value: value, Count: int(n)}, first: n, last: n}, nil
	})
	values := make([]string, len(found.Items))
	for i, t := range found.Items {
		values[i] = t.Value
	}
	axis := newAxis(q, groups)
	var counts [][]int
	if q.Buckets > 0 {
		counts, _ = axis.count(groups, q.By, values)
	}
	page := Page[Group]{Items: make([]Group, len(found.Items)), Next: found.Next, Truncated: found.Truncated}
	for i, t := range found.Items {
		t.Jobs = len(t.jobs)
		t.FirstSeen, t.LastSeen = time.UnixMilli(t.first), time.UnixMilli(t.last)
		t.Latest = t.latest.entry()
		if counts != nil {
			t.Buckets = Buckets{From: time.UnixMilli(axis.from), Step: axis.duration(), Counts: counts[i]}
		}
		page.Items[i] = t.Group
	}
	return page, err
}

// state returns the state of a group in the time of a query.
func (o *occurrence) state(q Query, first int64) GroupState {
	within := func(at int64) bool {
		return (q.From.IsZero() || at >= q.From.UnixMilli()) && (q.To.IsZero() || at <= q.To.UnixMilli())
	}
	switch {
	case within(first):
		return GroupNew
	case slices.ContainsFunc(o.back, within):
		return GroupRegressed
	default:
		return GroupOngoing
	}
}

// Histogram counts the failures that match over time.
func (m *Memory) Histogram(_ context.Context, q Query) (Histogram, error) {
	groups, _ := m.matching(q)
	axis := newAxis(q, groups)
	h := Histogram{From: time.UnixMilli(axis.from), To: time.UnixMilli(axis.to), Step: axis.duration()}
	totals := map[string]int{}
	if q.By == "" {
		totals[""] = 0 // there is always the one series
	}
	for _, g := range groups {
		totals[g.root.Labels[q.By]]++
	}
	values := slices.SortedFunc(maps.Keys(totals), func(a, b string) int {
		return cmp.Or(cmp.Compare(totals[b], totals[a]), cmp.Compare(a, b))
	})
	more := len(values) > MaxSeries
	values = values[:min(len(values), MaxSeries)]
	counts, other := axis.count(groups, q.By, values)
	for i, value := range values {
		h.Series = append(h.Series, Series{value, counts[i]})
	}
	if more {
		h.Other = other
	}
	return h, nil
}

// An axis divides a time into buckets. Its numbers are milliseconds.
type axis struct {
	from, to, step int64
	n              int
}

// newAxis returns the axis of a query that has found these groups.
func newAxis(q Query, groups []*group) axis {
	now := time.Now().UnixMilli()
	a := axis{from: now, to: now}
	if !q.To.IsZero() {
		a.from = q.To.UnixMilli() // unless there are failures
	}
	for i, g := range groups {
		at := g.root.Time.UnixMilli()
		if i == 0 {
			a.from, a.to = at, at
		}
		a.from, a.to = min(a.from, at), max(a.to, at)
	}
	if !q.From.IsZero() {
		a.from = q.From.UnixMilli()
	}
	if !q.To.IsZero() {
		a.to = q.To.UnixMilli()
	}
	a.to = max(a.to, a.from)
	span, buckets := max(1, a.to-a.from), max(1, int64(q.Buckets))
	a.step = min((span+buckets-1)/buckets, maxStep)
	a.n = int((span + a.step - 1) / a.step)
	return a
}

// maxStep is the longest time.Duration in milliseconds.
const maxStep = int64(1<<63-1) / int64(time.Millisecond)

func (a axis) duration() time.Duration { return time.Duration(a.step) * time.Millisecond }

// bucket returns the number of the bucket of a time that matches the query.
func (a axis) bucket(at int64) int { return min(int((at-a.from)/a.step), a.n-1) }

// count counts failures over time, by those of these values of a label that they have,
// and others.
func (a axis) count(groups []*group, by string, values []string) (counts [][]int, other []int) {
	of := make(map[string][]int, len(values))
	for _, value := range values {
		of[value] = make([]int, a.n)
		counts = append(counts, of[value])
	}
	other = make([]int, a.n)
	for _, g := range groups {
		c := of[g.root.Labels[by]]
		if c == nil {
			c = other
		}
		c[a.bucket(g.root.Time.UnixMilli())]++
	}
	return counts, other
}
