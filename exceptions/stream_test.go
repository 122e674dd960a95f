package exceptions_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/exceptions"
)

type recorder struct {
	header http.Header
	status int

	mu      sync.Mutex
	written bytes.Buffer // and flushed
	waiting bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = status }

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

func (r *recorder) take() []block {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.written.String()
	r.written.Reset()
	var blocks []block
	for part := range strings.SplitSeq(strings.TrimSuffix(text, "\n\n"), "\n\n") {
		if part != "" {
			blocks = append(blocks, parseBlock(part))
		}
	}
	return blocks
}

type block struct{ comment, id, event, data string }

func parseBlock(text string) block {
	var b block
	for line := range strings.SplitSeq(text, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "":
			b.comment = value
		case "id":
			b.id = value
		case "event":
			b.event = value
		case "data":
			b.data = value
		}
	}
	return b
}

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

type blockedWriter struct {
	recorder
	release chan struct{}
}

func (w *blockedWriter) Write(p []byte) (int, error) {
	<-w.release
	return w.recorder.Write(p)
}

type brokenWriter struct{ recorder }

func (*brokenWriter) Write([]byte) (int, error) { return 0, errors.New("the client is gone") }

func TestAStreamEndsWhenTheClientIsGone(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(nil)
	h.ServeHTTP(&brokenWriter{recorder{header: http.Header{}}}, httptest.NewRequest("GET", "/events", nil))
}

func TestThereIsALimitOfStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHandler(exceptions.NewHistory(exceptions.Options{}), exceptions.WithMaxStreams(2))
		_, stop1 := stream(h, "/events")
		_, stop2 := stream(h, "/events")
		synctest.Wait()
		w := get(t, h, "/events")
		assert.Equal(t, []string{"there are 2 event streams already, which is the most"}, errorsOf(t, w, http.StatusServiceUnavailable))
		assert.Equal(t, "10", w.Header().Get("Retry-After"))
		stop1()
		assert.Equal(t, http.StatusOK, ask(t, h, "HEAD", "/events").Code, "one has ended")
		stop2()
	})
}

type plainWriter struct{ http.ResponseWriter }

type unwrappingWriter struct{ http.ResponseWriter }

func (w unwrappingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestAWrapperThatCannotFlushIsNamed(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(plainWriter{w}, httptest.NewRequest("GET", "/events", nil))
	assert.Contains(t, errorsOf(t, w, http.StatusInternalServerError)[0], "has neither Flush nor Unwrap")

	w = httptest.NewRecorder()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.ServeHTTP(unwrappingWriter{w}, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
	assert.Equal(t, http.StatusOK, w.Code)
	assert.True(t, w.Flushed)
}

func TestAStreamDoesNotHoldUpAServerThatShutsDown(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	server := httptest.NewUnstartedServer(exceptions.NewHandler(h))
	server.Config.WriteTimeout = time.Hour
	server.Start()
	for range 2 {
		res, err := server.Client().Get(server.URL + "/events")
		require.NoError(t, err)
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		require.True(t, lines.Scan())
		assert.Equal(t, ": connected", lines.Text())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, server.Config.Shutdown(ctx))
	server.Close()
}

func TestAStreamOutlivesTheWriteTimeoutOfTheServer(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	server := httptest.NewUnstartedServer(exceptions.NewHandler(h, exceptions.WithHeartbeat(50*time.Millisecond)))
	server.Config.WriteTimeout = 100 * time.Millisecond
	server.Start()
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/events", nil)
	require.NoError(t, err)
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for beats := 0; beats < 6; {
		require.True(t, lines.Scan(), "the stream has ended after %d beats", beats)
		if lines.Text() == ": heartbeat" {
			beats++
		}
	}
}
