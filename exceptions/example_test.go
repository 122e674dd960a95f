package exceptions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// byType returns an Enricher that sets the label type.
func byType() *enricher.Enricher {
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("type", enricher.Func([]string{"type"},
		func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			if errors.Is(cause, os.ErrNotExist) {
				return enricher.Labels{"type": "USER"}, nil
			}
			return enricher.Labels{"type": "SYSTEM"}, nil
		})))
	if err != nil {
		panic(err)
	}
	return e
}

func Example() {
	history := exceptions.NewHistory(exceptions.Options{})

	// When a job fails: keep the failure, and label it.
	e := byType()
	res := history.Enrich(context.Background(), e, os.ErrNotExist, enricher.FailureContext{
		JobID: "import-orders", TaskName: "read (1/4)", Attempt: 1, Time: time.UnixMilli(1_700_000_000_000),
	})
	fmt.Println("restart:", !res.Labels.CannotRestart())

	// Among the HTTP handlers of the service:
	mux := http.NewServeMux()
	mux.Handle("/failures/", http.StripPrefix("/failures", exceptions.NewHandler(history)))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/failures/jobs/import-orders/exceptions?format=flink", nil))
	io.Copy(os.Stdout, w.Body)
	// Output:
	// restart: true
	// {"exceptionHistory":{"entries":[{"exceptionName":"*errors.errorString","stacktrace":"file does not exist\n  type: *errors.errorString","timestamp":1700000000000,"failureLabels":{"type":"USER"},"taskName":"read (1/4)","concurrentExceptions":[]}],"truncated":false}}
}

func ExampleNewHistory() {
	history := exceptions.NewHistory(exceptions.Options{
		MaxExceptions: 100,
		Redact:        func(text string) string { return exceptions.Redact(text) + " (checked)" },
	})
	history.Enrich(context.Background(), nil, errors.New("token=abc"), enricher.FailureContext{})
	entries, _ := history.Entries(exceptions.Query{})
	fmt.Println(entries[0].Message)
	// Output: token=*** (checked)
}

// A service that calls EnrichContext need not change.
func ExampleHistory_ObserveFailure() {
	history := exceptions.NewHistory(exceptions.Options{})
	e, err := enricher.New(enricher.Config{}, enricher.WithObserver(history))
	if err != nil {
		fmt.Println(err)
		return
	}
	e.EnrichContext(context.Background(), errors.New("boom"), enricher.FailureContext{JobID: "job"})
	entries, _ := history.Entries(exceptions.Query{})
	fmt.Println(entries[0].JobID, entries[0].Message)
	// Output: job boom
}

func ExampleHistory_EnrichAsync() {
	history := exceptions.NewHistory(exceptions.Options{})
	future := history.EnrichAsync(context.Background(), byType(), errors.New("boom"), enricher.FailureContext{JobID: "job"})
	// The failure is in the history already, and its labels when the future is done.
	<-future.Done()
	entries, _ := history.Entries(exceptions.Query{})
	fmt.Println(entries[0].LabelState, entries[0].Labels)
	// Output: complete type=SYSTEM
}

func ExampleHistory_For() {
	history := exceptions.NewHistory(exceptions.Options{})
	// What an adapter of a job manager takes: an Enricher, or a history for one.
	var labeler interface {
		EnrichContext(ctx context.Context, cause error, fc enricher.FailureContext) enricher.Result
	} = history.For(byType())
	res := labeler.EnrichContext(context.Background(), io.EOF, enricher.FailureContext{JobID: "a"})
	entries, _ := history.Entries(exceptions.Query{})
	fmt.Println(res.Labels)
	fmt.Println(entries[0].Labels)
	// Output:
	// type=SYSTEM
	// type=SYSTEM
}

func ExampleHistory_Entries() {
	history := exceptions.NewHistory(exceptions.Options{})
	e := byType()
	for _, err := range []error{os.ErrNotExist, os.ErrPermission, os.ErrNotExist} {
		history.Enrich(context.Background(), e, err, enricher.FailureContext{JobID: "job"})
	}
	filter, _ := exceptions.ParseFilter("type:USER")
	entries, truncated := history.Entries(exceptions.Query{Filter: filter, Limit: 1})
	fmt.Println(len(entries), entries[0].Message, truncated)
	// Output: 1 file does not exist true
}

