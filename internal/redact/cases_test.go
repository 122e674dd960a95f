package redact_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/redact"
)

// A caseSet has texts with secrets, of which Keep must be left, and texts without.
// In all of them § stands for nothing and ‵ for a backtick: the secrets are made up, and
// scanners of secrets must not find them here. Hard ones have no form to go by. Known ones
// leak, or lose what must be left.
type caseSet struct {
	Secrets []struct {
		Kind, Text    string
		Secrets, Keep []string
		Hard, Known   bool
	}
	Harmless []struct{ Kind, Text string }
}

// TestTextOfCases prints what docs/judgments.md shows.
func TestTextOfCases(t *testing.T) {
	for _, name := range []string{"public", "vendors", "forms", "mixed", "reported", "services", "ordinary"} {
		file, err := os.ReadFile("testdata/" + name + ".json")
		require.NoError(t, err)
		var set caseSet
		require.NoError(t, json.Unmarshal([]byte(strings.NewReplacer("§", "", "‵", "`").Replace(string(file))), &set))

		hard, leaked, lost := 0, 0, 0
		for _, c := range set.Secrets {
			redacted := redact.Text(c.Text)
			assert.Equal(t, redacted, redact.Text(redacted), "what is redacted stays as it is")
			if c.Hard {
				hard++
				continue
			}
			leaks := containsAny(redacted, c.Secrets)
			loses := slices.ContainsFunc(c.Keep, func(keep string) bool { return !strings.Contains(redacted, keep) })
			if leaks {
				leaked++
			}
			if loses {
				lost++
			}
			switch wrong := leaks || loses; {
			case wrong && c.Known:
				t.Logf("known, %s: %s", c.Kind, redacted)
			case wrong:
				t.Errorf("%s, %s: %s\nmust not have any of %q, and must have all of %q", name, c.Kind, redacted, c.Secrets, c.Keep)
			case c.Known:
				t.Errorf("%s, %s: not Known any more: %s", name, c.Kind, redacted)
			}
		}
		for _, c := range set.Harmless {
			assert.Equal(t, c.Text, redact.Text(c.Text), c.Kind)
		}
		secrets, harmless := len(set.Secrets)-hard, len(set.Harmless)
		t.Logf("%s: %d of %d texts leaked, %d lost a part; %d harmless texts", name, leaked, secrets, lost, harmless)
	}
}

func containsAny(s string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
