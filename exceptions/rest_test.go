package exceptions_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// midnight begins the flat day.
var midnight = time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)

// flatDay has 3,001 failures of 7 jobs, evenly over a day. Each fifth is of type USER, and
// there are three fingerprints. Each hundredth is under the one before.
func flatDay() *exceptions.History {
	h := exceptions.NewHistory(exceptions.Options{MaxExceptions: 5000, MaxConcurrentExceptions: 5000})
	for i := range 3001 {
		fc := enricher.FailureContext{ID: fmt.Sprint(i), JobID: fmt.Sprint("job ", i/2%7), Time: midnight.Add(time.Duration(i) * 24 * time.Hour / 3001)}
		if i%100 == 1 {
			fc.RootID = fmt.Sprint(i - 1)
		}
		labels := enricher.Labels{"type": "SYSTEM", "fingerprint": fmt.Sprint("f", i%3)}
		if i%5 == 0 {
			labels["type"] = "USER"
		}
		keep(h, fmt.Errorf("failure of kind %d", i%3), fc, labels)
	}
	return h
}

// during returns the parameters of a time after midnight.
func during(from, to time.Duration) string {
	return fmt.Sprintf("from=%s&to=%d", url.QueryEscape(midnight.Add(from).Format(time.RFC3339)), midnight.Add(to).UnixMilli())
}

// into decodes an answer.
func into[T any](t *testing.T, h http.Handler, path string) (answer T) {
	t.Helper()
	w := get(t, h, path)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	return answer
}

type histogramAnswer struct {
	From, To, Step int64
	Series         []exceptions.Series
	Other          []int
	Truncated      bool
}

type groupAnswer struct {
	Value               string
	Count, Jobs         int
	FirstSeen, LastSeen int64
	State               string
	Labels              map[string]string
	Latest              object
	Buckets             struct {
		From, Step int64
		Counts     []int
	}
}

type groupsAnswer struct {
	Groups     []groupAnswer
	Truncated  bool
	NextCursor string
}

func TestHistogramOfAFlatDayIsFlat(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(flatDay())
	for _, by := range []string{"", "type"} {
		got := into[histogramAnswer](t, h, "/histogram?buckets=24&by="+by+"&"+during(0, 24*time.Hour))
		assert.Equal(t, [3]int64{midnight.UnixMilli(), midnight.Add(24 * time.Hour).UnixMilli(), time.Hour.Milliseconds()}, [3]int64{got.From, got.To, got.Step})
		total := 0
		for hour := range 24 {
			n := 0
			for _, s := range got.Series {
				require.Len(t, s.Counts, 24)
				n += s.Counts[hour]
			}
			assert.InDelta(t, 125, n, 1, "hour %d", hour)
			total += n
		}
		assert.Equal(t, 3001, total, "those under others are counted")
		assert.False(t, got.Truncated)
	}
	types := into[histogramAnswer](t, h, "/histogram?by=type").Series
	assert.Equal(t, []string{"SYSTEM", "USER"}, []string{types[0].Value, types[1].Value}, "the most frequent first")
	assert.Empty(t, into[histogramAnswer](t, h, "/histogram?by=type&q=none").Series)
	got := into[histogramAnswer](t, h, "/histogram?buckets=7&by=none&"+during(2*time.Hour, 3*time.Hour))
	assert.Equal(t, 125, sum(got.Series[0].Counts))
	assert.Empty(t, got.Series[0].Value, "a missing label is empty")
}

func sum(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func TestHistogramSumsUpRareValues(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{MaxExceptions: 1000})
	for i := range 100 {
		keep(h, errBoom, enricher.FailureContext{Time: midnight}, enricher.Labels{"k": fmt.Sprint(i % 30)})
	}
	got := into[histogramAnswer](t, exceptions.NewHandler(h), "/histogram?by=k")
	assert.Len(t, got.Series, exceptions.MaxSeries)
	total := sum(got.Other)
	for _, s := range got.Series {
		total += sum(s.Counts)
	}
	assert.Equal(t, 100, total)
}

