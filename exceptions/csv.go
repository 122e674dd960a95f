package exceptions

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxColumns is how many labels have a column of their own, in the order of their
// keys.
const maxColumns = 64

// wantsCSV reports whether a client accepts CSV and no JSON.
func wantsCSV(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, "text/csv") && !strings.Contains(accept, "application/json")
}

// failures makes a row of each failure, those under others included, each after its
// root.
func (a *answer) failures(entries []Entry) {
	var all []*Entry
	for i := range entries {
		all = append(all, &entries[i])
		for k := range entries[i].Concurrent {
			all = append(all, &entries[i].Concurrent[k])
		}
	}
	keys := a.header(all, "time", "id", "rootId", "jobId", "jobName", "taskName", "taskManagerId", "endpoint", "attempt", "maxAttempts",
		"failureType", "exceptionName", "message", "labelState", "process", "stacktrace", "attributes", "attributesDropped", "labelsDropped")
	for _, e := range all {
		attributes, _ := json.Marshal(e.Attributes)
		a.row(keys, e, csvTime(e.Time), e.ID, e.RootID, e.JobID, e.JobName, e.TaskName, e.TaskManagerID, e.Endpoint, strconv.Itoa(e.Attempt),
			strconv.Itoa(e.MaxAttempts), e.Type.String(), e.ExceptionName, e.Message, e.LabelState.String(), e.Process, e.Stacktrace,
			string(attributes), strconv.Itoa(e.AttributesDropped), left(e, keys))
	}
}

// groups makes a row of each group.
func (a *answer) groups(groups []Group) {
	var latest []*Entry
	for i := range groups {
		latest = append(latest, &groups[i].Latest)
	}
	keys := a.header(latest, "value", "count", "jobs", "firstSeen", "lastSeen", "state", "latestId", "latestJobId", "exceptionName", "message", "labelsDropped")
	for i := range groups {
		g, e := &groups[i], latest[i]
		a.row(keys, e, g.Value, strconv.Itoa(g.Count), strconv.Itoa(g.Jobs), csvTime(g.FirstSeen), csvTime(g.LastSeen), g.State.String(),
			e.ID, e.JobID, e.ExceptionName, e.Message, left(e, keys))
	}
}

// header makes the first row, which has a column for each label of the failures, and
// returns the keys of these.
func (a *answer) header(entries []*Entry, columns ...string) []string {
	found := map[string]struct{}{}
	for _, e := range entries {
		for key := range e.Labels {
			found[key] = struct{}{}
		}
	}
	keys := slices.Sorted(maps.Keys(found))
	keys = keys[:min(len(keys), maxColumns)]
	for _, key := range keys {
		columns = append(columns, "label:"+key)
	}
	a.rows = [][]string{columns}
	return keys
}

// left returns how many labels of a failure are not in its row.
func left(e *Entry, keys []string) string {
	n := e.LabelsDropped + len(e.Labels)
	for _, key := range keys {
		if _, ok := e.Labels[key]; ok {
			n--
		}
	}
	return strconv.Itoa(n)
}

func (a *answer) row(keys []string, e *Entry, cells ...string) {
	for _, key := range keys {
		cells = append(cells, e.Labels[key])
	}
	a.rows = append(a.rows, cells)
}

// writeRows replaces the body by the rows.
func (a *answer) writeRows() {
	a.Reset()
	out := csv.NewWriter(a)
	for _, row := range a.rows {
		for i, cell := range row {
			row[i] = safe(cell)
		}
		out.Write(row)
	}
	out.Flush()
}

// formula is the beginning of what a spreadsheet may run as a formula, also if it takes
// semicolons or tabs for the separators, and then quotes for text.
var formula = regexp.MustCompile(`(^|[;\t\r\n])([ "]*)([=+\-@])`)

// safe returns a cell that a spreadsheet does not run as a formula.
func safe(cell string) string { return formula.ReplaceAllString(cell, "$1$2'$3") }

func csvTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// link returns the header that leads to the rest.
func (a *answer) link(r *http.Request) string {
	query, _ := url.ParseQuery(r.URL.RawQuery) // it was parsed before
	query.Set("cursor", a.next)
	return "<?" + query.Encode() + `>; rel="next"`
}
