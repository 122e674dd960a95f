package enrichernats_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichernats"
	"github.com/failure-enrichers/enricher/enrichertest"
)

var errJob = errors.New("the job has failed")

// A reading enricher sets the label team by the labels that it reads.
type reading struct {
	enricher.FailureEnricher
	keys []string
}

func (r reading) InputKeys() []string { return r.keys }

func TestFactoryMakesEnrichersThatKeepTheContract(t *testing.T) {
	t.Parallel()
	// The label team is "files", "net" or "jobs", by the error or by a label.
	fe := reading{enricher.Func([]string{"team", "worker"}, func(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
		l := enricher.Labels{"team": "jobs"}
		if enricher.Is(cause, fs.ErrNotExist) {
			l["team"] = "files"
		}
		if fc.Labels["kind"] == "DEPENDENCY" {
			l["team"] = "net"
		}
		if fc.TaskManagerID != "" {
			l["worker"] = "known"
		}
		return l, nil
	}), []string{"kind"}}
	s := start(t)
	serve(t, s, fe, enrichernats.Options{})
	enrichertest.Run(t, enrichernats.Factory(connect(t, s)),
		enrichertest.WithOptions(options{"service": "owner", "keys": []string{"team", "worker"}, "reads": []string{"kind"}}),
		enrichertest.WithBadOptions("service", options{"service": "a b"}),
		enrichertest.WithBadOptions("keys", options{"keys": []string{"\n"}}),
		enrichertest.WithBadOptions("reads", options{"reads": []string{""}}),
		enrichertest.WithBadOptions("coalesce", options{"coalesce": "-1s"}),
		enrichertest.WithFailure("no file", fmt.Errorf("job: %w", fs.ErrNotExist)),
		enrichertest.WithEveryKey(), enrichertest.WithDeterministic())
}

func TestFactoryPassesOnWhatTheServiceReads(t *testing.T) {
	t.Parallel()
	s := start(t)
	got := make(chan enricher.FailureContext, 1)
	fe := team(func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
		got <- fc
		return enricher.Labels{"team": cause.Error()}, nil
	})
	fc := enricher.FailureContext{
		ID: "f-1", Type: enricher.FailureTypeTask, JobID: "job-1", JobName: "import", Attempt: 2, MaxAttempts: 3, Terminal: true,
		Time:       time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Attributes: map[string]string{"queue": "q1", "private": "x"},
		Labels:     enricher.Labels{"type": "USER", "retry": "terminal"},
	}
	for name, c := range map[string]struct {
		reads      []string // of the service
		opts       options
		attributes map[string]string
		labels     enricher.Labels
	}{
		"by default":    {nil, options{}, nil, nil},
		"one of each":   {[]string{"type"}, options{"reads": "type", "attributes": "queue"}, map[string]string{"queue": "q1"}, enricher.Labels{"type": "USER"}},
		"all":           {[]string{"*"}, options{"reads": "*", "attributes": "*"}, fc.Attributes, fc.Labels},
		"more than one": {[]string{"type"}, options{"reads": "*"}, nil, enricher.Labels{"type": "USER"}},
		"no reader":     {nil, options{"reads": "*"}, nil, nil},
	} {
		svc := serve(t, s, fe, enrichernats.Options{})
		if c.reads != nil {
			require.NoError(t, svc.Stop())
			svc = serve(t, s, reading{fe, c.reads}, enrichernats.Options{})
		}
		labels, err := ask(t, client(t, connect(t, s), c.opts), errJob, fc)
		require.NoError(t, err, name)
		assert.Equal(t, enricher.Labels{"team": "the job has failed"}, labels, name)
		want := fc
		want.Attributes, want.Labels = c.attributes, c.labels
		seen := <-got
		assert.Len(t, seen.Attributes, len(want.Attributes), name)
		if len(want.Attributes) == 0 {
			seen.Attributes, want.Attributes = nil, nil
		}
		assert.Equal(t, want, seen, name)
		require.NoError(t, svc.Stop())
	}
}

// spy returns the failures that are sent.
func spy(t *testing.T, nc *nats.Conn) *nats.Subscription {
	sub, err := nc.SubscribeSync("enricher.v1.owner.process")
	require.NoError(t, err)
	require.NoError(t, nc.FlushTimeout(guard))
	return sub
}