func TestHistogramOutlivesWrongTimes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, at := range []time.Time{
		time.Unix(now.UnixNano(), 0), time.Unix(-now.UnixNano(), 0), time.UnixMilli(math.MaxInt64), time.UnixMilli(math.MinInt64),
		time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0), time.Unix(-1, 0), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		history := exceptions.NewHistory(exceptions.Options{})
		keep(history, errBoom, enricher.FailureContext{ID: "a", Time: now}, nil)
		keep(history, errBoom, enricher.FailureContext{ID: "b", Time: at}, nil)
		h := exceptions.NewHandler(history)
		assert.Equal(t, 2, sum(into[histogramAnswer](t, h, "/histogram").Series[0].Counts))
		assert.Equal(t, 2, sum(into[groupsAnswer](t, h, "/groups").Groups[0].Buckets.Counts))
		for _, e := range entries(history) {
			assert.WithinDuration(t, now, e.Time, time.Minute, "%v", at)
		}
		store := exceptions.NewMemory(exceptions.Options{}) // which other authors fill
		require.NoError(t, store.Append(t.Context(), []exceptions.Record{{Key: "a", Entry: exceptions.Entry{Time: now}}, {Key: "b", Entry: exceptions.Entry{Time: at}}}))
		for _, buckets := range []int{1, 60} {
			got, err := store.Histogram(t.Context(), exceptions.Query{Buckets: buckets})
			require.NoError(t, err)
			assert.Equal(t, 2, sum(got.Series[0].Counts))
		}
	}
	history := exceptions.NewHistory(exceptions.Options{})
	for _, at := range []time.Time{time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)} {
		keep(history, errBoom, enricher.FailureContext{ID: "a", Time: at}, nil)
		assert.True(t, at.Equal(entries(history)[0].Time))
	}
}

func TestGroupsCountWhatIsKept(t *testing.T) {
	t.Parallel()
	history := flatDay()
	h := exceptions.NewHandler(history)
	got := into[groupsAnswer](t, h, "/groups?buckets=4&"+during(0, 24*time.Hour))
	total := 0
	for _, g := range got.Groups {
		total += g.Count
		assert.Equal(t, g.Count, sum(g.Buckets.Counts))
		assert.Len(t, g.Buckets.Counts, 4)
		assert.Equal(t, 7, g.Jobs)
		assert.Equal(t, "new", g.State)
		assert.Equal(t, g.Value, g.Labels["fingerprint"])
		assert.Equal(t, g.Value, g.Latest["failureLabels"].(object)["fingerprint"])
	}
	assert.Equal(t, 3001, total)
	assert.Equal(t, []int{1001, 1000, 1000}, []int{got.Groups[0].Count, got.Groups[1].Count, got.Groups[2].Count})
	assert.Equal(t, midnight.UnixMilli(), got.Groups[0].FirstSeen)
	two := into[groupsAnswer](t, h, "/groups?buckets=0&maxGroups=2&sort=lastSeen")
	assert.Equal(t, "f0 f2", two.Groups[0].Value+" "+two.Groups[1].Value)
	assert.True(t, two.Truncated)
	assert.Empty(t, two.Groups[0].Buckets)
	rest := into[groupsAnswer](t, h, "/groups?maxGroups=2&sort=lastSeen&cursor="+two.NextCursor)
	require.Len(t, rest.Groups, 1)
	assert.Equal(t, "f1", rest.Groups[0].Value)
	assert.False(t, rest.Truncated)
	labels := into[struct{ Labels []exceptions.LabelCount }](t, h, "/labels?failureLabelFilter=fingerprint=f1").Labels
	assert.Equal(t, exceptions.LabelCount{Key: "fingerprint", Count: 1000, Values: []exceptions.ValueCount{{"f1", 1000}}}, labels[0], "the same number")

	job := into[struct{ Jobs []exceptions.Job }](t, h, "/jobs?failureLabelFilter=type=USER&maxJobs=1&sort=count&"+during(0, 12*time.Hour)).Jobs[0]
	matching := into[groupsAnswer](t, h, "/groups?by=type&failureLabelFilter=type:USER&jobId="+url.QueryEscape(job.ID)+"&"+during(0, 12*time.Hour)).Groups[0]
	assert.Equal(t, matching.Count, int(job.Failures), "jobs count what matches")
	assert.Less(t, job.Entries, 100)
}

