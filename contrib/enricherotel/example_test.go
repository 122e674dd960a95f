package enricherotel_test

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherotel"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	exporter := tracetest.NewInMemoryExporter() // a service has one that sends
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	otel.SetTracerProvider(provider)
	ctx := context.Background()

	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg, enricher.WithObserver(enricherotel.New(enricherotel.Options{})))
	if err != nil {
		panic(err)
	}

	ctx, span := provider.Tracer("jobs").Start(ctx, "import")
	e.EnrichContext(ctx, fs.ErrNotExist, enricher.FailureContext{JobID: "17"})
	span.End()

	for _, span := range exporter.GetSpans() {
		for _, attr := range span.Attributes {
			fmt.Println(span.Name, attr.Key, attr.Value.AsString())
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
	// import error.type *errors.errorString
	// import failure.label.error_type *errors.errorString
	// import failure.label.retry terminal
	// import failure.label.type USER
}
