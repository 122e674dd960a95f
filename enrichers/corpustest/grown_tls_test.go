//go:build linux

package corpustest

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// tlsFailures are those of certificates and handshakes.
var tlsFailures = []provocation{
	{"certificate of an unknown authority", func(t *testing.T) error {
		cert, _ := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
		return getTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{})
	}},
	{"certificate for another host", func(t *testing.T) error {
		cert, roots := certificate(t, "192.0.2.1", time.Now().Add(time.Hour))
		return getTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: roots})
	}},
	{"certificate expired", func(t *testing.T) error {
		cert, roots := certificate(t, "127.0.0.1", time.Now().Add(-time.Hour))
		return getTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: roots})
	}},
	{"certificate demanded of us", func(t *testing.T) error {
		cert, roots := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
		server := &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert}
		return getTLS(t, server, &tls.Config{RootCAs: roots})
	}},
	{"tls version not supported", func(t *testing.T) error {
		cert, roots := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
		server := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}
		return getTLS(t, server, &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12})
	}},
	{"tls without a common cipher suite", func(t *testing.T) error {
		cert, roots := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
		server := &tls.Config{
			Certificates: []tls.Certificate{cert},
			MaxVersion:   tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		}
		return getTLS(t, server, &tls.Config{
			RootCAs:      roots,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384},
			MaxVersion:   tls.VersionTLS12,
		})
	}},
	{"tls to a plain HTTP server", func(t *testing.T) error {
		server := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		return get(t, newClient(t), "https://"+server.Listener.Addr().String())
	}},
	{"tls to a server that speaks something else", func(t *testing.T) error {
		addr := serve(t, func(conn net.Conn) { _, _ = conn.Write([]byte("220 ready\r\n")); silent(conn) })
		_, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		return fmt.Errorf("connect to broker: %w", err)
	}},
	{"tls handshake ended by the server", func(t *testing.T) error {
		_, err := tls.Dial("tcp", serve(t, hangUp), &tls.Config{InsecureSkipVerify: true})
		return fmt.Errorf("connect to broker: %w", err)
	}},
	{"tls handshake takes too long", func(t *testing.T) error {
		client := newClient(t)
		client.Transport.(*http.Transport).TLSHandshakeTimeout = time.Millisecond
		return get(t, client, "https://"+serve(t, silent))
	}},
	{"tls dial takes too long", func(t *testing.T) error {
		_, err := tls.DialWithDialer(&net.Dialer{Timeout: short}, "tcp", serve(t, silent), &tls.Config{InsecureSkipVerify: true})
		return fmt.Errorf("connect to broker: %w", err)
	}},
}

// getTLS makes a request of a server.
func getTLS(t *testing.T, server, client *tls.Config) error {
	c := newClient(t)
	c.Transport.(*http.Transport).TLSClientConfig = client
	return get(t, c, serveTLS(t, server))
}
