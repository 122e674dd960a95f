package enricherwatermill_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/cenkalti/backoff/v5"
	pkgerrors "github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwatermill"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/jobs"
)

type options = enricherwatermill.Options

// newEnricher returns one that sets the labels of the steps in turn, and what observes it.
func newEnricher(t testing.TB, steps ...enricher.Labels) (*enricher.Enricher, *enrichertest.Recorder) {
	fake := &enrichertest.Fake{}
	for _, labels := range steps {
		fake.Keys = append(fake.Keys, labels.Keys()...)
		fake.Steps = append(fake.Steps, enrichertest.Step{Labels: labels})
	}
	rec := &enrichertest.Recorder{}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("fake", fake), enricher.WithObserver(rec), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	return e, rec
}

var (
	veto    = enricher.Labels{enricher.KeyJobCannotRestart: "true"}
	delayed = enricher.Labels{enricher.KeyRetryAfter: "5s"}
)

func fails(err error) message.HandlerFunc {
	return func(*message.Message) ([]*message.Message, error) { return nil, err }
}

func panics(*message.Message) ([]*message.Message, error) { panic(io.EOF) }

// The real router, broker, Retry, PoisonQueue and Recoverer, by a clock that does not wait.
func TestRetryDoesWhatTheLabelsAskFor(t *testing.T) {
	t.Parallel()
	const own = time.Minute // the delay of the Retry middleware
	for name, c := range map[string]struct {
		labels enricher.Labels
		h      message.HandlerFunc
		o      options
		waits  []time.Duration
		reason string
	}{
		"no label":            {enricher.Labels{"a": "b"}, fails(io.EOF), options{}, []time.Duration{own, own}, "EOF"},
		"a veto":              {veto, fails(fmt.Errorf("job: %w", io.EOF)), options{}, nil, "job: EOF"},
		"a veto on a panic":   {veto, panics, options{}, nil, "panic: EOF"},
		"a delay":             {delayed, fails(io.EOF), options{}, []time.Duration{5 * time.Second, 5 * time.Second}, "EOF"},
		"an ignored delay":    {delayed, fails(io.EOF), options{Options: jobs.Options{IgnoreRetryAfter: true}}, []time.Duration{own, own}, "EOF"},
		"the user's delay":    {delayed, fails(errors.Join(io.EOF, backoff.RetryAfter(9))), options{}, []time.Duration{9 * time.Second, 9 * time.Second}, "EOF\nretry after 9s"},
		"the user's end":      {delayed, fails(backoff.Permanent(io.EOF)), options{}, nil, "EOF"},
		"one in another text": {delayed, fails(fmt.Errorf("job: %w", backoff.Permanent(io.EOF))), options{}, nil, "EOF"}, // as without the adapter
		"does not count":      {enricher.Labels{enricher.KeyAttemptCounts: "false"}, fails(io.EOF), options{}, []time.Duration{own, own}, "EOF"},
		"does not count, with a delay": {
			enricher.Labels{enricher.KeyAttemptCounts: "false", enricher.KeyRetryAfter: "5s"},
			fails(io.EOF),
			options{},
			[]time.Duration{5 * time.Second, 5 * time.Second},
			"EOF",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, rec := newEnricher(t, c.labels)
				broker := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
				router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
				require.NoError(t, err)
				poison, err := middleware.PoisonQueue(broker, "poison")
				require.NoError(t, err)
				router.AddMiddleware(poison,
					middleware.Retry{MaxRetries: 2, InitialInterval: own, MaxInterval: own, Multiplier: 1}.Middleware,
					middleware.Recoverer, enricherwatermill.Middleware(e, c.o))
				var at []time.Time
				router.AddConsumerHandler("import", "orders", broker, func(msg *message.Message) error {
					at = append(at, time.Now())
					_, err := c.h(msg)
					return err
				})
				poisoned, err := broker.Subscribe(t.Context(), "poison")
				require.NoError(t, err)
				go func() { assert.NoError(t, router.Run(context.Background())) }()
				<-router.Running()
				require.NoError(t, broker.Publish("orders", message.NewMessage("1", nil)))
				msg := <-poisoned
				msg.Ack()
				var waits []time.Duration
				for i, when := range at[1:] {
					waits = append(waits, when.Sub(at[i]))
				}
				assert.Equal(t, c.waits, waits)
				assert.Equal(t, c.reason, msg.Metadata.Get(middleware.ReasonForPoisonedKey))
				assert.Equal(t, strconv.Itoa(len(at)), msg.Metadata.Get("failure_attempt"))
				assert.Len(t, rec.Failures(), len(at))
				require.NoError(t, router.Close())
			})
		})
	}
}

type code struct{ n int }

func (code) Error() string { return "a code" }

