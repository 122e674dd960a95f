package enrichertest_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// documented returns the names of the checks in the package comment, ascending.
func documented(t *testing.T) (names []string) {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, match := range regexp.MustCompile(`(?m)^//   - ([a-z-]+): `).FindAllSubmatch(doc, -1) {
		names = append(names, string(match[1]))
	}
	slices.Sort(names)
	return names
}
