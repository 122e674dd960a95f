package exceptions

import (
	"cmp"
	"maps"
	"slices"
)

// Entries returns the failures that match, the newest first, and whether there
// are more than the limit. They are ordered by Entry.Time, and those of one instant
// by the order in which they arrived.
func (h *History) Entries(q Query) (entries []Entry, truncated bool) {
	groups, truncated := h.find(q)
	entries = make([]Entry, len(groups))
	for i, g := range groups {
		entries[i] = g.entry()
	}
	return entries, truncated
}

// Jobs returns the jobs that have a failure that matches, in the order of the
// latest of these failures, the newest first, and whether there are more than the
// limit.
func (h *History) Jobs(q Query) (jobs []Job, truncated bool) {
	views, truncated := h.findJobs(q)
	jobs = make([]Job, len(views))
	for i, v := range views {
		jobs[i] = v.Job
		jobs[i].Latest = v.latest.root.clone()
	}
	return jobs, truncated
}

// Labels counts the labels of the failures that match, in the order of their keys.
// Query.Limit is for the keys.
func (h *History) Labels(q Query) []LabelCount {
	counts := map[string]map[string]int{}
	limit := q.Limit
	q.Limit = 0
	for _, g := range h.matching(q) {
		for key, value := range g.root.Labels {
			if counts[key] == nil {
				counts[key] = map[string]int{}
			}
			counts[key][value]++
		}
	}
	labels := make([]LabelCount, 0, len(counts))
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		c := LabelCount{Key: key, Values: make([]ValueCount, 0, len(counts[key]))}
		for value, n := range counts[key] {
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
	labels, _ = limited(labels, limit)
	return labels
}

// find returns the groups that match, the newest first.
func (h *History) find(q Query) (groups []*group, truncated bool) {
	groups = h.matching(q)
	slices.SortFunc(groups, newer)
	return limited(groups, q.Limit)
}

// matching returns the groups that match, in no order.
func (h *History) matching(q Query) []*group {
	var groups []*group
	for _, v := range h.look(q.JobIDs) {
		groups = append(groups, v.groups...)
	}
	return slices.DeleteFunc(groups, func(g *group) bool { return !q.Filter.Match(g.root.Labels) })
}

// findJobs returns the jobs that have a group that matches.
func (h *History) findJobs(q Query) (views []jobView, truncated bool) {
	for _, v := range h.look(q.JobIDs) {
		for _, g := range v.groups {
			if q.Filter.Match(g.root.Labels) && (v.latest == nil || newer(g, v.latest) < 0) {
				v.latest = g
			}
		}
		if v.latest != nil {
			views = append(views, v)
		}
	}
	slices.SortFunc(views, func(a, b jobView) int { return newer(a.latest, b.latest) })
	return limited(views, q.Limit)
}

// A jobView is a snapshot of a job.
type jobView struct {
	Job
	groups []*group // oldest first
	latest *group   // the latest that matches; set by findJobs
}

// look returns the jobs with these IDs, or all if there are no IDs.
func (h *History) look(ids []string) []jobView {
	if h == nil {
		return nil
	}
	h.catchUp()
	keys := h.jobKeys(ids)
	h.mu.RLock()
	defer h.mu.RUnlock()
	var views []jobView
	if len(ids) == 0 {
		views = make([]jobView, 0, len(h.jobs))
		for e := h.byAge.Front(); e != nil; e = e.Next() {
			views = append(views, e.Value.(*job).view())
		}
		return views
	}
	seen := make(map[*job]bool, len(ids))
	for _, key := range keys {
		if j := h.jobs[key]; j != nil && !seen[j] {
			seen[j] = true
			views = append(views, j.view())
		}
	}
	return views
}

// jobKeys returns what the jobs with these IDs are kept under, if they are: an ID
// may be one that was shown, or one that the service gave.
func (h *History) jobKeys(ids []string) []string {
	keys := slices.Clone(ids)
	for _, id := range ids {
		if key := h.identity(id, maxNameLength); key != id {
			keys = append(keys, key)
		}
	}
	return keys
}

func (j *job) view() jobView {
	v := jobView{Job: Job{ID: j.id, Name: j.name, Failures: j.failures, Entries: len(j.records), Pending: j.pending}}
	v.groups = make([]*group, len(j.records))
	for i, r := range j.records {
		v.groups[i] = r.group
	}
	return v
}

// version returns a number that changes whenever the history does.
func (h *History) version() uint64 {
	if h == nil {
		return 0
	}
	h.catchUp()
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.seq
}

// jobVersion returns a number that changes whenever a job does, and whether the
// job is known.
func (h *History) jobVersion(id string) (seq uint64, known bool) {
	if h == nil {
		return 0, false
	}
	h.catchUp()
	keys := h.jobKeys([]string{id})
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, key := range keys {
		if j := h.jobs[key]; j != nil {
			return j.version, true
		}
	}
	return 0, false
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
