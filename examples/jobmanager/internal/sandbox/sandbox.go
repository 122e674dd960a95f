// Package sandbox has what the default jobs need to fail on any machine: a web
// server with failing pages, which also receives notifications for on-call, an
// address without a server, and a command that misbehaves.
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

// A Sandbox is a web server on this machine, and an address without a server.
type Sandbox struct {
	Server string // host:port
	Closed string // host:port

	server *http.Server
	served chan struct{}

	notifications atomic.Int64
}

// Notifications returns how many notifications the server has received.
func (s *Sandbox) Notifications() int { return int(s.notifications.Load()) }

// Start opens a sandbox. The caller must close it.
func Start() (*Sandbox, error) {
	closed, err := listen()
	if err != nil {
		return nil, err
	}
	listener, err := listen()
	closed.Close() // after the other was opened, so that they differ
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

// failures is how often /flaky fails before it succeeds.
const failures = 2

func (s *Sandbox) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rates", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"EUR":1,"USD":1.09,"JPY":162.4}`)
	})
	mux.HandleFunc("GET /unavailable", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
	})
	mux.HandleFunc("POST /on-call", func(http.ResponseWriter, *http.Request) { s.notifications.Add(1) })
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

// Misbehave is the command that misbehaves. args are those of the program. It
// returns only if they are not for this command.
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
		time.Sleep(time.Minute) // until the signal arrives
	case "hang":
		time.Sleep(time.Minute)
	}
	fmt.Fprintf(os.Stderr, "misbehave %q: must be exit, killed or hang\n", args[1])
	os.Exit(2)
}
