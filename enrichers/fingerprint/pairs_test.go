package fingerprint_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
)

// A pair is two texts out of public bug reports that an engineer on call would count
// as the same failure or as two. In the texts, § stands for nothing and ‵ for a
// backquote.
type pair struct {
	ID, Kind, A, B, Source string
	Same                   bool
	Arguable               bool // reasonable people may differ
}

// TestPairs prints what is judged wrong: go test -v -run Pairs.
func TestPairs(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"pairs.json", "reported.json", "more.json", "ordinary.json"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			testPairs(t, "testdata/"+file)
		})
	}
}

func testPairs(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var pairs []pair
	require.NoError(t, json.Unmarshal([]byte(strings.NewReplacer("§", "", "‵", "`").Replace(string(data))), &pairs))
	var total, apart, together, arguable int
	kinds := map[string]int{}
	for _, p := range pairs {
		if fingerprint.Of(errors.New(p.A)) == fingerprint.Of(errors.New(p.B)) == p.Same {
			total += 1 - count(p.Arguable)
			continue
		}
		t.Logf("%s (%s), same: %t, arguable: %t\n\t%.300s\n\t%.300s", p.ID, p.Kind, p.Same, p.Arguable,
			fingerprint.Normalize(p.A), fingerprint.Normalize(p.B))
		if p.Arguable {
			arguable++
			continue
		}
		total++
		kinds[p.Kind]++
		apart += count(p.Same)
		together += count(!p.Same)
	}
	t.Logf("%d pairs, %d wrongly apart, %d wrongly together; %d arguable ones wrong", total, apart, together, arguable)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%3d %s", kinds[kind], kind)
	}
	assert.LessOrEqual(t, apart+together, total*8/100)
	assert.Zero(t, kinds["ordinary"])
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
