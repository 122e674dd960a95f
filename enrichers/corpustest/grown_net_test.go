//go:build linux

package corpustest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"net/smtp"
	"net/textproto"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
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

// refusing returns an address where nobody listens. It is taken all the same,
// so that no other test gets it.
func refusing(t *testing.T) string {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(socket) })
	require.NoError(t, unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	bound, err := unix.Getsockname(socket)
	require.NoError(t, err)
	return fmt.Sprintf("127.0.0.1:%d", bound.(*unix.SockaddrInet4).Port)
}

func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve has handle talk to whoever connects to the address that it returns.
// Afterwards the connection is closed.
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

// short is the deadline of calls that are to exceed it.
const short = 20 * time.Millisecond

// silent is a server that listens and never answers.
func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func dial(t *testing.T, addr string) net.Conn {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// mail sends a mail through a server that answers the receiver's address with
// reply.
func mail(t *testing.T, reply string) error {
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
	return fmt.Errorf("notify: %w", smtp.SendMail(addr, nil, "job@example.org", []string{"oncall@example.org"}, []byte("x")))
}
