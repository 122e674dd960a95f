package enrichersentry_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/getsentry/sentry-go"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersentry"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	sent := &sentry.MockTransport{} // a service has the one that sends
	if err := sentry.Init(sentry.ClientOptions{Transport: sent, Release: "1.0"}); err != nil {
		panic(err)
	}
	ctx := context.Background()

	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart", "fingerprint"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg, enricher.WithObserver(enrichersentry.New(enrichersentry.Options{})))
	if err != nil {
		panic(err)
	}

	e.EnrichContext(ctx, fmt.Errorf("import: %w", fs.ErrNotExist), enricher.FailureContext{JobName: "import", Attempt: 3, MaxAttempts: 3})

	for _, event := range sent.Events() {
		title := event.Exception[len(event.Exception)-1]
		fmt.Println(event.Level, event.Transaction, title.Type, title.Value)
		fmt.Println(event.Tags["type"], event.Tags["retry"], event.Tags["fingerprint"] == event.Fingerprint[0])
		fmt.Println(event.Contexts["failure"]["attempt"], event.Contexts["failure"]["final"])
	}

	// When no job runs any more, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	if err != nil {
		panic(err)
	}
	// Output:
	// error import *errors.errorString import: file does not exist
	// USER terminal true
	// 3 true
}

func ExampleEventProcessor() {
	sent := &sentry.MockTransport{}
	if err := sentry.Init(sentry.ClientOptions{Transport: sent, Release: "1.0"}); err != nil {
		panic(err)
	}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithLogger(slog.New(slog.DiscardHandler)),
		enricher.WithEnricher("team", enricher.Func([]string{"team"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"team": "shop"}, nil
		})))
	if err != nil {
		panic(err)
	}
	sentry.CurrentHub().Client().AddEventProcessor(enrichersentry.EventProcessor(e, enrichersentry.Options{}))

	sentry.CaptureException(errors.New("no such order"))

	fmt.Println(sent.Events()[0].Tags["team"])
	// Output: shop
}
