package redact

import "strings"

// A prefix is how the tokens of a kind begin. At least n of the bytes of a token
// follow, among them a digit.
type prefix struct {
	text string
	n    int
}

// prefixes are those that no other word has. Most are from the providers' patterns for
// scanners of secrets.
var prefixes = []prefix{
	{"ghp_", 20}, {"gho_", 20}, {"ghu_", 20}, {"ghs_", 20}, {"ghr_", 20}, {"github_pat_", 20}, // GitHub
	{"glpat-", 16}, {"gldt-", 16}, {"glrt-", 16}, {"glptt-", 16}, {"glsa_", 20}, // GitLab, Grafana
	{"xoxb-", 10}, {"xoxp-", 10}, {"xoxa-", 10}, {"xoxr-", 10}, {"xoxs-", 10}, {"xoxe-", 10}, {"xapp-", 10}, // Slack
	{"sk-", 20}, {"sk_live_", 10}, {"sk_test_", 10}, {"rk_live_", 10}, {"rk_test_", 10}, {"whsec_", 16}, // OpenAI, Anthropic, Stripe
	{"AIza", 30}, {"ya29.", 16}, {"GOCSPX-", 16}, // Google
	{"hvs.", 20}, {"hvb.", 20}, {"hvr.", 20}, // Vault
	{"npm_", 20}, {"pypi-", 16}, {"rubygems_", 16}, {"dckr_pat_", 16}, {"dckr_oat_", 16}, // registries
	{"SK", 32}, {"SG.", 20}, {"key-", 32}, {"xkeysib-", 20}, // Twilio, SendGrid, Mailgun, Brevo
	{"shpat_", 20}, {"shpca_", 20}, {"shpss_", 20}, {"sq0atp-", 16}, {"sq0csp-", 16}, {"EAAA", 50}, // Shopify, Square
	{"dop_v1_", 20}, {"doo_v1_", 20}, {"dapi", 32}, {"dp.pt.", 20}, {"pul-", 20}, {"tskey-", 16}, // clouds
	{"lin_api_", 20}, {"ntn_", 20}, {"figd_", 20}, {"PMAK-", 20}, {"NRAK-", 16}, {"sntrys_", 20}, {"ATATT", 30}, // tools
	{"hf_", 20}, {"r8_", 20}, {"gsk_", 20}, {"nvapi-", 20}, {"pplx-", 20}, {"xai-", 20}, // models
	{"AGE-SECRET-KEY-", 20}, {"eyJ", 30}, // age, JSON Web Tokens
	{"$2a$", 50}, {"$2b$", 50}, {"$2y$", 50}, {"$argon2", 40}, {"$6$", 40}, {"$5$", 40}, {"$1$", 24}, // hashes of passwords
}

// places are parts of URLs that a secret follows, up to the end of the path.
var places = []string{
	"hooks.slack.com/services/", "hooks.slack.com/workflows/", "discord.com/api/webhooks/", "discordapp.com/api/webhooks/",
	"api.telegram.org/bot", "webhook.office.com/webhookb2/", "hooks.zapier.com/hooks/catch/",
	"chat.googleapis.com/v1/spaces/", "sentry.io/api/hooks/",
}

// byFirst are the prefixes by their first byte.
var byFirst = func() (table [256][]prefix) {
	for _, p := range prefixes {
		table[p.text[0]] = append(table[p.text[0]], p)
	}
	return table
}()

// redactPrefixed masks tokens that are known by how they begin.
func redactPrefixed(s string) string {
	e := edit{src: s}
	for i := 0; i < len(s); i++ {
		if i > 0 && (isLetter(s[i-1]) || isDigit(s[i-1])) {
			continue
		}
		for _, p := range byFirst[s[i]] {
			if !strings.HasPrefix(s[i:], p.text) {
				continue
			}
			from := i + len(p.text)
			to, digit := prefixedEnd(s, from)
			if digit && to-from < p.n {
				continue
			}
			if digit {
				e.mask(from, to)
			}
			i = max(i, to-1) // without a digit, no other prefix helps
			break
		}
	}
	return redactPlaces(e.String())
}

// prefixedEnd returns where the token ends whose rest begins at from, and whether
// there is a digit in it.
func prefixedEnd(s string, from int) (to int, digit bool) {
	for to = from; to < len(s) && (isWord(s[to]) || strings.IndexByte("$/+=,", s[to]) >= 0 && s[from-1] == '$'); to++ {
		digit = digit || isDigit(s[to])
	}
	for to > from && (s[to-1] == '.' || s[to-1] == ',') {
		to--
	}
	return to, digit
}

// redactPlaces masks the secrets in the paths of webhooks.
func redactPlaces(s string) string {
	for _, place := range places {
		e := edit{src: s}
		for i := 0; ; {
			n := strings.Index(s[i:], place)
			if n < 0 {
				break
			}
			i += n + len(place)
			to := i
			for to < len(s) && (isWord(s[to]) || s[to] == '/' || s[to] == ':' || s[to] == '@' || s[to] == '%') {
				to++
			}
			end := to
			for end > i && strings.IndexByte(".:", s[end-1]) >= 0 {
				end--
			}
			e.mask(i, end)
			i = to
		}
		s = e.String()
	}
	return s
}
