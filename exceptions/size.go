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
		len(e.TaskManagerID) + len(e.Endpoint) + len(e.ExceptionName) + len(e.Message) + len(e.Stacktrace)
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
// the failure: the history, an event, or the enrichment that is to label it.
type cost struct {
	bytes   int
	holders int
}

func (h *History) hold(c *cost) {
	if c.holders++; c.holders == 1 {
		h.bytes += c.bytes
	}
}

func (h *History) release(c *cost) {
	if c.holders--; c.holders == 0 {
		h.bytes -= c.bytes
	}
}

// setCost replaces the cost of r by the size of its entry.
func (h *History) setCost(r *record) {
	size := r.entry.size()
	if r.cost.holders > 0 {
		h.bytes += size - r.cost.bytes
	}
	r.cost.bytes = size
}

// trim removes the oldest failures and events until the rest has at most
// Options.MaxBytes. The last failure and the last event stay.
func (h *History) trim() {
	for h.bytes > h.opts.MaxBytes {
		first := h.seq + 1 - uint64(len(h.events))
		switch {
		case len(h.events) > 1 && (h.arrived.Len() <= 1 || first <= h.oldest().seq):
			h.dropEvent()
		case h.arrived.Len() > 1:
			h.evict(h.oldest())
		default:
			return
		}
	}
}

func (h *History) oldest() *record { return h.arrived.Front().Value.(*record) }

// evict removes r and those under it, but not all that there is.
func (h *History) evict(r *record) {
	if h.arrived.Len() == 1+len(r.concurrent) {
		r = r.concurrent[0]
	}
	r.job.version = h.seq
	if top := r.top; top != nil {
		h.forget(r)
		top.concurrent = without(top.concurrent, r)
		top.dropped++
		top.regroup()
		return
	}
	h.forget(r)
	r.job.records = without(r.job.records, r)
	if len(r.job.records) == 0 {
		h.forgetJob(r.job)
	}
}

// without returns list without r, which is usually the first.
func without(list []*record, r *record) []*record {
	i := slices.Index(list, r)
	return slices.Delete(list, i, i+1)
}
