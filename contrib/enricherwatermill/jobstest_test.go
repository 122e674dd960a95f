package enricherwatermill_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/cenkalti/backoff/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwatermill"
	"github.com/failure-enrichers/enricher/jobs/jobstest"
)

func TestAdapter(t *testing.T) {
	t.Parallel()
	jobstest.Run(t, jobstest.Manager{
		Start:    start,
		Terminal: map[string]func(error) error{"Permanent": backoff.Permanent},
		Stop:     func(t testing.TB, j jobstest.Job) { assert.NoError(t, j.(*job).router.Close()) },
		Cancel:   func(_ testing.TB, j jobstest.Job) { j.(*job).handler.Stop() },
		Without:  map[string]string{"uncounted": "the Retry middleware counts every attempt"},
	})
}

// A job is a message in a router. The Retry middleware waits within the handler and
// tells its logger for how long before it does: then the job cuts the wait, and the
// next attempt runs in a Retry middleware with the retries that are left.
type job struct {
	jobstest.Setup
	router  *message.Router
	handler *message.Handler
	broker  *gochannel.GoChannel
	retries int // that are left
	settled chan jobstest.Attempt
	next    chan bool
	running bool
}

func start(t testing.TB, s jobstest.Setup) jobstest.Job {
	j := &job{Setup: s, retries: s.MaxAttempts - 1, settled: make(chan jobstest.Attempt, 1), next: make(chan bool)}
	users := s.Options.Context
	s.Options.Context = func(ctx context.Context, fc *enricher.FailureContext) {
		fc.MaxAttempts = s.MaxAttempts
		if users != nil {
			users(ctx, fc)
		}
	}
	j.broker = gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
	dead := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
	var err error
	j.router, err = message.NewRouter(message.RouterConfig{CloseTimeout: time.Second}, watermill.NopLogger{})
	require.NoError(t, err)
	poison, err := middleware.PoisonQueue(dead, "poison")
	require.NoError(t, err)
	j.router.AddMiddleware(poison, j.retry, middleware.Recoverer)
	if s.Timeout > 0 {
		j.router.AddMiddleware(middleware.Timeout(s.Timeout))
	}
	j.router.AddMiddleware(enricherwatermill.Middleware(s.Labeler, enricherwatermill.Options{Options: s.Options}))
	j.handler = j.router.AddConsumerHandler("import", "orders", j.broker, func(msg *message.Message) error { return s.Job(msg.Context()) })
	go func() { assert.NoError(t, j.router.Run(context.Background())) }()
	<-j.router.Running()
	t.Cleanup(func() {
		close(j.next)
		_ = j.router.Close() // has a timeout if a handler hangs
		assert.NoError(t, dead.Close())
	})
	return j
}

// retry runs each attempt of a message in the Retry middleware.
func (j *job) retry(h message.HandlerFunc) message.HandlerFunc {
	return func(msg *message.Message) ([]*message.Message, error) {
		around := msg.Context()
		for {
			ctx, cut := context.WithCancel(around)
			msg.SetContext(ctx)
			waits := &waiting{cut: cut}
			produced, err := middleware.Retry{
				MaxRetries: j.retries, InitialInterval: j.Delay, MaxInterval: j.Delay, Multiplier: 1,
				Logger: waits, ShouldRetry: j.handleError,
			}.Middleware(h)(msg)
			cut()
			msg.SetContext(around)
			a := jobstest.Attempt{Again: waits.delay > 0 && around.Err() == nil, Delay: waits.delay}
			a.Labels, a.Kept = written(msg)
			if !a.Again {
				defer func() { j.settled <- a }()
				return produced, err
			}
			j.settled <- a
			j.retries--
			if _, ok := <-j.next; !ok {
				return produced, err
			}
		}
	}
}

// written returns what the adapter has written into the metadata.
func written(msg *message.Message) (labels enricher.Labels, all string) {
	for key, value := range msg.Metadata {
		label, ok := strings.CutPrefix(key, "failure_")
		if !ok {
			continue
		}
		all += key + "=" + value + "\n"
		if label == "attempt" || label == "handler" {
			continue
		}
		if labels == nil {
			labels = enricher.Labels{}
		}
		labels[label] = value
	}
	return labels, all
}

func (j *job) handleError(p middleware.RetryParams) bool {
	if j.Handler == nil {
		return true
	}
	var value any
	if p, ok := enricher.AsType[middleware.RecoveredPanicError](p.Err); ok {
		value = p.V
	}
	j.Handler(context.Background(), p.Err, value)
	return true
}

func (j *job) Attempt(t testing.TB) jobstest.Attempt {
	if !j.running {
		j.running = true
		require.NoError(t, j.broker.Publish("orders", message.NewMessage("1", nil)))
	} else {
		j.next <- true
	}
	return <-j.settled
}

// A waiting is the logger of a Retry middleware. It gets the delay before the wait.
type waiting struct {
	watermill.NopLogger
	delay time.Duration
	cut   func()
}

func (w *waiting) Error(_ string, _ error, fields watermill.LogFields) {
	w.delay = fields["wait_time"].(time.Duration)
	w.cut()
}
