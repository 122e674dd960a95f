package exceptions

import (
	"cmp"
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Failures returns the failures that match, by time.
func (m *Memory) Failures(_ context.Context, q Query) (Page[Entry], error) {
	found, err := m.find(q)
	page := Page[Entry]{Items: make([]Entry, len(found.Items)), Next: found.Next, Truncated: found.Truncated}
	for i, g := range found.Items {
		page.Items[i] = g.entry()
		if q.Wire {
			page.Items[i].Wire = slices.Clone(g.root.Wire)
			for k, c := range g.concurrent {
				page.Items[i].Concurrent[k].Wire = slices.Clone(c.Wire)
			}
		}
	}
	return page, err
}

// find returns the groups that match and are not under others, by time.
func (m *Memory) find(q Query) (Page[*group], error) {
	groups, _ := m.matching(q)
	groups = slices.DeleteFunc(groups, func(g *group) bool { return g.under })
	order := newer
	if q.Sort == SortOldest {
		order = func(a, b *group) int { return newer(b, a) }
	}
	slices.SortFunc(groups, order)
	return pageOf(groups, q, order, func(g *group) (int64, string) {
		return g.at, strconv.FormatUint(g.seq, 36)
	}, func(at int64, seq string) (*group, error) {
		n, err := strconv.ParseUint(seq, 36, 64)
		return &group{at: at, seq: n}, err
	})
}

// A jobCount is what a query finds of a job.
type jobCount struct {
	Job
	latest *group // the latest that is not under another; nil if there is none
}

// Jobs returns the jobs that have a failure that matches.
func (m *Memory) Jobs(_ context.Context, q Query) (Page[Job], error) {
	groups, known := m.matching(q)
	counts := map[string]*jobCount{}
	for _, g := range groups {
		c := counts[g.root.JobID]
		if c == nil {
			c = &jobCount{Job: known[g.root.JobID]}
			if !q.onlyJobs() {
				c.Failures = 0
			}
			counts[c.ID] = c
		}
		if !q.onlyJobs() {
			c.Failures++
		}
		if g.root.LabelState == StatePending {
			c.Pending++
		}
		if !g.under {
			c.Entries++
			if c.latest == nil || newer(g, c.latest) < 0 {
				c.latest = g
			}
		}
	}
	jobs := make([]*jobCount, 0, len(counts))
	for _, c := range counts {
		if c.latest != nil {
			jobs = append(jobs, c)
		}
	}
	number := func(c *jobCount) int64 {
		if q.Sort == SortCount {
			return int64(c.Failures)
		}
		return c.latest.at
	}
	order := func(a, b *jobCount) int {
		return cmp.Or(cmp.Compare(number(b), number(a)), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(jobs, order)
	found, err := pageOf(jobs, q, order, func(c *jobCount) (int64, string) {
		return number(c), c.ID
	}, func(n int64, id string) (*jobCount, error) {
		return &jobCount{Job{ID: id, Failures: uint64(n)}, &group{at: n}}, nil
	})
	page := Page[Job]{Items: make([]Job, len(found.Items)), Next: found.Next, Truncated: found.Truncated}
	for i, c := range found.Items {
		page.Items[i] = c.Job
		page.Items[i].Latest = c.latest.root.clone()
	}
	return page, err
}

// Labels counts the labels of the failures that match.
func (m *Memory) Labels(_ context.Context, q Query) (Page[LabelCount], error) {
	groups, _ := m.matching(q)
	counts := map[string]map[string]int{}
	for _, g := range groups {
		for key, value := range g.root.Labels {
			if counts[key] == nil {
				counts[key] = map[string]int{}
			}
			counts[key][value]++
		}
	}
	labels := make([]LabelCount, 0, len(counts))
	for key, values := range counts {
		c := LabelCount{Key: key, Values: make([]ValueCount, 0, len(values))}
		for value, n := range values {
			c.Count += n
			c.Values = append(c.Values, ValueCount{value, n})
		}
		slices.SortFunc(c.Values, func(a, b ValueCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
		})
		c.ValuesDropped = max(0, len(c.Values)-MaxValues)
		c.Values = c.Values[:len(c.Values)-c.ValuesDropped]
		labels = append(labels, c)
	}
	slices.SortFunc(labels, func(a, b LabelCount) int { return cmp.Compare(a.Key, b.Key) })
	labels, truncated := limited(labels, q.Limit)
	return Page[LabelCount]{Items: labels, Truncated: truncated}, nil
}

// matching returns the groups that match, those under others included, in no order,
// and their jobs, with the fields that do not depend on the query.
func (m *Memory) matching(q Query) (groups []*group, jobs map[string]Job) {
	groups, jobs = m.ofJobs(q.JobIDs)
	return slices.DeleteFunc(groups, func(g *group) bool { return !q.match(g.root) }), jobs
}

// ofJobs returns all groups of some jobs, or of all if there are no IDs.
func (m *Memory) ofJobs(ids []string) (groups []*group, jobs map[string]Job) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if len(ids) == 0 {
		ids = slices.Collect(maps.Keys(m.jobs))
	}
	jobs = make(map[string]Job, len(ids))
	for _, id := range ids {
		j := m.jobs[id]
		if _, twice := jobs[id]; j == nil || twice {
			continue
		}
		jobs[id] = j.known()
		for _, r := range j.records {
			groups = append(groups, r.group)
			for _, c := range r.concurrent {
				groups = append(groups, c.group)
			}
		}
	}
	return groups, jobs
}

func (j *job) known() Job {
	known := Job{ID: j.id, Name: j.name, Failures: j.failures}
	if j.resolved != 0 && j.resolved >= j.lastFailure {
		known.Resolved = time.UnixMilli(j.resolved)
	}
	return known
}

// onlyJobs reports whether q selects failures by nothing but their job.
func (q *Query) onlyJobs() bool {
	return q.From.IsZero() && q.To.IsZero() && len(q.Words) == 0 && q.Filter.IsZero()
}

// match reports whether q selects a failure, whatever its job.
func (q *Query) match(e *Entry) bool {
	return (q.From.IsZero() || e.Time.UnixMilli() >= q.From.UnixMilli()) &&
		(q.To.IsZero() || e.Time.UnixMilli() <= q.To.UnixMilli()) &&
		q.Filter.Match(e.Labels) &&
		!slices.ContainsFunc(q.Words, func(word string) bool {
			return !contains(e.Message, word) && !contains(e.JobID, word) && !contains(e.JobName, word)
		})
}

// contains reports whether a word is in a text, without regard to case.
func contains(text, word string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(word))
}

// pageOf returns the items behind the cursor of q, at most its limit. The items are in
// order; position returns the cursor of one, and at makes one of a cursor.
func pageOf[T any](
	items []T, q Query, order func(a, b T) int, position func(T) (int64, string), at func(int64, string) (T, error),
) (page Page[T], err error) {
	if q.Cursor != "" {
		n, s, err := parseCursor(q.Cursor)
		if err != nil {
			return page, err
		}
		last, err := at(n, s)
		if err != nil {
			return page, ErrCursor
		}
		from, found := slices.BinarySearchFunc(items, last, order)
		if found {
			from++
		}
		items = items[from:]
	}
	items, more := limited(items, q.Limit)
	page.Items = items
	if more && len(items) > 0 {
		page.Next = cursor(position(items[len(items)-1]))
	}
	page.Truncated = more && len(items) == 0
	return page, nil
}

// limited returns the first limit items of a list, and whether there are more. A
// limit of 0 means all, a negative one none.
func limited[T any](list []T, limit int) ([]T, bool) {
	n := len(list)
	if limit < 0 {
		n = 0
	} else if limit > 0 {
		n = min(n, limit)
	}
	return list[:n], n < len(list)
}

// cursor is the opaque form of a position.
func cursor(n int64, s string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(n, 36) + "." + s))
}

func parseCursor(c string) (n int64, s string, err error) {
	text, err := base64.RawURLEncoding.DecodeString(c)
	head, s, ok := strings.Cut(string(text), ".")
	n, err2 := strconv.ParseInt(head, 36, 64)
	if err != nil || err2 != nil || !ok {
		return 0, "", ErrCursor
	}
	return n, s, nil
}