func ExampleHistory_Jobs() {
	history := exceptions.NewHistory(exceptions.Options{})
	e := byType()
	for _, job := range []string{"a", "b", "a"} {
		history.Enrich(context.Background(), e, os.ErrNotExist, enricher.FailureContext{JobID: job})
	}
	jobs, _ := history.Jobs(exceptions.Query{})
	for _, job := range jobs {
		fmt.Println(job.ID, job.Failures, job.Latest.Labels)
	}
	// Output:
	// a 2 type=USER
	// b 1 type=USER
}

func ExampleHistory_Labels() {
	history := exceptions.NewHistory(exceptions.Options{})
	e := byType()
	for _, err := range []error{os.ErrNotExist, os.ErrPermission, os.ErrNotExist} {
		history.Enrich(context.Background(), e, err, enricher.FailureContext{JobID: "job"})
	}
	for _, label := range history.Labels(exceptions.Query{}) {
		fmt.Println(label.Key, label.Values)
	}
	// Output: type [{USER 2} {SYSTEM 1}]
}

// Two thousand failures may be three different errors.
func ExampleHistory_Store() {
	history := exceptions.NewHistory(exceptions.Options{})
	e := byType()
	for range 3 {
		history.Enrich(context.Background(), e, os.ErrNotExist, enricher.FailureContext{JobID: "import-orders"})
	}
	history.Enrich(context.Background(), e, os.ErrPermission, enricher.FailureContext{JobID: "send-invoices"})
	groups, err := history.Store().Groups(context.Background(), exceptions.Query{By: "type", From: time.Now().Add(-time.Hour)})
	if err != nil {
		panic(err)
	}
	for _, g := range groups.Items {
		fmt.Println(g.Value, g.Count, g.State, g.Latest.Message)
	}
	// Output:
	// USER 3 new file does not exist
	// SYSTEM 1 new permission denied
}

func ExampleHistory_Resolve() {
	history := exceptions.NewHistory(exceptions.Options{})
	history.Enrich(context.Background(), nil, os.ErrNotExist, enricher.FailureContext{JobID: "import-orders"})
	history.Resolve("import-orders") // when the job has succeeded
	jobs, _ := history.Jobs(exceptions.Query{})
	fmt.Println("works again:", !jobs[0].Resolved.IsZero())
	// Output:
	// works again: true
}

func ExampleHistory_Follow() {
	history := exceptions.NewHistory(exceptions.Options{})
	events := history.Follow(context.Background(), exceptions.FollowOptions{})
	history.Enrich(context.Background(), byType(), errors.New("boom"), enricher.FailureContext{JobID: "job"})
	for event := range events {
		switch event.Kind {
		case exceptions.EventLost:
			fmt.Println("missed", event.Missed)
		default:
			fmt.Printf("%s: %s, labels %s: [%s]\n", event.Kind, event.Entry.Message, event.Entry.LabelState, event.Entry.Labels)
		}
		if event.Kind == exceptions.EventLabels {
			break
		}
	}
	// Output:
	// failure: boom, labels pending: []
	// labels: boom, labels complete: [type=SYSTEM]
}

func ExampleParseFilter() {
	filter, err := exceptions.ParseFilter(`type:USER,!team:billing`, `reason:"no disk, no hope"`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(filter)
	fmt.Println(filter.Match(enricher.Labels{"type": "USER", "reason": "no disk, no hope"}))
	_, err = exceptions.ParseFilter(":USER")
	fmt.Println(err)
	// Output:
	// type:USER,!team:billing,reason:"no disk, no hope"
	// true
	// missing label key in ":USER": must be key:value, key, !key:value or !key, separated by commas; use double quotes around a comma
}

func ExampleMatchLabels() {
	fmt.Println(exceptions.MatchLabels(enricher.Labels{"type": "USER", "team": "a,b"}))
	// Output: team:"a,b",type:USER
}

func ExampleNewHandler() {
	history := exceptions.NewHistory(exceptions.Options{})
	handler := exceptions.NewHandler(history, exceptions.WithHeartbeat(5*time.Second), exceptions.WithMaxStreams(10))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/jobs/none/exceptions", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 404 {"errors":["no such job: \"none\""]}
}

func ExampleEntry_MarshalJSON() {
	text, _ := json.Marshal(exceptions.Entry{ID: "1", Message: "boom", Time: time.UnixMilli(0)})
	fmt.Println(string(text))
	// Output: {"exceptionName":"","stacktrace":"","timestamp":0,"failureLabels":{},"id":"1","jobId":"","jobName":"","message":"boom","failureType":"","labelState":"pending","failedEnrichers":[]}
}
