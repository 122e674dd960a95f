package exceptions_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A pipeListener has connections without buffers, so that a client that does not
// read blocks the server at once, and fake time works.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{} }

// ask connects and sends a request.
func (l *pipeListener) ask(t testing.TB, path string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	l.conns <- server
	_, err := io.WriteString(client, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	return client
}

// serve starts a server.
func serve(h http.Handler) (*http.Server, *pipeListener) {
	l := &pipeListener{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: h}
	go server.Serve(l)
	return server, l
}

func TestStreamsThatAreNotReadDoNotDelayShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		server, l := serve(exceptions.NewHandler(h))
		idle := l.ask(t, "/events")
		read := bufio.NewReader(idle)
		for line := ""; line != ": connected\r\n" && line != ": connected\n"; {
			var err error
			line, err = read.ReadString('\n')
			require.NoError(t, err)
		}
		go io.Copy(io.Discard, read)
		blocked := l.ask(t, "/events")
		synctest.Wait()
		start := time.Now()
		require.NoError(t, server.Shutdown(t.Context()))
		assert.Less(t, time.Since(start), 2*time.Second)
		idle.Close()
		blocked.Close()
	})
}

func TestStreamsThatBeginDuringAShutdownEnd(t *testing.T) {
	t.Parallel()
	for _, seen := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			events := exceptions.NewHandler(exceptions.NewHistory(exceptions.Options{}))
			server, l := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow/events" {
					<-release
					r.URL.Path = "/events"
				}
				events.ServeHTTP(w, r)
			}))
			if seen { // the handler knows the server
				client := l.ask(t, "/events")
				synctest.Wait()
				client.Close()
			}
			client := l.ask(t, "/slow/events")
			go io.Copy(io.Discard, client)
			ended := make(chan error, 1)
			go func() { ended <- server.Shutdown(context.Background()) }()
			synctest.Wait()
			start := time.Now()
			close(release)
			require.NoError(t, <-ended)
			assert.Less(t, time.Since(start), 2*time.Second)
			client.Close()
		})
	}
}

func TestStreamsThatAreNotReadEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		handler := exceptions.NewHandler(h, exceptions.WithMaxStreams(2), exceptions.WithHeartbeat(10*time.Second))
		server, l := serve(handler)
		clients := []net.Conn{l.ask(t, "/events"), l.ask(t, "/events")}
		synctest.Wait()
		assert.Equal(t, http.StatusServiceUnavailable, get(t, handler, "/events").Code)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		assert.Equal(t, http.StatusOK, ask(t, handler, "HEAD", "/events").Code)
		for _, c := range clients {
			c.Close()
		}
		require.NoError(t, server.Shutdown(t.Context()))
	})
}

// A textsWriter remembers what it was given.
type textsWriter struct {
	recorder
	texts [][]byte
}

func (w *textsWriter) Write(p []byte) (int, error) {
	w.texts = append(w.texts, p)
	return len(p), nil
}

func TestStreamsShareTheTextsOfEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		handler := exceptions.NewHandler(h)
		ctx, cancel := context.WithCancel(t.Context())
		var writers [3]textsWriter
		for i := range writers {
			writers[i].header = http.Header{}
			go handler.ServeHTTP(&writers[i], httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
		}
		synctest.Wait()
		for i := range 200 {
			keep(h, errors.New(strings.Repeat("x", 100*i)), enricher.FailureContext{ID: fmt.Sprint("id-", i)}, nil)
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		for j := range writers {
			w := &writers[j]
			require.Len(t, w.texts, 201)
			for i, text := range w.texts[1:] {
				assert.Contains(t, string(text), fmt.Sprintf(`"id":"id-%d"`, i))
				assert.Same(t, unsafe.SliceData(writers[0].texts[1+i]), unsafe.SliceData(text))
			}
		}
	})
}
