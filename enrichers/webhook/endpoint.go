package webhook

import (
	"cmp"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// An endpoint is where messages are posted.
type endpoint struct {
	opts   *Options
	url    *url.URL
	header http.Header // of each request
	client *http.Client
	mask   *mask
}

// newEndpoint returns the endpoint of an enricher. It is of use only if c found
// nothing wrong.
func newEndpoint(c *checker, opts *Options, routingKey string) *endpoint {
	header := newHeader(c, opts)
	to := c.url("url", opts.URL, "http", "https")
	var proxy *url.URL
	if opts.Proxy != (Secret{}) {
		proxy = c.url("proxy", opts.Proxy, "http", "https", "socks5")
	}
	if to == nil {
		return nil
	}
	if !opts.AllowPrivate {
		c.add("url", rejectPrivateHost(to.Hostname()))
	}
	secrets := append(secretsOf(to), secretsOf(proxy)...)
	if to.User != nil {
		if header.Get("Authorization") != "" {
			c.addf("headers.Authorization", "must not be set if the URL has a user: remove one of them")
		}
		password, _ := to.User.Password()
		(&http.Request{Header: header}).SetBasicAuth(to.User.Username(), password)
		to.User = nil
	}
	for name := range opts.Headers {
		secrets = append(secrets, header.Get(name))
	}
	secrets = append(secrets, header.Get("Authorization"), routingKey)
	return &endpoint{opts: opts, url: to, header: header, client: newClient(opts, proxy), mask: newMask(secrets)}
}

// url returns the URL that an option is, or nil.
func (c *checker) url(option string, s Secret, schemes ...string) *url.URL {
	if s == (Secret{}) {
		c.addf(option, "must be set: an absolute URL with the scheme %s, {env: NAME} or {file: PATH}", strings.Join(schemes, " or "))
		return nil
	}
	text, err := s.read()
	if err != nil {
		c.add(option, err)
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || !slices.Contains(schemes, u.Scheme) {
		// Without the error, which has the URL: chats put their secret into its path.
		c.addf(option, "must be an absolute URL with the scheme %s (the value is hidden)", strings.Join(schemes, " or "))
		return nil
	}
	if n, err := strconv.ParseUint(cmp.Or(u.Port(), "443"), 10, 16); err != nil || n == 0 {
		c.addf(option, "must have a port from 1 to 65535 (the value is hidden)")
		return nil
	}
	return u
}

// headerName is stricter than RFC 9110, but no header in use has another name.
var headerName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// newHeader returns the header of each request.
func newHeader(c *checker, opts *Options) http.Header {
	header := http.Header{}
	header.Set("User-Agent", "failure-enrichers-webhook")
	header.Set("Content-Type", opts.ContentType)
	names := slices.Sorted(maps.Keys(opts.Headers))
	c.differ("headers", slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !headerName.MatchString(name) }))
	for _, name := range names {
		if !headerName.MatchString(name) {
			c.add("headers", errors.New("its keys must be names such as X-Token (the wrong one is hidden)"))
			continue
		}
		switch http.CanonicalHeaderKey(name) {
		case "Content-Type":
			c.addf("headers."+name, "must be given as option content-type")
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer":
			c.addf("headers."+name, "cannot be set: it follows from the request")
		}
		if opts.Headers[name] == (Secret{}) {
			c.addf("headers."+name, "must have exactly one of value, env and file, or be a text that is not empty")
		}
		value := c.secret("headers."+name, opts.Headers[name])
		if strings.ContainsFunc(value, unicode.IsControl) {
			c.addf("headers."+name, "must not have control characters (the value is hidden)")
		}
		header.Set(name, value)
	}
	return header
}

// newClient returns a client for an endpoint. It starts no goroutine.
func newClient(opts *Options, proxy *url.URL) *http.Client {
	dialer := &net.Dialer{Timeout: opts.Timeout}
	if !opts.AllowPrivate {
		dialer.Control = rejectPrivate
	}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        opts.TLS.Clone(),
		TLSHandshakeTimeout:    opts.Timeout,
		ForceAttemptHTTP2:      true, // not the default with a DialContext
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
	}
	return &http.Client{Transport: t, CheckRedirect: checkRedirect}
}
