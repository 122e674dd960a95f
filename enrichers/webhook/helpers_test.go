package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

var errJob = errors.New("the job has failed")

// A server answers requests in memory, so that tests can have fake time. It
// records them and answers them in turn; the last answer goes on.
type server struct {
	answers []answer

	mu       sync.Mutex
	requests []request
}

type request struct {
	Method, URL, Body string
	Header            http.Header
}

type answer func(*http.Request) (*http.Response, error)

func newServer(answers ...answer) *server { return &server{answers: answers} }

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, request{r.Method, r.URL.String(), string(body), r.Header.Clone()})
	s.mu.Unlock()
	if len(s.answers) == 0 {
		return status(200, "ok")(r)
	}
	return s.answers[min(n, len(s.answers)-1)](r)
}

func (s *server) all() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// message returns what the last request had.
func (s *server) message(t testing.TB) (m webhook.Message) {
	t.Helper()
	all := s.all()
	require.NotEmpty(t, all)
	require.NoError(t, json.Unmarshal([]byte(all[len(all)-1].Body), &m))
	return m
}

// status answers with a status, a body, and a header of names and values.
func status(code int, body string, header ...string) answer {
	return func(r *http.Request) (*http.Response, error) {
		resp := &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r}
		for i := 0; i < len(header); i += 2 {
			resp.Header.Set(header[i], header[i+1])
		}
		return resp, nil
	}
}

func redirect(code int, to string) answer { return status(code, "", "Location", to) }

// broken fails as a connection does.
func broken(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") }

// hang never answers.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// slow answers with a status after a time.
func slow(d time.Duration, code int) answer {
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(d)
		return status(code, "")(r)
	}
}

const url = "https://hooks.example/hook"

// newWebhook returns an enricher that posts to s. By default, its URL is url.
func newWebhook(t testing.TB, s *server, opts webhook.Options) enricher.FailureEnricher {
	t.Helper()
	if opts.URL == (webhook.Secret{}) {
		opts.URL.Value = url
	}
	fe, err := webhook.New(opts)
	require.NoError(t, err)
	webhook.SetTransport(fe, s)
	return fe
}

// post returns a server and an enricher that posts to it.
func post(t testing.TB, opts webhook.Options, answers ...answer) (*server, enricher.FailureEnricher) {
	t.Helper()
	s := newServer(answers...)
	return s, newWebhook(t, s, opts)
}

// bubble returns a subtest in fake time.
func bubble(fn func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) { synctest.Test(t, fn) }
}

// send processes a failure of the job "j" with these labels.
func send(t testing.TB, fe enricher.FailureEnricher, cause error, labels enricher.Labels) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := fe.ProcessFailure(ctx, cause, enricher.FailureContext{JobID: "j", Labels: labels})
	return err
}

// counts returns what fe counted, without zeros.
func counts(fe enricher.FailureEnricher) map[string]uint64 {
	counts := fe.(enricher.CountReporter).Counts()
	for key, n := range counts {
		if n == 0 {
			delete(counts, key)
		}
	}
	return counts
}

// closeAfter closes fe when the test has ended.
func closeAfter(t testing.TB, fe enricher.FailureEnricher) {
	t.Cleanup(func() { assert.NoError(t, fe.(io.Closer).Close()) })
}
