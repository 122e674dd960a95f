package main

import (
	"net"
	"net/http"
	"strconv"
	"time"
)

// attemptHeader tells the partner which attempt asks.
const attemptHeader = "Attempt"

// A partner is a server of another company that jobs call. Its answers are real
// failures.
type partner struct {
	Addr   string
	Closed string // an address without a server, that no other program takes either
	server *http.Server
}

func startPartner() (*partner, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/rates", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3")
		http.Error(w, "overloaded", http.StatusServiceUnavailable)
	})
	mux.HandleFunc("/flaky", func(_ http.ResponseWriter, r *http.Request) {
		if n, _ := strconv.Atoi(r.Header.Get(attemptHeader)); n < 3 {
			panic(http.ErrAbortHandler) // the connection breaks
		}
	})
	p := &partner{
		Addr:   listener.Addr().String(),
		Closed: "127.0.0.1:1",
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second},
	}
	go p.server.Serve(listener) // until Close
	return p, nil
}

// Close ends the server.
func (p *partner) Close() { p.server.Close() }
