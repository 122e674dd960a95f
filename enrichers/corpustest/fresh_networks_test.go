//go:build linux

package corpustest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/cloudsoda/go-smb2"
	"github.com/emersion/go-imap/v2/imapclient"
	smtp "github.com/emersion/go-smtp"
	"github.com/gopcua/opcua/ua"
	"github.com/gorilla/websocket"
	"github.com/miekg/dns"
	"github.com/quic-go/quic-go"
	"github.com/simonvetter/modbus"
	"github.com/stretchr/testify/require"
	"go.uber.org/multierr"
)

var freshNetworks = []provocation{
	{"websocket/abnormal-closure", func(t *testing.T) error {
		return fmt.Errorf("read price feed: %w", readWebSocket(t, func(conn *websocket.Conn) {
			_, _ = conn.NetConn().Write([]byte{0x81, 0x7e}) // a part of a message
		}))
	}},
	{"websocket/message-too-big", func(t *testing.T) error {
		return fmt.Errorf("push snapshot: %w", readWebSocket(t, func(conn *websocket.Conn) {
			_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseMessageTooBig, ""), time.Now().Add(time.Second))
		}))
	}},
	{"quic/no-activity", func(t *testing.T) error {
		_, err := quic.DialAddr(t.Context(), newNameServer(t).LocalAddr().String(), &tls.Config{NextProtos: []string{"job"}, InsecureSkipVerify: true}, &quic.Config{HandshakeIdleTimeout: short})
		return fmt.Errorf("send telemetry: %w", err)
	}},
	{"dns/transfer-not-authorized", func(t *testing.T) error {
		server := &dns.Server{Listener: listen(t), Handler: dns.HandlerFunc(func(w dns.ResponseWriter, m *dns.Msg) {
			_ = w.WriteMsg(new(dns.Msg).SetRcode(m, dns.RcodeNotAuth))
		})}
		go func() { _ = server.ActivateAndServe() }()
		t.Cleanup(func() { _ = server.Shutdown() })
		envelopes, err := new(dns.Transfer).In(new(dns.Msg).SetAxfr("zone.dyn.dns.com."), server.Listener.Addr().String())
		require.NoError(t, err)
		for envelope := range envelopes {
			err = envelope.Error
		}
		return fmt.Errorf("AXFR error: %w", err)
	}},
	{"imap/too-many-connections", func(t *testing.T) error {
		return fmt.Errorf("archive folder: %w", logInIMAP(t, "NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=30)"))
	}},
	{"imap/authentication-failed", func(t *testing.T) error {
		return fmt.Errorf("poll mailbox of support: %w", logInIMAP(t, "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"))
	}},
	{"smtp-client/null-mx", func(t *testing.T) error {
		return fmt.Errorf("deliver 2f6f32e9: %w", deliver(t, "556 5.1.10 Domain does not accept email (null MX)"))
	}},
	{"smtp-client/high-load", func(t *testing.T) error {
		return fmt.Errorf("deliver b7910aec: %w", deliver(t, "451 4.4.5 High load, try again later"))
	}},
	{"smb/no-such-share", func(*testing.T) error {
		return multierr.Append(fmt.Errorf("couldn't initialize SMB: %w", &smb2.ResponseError{Code: 0xC00000CC}), errors.New("no file was copied"))
	}},
	{"modbus/gateway-target", func(t *testing.T) error { return fmt.Errorf("failed to scrape: %w", readModbus(t, 11)) }},
	{"modbus/illegal-address", func(t *testing.T) error { return fmt.Errorf("read coil 72: %w", readModbus(t, 2)) }},
	{"opcua/session-id-invalid", func(*testing.T) error {
		return fmt.Errorf("reading registered nodes failed after 1 attempts: %w", ua.StatusBadSessionIDInvalid)
	}},
	{"thrift/frame-too-large", func(t *testing.T) error {
		return fmt.Errorf("fetch rows: %w", callThrift(t, func(conn net.Conn) {
			_, _ = conn.Write([]byte{1, 2, 0x7a, 0xe4}) // 16939748
			silent(conn)
		}))
	}},
	{"thrift/end-of-file", func(t *testing.T) error {
		return fmt.Errorf("scan table: %w", callThrift(t, hangUp))
	}},
}

// readWebSocket reads from a server that does what it is told, and leaves.
func readWebSocket(t *testing.T, behave func(*websocket.Conn)) error {
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err == nil {
			behave(conn)
			_ = conn.Close()
		}
	})
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+hostOf(server), nil)
	require.NoError(t, err)
	_ = res.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	_, _, err = conn.ReadMessage()
	return err
}

func logInIMAP(t *testing.T, reply string) error {
	conn := dial(t, talk(t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n", "T1 LOGIN", "T1 "+reply+"\r\n"))
	client := imapclient.New(conn, nil)
	t.Cleanup(func() { _ = client.Close() })
	return client.Login("job", "secret").Wait()
}

// deliver sends a mail through a server that answers the receiver with reply.
func deliver(t *testing.T, reply string) error {
	client, err := smtp.Dial(talk(t, "220 ready\r\n", "EHLO", "250 mx\r\n", "MAIL", "250 ok\r\n", "RCPT", reply+"\r\n", "QUIT", "221 bye\r\n"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client.SendMail("job@example.org", []string{"nobody@example.com"}, strings.NewReader("x"))
}

// readModbus reads from a device that answers with an exception.
func readModbus(t *testing.T, exception byte) error {
	addr := serve(t, func(conn net.Conn) {
		request := make([]byte, 12)
		if _, err := io.ReadFull(conn, request); err == nil {
			_, _ = conn.Write([]byte{request[0], request[1], 0, 0, 0, 3, request[6], request[7] | 0x80, exception})
		}
		silent(conn)
	})
	client, err := modbus.NewClient(&modbus.ClientConfiguration{URL: "tcp://" + addr, Timeout: time.Minute})
	require.NoError(t, err)
	require.NoError(t, client.Open())
	t.Cleanup(func() { _ = client.Close() })
	_, err = client.ReadRegister(72, modbus.HOLDING_REGISTER)
	return err
}

// callThrift calls a server, and returns why its answer could not be read.
func callThrift(t *testing.T, behave func(net.Conn)) error {
	conf := &thrift.TConfiguration{MaxFrameSize: 16384000, SocketTimeout: time.Minute, ConnectTimeout: time.Minute}
	transport := thrift.NewTFramedTransportConf(thrift.NewTSocketConf(serve(t, behave), conf), conf)
	require.NoError(t, transport.Open())
	t.Cleanup(func() { _ = transport.Close() })
	client := thrift.NewTStandardClient(thrift.NewTBinaryProtocolConf(transport, conf), thrift.NewTBinaryProtocolConf(transport, conf))
	_, err := client.Call(t.Context(), "FetchResults", thrift.NewTApplicationException(0, ""), thrift.NewTApplicationException(0, ""))
	return err
}
