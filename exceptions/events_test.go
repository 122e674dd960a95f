package exceptions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A recorder is a ResponseWriter for a stream: it can be read while it is written.

// take returns what has been flushed since the last time, in blocks.

// A block is what ends with an empty line.

// stream asks for events in a goroutine, until the returned function is called

// and the handler has returned.

func TestEventsAreStreamedAsTheyHappen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		keep(h, errBoom, enricher.FailureContext{ID: "before"}, nil)
		w, stop := stream(exceptions.NewHandler(h), "/events")
		synctest.Wait()
		assert.Equal(t, "text/event-stream; charset=utf-8", w.header.Get("Content-Type"))
		assert.Equal(t, "no-store", w.header.Get("Cache-Control"))
		first := w.take()
		require.Len(t, first, 1, "at once, so that the client knows that it is connected")
		assert.NotEmpty(t, first[0].comment)
		assert.NotEmpty(t, first[0].id, "a client that sees nothing else can resume from here")

		release := make(chan struct{})
		e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("e", enricher.Func([]string{"k"}, waitFor(release))))
		require.NoError(t, err)
		h.EnrichAsync(t.Context(), e, errors.New("line\nbreak"), enricher.FailureContext{ID: "a"})
		synctest.Wait()
		blocks := w.take()
		require.Len(t, blocks, 1)
		assert.Equal(t, "failure", blocks[0].event)
		got := objectOf(t, blocks[0].data)
		assert.Equal(t, "a", got["id"])
		assert.Equal(t, "pending", got["labelState"])
		assert.Equal(t, []any{}, got["concurrentExceptions"])

		close(release)
		synctest.Wait()
		blocks = w.take()
		require.Len(t, blocks, 1)
		assert.Equal(t, "labels", blocks[0].event)
		assert.Equal(t, object{"k": "v"}, objectOf(t, blocks[0].data)["failureLabels"])

		keep(h, errBoom, enricher.FailureContext{ID: "b", RootID: "a"}, nil)
		synctest.Wait()
		got = objectOf(t, w.take()[0].data)
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

func TestASilentStreamHasAHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		w, stop := stream(exceptions.NewHandler(h, nil, exceptions.WithHeartbeat(0)), "/events?failureLabelFilter=none")
		defer stop()
		synctest.Wait()
		position := w.take()[0].id
		time.Sleep(14 * time.Second)
		synctest.Wait()
		assert.Empty(t, w.take())
		keep(h, errBoom, enricher.FailureContext{}, nil) // not one that the client wants
		time.Sleep(time.Second)
		synctest.Wait()
		beats := w.take()
		require.Len(t, beats, 1)
		assert.Equal(t, "heartbeat", beats[0].comment)
		assert.Empty(t, beats[0].event)
		assert.Empty(t, beats[0].data, "browsers take the id, and dispatch nothing")
		assert.Greater(t, beats[0].id, position, "the client need not look at that again")
		time.Sleep(30 * time.Second)
		synctest.Wait()
		assert.Len(t, w.take(), 2)
	})
}

func TestAStreamResumesAfterTheLastEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{MaxEvents: 3})
		handler := exceptions.NewHandler(h)
		w, stop := stream(handler, "/events")
		synctest.Wait()
		position := w.take()[0].id
		stop()
		for i := range 3 {
			keep(h, errBoom, enricher.FailureContext{ID: fmt.Sprint(i)}, nil)
		}
		w, stop = stream(handler, "/events", "Last-Event-ID", position)
		synctest.Wait()
		blocks := w.take()
		require.Len(t, blocks, 4)
		for i, b := range blocks[1:] {
			assert.Equal(t, fmt.Sprint(i), objectOf(t, b.data)["id"])
		}
		stop()

		keep(h, errBoom, enricher.FailureContext{ID: "3"}, nil)
		w, stop = stream(handler, "/events", "Last-Event-ID", position)
		synctest.Wait()
		blocks = w.take()
		require.Len(t, blocks, 5)
		assert.Equal(t, "lost", blocks[1].event)
		assert.Equal(t, `{"missed":1}`, blocks[1].data)
		assert.Equal(t, "1", objectOf(t, blocks[2].data)["id"])
		stop()

		for _, stray := range []string{"7", "no number", "0", "-1", "99999999999999999999999"} {
			w, stop = stream(handler, "/events", "Last-Event-ID", stray)
			synctest.Wait()
			blocks = w.take()
			require.Len(t, blocks, 5, stray)
			assert.Empty(t, blocks[0].id, "it is nowhere yet")
			assert.Equal(t, "lost", blocks[1].event)
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
		assert.Equal(t, "1", objectOf(t, blocks[0].data)["id"])
	})
}

// A blockedWriter is that of a client that does not read.

func TestAClientThatDoesNotReadIsToldWhatItHasMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{MaxEvents: 2})
		w := &blockedWriter{recorder: recorder{header: http.Header{}}, release: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		go exceptions.NewHandler(h).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
		synctest.Wait()
		for i := range 10 {
			keep(h, errBoom, enricher.FailureContext{ID: fmt.Sprint(i)}, nil) // is not held up
		}
		close(w.release)
		synctest.Wait()
		blocks := w.take()
		require.Len(t, blocks, 4)
		assert.Equal(t, `{"missed":8}`, blocks[1].data)
		assert.Equal(t, "8", objectOf(t, blocks[2].data)["id"])
		cancel()
		synctest.Wait()
	})
}

func TestHostileTextCannotForgeEvents(t *testing.T) {
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
			assert.Equal(t, "failure", blocks[0].event)
			objectOf(t, blocks[0].data)
			assert.NotContains(t, blocks[0].data, "<")
		}
	})
}
