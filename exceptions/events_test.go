package exceptions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A recorder is a ResponseWriter that can be read while a stream is written.
type recorder struct {
	header http.Header
	status int

	mu        sync.Mutex
	written   bytes.Buffer // and flushed
	waiting   bytes.Buffer
	deadlines []time.Time
}

func (r *recorder) Header() http.Header    { return r.header }
func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) SetWriteDeadline(deadline time.Time) error {
	r.deadlines = append(r.deadlines, deadline)
	return nil
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting.Write(p)
}

func (r *recorder) Flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting.WriteTo(&r.written)
}

// take returns the blocks that were flushed since the last call.
func (r *recorder) take() []block {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.written.String()
	r.written.Reset()
	var blocks []block
	for part := range strings.SplitSeq(strings.TrimSuffix(text, "\n\n"), "\n\n") {
		if part == "" {
			continue
		}
		b := block{}
		for line := range strings.SplitSeq(part, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			b[name] = value
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// A block is a part of a stream that ends with an empty line: values by field name, a
// comment under "".
type block map[string]string

// stream asks for events in a goroutine, until the returned function is called and
// the handler has returned.
func stream(h http.Handler, path string, header ...string) (*recorder, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(w, r)
	}()
	return w, func() { cancel(); <-done }
}

func TestEventsAreStreamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		keep(h, errBoom, enricher.FailureContext{ID: "before"}, nil)
		w, stop := stream(exceptions.NewHandler(h), "/events")
		synctest.Wait()
		assert.Equal(t, "text/event-stream; charset=utf-8", w.header.Get("Content-Type"))
		assert.Equal(t, "no-store", w.header.Get("Cache-Control"))
		first := w.take()
		require.Len(t, first, 1, "at once")
		assert.NotEmpty(t, first[0][""])
		assert.NotEmpty(t, first[0]["id"], "a client can resume from here")

		release := make(chan struct{})
		e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("e", enricher.Func([]string{"k"}, waitFor(release))))
		require.NoError(t, err)
		h.EnrichAsync(t.Context(), e, errors.New("line\nbreak"), enricher.FailureContext{ID: "a"})
		synctest.Wait()
		blocks := w.take()
		require.Len(t, blocks, 1)
		assert.Equal(t, "failure", blocks[0]["event"])
		got := objectOf(t, blocks[0]["data"])
		assert.Equal(t, "a", got["id"])
		assert.Equal(t, "pending", got["labelState"])
		assert.Equal(t, []any{}, got["concurrentExceptions"])

		close(release)
		synctest.Wait()
		blocks = w.take()
		require.Len(t, blocks, 1)
		assert.Equal(t, "labels", blocks[0]["event"])
		assert.Equal(t, object{"k": "v"}, objectOf(t, blocks[0]["data"])["failureLabels"])

		keep(h, errBoom, enricher.FailureContext{ID: "b", RootID: "a"}, nil)
		synctest.Wait()
		got = objectOf(t, w.take()[0]["data"])
		assert.Equal(t, "a", got["rootId"])
		assert.NotContains(t, got, "concurrentExceptions")
		stop()
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

func objectOf(t testing.TB, text string) object {
	t.Helper()
	var out object
	require.NoError(t, json.Unmarshal([]byte(text), &out))
	return out
}

func TestEventsHaveAHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		w, stop := stream(exceptions.NewHandler(h, nil, exceptions.WithHeartbeat(0)), "/events?failureLabelFilter=none")
		defer stop()
		synctest.Wait()
		position := w.take()[0]["id"]
		time.Sleep(14 * time.Second)
		synctest.Wait()
		assert.Empty(t, w.take())
		keep(h, errBoom, enricher.FailureContext{}, nil) // does not match
		time.Sleep(time.Second)
		synctest.Wait()
		beats := w.take()
		require.Len(t, beats, 1)
		assert.Equal(t, "heartbeat", beats[0][""])
		assert.Empty(t, beats[0]["event"])
		assert.Empty(t, beats[0]["data"], "no event for browsers")
		assert.Greater(t, beats[0]["id"], position, "the client resumes behind what did not match")
		time.Sleep(30 * time.Second)
		synctest.Wait()
		assert.Len(t, w.take(), 2)
	})
}

func TestEventsResumeAfterTheLastEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{MaxEvents: 3})
		handler := exceptions.NewHandler(h)
		w, stop := stream(handler, "/events")
		synctest.Wait()
		position := w.take()[0]["id"]
		stop()
		for i := range 3 {
			keep(h, errBoom, enricher.FailureContext{ID: fmt.Sprint(i)}, nil)
		}
		w, stop = stream(handler, "/events", "Last-Event-ID", position)
		synctest.Wait()
		blocks := w.take()
		require.Len(t, blocks, 4)
		for i, b := range blocks[1:] {
			assert.Equal(t, fmt.Sprint(i), objectOf(t, b["data"])["id"])
		}
		stop()

		keep(h, errBoom, enricher.FailureContext{ID: "3"}, nil)
		w, stop = stream(handler, "/events", "Last-Event-ID", position)
		synctest.Wait()
		blocks = w.take()
		require.Len(t, blocks, 5)
		assert.Equal(t, "lost", blocks[1]["event"])
		assert.Equal(t, `{"missed":1}`, blocks[1]["data"])
		assert.Equal(t, "1", objectOf(t, blocks[2]["data"])["id"])
		stop()

		for _, other := range []string{"7", "no number", "0", "-1", "99999999999999999999999"} {
			w, stop = stream(handler, "/events", "Last-Event-ID", other)
			synctest.Wait()
			blocks = w.take()
			require.Len(t, blocks, 5, other)
			assert.Empty(t, blocks[0]["id"], "no position yet")
			assert.Equal(t, "lost", blocks[1]["event"])
			stop()
		}
	})
}

func TestEventsAreFiltered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		w, stop := stream(exceptions.NewHandler(h), "/events?failureLabelFilter=type:USER&jobId=a")
		defer stop()
		synctest.Wait()
		w.take()
		keep(h, errBoom, enricher.FailureContext{ID: "1", JobID: "a"}, enricher.Labels{"type": "USER"})
		keep(h, errBoom, enricher.FailureContext{ID: "2", JobID: "b"}, enricher.Labels{"type": "USER"})
		keep(h, errBoom, enricher.FailureContext{ID: "3", JobID: "a"}, enricher.Labels{"type": "SYSTEM"})
		synctest.Wait()
		blocks := w.take()
		require.Len(t, blocks, 1)
		assert.Equal(t, "1", objectOf(t, blocks[0]["data"])["id"])
	})
}

func TestEventsWithHostileTexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		w, stop := stream(exceptions.NewHandler(h), "/events")
		defer stop()
		for _, text := range hostileTexts {
			synctest.Wait()
			w.take()
			keep(h, errors.New(text), enricher.FailureContext{ID: text, JobID: text}, enricher.Labels{text: text})
			synctest.Wait()
			blocks := w.take()
			require.Len(t, blocks, 1)
			assert.Equal(t, "failure", blocks[0]["event"])
			objectOf(t, blocks[0]["data"])
			assert.NotContains(t, blocks[0]["data"], "<")
		}
	})
}

type brokenWriter struct{ recorder }

func (*brokenWriter) Write([]byte) (int, error) { return 0, errors.New("the client is gone") }

func TestEventsEndWhenTheClientHasGone(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(nil)
	h.ServeHTTP(&brokenWriter{recorder{header: http.Header{}}}, httptest.NewRequest("GET", "/events", nil))
}

func TestEventsLimitStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHandler(exceptions.NewHistory(exceptions.Options{}), exceptions.WithMaxStreams(2))
		_, stop1 := stream(h, "/events")
		_, stop2 := stream(h, "/events")
		synctest.Wait()
		w := get(t, h, "/events")
		assert.Equal(t, []string{"too many event streams: at most 2"}, errorsOf(t, w, http.StatusServiceUnavailable))
		assert.Equal(t, "10", w.Header().Get("Retry-After"))
		stop1()
		assert.Equal(t, http.StatusOK, ask(t, h, "HEAD", "/events").Code, "one has ended")
		stop2()
	})
}

type plainWriter struct{ http.ResponseWriter }

type unwrappingWriter struct{ http.ResponseWriter }

func (w unwrappingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestEventsNeedAWriterThatFlushes(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(plainWriter{w}, httptest.NewRequest("GET", "/events", nil))
	assert.Contains(t, errorsOf(t, w, http.StatusInternalServerError)[0], "must have Flush or Unwrap")

	w = httptest.NewRecorder()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.ServeHTTP(unwrappingWriter{w}, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
	assert.Equal(t, http.StatusOK, w.Code)
	assert.True(t, w.Flushed)
}

func TestEventsOutliveTheWriteTimeoutOfTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stop := stream(exceptions.NewHandler(nil), "/events")
		defer stop()
		connected := time.Now().Add(30 * time.Second)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		want := []time.Time{connected, {}, connected.Add(15 * time.Second), {}}
		assert.Equal(t, want, w.deadlines, "a deadline for each block, and none in between")
	})
}
