package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/redact"
)

func TestCutKeepsNoHalfOfASecret(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ s, want string }{
		{"a b", "a b"},
		{"twenty bytes and more", "twenty bytes and "},
		{"answer: " + long, "answer: xxxxxxxxxxxx"},
		{`answer: {"a":1,"b":["` + long, `answer: {"a":1,"b":[`},
		{"open redis://:hunter2hunter2@h/", "open "},
		{long, long[:20]},
		{"redis://:hunter2hunter2@h/", "redis://:***@h/"},
		{"redis://:hunter2hunter2@h/" + long, "redis://:***@h/xxxxx"},
		{long + "redis://:hunter2hunter2@h/", long[:20]},
	} {
		assert.Equal(t, c.want, redact.Cut(c.s, 20), c.s)
	}
}
