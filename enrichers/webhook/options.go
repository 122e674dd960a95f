package webhook

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"

	"github.com/failure-enrichers/enricher/redact"
)

// Options say what is posted where, of which failures, and how often. Only URL
// has to be set. In a configuration the names are in kebab case: dedup-window.
type Options struct {
	// URL is the endpoint: absolute, http or https. User and password in it
	// become a header of basic authentication. By default, that of the
	// preset, if it has one: pagerduty.
	URL Secret

	// Method is POST, PUT or PATCH. By default, POST.
	Method string

	// Preset is a form of the body: PresetJSON, PresetSlack or
	// PresetPagerDuty. By default, PresetJSON.
	Preset string

	// Body is a text/template of the body, in place of a preset. Its data is a
	// [Message]. The function json makes JSON of any value: quotes are part of
	// it, so none belong around it. A body has at most 256 KiB.
	Body string

	// ContentType is the media type of the body. By default, application/json.
	ContentType string

	// Headers are added to each request.
	Headers map[string]Secret

	// RoutingKey is the integration key that the preset pagerduty needs.
	RoutingKey Secret

	// Severity is that of a PagerDuty event: critical, error, warning or info.
	// A label under SeverityLabel with one of these values has precedence. By
	// default, error and severity.
	Severity      string
	SeverityLabel string

	// When are the labels that a failure must have to be sent: under every key
	// one of the values, or any where "*" is among them. Unless are those that
	// it must not have: a single one is enough not to send it. Where there is
	// no label under a key, one that differs from it in case only counts. By
	// default, all failures are sent.
	When, Unless map[string][]string

	// FingerprintLabel is the key of the label by which failures are equal.
	// Without such a label those are that have the job, the Go type and the
	// first 4 KiB of the text in common. By default, fingerprint.
	FingerprintLabel string

	// DedupWindow is how long failures that equal one that was sent are held
	// back. By default, 5m; negative: none is.
	DedupWindow time.Duration

	// DedupKeys is how many different failures are remembered for that, at most
	// 1<<20. Of more, the oldest is forgotten and may be sent again early. By
	// default, 10000.
	DedupKeys int

	// RateLimit is how many messages are sent in a minute in the long run, at
	// most 60000. By default, 60; negative: any number.
	RateLimit int

	// RateBurst is how many of them may be sent at once, at most 60000. By
	// default, 10.
	RateBurst int

	// Timeout is that of one request. By default, 5s. All together have as
	// long as the enricher has.
	Timeout time.Duration

	// Retries is how often a request is tried again, at most 10. By default, 3;
	// negative: never.
	Retries int

	// RetryDelay bounds the random wait before the first retry. The bound
	// doubles with each, up to 5s. By default, 100ms.
	RetryDelay time.Duration

	// MaxText is how many bytes of the error's text are sent, from 16 to
	// 65536. By default, 4096.
	MaxText int

	// NotifiedLabel is the key of a label to set: its values are Sent,
	// HeldBack, RateLimited and NotMatched. Two instances that set it need two
	// keys. By default, none is set.
	NotifiedLabel string

	// AllowPrivate permits endpoints that are not on the public Internet. By
	// default, they are refused.
	AllowPrivate bool

	// Proxy is the URL of a proxy, with the scheme http, https or socks5. It
	// needs AllowPrivate: a proxy looks up names itself, so that nobody can
	// tell what it connects to. By default, there is none, whatever the
	// environment says.
	Proxy Secret

	// Redact is called with every text of a failure before it is sent, and with
	// labels and attributes as key=value, and returns what to send.
	// It is called from several goroutines at once; where it panics, the text
	// is not sent. By default, it is exceptions.Redact. For use in code only.
	Redact func(text string) string `mapstructure:"-"`

	// Logger is told when messages are not sent because there are too many, at
	// most once a second. By default, nobody is; an enricher that is configured
	// has the logger of the service.
	Logger *slog.Logger `mapstructure:"-"`

	// TLS is how connections are secured; it is cloned. By default, as package
	// net/http does it. For use in code only.
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
	o.Severity = cmp.Or(o.Severity, "error")
	o.SeverityLabel = cmp.Or(o.SeverityLabel, "severity")
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