func TestFactoryMasksSecrets(t *testing.T) {
	t.Parallel()
	s := start(t)
	serve(t, s, always("web"), enrichernats.Options{})
	sent := spy(t, connect(t, s))
	cause := fmt.Errorf("login: %w", errors.New("password=hunter2"))
	fc := enricher.FailureContext{
		JobName: "import token=hunter2", Attributes: map[string]string{"password": "hunter2"}, Labels: enricher.Labels{"secret": "hunter2"},
	}
	for _, redact := range []bool{true, false} {
		_, err := ask(t, client(t, connect(t, s), options{"redact": redact, "attributes": "*", "reads": "*"}), cause, fc)
		require.NoError(t, err)
		msg, err := sent.NextMsg(guard)
		require.NoError(t, err)
		assert.Equal(t, !redact, strings.Contains(string(msg.Data), "hunter2"), "%s", msg.Data)
	}
}

func TestFactoryFailsAtOnceIfNoInstanceIsRunning(t *testing.T) {
	t.Parallel()
	s := start(t)
	fe := client(t, connect(t, s), nil)
	ctx := within(t, time.Hour)
	_, err := fe.ProcessFailure(ctx, errJob, enricher.FailureContext{})
	require.ErrorIs(t, err, nats.ErrNoResponders)
	assert.EqualError(t, err, `service "owner": no instance is running: nats: no responders available for request`)

	svc := serve(t, s, always("web"), enrichernats.Options{})
	labels, err := fe.ProcessFailure(ctx, errJob, enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"team": "web"}, labels)
	require.NoError(t, svc.Stop())
	_, err = fe.ProcessFailure(ctx, errJob, enricher.FailureContext{})
	require.ErrorIs(t, err, nats.ErrNoResponders)
	assert.Zero(t, count(fe, "busy"))
}

func TestFactoryFailsAtOnceIfTheConnectionIsDown(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := newGate()
	defer close(g.open)
	svc := serve(t, s, g.enricher("web"), enrichernats.Options{Slots: 1})
	nc := connect(t, s)
	fe := client(t, nc, nil)
	ctx := within(t, time.Hour)
	failed := make(chan error)
	go func() {
		_, err := fe.ProcessFailure(ctx, errJob, enricher.FailureContext{})
		failed <- err
	}()
	<-g.entered
	port := s.Addr().(*net.TCPAddr).Port
	s.Shutdown()
	s.WaitForShutdown()
	require.ErrorIs(t, <-failed, nats.ErrDisconnected, "it was lost")
	eventually(t, func() bool { return !nc.IsConnected() }, "connection lost")
	_, err := fe.ProcessFailure(ctx, errJob, enricher.FailureContext{})
	require.ErrorIs(t, err, nats.ErrDisconnected)

	// The service and the client come back with a server at the same address.
	s = start(t, func(o *server.Options) { o.Port = port })
	serve(t, s, always("other"), enrichernats.Options{})
	eventually(t, func() bool {
		labels, err := fe.ProcessFailure(ctx, errJob, enricher.FailureContext{})
		return err == nil && labels["team"] == "other"
	}, "answers again")
	assert.Equal(t, 1, stats(t, svc).InUse)
}

func TestFactoryDoesNotWaitForTheNetwork(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close()) // no server at this address
	nc, err := nats.Connect("nats://"+l.Addr().String(), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1))
	require.NoError(t, err)
	defer nc.Close()
	svc, err := enrichernats.Serve(nc, "owner", always("web"), enrichernats.Options{})
	require.NoError(t, err)
	_, err = client(t, nc, nil).ProcessFailure(within(t, time.Hour), errJob, enricher.FailureContext{})
	require.ErrorIs(t, err, nats.ErrDisconnected)
	nc.Close()
	assert.NoError(t, svc.Stop())
}

func TestFactoryCountsATimeout(t *testing.T) {
	t.Parallel()
	s := start(t)
	serve(t, s, team(func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}), enrichernats.Options{})
	r := enricher.NewRegistry()
	require.NoError(t, r.Register("nats", enrichernats.Factory(connect(t, s))))
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"nats/owner"},
		Options:          map[string]map[string]any{"nats/owner": {"keys": []string{"team"}}},
		Timeout:          100 * time.Millisecond,
	}, enricher.WithRegistry(r), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	defer e.Shutdown(context.Background())
	res := e.EnrichContext(t.Context(), errJob, enricher.FailureContext{})
	assert.Equal(t, enricher.StatusTimedOut, res.Outcomes[0].Status, "%v", res.Outcomes[0].Err)
}

