package output_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/output"
)

func TestTellingReturnsTheLastLines(t *testing.T) {
	t.Parallel()
	assert.Empty(t, output.Telling("", 3))
	assert.Equal(t, "b\nc", output.Telling("a\nb\nc\n", 2))
	assert.Equal(t, "Error: a", output.Telling("x.js:1\n^\n\nError: a\nb\n    at c\n\nNode.js v20.0.0\n", 1))
	assert.Equal(t, "b", output.Telling("a\n"+strings.Repeat("x", output.Max)+"\nb", 1), "of a long one")
}

func FuzzTelling(f *testing.F) {
	f.Add("a\r\nb\n\n c\npanic: d\n", 2)
	f.Add("x.js:1\n^\n\nError: a\n    at c {\n  [cause]: d\n}\n\nNode.js v20.0.0\n", 3)
	f.Add("^\nNode.js v", 1)
	f.Fuzz(func(t *testing.T, written string, n int) {
		n = 1 + max(n, -n)%16
		told := output.Telling(written, n)
		if told == "" {
			return
		}
		lines := strings.Split(told, "\n")
		if len(lines) > n {
			t.Fatalf("%d lines, not %d", len(lines), n)
		}
		for _, line := range lines {
			if line == "" || !strings.Contains(written, line) {
				t.Fatalf("%q is no line of it", line)
			}
		}
	})
}
