package enrichersql

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/exceptions"
)

// all returns all rows that match, in parts.
func (s *store) all(ctx context.Context, q exceptions.Query) (parts [][]row, truncated bool, err error) {
	sel, err := s.selects(ctx, q)
	if err != nil {
		return nil, false, err
	}
	truncated, err = s.scan(ctx, sel, false, func(rows []row) bool {
		parts = append(parts, rows)
		return true
	})
	return parts, truncated, err
}

// A jobCount is what a query finds of a job.
type jobCount struct {
	failures, entries, pending int64
	latest                     row // the latest that is not under another, if entries is not 0
}

// Jobs returns the jobs that have a failure that matches.
func (s *store) Jobs(ctx context.Context, q exceptions.Query) (page exceptions.Page[exceptions.Job], err error) {
	parts, truncated, err := s.all(ctx, q)
	if err != nil {
		return page, failed(err)
	}
	page.Truncated = truncated
	counts := map[uint32]*jobCount{}
	for _, rows := range parts {
		for i := range rows {
			r := &rows[i]
			c := counts[r.job]
			if c == nil {
				c = &jobCount{}
				counts[r.job] = c
			}
			c.failures++
			if r.pending {
				c.pending++
			}
			if !r.under {
				if c.entries == 0 || compareRows(r, &c.latest) > 0 {
					c.latest = *r
				}
				c.entries++
			}
		}
	}
	maps.DeleteFunc(counts, func(_ uint32, c *jobCount) bool { return c.entries == 0 })
	onlyJobs := q.From.IsZero() && q.To.IsZero() && len(q.Words) == 0 && q.Filter.IsZero()
	candidates := slices.Collect(maps.Keys(counts))
	if !onlyJobs || q.Sort != exceptions.SortCount {
		candidates, err = leading(counts, q)
		if err != nil {
			return page, err
		}
	}
	known, err := s.jobs(ctx, candidates)
	if err != nil {
		return page, failed(err)
	}
	places := make([]place, 0, len(known))
	for i := range known {
		c := counts[known[i].no]
		if !onlyJobs {
			known[i].Failures = uint64(c.failures)
		}
		number := c.number(q)
		if q.Sort == exceptions.SortCount {
			number = int64(known[i].Failures)
		}
		places = append(places, place{number, known[i].ID, i})
	}
	found, next, cut, err := pageOf(places, q)
	if err != nil {
		return page, err
	}
	page.Next, page.Truncated = next, page.Truncated || cut
	nos := make([]int64, len(found))
	for i, p := range found {
		nos[i] = counts[known[p.index].no].latest.no
	}
	latest, err := s.bodies(ctx, nos, false)
	if err != nil {
		return page, failed(err)
	}
	page.Items = make([]exceptions.Job, 0, len(found))
	for i, p := range found {
		j, c := known[p.index], counts[known[p.index].no]
		e := latest[nos[i]]
		if e == nil {
			continue // it was removed since
		}
		j.Entries, j.Pending, j.Latest = int(c.entries), int(c.pending), *e
		page.Items = append(page.Items, j.Job)
	}
	return page, nil
}

// number returns what jobs are sorted by.
func (c *jobCount) number(q exceptions.Query) int64 {
	if q.Sort == exceptions.SortCount {
		return c.failures
	}
	return c.latest.at
}

// leading returns the jobs that may be in an answer, of which the IDs, which decide among equal
// numbers, have to be read.
func leading(counts map[uint32]*jobCount, q exceptions.Query) ([]uint32, error) {
	most := int64(math.MaxInt64)
	if q.Cursor != "" {
		var err error
		if most, _, err = parseCursor(q.Cursor); err != nil {
			return nil, err
		}
	}
	all := make([]uint32, 0, len(counts))
	equal := 0 // to that of the cursor, which may all be in front of it
	for no, c := range counts {
		if n := c.number(q); n <= most {
			all = append(all, no)
			if n == most {
				equal++
			}
		}
	}
	slices.SortFunc(all, func(a, b uint32) int { return order(counts[b].number(q), counts[a].number(q)) })
	n := min(len(all), equal+limitOf(q)+1)
	for n > 0 && n < len(all) && counts[all[n]].number(q) == counts[all[n-1]].number(q) {
		n++
	}
	return all[:n], nil
}

// A knownJob is a job as it is in the database.
type knownJob struct {
	exceptions.Job
	no uint32
}

// jobs returns jobs by their numbers.
func (s *store) jobs(ctx context.Context, nos []uint32) (known []knownJob, err error) {
	const text = "SELECT no, id, name, failures, coalesce(CASE WHEN resolved >= last THEN resolved END, 0) FROM enricher_jobs WHERE no IN ("
	for list, args := range lists(nos) {
		err := s.query(ctx, s.db, text+list+")", args, func(scan func(...any) error) error {
			var no, failures, resolved int64
			var j knownJob
			err := scan(&no, &j.ID, &j.Name, &failures, &resolved)
			j.no, j.Failures = uint32(no), uint64(failures)
			if resolved != 0 {
				j.Resolved = time.UnixMilli(resolved)
			}
			known = append(known, j)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

// Labels counts the labels of the failures that match.
func (s *store) Labels(ctx context.Context, q exceptions.Query) (page exceptions.Page[exceptions.LabelCount], err error) {
	parts, truncated, err := s.all(ctx, q)
	if err != nil {
		return page, failed(err)
	}
	kinds := map[int64]int{}
	for _, rows := range parts {
		for i := range rows {
			kinds[int64(rows[i].kind)]++
		}
	}
	counts := map[string]map[string]int{}
	err = s.query(ctx, s.db, "SELECT key, kind, value FROM enricher_labels", nil, func(scan func(...any) error) error {
		var key, value string
		var kind int64
		if err := scan(&key, &kind, &value); err != nil {
			return err
		}
		if n := kinds[kind]; n > 0 {
			if counts[key] == nil {
				counts[key] = map[string]int{}
			}
			counts[key][value] += n
		}
		return nil
	})
	if err != nil {
		return page, failed(err)
	}
	keys := slices.Sorted(maps.Keys(counts))
	limit := len(keys)
	if q.Limit != 0 {
		limit = min(limit, max(0, q.Limit))
	}
	page.Truncated = truncated || limit < len(keys)
	page.Items = make([]exceptions.LabelCount, 0, limit)
	for _, key := range keys[:limit] {
		page.Items = append(page.Items, labelCount(key, counts[key]))
	}
	return page, nil
}

func labelCount(key string, values map[string]int) exceptions.LabelCount {
	c := exceptions.LabelCount{Key: key, Values: make([]exceptions.ValueCount, 0, len(values))}
	for value, n := range values {
		c.Count += n
		c.Values = append(c.Values, exceptions.ValueCount{Value: value, Count: n})
	}
	slices.SortFunc(c.Values, func(a, b exceptions.ValueCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	c.ValuesDropped = max(0, len(c.Values)-exceptions.MaxValues)
	c.Values = slices.Clip(c.Values[:len(c.Values)-c.ValuesDropped])
	return c
}