func TestExceptionsOfAnHourAreAllThere(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(flatDay())
	counted := into[groupsAnswer](t, h, "/groups?by=none&"+during(2*time.Hour, 3*time.Hour)).Groups[0].Count
	list, truncated := historyOf(t, get(t, h, "/exceptions?maxExceptions=1000&"+during(2*time.Hour, 3*time.Hour)))
	for _, e := range list {
		counted -= 1 + len(e["concurrentExceptions"].([]any))
	}
	assert.Zero(t, counted)
	assert.False(t, truncated)
	oldest, _ := historyOf(t, get(t, h, "/exceptions?sort=oldest&maxExceptions=1&"+during(2*time.Hour, 3*time.Hour)))
	assert.Equal(t, list[len(list)-1]["id"], oldest[0]["id"])
}

func TestExceptionsAreReadByCursor(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(flatDay())
	seen := map[any]bool{}
	pages := 0
	for cursor := ""; pages == 0 || cursor != ""; pages++ {
		history := decode(t, get(t, h, "/exceptions?maxExceptions=2147483647&cursor="+cursor))["exceptionHistory"].(object)
		for _, e := range history["entries"].([]any) {
			seen[e.(object)["id"]] = true
		}
		assert.LessOrEqual(t, len(history["entries"].([]any)), 1000)
		cursor, _ = history["nextCursor"].(string)
		assert.Equal(t, cursor != "", history["truncated"])
	}
	assert.Equal(t, 3, pages)
	assert.Len(t, seen, 3001-30)
	assert.NotContains(t, get(t, h, "/jobs/job%200/exceptions?format=flink&maxExceptions=1").Body.String(), "nextCursor")
	next := decode(t, get(t, h, "/exceptions?jobId=job+0&maxExceptions=1"))["exceptionHistory"].(object)["nextCursor"].(string)
	historyOf(t, get(t, h, "/exceptions?jobId=job+0&maxExceptions=2&sort=newest&cursor="+next))
	for _, other := range []string{"/exceptions?cursor=x", "/exceptions?cursor=" + next, "/exceptions?jobId=job+0&sort=oldest&cursor=" + next, "/jobs?jobId=job+0&cursor=" + next} {
		assert.Contains(t, errorsOf(t, get(t, h, other), 400)[0], "cursor: must be the nextCursor of an answer to the same request")
	}
}

func TestFailureIsFoundByItsID(t *testing.T) {
	t.Parallel()
	history := exceptions.NewHistory(exceptions.Options{})
	h := exceptions.NewHandler(history)
	for _, id := range []string{"river:1-2-x", "a/b c%é?#", ".."} {
		keep(history, errBoom, enricher.FailureContext{ID: id}, enricher.Labels{"k": "v"})
		assert.Equal(t, id, decode(t, get(t, h, "/failures/"+url.PathEscape(id)))["id"])
	}
	keep(history, errBoom, enricher.FailureContext{ID: "under", RootID: ".."}, nil)
	assert.Equal(t, "..", decode(t, get(t, h, "/failures/under"))["rootId"])
	assert.Contains(t, get(t, h, "/failures/..").Body.String(), `"concurrentExceptions":[{`)
	assert.Equal(t, []string{"no such failure"}, errorsOf(t, get(t, h, "/failures/gone"), 404))
}

