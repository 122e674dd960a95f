package pagetest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A week is what a person on call finds: 100,000 failures of seven days in 40 jobs, of
// about thirty kinds. Nine hours ago, version 2.4.0 was deployed.
const (
	weekFailures = 100_000
	deployed     = 9 * time.Hour
)

// A weekKind is a kind of failure. It occurs from one time to another, both ago.
type weekKind struct {
	message, errorType, typ, retry, owner string
	from, to                              time.Duration
	weight                                float64
	jobs                                  int // only in so many; 0: in all
}

func weekKinds() []weekKind {
	const day = 24 * time.Hour
	kinds := []weekKind{
		{"decode price list: json: cannot unmarshal string into Go struct field Price.amount of type int64", "*json.UnmarshalTypeError", "USER", "terminal", "web", deployed - time.Minute, 0, 0.2, 3},
		{"open /etc/jobs/limits.yaml: permission denied", "*fs.PathError", "SYSTEM", "terminal", "platform", 20 * time.Hour, 0, 0.02, 0},
		{"lock row 17: deadlock detected (SQLSTATE 40P01)", "*pgconn.PgError", "DEPENDENCY", "retryable", "data", 6 * day, 5 * day, 0.1, 0},
		{"lock row 17: deadlock detected (SQLSTATE 40P01)", "*pgconn.PgError", "DEPENDENCY", "retryable", "data", 3 * time.Hour, 0, 0.1, 0},
		{"parse date \"31/12\": month out of range", "*time.ParseError", "USER", "terminal", "web", 7 * day, deployed + time.Minute, 0.3, 0},
		{"publish to broker: too many open connections", "*net.OpError", "DEPENDENCY", "retryable", "messaging", 6 * day, day, 0.1, 0},
		{"publish to broker: too many open connections", "*net.OpError", "DEPENDENCY", "retryable", "messaging", day, 0, 0.5, 0},
	}
	what := []string{"charge invoice %d", "import bookings.csv, row %d", "spool result %d", "ask partner %d for prices", "train fold %d", "render page %d"}
	why := []string{": dial tcp 10.20.3.14:8080: connection refused", ": write /var/spool/out: no space left on device", ": unexpected status 503 Service Unavailable", ": context deadline exceeded"}
	types := []string{"*net.OpError", "*fs.PathError", "*http.StatusError", "context.deadlineExceededError"}
	for i := range 24 {
		kinds = append(kinds, weekKind{
			what[i%len(what)] + why[i%len(why)], types[i%len(why)], []string{"DEPENDENCY", "SYSTEM", "USER", "CANCELLED", "UNKNOWN"}[i%5],
			[]string{"retryable", "terminal", "unknown"}[i%3], []string{"ledger", "billing", "risk", "web", "sales"}[i%5], 7 * day, 0, 2 / float64(i+1), 0,
		})
		if i >= 12 { // not the texts of the first twelve
			kinds[len(kinds)-1].message = "nightly: " + kinds[len(kinds)-1].message
		}
	}
	return kinds
}

