package exceptions

import (
	"context"
	"fmt"
	"maps"
	"slices"
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
	slices.SortFunc(groups, newer)
	position := func(g *group) Cursor { return Cursor{g.at, fmt.Sprintf("%016x", ^g.seq)} }
	if q.Sort == SortOldest {
		slices.Reverse(groups)
		position = func(g *group) Cursor { return Cursor{-g.at, fmt.Sprintf("%016x", g.seq)} }
	}
	return PageOf(groups, q, "Failures", position)
}

// A jobCount is what a query finds of a job.
type jobCount struct {
	Job
	latest *group // the latest that is not under another; nil if there is none
}

// Jobs returns the jobs that have a failure that matches.
func (m *Memory) Jobs(_ context.Context, q Query) (Page[Job], error) {
	groups, known := m.matching(q)
	counts, onlyJobs := map[string]*jobCount{}, q.OnlyJobs()
	for _, g := range groups {
		c := counts[g.root.JobID]
		if c == nil {
			c = &jobCount{Job: known[g.root.JobID]}
			if !onlyJobs {
				c.Failures = 0
			}
			counts[c.ID] = c
		}
		if !onlyJobs {
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
	position := func(c *jobCount) Cursor {
		if q.Sort == SortCount {
			return Cursor{int64(c.Failures), c.ID}
		}
		return Cursor{c.latest.at, c.ID}
	}
	slices.SortFunc(jobs, func(a, b *jobCount) int { return position(a).Compare(position(b)) })
	found, err := PageOf(jobs, q, "Jobs", position)
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
	return CountLabels(q, counts), nil
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

// match reports whether q selects a failure, whatever its job.
func (q *Query) match(e *Entry) bool {
	return q.within(e.Time.UnixMilli()) &&
		q.Filter.Match(e.Labels) &&
		!slices.ContainsFunc(q.Words, func(word string) bool {
			return !contains(e.Message, word) && !contains(e.JobID, word) && !contains(e.JobName, word)
		})
}

// within reports whether a time in milliseconds is that of a failure that q selects.
func (q *Query) within(at int64) bool {
	return (q.From.IsZero() || at >= q.From.UnixMilli()) && (q.To.IsZero() || at <= q.To.UnixMilli())
}

// contains reports whether a word is in a text, without regard to case.
func contains(text, word string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(word))
}
