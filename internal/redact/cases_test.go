package redact_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/redact"
)

// A caseSet has texts with secrets, of which Keep must be left, and texts without.
// In all of them § stands for nothing and ‵ for a backtick: the secrets are made up, and
// scanners of secrets must not find them here. Hard ones have no form to go by.
type caseSet struct {
	Secrets []struct {
		Kind, Text    string
		Secrets, Keep []string
		Hard          bool
	}
	Harmless []struct{ Kind, Text string }
}

// TestTextOfCases prints what docs/judgments.md shows.
func TestTextOfCases(t *testing.T) {
	for _, most := range []struct { // percent
		name            string
		leaked, damaged int
	}{
		{"public", 8, 5},
		{"vendors", 4, 1},
		{"forms", 4, 1},
		{"mixed", 8, 1},
		{"reported", 8, 1},
		{"services", 5, 1},
		{"ordinary", 5, 1},
	} {
		name := most.name
		file, err := os.ReadFile("testdata/" + name + ".json")
		require.NoError(t, err)
		var set caseSet
		require.NoError(t, json.Unmarshal([]byte(strings.NewReplacer("§", "", "‵", "`").Replace(string(file))), &set))

		hard, leaked, lost, damaged := 0, 0, 0, 0
		for _, c := range set.Secrets {
			redacted := redact.Text(c.Text)
			assert.Equal(t, redacted, redact.Text(redacted), "what is redacted stays as it is")
			if c.Hard {
				hard++
				continue
			}
			if containsAny(redacted, c.Secrets) {
				leaked++
				t.Logf("%s: leaked: %s", c.Kind, redacted)
			}
			for _, keep := range c.Keep {
				if !strings.Contains(redacted, keep) {
					lost++
					t.Logf("%s: lost %q: %s", c.Kind, keep, redacted)
				}
			}
		}
		for _, c := range set.Harmless {
			if redacted := redact.Text(c.Text); redacted != c.Text {
				damaged++
				t.Logf("%s: damaged: %s", c.Kind, redacted)
			}
		}
		secrets, harmless := len(set.Secrets)-hard, len(set.Harmless)
		t.Logf("%s: %d of %d texts leaked, %d lost a part; %d of %d harmless texts damaged", name, leaked, secrets, lost, damaged, harmless)
		assert.LessOrEqual(t, leaked*100, secrets*most.leaked, "leaked")
		assert.LessOrEqual(t, lost*100, secrets*most.damaged, "lost")
		assert.LessOrEqual(t, damaged*100, harmless*most.damaged, "damaged")
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
