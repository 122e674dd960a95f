package exceptions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serveEvents streams the events of the history.
func (s *handler) serveEvents(w http.ResponseWriter, r *http.Request, p *params) {
	opts := FollowOptions{JobIDs: p.jobs(), Filter: p.filter()}
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
	if r.Method == http.MethodHead {
		return
	}
	st := &stream{
		w:        w,
		control:  http.NewResponseController(w),
		follower: s.history.follow(opts),
		ended:    r.Context().Done(),
		stopping: s.stopping(r.Context()),
	}
	st.run(s.heartbeat)
}

// A stream is the answer to one client.
type stream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	follower *follower
	ended    <-chan struct{} // closed when the request ends
	stopping <-chan struct{} // closed when the server begins to shut down
}

// run writes events until the request ends or the server shuts down.
func (st *stream) run(heartbeat time.Duration) {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	if !st.write(st.beat("connected")) {
		return
	}
	for {
		select {
		case <-st.ended:
			return
		case <-st.stopping:
			return
		default:
		}
		n, changed := st.follower.next()
		if n != nil {
			if !st.write(st.event(n)) {
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
		case <-st.ended:
			return
		case <-st.stopping:
			return
		}
	}
}

// beat is a comment with the current position, so that the client can resume from
// there even if no event has matched its filter.
func (st *stream) beat(comment string) string {
	if st.follower.lost {
		return ": " + comment + "\n\n" // a lost event comes next
	}
	return fmt.Sprintf(": %s\nid: %d\n\n", comment, st.follower.after)
}

// event formats a notice. JSON has no line breaks.
func (st *stream) event(n *notice) string {
	var data []byte
	if n.kind == EventLost {
		data, _ = json.Marshal(map[string]uint64{"missed": n.missed})
	} else {
		data, _ = json.Marshal(n.group.wire(false))
	}
	return fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", n.seq, n.kind, data)
}

// writeTimeout is how long a client may take to read one event.
const writeTimeout = 30 * time.Second

// write reports whether the text was written. Its deadline replaces that of the
// server, which is for the whole answer.
func (st *stream) write(text string) bool {
	st.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // if it is supported
	// No deadline between two events: HTTP/2 would end the stream.
	defer st.control.SetWriteDeadline(time.Time{})
	if _, err := st.w.Write([]byte(text)); err != nil {
		return false
	}
	return st.control.Flush() == nil
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

// stopping returns a channel that is closed when the server of a request begins
// to shut down: the server waits for requests but does not cancel them.
func (s *handler) stopping(ctx context.Context) <-chan struct{} {
	server, ok := ctx.Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return nil
	}
	fresh := make(chan struct{})
	known, loaded := s.servers.LoadOrStore(server, fresh)
	if !loaded {
		server.RegisterOnShutdown(func() {
			s.servers.Delete(server)
			close(fresh)
		})
	}
	return known.(chan struct{})
}