func TestFactoryCoalesces(t *testing.T) {
	t.Parallel()
	s := start(t)
	var calls atomic.Int64
	serve(t, s, team(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"team": fmt.Sprint(calls.Add(1))}, nil
	}), enrichernats.Options{})
	fe := client(t, connect(t, s), options{"coalesce": "1h", "reads": "fingerprint"})
	for _, c := range []struct {
		cause error
		fc    enricher.FailureContext
		want  string
	}{
		{errJob, enricher.FailureContext{JobName: "a", JobID: "1", Attempt: 1}, "1"},
		{errJob, enricher.FailureContext{JobName: "a", JobID: "2", Attempt: 2, Attributes: map[string]string{"x": "y"}}, "1"},
		{errJob, enricher.FailureContext{JobName: "b"}, "2"},
		{errors.New("another"), enricher.FailureContext{JobName: "a"}, "3"},
		{errJob, enricher.FailureContext{JobName: "a", Labels: enricher.Labels{"fingerprint": "f"}}, "4"},
		{errors.New("another"), enricher.FailureContext{JobName: "a", Labels: enricher.Labels{"fingerprint": "f"}}, "4"},
		{errors.New("another"), enricher.FailureContext{JobName: "a", Labels: enricher.Labels{"fingerprint": "g"}}, "5"},
	} {
		labels, err := ask(t, fe, c.cause, c.fc)
		require.NoError(t, err)
		assert.Equal(t, c.want, labels["team"], "%v %v", c.cause, c.fc)
	}
	assert.Equal(t, 2, count(fe, "coalesced"))
}

func TestFactoryComparesItsKeysWithThoseOfTheService(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys, reads []string // of the service
		opts        options
		mismatch    int
	}{
		"the same":      {[]string{"a", "b"}, []string{"c"}, options{"keys": []string{"b", "a"}, "reads": "c"}, 0},
		"another key":   {[]string{"a", "b"}, nil, options{"keys": "a"}, 1},
		"another input": {[]string{"a"}, []string{"c"}, options{"keys": "a"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			log := newLines()
			var fe enricher.FailureEnricher = enricher.Func(c.keys, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return nil, nil })
			if c.reads != nil {
				fe = reading{fe, c.reads}
			}
			svc := serve(t, s, fe, enrichernats.Options{})
			r := enricher.NewRegistry()
			factory, asking := enrichernats.Factory(connect(t, s)), enricher.FailureEnricher(nil)
			require.NoError(t, r.Register("owner", enricher.FactoryFunc(func(conf enricher.FactoryConfig) (made enricher.FailureEnricher, err error) {
				made, err = factory.CreateFailureEnricher(conf)
				asking = made
				return made, err
			})))
			e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"owner"}, Options: map[string]map[string]any{"owner": c.opts}, Timeout: guard},
				enricher.WithRegistry(r), enricher.WithLogger(slog.New(log)))
			require.NoError(t, err)
			for len(log.all) > 0 {
				<-log.all // of New
			}
			for range 3 {
				require.NoError(t, e.EnrichContext(t.Context(), errJob, enricher.FailureContext{}).Err())
			}
			enrichernats.Compared(asking)
			eventually(t, func() bool { return svc.Stats().Endpoints[0].NumRequests == 1 }, "asked once")
			assert.EqualValues(t, c.mismatch, e.Stats().Enrichers[0].Counts["mismatch"])
			require.NoError(t, e.Shutdown(t.Context()))
			var warned int
			for len(log.all) > 0 {
				if r := <-log.all; r.Message == "Keys of a failure enricher differ from those of its service" {
					warned++
				}
			}
			assert.Equal(t, c.mismatch, warned)
		})
	}
}

func TestFactoryFindsAnInfoThatItCannotUse(t *testing.T) {
	t.Parallel()
	for info, want := range map[string]string{
		`{"v":2,"outputKeys":["team"]}`:                     "",
		`{"v":1,"outputKeys":["team"],"inputKey":["type"]}`: `json: unknown field "inputKey"; known fields: v, name, `,
	} {
		s := start(t)
		nc := connect(t, s)
		for endpoint, answer := range map[string]string{"process": `{}`, "info": info} {
			_, err := nc.Subscribe("enricher.v1.owner."+endpoint, func(m *nats.Msg) { _ = m.Respond([]byte(answer)) })
			require.NoError(t, err)
		}
		require.NoError(t, nc.FlushTimeout(guard))
		r, log := enricher.NewRegistry(), newLines()
		require.NoError(t, r.Register("nats", enrichernats.Factory(connect(t, s))))
		e, err := enricher.New(enricher.Config{
			FailureEnrichers: []string{"nats/owner"}, Options: map[string]map[string]any{"nats/owner": {"keys": "team"}}, Timeout: guard,
		}, enricher.WithRegistry(r), enricher.WithLogger(slog.New(log)))
		require.NoError(t, err)
		require.NoError(t, e.EnrichContext(t.Context(), errJob, enricher.FailureContext{}).Err())
		eventually(t, func() bool { return e.Stats().Enrichers[0].Counts["mismatch"] == 1 }, "compared")
		require.NoError(t, e.Shutdown(t.Context()))
		var got string
		for len(log.all) > 0 {
			(<-log.all).Attrs(func(a slog.Attr) bool {
				if a.Key == "error" {
					got = a.Value.String()
				}
				return true
			})
		}
		assert.Equal(t, want == "", got == "", got)
		assert.Contains(t, got, want)
	}
}

