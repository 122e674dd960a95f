package normalize_test

import (
	"bufio"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
)

func TestTextReplacesWhatVaries(t *testing.T) {
	t.Parallel()
	// Two lines for each case: a text and what becomes of it.
	f, err := os.Open("testdata/normalize.txt")
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	cases := 0
	for lines.Scan() {
		text := lines.Text()
		if text == "" || strings.HasPrefix(text, "# ") {
			continue
		}
		require.True(t, lines.Scan(), "no second line for %q", text)
		assert.Equal(t, strings.TrimPrefix(lines.Text(), "    "), normalize.Text(text), "of %q", text)
		cases++
	}
	require.NoError(t, lines.Err())
	assert.Greater(t, cases, 100)
}

func TestTextFoldsSpace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "",
		" \t\r\n\x00\u2028\u00a0":      "",
		"  a \n\tb\x1b[0m  ":           "a b",
		"\xd2\x1b[31m\xba\x1b[0m job":  "\uFFFD job", // bytes that are no character together
		"a\u0085b\u3000c":              "a b c",
		"\xff\xfe":                     "\ufffd",
		"a\xff\xfe\ufffd\xfdb":         "a\ufffdb",
		"\xc3":                         "\ufffd",
		"plain text stays as it is.":   "plain text stays as it is.",
		"read 3\x00rows\xff of 5 rows": "read <num> rows\ufffd of <num> rows",
	} {
		assert.Equal(t, want, normalize.Text(text), "of %q", text)
	}
}

func TestCutIsBetweenCharactersAndPlaceholders(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<num> abcde":           "<num> abcde",
		"abcdefghijklmnop":      "abcdefghijklmnop",
		"abcdefghijklmnopq":     "abcdefghijklm…",
		"abcdefghijklmöpqrs":    "abcdefghijklm…",
		"abcdefghijklöopqrs":    "abcdefghijkl…",
		"abcdefghijk <num> opq": "abcdefghijk …",
		"abcdefg <num> opqrstu": "abcdefg <num>…",
		"abcdefghi < jklmno":    "abcdefghi < j…",
	} {
		assert.Equal(t, want, normalize.Cut(text, 16), "of %q", text)
	}
}

// fragments are what the scanner has a rule for, and the beginnings of it.
var fragments = strings.Fields(`
	a A x 0 1 7 12 123 2024 99999 123456 v2 v1 s3 h2 x509 5xx 0x1f 0x deadbeef01 a1b2c3 7d4b9c6f5 worker12 st th ms s 5s 1h 10MB 10K
	- + . , : ; / \ \\ = | ( ) [ ] { } < > @ # % & ? ! _ ~ :: :// ' " ` + "`" + ` “ ” „ ‘ ’ « » \" \' é 第 ٣ µ µs ’s "http:// "s3://a
	<num> <str> <path> <time> <hex> <addr> </ <num num> status code error HTTP HTTP/1.1 SQLSTATE exit Jan Mon May UTC GMT T Z m=+ -0700 +07:00
	15:04:05 15:04 .999 2006-01-02 2006/01/02 20060102T150405Z 10.0.0.1 fe80::1 ::1 :80 /24 00:1a:2b: 123e4567-e89b-12d3-a456-426614174000
	seconds MB kb 9:08 AM p.m. PT1M5S P vmss00006u -bskll - web-5d9b8b766c org- cus_ NffrFeUfNV2Hib V1StGXR8_Z5jdHi6B-myT k9Mtd2gDcgG VALUES values
	{"error": "code": reason msg= desc constraint exec: object: Key )= 'O''B' &a=b ?x= \"x\" C:\a b\c.txt: main-BX3kq9_Z.js open 1f 8b A_B_C cannot 404 503 Gateway
	décembre 2025 January GMT-0800 (A Time) [A/b] 31.12.2024 is named rc.1 returned with data close WinError 0x80070005 value » ‹ 《 》 1st er de
	http:// https://h file:/// jdbc: C:\ c:/ ./ ../ ~/ /a a/b .go .csv a@b.co b.co @b.c eftixk72aD6Ap51TnqcoF8eFidJG9Z42 e+06 1e9 1e`)

func TestTextTwiceIsTextOnce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var b strings.Builder
		for range 1 + random.IntN(9) {
			b.WriteString(fragments[random.IntN(len(fragments))])
			if random.IntN(3) == 0 {
				b.WriteByte(' ')
			}
		}
		once := normalize.Text(b.String())
		require.Equal(t, once, normalize.Text(once), "of %q", b.String())
	}
}

func TestTextKeepsTheCodeOfASMTPReplyTwice(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{
		"535 5.7.8 Bad credentials", "550 5.1.1 <a@example.com>: no such person", "421 4.7.0 try later", "send: 552 5.2.2 over quota",
	} {
		once := normalize.Text(reply)
		assert.Equal(t, once, normalize.Text(once), reply)
	}
}

// A scanner that takes quadratic time would take hours.
func TestTextIsLinear(t *testing.T) {
	t.Parallel()
	for _, fragment := range fragments {
		for _, separator := range []string{"", " ", "/", "-", "'a "} {
			text := strings.Repeat(fragment+separator, 500)
			assert.LessOrEqual(t, len(normalize.Text(text)), 6*len(text))
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range fragments {
		f.Add(seed + " " + seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := normalize.Text(text)
		if !utf8.ValidString(once) || strings.ContainsFunc(once, unicode.IsControl) {
			t.Fatalf("Text(%q) = %q, which no label can have", text, once)
		}
		if len(once) > 6*len(text) {
			t.Fatalf("Text(%q) = %q: %d bytes of %d", text, once, len(once), len(text))
		}
		// That twice is once is not promised for texts like those that are found here.
		normalize.Text(once)
	})
}
