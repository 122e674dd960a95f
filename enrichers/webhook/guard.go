package webhook

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"

	"github.com/failure-enrichers/enricher/internal/text"
)

// A guardError is a connection or a redirect that was refused. To try again is
// no use.
type guardError struct{ text string }

func (e *guardError) Error() string { return e.text }

// refuseSpecial is the Control function of a [net.Dialer]. It sees the address
// that is about to be connected to, after the name was resolved: a name that
// resolves differently when it is looked up again cannot get past it.
func refuseSpecial(network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return &guardError{fmt.Sprintf("no address of the public Internet: %s", network)}
	}
	if kind := special(at.Addr()); kind != "" {
		return specialError(at.Addr(), kind)
	}
	return nil
}

func specialError(addr netip.Addr, kind string) *guardError {
	return &guardError{fmt.Sprintf("%v is no address of the public Internet (%s); set allow-private to permit it", addr, kind)}
}

// refuseHost judges the host of a URL as far as that is possible without
// looking up its name.
func refuseHost(host string) error {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return &guardError{fmt.Sprintf("%q is no address of the public Internet (loopback); set allow-private to permit it", name)}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return nil
	}
	if kind := special(addr); kind != "" {
		return specialError(addr, kind)
	}
	return nil
}

// A block is a range of addresses that are not, or need not be, what they seem.
type block struct {
	prefix netip.Prefix
	kind   string
}

// The blocks that are not for public use, by the special-purpose address
// registries of IANA and RFC 6890. Of IPv6 only 2000::/3 is in public use, so
// that unique-local, link-local and multicast addresses need no entries.
var (
	blocks4 = []block{
		{netip.MustParsePrefix("0.0.0.0/8"), "unspecified, or this network"},
		{netip.MustParsePrefix("10.0.0.0/8"), "private"},
		{netip.MustParsePrefix("100.64.0.0/10"), "shared, behind carrier-grade NAT"},
		{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
		{netip.MustParsePrefix("168.63.129.16/32"), "the platform's, on Azure"},
		{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
		{netip.MustParsePrefix("172.16.0.0/12"), "private"},
		{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments"},
		{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
		{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay"},
		{netip.MustParsePrefix("192.168.0.0/16"), "private"},
		{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
		{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
		{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
		{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
		{netip.MustParsePrefix("240.0.0.0/4"), "reserved, or broadcast"},
	}
	blocks6 = []block{
		{netip.MustParsePrefix("2001::/23"), "protocol assignments"}, // Teredo among them
		{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
		{netip.MustParsePrefix("2002::/16"), "6to4"},
		{netip.MustParsePrefix("3fff::/20"), "documentation"},
	}
	public6 = netip.MustParsePrefix("2000::/3")

	// nat64 leads to the IPv4 address in its last four bytes (RFC 6052). Where
	// a network has IPv6 only, all of IPv4 is behind it.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// special returns what kind of address addr is, or "" where it is one of the
// public Internet.
func special(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if nat64.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	blocks := blocks6
	switch {
	case addr.Is4():
		blocks = blocks4
	case addr.IsUnspecified():
		return "unspecified"
	case addr.IsLoopback():
		return "loopback"
	case addr.IsLinkLocalUnicast():
		return "link-local"
	case addr.IsMulticast():
		return "multicast"
	case addr.IsPrivate():
		return "unique-local"
	case !public6.Contains(addr):
		return "not in public use"
	}
	for _, b := range blocks {
		if b.prefix.Contains(addr) {
			return b.kind
		}
	}
	return ""
}

const maxRedirects = 3

// checkRedirect follows few redirects, and none that leads elsewhere, in the
// open, or to a request that has lost its body.
func checkRedirect(next *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return &guardError{fmt.Sprintf("redirected more than %d times", maxRedirects)}
	case !sameSite(last.URL, next.URL):
		return &guardError{fmt.Sprintf("redirected to %s, which is another host, port or scheme: configure the URL that is right", text.Clean(origin(next.URL), maxNameLength))}
	case next.Method != last.Method:
		return &guardError{fmt.Sprintf("redirected in a way that turns %s into %s: configure the URL that is right", last.Method, next.Method)}
	}
	// It would be the URL, which may be a secret.
	next.Header.Del("Referer")
	return nil
}

// sameSite reports whether to is on the same host as from, and no less secure.
func sameSite(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	upgrade := from.Scheme == "http" && to.Scheme == "https" && portOf(from) == "80" && portOf(to) == "443"
	return upgrade || from.Scheme == to.Scheme && portOf(from) == portOf(to)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

// origin is what of a URL is no secret.
func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }
