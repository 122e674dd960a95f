package enrichernats_test

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichernats"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	"github.com/failure-enrichers/enricher/enrichers/owner"
)

func Example() {
	url, stop := natsServer()
	defer stop()

	// In the process of the team that knows the owners:
	serving, err := nats.Connect(url)
	check(err)
	fe, err := owner.New(owner.Options{Rules: []string{"* platform", "job:import-* data-eng"}})
	check(err)
	svc, err := enrichernats.Serve(serving, "owner", fe, enrichernats.Options{})
	check(err)
	check(serving.Flush()) // the server knows

	// In the process that runs the jobs:
	nc, err := nats.Connect(url)
	check(err)
	registry := enricher.NewRegistry()
	check(registry.Register("nats", enrichernats.Factory(nc)))
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"nats/owner"},
		Options:          map[string]map[string]any{"nats/owner": {"keys": []string{"team"}}},
		Timeout:          time.Minute, // for a slow machine
	}, enricher.WithRegistry(registry))
	check(err)
	ctx := context.Background()
	fmt.Println(e.EnrichContext(ctx, fs.ErrNotExist, enricher.FailureContext{JobName: "import-april"}).Labels)

	check(svc.Stop())
	fmt.Println(e.EnrichContext(ctx, fs.ErrNotExist, enricher.FailureContext{JobName: "import-april"}).Err())
	check(e.Shutdown(ctx))
	nc.Close()
	serving.Close()
	// Output:
	// team=data-eng
	// enricher "nats/owner": service "owner": no instance is running: nats: no responders available for request
}

func ExampleServe() {
	nc, err := nats.Connect(nats.DefaultURL)
	check(err)
	fe, err := owner.New(owner.Options{Rules: []string{"* platform", "label:type=DEPENDENCY integrations"}})
	check(err)
	svc, err := enrichernats.Serve(nc, "owner", fe, enrichernats.Options{})
	check(err)
	defer svc.Stop()
}

func ExampleFactory() {
	nc, err := nats.Connect(nats.DefaultURL)
	check(err)
	enricher.Register("nats", enrichernats.Factory(nc))
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"type", "nats/owner"},
		Options:          map[string]map[string]any{"nats/owner": {"keys": []string{"team"}, "reads": []string{"type"}}},
	})
	check(err)
	fmt.Println(e.Enrich(fs.ErrNotExist))
}

// natsServer starts a NATS server in this process.
func natsServer() (url string, stop func()) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	check(err)
	s.Start()
	if !s.ReadyForConnections(guard) {
		panic("the NATS server does not start")
	}
	return s.ClientURL(), s.Shutdown
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
