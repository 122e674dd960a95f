package redact

import "strings"

// A vendor's tokens begin with one of the texts and have from min to max bytes of a
// set behind it. Without a max, these must look random.
type vendor struct {
	texts    string
	min, max int
	set      set
}

// vendors has texts with which no other word begins. The lengths are those that the
// vendors document for scanners of secrets, or less.
var vendors = []vendor{
	// Code and packages.
	{"ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", 20, 0, word},                                                                 // GitHub: ghp_ and 36
	{"glpat- gldt- glrt- glrtr- glptt- glcbt- glft- glimt- glsoat- gloas- glagent- glffct- glwt- GR1348941", 16, 0, word}, // GitLab: glpat- and 20
	{"ATBB ATATT ATCTT", 24, 0, encoded},                                                                                  // Atlassian: ATATT3xFfGF0 and more
	{"CCIPAT_ CCIPRJ_", 20, 0, word},                                                                                      // CircleCI
	{"bkua_ sgp_ sqp_ squ_ sqa_", 32, 0, word},                                                                            // Buildkite, Sourcegraph, SonarQube: sqp_ and 40 digits
	{"npm_ pypi- rubygems_ dckr_pat_ dckr_oat_", 16, 0, word},                                                             // registries: npm_ and 36
	{"cio", 32, 32, mixed}, {"oy2", 43, 43, alnum},                                                                        // crates.io, NuGet
	{"CLOJARS_ AKCp cmVmdGtu", 50, 0, word},                     // Clojars, Artifactory: AKCp and 69
	{"pul- pnu_ PMAK- tskey- lin_api_ lin_oauth_", 16, 0, word}, // Pulumi, Prefect, Postman, Tailscale, Linear
	{"figd_ ntn_ CFPAT-", 20, 0, word},                          // Figma, Notion, Contentful
	{"secret_", 43, 43, mixed},                                  // Notion
	{"pat", 79, 79, mixed | dotted},                             // Airtable: pat, 14, a dot and 64 digits
	{"pat-na1- pat-eu1- tfp_ rdme_ phx_", 36, 0, word},          // HubSpot, Typeform, ReadMe, PostHog

	// Chat and mail.
	{"xoxa- xoxb- xoxc- xoxo- xoxp- xoxr- xoxs- xoxe- xapp-", 10, 0, word}, {"xoxd-", 10, 0, encoded}, // Slack: xoxb-12-34-aB3dE6gH9j
	{"EAA IGQV", 100, 0, word}, {"oauth:", 30, 30, alnum}, // Facebook, Instagram, Twitch
	{"SK key-", 32, 0, word},                          // Twilio and Mailgun: 32 digits
	{"SG. xkeysib- xsmtpsib-", 20, 0, word},           // SendGrid: SG., 22, a dot and 43; Brevo
	{"re_", 33, 33, mixed}, {"dG9rO", 30, 0, encoded}, // Resend, Intercom

	// Payment and shops.
	{"sk_live_ sk_test_ rk_live_ rk_test_ sk_org_", 10, 0, word}, {"whsec_", 16, 0, encoded}, // Stripe: sk_live_ and 24
	{"shpat_ shpca_ shppa_ shpss_ sq0atp- sq0csp-", 16, 0, word}, {"EAAA", 50, 0, word}, // Shopify: shpat_ and 32 digits; Square
	{"access_token$", 40, 0, crypt}, {"access-production- access-sandbox-", 36, 36, uuid}, // Braintree, Plaid
	{"EZAK EZTK duffel_ shippo_ FLWSECK", 40, 0, word}, // EasyPost, Duffel, Shippo, Flutterwave

	// Models.
	{"sk- hf_ r8_ gsk_ nvapi- pplx- xai- tgp_v1_ tvly- api_org_", 20, 0, word}, // OpenAI, Anthropic: sk-ant-api03- and 93; Hugging Face: hf_ and 34
	{"sk_ csk- jina_ pcsk_ lsv2_", 32, 0, word}, {"ABSK", 60, 0, encoded},      // ElevenLabs, Cerebras, Jina, Pinecone, LangSmith, Bedrock

	// Clouds and databases.
	{"AIza", 30, 0, word}, {"ya29. GOCSPX-", 16, 0, word}, {"1//0", 40, 0, word}, // Google: AIza and 35
	{"AKIA ASIA ABIA ACCA DO00", 16, 16, upper}, {"LTAI", 16, 20, mixed}, // AWS, DigitalOcean, Alibaba: an ID of a key
	{"IQoJb3JpZ2lu FwoGZXIvYXdz Atza| Atzr|", 40, 0, encoded}, {"amzn.mws.", 36, 36, uuid}, // AWS and Amazon
	{"dop_v1_ doo_v1_ dor_v1_", 20, 0, word},                             // DigitalOcean: dop_v1_ and 64 digits
	{"dapi", 32, 0, word},                                                // Databricks: dapi and 32 digits
	{"fo1_ fm1_ fm2_", 40, 0, encoded}, {"HRKU- rnd_ nfp_", 24, 0, word}, // Fly.io, Heroku, Render, Netlify
	{"sbp_ sb_secret_ pscale_ napi_ mdb_sa_sk_", 20, 0, word}, {"AVNS_", 14, 0, word}, // Supabase, PlanetScale, Neon, MongoDB, Aiven
	{"sha256~", 43, 43, word}, {"cfut_ cfat_", 40, 0, word}, {"v1.0- sl.", 100, 0, word}, // OpenShift, Cloudflare, Dropbox
	{"00", 40, 40, mixed | dashed}, // Okta

	// Vaults and identity.
	{"hvs. hvb. hvr.", 20, 0, word}, {"s.", 24, 24, mixed}, {"b.AAAA", 60, 0, word}, // Vault: hvs. and 90
	{"ops_", 80, 0, encoded}, {"A3-", 30, 0, word}, {"AGE-SECRET-KEY-", 20, 0, word}, // 1Password, age
	{"dp.pt. dp.st. dp.sa. dp.ct. dp.scim. dp.audit.", 20, 0, word}, // Doppler: dp.pt. and 43
	{"eyJ", 30, 0, word}, // JSON Web Tokens
	{"LS0tLS1CRUdJTiBSU0Eg LS0tLS1CRUdJTiBQUklW LS0tLS1CRUdJTiBFQyBQ LS0tLS1CRUdJTiBPUEVO LS0tLS1CRUdJTiBFTkNS", 4, 0, encoded}, // -----BEGIN RSA P in base 64

	// Operations.
	{"glsa_ sntryu_ hcaik_ hcbik_", 20, 0, word}, {"glc_ sntrys_", 20, 0, encoded}, // Grafana, Sentry, Honeycomb: hcaik_ and 58
	{"NRAK- NRII- NRRA- aio_", 16, 0, word}, {"dt0c01. dt0s01.", 60, 0, word}, // New Relic, Adafruit, Dynatrace

	// Hashes of passwords.
	{"$2a$ $2b$ $2y$ $argon2 $6$ $5$ $y$ $7$ $pbkdf2 $scrypt$", 40, 0, crypt}, {"$1$ $apr1$", 24, 0, crypt}, // $2y$10$ and 53
	{"pbkdf2_sha256$ pbkdf2:sha256: SCRAM-SHA-256$", 40, 0, crypt}, // Django, Werkzeug, PostgreSQL
	{"{SSHA} {SHA}", 27, 0, encoded}, {"md5", 32, 32, hex},         // LDAP, PostgreSQL
}

