//go:build linux

package corpustest

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
