package exceptions

import "time"

// An Axis divides the time of a [Query] into buckets, for an author of a [Store].
type Axis struct {
	From, To int64 // milliseconds since 1970
	Step     int64 // milliseconds
	N        int   // buckets
}

// NewAxis returns the axis of a query, as [Histogram] says. first and last are when the
// first and the last failure that matches occurred, in milliseconds since 1970. If no
// failure matches, first must be after last.
func NewAxis(q Query, first, last int64) Axis {
	if first > last {
		last = time.Now().UnixMilli()
		if !q.To.IsZero() {
			last = q.To.UnixMilli()
		}
		first = last
	}
	a := Axis{From: first, To: last}
	if !q.From.IsZero() {
		a.From = q.From.UnixMilli()
	}
	if !q.To.IsZero() {
		a.To = q.To.UnixMilli()
	}
	a.To = max(a.To, a.From)
	span, buckets := max(1, a.To-a.From), max(1, int64(q.Buckets))
	a.Step = min((span-1)/buckets+1, maxStep)
	a.N = int((span-1)/a.Step + 1)
	return a
}

// maxStep is the longest time.Duration in milliseconds.
const maxStep = int64(1<<63-1) / int64(time.Millisecond)

// Bucket returns the index of the bucket of a failure that matches the query, by when it
// occurred. It is one of the N, whatever at is.
func (a Axis) Bucket(at int64) int { return int(max(0, min((at-a.From)/a.Step, int64(a.N)-1))) }

// Histogram returns the histogram with this axis, without its series.
func (a Axis) Histogram() Histogram {
	return Histogram{From: time.UnixMilli(a.From), To: time.UnixMilli(a.To), Step: a.step()}
}

// Buckets returns the buckets of a group with these counts, of which there must be N.
func (a Axis) Buckets(counts []int) Buckets {
	return Buckets{From: time.UnixMilli(a.From), Step: a.step(), Counts: counts}
}

func (a Axis) step() time.Duration { return time.Duration(a.Step) * time.Millisecond }
