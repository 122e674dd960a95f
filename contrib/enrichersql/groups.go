package enrichersql

import (
	"cmp"
	"context"
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
	firsts := make([]int64, len(so.tallies))
	for i, t := range so.tallies {
		firsts[i] = t.first
		if o := seen[t.value]; o != nil {
			firsts[i] = min(t.first, o.first)
		}
		number := int64(t.count)
		switch q.Sort {
		case exceptions.SortLastSeen:
			number = t.last
		case exceptions.SortFirstSeen:
			number = firsts[i]
		}
		places[i] = place{number, t.value, i}
	}
	found, next, cut, err := pageOf(places, q)
	if err != nil {
		return page, err
	}
	page.Next, page.Truncated = next, so.truncated || cut
	so.countJobs()
	var axis axis
	var counts [][]int
	if q.Buckets > 0 {
		axis = newAxis(q, so.parts)
		shown := make([]int, len(found))
		for i, p := range found {
			shown[i] = p.index
		}
		counts, _ = axis.count(so, shown)
	}
	nos := make([]int64, len(found))
	for i, p := range found {
		nos[i] = so.tallies[p.index].latest.no
	}
	latest, err := s.entries(ctx, nos, false)
	if err != nil {
		return page, failed(err)
	}
	page.Items = make([]exceptions.Group, 0, len(found))
	for i, p := range found {
		t, e := so.tallies[p.index], latest[nos[i]]
		if e == nil {
			continue // it was removed since
		}
		g := exceptions.Group{
			Value: t.value, Count: t.count, Jobs: t.jobs, FirstSeen: time.UnixMilli(firsts[p.index]), LastSeen: time.UnixMilli(t.last),
			State: seen[t.value].state(q, firsts[p.index]), Latest: *e,
		}
		if counts != nil {
			g.Buckets = exceptions.Buckets{From: time.UnixMilli(axis.from), Step: axis.duration(), Counts: counts[i]}
		}
		page.Items = append(page.Items, g)
	}
	return page, nil
}

// seen returns when the values of a label occurred.
func (s *store) seen(ctx context.Context, q exceptions.Query, tallies []*tally) (map[string]*occurrence, error) {
	seen := map[string]*occurrence{}
	hashes := make([]string, 0, len(tallies))
	for _, t := range tallies {
		if t.value != "" {
			hashes = append(hashes, hash(q.By, t.value))
		}
	}
	note := func(scan func(...any) error) error {
		var o occurrence
		var back string
		err := scan(&o.value, &o.first, &back)
		o.back = parseBack(back)
		seen[o.value] = &o
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

// state returns the state of a group in the time of a query. If o is nil, the group is
// that of no value, or one of which the store does not know when it occurred.
func (o *occurrence) state(q exceptions.Query, first int64) exceptions.GroupState {
	within := func(at int64) bool {
		return (q.From.IsZero() || at >= q.From.UnixMilli()) && (q.To.IsZero() || at <= q.To.UnixMilli())
	}
	switch {
	case o == nil:
		return exceptions.GroupOngoing
	case within(first):
		return exceptions.GroupNew
	case slices.ContainsFunc(o.back, within):
		return exceptions.GroupRegressed
	default:
		return exceptions.GroupOngoing
	}
}

// Histogram counts the failures that match over time.
func (s *store) Histogram(ctx context.Context, q exceptions.Query) (h exceptions.Histogram, err error) {
	so, err := s.sort(ctx, q)
	if err != nil {
		return h, failed(err)
	}
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
	axis := newAxis(q, so.parts)
	counts, other := axis.count(so, order)
	h.From, h.To, h.Step, h.Truncated = time.UnixMilli(axis.from), time.UnixMilli(axis.to), axis.duration(), so.truncated
	for i, at := range order {
		h.Series = append(h.Series, exceptions.Series{Value: so.tallies[at].value, Counts: counts[i]})
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

// maxStep is the longest time.Duration in milliseconds.
const maxStep = int64(1<<63-1) / int64(time.Millisecond)

// newAxis returns the axis of a query that has found these rows.
func newAxis(q exceptions.Query, parts [][]row) axis {
	var a axis
	any := false
	for _, rows := range parts {
		if len(rows) == 0 {
			continue
		}
		first, last := milli(rows[0].at), milli(rows[len(rows)-1].at)
		if !any {
			a.from, a.to, any = first, last, true
		}
		a.from, a.to = min(a.from, first), max(a.to, last)
	}
	if !any {
		now := time.Now().UnixMilli()
		a.from, a.to = now, now
	}
	if !q.From.IsZero() {
		a.from = q.From.UnixMilli()
	}
	if !q.To.IsZero() {
		a.to = q.To.UnixMilli()
	}
	a.to = max(a.to, a.from)
	span, buckets := max(1, a.to-a.from), max(1, int64(q.Buckets))
	a.step = min((span-1)/buckets+1, maxStep)
	a.n = int((span-1)/a.step + 1)
	return a
}

func (a axis) duration() time.Duration { return time.Duration(a.step) * time.Millisecond }

// count counts the rows of some tallies over time, and those of all others.
func (a axis) count(so *sorting, tallies []int) (counts [][]int, other []int) {
	other = make([]int, a.n)
	of := make([][]int, len(so.tallies))
	for i := range of {
		of[i] = other
	}
	for _, at := range tallies {
		of[at] = make([]int, a.n)
		counts = append(counts, of[at])
	}
	for _, rows := range so.parts {
		for i := range rows {
			of[so.of[rows[i].kind]][min(int((milli(rows[i].at)-a.from)/a.step), a.n-1)]++
		}
	}
	return counts, other
}
