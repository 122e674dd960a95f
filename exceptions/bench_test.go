package exceptions_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"syscall"
	"testing"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

var (
	errWrapped = fmt.Errorf("load orders: %w", &fs.PathError{Op: "open", Path: "/data/orders.csv", Err: syscall.ENOENT})
	errPanic   = enricher.NewPanicError(errWrapped, debug.Stack())
)

// BenchmarkRecord is what it costs to keep a failure: an error without anything,
// one that wraps two others, with eight labels, and a panic with its stack.
func BenchmarkRecord(b *testing.B) {
	labels := enricher.Labels{}
	for i := range 8 {
		labels[fmt.Sprintf("key%d", i)] = "a plain value"
	}
	fc := enricher.FailureContext{
		JobID: "4f7b3c", JobName: "import-orders", TaskName: "read (1/4)", TaskManagerID: "worker-3", Endpoint: "10.0.0.3:6122",
		Type: enricher.FailureTypeTask, Attempt: 2,
	}
	for _, c := range []struct {
		name  string
		cause error
		fc    enricher.FailureContext
		res   enricher.Result
	}{
		{"bare", errBoom, enricher.FailureContext{JobID: "job"}, enricher.Result{}},
		{"chain+8labels", errWrapped, fc, enricher.Result{Labels: labels}},
		{"panic+8labels", errPanic, fc, enricher.Result{Labels: labels}},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := exceptions.NewHistory(exceptions.Options{})
			b.ReportAllocs()
			for b.Loop() {
				h.ObserveFailure(context.Background(), c.cause, c.fc, c.res)
			}
		})
	}
	b.Run("chain+8labels/parallel", func(b *testing.B) {
		h := exceptions.NewHistory(exceptions.Options{})
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				h.ObserveFailure(context.Background(), errWrapped, fc, enricher.Result{Labels: labels})
			}
		})
	})
}

// BenchmarkEnrich is what History.Enrich adds to Enricher.EnrichContext.
func BenchmarkEnrich(b *testing.B) {
	e := always(b, enricher.Labels{"a": "1", "b": "2"})
	fc := enricher.FailureContext{JobID: "job", Attempt: 1}
	b.Run("without", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.EnrichContext(context.Background(), errWrapped, fc)
		}
	})
	b.Run("with", func(b *testing.B) {
		h := exceptions.NewHistory(exceptions.Options{})
		b.ReportAllocs()
		for b.Loop() {
			h.Enrich(context.Background(), e, errWrapped, fc)
		}
	})
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return io.Discard.Write(p) }
func (d discard) WriteHeader(int)             {}

// BenchmarkServe is an answer of the API while the history is full: 1,024 jobs
// with 16 failures each.
func BenchmarkServe(b *testing.B) {
	h := exceptions.NewHistory(exceptions.Options{})
	for i := range 1024 * 16 {
		keep(h, errWrapped, enricher.FailureContext{JobID: fmt.Sprint(i % 1024)}, enricher.Labels{"type": fmt.Sprint(i % 3), "n": fmt.Sprint(i)})
	}
	handler := exceptions.NewHandler(h)
	for _, path := range []string{"/jobs/7/exceptions", "/exceptions", "/exceptions?failureLabelFilter=type:1", "/jobs", "/labels"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest("GET", path, nil)
			for b.Loop() {
				handler.ServeHTTP(discard{http.Header{}}, r)
			}
		})
	}
}
