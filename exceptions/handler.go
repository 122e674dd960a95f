package exceptions

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// NewHandler returns a handler that serves h, read-only, below the path it is
// mounted at:
//
//	mux.Handle("/failures/", http.StripPrefix("/failures", exceptions.NewHandler(history)))
//
//	/                         a page for people
//	/jobs                     the jobs, with their latest failures
//	/jobs/{jobid}/exceptions  the failures of a job, as Flink serves them
//	/exceptions               the failures of all jobs
//	/failures/{id}            one failure
//	/groups                   the failures by their value of a label
//	/histogram                how many there were over time
//	/labels                   how often each label occurs
//	/events                   new failures and labels, as server-sent events
//	/status                   whether failures are stored
//	/openapi.json             a description of these for programs
//
// The handler does not authenticate: wrap it in a handler that does. It answers
// GET and HEAD, and does not allow other origins to read. Every answer except
// the events has an ETag. A list that exceeds 16 MiB ends, and has a nextCursor.
// If the store fails or does not answer within ten seconds, the status is 503. A slash
// in an ID may be escaped or not, as some proxies decode it.
//
// /exceptions, /jobs/{jobid}/exceptions and /groups answer with CSV if the client
// accepts text/csv and not application/json. The header Link then leads to the rest, and
// X-Truncated says that items may be missing otherwise. The columns of labels are those
// of one answer: the rest has a header line of its own, and perhaps other columns, so join
// tables by the names of their columns. The first 64 labels have a column; labelsDropped
// is how many more a failure has. Its attributes are a JSON object, and attributesDropped
// is how many it had that were not kept.
//
// A page of a malicious site may have its own name resolve to the address of this
// server, and read what the browser of an engineer can reach (DNS rebinding). A
// handler that authenticates prevents it, because the browser does not send a
// password or cookie to another name; if there is none, use [WithHosts].
//
// An event stream ends when the context of its request does, when its server begins
// to shut down, also for a client that does not read, so it does not delay
// [http.Server.Shutdown], and when a client has not read for two heartbeats. The
// last two need a http.ResponseWriter with SetWriteDeadline or Unwrap. A client
// counts as reading as long as the buffers of the network take what is sent to it. The
// first event stream of a http.Server calls its BaseContext once more, with a listener
// that accepts nothing.
func NewHandler(h *History, opts ...HandlerOption) http.Handler {
	s := &handler{history: h, heartbeat: 15 * time.Second, maxStreams: 256, leads: defaultLeads}
	for _, opt := range opts {
		if opt != nil {
			opt(s)
		}
	}
	s.files = loadFiles(s.leads)
	return s
}

// A HandlerOption configures [NewHandler].
type HandlerOption func(*handler)

// WithHeartbeat sets how long an event stream may be idle before it sends a
// comment, which keeps proxies from closing it. By default, 15s; a duration that
// is not positive is ignored.
func WithHeartbeat(every time.Duration) HandlerOption {
	return func(s *handler) {
		if every > 0 {
			s.heartbeat = every
		}
	}
}

// WithMaxStreams sets how many event streams there may be at once: more are
// rejected with status 503. By default, 256; a negative number means none.
func WithMaxStreams(n int) HandlerOption {
	return func(s *handler) {
		if n != 0 {
			s.maxStreams = int64(max(0, n))
		}
	}
}

// WithHosts sets the names by which the handler may be asked, in the Host header and
// without a port: others are rejected with status 421, except for localhost and IP
// addresses. By default, or without names, every name is served.
func WithHosts(names ...string) HandlerOption {
	return func(s *handler) {
		for _, name := range names {
			s.hosts = append(s.hosts, hostName(name))
		}
	}
}

// knows reports whether the handler may be asked by the name of a request.
func (s *handler) knows(host string) bool {
	name := hostName(host)
	return len(s.hosts) == 0 || name == "localhost" || net.ParseIP(name) != nil || slices.Contains(s.hosts, name)
}

// hostName returns a host without its port, in lower case.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

type handler struct {
	history    *History
	hosts      []string
	files      map[string]file
	leads      string // of WithLeadLabels, for HTML
	heartbeat  time.Duration
	maxStreams int64
	streams    atomic.Int64
	servers    sync.Map // *http.Server to a context that ends when it shuts down
	texts      eventTexts
}

// maxQuery is how long a query or a path may be, bytes.
const maxQuery = 8192

func (s *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	if !s.knows(r.Host) {
		reject(w, http.StatusMisdirectedRequest, fmt.Sprintf("host %q is not served here: must be localhost, an IP address, "+
			"or one of those that the service gave with WithHosts", cut(r.Host, maxEcho)))
		return
	}
	path := r.URL.EscapedPath()
	if path != "" && path[0] != '/' {
		path = "/" + path // StripPrefix has taken the slash
	}
	if len(path) > maxQuery || len(r.URL.RawQuery) > maxQuery {
		reject(w, http.StatusRequestURITooLong, fmt.Sprintf("the path and the query must have at most %d bytes each", maxQuery))
		return
	}
	serve, ok := s.route(path)
	if !ok {
		reject(w, http.StatusNotFound, fmt.Sprintf("no such path: %q: must be one of /jobs, /jobs/{jobid}/exceptions, "+
			"/exceptions, /failures/{id}, /groups, /histogram, /labels, /events, /status, /openapi.json", cut(r.URL.Path, maxEcho)))
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		reject(w, http.StatusMethodNotAllowed, fmt.Sprintf("method %q: must be GET or HEAD", cut(r.Method, maxEcho)))
		return
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		reject(w, http.StatusBadRequest, fmt.Sprintf("query: %v", err))
		return
	}
	serve(w, r, &params{query: query})
}

// route returns the handler of a path. It is not a ServeMux, because that would
// redirect to paths without the prefix at which this handler is mounted.
func (s *handler) route(path string) (serve func(http.ResponseWriter, *http.Request, *params), ok bool) {
	switch path {
	case "":
		return s.serveRoot, true
	case "/":
		return s.serveFile("/index.html"), true
	case "/jobs":
		return s.serveJobs, true
	case "/exceptions":
		return s.serveAll, true
	case "/groups":
		return s.serveGroups, true
	case "/histogram":
		return s.serveHistogram, true
	case "/status":
		return s.serveStatus, true
	case "/labels":
		return s.serveLabels, true
	case "/events":
		return s.serveEvents, true
	case "/jobs/exceptions":
		// /jobs//exceptions, of the job without an ID, as a ServeMux cleans it.
		return s.serveJob(""), true
	}
	if _, ok := s.files[path]; ok {
		return s.serveFile(path), true
	}
	// Some proxies decode the slashes of an ID, which many have.
	if id, ok := strings.CutPrefix(path, "/failures/"); ok {
		id, err := url.PathUnescape(id)
		return s.serveFailure(id), err == nil && id != ""
	}
	id, ok := strings.CutPrefix(path, "/jobs/")
	if !ok {
		return nil, false
	}
	id, ok = strings.CutSuffix(id, "/exceptions")
	if !ok {
		return nil, false
	}
	id, err := url.PathUnescape(id)
	return s.serveJob(id), err == nil
}

// secure sets the security headers of every answer.
func secure(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
		"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer") // filters are in the URL
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "private, no-cache")
}

// reject answers with errors.
func reject(w http.ResponseWriter, status int, errs ...string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string][]string{"errors": errs}) // an error means that the client has gone
}
