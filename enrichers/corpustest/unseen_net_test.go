//go:build linux

package corpustest

import (
	"bufio"
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
	"path/filepath"
	"strings"
	"testing"
	"time"

	pkgerrors "github.com/pkg/errors"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

func unseenMailboxUnknown(t *testing.T) error {
	err := unseenSendMail(t, "550 5.1.1 <jo@customer.example>: Recipient address rejected: User unknown")
	return fmt.Errorf("dunning run: %w", fmt.Errorf("letter 17: %w", err))
}

func unseenGreylisted(t *testing.T) error {
	err := unseenSendMail(t, "451 4.7.1 Greylisting in action, please come back later")
	return pkgerrors.Wrap(pkgerrors.WithMessage(err, "send statement"), "month end")
}

func unseenSocketMissing(t *testing.T) error {
	_, err := net.Dial("unix", filepath.Join(t.TempDir(), "containerd.sock"))
	return fmt.Errorf("start build container: %w", err)
}

func unseenPortTaken(t *testing.T) error {
	addr := unseenServe(t, func(net.Conn) {})
	_, err := net.Listen("tcp", addr)
	return fmt.Errorf("shuffle service: %w", err)
}

func unseenAnswerLate(t *testing.T) error {
	conn, err := net.Dial("tcp", unseenServe(t, func(conn net.Conn) {
		_, _ = io.Copy(io.Discard, conn) // never answers
	}))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	_, err = conn.Read(make([]byte, 1))
	return &unseenStepError{"sync-directory", 2, fmt.Errorf("bind: %w", err)}
}

func unseenLookupServfail(t *testing.T) error {
	_, err := unseenResolver(t, dnsmessage.RCodeServerFailure).LookupMX(t.Context(), "customer.example.")
	return fmt.Errorf("route newsletter: %w", err)
}

func unseenHostUnknown(t *testing.T) error {
	dialer := &net.Dialer{Resolver: unseenResolver(t, dnsmessage.RCodeNameError)}
	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
	_, err := client.Get("http://hooks.customer.invalid/done")
	return fmt.Errorf("deliver webhook: %w", err)
}

func unseenClientTimeout(t *testing.T) error {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	client := server.Client()
	client.Timeout = 50 * time.Millisecond
	_, err := client.Get(server.URL + "/v2/captures")
	return fmt.Errorf("settle: %w", fmt.Errorf("capture 9f3: %w", err))
}

func unseenStreamReset(t *testing.T) error {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err := server.Client().Get(server.URL + "/blobs/7")
	return fmt.Errorf("mirror blob 7: %w", err)
}

func unseenCertificateExpired(t *testing.T) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().AddDate(-1, 0, 0),
		NotAfter:              time.Now().AddDate(0, 0, -1),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)

	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	_, err = client.Get(server.URL + "/rates")
	return fmt.Errorf("fetch exchange rates: %w", err)
}

func unseenPlaintextPort(t *testing.T) error {
	addr := unseenServe(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "220 relay ESMTP\r\n")
		_, _ = io.Copy(io.Discard, conn)
	})
	_, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "relay.example"})
	return fmt.Errorf("open relay: %w", err)
}

// unseenServe serves every connection with handle until the test is over, and
// returns the address.
func unseenServe(t *testing.T, handle func(net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// unseenSendMail sends a mail through a relay that answers RCPT with a line.
func unseenSendMail(t *testing.T, rcpt string) error {
	addr := unseenServe(t, func(conn net.Conn) {
		fmt.Fprint(conn, "220 relay\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			answer := "250 ok"
			if strings.HasPrefix(lines.Text(), "RCPT") {
				answer = rcpt
			}
			fmt.Fprint(conn, answer, "\r\n")
		}
	})
	return smtp.SendMail(addr, nil, "billing@shop.example", []string{"jo@customer.example"}, []byte("pay\r\n"))
}

// unseenResolver asks a name server that answers everything with a code.
func unseenResolver(t *testing.T, code dnsmessage.RCode) *net.Resolver {
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
			var msg dnsmessage.Message
			if msg.Unpack(buf[:n]) != nil {
				continue
			}
			msg.Header = dnsmessage.Header{ID: msg.ID, Response: true, RecursionAvailable: true, RCode: code}
			msg.Additionals = nil
			if answer, err := msg.Pack(); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}
