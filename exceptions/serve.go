package exceptions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// Limits of answers, unless the request sets them. That of exceptions is Flink's.
const (
	defaultExceptions = 20
	defaultJobs       = 100
	defaultGroups     = 100
	defaultParts      = 60 // of a histogram
	defaultGroupParts = 24
)

const (
	// maxLabelBytes is roughly how large an answer with labels may be before its
	// last label.
	maxLabelBytes = 1 << 20

	// maxAnswer is how large an answer with failures may be before its last item.
	maxAnswer = 16 << 20
	atOnce    = 250 // failures that come from the store together
)

// serveJob returns a handler of the exceptions of one job.
func (s *handler) serveJob(id string) func(http.ResponseWriter, *http.Request, *params) {
	return func(w http.ResponseWriter, r *http.Request, p *params) {
		s.serveExceptions(w, r, p, &id)
	}
}

func (s *handler) serveAll(w http.ResponseWriter, r *http.Request, p *params) {
	s.serveExceptions(w, r, p, nil)
}

// serveExceptions serves the failures of one job, or of those of the request.
func (s *handler) serveExceptions(w http.ResponseWriter, r *http.Request, p *params, job *string) {
	q := p.selection()
	if job != nil {
		q.JobIDs = []string{*job}
	} else {
		q.JobIDs = p.jobs()
	}
	p.page(&q, "maxExceptions", defaultExceptions, "newest", "oldest")
	flink := p.flink()
	if job == nil || !flink {
		p.rest()
	}
	s.answer(w, r, p, func(ctx context.Context, store Store, a *answer) error {
		q := s.history.query(q)
		if job != nil {
			known, err := asked(ctx, store.Jobs, Query{JobIDs: q.JobIDs, Limit: 1})
			if err == nil && len(known.Items) == 0 && !known.Truncated {
				return noJobError(*job)
			}
			if err != nil {
				return err
			}
		}
		var page Page[Entry]
		a.WriteString(`{"exceptionHistory":{"entries":[`)
		for left := q.Limit; ; {
			q.Limit = min(left, atOnce)
			next, err := fill(ctx, a, q, store.Failures, func(e Entry) any { return e.whole(flink) })
			if err != nil {
				return err
			}
			page.Items = append(page.Items, next.Items...)
			page.Next, page.Truncated = next.Next, next.Truncated
			left -= len(next.Items)
			q.Cursor = next.Next
			if left <= 0 || q.Cursor == "" || len(next.Items) == 0 || a.Len() > maxAnswer {
				break
			}
		}
		if a.csv {
			a.failures(page.Items)
		}
		if flink {
			page.Truncated = page.Truncated || page.Next != ""
			page.Next = ""
		}
		a.end(page.Next, page.Truncated)
		a.WriteByte('}')
		return nil
	})
}

// A noJobError says that a job is not in the store.
type noJobError string

func (e noJobError) Error() string {
	return fmt.Sprintf("no such job: %q", cut(string(e), maxNameLength))
}

// serveFailure returns a handler of one failure.
func (s *handler) serveFailure(id string) func(http.ResponseWriter, *http.Request, *params) {
	return func(w http.ResponseWriter, r *http.Request, p *params) {
		p.rest()
		s.answer(w, r, p, func(ctx context.Context, store Store, a *answer) error {
			e, err := asked(ctx, store.Failure, id)
			if err != nil {
				return err
			}
			a.value(e.whole(false))
			return nil
		})
	}
}

func (s *handler) serveJobs(w http.ResponseWriter, r *http.Request, p *params) {
	q := p.ofJobs()
	p.page(&q, "maxJobs", defaultJobs, "latest", "count")
	p.rest()
	s.answer(w, r, p, func(ctx context.Context, store Store, a *answer) error {
		a.WriteString(`{"jobs":[`)
		page, err := fill(ctx, a, s.history.query(q), store.Jobs, func(j Job) any { return j })
		a.end(page.Next, page.Truncated)
		return err
	})
}

func (s *handler) serveLabels(w http.ResponseWriter, r *http.Request, p *params) {
	q := p.ofJobs()
	p.rest()
	s.answer(w, r, p, func(ctx context.Context, store Store, a *answer) error {
		page, err := asked(ctx, store.Labels, s.history.query(q))
		labels := page.Items
		listed, size := 0, 0
		for ; listed < len(labels) && size < maxLabelBytes; listed++ {
			size += itemOverhead + len(labels[listed].Key)
			for _, v := range labels[listed].Values {
				size += itemOverhead + len(v.Value)
			}
		}
		a.WriteString(`{"labels":[`)
		listed = a.list(listed, func(i int) any { return labels[i] })
		a.end("", page.Truncated || listed < len(labels))
		return err
	})
}

func (s *handler) serveGroups(w http.ResponseWriter, r *http.Request, p *params) {
	q := p.ofJobs()
	q.By = p.by("fingerprint")
	q.Buckets = p.number("buckets", defaultGroupParts, 0, maxGroupParts)
	p.page(&q, "maxGroups", defaultGroups, "count", "lastSeen", "firstSeen")
	p.rest()
	s.answer(w, r, p, func(ctx context.Context, store Store, a *answer) error {
		a.WriteString(`{"groups":[`)
		page, err := fill(ctx, a, s.history.query(q), store.Groups, func(g Group) any { return g })
		if a.csv {
			a.groups(page.Items)
		}
		a.end(page.Next, page.Truncated)
		return err
	})
}

