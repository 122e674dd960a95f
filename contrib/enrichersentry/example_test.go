package enrichersentry_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/getsentry/sentry-go"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersentry"
)

func Example() {
	sent := &sentry.MockTransport{} // a service has the one that sends
	client, err := sentry.NewClient(sentry.ClientOptions{Transport: sent, Release: "1.0"})
	if err != nil {
		panic(err)
	}
	hub := sentry.NewHub(client, sentry.NewScope()) // a service has the one of sentry.Init
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"type", "restart", "fingerprint"}},
		enricher.WithObserver(enrichersentry.New(enrichersentry.Options{Hub: hub})), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}

	e.EnrichContext(context.Background(), fmt.Errorf("import: %w", fs.ErrNotExist), enricher.FailureContext{JobName: "import", Attempt: 3, MaxAttempts: 3})

	for _, event := range sent.Events() {
		title := event.Exception[len(event.Exception)-1]
		fmt.Println(event.Level, event.Transaction, title.Type, title.Value)
		fmt.Println(event.Tags["type"], event.Tags["retry"], event.Tags["fingerprint"] == event.Fingerprint[0])
		fmt.Println(event.Contexts["failure"]["attempt"], event.Contexts["failure"]["final"])
	}
	// Output:
	// error import *errors.errorString import: file does not exist
	// USER terminal true
	// 3 true
}

func ExampleEventProcessor() {
	sent := &sentry.MockTransport{}
	client, err := sentry.NewClient(sentry.ClientOptions{Transport: sent, Release: "1.0"})
	if err != nil {
		panic(err)
	}
	e, err := enricher.New(enricher.Config{}, enricher.WithLogger(slog.New(slog.DiscardHandler)),
		enricher.WithEnricher("team", enricher.Func([]string{"team"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"team": "shop"}, nil
		})))
	if err != nil {
		panic(err)
	}
	client.AddEventProcessor(enrichersentry.EventProcessor(e, enrichersentry.Options{}))

	sentry.NewHub(client, sentry.NewScope()).CaptureException(errors.New("no such order"))

	fmt.Println(sent.Events()[0].Tags["team"])
	// Output: shop
}
