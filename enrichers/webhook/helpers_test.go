package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // for the example, which logs where everybody does
	goleak.VerifyTestMain(m)
}

var errJob = errors.New("the job has failed")

// A server records requests and answers them in turn as it was told; the last
// answer goes on.
type server struct {
	*httptest.Server
	answers []http.HandlerFunc

	mu       sync.Mutex
	requests []request
}

type request struct {
	Method, URI, Proto, Body string
	Header                   http.Header
}

func newServer(t testing.TB, answers ...http.HandlerFunc) *server {
	s := unstarted(t, answers...)
	s.Start()
	return s
}

func unstarted(t testing.TB, answers ...http.HandlerFunc) *server {
	s := &server{answers: answers}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = quiet
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, request{r.Method, r.RequestURI, r.Proto, string(body), r.Header})
	s.mu.Unlock()
	if len(s.answers) > 0 {
		s.answers[min(n, len(s.answers)-1)](w, r)
	}
}

func (s *server) all() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// message returns the message of the last request.
func (s *server) message(t testing.TB) map[string]any {
	t.Helper()
	all := s.all()
	require.NotEmpty(t, all)
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(all[len(all)-1].Body), &m))
	return m
}

// status answers with a status and a body.
func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

// retryLater answers with a status and Retry-After.
func retryLater(code int, after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(code)
	}
}

// newWebhook returns an Enricher that may post to loopback, retries quickly, and
// is closed with the test.
func newWebhook(t testing.TB, opts webhook.Options) *webhook.Enricher {
	t.Helper()
	opts.AllowPrivate = true
	if opts.RetryDelay == 0 {
		opts.RetryDelay = time.Millisecond
	}
	e, err := webhook.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Close()) })
	return e
}

// to returns options for s.
func to(s *server) webhook.Options { return webhook.Options{URL: webhook.Secret{Value: s.URL}} }

// send processes a failure with these labels. It has a minute.
func send(t testing.TB, e *webhook.Enricher, cause error, labels enricher.Labels) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := e.ProcessFailure(ctx, cause, enricher.FailureContext{JobID: "j", Labels: labels})
	return err
}

// quiet is where servers log what clients do to them.
var quiet = log.New(io.Discard, "", 0)

func owner(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	return enricher.Labels{"owner": "platform"}, nil
}
