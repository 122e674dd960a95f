package exceptions

import "slices"

// What a failure, a label and an event take up besides their texts, in bytes.
const (
	entryOverhead = 1536
	itemOverhead  = 96
	eventOverhead = 256
)

// size returns how many bytes e takes up, without those under it.
func (e *Entry) size() int {
	n := entryOverhead + len(e.ID) + len(e.RootID) + len(e.JobID) + len(e.JobName) + len(e.TaskName) +
		len(e.TaskManagerID) + len(e.Endpoint) + len(e.ExceptionName) + len(e.Message) + len(e.Stacktrace) + len(e.Wire)
	for _, m := range []map[string]string{e.Attributes, e.Labels} {
		for key, value := range m {
			n += itemOverhead + len(key) + len(value)
		}
	}
	for _, f := range e.FailedEnrichers {
		n += itemOverhead + len(f.Enricher) + len(f.Error)
	}
	for _, i := range e.LabelIssues {
		n += itemOverhead + len(i.Enricher) + len(i.Key) + len(i.Error)
	}
	return n
}

// A cost is what a failure takes up. It counts once, for as long as anything holds
// the failure: the store or an event.
type cost struct {
	bytes   int
	holders int
}

// setCost replaces the cost of r by the size of its entry.
func (m *Memory) setCost(r *record) {
	size := r.entry.size()
	if r.cost.holders > 0 {
		m.bytes += size - r.cost.bytes
	}
	r.cost.bytes = size
}

// trim removes the oldest failures and events until the rest has at most
// Options.MaxBytes. The last failure and the last event stay.
func (m *Memory) trim() {
	for m.bytes > m.opts.MaxBytes {
		first := m.seq + 1 - uint64(len(m.events))
		switch {
		case len(m.events) > 1 && (m.arrived.Len() <= 1 || first <= m.oldest().seq):
			m.dropEvent()
		case m.arrived.Len() > 1:
			m.evict(m.oldest())
		default:
			return
		}
	}
}

func (m *Memory) oldest() *record { return m.arrived.Front().Value.(*record) }

// evict removes r and those under it, but not all that there is.
func (m *Memory) evict(r *record) {
	if m.arrived.Len() == 1+len(r.concurrent) {
		r = r.concurrent[0]
	}
	m.evicted += 1 + uint64(len(r.concurrent))
	if top := r.top; top != nil {
		m.forget(r)
		top.concurrent = without(top.concurrent, r)
		top.dropped++
		top.regroup()
		return
	}
	m.forget(r)
	r.job.records = without(r.job.records, r)
	if len(r.job.records) == 0 {
		m.forgetJob(r.job)
	}
}

// without returns list without r, which is usually the first.
func without(list []*record, r *record) []*record {
	i := slices.Index(list, r)
	return slices.Delete(list, i, i+1)
}
