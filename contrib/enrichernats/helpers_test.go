package enrichernats_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichernats"
)

// guard is longer than anything here takes.
const guard = 30 * time.Second

// start starts a NATS server, on a port of its own by default.
func start(t testing.TB, configure ...func(*server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true}
	for _, fn := range configure {
		fn(o)
	}
	s, err := server.NewServer(o)
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(t, s.ReadyForConnections(guard))
	return s
}

func connect(t testing.TB, s *server.Server, opts ...nats.Option) *nats.Conn {
	t.Helper()
	opts = append([]nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(10 * time.Millisecond), nats.Timeout(guard)}, opts...)
	nc, err := nats.Connect(s.ClientURL(), opts...)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// serve serves an enricher on a connection of its own, and waits until the NATS server
// knows.
func serve(t testing.TB, s *server.Server, fe enricher.FailureEnricher, o enrichernats.Options) micro.Service {
	t.Helper()
	return serveOn(t, connect(t, s), fe, o)
}

// serveOn is like serve, on a connection that is there.
func serveOn(t testing.TB, nc *nats.Conn, fe enricher.FailureEnricher, o enrichernats.Options) micro.Service {
	t.Helper()
	svc, err := enrichernats.Serve(nc, "owner", fe, o)
	require.NoError(t, err)
	require.NoError(t, nc.FlushTimeout(guard))
	return svc
}

type options = map[string]any

// client returns the enricher nats/owner, for the key team unless the options say more.
func client(t testing.TB, nc *nats.Conn, opts options) enricher.FailureEnricher {
	t.Helper()
	if opts == nil {
		opts = options{}
	}
	if _, ok := opts["keys"]; !ok {
		opts["keys"] = []string{"team"}
	}
	fe, err := enrichernats.Factory(nc).CreateFailureEnricher(enricher.NewFactoryConfig("nats/owner", opts))
	require.NoError(t, err)
	t.Cleanup(func() { _ = fe.(io.Closer).Close() })
	return fe
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// ask labels a failure. There is enough time.
func ask(t testing.TB, fe enricher.FailureEnricher, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	t.Helper()
	return fe.ProcessFailure(within(t, guard), cause, fc)
}

func count(fe enricher.FailureEnricher, name string) int {
	return int(fe.(enricher.CountReporter).Counts()[name])
}

// statistics are those of a service.
type statistics struct {
	Slots, InUse           int
	Failures, Errors, Busy int
}

func stats(t testing.TB, svc micro.Service) (s statistics) {
	t.Helper()
	require.NoError(t, json.Unmarshal(svc.Stats().Endpoints[0].Data, &s))
	return s
}

func eventually(t testing.TB, condition func() bool, text string) {
	t.Helper()
	require.Eventually(t, condition, guard, 2*time.Millisecond, text)
}

type processFunc = func(context.Context, error, enricher.FailureContext) (enricher.Labels, error)

// team is an enricher that sets the label team.
func team(fn processFunc) enricher.FailureEnricher { return enricher.Func([]string{"team"}, fn) }

// always is an enricher whose label team is always name.
func always(name string) enricher.FailureEnricher {
	return team(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"team": name}, nil
	})
}

// A gate is an enricher whose calls hang until it is opened, whatever their context.
type gate struct {
	entered chan struct{} // one for each call
	open    chan struct{} // to be closed
}

func newGate() *gate { return &gate{make(chan struct{}, 1000), make(chan struct{})} }

func (g *gate) enricher(name string) enricher.FailureEnricher {
	return team(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		g.entered <- struct{}{}
		<-g.open
		return enricher.Labels{"team": name}, nil
	})
}

// A lines is a slog.Handler that keeps messages.
type lines struct{ all chan slog.Record }

func newLines() *lines { return &lines{make(chan slog.Record, 100)} }

func (l *lines) Enabled(context.Context, slog.Level) bool      { return true }
func (l *lines) Handle(_ context.Context, r slog.Record) error { l.all <- r; return nil }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler            { return l }
func (l *lines) WithGroup(string) slog.Handler                 { return l }
