package pagetest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A service is a server with the handler of a history, mounted below the root.
type service struct {
	*httptest.Server
	history *exceptions.History
	url     string // of the page, with the default view: groups
	list    string // with all failures one by one
}

func serve(t *testing.T) *service {
	t.Helper()
	return serveHistory(t, exceptions.NewHistory(exceptions.Options{}))
}

func serveHistory(t *testing.T, h *exceptions.History, opts ...exceptions.HandlerOption) *service {
	t.Helper()
	if reason := skipReason(); reason != "" {
		t.Skip(reason)
	}
	mux := http.NewServeMux()
	mux.Handle("/ops/failures/", http.StripPrefix("/ops/failures", exceptions.NewHandler(h, opts...)))
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections() // event streams do not end by themselves
		server.Close()
	})
	page := server.URL + "/ops/failures/"
	return &service{server, h, page, page + "?view=time"}
}

// A failure is one to be recorded. Empty fields are not set.
type failure struct {
	id, job, name, root string
	err                 error
	labels              enricher.Labels
	failed              string // the enricher that failed
	ago                 time.Duration
	attempt             int
	task, worker        string
	attributes          map[string]string
}

func (f failure) context() enricher.FailureContext {
	fc := enricher.FailureContext{
		ID: f.id, RootID: f.root, Type: enricher.FailureTypeTask, JobID: f.job, JobName: f.name,
		TaskName: f.task, TaskManagerID: f.worker, Attempt: f.attempt, Time: time.Now().Add(-f.ago), Attributes: f.attributes,
	}
	if f.worker != "" {
		fc.Endpoint = "10.20.7.4:6122"
	}
	if f.attempt > 0 {
		fc.MaxAttempts = 3
	}
	return fc
}

// add records a failure that has its labels.
func (s *service) add(failures ...failure) {
	for _, f := range failures {
		res := enricher.Result{Labels: f.labels, Outcomes: []enricher.Outcome{{Enricher: "type", Status: enricher.StatusOK}}}
		if f.failed != "" {
			res.Outcomes = append(res.Outcomes, enricher.Outcome{Enricher: f.failed, Status: enricher.StatusTimedOut, Err: context.DeadlineExceeded})
		}
		if f.err == nil {
			f.err = errors.New("it failed")
		}
		s.history.ObserveFailure(context.Background(), f.err, f.context(), res)
	}
}

// pend records a failure whose labels are known only once the returned function
// is called.
func (s *service) pend(t *testing.T, f failure) (settle func()) {
	t.Helper()
	keys := f.labels.Keys()
	known := make(chan struct{})
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithLogger(slog.New(slog.DiscardHandler)), enricher.WithEnricher("gate", enricher.Func(keys,
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			<-known
			return f.labels, nil
		})))
	require.NoError(t, err)
	future := s.history.EnrichAsync(t.Context(), e, f.err, f.context())
	settled := false
	settle = func() {
		if !settled {
			settled = true
			close(known)
			future.Result()
		}
	}
	t.Cleanup(settle)
	return settle
}

// The errors of the demonstration, as services really wrap them.
type rowError struct {
	row int
	err error
}

func (e *rowError) Error() string { return fmt.Sprintf("row %d, column amount: %v", e.row, e.err) }
func (e *rowError) Unwrap() error { return e.err }

type statusError struct{ code int }

func (e *statusError) Error() string {
	return fmt.Sprintf("unexpected status %d %s", e.code, http.StatusText(e.code))
}

func kinds() []failure {
	_, syntax := strconv.Atoi("1O4")
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 20, 3, 14), Port: 8080}, Err: syscall.ECONNREFUSED}
	return []failure{
		{
			err:    fmt.Errorf("charge invoice 2025-118: %w", refused),
			task:   "charge",
			labels: enricher.Labels{"type": "DEPENDENCY", "error_type": "*net.OpError", "retry": "retryable", "fingerprint": "9f3a21bc00de77aa", "hint": "Check whether billing is down. The job restarts by itself.", "runbook": "https://runbooks.example.com/billing-down"},
		},
		{
			err:    fmt.Errorf("import bookings.csv: %w", &rowError{18, syntax}),
			task:   "parse",
			labels: enricher.Labels{"type": "USER", "error_type": "*strconv.NumError", "retry": "terminal", "JOB_CANNOT_RESTART": "true", "fingerprint": "41c07be2d9015f3c"},
		},
		{
			err:    fmt.Errorf("spool result: %w", &fs.PathError{Op: "write", Path: "/var/spool/out/part-0007", Err: syscall.ENOSPC}),
			task:   "spool",
			labels: enricher.Labels{"type": "SYSTEM", "error_type": "*fs.PathError", "retry": "unknown", "fingerprint": "b07d44a1c2e9f610", "runbook": "https://runbooks.example.com/disk-full"},
		},
		{
			err:    fmt.Errorf("ask partner for prices: %w", &statusError{503}),
			task:   "fetch",
			labels: enricher.Labels{"type": "DEPENDENCY", "error_type": "*http.StatusError", "retry": "retryable", "fingerprint": "5d2e8f7700aa13bc"},
		},
		{
			err:    enricher.NewPanicError(errors.New("index out of range [4] with length 4"), []byte(panicStack)),
			task:   "percentile",
			labels: enricher.Labels{"type": "USER", "error_type": "runtime.boundsError", "retry": "terminal", "JOB_CANNOT_RESTART": "true", "fingerprint": "c2e9f610b07d44a1"},
		},
		{
			err:    fmt.Errorf("train fold 3: %w", context.DeadlineExceeded),
			task:   "fold-3",
			labels: enricher.Labels{"type": "SYSTEM", "error_type": "context.deadlineExceededError", "retry": "retryable", "fingerprint": "77aa13bc9f3a21bc"},
		},
		{
			err:    fmt.Errorf("stopped by operator: %w", context.Canceled),
			labels: enricher.Labels{"type": "CANCELLED", "retry": "terminal", "fingerprint": "0013bcaa77de00fe"},
		},
	}
}

