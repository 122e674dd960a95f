package enrichersql

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher/exceptions"
)

// all returns all rows that match, in parts.
func (s *store) all(ctx context.Context, q exceptions.Query) (parts [][]row, truncated bool, err error) {
	sel, err := s.selects(ctx, q)
	if err != nil {
		return nil, false, err
	}
	truncated, err = s.scan(ctx, sel, false, func(slots [][]row) bool {
		parts = append(parts, slots...)
		return true
	})
	return parts, truncated, err
}

// A jobCount is what a query finds of a job.
type jobCount struct {
	no                         uint32
	failures, entries, pending int64
	latest                     row // the latest that is not under another, if entries is not 0
}

// Jobs returns the jobs that have a failure that matches.
func (s *store) Jobs(ctx context.Context, q exceptions.Query) (page exceptions.Page[exceptions.Job], err error) {
	parts, truncated, err := s.all(ctx, q)
	if err != nil {
		return page, failed(err)
	}
	counts := countJobs(parts)
	onlyJobs := q.OnlyJobs()
	if !onlyJobs || q.Sort != exceptions.SortCount {
		if counts, err = leading(counts, q); err != nil {
			return page, err
		}
	}
	known, err := s.jobs(ctx, counts)
	if err != nil {
		return page, failed(err)
	}
	places := make([]place, 0, len(known))
	for i := range known {
		c := known[i].counted
		if !onlyJobs {
			known[i].Failures = uint64(c.failures)
		}
		number := c.number(q)
		if q.Sort == exceptions.SortCount {
			number = int64(known[i].Failures)
		}
		places = append(places, place{exceptions.Cursor{Number: number, Text: known[i].ID}, i})
	}
	found, err := pageOf(places, q, "Jobs")
	if err != nil {
		return page, err
	}
	page.Next, page.Truncated = found.Next, truncated || found.Truncated
	nos := make([]int64, len(found.Items))
	for i, p := range found.Items {
		nos[i] = known[p.index].counted.latest.no
	}
	latest, err := s.bodies(ctx, nos, false)
	if err != nil {
		return page, failed(err)
	}
	page.Items = make([]exceptions.Job, 0, len(found.Items))
	for i, p := range found.Items {
		j, c := known[p.index], known[p.index].counted
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

// countJobs returns the jobs that have a row that is not under another.
func countJobs(parts [][]row) []jobCount {
	least, most, total := uint32(math.MaxUint32), uint32(0), 0
	for _, rows := range parts {
		total += len(rows)
		for i := range rows {
			least, most = min(least, rows[i].job), max(most, rows[i].job)
		}
	}
	// Where a job is in counts, and one more: in a slice, which is faster, if the numbers of the jobs are close.
	var near []uint32
	far := map[uint32]uint32{}
	if total > 0 && int64(most-least) < 8*int64(total) {
		near = make([]uint32, most-least+1)
	}
	var counts []jobCount
	for _, rows := range parts {
		for i := range rows {
			r := &rows[i]
			n := uint32(0)
			if near != nil {
				n = near[r.job-least]
			} else {
				n = far[r.job]
			}
			if n == 0 {
				counts = append(counts, jobCount{no: r.job})
				n = uint32(len(counts))
				if near != nil {
					near[r.job-least] = n
				} else {
					far[r.job] = n
				}
			}
			c := &counts[n-1]
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
	return slices.DeleteFunc(counts, func(c jobCount) bool { return c.entries == 0 })
}

// leading returns the jobs that may be in an answer, of which the IDs, which decide among equal
// numbers, have to be read.
func leading(counts []jobCount, q exceptions.Query) ([]jobCount, error) {
	equal := 0 // to the number of the cursor: they may all be in front of it
	last, ok, err := q.After("Jobs")
	if err != nil {
		return nil, err
	}
	if ok {
		counts = slices.DeleteFunc(counts, func(c jobCount) bool {
			n := c.number(q)
			if n == last.Number {
				equal++
			}
			return n > last.Number
		})
	}
	n := equal + limitOf(q.Limit) + 1
	if n >= len(counts) {
		return counts, nil
	}
	numbers := make([]int64, len(counts))
	for i := range counts {
		numbers[i] = counts[i].number(q)
	}
	slices.Sort(numbers)
	least := numbers[len(numbers)-n]
	return slices.DeleteFunc(counts, func(c jobCount) bool { return c.number(q) < least }), nil
}

// A knownJob is a job as it is in the database.
type knownJob struct {
	exceptions.Job
	counted *jobCount
}

// jobs returns what the database has of jobs.
func (s *store) jobs(ctx context.Context, counts []jobCount) (known []knownJob, err error) {
	nos, byNo := make([]uint32, len(counts)), make(map[uint32]*jobCount, len(counts))
	for i := range counts {
		nos[i], byNo[counts[i].no] = counts[i].no, &counts[i]
	}
	const text = "SELECT no, id, name, failures, coalesce(CASE WHEN resolved >= last THEN resolved END, 0) FROM enricher_jobs WHERE no IN ("
	for list, args := range lists(nos) {
		err := s.query(ctx, s.db, text+list+")", args, func(scan func(...any) error) error {
			var no, failures, resolved int64
			var j knownJob
			err := scan(&no, &j.ID, &j.Name, &failures, &resolved)
			j.counted, j.Failures = byNo[uint32(no)], uint64(failures)
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
	page = exceptions.CountLabels(q, counts)
	page.Truncated = page.Truncated || truncated
	return page, nil
}
