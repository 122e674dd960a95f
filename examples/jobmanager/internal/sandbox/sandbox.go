// Package sandbox is what the default jobs fail at, so that they can fail for
// real on a machine where nothing is installed: a web server with bad days, which
// also takes messages for whoever is on call, an address where nothing listens,
// and a command that misbehaves.
package sandbox

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// A Sandbox is a web server on this machine, and an address where there is none.
type Sandbox struct {
	Server string // host:port
	Closed string // host:port

	server *http.Server
	served chan struct{}
	told   atomic.Int64
}

// Told returns how many messages on call has got.
func (s *Sandbox) Told() int { return int(s.told.Load()) }

// Start opens a sandbox. The caller has to close it.
func Start() (*Sandbox, error) {
	closed, err := listen()
	if err != nil {
		return nil, err
	}
	listener, err := listen()
	closed.Close() // after the other is open, so that they differ
	if err != nil {
		return nil, err
	}
	s := &Sandbox{
		Server: listener.Addr().String(),
		Closed: closed.Addr().String(),
		server: &http.Server{
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       5 * time.Second,
			WriteTimeout:      5 * time.Second,
			ErrorLog:          log.New(io.Discard, "", 0),
		},
		served: make(chan struct{}),
	}
	s.server.Handler = s.handler()
	go func() {
		defer close(s.served)
		s.server.Serve(listener)
	}()
	return s, nil
}

func listen() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return l, nil
}

// Close ends the server.
func (s *Sandbox) Close() error {
	err := s.server.Close()
	<-s.served
	return err
}

// failures of /flaky before it works
const failures = 2

func (s *Sandbox) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rates", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"EUR":1,"USD":1.09,"JPY":162.4}`)
	})
	mux.HandleFunc("GET /unavailable", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
	})
	mux.HandleFunc("POST /on-call", func(http.ResponseWriter, *http.Request) { s.told.Add(1) })
	var requests atomic.Int64
	mux.HandleFunc("GET /flaky", func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) <= failures {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "now it works")
	})
	return mux
}

// Misbehave is the command that misbehaves: args are those of the program. It
// returns, at once, only if they do not ask for it.
func Misbehave(args []string) {
	if len(args) < 2 || args[0] != "misbehave" {
		return
	}
	switch args[1] {
	case "exit":
		status := 1
		if len(args) > 2 {
			status, _ = strconv.Atoi(args[2])
		}
		fmt.Fprintln(os.Stderr, "partition 7 is locked by another process")
		os.Exit(status)
	case "killed":
		// As by the kernel when it runs out of memory.
		self, err := os.FindProcess(os.Getpid())
		if err = errors.Join(err, self.Kill()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		time.Sleep(time.Minute) // it takes effect before
	case "hang":
		time.Sleep(time.Minute)
	}
	fmt.Fprintf(os.Stderr, "misbehave %q: want exit, killed or hang\n", args[1])
	os.Exit(2)
}