func TestParametersAreKnown(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(sample())
	for path, want := range map[string]string{
		"/exceptions?maxexceptions=1":                   `maxexceptions: unknown parameter; did you mean "maxExceptions"?`,
		"/exceptions?foo=bar":                           "foo: unknown parameter; must be one of failureLabelFilter, from, to, q, jobId, maxExceptions, cursor, sort, format",
		"/jobs/a/exceptions?jobId=b":                    `jobId: unknown parameter`,
		"/jobs?maxExceptions=1":                         `maxExceptions: unknown parameter`,
		"/labels?filter=x":                              `filter: unknown parameter`,
		"/groups?group=x":                               `group: unknown parameter`,
		"/histogram?bucket=3":                           `bucket: unknown parameter; did you mean "buckets"?`,
		"/histogram?buckets=0":                          `buckets: "0": must be a whole number from 1 to 1000`,
		"/events?form=1":                                `form: unknown parameter`,
		"/failures/4?x=1":                               `x: unknown parameter; this path has none`,
		"/status?x=1":                                   `x: unknown parameter; this path has none`,
		"/groups?sort=oldest":                           `sort: "oldest": must be one of count, lastSeen, firstSeen`,
		"/exceptions?from=yesterday":                    `from: "yesterday": must be a time such as 2026-01-31T14:00:00Z, or in milliseconds since 1970`,
		"/exceptions?from=2&to=1":                       "from: must not be after to",
		"/exceptions?q=" + strings.Repeat("a+", 17):     "q: 17 words: must be at most 16",
		"/groups?failureLabelFilter=x%3D%22":            "failureLabelFilter: missing closing quote",
		"/exceptions?" + strings.Repeat("x", 100) + "=": strings.Repeat("x", 50),
	} {
		assert.Contains(t, errorsOf(t, get(t, h, path), 400)[0], want, path)
	}
	for path, want := range map[string]int{
		"/jobs/a/exceptions?format=flink&foo=bar":                                                                 2,
		"/exceptions?failureLabelFilter=type=USER,team=x":                                                         1,
		"/exceptions?from=-99999999999999999999&to=99999999999999999999":                                          5,
		"/exceptions?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z":                                           5,
		"/exceptions?from=-1000&to=0":                                                                             0,
		"/exceptions?from=2026-01-02T05:05:05%2B02:00":                                                            4,
		"/exceptions?from=2026-01-02T05:05:05+02:00":                                                              4,
		"/exceptions?from=&to=&q=&jobId=a":                                                                        2,
		"/exceptions?q=BOOM+job+a":                                                                                2,
		"/histogram?buckets=1&from=-99999999999999999999&to=99999999999999999999&by=type&failureLabelFilter=type": -1,
	} {
		w := get(t, h, path)
		require.Equal(t, 200, w.Code, "%s: %s", path, w.Body)
		if want >= 0 {
			list, _ := historyOf(t, w)
			assert.Len(t, list, want, path)
		}
	}
}

