package exceptions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// serveEvents streams the events of the history.
func (s *handler) serveEvents(w http.ResponseWriter, r *http.Request, p *params) {
	opts := FollowOptions{JobIDs: p.jobs(), Filter: p.filter()}
	p.rest()
	if len(p.errs) > 0 {
		reject(w, http.StatusBadRequest, p.errs...)
		return
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		after, err := strconv.ParseUint(strings.TrimSpace(id), 10, 64)
		if err != nil || after == 0 {
			after = 1 // not of this history: the client gets a lost event
		}
		opts.After = after
	}
	if !canFlush(w) {
		reject(w, http.StatusInternalServerError, "events cannot be streamed: a wrapper of the http.ResponseWriter must have Flush or Unwrap")
		return
	}
	if s.streams.Add(1) > s.maxStreams {
		s.streams.Add(-1)
		w.Header().Set("Retry-After", "10")
		reject(w, http.StatusServiceUnavailable, fmt.Sprintf("too many event streams: at most %d", s.maxStreams))
		return
	}
	defer s.streams.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // for nginx
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close") // its write deadlines are not for other answers
	}
	if r.Method == http.MethodHead {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.stopping(ctx), cancel)()
	st := &stream{
		w:        w,
		control:  http.NewResponseController(w),
		follower: s.history.follow(ctx, opts),
		texts:    &s.texts,
		patience: 2 * s.heartbeat,
	}
	defer st.end()
	defer context.AfterFunc(ctx, st.interrupt)()
	st.run(ctx, s.heartbeat)
}

// A stream is the answer to one client.
type stream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	follower *follower
	texts    *eventTexts
	patience time.Duration // how long a client may take to read one event

	mu    sync.Mutex // guards the write deadline
	ended bool
}

// run writes events until ctx ends or the client does not read.
func (st *stream) run(ctx context.Context, heartbeat time.Duration) {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	if !st.write(st.beat("connected")) {
		return
	}
	for ctx.Err() == nil {
		n, changed := st.follower.next()
		if n != nil {
			if !st.write(st.texts.of(n)) {
				return
			}
			ticker.Reset(heartbeat)
			continue
		}
		select {
		case <-changed:
		case <-ticker.C:
			if !st.write(st.beat("heartbeat")) {
				return
			}
		case <-ctx.Done():
		}
	}
}

// beat is a comment with the current position, so that the client can resume from
// there even if no event has matched its filter.
func (st *stream) beat(comment string) []byte {
	if st.follower.lost {
		return []byte(": " + comment + "\n\n") // a lost event comes next
	}
	return fmt.Appendf(nil, ": %s\nid: %d\n\n", comment, st.follower.after)
}

// write reports whether the text was written. Its deadline replaces that of the
// server, which is for the whole answer.
func (st *stream) write(text []byte) bool {
	if !st.setDeadline(st.patience) {
		return false
	}
	// No deadline between two events: HTTP/2 would end the stream.
	defer st.setDeadline(0)
	if _, err := st.w.Write(text); err != nil {
		return false
	}
	return st.control.Flush() == nil
}

// setDeadline sets when a write must be done, if that is supported; 0 is never. It
// reports whether the stream goes on.
func (st *stream) setDeadline(after time.Duration) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ended {
		return false
	}
	var deadline time.Time
	if after > 0 {
		deadline = time.Now().Add(after)
	}
	st.control.SetWriteDeadline(deadline)
	return true
}

// interrupt makes a write that is under way fail, and all that follow.
func (st *stream) interrupt() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.ended {
		st.ended = true
		st.control.SetWriteDeadline(time.Now())
	}
}

// end is for the last bytes of the answer, which the server writes: a client that
// does not read must not hold up its shutdown. interrupt does nothing any more.
func (st *stream) end() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.ended = true
	st.control.SetWriteDeadline(time.Now().Add(time.Second))
}

// eventTexts has the texts of the latest events, so that each is made once for all
// streams. A stream that is behind makes its own.
type eventTexts struct {
	mu    sync.Mutex
	texts [64]struct {
		seq  uint64
		text []byte // not changed
	}
	bytes int
}

// maxEventTexts is how many bytes of texts are kept.
const maxEventTexts = 4 << 20

// of returns the text of an event. It is made under the lock, because the streams
// that want it at the same time should wait for it.
func (e *eventTexts) of(n *notice) []byte {
	if n.kind == EventLost {
		return eventText(n) // of one follower
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	slot := &e.texts[n.seq%uint64(len(e.texts))]
	if slot.seq == n.seq {
		return slot.text
	}
	text := eventText(n)
	if slot.seq > n.seq || len(text) > maxEventTexts {
		return text
	}
	e.bytes += len(text) - len(slot.text)
	if e.bytes > maxEventTexts {
		clear(e.texts[:])
		e.bytes = len(text)
	}
	slot.seq, slot.text = n.seq, text
	return text
}

// eventText formats a notice. JSON has no line breaks.
func eventText(n *notice) []byte {
	var data []byte
	if n.kind == EventLost {
		data, _ = json.Marshal(map[string]uint64{"missed": n.missed})
	} else {
		e := n.group.entry()
		data, _ = json.Marshal(e.whole(false))
	}
	return fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", n.seq, n.kind, data)
}

// canFlush reports whether an http.ResponseController can flush w.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case interface{ FlushError() error }, http.Flusher:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// stopping returns a context that ends when the server of a request begins to shut
// down: the server waits for requests but does not cancel them.
func (s *handler) stopping(ctx context.Context) context.Context {
	server, ok := ctx.Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return context.Background()
	}
	fresh, stop := context.WithCancel(context.Background())
	known, loaded := s.servers.LoadOrStore(server, fresh)
	if loaded {
		stop()
	} else {
		server.RegisterOnShutdown(stop)
		// What is registered after the beginning of a shutdown is not called.
		if isShutDown(server) {
			stop()
		}
	}
	return known.(context.Context)
}

// isShutDown reports whether the shutdown of a server has begun. Only Serve tells.
func isShutDown(server *http.Server) bool {
	return errors.Is(server.Serve(noListener{}), http.ErrServerClosed)
}

// A noListener accepts no connection.
type noListener struct{}

func (noListener) Accept() (net.Conn, error) { return nil, io.EOF }
func (noListener) Close() error              { return nil }
func (noListener) Addr() net.Addr            { return &net.TCPAddr{} }
