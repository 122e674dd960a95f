package exceptions

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A Job is what is known of a job.
type Job struct {
	ID   string `json:"jobId"`
	Name string `json:"jobName"` // that of the last failure that had one

	// Failures is how many failures match, those under others included. If the
	// query selects by nothing but job, those that were removed are included as
	// far as the store knows.
	Failures uint64 `json:"failures"`

	Entries int `json:"entries"` // failures that match, not counting those under others
	Pending int `json:"pending"` // failures that match whose labels are pending

	// Resolved is since when the job works again, if the service said so with
	// [History.Resolve] and the job has not failed later. Otherwise it is zero.
	Resolved time.Time `json:"-"`

	Latest Entry `json:"latest"` // the latest failure that matches and is not under another, without those under it
}

// A LabelCount is how often the values of a label occur.
type LabelCount struct {
	Key           string       `json:"key"`
	Count         int          `json:"count"`                   // of all values
	Values        []ValueCount `json:"values"`                  // the 100 most frequent, the most frequent first, then in the order of the values
	ValuesDropped int          `json:"valuesDropped,omitempty"` // how many there were more
}

// A ValueCount is how often a value of a label occurs.
type ValueCount struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// CountLabels returns the answer to a query of [Store].Labels, of how often each value of
// each label occurs, by key and value.
func CountLabels(q Query, counts map[string]map[string]int) Page[LabelCount] {
	keys, truncated := limited(slices.Sorted(maps.Keys(counts)), q.Limit)
	page := Page[LabelCount]{Items: make([]LabelCount, 0, len(keys)), Truncated: truncated}
	for _, key := range keys {
		c := LabelCount{Key: key, Values: make([]ValueCount, 0, len(counts[key]))}
		for value, n := range counts[key] {
			c.Count += n
			c.Values = append(c.Values, ValueCount{value, n})
		}
		slices.SortFunc(c.Values, func(a, b ValueCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
		})
		c.ValuesDropped = max(0, len(c.Values)-MaxValues)
		c.Values = slices.Clip(c.Values[:len(c.Values)-c.ValuesDropped])
		page.Items = append(page.Items, c)
	}
	return page
}

// A Group is the failures that match and have one value of a label.
type Group struct {
	Value string
	Count int
	Jobs  int // different jobs

	// FirstSeen is when the value occurred first, whatever else the query says,
	// and as far as the store knows also if that failure has been removed. For
	// the value "" it is when the first failure that matches occurred.
	FirstSeen time.Time

	LastSeen time.Time // the latest failure that matches
	State    GroupState
	Latest   Entry   // the latest failure that matches, with those under it; its labels are those of the group
	Buckets  Buckets // empty unless Query.Buckets is positive
}

// A GroupState says whether a group is new in the time of a query.
type GroupState uint8

const (
	// GroupOngoing is any other group, and that of the value "". Its text is
	// "ongoing".
	GroupOngoing GroupState = iota

	// GroupNew has a FirstSeen within the time. Its text is "new".
	GroupNew

	// GroupRegressed has come back within the time: its value occurred after it
	// had not for 24 hours, or in a job that had failed with it before it was
	// resolved. Its text is "regressed".
	GroupRegressed
)

var groupStates = []string{"ongoing", "new", "regressed"}

// String returns the text of s.
func (s GroupState) String() string {
	if int(s) < len(groupStates) {
		return groupStates[s]
	}
	return fmt.Sprintf("GroupState(%d)", uint8(s))
}

// MarshalText returns the text of s. The error is always nil.
func (s GroupState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Buckets are counts over time, with the From and Step of the [Histogram] of the same
// query. The first count is of [From, From+Step), and so on; the last includes its end.
type Buckets struct {
	From   time.Time
	Step   time.Duration // whole milliseconds
	Counts []int
}

// A Histogram counts failures over time.
type Histogram struct {
	// From is where the first bucket begins, To where the last one ends. They are
	// those of the query, or the times of the first and the last failure that
	// matches. If there is none, To is the time of the call, and From is To. Step is
	// the shortest, in whole milliseconds, for which the number of buckets suffices.
	// A store may use an earlier From and a longer Step, for buckets of whole hours;
	// failures before Query.From are not counted.
	From, To time.Time
	Step     time.Duration

	// Series are the values of the label, the most frequent first, then in the
	// order of the values, at most MaxSeries. Other has the counts of all other
	// values together; it is nil if there are none.
	Series []Series
	Other  []int

	Truncated bool // as in Page
}

// A Series is the counts of one value. All series of a [Histogram] have the same
// number of counts.
type Series struct {
	Value  string `json:"value"`
	Counts []int  `json:"counts"`
}

// MarshalJSON returns j as the REST API serves it, with times in milliseconds since
// 1970, as those of Group and Histogram.
func (j Job) MarshalJSON() ([]byte, error) {
	type plain Job
	j.Latest.Concurrent = nil
	var resolved int64
	if !j.Resolved.IsZero() {
		resolved = j.Resolved.UnixMilli()
	}
	return json.Marshal(struct {
		plain
		Resolved int64 `json:"resolved,omitempty"`
	}{plain(j), resolved})
}

// MarshalJSON returns g as the REST API serves it.
func (g Group) MarshalJSON() ([]byte, error) {
	type buckets struct {
		From   int64 `json:"from"`
		Step   int64 `json:"step"`
		Counts []int `json:"counts"`
	}
	w := struct {
		Value     string          `json:"value"`
		Count     int             `json:"count"`
		Jobs      int             `json:"jobs"`
		FirstSeen int64           `json:"firstSeen"`
		LastSeen  int64           `json:"lastSeen"`
		State     GroupState      `json:"state"`
		Labels    enricher.Labels `json:"labels"`
		Latest    wireEntry       `json:"latest"`
		Buckets   *buckets        `json:"buckets,omitempty"`
	}{g.Value, g.Count, g.Jobs, g.FirstSeen.UnixMilli(), g.LastSeen.UnixMilli(), g.State, g.Latest.Labels, g.Latest.whole(false), nil}
	if w.Labels == nil {
		w.Labels = enricher.Labels{}
	}
	if b := g.Buckets; b.Counts != nil {
		w.Buckets = &buckets{b.From.UnixMilli(), b.Step.Milliseconds(), b.Counts}
	}
	return json.Marshal(w)
}

// MarshalJSON returns h as the REST API serves it.
func (h Histogram) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		From      int64    `json:"from"`
		To        int64    `json:"to"`
		Step      int64    `json:"step"`
		Series    []Series `json:"series"`
		Other     []int    `json:"other,omitempty"`
		Truncated bool     `json:"truncated"`
	}{h.From.UnixMilli(), h.To.UnixMilli(), h.Step.Milliseconds(), append([]Series{}, h.Series...), h.Other, h.Truncated})
}

// MarshalJSON returns s as the REST API serves it.
func (s Status) MarshalJSON() ([]byte, error) {
	var failedAt int64
	if !s.FailedAt.IsZero() {
		failedAt = s.FailedAt.UnixMilli()
	}
	return json.Marshal(struct {
		Store    string `json:"store"`
		Process  string `json:"process,omitempty"`
		Queued   int    `json:"queued"`
		Dropped  uint64 `json:"dropped"`
		Evicted  uint64 `json:"evicted"`
		Error    string `json:"error,omitempty"`
		FailedAt int64  `json:"failedAt,omitempty"`
	}{s.Store, s.Process, s.Queued, s.Dropped, s.Evicted, s.Error, failedAt})
}