// fillWeek puts the failures into a store, and one of which everything is known: the
// latest of the job settle-accounts, with two that it caused.
func fillWeek(store exceptions.Store, n int, now time.Time) error {
	random := rand.New(rand.NewPCG(1, 2))
	kinds := weekKinds()
	names := []string{"Import bookings", "Send invoices", "Train risk model", "Report latency", "Sync customers"}
	const week = 7 * 24 * time.Hour
	batch := make([]exceptions.Record, 0, 1000)
	add := func(e exceptions.Entry) error {
		e.Attributes = map[string]string{"region": "eu-central-1", "owner": "the service says"}
		e.LabelState, e.Type, e.MaxAttempts = exceptions.StateComplete, enricher.FailureTypeTask, 3
		e.Stacktrace = e.Message + "\n\n*fmt.wrapError: " + e.Message + "\n"
		if batch = append(batch, exceptions.Record{Key: e.ID, Entry: e}); len(batch) < cap(batch) {
			return nil
		}
		defer func() { batch = batch[:0] }()
		return store.Append(context.Background(), batch)
	}
	for i := range n {
		ago := week - time.Duration(float64(week)*float64(i)/float64(n))
		sum, pick := 0.0, weekKind{}
		for _, k := range kinds { // one of those of that time
			if ago <= k.from && ago >= k.to {
				if sum += k.weight; random.Float64()*sum < k.weight {
					pick = k
				}
			}
		}
		job := random.IntN(40)
		if pick.jobs > 0 {
			job = 10 + random.IntN(pick.jobs)
		}
		message := pick.message
		if strings.Contains(message, "%d") {
			message = fmt.Sprintf(message, random.IntN(1000))
		}
		version := "2.3.1"
		if ago < deployed {
			version = "2.4.0"
		}
		err := add(exceptions.Entry{
			ID: fmt.Sprintf("f-%06d", i), JobID: fmt.Sprintf("job-%02d", job), JobName: fmt.Sprintf("%s %02d", names[job%len(names)], job),
			TaskName: "run", TaskManagerID: fmt.Sprint("worker-", random.IntN(12)), Attempt: 1 + random.IntN(3), Time: now.Add(-ago - 2*time.Minute),
			ExceptionName: pick.errorType, Message: message,
			Labels: enricher.Labels{
				"type": pick.typ, "retry": pick.retry, "owner": pick.owner, "error_type": pick.errorType, "version": version,
				"fingerprint": fingerprintOf(pick.message), "hint": "See the runbook.", "runbook": "https://runbooks.example.com/" + pick.owner,
			},
		})
		if err != nil {
			return err
		}
	}
	root := exceptions.Entry{
		ID: "f-9001", JobID: "settle-accounts", JobName: "Settle accounts", TaskName: "charge", TaskManagerID: "worker-3", Attempt: 2, Time: now.Add(-94 * time.Second),
		ExceptionName: "*errors.errorString", Message: "settle 2026-11: ledger is closed for this month", Labels: enricher.Labels{
			"type": "USER", "retry": "terminal", "owner": "ledger", "error_type": "*ledger.ClosedError", "fingerprint": fingerprintOf("closed"), "version": "2.4.0",
			"hint": "Open the month in the ledger, then restart the job.", "runbook": "https://runbooks.example.com/ledger/closed-month?from=page",
		},
	}
	for i := range 3 {
		e := root
		if i > 0 {
			e.ID, e.RootID, e.Message, e.TaskName = fmt.Sprint("f-900", 1+i), root.ID, fmt.Sprintf("sink %d: context canceled", i), "sink"
			e.Labels = enricher.Labels{"type": "CANCELLED", "retry": "unknown"}
		}
		if err := add(e); err != nil {
			return err
		}
	}
	return store.Append(context.Background(), batch)
}

func fingerprintOf(text string) string {
	sum := uint64(14695981039346656037)
	for _, c := range []byte(text) {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return fmt.Sprintf("%016x", sum)
}

// weekHistory is made once: its failures are only read.
var weekHistory = sync.OnceValues(func() (*exceptions.History, error) {
	opts := exceptions.Options{MaxExceptions: 1 << 20, MaxBytes: 1 << 30}
	store := exceptions.NewMemory(opts)
	opts.Store = store
	return exceptions.NewHistory(opts), fillWeek(store, weekFailures, time.Now())
})

func serveWeek(t *testing.T) *service {
	t.Helper()
	if reason := skipReason(); reason != "" {
		t.Skip(reason)
	}
	start := time.Now()
	h, err := weekHistory()
	require.NoError(t, err)
	t.Logf("%d failures are in the store after %v", weekFailures, time.Since(start).Round(time.Millisecond))
	return serveHistory(t, h)
}
