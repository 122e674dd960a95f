//go:build linux

package corpustest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"github.com/failure-enrichers/enricher"
)

func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve returns the address of a server that calls handle for each connection, and
// closes the connection afterwards.
func serve(t *testing.T, handle func(net.Conn)) (addr string) {
	l := listen(t)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// refusing returns an address that refuses connections. It is bound, so that no
// other test can listen on it.
func refusing(t *testing.T) string {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(socket) })
	require.NoError(t, unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	bound, err := unix.Getsockname(socket)
	require.NoError(t, err)
	return fmt.Sprintf("127.0.0.1:%d", bound.(*unix.SockaddrInet4).Port)
}

func dial(t *testing.T, addr string) net.Conn {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// short is the deadline of calls that exceed it.
const short = 20 * time.Millisecond

// silent is a server that reads and never answers.
func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// hangUp is a server that reads a little and leaves.
func hangUp(conn net.Conn) { _, _ = io.ReadAtLeast(conn, make([]byte, 1<<16), 1) }

// serveTLS returns the URL of a server.
func serveTLS(t *testing.T, config *tls.Config) string {
	l := tls.NewListener(listen(t), config)
	s := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return "https://" + l.Addr().String()
}

// certificate returns a certificate of an authority of its own.
func certificate(t *testing.T, ip string, until time.Time) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             until.Add(-24 * time.Hour),
		NotAfter:              until,
		IPAddresses:           []net.IP{net.ParseIP(ip)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// newServer returns the URL of a server.
func newServer(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// newClient returns a client with an [http.Transport] of its own.
func newClient(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// newFile returns the path of a new file in a directory of its own.
func newFile(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "file")
	// A process that is started while the file is written has it open as well, until
	// it executes its program: the file could not be executed meanwhile.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// hang does not answer until the client gives up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func request(t *testing.T, ctx context.Context, url string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	return req
}

// answer returns the answer of a server.
func answer(t *testing.T, status int, body string) *http.Response {
	url := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	res, err := newClient(t).Get(url)
	require.NoError(t, err)
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// resolver asks a name server that answers every question with code.
func resolver(t *testing.T, code dnsmessage.RCode) *net.Resolver {
	server := newNameServer(t)
	go func() {
		packet := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(packet[:n]) != nil {
				continue
			}
			m.Response, m.RecursionAvailable, m.RCode, m.Additionals = true, true, code, nil
			if reply, err := m.Pack(); err == nil {
				_, _ = server.WriteTo(reply, from)
			}
		}
	}()
	return resolverOf(server)
}

// newNameServer returns a name server that does not answer.
func newNameServer(t *testing.T) net.PacketConn {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func resolverOf(server net.PacketConn) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// sendMail sends a mail through a server that answers the address of the receiver
// with reply.
func sendMail(t *testing.T, reply string) error {
	addr := serve(t, func(conn net.Conn) {
		text := textproto.NewConn(conn)
		err := text.PrintfLine("220 ready")
		for err == nil {
			var line string
			line, err = text.ReadLine()
			switch {
			case err != nil:
			case line[:4] == "RCPT":
				err = errors.Join(text.PrintfLine("%s", reply), conn.Close())
			default:
				err = text.PrintfLine("250 ok")
			}
		}
	})
	return smtp.SendMail(addr, nil, "job@example.org", []string{"oncall@example.org"}, []byte("x"))
}

// recovered runs a job as a job manager does that recovers panics.
func recovered(job func()) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = enricher.NewPanicError(value, debug.Stack())
		}
	}()
	job()
	return nil
}
