package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichernats"
	"github.com/failure-enrichers/enricher/enrichers/owner"
)

// ownerRules say whose a failure is. Only the process that serves the owners knows them.
var ownerRules = []string{
	"*                      platform",
	"label:type=DEPENDENCY  integrations",
	"job:book               billing",
}

// ownerTimeout is the budget of a failure whose owner another process knows. It is
// used up only if that process does not answer.
const ownerTimeout = 10 * time.Second

// embedded is the value of -nats for a server within this process.
const embedded = "embedded"

// serveOwner answers for the owners of failures until ctx ends.
func serveOwner(ctx context.Context, opts options, stdout io.Writer, logger *slog.Logger) error {
	nc, stop, err := connectNATS(opts.nats)
	if err != nil {
		return err
	}
	defer stop()
	fe, err := owner.New(owner.Options{Rules: ownerRules, Logger: logger})
	if err != nil {
		return err
	}
	svc, err := enrichernats.Serve(nc, owner.Name, fe, enrichernats.Options{Logger: logger})
	if err != nil {
		return err
	}
	if err := nc.FlushTimeout(stopTime); err != nil {
		return errors.Join(err, svc.Stop())
	}
	fmt.Fprintf(stdout, "Owners are served at %s\n", nc.ConnectedUrlRedacted())
	<-ctx.Done()
	return svc.Stop()
}

// withOwner returns cfg with the enricher nats/owner, and registers what it needs.
func withOwner(cfg enricher.Config, registry *enricher.Registry, nc *nats.Conn) (enricher.Config, error) {
	cfg.FailureEnrichers = append(cfg.FailureEnrichers, "nats/owner")
	cfg.Options["nats/owner"] = map[string]any{"keys": "team", "reads": "type"}
	cfg.Timeout = ownerTimeout
	return cfg, registry.Register("nats", enrichernats.Factory(nc))
}

// connectNATS connects to the NATS server at a URL, or starts one. stop ends both.
func connectNATS(url string) (nc *nats.Conn, stop func(), err error) {
	stopServer := func() {}
	if url == embedded {
		s, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, NoLog: true, NoSigs: true})
		if err != nil {
			return nil, nil, fmt.Errorf("-nats: %w", err)
		}
		s.Start()
		stopServer = func() {
			s.Shutdown()
			s.WaitForShutdown()
		}
		if !s.ReadyForConnections(stopTime) {
			stopServer()
			return nil, nil, errors.New("-nats: the server does not start")
		}
		url = s.ClientURL()
	}
	nc, err = nats.Connect(url, nats.Name("fleet"), nats.MaxReconnects(-1))
	if err != nil {
		stopServer()
		return nil, nil, fmt.Errorf("-nats: %w", err)
	}
	return nc, func() {
		nc.Close()
		stopServer()
	}, nil
}
