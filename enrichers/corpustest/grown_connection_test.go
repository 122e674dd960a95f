//go:build linux

package corpustest

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

// netFailures are those of connections.
var netFailures = []provocation{
	{"connection refused", func(t *testing.T) error {
		_, err := net.Dial("tcp", refusing(t))
		return fmt.Errorf("connect to broker: %w", err)
	}},
	{"connection to a socket that is not there", func(t *testing.T) error {
		_, err := net.Dial("unix", filepath.Join(t.TempDir(), "docker.sock"))
		return fmt.Errorf("connect to docker: %w", err)
	}},
	{"connection reset", func(t *testing.T) error {
		conn := dial(t, serve(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.(*net.TCPConn).SetLinger(0)
		}))
		_, err := conn.Write([]byte("x"))
		require.NoError(t, err)
		_, err = conn.Read(make([]byte, 1))
		return fmt.Errorf("read reply: %w", err)
	}},
	{"connection broken while writing", func(t *testing.T) error {
		conn := dial(t, serve(t, func(net.Conn) {}))
		_, err := io.Copy(io.Discard, conn)
		require.NoError(t, err)
		for err == nil {
			_, err = conn.Write([]byte("row"))
		}
		return fmt.Errorf("send rows: %w", err)
	}},
	{"connection cut in the middle of a frame", func(t *testing.T) error {
		conn := dial(t, serve(t, func(conn net.Conn) { _, _ = conn.Write([]byte{0, 0}) }))
		_, err := io.ReadFull(conn, make([]byte, 4))
		return fmt.Errorf("read frame from broker: %w", err)
	}},
	{"connection ended before a frame", func(t *testing.T) error {
		conn := dial(t, serve(t, func(net.Conn) {}))
		var size uint32
		return fmt.Errorf("read frame from broker: %w", binary.Read(conn, binary.BigEndian, &size))
	}},
	{"connection closed by ourselves", func(t *testing.T) error {
		conn := dial(t, serve(t, func(net.Conn) {}))
		require.NoError(t, conn.Close())
		_, err := conn.Write([]byte("x"))
		return fmt.Errorf("send heartbeat: %w", err)
	}},
	{"connection in memory closed", func(t *testing.T) error {
		client, server := net.Pipe()
		require.NoError(t, server.Close())
		defer client.Close()
		_, err := client.Write([]byte("x"))
		return fmt.Errorf("send to sidecar: %w", err)
	}},
	{"connection takes too long", func(t *testing.T) error {
		_, err := net.DialTimeout("tcp", refusing(t), 1)
		return fmt.Errorf("connect to broker: %w", err)
	}},
	{"connection deadline exceeded", func(t *testing.T) error {
		conn := dial(t, serve(t, silent))
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Millisecond)))
		_, err := conn.Read(make([]byte, 1))
		return fmt.Errorf("read reply: %w", err)
	}},
	{"connection given up by the context of the dial", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), 1)
		defer cancel()
		_, err := new(net.Dialer).DialContext(ctx, "tcp", refusing(t))
		return fmt.Errorf("connect to broker: %w", err)
	}},
	{"network unreachable", func(*testing.T) error {
		_, err := net.Dial("tcp4", "255.255.255.255:80") // no route leads there by TCP
		return fmt.Errorf("connect to broker: %w", err)
	}},
	{"network of an unknown kind", func(*testing.T) error {
		_, err := net.Dial("tpc", "127.0.0.1:80")
		return fmt.Errorf("connect to broker: %w", err)
	}},
	{"datagram too long", func(t *testing.T) error {
		conn, err := net.Dial("udp", "127.0.0.1:9")
		require.NoError(t, err)
		defer conn.Close()
		_, err = conn.Write(make([]byte, 1<<17))
		return fmt.Errorf("send metrics: %w", err)
	}},
	{"address without port", func(*testing.T) error {
		_, err := net.Dial("tcp", "broker")
		return fmt.Errorf("connect to broker: %w", err)
	}},
	{"address with an impossible port", func(*testing.T) error {
		_, err := net.Dial("tcp", "127.0.0.1:99999")
		return fmt.Errorf("connect to broker: %w", err)
	}},
	{"address in use", func(t *testing.T) error {
		l := listen(t)
		_, err := net.Listen("tcp", l.Addr().String())
		return fmt.Errorf("serve metrics: %w", err)
	}},
	{"address not of this machine", func(*testing.T) error {
		_, err := net.Listen("tcp4", "192.0.2.1:0")
		return fmt.Errorf("serve metrics: %w", err)
	}},
	{"rpc refused by the other side", func(t *testing.T) error {
		client := rpc.NewClient(dial(t, serve(t, func(conn net.Conn) { rpc.NewServer().ServeConn(conn) })))
		defer client.Close()
		return fmt.Errorf("reserve slot: %w", client.Call("Slots.Reserve", 1, new(int)))
	}},
	{"rpc after the connection ended", func(t *testing.T) error {
		client := rpc.NewClient(dial(t, serve(t, silent)))
		require.NoError(t, client.Close())
		return fmt.Errorf("reserve slot: %w", client.Call("Slots.Reserve", 1, new(int)))
	}},
	{"mail server busy", func(t *testing.T) error { return mail(t, "451 4.3.2 try again later") }},
	{"mail server refuses the receiver", func(t *testing.T) error { return mail(t, "550 5.1.1 no such user") }},
	{"mail server answers nonsense", func(t *testing.T) error { return mail(t, "hello") }},
}

// mail reports a mail that a server answers with reply.
func mail(t *testing.T, reply string) error { return fmt.Errorf("notify: %w", sendMail(t, reply)) }

// dnsFailures are those of names.
var dnsFailures = []provocation{
	{"name not found", func(t *testing.T) error {
		return lookUp(t.Context(), resolver(t, dnsmessage.RCodeNameError))
	}},
	{"name server fails", func(t *testing.T) error {
		return lookUp(t.Context(), resolver(t, dnsmessage.RCodeServerFailure))
	}},
	{"name server silent", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		return lookUp(ctx, resolverOf(newNameServer(t)))
	}},
	{"name impossible", func(t *testing.T) error {
		_, err := net.DefaultResolver.LookupHost(t.Context(), "bad..name")
		return fmt.Errorf("resolve broker: %w", err)
	}},
}

// lookUp connects to a host by its name.
func lookUp(ctx context.Context, resolver *net.Resolver) error {
	_, err := (&net.Dialer{Resolver: resolver}).DialContext(ctx, "tcp", "broker.example.org.:9092")
	return fmt.Errorf("connect to broker: %w", err)
}

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
