package webhook_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestGuardJudgesTheDialledAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"8.8.8.8:443", "100.128.0.0:8080", "[2606:4700::1]:443"} {
		require.NoError(t, webhook.RejectPrivate("tcp4", address, nil))
	}
	for _, address := range []string{
		"0.0.0.0:80", "10.0.0.1:80", "100.64.0.1:80", "127.0.0.1:80", "168.63.129.16:80", "169.254.169.254:80", "172.16.0.1:80",
		"192.168.1.1:80", "224.0.0.1:80", "255.255.255.255:80",
		"[::]:80", "[::1]:80", "[::ffff:10.1.2.3]:80", "[64:ff9b::10.1.2.3]:80", "[2001::1]:80", "[2002:a00:1::1]:80",
		"[fc00::1]:80", "[fe80::1]:80", "[fe80::1%eth0]:80", "[ff02::1]:80",
	} {
		err := webhook.RejectPrivate("tcp6", address, nil)
		require.ErrorContains(t, err, "prohibited IP address", address)
		require.ErrorContains(t, err, "; set allow-private to permit it", address)
	}
	require.Error(t, webhook.RejectPrivate("unix", "/run/docker.sock", nil))
	require.Error(t, webhook.RejectPrivate("udp4", "8.8.8.8:53", nil))
}

func TestGuardRejectsPrivateHostsAtOnce(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://127.0.0.1:1", "http://LOCALHOST:1", "http://[::1]", "http://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest"} {
		_, err := webhook.New(webhook.Options{URL: webhook.Secret{Value: url}})
		require.ErrorContains(t, err, `option "url": prohibited IP address: `, url)
	}
}

func TestGuardRejectsANameThatResolvesToAPrivateAddress(t *testing.T) {
	resolveTo(t, [4]byte{127, 0, 0, 1})
	requests := 0
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests++ }))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	opts := webhook.Options{URL: webhook.Secret{Value: "http://rebound.example:" + port + "/secret-path"}}

	fe, err := webhook.New(opts)
	require.NoError(t, err, "a name may resolve to anything")
	closeAfter(t, fe)
	require.EqualError(t, send(t, fe, errJob, nil), "rebound.example:"+port+": dial tcp 127.0.0.1:"+port+
		": prohibited IP address: 127.0.0.1 is not a permitted destination (denied by: 127.0.0.0/8); set allow-private to permit it")
	assert.Zero(t, requests)

	opts.AllowPrivate = true
	fe, err = webhook.New(opts)
	require.NoError(t, err)
	closeAfter(t, fe)
	require.NoError(t, send(t, fe, errJob, nil))
	assert.Equal(t, 1, requests)
}

// resolveTo makes every name resolve to an IPv4 address for the time of a test,
// which must not be parallel.
func resolveTo(t *testing.T, address [4]byte) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		query := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			conn.WriteTo(answerTo(query[:n], address), from)
		}
	}()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		conn.Close()
		<-done
	})
}

// answerTo returns the answer to a DNS query: an address if it asks for one, and
// nothing for other types (RFC 1035, section 4).
func answerTo(query []byte, address [4]byte) []byte {
	name := bytes.IndexByte(query[12:], 0) + 1 // a length, a label, and so on, and 0
	question := query[12 : 12+name+4]
	a := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
	if question[name+1] == 1 {
		a[7] = 1
		a = append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		a = append(a, address[:]...)
	}
	return a
}
