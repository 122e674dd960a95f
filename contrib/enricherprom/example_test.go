package enricherprom_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherprom"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	ctx := context.Background()
	c := enricherprom.New(enricherprom.Options{})
	prometheus.MustRegister(c)
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg, enricher.WithObserver(c))
	if err != nil {
		panic(err)
	}
	e.Enrich(fs.ErrNotExist)
	e.Enrich(io.ErrUnexpectedEOF)
	e.Enrich(io.ErrUnexpectedEOF)

	page := httptest.NewRecorder()
	promhttp.Handler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(page.Body.String()) {
		if strings.Contains(line, "failures_total") {
			fmt.Print(line)
		}
	}

	// When no job runs any more, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	if err != nil {
		panic(err)
	}
	// Output:
	// # HELP enricher_failures_total Failures, by their labels.
	// # TYPE enricher_failures_total counter
	// enricher_failures_total{type="CANCELLED"} 0
	// enricher_failures_total{type="DEPENDENCY"} 2
	// enricher_failures_total{type="SYSTEM"} 0
	// enricher_failures_total{type="UNKNOWN"} 0
	// enricher_failures_total{type="USER"} 1
}