// byFirst are the vendors by the first byte of a text, each with one text.
var byFirst = func() (table [256][]vendor) {
	for _, v := range vendors {
		for text := range strings.FieldsSeq(v.texts) {
			v.texts = text
			table[text[0]] = append(table[text[0]], v)
		}
	}
	return table
}()

// An infix is within the tokens of a vendor: at least so many bytes of a set are before
// and behind it.
type infix struct {
	text          string
	before, after int
	sets          [2]set
}

var infixes = []infix{
	{".atlasv1.", 14, 60, [2]set{alnum, word}}, // Terraform
	{":AA", 8, 33, [2]set{hex, word}},          // Telegram: the number of a bot, a colon and 35
	{":APA91b", 11, 100, [2]set{word, word}},   // Firebase
	{"-us", 32, 1, [2]set{hex, hex}},           // Mailchimp: 32 digits and -us14
	{"NRAL", 36, 0, [2]set{alnum, alnum}},      // New Relic
	{"Q~", 4, 31, [2]set{alnum, word}},         // Microsoft Entra: 4, Q~ and 34
	{"!AQ", 15, 80, [2]set{alnum, word}},       // Salesforce
	{"T3BlbkFJ", 16, 16, [2]set{word, word}},   // OpenAI
}

// infixesBy are the infixes by their first byte.
var infixesBy = func() (table [256][]infix) {
	for _, x := range infixes {
		table[x.text[0]] = append(table[x.text[0]], x)
	}
	return table
}()

// redactTokens masks tokens that are known by how they begin, or what is in them, and the
// numbers of payment cards.
func redactTokens(s string) string {
	e := edit{src: s}
	for i := 0; i < len(s); i++ {
		if i > 0 && alnum.has(s[i-1]) {
			if len(infixesBy[s[i]]) > 0 {
				i = redactInfix(&e, i)
			}
			continue
		}
		list, start := byFirst[s[i]], i
		for k := range list {
			v := &list[k]
			if i+1 == len(s) || s[i+1] != v.texts[1] || !strings.HasPrefix(s[i:], v.texts) {
				continue
			}
			from := i + len(v.texts)
			to, ok := v.end(s, from)
			if !ok && to-from < v.min {
				continue
			}
			if ok {
				e.mask(from, to)
				if v.set == upper {
					to = redactAWS(&e, to)
				}
			}
			if ok || v.max == 0 {
				i = max(i, to-1) // what does not look random has no other token
				break
			}
		}
		switch c := s[i]; {
		case i > start:
		case 'M' <= c && c <= 'O':
			i = redactThreeParts(&e, i)
		case '2' <= c && c <= '6' && (i == 0 || !isWord(s[i-1])):
			if to := cardEnd(s, i); to > i {
				e.mask(i, to)
				i = to - 1
			}
		}
	}
	return e.String()
}

