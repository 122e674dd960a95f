package exceptions

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
)

// By how many the answers are limited unless the request says otherwise. That of
// exceptions is Flink's.
const (
	defaultExceptions = 20
	defaultJobs       = 100
)

// serveJob returns what serves the exceptions of one job.
func (s *handler) serveJob(id string) func(http.ResponseWriter, *http.Request, *params) {
	return func(w http.ResponseWriter, r *http.Request, p *params) {
		version, known := s.history.jobVersion(id)
		if !known {
			p.missing = fmt.Sprintf("there is no job %q in the history", cut(id, maxNameLength))
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
		out.WriteString(`{"labels":[`)
		writeList(out, s.history.Labels(q), func(c LabelCount) any { return c })
		out.WriteString(`]}`)
	})
}

// answer writes an answer if the request is right and the client does not have it
// already. version has been read before what is written is looked up: an answer
// may be newer than its tag says, never older.
func answer(w http.ResponseWriter, r *http.Request, p *params, version uint64, write func(*bufio.Writer)) {
	if len(p.errs) > 0 {
		refuse(w, http.StatusBadRequest, p.errs...)
		return
	}
	if p.missing != "" {
		refuse(w, http.StatusNotFound, p.missing)
		return
	}
	if fresh(w, r, version) {
		return
	}
	out := bufio.NewWriter(w)
	write(out)
	out.WriteByte('\n')
	out.Flush() // a client that is gone is not told
}

// writeList writes the elements of a JSON array one by one: together they can be huge.
func writeList[T any](out *bufio.Writer, items []T, wire func(T) any) {
	for i, item := range items {
		if i > 0 {
			out.WriteByte(',')
		}
		// What is written has been checked when it was recorded.
		text, _ := json.Marshal(wire(item))
		if _, err := out.Write(text); err != nil {
			return
		}
	}
}
