package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/redact"
)

func TestFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                  nil,
		"no stock":                          nil,
		`login: bad password: "s3cr3tPa55"`: {"s3cr3tPa55"},
		`parse "postgres://bob:s3cr3tPa55": invalid port ":s3cr3tPa55" after host`: {"s3cr3tPa55", ":s3cr3tPa55"},
		"password=s3cr3tPa55 token=Zx9kq2Lm8 failed":                               {"s3cr3tPa55", "Zx9kq2Lm8"},
		"password=*** token=Zx9kq2Lm8":                                             {"Zx9kq2Lm8"},
		"password=ab1":                                                             nil, // too short to look for
		"token=abc123def456: 401: abc123def456 expired":                            {"abc123def456", "abc123def456"},
		"password=timeout; dial: timeout":                                          nil, // a word of the sentence
		"Authorization: Bearer Zx9kq2Lm8Zx9kq2Lm8":                                 {"Zx9kq2Lm8Zx9kq2Lm8"},
	} {
		assert.Equal(t, want, redact.Found(text), text)
	}
	assert.Nil(t, redact.Masked("a secret", "withheld"))
	assert.Nil(t, redact.Masked("a secret", "a *** text"))
}

func TestHider(t *testing.T) {
	t.Parallel()
	hide := redact.Hider(redact.Found(`invalid token: Zx9kq2Lm8+A`))
	assert.Equal(t, "*** and ***, password=x", hide("Zx9kq2Lm8+A and Zx9kq2Lm8%2bA, password=x"))
	assert.Equal(t, "password=x", redact.Hider(nil)("password=x"))
}

func FuzzMasked(f *testing.F) {
	f.Add("login: bad password: s3cr3tPa55", "login: bad password: ***")
	f.Add("******a", "***b***")
	f.Fuzz(func(t *testing.T, text, redacted string) {
		for _, value := range redact.Masked(text, redacted) {
			if !strings.Contains(text, value) || strings.Contains(redacted, value) {
				t.Errorf("%q is no value that %q has and %q has not", value, text, redacted)
			}
		}
	})
}

func TestTextMasksASecretThatStandsTwice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"GET https://h/x?token=abc123def456: 401: abc123def456 expired":             "GET https://h/x?token=***: 401: *** expired",
		"exit status 1: curl -u bob:Sup3rS3cret https://h: 401 for bob:Sup3rS3cret": "exit status 1: curl -u bob:*** https://h: 401 for bob:***",
		"password=timeout; dial: timeout":                                           "password=***; dial: timeout",
	} {
		assert.Equal(t, want, redact.Text(text))
	}
}
