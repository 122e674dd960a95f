package exceptions_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// TestMain fails if a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // for the examples
	goleak.VerifyTestMain(m)
}

var errBoom = errors.New("boom")

// labelFunc is what an enricher does.
type labelFunc func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error)

// newEnricher returns an Enricher with one enricher, "test", that may set the
// keys.
func newEnricher(t testing.TB, fn labelFunc, keys []string, opts ...enricher.Option) *enricher.Enricher {
	t.Helper()
	e, err := enricher.New(enricher.Config{}, append(opts, enricher.WithEnricher("test", enricher.Func(keys, fn)))...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e
}

// always returns an Enricher that sets the same labels for every failure.
func always(t testing.TB, labels enricher.Labels, opts ...enricher.Option) *enricher.Enricher {
	t.Helper()
	return newEnricher(t, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return labels, nil
	}, labels.Keys(), opts...)
}

// waitFor returns what sets k to v once release is closed.
func waitFor(release <-chan struct{}) labelFunc {
	return func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		<-release
		return enricher.Labels{"k": "v"}, nil
	}
}

// keep records a failure with labels, as an observer does.
func keep(h *exceptions.History, cause error, fc enricher.FailureContext, labels enricher.Labels) {
	h.ObserveFailure(context.Background(), cause, fc, enricher.Result{Labels: labels})
}

// entries returns all that h has.
func entries(h *exceptions.History) []exceptions.Entry {
	all, _ := h.Entries(exceptions.Query{})
	return all
}

// only returns the only entry of h.
func only(t testing.TB, h *exceptions.History) exceptions.Entry {
	t.Helper()
	all := entries(h)
	require.Len(t, all, 1)
	return all[0]
}

// ids returns the IDs of entries.
func ids(list []exceptions.Entry) []string {
	out := []string{}
	for _, e := range list {
		out = append(out, e.ID)
	}
	return out
}

// get asks a handler.
func get(t testing.TB, h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, h, http.MethodGet, path, header...)
}

func ask(t testing.TB, h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// object is a JSON object.
type object = map[string]any

// decode returns the JSON object that an answer with status 200 is.
func decode(t testing.TB, w *httptest.ResponseRecorder) object {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
	var out object
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body)
	return out
}

// historyOf returns the entries of an answer, and whether they are all.
func historyOf(t testing.TB, w *httptest.ResponseRecorder) (list []object, truncated bool) {
	t.Helper()
	history := decode(t, w)["exceptionHistory"].(object)
	list = []object{}
	for _, e := range history["entries"].([]any) {
		list = append(list, e.(object))
	}
	return list, history["truncated"].(bool)
}

// errorsOf returns the errors of an answer with this status.
func errorsOf(t testing.TB, w *httptest.ResponseRecorder, status int) []string {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body)
	require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
	var out struct {
		Errors []string `json:"errors"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body)
	require.NotEmpty(t, out.Errors)
	return out.Errors
}