// What the middlewares around this one see.
func TestErrorStaysTheSame(t *testing.T) {
	t.Parallel()
	cause := pkgerrors.Wrap(fmt.Errorf("query: %w", errors.Join(io.EOF, code{7})), "import")
	for name, labels := range map[string]enricher.Labels{"labels": {"a": "b"}, "a veto": veto, "a delay": delayed} {
		e, _ := newEnricher(t, labels)
		_, err := enricherwatermill.Middleware(e, options{})(fails(cause))(message.NewMessage("1", nil))
		assert.EqualError(t, err, cause.Error(), name)
		assert.Equal(t, fmt.Sprintf("%+v", cause), fmt.Sprintf("%+v", err), "its stack")
		require.ErrorIs(t, err, io.EOF, name)
		require.ErrorIs(t, err, cause, name)
		got, ok := enricher.AsType[code](err)
		assert.True(t, ok && got.n == 7, name)
		assert.Equal(t, pkgerrors.Cause(cause), pkgerrors.Cause(err), name)
		res, ok := enricher.ResultOf(err)
		assert.True(t, ok, name)
		assert.Equal(t, labels, res.Labels, name)
		var after *backoff.RetryAfterError
		assert.Equal(t, name == "a delay", errors.As(err, &after), name)
		var end *backoff.PermanentError
		if assert.Equal(t, name == "a veto", errors.As(err, &end), name); end != nil {
			_, ok := enricher.ResultOf(end.Err) // which Retry returns
			assert.True(t, ok)
			assert.Equal(t, fmt.Sprintf("%+v", cause), fmt.Sprintf("%+v", end.Err))
		}
		_, ok = err.(slog.LogValuer)
		assert.False(t, ok, name)

		_, err = enricherwatermill.Middleware(e, options{})(fails(structured{io.EOF}))(message.NewMessage("1", nil))
		assert.Equal(t, "[code=E7]", slog.AnyValue(err).Resolve().String(), name)
		assert.Equal(t, name == "a veto", errors.As(err, &end), name)
		if name == "a veto" {
			assert.Equal(t, "[code=E7]", slog.AnyValue(end.Err).Resolve().String())
		}
	}
}

// A structured error says how package slog logs it.
type structured struct{ error }

func (structured) LogValue() slog.Value { return slog.GroupValue(slog.String("code", "E7")) }

func TestMetadata(t *testing.T) {
	t.Parallel()
	type metadata = message.Metadata
	handlerOf := func(name string, before metadata) *message.Message { // a message as the router gives it
		msg := message.NewMessage("1", nil)
		msg.Metadata = before
		msg.SetContext(nameOf(t, name))
		return msg
	}
	stale := func() metadata {
		return metadata{"id": "7", "failure_attempt": "3", "failure_handler": "import", "failure_team": "shop"}
	}
	labels := enricher.Labels{"type": "USER", "note": "password=hunter2", "attempt": "none"}
	for name, c := range map[string]struct {
		handler string
		before  metadata
		labels  enricher.Labels
		o       options
		err     error
		want    metadata
	}{
		"first":                {"import", metadata{"id": "7"}, labels, options{}, io.EOF, metadata{"id": "7", "failure_attempt": "1", "failure_handler": "import", "failure_type": "USER", "failure_note": "password=***"}},
		"next":                 {"import", stale(), labels, options{Labels: []string{"type"}}, io.EOF, metadata{"id": "7", "failure_attempt": "4", "failure_handler": "import", "failure_type": "USER"}},
		"another handler":      {"other", stale(), enricher.Labels{"type": "USER"}, options{}, io.EOF, metadata{"id": "7", "failure_attempt": "1", "failure_handler": "other", "failure_type": "USER"}},
		"success":              {"import", stale(), labels, options{}, nil, metadata{"id": "7"}},
		"success of another":   {"other", stale(), labels, options{}, nil, stale()},
		"no failure":           {"import", stale(), labels, options{Options: jobs.Options{Skip: func(context.Context, error) bool { return true }}}, io.EOF, stale()},
		"a number that is bad": {"import", metadata{"failure_attempt": "-9", "failure_handler": "import"}, nil, options{}, io.EOF, metadata{"failure_attempt": "1", "failure_handler": "import"}},
		"prefix":               {"import", stale(), enricher.Labels{"type": "USER"}, options{Prefix: "x-"}, nil, stale()},
		"prefix of a failure":  {"import", metadata{}, enricher.Labels{"type": "USER"}, options{Prefix: "x-"}, io.EOF, metadata{"x-attempt": "1", "x-handler": "import", "x-type": "USER"}},
		"none":                 {"import", nil, enricher.Labels{"type": "USER"}, options{}, io.EOF, metadata{"failure_attempt": "1", "failure_handler": "import", "failure_type": "USER"}},
	} {
		e, rec := newEnricher(t, c.labels)
		msg := handlerOf(c.handler, c.before)
		_, _ = enricherwatermill.Middleware(e, c.o)(fails(c.err))(msg)
		assert.Equal(t, c.want, msg.Metadata, name)
		for _, f := range rec.Failures() {
			assert.Equal(t, c.handler, f.Context.JobName, name)
		}
	}
}

