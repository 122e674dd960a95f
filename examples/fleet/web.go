package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/failure-enrichers/enricher/exceptions"
)

// pages returns what is served: the failures behind a password, and the metrics,
// which have numbers and values of labels only, without one.
func pages(metrics *prometheus.Registry, history *exceptions.History, password string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.Handle("/failures/", protect(http.StripPrefix("/failures", exceptions.NewHandler(history)), password))
	mux.Handle("/{$}", http.RedirectHandler("/failures/", http.StatusFound))
	return mux
}

// userName is the name that goes with the password.
const userName = "fleet"

// protect asks for the password. Use HTTPS in front of it if others can read the
// network.
func protect(h http.Handler, password string) http.Handler {
	// Hashes have the same length, which the comparison needs to take the same time.
	want := sha256.Sum256([]byte(userName + ":" + password))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, given, _ := r.BasicAuth()
		got := sha256.Sum256([]byte(name + ":" + given))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="fleet", charset="UTF-8"`)
			http.Error(w, "password required", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// A server serves HTTP until it is closed.
type server struct {
	Addr   string // host:port
	http   *http.Server
	served chan error
}

// listen starts a server.
func listen(address string, handler http.Handler, logger *slog.Logger) (*server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-listen %s: %w", address, err)
	}
	s := &server{
		Addr: listener.Addr().String(),
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 5 * time.Second,
			WriteTimeout:      10 * time.Second, // event streams set their own
			IdleTimeout:       time.Minute,
			ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		},
		served: make(chan error, 1),
	}
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

// Close ends the server, and gives requests under way some time.
func (s *server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
