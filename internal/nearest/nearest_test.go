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
		{"so it is at the beginning", "xab", []string{"ab"}, "ab"},
		{"a letter too many of two is not", "ab", []string{"a"}, ""},
		{"a letter left out of two is not", "a", []string{"ab"}, ""},
		{"a letter replaced is found", "rulez", []string{"rules"}, "rules"},
		{"two letters swapped are found", "rulse", []string{"rules"}, "rules"},
		{"they are one mistake", "failure-enrichres", []string{"failure-enricher", "failure-enrichers"}, "failure-enrichers"},
		{"so they are at the beginning and at the end", "urlse", []string{"rules"}, "rules"},
		{"the name itself is nearest", "rules", []string{"rule", "rules"}, "rules"},
		{"so it is where it comes first", "rule", []string{"rule", "rules"}, "rule"},
		{"case does not count", "RULEZ", []string{"Rules"}, "Rules"},
		{"characters count, not bytes", "ärger", []string{"ürger"}, "ürger"},
		{"half of the longer one is too far", "abcd", []string{"abxy"}, ""},
		{"so it is where it is missing", "rule", []string{"rulebook"}, ""},
		{"less than half of the longer one may differ", "abcde", []string{"abcxy"}, "abcxy"},
		{"less than half of the longer one may be missing", "rules", []string{"rulebooks"}, "rulebooks"},
		{"one of two is too far", "ab", []string{"ax"}, ""},
		{"one of three may differ", "abc", []string{"abx"}, "abx"},
		{"so it is with characters left out at the end", "a", []string{"abcd"}, ""},
		{"so it is with characters too many at the beginning", "abcd", []string{"d"}, ""},
		{"more than half is too far", "abcde", []string{"abxyz"}, ""},
		{"the only character may not differ", "a", []string{"b"}, ""},
		{"no characters are near nothing", "", []string{"ab", "b"}, ""},
		{"but themselves", "A", []string{"b", "a"}, "a"},
		{"the first in sorted order wins a tie", "cat", []string{"hat", "bat"}, "bat"},
		{"no candidates give no name", "rules", nil, ""},
		{"a name of 256 bytes is looked up", long[1:] + "y", []string{long}, long},
		{"a name of 257 bytes is not", long + "x", []string{long}, ""},
		{"those after it are not", "rulez", []string{long + "x", "rules"}, "rules"},
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
		{0, "rules", "rulse", false},
		{1, "rules", "rulse", true},
		{1, "rules", "urlse", false},
		{2, "rules", "urlse", true},
		{2, "ca", "abc", false}, // swapped, they would be touched twice
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
