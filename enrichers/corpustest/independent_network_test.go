//go:build linux

package corpustest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func noSuchHost(t *testing.T) error {
	names := serveNXDOMAIN(t)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", names)
	}}
	client := httpClient(t)
	client.Transport.(*http.Transport).DialContext = (&net.Dialer{Resolver: resolver}).DialContext
	_, err := client.Get("http://stock.shop.internal./4711")
	return fmt.Errorf("ask for the stock of 4711: %w", err)
}

// serveNXDOMAIN returns the address of a name server that knows no name.
func serveNXDOMAIN(t *testing.T) string {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			const header, typeAndClass = 12, 4
			question := bytes.IndexByte(buf[header:n], 0) + 1 + typeAndClass
			answer := bytes.Clone(buf[:header+question])
			copy(answer[2:], []byte{
				0x81, 0x83, // a response to a recursive query: name error
				0, 1, 0, 0, 0, 0, 0, 0, // one question and nothing else
			})
			conn.WriteTo(answer, from)
		}
	}()
	return conn.LocalAddr().String()
}

func unknownAuthority(t *testing.T) error {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	_, err := httpClient(t).Get(srv.URL)
	return fmt.Errorf("push the report to the archive: %w", err)
}

func certificateExpired(t *testing.T) error {
	cert := expiredCertificate(t)
	addr := tcpServer(t, func(conn net.Conn) {
		tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake()
	})
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	_, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: roots})
	return &jobStepError{Step: "upload", Attempt: 1, Err: fmt.Errorf("connect to the archive: %w", err)}
}

func expiredCertificate(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    time.Now().Add(-48 * time.Hour),
		NotAfter:     time.Now().Add(-24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func daemonMissing(t *testing.T) error {
	_, err := net.Dial("unix", filepath.Join(t.TempDir(), "containerd.sock"))
	return fmt.Errorf("start the container of step 2: %w", err)
}

func portInUse(t *testing.T) error {
	_, err := net.Listen("tcp", refusingAddr(t))
	return fmt.Errorf("open the port for the workers' results: %w", err)
}

func socketReadTimeout(t *testing.T) error {
	conn, err := net.Dial("tcp", tcpServer(t, func(conn net.Conn) { io.Copy(io.Discard, conn) }))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	_, err = conn.Read(make([]byte, 1))
	return fmt.Errorf("mainframe: %w", fmt.Errorf("wait for the acknowledgement of batch 8: %w", err))
}

func smtpTryAgain(t *testing.T) error {
	addr := tcpServer(t, func(conn net.Conn) {
		text := textproto.NewConn(conn)
		text.PrintfLine("220 mail.example.com")
		for {
			line, err := text.ReadLine()
			switch {
			case err != nil:
				return
			case strings.HasPrefix(line, "RCPT"):
				text.PrintfLine("451 4.7.1 Greylisted, try again later")
			default:
				text.PrintfLine("250 OK")
			}
		}
	})
	err := smtp.SendMail(addr, nil, "reports@example.com", []string{"boss@example.com"}, []byte("Subject: sales\r\n\r\n42"))
	return fmt.Errorf("mail the report: %w", err)
}
