package normalize_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
)

const (
	digits    = "0123456789"
	small     = "abcdefghijklmnopqrstuvwxyz"
	capitals  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	base36    = digits + small
	base62    = base36 + capitals
	hex       = digits + "abcdef"
	suffixes  = "bcdfghjklmnpqrstvwxz2456789"
	base32    = capitals + "234567"
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	base57    = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
)

// ids are kinds of random identifiers: in form, every character of the alphabet in
// place of an x, and the rest as it is.
var ids = []struct{ name, form, alphabet string }{
	{"pod of a deployment", "web-xxxxxxxxxx-xxxxx", suffixes},
	{"replica set", "web-xxxxxxxxx", suffixes},
	{"commit, short", "xxxxxxx", hex},
	{"commit, 8", "xxxxxxxx", hex},
	{"container, short", "xxxxxxxxxxxx", hex},
	{"ObjectId", "xxxxxxxxxxxxxxxxxxxxxxxx", hex},
	{"trace", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", hex},
	{"instance", "i-0xxxxxxxxxxxxxxxx", hex},
	{"call", "CAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", hex},
	{"nanoid", "xxxxxxxxxxxxxxxxxxxxx", base62 + "_-"},
	{"nanoid, 8", "xxxxxxxx", base62 + "_-"},
	{"nanoid, 9", "xxxxxxxxx", base62 + "_-"},
	{"nanoid, 10", "xxxxxxxxxx", base62 + "_-"},
	{"nanoid, 12", "xxxxxxxxxxxx", base62 + "_-"},
	{"base32, 8", "xxxxxxxx", base32},
	{"base32, 10", "xxxxxxxxxx", base32},
	{"base32, 8, small", "xxxxxxxx", small + "234567"},
	{"base32, 10, small", "xxxxxxxxxx", small + "234567"},
	{"Crockford, 8", "xxxxxxxx", crockford},
	{"Crockford, 8, small", "xxxxxxxx", strings.ToLower(crockford)},
	{"letters, 8", "xxxxxxxx", small + capitals},
	{"small letters, 8", "xxxxxxxx", small},
	{"small letters, 10", "xxxxxxxxxx", small},
	{"capitals, 8", "xxxxxxxx", capitals},
	{"YouTube", "xxxxxxxxxxx", base62 + "_-"},
	{"Stripe customer", "cus_xxxxxxxxxxxxxx", base62},
	{"Stripe charge", "ch_xxxxxxxxxxxxxxxxxxxxxxxx", base62},
	{"organization", "org-xxxxxxxxxxxxxxxxxxxxxxxx", base62},
	{"shortuuid", "xxxxxxxxxxxxxxxxxxxxxx", base57},
	{"base62, 8", "xxxxxxxx", base62},
	{"base62, 10", "xxxxxxxxxx", base62},
	{"base62, 11", "xxxxxxxxxxx", base62},
	{"base36, 8", "xxxxxxxx", base36},
	{"base36, 9", "xxxxxxxxx", base36},
	{"base36, 10", "xxxxxxxxxx", base36},
	{"base36, 12", "xxxxxxxxxxxx", base36},
	{"base36, 16", "xxxxxxxxxxxxxxxx", base36},
	{"request to Vercel", "fra1::xxxxx-1764480000000-xxxxxxxxxxxx", base36},
	{"completion", "chatcmpl-xxxxxxxxxxxxxxxxxxxxxxxxxxxxx", base62},
	{"base36, 8, caps", "xxxxxxxx", digits + capitals},
	{"base36, 10, caps", "xxxxxxxxxx", digits + capitals},
	{"ULID", "01xxxxxxxxxxxxxxxxxxxxxxxx", crockford},
	{"KSUID", "xxxxxxxxxxxxxxxxxxxxxxxxxxx", base62},
	{"xid", "xxxxxxxxxxxxxxxxxxxx", digits + "abcdefghijklmnopqrstuv"},
	{"cuid", "cjxxxxxxxxxxxxxxxxxxxxxxx", base36},
	{"cuid2", "xxxxxxxxxxxxxxxxxxxxxxxx", base36},
	{"S3 request", "xxxxxxxxxxxxxxxx", digits + capitals},
	{"snowflake", "xxxxxxxxxxxxxxxxxx", digits},
	{"MD5 in base64", "xxxxxxxxxxxxxxxxxxxxxx==", base62 + "+/"},
	{"host of S3", strings.Repeat("x", 75) + "=", base62 + "+/"},
}

func TestRandomIdentifiersOfOneKindAreTheSame(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for _, id := range ids {
		const samples = 10_000
		counts := map[string]int{}
		for range samples {
			text := strings.Map(func(r rune) rune {
				if r == 'x' {
					return rune(id.alphabet[random.IntN(len(id.alphabet))])
				}
				return r
			}, id.form)
			counts[normalize.Text("cannot find "+text+" there")]++
		}
		same := 0.0
		for _, n := range counts {
			same += float64(n) / samples * float64(n) / samples
		}
		t.Logf("%5.2f %% of two differ: %s", 100*(1-same), id.name)
		assert.LessOrEqual(t, 1-same, 0.02, id.name)
	}
}

func TestRandomLettersAreNoWords(t *testing.T) {
	t.Parallel()
	kept := "birthday likelihood rabbitmq Pittsburgh setxattr SIGVTALRM NXDOMAIN SQLERRMC"
	assert.Equal(t, kept+" <num>", normalize.Text(kept+" wqzjkfpx qkxwvjzpth XJQKWZPV"))
}
