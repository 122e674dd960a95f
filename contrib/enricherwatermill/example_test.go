package enricherwatermill_test

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwatermill"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	ctx := context.Background()
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg)
	check(err)
	broker := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	check(err)
	poison, err := middleware.PoisonQueue(broker, "poison")
	check(err)

	retry := middleware.Retry{MaxRetries: 1}
	router.AddMiddleware(poison, retry.Middleware, middleware.Recoverer, // as before
		enricherwatermill.Middleware(e, enricherwatermill.Options{}))
	router.AddConsumerHandler("import", "orders", broker, func(*message.Message) error { return io.ErrUnexpectedEOF })

	poisoned, err := broker.Subscribe(ctx, "poison")
	check(err)
	go func() { check(router.Run(ctx)) }()
	<-router.Running()
	check(broker.Publish("orders", message.NewMessage(watermill.NewUUID(), nil)))
	msg := <-poisoned
	for _, key := range []string{"reason_poisoned", "failure_type", "failure_error_type", "failure_attempt", "failure_handler"} {
		fmt.Printf("%s=%s\n", key, msg.Metadata.Get(key))
	}
	msg.Ack()
	check(router.Close())

	// When the router has stopped, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	check(err)
	// Output:
	// reason_poisoned=unexpected EOF
	// failure_type=DEPENDENCY
	// failure_error_type=*errors.errorString
	// failure_attempt=2
	// failure_handler=import
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
