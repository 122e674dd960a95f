package exceptions

import (
	"cmp"
	"container/list"
	"context"
	"hash/maphash"
	"maps"
	"slices"
	"time"
)

// Memory is a [Store] in memory. It is lost when the process ends, and belongs to
// one [History].
type Memory struct {
	feed // its lock guards the rest

	opts    Options
	jobs    map[string]*job
	byAge   list.List          // of *job; the one with the latest failure is first
	ids     map[string]*record // by the ID as it is shown
	keys    map[string]*record
	arrived list.List              // of *record; the oldest is first
	seen    map[uint64]*Occurrence // of values of labels
	seed    maphash.Seed           // of the keys of seen
	evicted uint64                 // failures
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store. It keeps MaxExceptions failures of each of
// MaxJobs jobs, MaxConcurrentExceptions under each, and MaxEvents events, in
// MaxBytes in all; the other options are not used.
func NewMemory(opts Options) *Memory {
	m := &Memory{
		opts: opts.withDefaults(),
		jobs: map[string]*job{},
		ids:  map[string]*record{},
		keys: map[string]*record{},
		seen: map[uint64]*Occurrence{},
		seed: maphash.MakeSeed(),
	}
	m.init(m.opts.MaxEvents)
	return m
}

// String returns "memory".
func (m *Memory) String() string { return "memory" }

// A record is the place of one failure in the store. The lock guards it.
type record struct {
	key   string
	given string // the ID that the service gave; need not be unique
	root  string // the RootID that the service gave
	id    string // unique; set by insert
	seq   uint64 // of its first event; set by insert
	last  uint64 // of its last event

	job        *job
	entry      *Entry    // replaced, never changed, once it is inserted
	top        *record   // the one that it is under; nil if none
	concurrent []*record // those under it, oldest first
	dropped    int       // how many under it were removed
	group      *group    // for readers; replaced whenever one of the above changes

	cost    *cost
	arrived *list.Element // in the store's list; nil if removed
}

// A job has the records of one job.
type job struct {
	id          string
	name        string
	failures    uint64             // since the job is known
	lastFailure int64              // ms
	resolved    int64              // since when it worked again, ms; 0 if never
	records     []*record          // those that are not under others, oldest first
	given       map[string]*record // the latest with that given ID
	orphans     int                // among records, those whose root is not there
	age         *list.Element
}

// Append keeps failures, or replaces their labels. The error is nil.
func (m *Memory) Append(_ context.Context, batch []Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range batch {
		b := &batch[i]
		switch r := m.keys[b.Key]; {
		case r != nil:
			m.settle(r, &b.Entry)
		case !b.Update:
			e := b.Entry
			e.RootID = ""
			m.insert(&record{key: b.Key, given: e.ID, root: b.Entry.RootID, entry: &e})
		}
	}
	return nil
}

// settle sets the labels of r to those of an entry, and wakes the followers.
func (m *Memory) settle(r *record, labeled *Entry) {
	hadNone := r.entry.LabelState == StatePending || len(r.entry.Labels) == 0
	e := *r.entry
	e.SetLabels(labeled)
	r.entry = &e
	m.setCost(r)
	r.regroup()
	if r.top != nil {
		r.top.regroup()
	}
	if hadNone {
		m.observe(r)
	}
	m.seq++
	r.last = m.seq
	m.publish(r.notice(EventLabels))
	m.trim()
}

// Resolve says that a job works again since a time. The error is nil.
func (m *Memory) Resolve(_ context.Context, jobID string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if j := m.jobs[jobID]; j != nil && j.lastFailure <= at.UnixMilli() {
		j.resolved = max(j.resolved, at.UnixMilli())
	}
	return nil
}

// Delete removes all failures of a job. The error is nil.
func (m *Memory) Delete(_ context.Context, jobID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if j := m.jobs[jobID]; j != nil {
		m.forgetJob(j)
	}
	return nil
}

// maxSeen is how many values of labels are in seen.
const maxSeen = 1 << 14

// observe notes the labels of r, which it has just got.
func (m *Memory) observe(r *record) {
	at := r.entry.Time.UnixMilli()
	for key, value := range r.entry.Labels {
		if value == "" {
			continue
		}
		hash := m.hash(key, value)
		o := m.seen[hash]
		if o == nil {
			m.forgetSeen()
		}
		m.seen[hash] = o.Add(at, o != nil && r.cameBack(key, value, at))
	}
}

// cameBack reports whether the job of r was resolved after it had failed with a label,
// and r is the first such failure after that.
func (r *record) cameBack(key, value string, at int64) bool {
	resolved := r.job.resolved
	if resolved == 0 || at < resolved {
		return false
	}
	before := false
	for _, top := range r.job.records {
		for _, o := range append([]*record{top}, top.concurrent...) {
			if got, ok := o.entry.Labels[key]; o == r || !ok || got != value {
				continue
			}
			if o.entry.Time.UnixMilli() >= resolved {
				return false
			}
			before = true
		}
	}
	return before
}

// forgetSeen makes room for another value: it removes the one that was not seen for
// the longest time among a few.
func (m *Memory) forgetSeen() {
	if len(m.seen) < maxSeen {
		return
	}
	var oldest uint64
	few := 8
	for hash, o := range m.seen { // begins anywhere
		if few == 8 || o.Last < m.seen[oldest].Last {
			oldest = hash
		}
		if few--; few == 0 {
			break
		}
	}
	delete(m.seen, oldest)
}

// hash returns what stands for a value in seen: values can be long.
func (m *Memory) hash(key, value string) uint64 {
	return maphash.Comparable(m.seed, [2]string{key, value})
}

// Failure returns one failure.
func (m *Memory) Failure(_ context.Context, id string) (Entry, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r := m.ids[id]
	if r == nil {
		return Entry{}, ErrNotFound
	}
	return r.group.entry(), nil
}

// Changes returns what has changed. A failure that was removed is not among it.
func (m *Memory) Changes(_ context.Context, after string, limit int) (Page[Change], error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	page := Page[Change]{Next: Cursor{Number: int64(m.seq)}.String()}
	if after == "" {
		return page, nil
	}
	seen, err := ParseCursor(after)
	if err != nil {
		return page, err
	}
	var changed []*record
	for e := m.arrived.Front(); e != nil; e = e.Next() {
		if r := e.Value.(*record); int64(r.last) > seen.Number {
			changed = append(changed, r)
		}
	}
	slices.SortFunc(changed, func(a, b *record) int { return cmp.Compare(a.last, b.last) })
	changed, more := limited(changed, limit)
	for _, r := range changed {
		c := Change{Kind: EventFailure, Entry: r.group.entry()}
		if r.last != r.seq {
			c.Kind = EventLabels
		}
		page.Items = append(page.Items, c)
		if more {
			page.Next = Cursor{Number: int64(r.last)}.String()
		}
	}
	return page, nil
}

// clone returns a copy that shares nothing that could be changed.
func (e *Entry) clone() Entry {
	c := *e
	c.Attributes = maps.Clone(e.Attributes)
	c.Labels = e.Labels.Clone()
	c.FailedEnrichers = slices.Clone(e.FailedEnrichers)
	c.LabelIssues = slices.Clone(e.LabelIssues)
	c.Wire = nil
	return c
}
