package exceptions

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
)

// Limits of answers, unless the request sets them. That of exceptions is Flink's.
const (
	defaultExceptions = 20
	defaultJobs       = 100
)

// maxLabelBytes is roughly how large an answer with labels may be before its last
// label.
const maxLabelBytes = 1 << 20

// serveJob returns a handler of the exceptions of one job.
func (s *handler) serveJob(id string) func(http.ResponseWriter, *http.Request, *params) {
	return func(w http.ResponseWriter, r *http.Request, p *params) {
		version, known := s.history.jobVersion(id)
		if !known {
			p.missing = fmt.Sprintf("no such job: %q", cut(id, maxNameLength))
		}
		s.serveExceptions(w, r, p, version, []string{id})
	}
}

func (s *handler) serveAll(w http.ResponseWriter, r *http.Request, p *params) {
	s.serveExceptions(w, r, p, s.history.version(), p.jobs())
}

func (s *handler) serveExceptions(w http.ResponseWriter, r *http.Request, p *params, version uint64, ids []string) {
	q := Query{JobIDs: ids, Filter: p.filter(), Limit: p.limit("maxExceptions", defaultExceptions)}
	flink := p.flink()
	answer(w, r, p, version, func(out *bufio.Writer) {
		groups, truncated := s.history.find(q)
		out.WriteString(`{"exceptionHistory":{"entries":[`)
		writeList(out, groups, func(g *group) any { return g.wire(flink) })
		fmt.Fprintf(out, `],"truncated":%t}}`, truncated)
	})
}

func (s *handler) serveJobs(w http.ResponseWriter, r *http.Request, p *params) {
	q := Query{JobIDs: p.jobs(), Filter: p.filter(), Limit: p.limit("maxJobs", defaultJobs)}
	answer(w, r, p, s.history.version(), func(out *bufio.Writer) {
		views, truncated := s.history.findJobs(q)
		out.WriteString(`{"jobs":[`)
		writeList(out, views, func(v jobView) any {
			v.Latest = *v.latest.root
			return v.Job
		})
		fmt.Fprintf(out, `],"truncated":%t}`, truncated)
	})
}

func (s *handler) serveLabels(w http.ResponseWriter, r *http.Request, p *params) {
	q := Query{JobIDs: p.jobs(), Filter: p.filter()}
	answer(w, r, p, s.history.version(), func(out *bufio.Writer) {
		labels := s.history.Labels(q)
		listed, size := 0, 0
		for ; listed < len(labels) && size < maxLabelBytes; listed++ {
			size += itemOverhead + len(labels[listed].Key)
			for _, v := range labels[listed].Values {
				size += itemOverhead + len(v.Value)
			}
		}
		out.WriteString(`{"labels":[`)
		writeList(out, labels[:listed], func(c LabelCount) any { return c })
		fmt.Fprintf(out, `],"truncated":%t}`, listed < len(labels))
	})
}

// answer writes an answer, or the errors of the request, or that the client has
// the answer already. version was read before write queries the history, so an
// answer may be newer than its tag, never older.
func answer(w http.ResponseWriter, r *http.Request, p *params, version uint64, write func(*bufio.Writer)) {
	if len(p.errs) > 0 {
		reject(w, http.StatusBadRequest, p.errs...)
		return
	}
	if p.missing != "" {
		reject(w, http.StatusNotFound, p.missing)
		return
	}
	if fresh(w, r, version) {
		return
	}
	out := bufio.NewWriter(w)
	write(out)
	out.WriteByte('\n')
	out.Flush() // an error means that the client has gone
}

// writeList writes the elements of a JSON array one by one, because together they
// can be huge.
func writeList[T any](out *bufio.Writer, items []T, wire func(T) any) {
	for i, item := range items {
		if i > 0 {
			out.WriteByte(',')
		}
		text, _ := json.Marshal(wire(item)) // texts are valid since they were recorded
		if _, err := out.Write(text); err != nil {
			return
		}
	}
}