// end returns where the token ends whose rest begins at from, and whether it is one.
func (v *vendor) end(s string, from int) (to int, ok bool) {
	for to = from; to < len(s) && v.set.has(s[to]) && (v.max == 0 || to-from <= v.max); to++ {
	}
	if v.max > 0 {
		return to, v.min <= to-from && to-from <= v.max && (v.set&mixed == 0 || hasAll(s[from:to]))
	}
	for to > from && (s[to-1] == '.' || s[to-1] == ',') {
		to--
	}
	return to, to-from >= v.min && isRandom(s[from:to])
}

// redactInfix masks the token that has the infix at i. It returns where it ends, or i.
func redactInfix(e *edit, i int) int {
	s := e.src
	list := infixesBy[s[i]]
	for k := range list {
		x := &list[k]
		if i+1 == len(s) || s[i+1] != x.text[1] || !strings.HasPrefix(s[i:], x.text) {
			continue
		}
		from, to := i, i+len(x.text)
		for from > 0 && i-from < maxKey && x.sets[0].has(s[from-1]) {
			from--
		}
		for to < len(s) && x.sets[1].has(s[to]) {
			to++
		}
		if i-from >= x.before && to-i-len(x.text) >= x.after {
			e.mask(from, to)
			return to - 1
		}
	}
	return i
}

// redactAWS masks the secret that follows the ID of a key of AWS at i, which ends at
// i: AKIA...:secret, 'AKIA...','secret'. It returns where the secret ends, or i.
func redactAWS(e *edit, i int) int {
	from := i
	for from < len(e.src) && from-i < len(`\", \"`) && !encoded.has(e.src[from]) {
		from++
	}
	to := from
	for to < len(e.src) && encoded.has(e.src[to]) && to-from <= 40 {
		to++
	}
	if from == i || to-from != 40 || !hasAll(e.src[from:to]) {
		return i
	}
	e.mask(from, to)
	return to
}

// redactThreeParts masks the token of a bot of Discord that begins at i: the number
// of the user in base 64, a dot, 6, a dot and 27 or more. It returns its last byte, or i.
func redactThreeParts(e *edit, i int) int {
	s, from := e.src, i
	for part, size := range [3][2]int{{23, 28}, {6, 7}, {27, 45}} {
		to := from
		for to < len(s) && to-from <= size[1] && (alnum | dashed).has(s[to]) {
			to++
		}
		if to-from < size[0] || to-from > size[1] || part < 2 && (to == len(s) || s[to] != '.') {
			return i
		}
		from = to + 1
	}
	e.mask(i, from-1)
	return from - 2
}

// A set is a set of bytes.
type set uint16

const (
	alnum     set = 1 << iota // letters and digits
	hex                       // digits to the base of 16
	uuid                      // hex and -
	upper                     // capitals and digits
	word                      // alnum and _ - .
	encoded                   // word and + / = %
	crypt                     // what hashes have: encoded and $ , :
	mixed                     // letters of both cases and digits, and each of them occurs
	dotted                    // a dot
	dashed                    // - and _
	separator                 // what may be between a key and its value
)

func (s set) has(c byte) bool { return sets[c]&s != 0 }

var sets = func() (table [256]set) {
	add := func(bytes string, s set) {
		for i := range len(bytes) {
			table[bytes[i]] |= s
		}
	}
	const digits, lower, capitals = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	add(digits+lower+capitals, alnum|word|encoded|crypt|mixed)
	add(digits+"abcdefABCDEF", hex|uuid)
	add(digits+capitals, upper)
	add("_-", word|encoded|crypt|dashed)
	add("-", uuid)
	add(".", word|encoded|crypt|dotted)
	add("+/=%", encoded|crypt)
	add("$,:", crypt)
	add("=:>(%&\\-"+wideColon[:1], separator)
	return table
}()

// hasAll reports whether s has letters of both cases and digits.
func hasAll(s string) bool {
	var found set
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			found |= 1
		case c >= 'a' && c <= 'z':
			found |= 2
		case c >= 'A' && c <= 'Z':
			found |= 4
		}
	}
	return found == 7
}

// isRandom reports whether s has a digit, or letters of both cases in one word.
func isRandom(s string) bool {
	lower, capital, separator := false, false, false
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			return true
		case c >= 'a' && c <= 'z':
			lower = true
		case c >= 'A' && c <= 'Z':
			capital = true
		default:
			separator = true
		}
	}
	return lower && capital && !separator
}
