package exceptions

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/nearest"
)

// Bounds of parameters.
const (
	maxEcho       = 64   // how much of a wrong value an error quotes, bytes
	maxItems      = 1000 // of an answer
	maxWords      = 16
	maxGroupParts = 200 // buckets of each group
	maxParts      = 1000
)

// The times that can be asked for. Others mean the nearest of them.
var (
	minTime = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// params reads the parameters of a request and collects their errors.
type params struct {
	query url.Values
	known []string // the parameters that were asked for
	errs  []string
}

func (p *params) fail(name, format string, args ...any) {
	p.errs = append(p.errs, name+": "+fmt.Sprintf(format, args...))
}

// one returns the value of a parameter, and whether it is there, once.
func (p *params) one(name string) (value string, ok bool) {
	values := p.all(name)
	if len(values) > 1 {
		p.fail(name, "given %d times: must be given once", len(values))
	}
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// all returns the values of a parameter.
func (p *params) all(name string) []string {
	p.known = append(p.known, name)
	return p.query[name]
}

// rest rejects parameters that nothing has asked for.
func (p *params) rest() {
	for _, name := range slices.Sorted(maps.Keys(p.query)) {
		if !slices.Contains(p.known, name) {
			if len(p.known) == 0 {
				p.fail(cut(name, maxEcho), "unknown parameter; this path has none")
				continue
			}
			p.fail(cut(name, maxEcho), "unknown parameter%s; must be one of %s",
				nearest.Hint(name, p.known), strings.Join(p.known, ", "))
		}
	}
}

// selection returns the query of the parameters that most paths have, without jobs.
func (p *params) selection() Query {
	q := Query{Filter: p.filter(), From: p.time("from"), To: p.time("to")}
	if !q.From.IsZero() && !q.To.IsZero() && q.From.After(q.To) {
		p.fail("from", "must not be after to")
	}
	text, _ := p.one("q")
	if q.Words = strings.Fields(text); len(q.Words) > maxWords {
		p.fail("q", "%d words: must be at most %d", len(q.Words), maxWords)
	}
	return q
}

// ofJobs returns the query of the same parameters, and of the jobs.
func (p *params) ofJobs() Query {
	q := p.selection()
	q.JobIDs = p.jobs()
	return q
}

// page adds what selects a part of a list: the first order is the default.
func (p *params) page(q *Query, limit string, otherwise int, orders ...string) {
	q.Limit = p.limit(limit, otherwise)
	q.Cursor, _ = p.one("cursor")
	value, ok := p.one("sort")
	if !ok {
		return
	}
	if !slices.Contains(orders, value) {
		p.fail("sort", "%q: must be one of %s", cut(value, maxEcho), strings.Join(orders, ", "))
	}
	q.Sort = sorts[value]
}

var sorts = map[string]Sort{
	"newest": SortNewest, "oldest": SortOldest, "latest": SortLatest, "count": SortCount, "lastSeen": SortLastSeen, "firstSeen": SortFirstSeen,
}

// limit returns a parameter as a Query.Limit.
func (p *params) limit(name string, otherwise int) int {
	n := p.number(name, otherwise, 0, math.MaxInt32)
	if n == 0 {
		return -1
	}
	return min(n, maxItems)
}

func (p *params) number(name string, otherwise, least, most int) int {
	value, ok := p.one(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(value, "+"), 10, 31)
	if err != nil || int(n) < least || int(n) > most {
		p.fail(name, "%q: must be a whole number from %d to %d", cut(value, maxEcho), least, most)
		return otherwise
	}
	return int(n)
}

// time returns a time, which is zero if the parameter is missing or empty.
func (p *params) time(name string) time.Time {
	value, _ := p.one(name)
	if value == "" {
		return time.Time{}
	}
	var at time.Time
	ms, err := strconv.ParseInt(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		at = time.UnixMilli(min(max(ms, minTime.UnixMilli()), maxTime.UnixMilli()))
	} else if at, err = time.Parse(time.RFC3339, strings.Replace(value, " ", "+", 1)); err != nil { // an unescaped plus sign arrives as a space
		p.fail(name, "%q: must be a time such as 2026-01-31T14:00:00Z, or in milliseconds since 1970", cut(value, maxEcho))
	}
	switch {
	case at.Before(minTime):
		return minTime
	case at.After(maxTime):
		return maxTime
	default:
		return at
	}
}

// filter returns the filter of the request.
func (p *params) filter() Filter {
	f, err := ParseFilter(p.all("failureLabelFilter")...)
	if err != nil {
		p.fail("failureLabelFilter", "%v", err)
	}
	return f
}

// jobs returns the IDs of the jobs of the request. An empty ID is that of failures
// without a job.
func (p *params) jobs() []string { return p.all("jobId") }

// by returns the label by which failures are told apart.
func (p *params) by(otherwise string) string {
	if value, ok := p.one("by"); ok {
		return value
	}
	return otherwise
}

// flink reports whether the answer may have only Flink's own keys.
func (p *params) flink() bool {
	value, ok := p.one("format")
	if ok && value != "flink" && value != "" {
		p.fail("format", "%q: must be flink, or omitted", cut(value, maxEcho))
	}
	return value == "flink"
}
