package webhook_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestOnlyAddressesOfThePublicInternetAreNotSpecial(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"8.8.8.8":                "",
		"1.1.1.1":                "",
		"9.255.255.255":          "",
		"11.0.0.0":               "",
		"100.63.255.255":         "",
		"100.128.0.0":            "",
		"126.255.255.255":        "",
		"128.0.0.0":              "",
		"172.15.255.255":         "",
		"172.32.0.0":             "",
		"192.167.255.255":        "",
		"192.169.0.0":            "",
		"198.17.255.255":         "",
		"198.20.0.0":             "",
		"223.255.255.255":        "",
		"::ffff:8.8.8.8":         "",
		"64:ff9b::8.8.8.8":       "",
		"2606:4700:4700::1111":   "",
		"2001:4860:4860::8888":   "",
		"2001:200::1":            "",
		"2003::1":                "",
		"0.0.0.0":                "unspecified, or this network",
		"0.255.255.255":          "unspecified, or this network",
		"10.0.0.0":               "private",
		"10.255.255.255":         "private",
		"100.64.0.0":             "shared, behind carrier-grade NAT",
		"100.127.255.255":        "shared, behind carrier-grade NAT",
		"127.0.0.1":              "loopback",
		"127.255.255.255":        "loopback",
		"168.63.129.16":          "the platform's, on Azure",
		"169.254.169.254":        "link-local",
		"172.16.0.0":             "private",
		"172.31.255.255":         "private",
		"192.0.0.8":              "protocol assignments",
		"192.0.2.1":              "documentation",
		"192.88.99.1":            "6to4 relay",
		"192.168.1.1":            "private",
		"198.18.0.1":             "benchmarking",
		"198.19.255.255":         "benchmarking",
		"198.51.100.1":           "documentation",
		"203.0.113.1":            "documentation",
		"224.0.0.1":              "multicast",
		"239.255.255.255":        "multicast",
		"240.0.0.1":              "reserved, or broadcast",
		"255.255.255.255":        "reserved, or broadcast",
		"::":                     "unspecified",
		"::1":                    "loopback",
		"::127.0.0.1":            "not in public use",
		"::ffff:127.0.0.1":       "loopback",
		"::ffff:10.1.2.3":        "private",
		"::ffff:169.254.169.254": "link-local",
		"64:ff9b::127.0.0.1":     "loopback",
		"64:ff9b::10.1.2.3":      "private",
		"64:ff9b:1::8.8.8.8":     "not in public use",
		"100::1":                 "not in public use",
		"2001::1":                "protocol assignments",
		"2001:1ff::1":            "protocol assignments",
		"2001:db8::1":            "documentation",
		"2002:a00:1::1":          "6to4",
		"3fff::1":                "documentation",
		"4000::1":                "not in public use",
		"5f00::1":                "not in public use",
		"fc00::1":                "unique-local",
		"fd12:3456::1":           "unique-local",
		"fe80::1":                "link-local",
		"fe80::1%eth0":           "link-local",
		"2606:4700::1%eth0":      "",
		"fec0::1":                "not in public use",
		"ff02::1":                "multicast",
	}
	for addr, want := range tests {
		assert.Equal(t, want, webhook.Special(addr), addr)
	}
}

func TestConnectionsAreJudgedByTheAddressThatIsDialled(t *testing.T) {
	t.Parallel()
	require.NoError(t, webhook.RefuseSpecial("tcp4", "8.8.8.8:443", nil))
	require.NoError(t, webhook.RefuseSpecial("tcp6", "[2606:4700::1]:443", nil))
	require.EqualError(t, webhook.RefuseSpecial("tcp4", "10.0.0.1:443", nil),
		"10.0.0.1 is no address of the public Internet (private); set allow-private to permit it")
	require.EqualError(t, webhook.RefuseSpecial("tcp6", "[fe80::1%eth0]:443", nil),
		"fe80::1%eth0 is no address of the public Internet (link-local); set allow-private to permit it")
	require.Error(t, webhook.RefuseSpecial("unix", "/run/docker.sock", nil))
	require.Error(t, webhook.RefuseSpecial("udp4", "8.8.8.8:53", nil))
}

