package nearest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/nearest"
)

func ExampleName() {
	fmt.Println(nearest.Name("tiemout", []string{"policy", "strict", "timeout"}))
	// Output: timeout true
}

func TestName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 256)
	tests := []struct {
		sentence string
		name     string
		among    []string
		want     string
	}{
		{"a letter left out is found", "retrys", []string{"retries", "rules"}, "retries"},
		{"a letter too many is found", "timeoutt", []string{"time", "timeout"}, "timeout"},
		{"so it is at the beginning", "xa", []string{"a"}, "a"},
		{"a letter too many of two is found", "ab", []string{"a"}, "a"},
		{"a letter left out of two is found", "a", []string{"ab"}, "ab"},
		{"a letter replaced is found", "rulez", []string{"rules"}, "rules"},
		{"two letters swapped are two replaced", "rulse", []string{"rules"}, "rules"},
		{"the name itself is nearest", "rules", []string{"rule", "rules"}, "rules"},
		{"so it is where it comes first", "rule", []string{"rule", "rules"}, "rule"},
		{"case does not count", "RULEZ", []string{"Rules"}, "Rules"},
		{"characters count, not bytes", "ärger", []string{"ürger"}, "ürger"},
		{"half of the longer one may differ", "abcd", []string{"abxy"}, "abxy"},
		{"half of the longer one may be missing", "rule", []string{"rulebook"}, "rulebook"},
		{"more than half is too far", "abcd", []string{"axyz"}, ""},
		{"two of two are too far", "ab", []string{"xy"}, ""},
		{"so it is with characters left out at the end", "a", []string{"abcd"}, ""},
		{"so it is with characters too many at the beginning", "abcd", []string{"d"}, ""},
		{"the half is rounded down", "abcde", []string{"abxyz"}, ""},
		{"one character may always differ", "a", []string{"b"}, "b"},
		{"no characters are one away from one", "", []string{"ab", "b"}, "b"},
		{"the first in sorted order wins a tie", "cat", []string{"hat", "bat"}, "bat"},
		{"no candidates give no name", "rules", nil, ""},
		{"a name of 256 bytes is looked up", long[1:] + "y", []string{long}, long},
		{"a name of 257 bytes is not", long + "x", []string{long}, ""},
		{"a candidate of 257 bytes is passed over", long, []string{long + "x"}, ""},
		{"those after it are not", "y", []string{long + "x", "z"}, "z"},
		{"bytes that are no text are compared all the same", "a\xffb", []string{"a\xfeb"}, "a\xfeb"},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			got, ok := nearest.Name(tt.name, tt.among)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", ok)
		})
	}
}

func TestCandidatesAreLeftInTheirOrder(t *testing.T) {
	t.Parallel()
	among := []string{"b", "a"}
	_, _ = nearest.Name("a", among)
	assert.Equal(t, []string{"b", "a"}, among)
}

func TestWithin(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 256)
	for _, tt := range []struct {
		edits int
		a, b  string
		want  bool
	}{
		{0, "rules", "RULES", true},
		{0, "rules", "rule", false},
		{1, "rules", "rule", true},
		{1, "rule", "rules", true},
		{1, "rules", "rulse", false},
		{2, "rules", "rulse", true},
		{2, "ärger", "burger", true},
		{2, "rules", "rul", true},
		{2, "rules", "ru", false},
		{1, "", "a", true},
		{1, long, long[1:] + "y", true},
		{256, long + "x", "x", false},
		{256, "x", long + "x", false},
	} {
		assert.Equal(t, tt.want, nearest.Within(tt.edits, tt.a, tt.b), "%d: %q, %q", tt.edits, tt.a, tt.b)
	}
}