func (s *handler) serveHistogram(w http.ResponseWriter, r *http.Request, p *params) {
	q := p.ofJobs()
	q.By = p.by("")
	q.Buckets = p.number("buckets", defaultParts, 1, maxParts)
	p.rest()
	s.answer(w, r, p, func(ctx context.Context, store Store, a *answer) error {
		h, err := asked(ctx, store.Histogram, s.history.query(q))
		a.value(h)
		return err
	})
}

func (s *handler) serveStatus(w http.ResponseWriter, r *http.Request, p *params) {
	p.rest()
	s.answer(w, r, p, func(_ context.Context, _ Store, a *answer) error {
		a.value(s.history.Status())
		return nil
	})
}

// asked returns the answer of a method of a store.
func asked[Q, T any](ctx context.Context, method func(context.Context, Q) (T, error), q Q) (T, error) {
	return call(ctx, askTime, func(ctx context.Context) (T, error) { return method(ctx, q) })
}

// answer writes an answer, or the errors of the request, or that the client has the
// answer already.
func (s *handler) answer(
	w http.ResponseWriter, r *http.Request, p *params, write func(context.Context, Store, *answer) error,
) {
	if len(p.errs) > 0 {
		reject(w, http.StatusBadRequest, p.errs...)
		return
	}
	a := &answer{csv: wantsCSV(r)}
	var noJob noJobError
	switch err := write(r.Context(), s.history.Store(), a); {
	case err == nil:
		a.send(w, r)
	case errors.Is(err, ErrNotFound), errors.As(err, &noJob):
		reject(w, http.StatusNotFound, err.Error())
	case errors.Is(err, ErrCursor):
		reject(w, http.StatusBadRequest, "cursor: must be the nextCursor of an answer to the same request")
	default:
		w.Header().Set("Retry-After", "5")
		reject(w, http.StatusServiceUnavailable, "the store of failures failed: "+s.history.keep(guard.Text(err), maxErrorLength))
	}
}

// An answer is the body of one.
type answer struct {
	bytes.Buffer
	csv       bool // wanted
	rows      [][]string
	next      string // the cursor
	truncated bool   // without a cursor
}

// value writes a JSON value. Texts are valid since they were recorded.
func (a *answer) value(v any) {
	text, _ := json.Marshal(v)
	a.Write(text)
}

// list writes elements of a JSON array, after others if there are any, until the answer is
// full. It returns how many: at least one, if there is one.
func (a *answer) list(n int, item func(i int) any) int {
	for i := range n {
		if a.Bytes()[a.Len()-1] != '[' {
			a.WriteByte(',')
		}
		a.value(item(i))
		if a.Len() > maxAnswer {
			return i + 1
		}
	}
	return n
}

// fill writes the items of a page of the store. If the answer is full before the last, fill
// asks for fewer, as only the store knows the cursor of the rest.
func fill[T any](
	ctx context.Context, a *answer, q Query, method func(context.Context, Query) (Page[T], error), item func(T) any,
) (Page[T], error) {
	for begin := a.Len(); ; a.Truncate(begin) {
		page, err := asked(ctx, method, q)
		if err != nil {
			return page, err
		}
		n := a.list(len(page.Items), func(i int) any { return item(page.Items[i]) })
		if n == len(page.Items) || n == q.Limit { // a store that ignores Limit must not keep us here
			return page, nil
		}
		q.Limit = n
	}
}

// end writes the end of a JSON array and of the object that it is in.
func (a *answer) end(next string, truncated bool) {
	a.next, a.truncated = next, truncated && next == ""
	fmt.Fprintf(a, `],"truncated":%t`, truncated || next != "")
	if next != "" {
		fmt.Fprintf(a, `,"nextCursor":%q`, next)
	}
	a.WriteByte('}')
}

// send writes the answer, unless the client has it already or does not want it.
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	typ := "application/json; charset=utf-8"
	a.WriteByte('\n')
	if a.rows != nil {
		typ = "text/csv; charset=utf-8; header=present"
		a.writeRows()
		if a.next != "" {
			w.Header().Set("Link", a.link(r))
		}
		if a.truncated {
			w.Header().Set("X-Truncated", "true")
		}
	}
	w.Header().Set("Content-Type", typ)
	w.Header().Set("Vary", "Accept")
	sum := fnv.New64a()
	sum.Write(a.Bytes())
	if fresh(w, r, strconv.FormatUint(sum.Sum64(), 36)) {
		return
	}
	w.Write(a.Bytes()) // an error means that the client has gone
}

// fresh sets the ETag of an answer, and reports whether no body is needed: the client
// has that answer already, or the method is HEAD. The tag is weak, because the
// service may compress.
func fresh(w http.ResponseWriter, r *http.Request, tag string) bool {
	tag = `"` + tag + `"`
	w.Header().Set("ETag", "W/"+tag)
	for _, field := range r.Header.Values("If-None-Match") {
		for known := range strings.SplitSeq(field, ",") {
			if known = strings.TrimSpace(known); known == "*" || strings.TrimPrefix(known, "W/") == tag {
				w.Header().Del("Content-Type")
				w.WriteHeader(http.StatusNotModified)
				return true
			}
		}
	}
	return r.Method == http.MethodHead
}
