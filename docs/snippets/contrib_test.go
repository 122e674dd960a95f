package snippets_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadmesOfContribShowWhatCompiles looks for each line of a Go snippet among those of
// the module's tests, in this order. The tests have more: they check errors.
func TestReadmesOfContribShowWhatCompiles(t *testing.T) {
	readmes, err := filepath.Glob("../../contrib/*/README.md")
	require.NoError(t, err)
	require.Len(t, readmes, 13)
	for _, readme := range readmes {
		tests, err := filepath.Glob(filepath.Join(filepath.Dir(readme), "*_test.go"))
		require.NoError(t, err)
		var compiled []string
		for _, test := range tests {
			compiled = append(compiled, statements(read(t, test))...)
		}
		for _, snippet := range regexp.MustCompile("(?s)```go\n(.*?)```\n").FindAllStringSubmatch(read(t, readme), -1) {
			rest := compiled
			for _, line := range statements(snippet[1]) {
				i := slices.Index(rest, line)
				if !assert.GreaterOrEqual(t, i, 0, "%s: %s", readme, line) {
					break
				}
				rest = rest[i+1:]
			}
		}
	}
}

var comment = regexp.MustCompile(`(^|\s)// .*`)

// statements returns the lines of code without comments and indentation.
func statements(code string) (lines []string) {
	for line := range strings.Lines(code) {
		line = strings.TrimSpace(comment.ReplaceAllString(strings.TrimPrefix(line, "import "), ""))
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