const panicStack = `goroutine 212 [running]:
example.com/jobs/internal/stats.Percentile({0xc0000b6000, 0x4, 0x4}, 0x64)
	/src/jobs/internal/stats/percentile.go:31 +0x1d2
example.com/jobs/internal/manager.(*Manager).attempt(0xc0000b6000, 0x2)
	/src/jobs/internal/manager/manager.go:188 +0x3f4
created by example.com/jobs/internal/manager.(*Manager).Run in goroutine 1
	/src/jobs/internal/manager/manager.go:97 +0x8c
`

// demonstrate fills a history as the last three hours of a real service would.
func (s *service) demonstrate(t *testing.T) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 11))
	jobs := []failure{
		{job: "import-april", name: "Import April bookings", worker: "ledger"},
		{job: "send-invoices", name: "Send invoices", worker: "billing"},
		{job: "train-model", name: "Train risk model", worker: "risk"},
		{job: "report-latency", name: "Report latency", worker: "web"},
		{job: "sync-crm", name: "Sync customers with CRM", worker: "sales"},
		{job: "rebuild-index", name: "Rebuild search index", worker: "search"},
		{job: "settle-accounts", name: "Settle accounts", worker: "ledger"},
		{job: "fetch-rates", name: "Fetch exchange rates", worker: "treasury"},
		{job: "nightly-etl", name: "Nightly warehouse load", worker: "data"},
		{job: "transcode", name: "Transcode videos", worker: "media"},
	}
	kinds := kinds()
	ago := 3 * time.Hour
	for i := range 120 {
		if pause := time.Duration(random.ExpFloat64() * float64(105*time.Second)); i < 70 || i > 100 {
			ago -= pause
		} else {
			ago -= pause / 10 // a bad quarter of an hour
		}
		if ago < 3*time.Minute {
			break
		}
		kind, job := kinds[min(random.IntN(len(kinds)), random.IntN(len(kinds)))], jobs[random.IntN(len(jobs))]
		f := failure{id: fmt.Sprintf("f-%04d", 8000+i), job: job.job, name: job.name, err: kind.err, task: kind.task, ago: ago, attempt: 1 + random.IntN(3)}
		f.worker = fmt.Sprintf("worker-%d", random.IntN(12))
		f.attributes = map[string]string{"region": "eu-central-1", "queue": "batch"}
		f.labels = kind.labels.Clone()
		f.labels["owner"] = job.worker
		if random.IntN(14) == 0 {
			f.failed = "fingerprint"
			delete(f.labels, "fingerprint")
		}
		s.add(f)
		if random.IntN(10) == 0 {
			for n := range 2 {
				s.add(failure{
					id: fmt.Sprintf("%s-%d", f.id, n), root: f.id, job: f.job, name: f.name, err: fmt.Errorf("sink %d: %w", n, context.Canceled),
					task: fmt.Sprintf("sink-%d", n), worker: f.worker, attempt: f.attempt, ago: ago, labels: enricher.Labels{"type": "CANCELLED", "retry": "unknown"},
				})
			}
		}
	}
	kind := kinds[0]
	s.add(failure{
		id: "f-9001", job: "settle-accounts", name: "Settle accounts", err: kind.err, task: "charge", worker: "worker-3", attempt: 2, ago: 94 * time.Second,
		labels: with(kind.labels, "owner", "ledger"), attributes: map[string]string{"region": "eu-central-1"},
	})
	s.add(failure{
		id: "f-9002", root: "f-9001", job: "settle-accounts", name: "Settle accounts", err: fmt.Errorf("sink: %w", context.Canceled), task: "sink", worker: "worker-3", attempt: 2, ago: 93 * time.Second,
		labels: enricher.Labels{"type": "CANCELLED", "retry": "unknown"},
	})
	s.pend(t, failure{
		id: "f-9003", job: "send-invoices", name: "Send invoices", err: kind.err, task: "charge", worker: "worker-7", attempt: 1, ago: 4 * time.Second,
		labels: with(kind.labels, "owner", "billing"),
	})
}

func with(l enricher.Labels, key, value string) enricher.Labels {
	l = l.Clone()
	l[key] = value
	return l
}
