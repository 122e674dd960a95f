package enrichersql

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher/exceptions"
)

// A tally is what a query finds of one value of a label.
type tally struct {
	value       string
	count       int
	jobs        int
	first, last int64 // of the failures that match, milliseconds
	latest      row
}

// A sorting divides the rows that match by their values of a label.
type sorting struct {
	parts     [][]row
	truncated bool
	tallies   []*tally
	of        map[uint32]int // by kind, where in tallies
}

// sort divides the rows that match a query.
func (s *store) sort(ctx context.Context, q exceptions.Query) (*sorting, error) {
	parts, truncated, err := s.all(ctx, q)
	if err != nil {
		return nil, err
	}
	values := map[int64]string{}
	if q.By != "" {
		if values, err = s.values(ctx, q.By); err != nil {
			return nil, err
		}
	}
	so := &sorting{parts: parts, truncated: truncated, of: map[uint32]int{}}
	byValue := map[string]int{}
	for _, rows := range parts {
		for i := range rows {
			r := &rows[i]
			at, ok := so.of[r.kind]
			if !ok {
				value := values[int64(r.kind)]
				if at, ok = byValue[value]; !ok {
					at = len(so.tallies)
					byValue[value] = at
					so.tallies = append(so.tallies, &tally{value: value, first: milli(r.at), last: milli(r.at), latest: *r})
				}
				so.of[r.kind] = at
			}
			t := so.tallies[at]
			t.count++
			t.first, t.last = min(t.first, milli(r.at)), max(t.last, milli(r.at))
			if compareRows(r, &t.latest) > 0 {
				t.latest = *r
			}
		}
	}
	return so, nil
}

// milli returns a time in microseconds in milliseconds.
func milli(at int64) int64 { return floorDiv(at, 1000) }

// countJobs counts the different jobs of each value.
func (so *sorting) countJobs() {
	n := 0
	for _, rows := range so.parts {
		n += len(rows)
	}
	pairs := make([]uint64, 0, n)
	for _, rows := range so.parts {
		for i := range rows {
			pairs = append(pairs, uint64(so.of[rows[i].kind])<<32|uint64(rows[i].job))
		}
	}
	slices.Sort(pairs)
	for _, pair := range slices.Compact(pairs) {
		so.tallies[pair>>32].jobs++
	}
}

// Groups returns the failures that match by their value of a label.
func (s *store) Groups(ctx context.Context, q exceptions.Query) (page exceptions.Page[exceptions.Group], err error) {
	so, err := s.sort(ctx, q)
	if err != nil {
		return page, failed(err)
	}
	seen, err := s.seen(ctx, q, so.tallies)
	if err != nil {
		return page, failed(err)
	}
	places := make([]place, len(so.tallies))
	for i, t := range so.tallies {
		number := int64(t.count)
		switch q.Sort {
		case exceptions.SortLastSeen:
			number = t.last
		case exceptions.SortFirstSeen:
			number, _ = seen[t.value].Group(q, t.first)
		}
		places[i] = place{exceptions.Cursor{Number: number, Text: t.value}, i}
	}
	found, err := pageOf(places, q, "Groups")
	if err != nil {
		return page, err
	}
	page.Next, page.Truncated = found.Next, so.truncated || found.Truncated
	so.countJobs()
	shown, nos := make([]int, len(found.Items)), make([]int64, len(found.Items))
	for i, p := range found.Items {
		shown[i], nos[i] = p.index, so.tallies[p.index].latest.no
	}
	axis := so.axis(q)
	var counts [][]int
	if q.Buckets > 0 {
		counts, _ = so.count(axis, shown)
	}
	latest, err := s.entries(ctx, nos, false)
	if err != nil {
		return page, failed(err)
	}
	page.Items = make([]exceptions.Group, 0, len(shown))
	for i, at := range shown {
		t, e := so.tallies[at], latest[nos[i]]
		if e == nil {
			continue // it was removed since
		}
		first, state := seen[t.value].Group(q, t.first)
		g := exceptions.Group{
			Value: t.value, Count: t.count, Jobs: t.jobs, FirstSeen: time.UnixMilli(first), LastSeen: time.UnixMilli(t.last), State: state, Latest: *e,
		}
		if counts != nil {
			g.Buckets = axis.Buckets(counts[i])
		}
		page.Items = append(page.Items, g)
	}
	return page, nil
}

// seen returns when the values of a label occurred.
func (s *store) seen(ctx context.Context, q exceptions.Query, tallies []*tally) (map[string]*exceptions.Occurrence, error) {
	seen := map[string]*exceptions.Occurrence{}
	hashes := make([]string, 0, len(tallies))
	for _, t := range tallies {
		if t.value != "" {
			hashes = append(hashes, hash(q.By, t.value))
		}
	}
	note := func(scan func(...any) error) error {
		var value, back string
		var o exceptions.Occurrence
		err := scan(&value, &o.First, &back)
		o.Back = parseBack(back)
		seen[value] = &o
		return err
	}
	const text = "SELECT value, first, back FROM enricher_groups WHERE "
	if len(hashes) > 4*maxList {
		return seen, s.query(ctx, s.db, text+"key = ?", []any{q.By}, note)
	}
	for list, args := range lists(hashes) {
		if err := s.query(ctx, s.db, text+"hash IN ("+list+")", args, note); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// Histogram counts the failures that match over time.
func (s *store) Histogram(ctx context.Context, q exceptions.Query) (h exceptions.Histogram, err error) {
	so, err := s.sort(ctx, q)
	if err != nil {
		return h, failed(err)
	}
	axis := so.axis(q)
	if q.By == "" && len(so.tallies) == 0 {
		so.tallies = []*tally{{}} // there is always the one series
	}
	order := make([]int, len(so.tallies))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(so.tallies[b].count, so.tallies[a].count), cmp.Compare(so.tallies[a].value, so.tallies[b].value))
	})
	more := len(order) > exceptions.MaxSeries
	order = order[:min(len(order), exceptions.MaxSeries)]
	counts, other := so.count(axis, order)
	h = axis.Histogram()
	h.Truncated = so.truncated
	for i, at := range order {
		h.Series = append(h.Series, exceptions.Series{Value: so.tallies[at].value, Counts: counts[i]})
	}
	if more {
		h.Other = other
	}
	return h, nil
}

// axis returns the axis of a query that has found these rows.
func (so *sorting) axis(q exceptions.Query) exceptions.Axis {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, t := range so.tallies {
		first, last = min(first, t.first), max(last, t.last)
	}
	return exceptions.NewAxis(q, first, last)
}

// count counts the rows of some tallies over time, and those of all others.
func (so *sorting) count(a exceptions.Axis, tallies []int) (counts [][]int, other []int) {
	other = make([]int, a.N)
	of := make([][]int, len(so.tallies))
	for i := range of {
		of[i] = other
	}
	for _, at := range tallies {
		of[at] = make([]int, a.N)
		counts = append(counts, of[at])
	}
	for _, rows := range so.parts {
		for i := range rows {
			of[so.of[rows[i].kind]][a.Bucket(milli(rows[i].at))]++
		}
	}
	return counts, other
}
