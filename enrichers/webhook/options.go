package webhook

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/file"
	"github.com/failure-enrichers/enricher/internal/text"
	"github.com/failure-enrichers/enricher/redact"
)

// Options say what is posted where, of which failures, and how often. Only URL
// must be set. In a configuration their names are in kebab case: dedup-window.
type Options struct {
	// URL is the endpoint: absolute, http or https. A user and password in it
	// become a header of basic authentication. By default, the URL of the preset
	// pagerduty; the other presets have none.
	URL Secret

	// Method is POST, PUT or PATCH. By default, POST.
	Method string

	// Preset is the form of the body: PresetJSON, PresetSlack or
	// PresetPagerDuty. By default, PresetJSON.
	Preset string

	// Body is a text/template of the body, in place of a preset. Its data is a
	// [Message]. The function json turns any value into JSON, quotes included. A
	// body, and each text that the template makes on the way, has at most 256 KiB;
	// loops and calls of templates are bounded.
	Body string

	// ContentType is the media type of the body. It is one of JSON, such as
	// application/vnd.example+json, unless Body makes something else: what is
	// declared as JSON must be JSON. By default, application/json.
	ContentType string

	// Headers are set for each request. The case of their names does not matter.
	// Content-Type has an option of its own, and those that follow from the request,
	// such as Host, are rejected, and so is Authorization if the URL has a user. In a
	// configuration they are a list or a map:
	// headers: [{key: Authorization, value: {env: CHAT_TOKEN}}].
	Headers map[string]Secret

	// RoutingKey is the integration key that the preset pagerduty needs.
	RoutingKey Secret

	// Severity is the severity of a PagerDuty event: critical, error, warning or
	// info. A label under SeverityLabel with one of these values has precedence.
	// By default, error and severity. No other preset has a severity.
	Severity      string
	SeverityLabel string

	// When are the labels that a failure must have to be sent: under each key one
	// of the values, or any value if "*" is one of them. Unless are the labels
	// that it must not have: one is enough to exclude it. The case of keys does
	// not matter. Values are no patterns, and one such as "data-*" is an error. By
	// default, all failures are sent.
	When, Unless map[string][]string

	// FingerprintLabel is the key of the label by which failures are equal.
	// Failures without it are equal if they have the same job, Go type and first
	// 4 KiB of text. By default, fingerprint.
	FingerprintLabel string

	// DedupWindow is how long failures that equal a sent one are held back. By
	// default, 5m; if negative, none is held back.
	DedupWindow time.Duration

	// DedupKeys is how many different failures are remembered for that, from 1
	// to 1<<20. Of more, the least recent is forgotten and may be sent again
	// early. By default, 10000.
	DedupKeys int

	// RateLimit is how many messages are sent in a minute in the long run, at
	// most 60000. By default, 60; if negative, there is no limit.
	RateLimit int

	// RateBurst is how many of them may be sent at once, from 1 to 60000. By
	// default, 10.
	RateBurst int

	// Timeout bounds one request, from 1ms to 1h. The end of the failure's budget
	// ends it as well; New of package enricher warns if the budget is shorter than
	// this option. By default, 5s.
	Timeout time.Duration

	// Retries is how often a request is tried again, at most 10. By default, 3;
	// if negative, never.
	Retries int

	// RetryDelay is the wait before the first retry, give or take a random half,
	// from 1ms to 5s. It doubles with each retry, up to 5s. By default, 100ms.
	RetryDelay time.Duration

	// MaxText is how many bytes of the error's text are sent, from 16 to 65536.
	// By default, 4096.
	MaxText int

	// NotifiedLabel is the key of a label to set. Its values are Sent, HeldBack,
	// RateLimited and NotMatched. Two instances need two keys. By default, no
	// label is set.
	NotifiedLabel string

	// AllowPrivate permits endpoints that are not on the public Internet. By
	// default, they are rejected.
	AllowPrivate bool

	// Proxy is the URL of a proxy, with the scheme http, https or socks5. It
	// needs AllowPrivate, as the addresses that a proxy connects to cannot be
	// checked. By default, none is used, whatever the environment says.
	Proxy Secret

	// Redact is called with every text of a failure before it is sent, and with
	// labels and attributes as key=value. It returns what to send. It must be
	// safe for concurrent use; if it panics, the text is not sent. By default, it
	// is redact.Text. For use in code only.
	Redact func(text string) string `mapstructure:"-"`

	// TLS configures secure connections; it is cloned. By default, it is as in
	// package net/http. For use in code only.
	TLS *tls.Config `mapstructure:"-"`
}

// withDefaults returns o with its zero fields set.
func (o Options) withDefaults() Options {
	if o.Body == "" {
		o.Preset = cmp.Or(o.Preset, PresetJSON)
	}
	if o.Preset == PresetPagerDuty && o.URL == (Secret{}) {
		o.URL.Value = pagerDutyURL
	}
	if o.Redact == nil {
		o.Redact = redact.Text
	}
	o.Method = cmp.Or(o.Method, http.MethodPost)
	o.ContentType = cmp.Or(o.ContentType, "application/json")
	if o.Preset == PresetPagerDuty {
		o.Severity = cmp.Or(o.Severity, "error")
		o.SeverityLabel = cmp.Or(o.SeverityLabel, "severity")
	}
	o.FingerprintLabel = cmp.Or(o.FingerprintLabel, "fingerprint")
	o.DedupWindow = cmp.Or(o.DedupWindow, 5*time.Minute)
	o.DedupKeys = cmp.Or(o.DedupKeys, 10_000)
	o.RateLimit = cmp.Or(o.RateLimit, 60)
	o.RateBurst = cmp.Or(o.RateBurst, 10)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.Retries = cmp.Or(o.Retries, 3)
	o.RetryDelay = cmp.Or(o.RetryDelay, 100*time.Millisecond)
	o.MaxText = cmp.Or(o.MaxText, 4096)
	return o
}

// A checker collects what is wrong with options.
type checker struct{ errs []error }

// add records an error about an option, unless it is nil.
func (c *checker) add(option string, err error) {
	if err != nil {
		c.errs = append(c.errs, &enricher.ConfigError{Option: option, Err: err})
	}
}

func (c *checker) addf(option, format string, args ...any) {
	c.add(option, fmt.Errorf(format, args...))
}

func (c *checker) oneOf(option, value string, all ...string) {
	if !slices.Contains(all, value) {
		c.addf(option, "%s: must be one of %s", file.Quote(value), strings.Join(all, ", "))
	}
}

// labelKey checks the key of one label.
func (c *checker) labelKey(option, key string) {
	if key == "*" || enricher.CheckKey(key) != nil {
		c.addf(option, "label %q: must be the key of a label", text.Cut(key, 64))
	}
}

// differ records keys, which are sorted, that differ only in case.
func (c *checker) differ(option string, keys []string) {
	given := map[string]string{}
	for _, key := range keys {
		if other, ok := given[strings.ToLower(key)]; ok {
			c.addf(option, "%q and %q are the same key, given twice: the case of keys does not matter, so remove one of them", other, key)
		}
		given[strings.ToLower(key)] = key
	}
}

// between checks a number or a duration.
func between[T int | time.Duration](c *checker, option string, n, least, most T) {
	if n < least || n > most {
		c.addf(option, "%v: must be %v to %v", n, least, most)
	}
}

// atMost checks a number of which a negative one has a meaning.
func (c *checker) atMost(option string, n, most int) {
	if n > most {
		c.addf(option, "%d: must be at most %d", n, most)
	}
}

// checkUnused records the options that have no effect because of another one. It is
// called without defaults.
func (o *Options) checkUnused(c *checker) {
	unused := func(set bool, option, other string) {
		if set {
			c.addf(option, "has no effect if %s is negative: remove one of them", other)
		}
	}
	unused(o.DedupKeys != 0 && o.DedupWindow < 0, "dedup-keys", "dedup-window")
	unused(o.RateBurst != 0 && o.RateLimit < 0, "rate-burst", "rate-limit")
	unused(o.RetryDelay != 0 && o.Retries < 0, "retry-delay", "retries")
}

// check records what is wrong with single options.
func (o *Options) check(c *checker) {
	for _, l := range []struct{ option, key string }{
		{"fingerprint-label", o.FingerprintLabel}, {"severity-label", o.SeverityLabel}, {"notified-label", o.NotifiedLabel},
	} {
		if l.key != "" {
			c.labelKey(l.option, l.key)
		}
	}
	if err := enricher.CheckLabel(o.NotifiedLabel, Sent); err != nil {
		c.addf("notified-label", "label %q: %w", o.NotifiedLabel, err)
	}
	c.oneOf("method", o.Method, http.MethodPost, http.MethodPut, http.MethodPatch)
	switch {
	case o.Preset == PresetPagerDuty:
		c.oneOf("severity", o.Severity, severities...)
	case o.Severity != "":
		c.addf("severity", "must only be set if preset is %s", PresetPagerDuty)
	case o.SeverityLabel != "":
		c.addf("severity-label", "must only be set if preset is %s", PresetPagerDuty)
	}
	switch {
	case o.Body != "" && o.Preset != "":
		c.addf("body", "must not be set together with preset")
	case o.Body == "":
		c.oneOf("preset", o.Preset, PresetJSON, PresetSlack, PresetPagerDuty)
	}
	if (o.Preset == PresetPagerDuty) != (o.RoutingKey != Secret{}) {
		c.addf("routing-key", "must be set if preset is %s, and only then", PresetPagerDuty)
	}
	if o.Proxy != (Secret{}) && !o.AllowPrivate {
		c.addf("proxy", "needs allow-private: the addresses that a proxy connects to cannot be checked")
	}
	between(c, "dedup-keys", o.DedupKeys, 1, 1<<20)
	c.atMost("rate-limit", o.RateLimit, 60_000)
	between(c, "rate-burst", o.RateBurst, 1, 60_000)
	between(c, "timeout", o.Timeout, time.Millisecond, time.Hour)
	c.atMost("retries", o.Retries, 10)
	between(c, "retry-delay", o.RetryDelay, time.Millisecond, maxRetryDelay)
	between(c, "max-text", o.MaxText, 16, 64<<10)
}
