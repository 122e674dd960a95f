package exceptions

import (
	"cmp"
	"context"
	"maps"
	"math"
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
		t.first, t.State = m.seen[m.hash(q.By, value)].Group(q, t.first)
		list = append(list, t)
	}
	m.mu.RUnlock()
	position := func(t *tally) Cursor {
		switch q.Sort {
		case SortLastSeen:
			return Cursor{t.last, t.Value}
		case SortFirstSeen:
			return Cursor{t.first, t.Value}
		default:
			return Cursor{int64(t.Count), t.Value}
		}
	}
	slices.SortFunc(list, func(a, b *tally) int { return position(a).Compare(position(b)) })
	found, err := PageOf(list, q, "Groups", position)
	values := make([]string, len(found.Items))
	for i, t := range found.Items {
		values[i] = t.Value
	}
	axis := axisOf(q, groups)
	var counts [][]int
	if q.Buckets > 0 {
		counts, _ = countOver(axis, groups, q.By, values)
	}
	page := Page[Group]{Items: make([]Group, len(found.Items)), Next: found.Next, Truncated: found.Truncated}
	for i, t := range found.Items {
		t.Jobs = len(t.jobs)
		t.FirstSeen, t.LastSeen = time.UnixMilli(t.first), time.UnixMilli(t.last)
		t.Latest = t.latest.entry()
		if counts != nil {
			t.Buckets = axis.Buckets(counts[i])
		}
		page.Items[i] = t.Group
	}
	return page, err
}

// Histogram counts the failures that match over time.
func (m *Memory) Histogram(_ context.Context, q Query) (Histogram, error) {
	groups, _ := m.matching(q)
	axis := axisOf(q, groups)
	h := axis.Histogram()
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
	counts, other := countOver(axis, groups, q.By, values)
	for i, value := range values {
		h.Series = append(h.Series, Series{value, counts[i]})
	}
	if more {
		h.Other = other
	}
	return h, nil
}

// axisOf returns the axis of a query that has found these groups.
func axisOf(q Query, groups []*group) Axis {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, g := range groups {
		at := g.root.Time.UnixMilli()
		first, last = min(first, at), max(last, at)
	}
	return NewAxis(q, first, last)
}

// countOver counts failures over time, by those of these values of a label that they
// have, and others.
func countOver(a Axis, groups []*group, by string, values []string) (counts [][]int, other []int) {
	of := make(map[string][]int, len(values))
	for _, value := range values {
		of[value] = make([]int, a.N)
		counts = append(counts, of[value])
	}
	other = make([]int, a.N)
	for _, g := range groups {
		c := of[g.root.Labels[by]]
		if c == nil {
			c = other
		}
		c[a.Bucket(g.root.Time.UnixMilli())]++
	}
	return counts, other
}
