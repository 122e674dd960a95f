package exceptions

import (
	"container/list"
	"slices"
	"strconv"
	"sync"
)

// A record is the place of one failure in the history. All of it is guarded by
// the lock of the history, except what newRecord sets and nobody changes.
type record struct {
	given string // the ID that the service gave; may be empty, and need not be unique
	root  string // the RootID that the service gave
	id    string // unique; set by insert
	seq   uint64 // of the event that brought it; set by insert

	job        *job
	entry      *Entry    // what is known; replaced, never changed, once it is inserted
	over       *record   // the one that it stands under; nil if it stands for itself
	concurrent []*record // those that stand under it, oldest first
	dropped    int       // those that stood there but had to go
	group      *group    // for readers; made anew whenever one of the above changes
	gone       bool      // it is not in the history any more

	completing sync.Once
}

// A job has the records of one job.
type job struct {
	id       string
	name     string
	failures uint64             // ever since it is known
	pending  int                // records without labels
	version  uint64             // the last event of it
	records  []*record          // those that stand for themselves, oldest first
	given    map[string]*record // the latest with that given ID
	orphans  int                // among records, those that name a root which is not there
	age      *list.Element
}

// insert puts a record into its place, makes room, and tells the followers.
func (h *History) insert(r *record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	r.seq = h.seq
	h.identify(r)
	j := h.jobOf(r)
	r.job = j
	j.failures++
	if r.entry.LabelState == StatePending {
		j.pending++
	}
	h.place(r)
	for len(j.records) > h.opts.MaxExceptions {
		h.forget(j.records[0])
		j.records[0] = nil
		j.records = j.records[1:]
	}
	h.tell(EventFailure, r)
}

// identify gives r an ID that no other in the history has.
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

// place puts r under its root, or among those that stand for themselves, and
// under it what has been waiting for it.
func (h *History) place(r *record) {
	j := r.job
	var top *record
	if r.root != "" && r.root != r.given {
		if top = j.given[r.root]; top != nil && top.over != nil {
			top = top.over
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

// isOrphan reports whether r names a root but stands for itself.
func (r *record) isOrphan() bool { return r.over == nil && r.root != "" && r.root != r.given }

// adopt puts under top those that name a root which has just come.
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
	r.entry, r.over = &e, top
	r.regroup()
	top.concurrent = append(top.concurrent, r)
	for len(top.concurrent) > h.opts.MaxConcurrentExceptions {
		h.forget(top.concurrent[0])
		top.concurrent = slices.Delete(top.concurrent, 0, 1)
		top.dropped++
	}
	top.regroup()
}

// regroup makes the group of r anew.
func (r *record) regroup() {
	g := &group{at: r.entry.Time.UnixMicro(), seq: r.seq, root: r.entry, under: r.over != nil, dropped: r.dropped}
	if len(r.concurrent) > 0 {
		g.concurrent = make([]*Entry, len(r.concurrent))
		for i, c := range r.concurrent {
			g.concurrent[i] = c.entry
		}
	}
	r.group = g
}

// forget takes r, and what stands under it, out of the indexes. The list that it
// is in is the caller's business.
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
}

func (h *History) forgetJob(j *job) {
	for _, r := range j.records {
		h.forget(r)
	}
	delete(h.jobs, j.id)
	h.byAge.Remove(j.age)
}

// settle gives r the labels of an entry, and tells the followers.
func (h *History) settle(r *record, labeled *Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pending, r)
	e := *r.entry
	e.Labels, e.LabelState, e.FailedEnrichers = labeled.Labels, labeled.LabelState, labeled.FailedEnrichers
	r.entry = &e
	if !r.gone {
		r.job.pending--
	}
	r.regroup()
	if r.over != nil && !r.gone {
		r.over.regroup()
	}
	h.seq++
	h.tell(EventLabels, r)
}
