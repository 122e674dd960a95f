package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func Example() {
	// It stands for a chat.
	chat := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("%s %s\n", r.Method, body)
	}))
	defer chat.Close()

	hook, err := webhook.New(webhook.Options{
		URL:           webhook.Secret{Value: chat.URL}, // or {Env: "CHAT_URL"}
		Body:          `{"text": {{json .Summary}}, "owner": {{json .Labels.owner}}}`,
		Unless:        map[string][]string{"type": {"USER"}},
		NotifiedLabel: "notified",
		AllowPrivate:  true, // the chat is on loopback
	})
	if err != nil {
		log.Fatal(err)
	}
	defer hook.(io.Closer).Close()
	e, err := enricher.New(enricher.Config{},
		enricher.WithEnricher("webhook", hook),
		enricher.WithEnricher("owner", enricher.Func([]string{"owner"},
			func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{"owner": "platform"}, nil
			})))
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	for range 3 {
		res := e.EnrichContext(context.Background(), errors.New("connection refused"), enricher.FailureContext{JobName: "orders"})
		fmt.Println(res.Labels)
	}
	fmt.Println(hook.(enricher.CountReporter).Counts())
	// Output:
	// POST {"text": "job orders failed: connection refused", "owner": "platform"}
	// notified=sent, owner=platform
	// notified=held-back, owner=platform
	// notified=held-back, owner=platform
	// map[failed:0 held-back:2 not-matched:0 rate-limited:0 sent:1]
}
