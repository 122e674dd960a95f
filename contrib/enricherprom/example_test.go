package enricherprom_test

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherprom"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	c := enricherprom.New(enricherprom.Options{Labels: []string{"type", "retry"}})
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"type", "restart"}},
		enricher.WithObserver(c), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	e.Enrich(fs.ErrNotExist)
	e.Enrich(io.ErrUnexpectedEOF)
	e.Enrich(io.ErrUnexpectedEOF)

	page := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(page.Body.String()) {
		if strings.Contains(line, "failures_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// # HELP enricher_failures_total Failures, by their labels.
	// # TYPE enricher_failures_total counter
	// enricher_failures_total{retry="retryable",type="DEPENDENCY"} 2
	// enricher_failures_total{retry="terminal",type="USER"} 1
}