func TestFactoryWarnsOnceAndCountsEachMismatch(t *testing.T) {
	t.Parallel()
	s := start(t)
	serve(t, s, always("web"), enrichernats.Options{})
	fe := client(t, connect(t, s), options{"keys": "other"})
	for n := range 3 {
		enrichernats.CheckAgain(fe)
		_, err := ask(t, fe, errJob, enricher.FailureContext{})
		require.NoError(t, err)
		eventually(t, func() bool { return count(fe, "mismatch") == n+1 }, "compared")
	}
}

// A wrong service answers as it should not.
func TestFactoryReportsAnswersThatItCannotUse(t *testing.T) {
	t.Parallel()
	s := start(t)
	nc := connect(t, s)
	fe := client(t, connect(t, s), nil)
	for _, c := range []struct{ code, data, want string }{
		{"", `{"label":{"team":"web"}}`, `service "owner": answer: json: unknown field "label"; known fields: labels, error (option, text)`},
		{"", `{}`, ""},
		{"", `{"labels":{"team":1}}`, `service "owner": answer: json: `},
		{"", ``, `service "owner": answer: `},
		{"", `{"error":{"text":"no team"}}`, `service "owner": no team`},
		{"400", `{"error":{"text":"wire: version 1: must be 2"}}`, `service "owner": wire: version 1: must be 2`},
		{"418", `{}`, `service "owner": teapot`},
	} {
		sub, err := nc.Subscribe("enricher.v1.owner.process", func(m *nats.Msg) {
			reply := &nats.Msg{Data: []byte(c.data)}
			if c.code != "" {
				reply.Header = nats.Header{micro.ErrorCodeHeader: {c.code}, micro.ErrorHeader: {"teapot"}}
			}
			_ = m.RespondMsg(reply)
		})
		require.NoError(t, err)
		require.NoError(t, nc.FlushTimeout(guard))
		_, err = ask(t, fe, errJob, enricher.FailureContext{})
		if c.want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.want)
		}
		require.NoError(t, sub.Unsubscribe())
		require.NoError(t, nc.FlushTimeout(guard))
	}
}

func TestFactoryRejectsAFailureThatIsTooLarge(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *server.Options) { o.MaxPayload = 1024 })
	svc := serve(t, s, team(func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		if cause.Error() == "long" {
			return enricher.Labels{"team": strings.Repeat("x", 2000)}, nil
		}
		return enricher.Labels{"team": "web"}, nil
	}), enrichernats.Options{})
	nc := connect(t, s)
	fe := client(t, nc, nil)
	_, err := ask(t, fe, errors.New(strings.Repeat("x", 2000)), enricher.FailureContext{})
	require.ErrorContains(t, err, `service "owner": the failure has 2`)
	require.ErrorContains(t, err, ` bytes, and the NATS server accepts 1024`)
	_, err = ask(t, fe, errors.New("long"), enricher.FailureContext{})
	require.ErrorContains(t, err, `service "owner": the answer has 20`)
	labels, err := ask(t, fe, errJob, enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"team": "web"}, labels)
	assert.Equal(t, statistics{Slots: 64, Failures: 2, Errors: 1}, stats(t, svc))
}

func TestFactoryPanicsWithoutAConnection(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "enrichernats: Factory: the connection is nil", func() { enrichernats.Factory(nil) })
}

// asking asks from several goroutines until stop is called, which returns how many
// failures were labeled, and the errors of the others.
func asking(t *testing.T, fe enricher.FailureEnricher, goroutines int) (stop func() (int, []error)) {
	var mu sync.Mutex
	var errs []error
	labeled := 0
	var wg sync.WaitGroup
	over := make(chan struct{})
	for range goroutines {
		wg.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				_, err := fe.ProcessFailure(within(t, guard), errJob, enricher.FailureContext{})
				mu.Lock()
				if err != nil {
					errs = append(errs, err)
				} else {
					labeled++
				}
				mu.Unlock()
			}
		})
	}
	return func() (int, []error) {
		close(over)
		wg.Wait()
		return labeled, errs
	}
}
