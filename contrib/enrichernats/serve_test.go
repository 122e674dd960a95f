package enrichernats_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichernats"
	"github.com/failure-enrichers/enricher/wire"
)

type rudeError struct{}

func (rudeError) Error() string { panic("rude") }

func TestServeAnswersFaults(t *testing.T) {
	t.Parallel()
	s := start(t)
	log := newLines()
	svc := serve(t, s, team(func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		switch cause.Error() {
		case "panic":
			panic("password=hunter2")
		case "index":
			_ = os.Args[len(os.Args)+1]
		case "exit":
			runtime.Goexit()
		case "error":
			return nil, fmt.Errorf("no team: %w", errors.New("token=hunter2"))
		case "rude":
			return nil, rudeError{}
		case "none":
			return nil, nil
		}
		return enricher.Labels{"team": "web"}, nil
	}), enrichernats.Options{Logger: slog.New(log)})
	fe := client(t, connect(t, s), nil)
	for _, c := range []struct{ cause, want string }{
		{"panic", `service "owner": panic: password=***`},
		{"index", `service "owner": panic: runtime error: index out of range`},
		{"exit", `service "owner": the enricher ended its goroutine`},
		{"error", `service "owner": no team: token=***`},
		{"rude", `service "owner": `},
		{"none", ""},
		{"other", ""},
	} {
		_, err := ask(t, fe, errors.New(c.cause), enricher.FailureContext{})
		if c.want == "" {
			require.NoError(t, err, c.cause)
		} else {
			require.ErrorContains(t, err, c.want, c.cause)
		}
	}
	assert.Equal(t, statistics{Slots: 64, Failures: 7, Errors: 5}, stats(t, svc))
	line := <-log.all
	assert.Equal(t, "Failure enricher panicked", line.Message)
	line.Attrs(func(a slog.Attr) bool {
		assert.NotContains(t, a.Value.String(), "hunter2")
		if a.Key == "stack" {
			assert.Contains(t, a.Value.String(), "TestServeAnswersFaults")
		}
		return true
	})
	assert.Empty(t, log.all, "one line a minute")
}

func TestServeRejectsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := serve(t, s, always("web"), enrichernats.Options{Slots: 1})
	nc := connect(t, s)
	for data, want := range map[string]string{
		`{"v":2,"chain":[{"text":"x"}]}`: "version 2",
		`{"chain":[{"text":"x"}]}`:       "version 0",
		`{"v":1}`:                        "no error",
		`[]`:                             "",
		``:                               "",
		"\xff":                           "",
	} {
		msg, err := nc.Request("enricher.v1.owner.process", []byte(data), guard)
		require.NoError(t, err)
		assert.Equal(t, "400", msg.Header.Get(micro.ErrorCodeHeader), data)
		var a struct{ Error struct{ Text string } }
		require.NoError(t, json.Unmarshal(msg.Data, &a))
		assert.Contains(t, a.Error.Text, want, data)
	}
	assert.Equal(t, statistics{Slots: 1, Failures: 6, Errors: 6}, stats(t, svc))
}

// The time of the service ends a little before that of the client.
func TestServeGivesTheTimeThatIsLeft(t *testing.T) {
	t.Parallel()
	s := start(t)
	deadlines := make(chan time.Time, 1)
	serve(t, s, team(func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
		d, _ := ctx.Deadline()
		deadlines <- d
		return nil, nil
	}), enrichernats.Options{})
	nc := connect(t, s)
	ctx := within(t, 9*time.Minute)
	mine, _ := ctx.Deadline()
	_, err := client(t, nc, nil).ProcessFailure(ctx, errJob, enricher.FailureContext{})
	require.NoError(t, err)
	theirs := <-deadlines
	assert.Less(t, theirs, mine)
	assert.Greater(t, theirs, mine.Add(-time.Minute))

	for data, most := range map[string]time.Duration{
		`{"v":1,"chain":[{"text":"x"}]}`:                            time.Second,
		`{"v":1,"deadlineMs":-5,"chain":[{"text":"x"}]}`:            time.Second,
		`{"v":1,"deadlineMs":1000000000000,"chain":[{"text":"x"}]}`: 10 * time.Minute,
	} {
		before := time.Now()
		_, err := nc.Request("enricher.v1.owner.process", []byte(data), guard)
		require.NoError(t, err)
		theirs := <-deadlines
		assert.LessOrEqual(t, theirs, time.Now().Add(most), data)
		assert.GreaterOrEqual(t, theirs, before.Add(most), data)
	}
}

