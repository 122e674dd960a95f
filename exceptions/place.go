package exceptions

import (
	"cmp"
	"slices"
	"strconv"
)

// insert adds a record, removes what exceeds the bounds, and wakes the followers. The
// caller holds the lock.
func (m *Memory) insert(r *record) {
	m.seq++
	r.seq, r.last = m.seq, m.seq
	m.identify(r)
	j := m.jobOf(r)
	r.job = j
	j.failures++
	j.lastFailure = max(j.lastFailure, r.entry.Time.UnixMilli())
	r.cost = &cost{bytes: r.entry.size()}
	r.arrived = m.arrived.PushBack(r)
	m.hold(r.cost)
	m.place(r)
	m.observe(r)
	for len(j.records) > m.opts.MaxExceptions {
		m.forget(j.records[0])
		j.records[0] = nil
		j.records = j.records[1:]
	}
	m.publish(r.notice(EventFailure))
	m.trim()
}

// identify gives r an ID that is unique in the history.
func (m *Memory) identify(r *record) {
	prefix := ""
	r.id = r.given
	if r.given != "" {
		prefix = r.given + "~"
	}
	for n := r.seq; r.id == "" || m.ids[r.id] != nil; n++ {
		r.id = prefix + strconv.FormatUint(n, 36)
	}
	m.ids[r.id] = r
	m.keys[r.key] = r
	r.entry.ID = r.id
}

// jobOf returns the job of r, which now has the latest failure.
func (m *Memory) jobOf(r *record) *job {
	j := m.jobs[r.entry.JobID]
	if j == nil {
		for len(m.jobs) >= m.opts.MaxJobs {
			m.forgetJob(m.byAge.Back().Value.(*job))
		}
		j = &job{id: r.entry.JobID, given: map[string]*record{}}
		j.age = m.byAge.PushFront(j)
		m.jobs[j.id] = j
	} else {
		m.byAge.MoveToFront(j.age)
	}
	if r.entry.JobName != "" {
		j.name = r.entry.JobName
	}
	return j
}

// place puts r under its root if that is there, and under r those whose root it
// is.
func (m *Memory) place(r *record) {
	j := r.job
	var top *record
	if r.root != "" && r.root != r.given {
		if top = j.given[r.root]; top != nil && top.top != nil {
			top = top.top
		}
	}
	if r.given != "" {
		j.given[r.given] = r
	}
	if top != nil {
		m.put(top, r)
	} else {
		top = r
		j.records = append(j.records, r)
		if r.isOrphan() {
			j.orphans++
		}
		r.regroup()
	}
	if r.given != "" && j.orphans > 0 {
		m.adopt(top, r.given)
	}
}

// isOrphan reports whether r has a root that is not there.
func (r *record) isOrphan() bool { return r.top == nil && r.root != "" && r.root != r.given }

// adopt puts the orphans with this root under top.
func (m *Memory) adopt(top *record, root string) {
	j := top.job
	var found []*record
	j.records = slices.DeleteFunc(j.records, func(o *record) bool {
		ok := o != top && o.isOrphan() && o.root == root
		if ok {
			found = append(found, o)
		}
		return ok
	})
	for _, o := range found {
		j.orphans--
		under := o.concurrent
		top.dropped += o.dropped
		o.concurrent, o.dropped = nil, 0
		m.put(top, o)
		for _, c := range under {
			m.put(top, c)
		}
	}
}

// put puts r under top.
func (m *Memory) put(top, r *record) {
	e := *r.entry
	e.RootID = top.id
	r.entry, r.top = &e, top
	m.setCost(r)
	r.regroup()
	top.concurrent = append(top.concurrent, r)
	slices.SortFunc(top.concurrent, func(a, b *record) int { return cmp.Compare(a.seq, b.seq) })
	for len(top.concurrent) > m.opts.MaxConcurrentExceptions {
		m.forget(top.concurrent[0])
		top.concurrent = slices.Delete(top.concurrent, 0, 1)
		top.dropped++
	}
	top.regroup()
}

// regroup replaces the group of r.
func (r *record) regroup() {
	g := &group{at: r.entry.Time.UnixMicro(), seq: r.seq, root: r.entry, under: r.entry.RootID != "", dropped: r.dropped}
	if len(r.concurrent) > 0 {
		g.concurrent = make([]*Entry, len(r.concurrent))
		for i, c := range r.concurrent {
			g.concurrent[i] = c.entry
		}
	}
	r.group = g
}

// forget removes r, and those under it, from the indexes. The caller removes r
// from the list that it is in.
func (m *Memory) forget(r *record) {
	j := r.job
	delete(m.ids, r.id)
	delete(m.keys, r.key)
	if j.given[r.given] == r {
		delete(j.given, r.given)
	}
	if r.isOrphan() {
		j.orphans--
	}
	for _, c := range r.concurrent {
		m.forget(c)
	}
	m.arrived.Remove(r.arrived)
	m.release(r.cost)
	// Events that still hold r hold nothing else.
	r.arrived, r.top, r.concurrent = nil, nil, nil
}

func (m *Memory) forgetJob(j *job) {
	for _, r := range j.records {
		m.forget(r)
	}
	delete(m.jobs, j.id)
	m.byAge.Remove(j.age)
}
