package webhook

import (
	"net/http"

	"github.com/failure-enrichers/enricher"
)

var (
	CheckRedirect = checkRedirect
	RejectPrivate = rejectPrivate
	RetryAfter    = retryAfter
	SlackEscape   = slackEscape
)

// SetTransport makes an enricher of [New] send its requests to t.
func SetTransport(fe enricher.FailureEnricher, t http.RoundTripper) {
	fe.(*poster).endpoint.client.Transport = t
}
