package enricherotel_test

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherotel"
)

func Example() {
	exporter := tracetest.NewInMemoryExporter() // a service has one that sends
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	o := enricherotel.New(enricherotel.Options{TracerProvider: provider})
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"type", "restart"}},
		enricher.WithObserver(o), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}

	ctx, span := provider.Tracer("jobs").Start(context.Background(), "import")
	e.EnrichContext(ctx, fs.ErrNotExist, enricher.FailureContext{JobID: "17"})
	span.End()

	for _, span := range exporter.GetSpans() {
		for _, attr := range span.Attributes {
			fmt.Println(span.Name, attr.Key, attr.Value.AsString())
		}
	}
	// Output:
	// import error.type *errors.errorString
	// import failure.label.retry terminal
	// import failure.label.type USER
}
