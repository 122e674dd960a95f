package exceptions

import (
	"container/list"
	"slices"
	"strconv"
	"sync"
)

// A record is the place of one failure in the history. The lock of the history
// guards it.
type record struct {
	given string // the ID that the service gave; may be empty, and need not be unique
	root  string // the RootID that the service gave
	id    string // unique; set by insert
	seq   uint64 // of its first event; set by insert

	job        *job
	entry      *Entry    // replaced, never changed, once it is inserted
	top        *record   // the one that it is under; nil if none
	concurrent []*record // those under it, oldest first
	dropped    int       // how many under it were removed
	group      *group    // for readers; replaced whenever one of the above changes
	gone       bool      // no longer in the history

	cost    *cost
	arrived *list.Element // in the history's list; nil if gone

	completing sync.Once
}

// A job has the records of one job.
type job struct {
	id       string
	name     string
	failures uint64             // since the job is known
	pending  int                // records without labels
	version  uint64             // its last event
	records  []*record          // those that are not under others, oldest first
	given    map[string]*record // the latest with that given ID
	orphans  int                // among records, those whose root is not there
	age      *list.Element
}

// insert adds a record, removes what exceeds the bounds, and wakes the followers.
func (h *History) insert(r *record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	r.seq = h.seq
	h.identify(r)
	j := h.jobOf(r)
	r.job = j
	j.failures++
	r.cost = &cost{bytes: r.entry.size()}
	r.arrived = h.arrived.PushBack(r)
	h.hold(r.cost)
	if r.entry.LabelState == StatePending {
		j.pending++
		h.hold(r.cost) // settle releases it
	}
	h.place(r)
	for len(j.records) > h.opts.MaxExceptions {
		h.forget(j.records[0])
		j.records[0] = nil
		j.records = j.records[1:]
	}
	h.publish(EventFailure, r)
	h.trim()
}

// identify gives r an ID that is unique in the history.
func (h *History) identify(r *record) {
	prefix := ""
	r.id = r.given
	if r.given != "" {
		prefix = r.given + "~"
	}
	for n := r.seq; r.id == "" || h.has(r.id); n++ {
		r.id = prefix + strconv.FormatUint(n, 36)
	}
	h.ids[r.id] = struct{}{}
	r.entry.ID = r.id
}

func (h *History) has(id string) bool {
	_, ok := h.ids[id]
	return ok
}

// jobOf returns the job of r, which now has the latest failure.
func (h *History) jobOf(r *record) *job {
	j := h.jobs[r.entry.JobID]
	if j == nil {
		for len(h.jobs) >= h.opts.MaxJobs {
			h.forgetJob(h.byAge.Back().Value.(*job))
		}
		j = &job{id: r.entry.JobID, given: map[string]*record{}}
		j.age = h.byAge.PushFront(j)
		h.jobs[j.id] = j
	} else {
		h.byAge.MoveToFront(j.age)
	}
	if r.entry.JobName != "" {
		j.name = r.entry.JobName
	}
	return j
}

// place puts r under its root if that is there, and under r those whose root it
// is.
func (h *History) place(r *record) {
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
		h.put(top, r)
	} else {
		top = r
		j.records = append(j.records, r)
		if r.isOrphan() {
			j.orphans++
		}
		r.regroup()
	}
	if r.given != "" && j.orphans > 0 {
		h.adopt(top, r.given)
	}
}

// isOrphan reports whether r has a root that is not there.
func (r *record) isOrphan() bool { return r.top == nil && r.root != "" && r.root != r.given }

// adopt puts the orphans with this root under top.
func (h *History) adopt(top *record, root string) {
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
		h.put(top, o)
		for _, c := range under {
			h.put(top, c)
		}
	}
}

// put puts r under top.
func (h *History) put(top, r *record) {
	e := *r.entry
	e.RootID = top.id
	r.entry, r.top = &e, top
	h.setCost(r)
	r.regroup()
	top.concurrent = append(top.concurrent, r)
	for len(top.concurrent) > h.opts.MaxConcurrentExceptions {
		h.forget(top.concurrent[0])
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
func (h *History) forget(r *record) {
	j := r.job
	r.gone = true
	delete(h.ids, r.id)
	if j.given[r.given] == r {
		delete(j.given, r.given)
	}
	if r.entry.LabelState == StatePending {
		j.pending--
	}
	if r.isOrphan() {
		j.orphans--
	}
	for _, c := range r.concurrent {
		h.forget(c)
	}
	h.arrived.Remove(r.arrived)
	h.release(r.cost)
	// Those that still hold r, an event or an enrichment, hold nothing else.
	r.arrived, r.top, r.concurrent = nil, nil, nil
}

func (h *History) forgetJob(j *job) {
	for _, r := range j.records {
		h.forget(r)
	}
	delete(h.jobs, j.id)
	h.byAge.Remove(j.age)
}

// settle sets the labels of r to those of an entry, and wakes the followers.
func (h *History) settle(r *record, labeled *Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pending, r)
	e := *r.entry
	e.Labels, e.LabelsDropped, e.LabelState = labeled.Labels, labeled.LabelsDropped, labeled.LabelState
	e.FailedEnrichers, e.FailedEnrichersDropped = labeled.FailedEnrichers, labeled.FailedEnrichersDropped
	e.LabelIssues, e.LabelIssuesDropped = labeled.LabelIssues, labeled.LabelIssuesDropped
	r.entry = &e
	h.setCost(r)
	if !r.gone {
		r.job.pending--
	}
	r.regroup()
	if r.top != nil && !r.gone {
		r.top.regroup()
	}
	h.seq++
	h.publish(EventLabels, r)
	h.release(r.cost)
	h.trim()
}