func TestCSVIsSafeInASpreadsheet(t *testing.T) {
	t.Parallel()
	history := exceptions.NewHistory(exceptions.Options{})
	for i, text := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=x", "a,\"b\"\nc", "plain", "a;=1", "b; \"+1", "c\t@1", "d,\n-1", "e;x"} {
		fc := enricher.FailureContext{ID: fmt.Sprint(i), JobID: text, JobName: text, Time: midnight, MaxAttempts: i, Attributes: map[string]string{text: text}}
		keep(history, errors.New(text), fc, enricher.Labels{"fingerprint": text, text: "-x"})
	}
	keep(history, errBoom, enricher.FailureContext{ID: "under", RootID: "6", JobID: "plain", Time: midnight}, nil)
	h := exceptions.NewHandler(history)
	for path, rows := range map[string]int{"/exceptions": 13, "/groups": 13, "/jobs/plain/exceptions": 2} {
		w := get(t, h, path, "Accept", "text/csv")
		assert.Equal(t, "text/csv; charset=utf-8; header=present", w.Header().Get("Content-Type"))
		assert.NotEmpty(t, w.Header().Get("ETag"))
		text := w.Body.String()
		for _, comma := range ",;\t" {
			reader := csv.NewReader(strings.NewReader(text))
			reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = comma, true, -1
			table, err := reader.ReadAll()
			require.NoError(t, err)
			assert.True(t, comma != ',' || len(table) == 1+rows, path)
			for _, row := range table {
				for _, cell := range row {
					cell = strings.TrimLeft(cell, ` "`)
					assert.False(t, cell != "" && strings.ContainsRune("=+-@", rune(cell[0])), "%s: %q", path, cell)
				}
			}
		}
	}
	first := get(t, h, "/exceptions?maxExceptions=1&sort=oldest", "Accept", "text/csv")
	table, err := csv.NewReader(first.Body).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"2026-05-06T00:00:00.000Z", "0", "", "'=1+1"}, table[1][:4])
	assert.Equal(t, []string{"maxAttempts", "attributes"}, []string{table[0][9], table[0][16]})
	assert.Equal(t, []string{"0", `{"=1+1":"=1+1"}`}, []string{table[1][9], table[1][16]})
	link, rel, _ := strings.Cut(first.Header().Get("Link"), ";")
	assert.Equal(t, ` rel="next"`, rel)
	next := get(t, h, "/exceptions"+strings.Trim(link, "<>"), "Accept", "text/csv;q=0.9, */*;q=0.1")
	assert.Contains(t, next.Body.String(), ",1,,'+1,")
	assert.Contains(t, get(t, h, "/exceptions", "Accept", "text/csv, application/json").Body.String(), "{")
}

func TestCSVSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	history := exceptions.NewHistory(exceptions.Options{})
	labels := enricher.Labels{}
	for i := range 1030 { // of which 1024 are kept, and 64 have a column
		labels[fmt.Sprintf("k%04d", i)] = "v"
	}
	keep(history, errBoom, enricher.FailureContext{JobID: "a", Attributes: labels}, labels)
	h := exceptions.NewHandler(history)
	for _, path := range []string{"/exceptions", "/groups", "/jobs/a/exceptions"} {
		w := get(t, h, path, "Accept", "text/csv")
		assert.Empty(t, w.Header().Get("X-Truncated"))
		table, err := csv.NewReader(w.Body).ReadAll()
		require.NoError(t, err)
		column := slices.Index(table[0], "labelsDropped")
		require.Positive(t, column, path)
		assert.Equal(t, "966", table[1][column], path)
		if column = slices.Index(table[0], "attributesDropped"); path != "/groups" {
			require.Positive(t, column, path)
			assert.Equal(t, "774", table[1][column], path) // 256 are kept
		}
	}
	assert.Equal(t, "true", get(t, h, "/exceptions?maxExceptions=0", "Accept", "text/csv").Header().Get("X-Truncated"))
}

func TestWithHostsRejectsOtherNames(t *testing.T) {
	t.Parallel()
	ask := func(h http.Handler, host string) int {
		r := httptest.NewRequest("GET", "/jobs", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	all := exceptions.NewHandler(nil)
	some := exceptions.NewHandler(nil, exceptions.WithHosts("Ops.example.com", "other:8080"))
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:8081": 200, "127.0.0.1:80": 200, "[::1]:80": 200, "[::1]": 200, "10.1.2.3": 200,
		"ops.example.com": 200, "OPS.example.com.:443": 200, "other": 200,
		"evil.example.com": 421, "ops.example.com.evil.com": 421, "localhost.evil.com": 421, "127.0.0.1.evil.com": 421, "": 421,
	} {
		assert.Equal(t, 200, ask(all, host))
		assert.Equal(t, want, ask(some, host), host)
	}
}
