package webhook

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// An endpoint is where messages go.
type endpoint struct {
	method    string
	url       *url.URL
	header    http.Header // of each request
	client    *http.Client
	transport *http.Transport
	mask      *mask

	timeout    time.Duration // of one try
	retries    int
	retryDelay time.Duration
}

const userAgent = "failure-enrichers-webhook"

// newEndpoint returns the endpoint of an enricher, or nil where c has been told
// what is wrong.
func newEndpoint(c *checker, opts *Options, routingKey string) *endpoint {
	header, secrets := c.headers(opts)
	to := c.url("url", opts.URL, "http", "https")
	var proxy *url.URL
	if opts.Proxy != (Secret{}) {
		proxy = c.url("proxy", opts.Proxy, "http", "https", "socks5")
	}
	if to == nil {
		return nil
	}
	if !opts.AllowPrivate {
		c.bad("url", refuseHost(to.Hostname()))
	}
	secrets = append(secrets, routingKey)
	secrets = append(secrets, secretsOf(to)...)
	secrets = append(secrets, secretsOf(proxy)...)
	if to.User != nil {
		if header.Get("Authorization") != "" {
			c.badf("headers", "want no Authorization, as the URL has a user")
		}
		header.Set("Authorization", basicAuth(to.User))
	}
	to.User = nil
	p := &endpoint{
		method:     opts.Method,
		url:        to,
		header:     header,
		mask:       newMask(secrets),
		timeout:    opts.Timeout,
		retries:    max(opts.Retries, 0),
		retryDelay: opts.RetryDelay,
	}
	p.client, p.transport = newClient(opts, proxy)
	return p
}

func basicAuth(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// url returns the URL that an option is, or nil.
func (c *checker) url(option string, s Secret, schemes ...string) *url.URL {
	want := "an absolute URL with a host and the scheme " + strings.Join(schemes, " or ")
	if s == (Secret{}) {
		c.badf(option, "want %s", want)
		return nil
	}
	text, err := s.find()
	if err != nil {
		c.bad(option, err)
		return nil
	}
	u, err := url.Parse(text)
	if err == nil && u.Hostname() != "" && slices.Contains(schemes, u.Scheme) {
		return u
	}
	// The error of package url has the URL, and chat services put their secret
	// into its path.
	c.badf(option, "want %s (the value is hidden)", want)
	return nil
}

const maxAnswerHeader = 64 << 10 // bytes

// newClient returns a client for an endpoint. It starts no goroutine.
func newClient(o *Options, proxy *url.URL) (*http.Client, *http.Transport) {
	dialer := &net.Dialer{Timeout: o.Timeout}
	if !o.AllowPrivate {
		dialer.Control = refuseSpecial
	}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        o.TLS.Clone(),
		TLSHandshakeTimeout:    o.Timeout,
		ForceAttemptHTTP2:      true, // as with a DialContext of one's own it is not by itself
		DisableCompression:     true,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxAnswerHeader,
	}
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
	}
	return &http.Client{Transport: t, CheckRedirect: checkRedirect}, t
}
