// Package webhook is a failure enricher that posts failures, with the labels of
// all other enrichers, to an HTTP endpoint: a chat, a pager, or a service of
// one's own. Importing it registers the enricher "webhook":
//
//	failure-enrichers: [rules, webhook/chat, webhook/pager]
//	failure-enricher:
//	  webhook/chat:
//	    url: {env: SLACK_WEBHOOK_URL}
//	    preset: slack
//	    when: {type: [SYSTEM, DEPENDENCY]}
//	  webhook/pager:
//	    preset: pagerduty
//	    routing-key: {file: /run/secrets/pagerduty}
//	    when: {JOB_CANNOT_RESTART: ["true"]}
//	    unless: {team: [interns]}
//	failure-enrichment:
//	  timeout: 5s
//
// From code, [New] makes one for [enricher.WithEnricher].
//
// # Time
//
// The enricher starts when all others are done, and has what is left of the
// budget: between half a second and a second, where that is by default a second
// and no other enricher waits. That is short for a server on another continent,
// and leaves little room for retries. Set the timeout to some seconds, and report
// failures by EnrichAsync where that is too long to wait. Whatever the settings,
// no wait is begun that would end too late. An endpoint that hangs time and again
// opens the circuit breaker of the enricher, so that it is left alone for a while.
//
// # Options
//
// The fields of [Options] have the details.
//
//	url               the endpoint: a string, {env: NAME} or {file: PATH}; a path
//	                  that is relative is so to the working directory
//	method            POST, PUT or PATCH. By default, POST
//	preset            json, slack or pagerduty. By default, json
//	body              a text/template in place of a preset
//	content-type      by default, application/json
//	headers           by name, each a string, {env: NAME} or {file: PATH}
//	routing-key       for pagerduty: a string, {env: NAME} or {file: PATH}
//	severity          for pagerduty. By default, error
//	severity-label    the label that has precedence. By default, severity
//	when              labels that a failure must have: by key, a list of values
//	unless            labels that it must not have: likewise
//	fingerprint-label by default, fingerprint
//	dedup-window      by default, 5m; negative: no deduplication
//	dedup-keys        by default, 10000
//	rate-limit        messages a minute. By default, 60; negative: no limit
//	rate-burst        messages at once. By default, 10
//	timeout           of one request. By default, 5s
//	retries           by default, 3; negative: none
//	retry-delay       by default, 100ms
//	max-text          bytes of the error's text. By default, 4096
//	notified-label    the key of the label to set. By default, none is
//	allow-private     by default, false
//	proxy             a string, {env: NAME} or {file: PATH}. By default, none
//
// A body of one's own is a template over a [Message]:
//
//	body: |
//	  {"content": {{json (printf "%s: %s" .Title .Error)}}, "owner": {{json .Labels.owner}}}
//
// # Labels
//
// It reads all labels and sets none, or one where notified-label says under
// which key. Its values are
//
//	sent          the endpoint took the message: it answered 2xx
//	held-back     an equal failure was sent not long ago, or is just being sent
//	rate-limited  there were too many messages, or the endpoint asked for a pause
//	not-matched   the failure is not one that when and unless let through
//
// A failure that could not be sent has no label: ProcessFailure returns an
// error, so that its outcome is "failed" or "timed-out" and says why.
//
// # What is guaranteed
//
// Of equal failures one is sent in a dedup-window, however many there are at
// once. The next message says how many were held back since; where none comes,
// [Enricher.Stats] still counts them. Where sending fails, the outcome says so, and
// the next equal failure is sent; those that were held back while it was being sent
// are not sent by themselves. An endpoint that took a message and lost its answer
// may get it again.
//
// A request is tried again after an error of the network, a status of 429 and a
// status of 500 or above, after random waits that double, and not before the time
// in Retry-After. Where that is beyond the budget, nothing is sent until then, or
// for a minute. Any other answer but 2xx is final.
//
// Only http and https are spoken. A connection to an address that is not on the
// public Internet is refused (loopback, private, link-local, shared,
// unique-local, multicast, reserved and so on, also inside of IPv6 addresses),
// when it is made: what a name resolves to at another time does not count. At
// most 3 redirects are followed, to the same host and port, or from http to https
// on it, and only where the body is sent again (307 and 308). Proxies of the
// environment are not used.
//
// URLs, headers and keys show up neither in errors nor in an explanation, which
// have the host only, nor when [Options] are printed. An error quotes at most 256
// bytes of an answer, in which they are masked. In what is sent, what looks like a
// secret is masked as well, as exceptions.Redact does it.
//
// Memory is bounded, whatever failures and endpoints do: texts are cut to
// max-text, names to 256 bytes, labels and attributes to 1 KiB each and 64 and 16
// KiB together, bodies to 256 KiB. A message that was cut says so. 4 KiB of an
// answer are read, within 250 ms after its header.
package webhook
