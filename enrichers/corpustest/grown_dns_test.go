//go:build linux

package corpustest

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

// dnsFailures are those of names.
var dnsFailures = []provocation{
	{"name not found", func(t *testing.T) error {
		return lookUp(t, dnsmessage.RCodeNameError, true)
	}},
	{"name server fails", func(t *testing.T) error {
		return lookUp(t, dnsmessage.RCodeServerFailure, true)
	}},
	{"name server silent", func(t *testing.T) error {
		return lookUp(t, dnsmessage.RCodeSuccess, false)
	}},
	{"name impossible", func(t *testing.T) error {
		_, err := net.DefaultResolver.LookupHost(t.Context(), "bad..name")
		return fmt.Errorf("resolve broker: %w", err)
	}},
}

// lookUp connects to a host, whose name a server of ours refuses with code, or
// does not answer for.
func lookUp(t *testing.T, code dnsmessage.RCode, answers bool) error {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		packet := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if !answers || m.Unpack(packet[:n]) != nil {
				continue
			}
			m.Response, m.RCode, m.Additionals = true, code, nil
			if reply, err := m.Pack(); err == nil {
				_, _ = server.WriteTo(reply, from)
			}
		}
	}()
	dialer := net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
		},
	}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	if !answers {
		ctx, cancel = context.WithTimeout(t.Context(), short)
	}
	defer cancel()
	_, err = dialer.DialContext(ctx, "tcp", "broker.example.org.:9092")
	return fmt.Errorf("connect to broker: %w", err)
}