func TestRedirectsStayOnTheSite(t *testing.T) {
	t.Parallel()
	const refusedHost = "which is another host, port or scheme: configure the URL that is right"
	tests := map[string]struct{ from, to, want string }{
		"another path":        {"https://a.example/x", "https://a.example/y", ""},
		"case of the host":    {"https://a.example/x", "https://A.EXAMPLE/x", ""},
		"the default port":    {"https://a.example/x", "https://a.example:443/x", ""},
		"more secure":         {"http://a.example/x", "https://a.example/x", ""},
		"less secure":         {"https://a.example/x", "http://a.example/x", "redirected to http://a.example, " + refusedHost},
		"another host":        {"https://a.example/x", "https://b.example/x", "redirected to https://b.example, " + refusedHost},
		"a domain below":      {"https://a.example/x", "https://b.a.example/x", "redirected to https://b.a.example, " + refusedHost},
		"another port":        {"http://a.example/x", "http://a.example:8080/x", "redirected to http://a.example:8080, " + refusedHost},
		"secure, other ports": {"http://a.example:8080/x", "https://a.example:8443/x", "redirected to https://a.example:8443, " + refusedHost},
		"another scheme":      {"https://a.example/x", "ftp://a.example/x", "redirected to ftp://a.example, " + refusedHost},
		"no password shows":   {"https://a.example/x", "https://u:p@b.example/x", "redirected to https://b.example, " + refusedHost},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			via, err := http.NewRequest(http.MethodPost, tt.from, nil)
			require.NoError(t, err)
			next, err := http.NewRequest(http.MethodPost, tt.to, nil)
			require.NoError(t, err)
			next.Header.Set("Referer", tt.from)
			err = webhook.CheckRedirect(next, []*http.Request{via})
			if tt.want != "" {
				require.EqualError(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			assert.Empty(t, next.Header.Get("Referer"))
		})
	}
}

func TestLoopbackIsRefusedByDefault(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, url := range []string{s.URL, "http://localhost:1", "http://x.LOCALHOST.", "http://[::1]", "http://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest"} {
		_, err := webhook.New(webhook.Options{URL: webhook.Secret{Value: url}})
		require.ErrorContains(t, err, `option "url": `, url)
		require.ErrorContains(t, err, "no address of the public Internet", url)
	}
	assert.Empty(t, s.all())
}

// resolving makes every name resolve to an IPv4 address for the time of a test,
// which must not be parallel.
func resolving(t *testing.T, to [4]byte) {
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
			conn.WriteTo(answerTo(query[:n], to), from)
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

// answerTo returns the answer to a DNS query: an address where one was asked for,
// and nothing for other types (RFC 1035, section 4).
func answerTo(query []byte, to [4]byte) []byte {
	name := bytes.IndexByte(query[12:], 0) + 1 // a length, a label, and so on, and 0
	question := query[12 : 12+name+4]
	isA := question[name+1] == 1
	a := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
	if isA {
		a[7] = 1
		a = append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		a = append(a, to[:]...)
	}
	return a
}

func TestANameThatResolvesToAPrivateAddressIsRefusedWhenItIsDialled(t *testing.T) {
	resolving(t, [4]byte{127, 0, 0, 1})
	s := newServer(t)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	opts := webhook.Options{URL: webhook.Secret{Value: "http://rebound.example:" + port + "/secret-path"}}

	e, err := webhook.New(opts)
	require.NoError(t, err, "a name may resolve to anything")
	require.EqualError(t, send(t, e, errJob, nil), "rebound.example:"+port+": dial tcp 127.0.0.1:"+port+
		": 127.0.0.1 is no address of the public Internet (loopback); set allow-private to permit it")
	require.NoError(t, e.Close())
	assert.Empty(t, s.all())

	require.NoError(t, send(t, newWebhook(t, opts), errJob, nil))
	assert.Len(t, s.all(), 1)
}
