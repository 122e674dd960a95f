package redact

import "strings"

// A place is a part of the path of a host's URLs that a secret follows.
type place struct{ host, path string }

// places are those of webhooks and the like whose secret has no other form:
// hooks.slack.com/services/T0/B0/secret.
var places = []place{
	{"hooks.slack.com", "/services/"},
	{"hooks.slack.com", "/workflows/"},
	{"hooks.slack.com", "/triggers/"},
	{"discord.com", "/webhooks/"},
	{"discordapp.com", "/webhooks/"},
	{"api.telegram.org", "/bot"},
	{"webhook.office.com", "/webhookb2/"},
	{"outlook.office.com", "/webhook/"},
	{"hooks.zapier.com", "/catch/"},
	{"maker.ifttt.com", "/key/"},
	{"chat.googleapis.com", "/spaces/"},
	{"sentry.io", "/api/hooks/"},
	{"events.pagerduty.com", "/integration/"},
	{"alert.victorops.com", "/alert/"},
	{"hc-ping.com", "/"},
	{"nosnch.in", "/"},
	{"cronitor.link", "/p/"},
	{"uptime.betterstack.com", "/heartbeat/"},
	{"grafana.net", "/integrations/v1/"},
	{"loggly.com", "/inputs/"},
	{"sumologic.com", "/http/"},
	{"infura.io", "/v3/"},
	{"alchemy.com", "/v2/"},
	{"api.vercel.com", "/deploy/"},
	{"api.day.app", "/"},
	{"sctapi.ftqq.com", "/"},
	{"webexapis.com", "/incoming/"},
}

// redactPlaces masks the secrets in the paths of webhooks.
func redactPlaces(s string) string { return each(s, "/", redactPlace) }

// redactPlace masks the secret in the path at i if the word before is a host in places,
// or has "hook" in it. It returns where to continue.
func redactPlace(e *edit, i int) int {
	s := e.src
	word, _ := wordBefore(s, e.done, i)
	if word == "" {
		return i + 1
	}
	to := -1
	if strings.IndexByte(word, '.') >= 0 {
		for _, p := range places {
			if !strings.HasSuffix(word, p.host) {
				continue
			}
			to = pathEnd(s, i)
			if n := strings.Index(s[i:to], p.path); n >= 0 {
				e.mask(i+n+len(p.path), to)
				return to
			}
		}
	}
	if to >= 0 {
		return to
	}
	if !hasHook(word) && !hasSuffixOf(word, links) {
		return i + 1
	}
	// Any other service: the parts of the path that look random.
	for to = i; to < len(s) && s[to] == '/'; {
		from := to + 1
		for to = from; to < len(s) && s[to] != '/' && isPath(s[to]); to++ {
		}
		if end := strings.TrimRight(s[from:to], ".:"); len(end) >= 16 && isMixed(end) && (strings.Count(end, "-") == 0 || len(end) >= 32) {
			e.mask(from, from+len(end))
		}
	}
	return to
}

// links are the ends of words in paths that the secret of a link in a mail follows.
var links = []string{"reset-password", "password-reset", "reset_password", "magic-link", "verify-email", "confirm-email", "accept-invite"}

// hasHook reports whether word is that of a webhook: hooks, webhooks, hook.example.com.
func hasHook(word string) bool {
	for i := 0; i+len("hook") <= len(word); i++ {
		if word[i]|0x20 == 'h' && strings.EqualFold(word[i:i+len("hook")], "hook") {
			return true
		}
	}
	return false
}

// pathEnd returns where the path of a URL that begins at i ends.
func pathEnd(s string, i int) int {
	to := i
	for to < len(s) && isPath(s[to]) {
		to++
	}
	for to > i && strings.IndexByte(".:", s[to-1]) >= 0 {
		to--
	}
	return to
}

func isPath(c byte) bool { return isWord(c) || strings.IndexByte("/:@%~+", c) >= 0 }
