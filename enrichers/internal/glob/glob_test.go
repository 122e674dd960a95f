package glob_test

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/internal/glob"
)

func ExamplePattern_Match() {
	p, err := glob.Compile("import-*-[0-9]?")
	fmt.Println(p.Match("import-customers-07"), p.Match("import-customers-7"), err)
	// Output: true false <nil>
}

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		yes, no []string
	}{
		{"", []string{""}, []string{"a", " "}},
		{"abc", []string{"abc"}, []string{"", "ab", "abcd", "xabc", "ABC"}},
		{"*", []string{"", "a", "a/b", "a\nb", "\xff"}, nil},
		{"**", []string{"", "a", "ab"}, nil},
		{"a*", []string{"a", "ab", "a/b/c"}, []string{"", "ba"}},
		{"*a", []string{"a", "ba", "aa"}, []string{"", "ab"}},
		{"a*a", []string{"aa", "aba", "aaa"}, []string{"a", "ab", "aab"}},
		{"a*b*c", []string{"abc", "a1b2c", "abbcc", "abcbc"}, []string{"acb", "ac", "abcd"}},
		{"*ab*ab*", []string{"abab", "xabyabz", "aabab"}, []string{"ab", "aba", "abba"}},
		{"*b*b", []string{"bb", "bab"}, []string{"b", "ab"}},
		{"?", []string{"a", "ü", "世", "/", "\n", "\xff"}, []string{"", "ab"}},
		{"a?c", []string{"abc", "aüc", "a\xffc"}, []string{"ac", "abbc"}},
		{"*?", []string{"a", "ab", "aü"}, []string{""}},
		{"?*?", []string{"ab", "abc", "世界"}, []string{"a", ""}},
		{"*?b*", []string{"ab", "bb", "xxab"}, []string{"b", "ba", ""}},
		{"*[0-9]", []string{"7", "job7"}, []string{"job", "7job", ""}},
		{"[abc]", []string{"a", "b", "c"}, []string{"d", "ab", ""}},
		{"[a-cx]", []string{"a", "b", "c", "x"}, []string{"d", "-"}},
		{"[!a-c]", []string{"d", "ü", "\xff"}, []string{"a", "b", "c", "", "dd"}},
		{"[^a-c]", []string{"d", "!"}, []string{"a", "^a"}},
		{"[a-]", []string{"a", "-"}, []string{"b"}},
		{"[-a]", []string{"a", "-"}, []string{"b"}},
		{"[ä-ü]", []string{"ä", "ö", "ü"}, []string{"a", "ÿ", "\xc3"}},
		{`[\]\\\-]`, []string{"]", `\`, "-"}, []string{"[", "a"}},
		{`\*`, []string{"*"}, []string{"", "a", `\*`}},
		{`\a\?\[`, []string{"a?["}, []string{"ab["}},
		{"a]", []string{"a]"}, []string{"a"}},
		{"\uFFFD", []string{"\uFFFD"}, []string{"\xff"}},
		{"[\uFFFD]", []string{"\uFFFD"}, []string{"\xff"}},
		{"[!\uFFFD]", []string{"\xff", "a"}, []string{"\uFFFD"}},
		{"*ü", []string{"ü", "\xffü"}, []string{"\xbc", "u"}},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			t.Parallel()
			p, err := glob.Compile(tt.pattern)
			require.NoError(t, err)
			assert.Equal(t, tt.pattern, p.String())
			for _, s := range tt.yes {
				assert.True(t, p.Match(s), "%q", s)
			}
			for _, s := range tt.no {
				assert.False(t, p.Match(s), "%q", s)
			}
		})
	}
}

func TestMatchLooksAtTheBeginningOfALongText(t *testing.T) {
	t.Parallel()
	p, err := glob.Compile("a*b")
	require.NoError(t, err)
	long := "a" + strings.Repeat("x", glob.MaxText-2)
	assert.True(t, p.Match(long+"b"))
	assert.True(t, p.Match(long+"bc"))
	assert.False(t, p.Match(long+"cb"))
}

func TestCompileRejectsMalformedPatterns(t *testing.T) {
	t.Parallel()
	const (
		malformed = `must have a character after each backslash, and a "]" and at least one character after each "["; ` +
			`write "\\" and "\[" for the characters themselves`
		ascending = `must have ascending ranges, such as "[a-z]"`
	)
	for pattern, want := range map[string]string{
		"[":      `pattern "[": ` + malformed,
		"a[]":    `pattern "a[]": ` + malformed,
		"ü*[!":   `pattern "ü*[!": ` + malformed,
		"[!]":    `pattern "[!]": ` + malformed,
		"[a":     `pattern "[a": ` + malformed,
		"[a-":    `pattern "[a-": ` + malformed,
		"[z-a]":  `pattern "[z-a]": ` + ascending,
		`a\`:     `pattern "a\\": ` + malformed,
		`[a\`:    `pattern "[a\\": ` + malformed,
		`[a-\`:   `pattern "[a-\\": ` + malformed,
		"a\xffb": `pattern "a\xffb" is not valid UTF-8`,
		tooLong:  `pattern "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... has 1025 bytes: must have at most 1024`,
	} {
		_, err := glob.Compile(pattern)
		assert.EqualError(t, err, want)
	}
	_, err := glob.Compile(tooLong[1:])
	assert.NoError(t, err)
}

var tooLong = strings.Repeat("x", glob.MaxPattern+1)

func TestLiteralsAreOfPatternsWithOneText(t *testing.T) {
	t.Parallel()
	var patterns []*glob.Pattern
	for _, s := range []string{"", "a b", "a*", "a?", "[a]", `\*\[a\\`, "ü"} {
		p, err := glob.Compile(s)
		require.NoError(t, err)
		patterns = append(patterns, p)
	}
	assert.Equal(t, []string{"", "a b", `*[a\`, "ü"}, glob.Literals(patterns...))
}

func TestDisjoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p, q string
		want bool
	}{
		{"a", "b", true},
		{"a", "a", false},
		{"ab", "a*", false},
		{"ba", "a*", true},
		{"a*", "b*", true},
		{"a*", "ab*", false},
		{"*a", "*b", true},
		{"*a", "*ba", false},
		{"*a", "a*", false},
		{"[ab]c", "*d", true},
		{"[ab]c", "[cd]c", false}, // which their beginnings and ends do not say
		{`a\**`, "a*b*", false},
		{"", "a*", true},
		{"*", "", false},
	} {
		p, err := glob.Compile(c.p)
		require.NoError(t, err)
		q, err := glob.Compile(c.q)
		require.NoError(t, err)
		assert.Equal(t, c.want, glob.Disjoint(p, q), "%s %s", c.p, c.q)
		assert.Equal(t, c.want, glob.Disjoint(q, p), "%s %s", c.q, c.p)
	}
}

// FuzzMatch compares with path.Match where both mean the same: in texts without a
// slash, and patterns without "!" and "-" in classes.
func FuzzMatch(f *testing.F) {
	f.Add("*a?[^b-d]*", "xaüy")
	f.Add(`\*[\]]*`, "*]")
	f.Add("*ab*ab*?", "abaabab")
	f.Add("[a", "")
	f.Add("?*\uFFFD", "\xff\xc3\uFFFD")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		p, err := glob.Compile(pattern)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Equal(t, pattern, p.String())
		got := p.Match(s)
		want, err := path.Match(pattern, s)
		if err != nil || strings.Contains(pattern, "[!") || strings.Contains(s, "/") || !utf8.ValidString(s) ||
			strings.ContainsAny(pattern+s, "\U0010FFFF") || strings.Contains(pattern, "-") {
			return
		}
		require.Equal(t, want, got, "%q", s)
	})
}
