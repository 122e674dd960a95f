// Package webhook is a failure enricher that posts failures, with the labels of
// all other enrichers, to an HTTP endpoint: a chat, a pager, or a service of your
// own. Importing it registers the enricher "webhook":
//
//	failure-enrichers: [rules, webhook/chat, webhook/pager]
//	failure-enricher:
//	  webhook/chat:
//	    url: {env: SLACK_WEBHOOK_URL}
//	    headers: [{key: Authorization, value: {env: CHAT_TOKEN}}]
//	    preset: slack
//	    when: [{key: type, value: [SYSTEM, DEPENDENCY]}]
//	  webhook/pager:
//	    preset: pagerduty
//	    routing-key: {file: /run/secrets/pagerduty}
//	    when: [{key: JOB_CANNOT_RESTART, value: ["true"]}]
//	    unless: [{key: team, value: [interns]}]
//	failure-enrichment:
//	  timeout: 5s
//
// The options are the fields of [Options]. Instead of lists, maps may be given, such
// as unless: {team: [interns]}, unless the loader changes their keys. In place of a preset, a body can be a
// template over a [Message]:
//
//	body: |
//	  {"content": {{json (printf "%s: %s" .Title .Error)}}, "owner": {{json .Labels.owner}}}
//
// A label that the options or the template name, and that no other enricher sets, is a
// warning when the configuration is loaded. A template names a label by .Labels.owner or
// index .Labels "owner".
//
// # Time
//
// The enricher starts when all others are done, and has what is left of the
// budget. With the default timeout that is between half a second and a second,
// which is short for a distant server and leaves little room for retries. Set the
// timeout to some seconds, and report failures by EnrichAsync if that is too long
// to wait. Adapters of job managers wait, as they need the labels: with them, a
// timeout in the policy of the enricher bounds how long. A wait that would end after
// the budget is not started. The circuit breaker of the enricher opens if requests to
// an endpoint that does not answer use up its time again and again, not if option
// timeout and its retries end before.
//
// # Labels and counts
//
// The enricher reads all labels. It sets one label if option notified-label has a
// key for it, and no label otherwise. The values are
//
//	sent          the endpoint accepted the message: it answered 2xx
//	held-back     an equal failure was sent a short time ago, or is being sent
//	rate-limited  there were too many messages, or the endpoint asked for a pause
//	not-matched   options when and unless exclude the failure
//
// If a failure could not be sent, it has no such label: ProcessFailure returns an
// error, so that its outcome is "failed" or "timed-out" and says why. The enricher
// counts failures by these values, and by "failed".
//
// # What is guaranteed
//
// Of equal failures one is sent in a dedup-window, however many there are at once.
// The next message says how many were held back since then. If sending fails, the
// next equal failure is sent. An endpoint whose answer was lost may get a message
// twice.
//
// A request is tried again after a network error, a status of 429 or a status of
// 500 or above, after random waits that grow, and not before the time in
// Retry-After. If that time is beyond the budget, nothing is sent until then, or
// for a minute at most. Any other answer but 2xx is final.
//
// Only http and https are spoken. A connection to an address that is not on the
// public Internet (loopback, private, link-local, multicast, reserved and so on)
// is rejected when it is made, so that it does not matter what a name resolved to
// before. An endpoint that can only be reached through NAT64 needs allow-private.
// At most 3 redirects are followed, to the same scheme, host and port, and only if
// the body is sent again (307 and 308). Proxies of the environment are not used.
//
// URLs, headers and keys appear neither in errors nor in an explanation, which
// have the host only, nor in printed [Options]. An error quotes at most 256 bytes
// of an answer, with secrets masked, also if it breaks off inside one. Secrets are
// masked in messages as well, as [redact.Text] does it, and so are labels and
// attributes under a key such as password.
//
// What a template makes is checked if its content type is one of JSON. If it is not
// JSON, or a text of the failure has ended a JSON string and added values, nothing is
// sent, and ProcessFailure returns an error. New tries the template with texts that
// must be escaped.
//
// Memory is bounded: texts are cut to max-text, names to 256 bytes, labels and
// attributes to 1 KiB each and to 64 and 16 KiB together, bodies to 256 KiB. A
// message that was cut says so. At most 4 KiB of an answer are read, for 250 ms at
// most.
package webhook