func TestWithoutEnrichersNothingIsWritten(t *testing.T) {
	t.Parallel()
	e, err := enricher.New(enricher.Config{})
	require.NoError(t, err)
	msg := message.NewMessage("1", nil)
	_, err = enricherwatermill.Middleware(e, options{})(fails(io.EOF))(msg)
	require.ErrorIs(t, err, io.EOF)
	assert.Empty(t, msg.Metadata)
}

func TestFailureContext(t *testing.T) {
	t.Parallel()
	e, rec := newEnricher(t, enricher.Labels{"a": "b"})
	h := enricherwatermill.Middleware(e, options{})
	for _, id := range []string{"1", ""} {
		msg := message.NewMessage(id, nil)
		msg.SetContext(nameOf(t, "import"))
		_, _ = h(fails(backoff.Permanent(io.EOF)))(msg)
	}
	failures := rec.Failures()
	fc := failures[0].Context
	assert.Regexp(t, "^watermill:import/1-1-", fc.ID)
	assert.Equal(t, "orders", fc.Attributes[enricher.AttributeTopic])
	assert.True(t, fc.Terminal)
	assert.Equal(t, io.EOF, failures[0].Cause, "without Watermill's wrapper")
	assert.Empty(t, failures[1].Context.JobID)
	assert.NotRegexp(t, "^watermill", failures[1].Context.ID, "messages without a UUID are not the same")
}

// A Timeout is not what interrupts a handler, on either side of the middleware.
func TestTimeoutIsAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, rec := newEnricher(t, enricher.Labels{"a": "b"})
		ours, timeout := enricherwatermill.Middleware(e, options{}), middleware.Timeout(time.Second)
		waits := func(msg *message.Message) ([]*message.Message, error) {
			<-msg.Context().Done()
			return nil, msg.Context().Err()
		}
		_, _ = ours(timeout(waits))(message.NewMessage("1", nil))
		_, _ = timeout(ours(waits))(message.NewMessage("1", nil))
		assert.Len(t, rec.Failures(), 2)
	})
}

// Watermill's default: the next attempt has the context of the one before, which has ended.
func TestTimeoutWithinRetry(t *testing.T) {
	t.Parallel()
	for reset, want := range map[bool]string{false: "1", true: "2"} {
		e, _ := newEnricher(t, enricher.Labels{"team": "shop"})
		msg := message.NewMessage("1", nil)
		retry := middleware.Retry{MaxRetries: 1, ResetContextOnRetry: reset}
		_, err := retry.Middleware(middleware.Timeout(time.Hour)(enricherwatermill.Middleware(e, options{})(func(msg *message.Message) ([]*message.Message, error) {
			if err := msg.Context().Err(); err != nil {
				return nil, err
			}
			return nil, io.EOF
		})))(msg)
		assert.Equal(t, !reset, errors.Is(err, context.Canceled))
		assert.Equal(t, message.Metadata{"failure_team": "shop", "failure_attempt": want, "failure_handler": ""}, msg.Metadata)
	}
}

// nameOf returns the context that the router gives a handler's messages.
func nameOf(t testing.TB, handler string) context.Context {
	broker := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	require.NoError(t, err)
	got := make(chan context.Context, 1)
	router.AddConsumerHandler(handler, "orders", broker, func(msg *message.Message) error {
		got <- context.WithoutCancel(msg.Context())
		return nil
	})
	go func() { assert.NoError(t, router.Run(context.Background())) }()
	<-router.Running()
	require.NoError(t, broker.Publish("orders", message.NewMessage("1", nil)))
	ctx := <-got
	require.NoError(t, router.Close())
	return ctx
}

func TestMiddlewarePanicsOnWrongOptions(t *testing.T) {
	t.Parallel()
	o := options{Prefix: "r", Options: jobs.Options{MaxUncounted: -1}}
	assert.EqualError(t, o.Validate(), "jobs: MaxUncounted -1: must not be negative; 0 is 20\n"+
		`enricherwatermill: Prefix "r": must not be that of Watermill's own key "reason_poisoned"`)
	assert.Panics(t, func() { enricherwatermill.Middleware(nil, o) })
	assert.Error(t, options{Prefix: "_watermill_x"}.Validate())
	assert.NoError(t, options{Prefix: "x-"}.Validate())
}
