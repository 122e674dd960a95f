package exceptions

import (
	"slices"
	"time"
)

// An Occurrence is what a [Store] keeps of a value of a label, other than "", so that the
// state of its [Group] is known. Its numbers are milliseconds since 1970.
type Occurrence struct {
	First, Last int64
	Back        []int64 // when it came back: the latest 16 times, in the order of Add
}

// maxBack is how many times Back has.
const maxBack = 16

// Silence is how long the value of a group does not occur before it counts as
// regressed when it occurs again.
const Silence = 24 * time.Hour

// Add notes that a failure that occurred at a time got the label, and returns o, or a
// new Occurrence if o is nil. back says that the job of the failure had failed with the
// label before it was resolved, and has not since then.
func (o *Occurrence) Add(at int64, back bool) *Occurrence {
	if o == nil {
		return &Occurrence{First: at, Last: at}
	}
	if back || at-o.Last >= Silence.Milliseconds() {
		o.Back = append(o.Back[max(0, len(o.Back)+1-maxBack):], at)
	}
	o.First, o.Last = min(o.First, at), max(o.Last, at)
	return o
}

// Group returns FirstSeen, in milliseconds, and State of the group of a query. first is
// when the first failure of it that matches occurred. If o is nil, the store does not
// know when the value occurred, or it is "".
func (o *Occurrence) Group(q Query, first int64) (firstSeen int64, state GroupState) {
	if o == nil {
		return first, GroupOngoing
	}
	first = min(first, o.First)
	switch {
	case q.within(first):
		return first, GroupNew
	case slices.ContainsFunc(o.Back, q.within):
		return first, GroupRegressed
	default:
		return first, GroupOngoing
	}
}
