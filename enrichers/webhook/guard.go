package webhook

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
	"github.com/cenkalti/backoff/v5"

	"github.com/failure-enrichers/enricher/internal/text"
)

// guardian permits the addresses of the public Internet.
var guardian = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azurePlatform))

// azurePlatform is a public address behind which the platform of Azure is.
var azurePlatform = netip.MustParsePrefix("168.63.129.16/32")

// rejectPrivate is the Control function of a [net.Dialer]. It gets the address
// that is about to be connected to, after the name was resolved, so that it does
// not matter what the name resolves to at another time.
func rejectPrivate(network, address string, conn syscall.RawConn) error {
	return final(guardian.Safe(network, address, conn))
}

// rejectPrivateHost judges the host of a URL if it is an address, or "localhost".
func rejectPrivateHost(host string) error {
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return nil // a name, which may resolve to anything
	}
	return final(guardian.SafeAddr(addr))
}

// final returns err such that the request is not tried again. A nil err stays nil.
func final(err error) error {
	if err == nil {
		return nil
	}
	return backoff.Permanent(fmt.Errorf("%w; set allow-private to permit it", err))
}

const maxRedirects = 3

// checkRedirect permits a few redirects that stay on the host and keep the body.
func checkRedirect(next *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return backoff.Permanent(fmt.Errorf("redirected more than %d times", maxRedirects))
	case next.URL.Scheme != last.URL.Scheme || !strings.EqualFold(next.URL.Host, last.URL.Host):
		return backoff.Permanent(fmt.Errorf("redirected to another scheme, host or port, %s://%s: configure the right URL",
			next.URL.Scheme, text.Clean(next.URL.Host, maxNameLength)))
	case next.Method != last.Method:
		return backoff.Permanent(fmt.Errorf("redirected in a way that turns %s into %s: configure the right URL", last.Method, next.Method))
	}
	return nil
}
