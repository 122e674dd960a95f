package webhook

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A checker collects what is wrong with options.
type checker struct {
	enricher string
	errs     []error
}

// bad records an error about an option; nil is none.
func (c *checker) bad(option string, err error) {
	if err != nil {
		c.errs = append(c.errs, &enricher.ConfigError{Enricher: c.enricher, Option: option, Err: err})
	}
}

func (c *checker) badf(option, format string, args ...any) {
	c.bad(option, fmt.Errorf(format, args...))
}

// between checks a number. The least one is there for the sake of the message.
func between[T ~int | ~int64](c *checker, option string, n, least, most T) {
	if n < least || n > most {
		c.badf(option, "want %v to %v, got %v", least, most, n)
	}
}

func (c *checker) oneOf(option, value string, all []string) {
	if !slices.Contains(all, value) {
		c.badf(option, "unknown value %q: want one of %s", value, strings.Join(all, ", "))
	}
}

// check records what is wrong with single options.
func (o *Options) check(c *checker) {
	c.oneOf("method", o.Method, []string{http.MethodPost, http.MethodPut, http.MethodPatch})
	c.oneOf("severity", o.Severity, severities)
	switch {
	case o.Body != "" && o.Preset != "":
		c.badf("body", "want either a body or a preset, got both")
	case o.Body == "":
		c.oneOf("preset", o.Preset, presets)
	}
	hasKey := o.RoutingKey != Secret{}
	switch {
	case o.Preset == PresetPagerDuty && !hasKey:
		c.badf("routing-key", "want the integration key of a service, as the preset is %s", PresetPagerDuty)
	case o.Preset != PresetPagerDuty && hasKey:
		c.badf("routing-key", "only the preset %s has one", PresetPagerDuty)
	}
	if !isFieldValue(o.ContentType) {
		c.badf("content-type", "want a media type, got %q", o.ContentType)
	}
	between(c, "dedup-keys", o.DedupKeys, 1, 1<<20)
	between(c, "rate-burst", o.RateBurst, 1, 60_000)
	if o.RateLimit > 60_000 {
		c.badf("rate-limit", "want at most 60000, got %d", o.RateLimit)
	}
	if o.Retries > 10 {
		c.badf("retries", "want at most 10, got %d", o.Retries)
	}
	between(c, "timeout", o.Timeout, time.Millisecond, time.Hour)
	between(c, "retry-delay", o.RetryDelay, time.Millisecond, maxBackoff)
	between(c, "max-text", o.MaxText, 16, 64<<10)
	if o.Proxy != (Secret{}) && !o.AllowPrivate {
		c.badf("proxy", "want allow-private as well: what a proxy connects to cannot be checked")
	}
}

// secret returns the value of an option.
func (c *checker) secret(option string, s Secret) string {
	value, err := s.find()
	c.bad(option, err)
	return value
}

// headers returns the headers of each request, and what of them may be a secret.
func (c *checker) headers(o *Options) (http.Header, []string) {
	h := http.Header{"Content-Type": {o.ContentType}, "User-Agent": {userAgent}}
	var values []string
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		option, key := "headers."+name, http.CanonicalHeaderKey(name)
		value := c.secret(option, o.Headers[name])
		switch {
		case !isToken(name):
			c.badf("headers", "one of its keys is no name of a header (it is not shown): want names such as Authorization")
		case key == "Content-Type":
			c.badf(option, "want it as the option content-type")
		case slices.Contains(ownHeaders, key):
			c.badf(option, "is set for each request as it has to be: remove it")
		case seen[key]:
			c.badf(option, "given twice")
		case o.Headers[name] == Secret{}:
			c.badf(option, "want a value")
		case !isFieldValue(value):
			c.bad(option, errors.New("want a text without control characters (the value is hidden)"))
		}
		seen[key] = true
		h[key] = []string{value}
		values = append(values, value)
		if _, credentials, ok := strings.Cut(value, " "); ok { // of "Bearer", say
			values = append(values, credentials)
		}
	}
	return h, values
}

// ownHeaders are those that package net/http sees to.
var ownHeaders = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Upgrade"}

// isToken reports whether s can be the name of a header (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	const others = "!#$%&'*+-.^_`|~"
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(others, r)
	})
}

// isFieldValue reports whether s can be the value of a header.
func isFieldValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