func TestServeLeavesTheGroupWhileItIsFull(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := newGate()
	full := serve(t, s, g.enricher("one"), enrichernats.Options{Slots: 2})
	other := serve(t, s, always("two"), enrichernats.Options{})
	fe := client(t, connect(t, s), nil)

	// One of two hangs. It costs the labels of as many failures as it has slots.
	for stuck := 0; stuck < 2; {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := fe.ProcessFailure(ctx, errJob, enricher.FailureContext{})
			done <- err
		}()
		select {
		case <-g.entered:
			stuck++
			cancel()
			require.Error(t, <-done)
		case err := <-done:
			require.NoError(t, err)
			cancel()
		}
	}
	assert.Equal(t, 2, stats(t, full).InUse)
	for range 200 {
		labels, err := ask(t, fe, errJob, enricher.FailureContext{})
		require.NoError(t, err)
		require.Equal(t, "two", labels["team"])
	}

	// The other one ends. The full one says that it is there.
	require.NoError(t, other.Stop())
	answered := make(chan string)
	go func() {
		labels, _ := ask(t, fe, errJob, enricher.FailureContext{})
		answered <- labels["team"]
	}()
	before := count(fe, "busy")
	eventually(t, func() bool { return count(fe, "busy") > before+1 }, "asked again")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := fe.ProcessFailure(ctx, errJob, enricher.FailureContext{})
	require.ErrorIs(t, err, context.DeadlineExceeded)

	// It comes back when the calls have returned.
	close(g.open)
	assert.Equal(t, "one", <-answered)
	eventually(t, func() bool { return stats(t, full).InUse == 0 }, "free")
	for range 20 {
		labels, err := ask(t, fe, errJob, enricher.FailureContext{})
		require.NoError(t, err)
		require.Equal(t, "one", labels["team"])
	}
}

func TestServeAnswers503IfItIsFull(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := newGate()
	defer close(g.open)
	svc := serve(t, s, g.enricher("web"), enrichernats.Options{Slots: 1})
	nc := connect(t, s)
	inbox := nc.NewRespInbox()
	sub, err := nc.SubscribeSync(inbox)
	require.NoError(t, err)
	for range 50 { // some of them are on their way when the first one takes the slot
		require.NoError(t, nc.PublishRequest("enricher.v1.owner.process", inbox, []byte(`{"v":1,"deadlineMs":3600000,"chain":[{"text":"x"}]}`)))
	}
	require.NoError(t, nc.FlushTimeout(guard))
	<-g.entered
	for range 49 {
		msg, err := sub.NextMsg(guard)
		if errors.Is(err, nats.ErrNoResponders) {
			continue // it has left the group
		}
		require.NoError(t, err)
		assert.Equal(t, "503", msg.Header.Get(micro.ErrorCodeHeader))
	}
	assert.Equal(t, 1, stats(t, svc).InUse)
}

func TestServeLosesNoFailureInARollingRestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	fe := client(t, connect(t, s), nil)
	o := enrichernats.Options{Slots: 2} // so that instances leave and come back all the time
	slow := team(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		runtime.Gosched()
		return enricher.Labels{"team": "web"}, nil
	})
	first, second := serve(t, s, slow, o), serve(t, s, slow, o)
	stop := asking(t, fe, 8)
	for range 10 {
		next := serve(t, s, slow, o)
		require.NoError(t, first.Stop())
		first, second = second, next
		answered := stats(t, next).Failures
		eventually(t, func() bool { return stats(t, next).Failures > answered }, "the new one answers")
	}
	labeled, errs := stop()
	assert.Empty(t, errs)
	assert.Positive(t, labeled)
	t.Logf("%d failures, %d pauses", labeled, count(fe, "busy"))
}

func TestServeStopWaitsForWhatIsAccepted(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := newGate()
	nc := connect(t, s)
	svc := serveOn(t, nc, g.enricher("web"), enrichernats.Options{})
	fe := client(t, connect(t, s), nil)
	answered := make(chan enricher.Labels)
	go func() {
		labels, _ := ask(t, fe, errJob, enricher.FailureContext{})
		answered <- labels
	}()
	<-g.entered
	stopped := make(chan error)
	go func() {
		err := svc.Stop()
		nc.Close()
		stopped <- err
	}()
	other := connect(t, s)
	eventually(t, func() bool {
		_, err := other.Request("enricher.v1.owner.info", nil, time.Second)
		return errors.Is(err, nats.ErrNoResponders)
	}, "it is stopping")
	close(g.open)
	assert.Equal(t, enricher.Labels{"team": "web"}, <-answered)
	require.NoError(t, <-stopped)
	_, err := ask(t, fe, errJob, enricher.FailureContext{})
	require.ErrorIs(t, err, nats.ErrNoResponders)
	assert.True(t, svc.Stopped())
	assert.NoError(t, svc.Stop())
}

func TestServeEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := newGate()
	defer close(g.open)
	nc := connect(t, s)
	svc := serveOn(t, nc, g.enricher("web"), enrichernats.Options{})
	fe := client(t, connect(t, s), nil)
	go ask(t, fe, errJob, enricher.FailureContext{})
	<-g.entered
	nc.Close()
	eventually(t, svc.Stopped, "stopped")
	assert.NoError(t, svc.Stop())
	eventually(t, func() bool {
		_, err := fe.ProcessFailure(within(t, time.Second), errJob, enricher.FailureContext{}) // one may be lost
		return errors.Is(err, nats.ErrNoResponders)
	}, "it is gone")
}

func TestServeStopEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := newGate()
	defer close(g.open)
	nc := connect(t, s)
	svc := serveOn(t, nc, g.enricher("web"), enrichernats.Options{})
	failure := wire.New(errJob, enricher.FailureContext{})
	failure.Deadline = 10 * time.Minute
	data, err := failure.MarshalJSON()
	require.NoError(t, err)
	require.NoError(t, connect(t, s).Publish("enricher.v1.owner.process", data))
	<-g.entered
	stopped := make(chan error, 1)
	go func() { stopped <- svc.Stop() }()
	eventually(t, func() bool { return svc.Stopped() && nc.NumSubscriptions() == 0 }, "only the call is under way")
	nc.Close()
	select {
	case err := <-stopped:
		assert.NoError(t, err)
	case <-time.After(guard):
		t.Error("Stop waits for a call that it cannot answer")
	}
}

func TestServeDoesNotMendLabels(t *testing.T) {
	t.Parallel()
	s := start(t)
	serve(t, s, always("a\xffb"), enrichernats.Options{})
	e, err := enricher.New(enricher.Config{Timeout: guard}, enricher.WithEnricher("nats/owner", client(t, connect(t, s), nil)), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	res := e.EnrichContext(t.Context(), errJob, enricher.FailureContext{})
	require.NoError(t, res.Err())
	assert.Empty(t, res.Labels)
	require.Len(t, res.Outcomes[0].Issues, 1)
	assert.ErrorIs(t, res.Outcomes[0].Issues[0].Err, enricher.ErrInvalidValue)
}

func TestServeCanBeDiscovered(t *testing.T) {
	t.Parallel()
	s := start(t)
	serve(t, s, reading{enricher.Func([]string{"team", "oncall"}, always("web").ProcessFailure), []string{"type"}}, enrichernats.Options{Version: "1.2.3"})
	nc := connect(t, s)
	msg, err := nc.Request("$SRV.INFO.enricher-owner", nil, guard)
	require.NoError(t, err)
	var found micro.Info
	require.NoError(t, json.Unmarshal(msg.Data, &found))
	assert.Equal(t, "1.2.3", found.Version)
	assert.Equal(t, map[string]string{"process": "enricher.v1.owner.process", "outputKeys": "team,oncall"}, found.Metadata)
	msg, err = nc.Request("$SRV.STATS.enricher-owner", nil, guard)
	require.NoError(t, err)
	assert.Contains(t, string(msg.Data), `"data":{"slots":64,"inUse":0,"failures":0,"errors":0,"busy":0}`)
	msg, err = nc.Request("enricher.v1.owner.info", nil, guard)
	require.NoError(t, err)
	assert.JSONEq(t, `{"v":1,"name":"owner","version":"1.2.3","outputKeys":["team","oncall"],"inputKeys":["type"]}`, string(msg.Data))
}

func TestServeRejectsWrongArguments(t *testing.T) {
	t.Parallel()
	nc := connect(t, start(t))
	for _, c := range []struct {
		name string
		o    enrichernats.Options
		want string
	}{
		{"", enrichernats.Options{}, `enrichernats: Serve: name "": must be letters, digits, '_' and '-', in parts that dots separate`},
		{"a..b", enrichernats.Options{}, `name "a..b"`},
		{"a.*", enrichernats.Options{}, `name "a.*"`},
		{"a b", enrichernats.Options{}, `name "a b"`},
		{"a/b", enrichernats.Options{}, `name "a/b"`},
		{"a", enrichernats.Options{Slots: -1}, "Slots -1: must be from 1 to 1048576, or 0 for 64"},
		{"a", enrichernats.Options{Slots: 1<<20 + 1}, "Slots 1048577"},
		{"a", enrichernats.Options{Version: "one"}, "version"},
	} {
		_, err := enrichernats.Serve(nc, c.name, always("web"), c.o)
		require.ErrorContains(t, err, c.want)
	}
	assert.Panics(t, func() { _, _ = enrichernats.Serve(nil, "a", always("web"), enrichernats.Options{}) })
	assert.Panics(t, func() { _, _ = enrichernats.Serve(nc, "a", nil, enrichernats.Options{}) })
	svc, err := enrichernats.Serve(nc, "acme.v2", always("web"), enrichernats.Options{})
	require.NoError(t, err)
	assert.Equal(t, "enricher-acme_v2", svc.Info().Name)
	nc.Close()
	_, err = enrichernats.Serve(nc, "a", always("web"), enrichernats.Options{})
	require.ErrorIs(t, err, nats.ErrConnectionClosed)
}
