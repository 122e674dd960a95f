package glob_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

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

func TestTheZeroPatternMatchesNothingButTheEmptyText(t *testing.T) {
	t.Parallel()
	assert.True(t, new(glob.Pattern).Match(""))
	assert.False(t, new(glob.Pattern).Match("a"))
}

func TestOfAnEndlessTextTheBeginningIsLookedAt(t *testing.T) {
	t.Parallel()
	p, err := glob.Compile("a*b")
	require.NoError(t, err)
	long := "a" + strings.Repeat("x", glob.MaxText-2)
	assert.True(t, p.Match(long+"b"))
	assert.True(t, p.Match(long+"bc"))
	assert.False(t, p.Match(long+"cb"))
}

func TestMalformedPatternsAreRefused(t *testing.T) {
	t.Parallel()
	class := `: want "]" after the characters of a class, and at least one of them; a "[" that means itself is written "\["`
	ascends := ": want a range of characters that ascends, such as [a-z]"
	backslash := `: want a character after the backslash; one that means itself is written "\\"`
	tests := map[string]string{
		"[":       `pattern "[": at byte 1` + class,
		"a[]":     `pattern "a[]": at byte 2` + class,
		"ü*[!":    `pattern "ü*[!": at byte 4` + class,
		"[!]":     `pattern "[!]": at byte 1` + class,
		"[a":      `pattern "[a": at byte 1` + class,
		"[a-":     `pattern "[a-": at byte 1` + class,
		"[z-a]":   `pattern "[z-a]": at byte 1` + ascends,
		`a\`:      `pattern "a\\": at byte 2` + backslash,
		`[a\`:     `pattern "[a\\": at byte 1` + backslash,
		`[a-\`:    `pattern "[a-\\": at byte 1` + backslash,
		"a\xffb":  `"a\xffb" is not valid UTF-8`,
		longPlus1: `"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... has 1025 bytes: want a pattern of at most 1024`,
	}
	for pattern, want := range tests {
		_, err := glob.Compile(pattern)
		assert.EqualError(t, err, want)
	}
	_, err := glob.Compile(longPlus1[1:])
	assert.NoError(t, err)
}

var longPlus1 = strings.Repeat("x", glob.MaxPattern+1)

// FuzzMatch compares with the regular expression that means the same.
func FuzzMatch(f *testing.F) {
	f.Add("*a?[!b-d]*", "xaüy")
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
		if strings.ContainsRune(pattern, '\uFFFD') {
			p.Match(s) // to regexp it is any byte that is no character
			return
		}
		require.Equal(t, expression(t, pattern).MatchString(s), p.Match(s), "%q", s)
	})
}

// expression translates a pattern that is well formed.
func expression(t *testing.T, pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch runes[i] {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		case '[':
			b.WriteString("[")
			i++
			if runes[i] == '!' || runes[i] == '^' {
				b.WriteString("^")
				i++
			}
			for ; runes[i] != ']'; i++ {
				lo := hex(runes, &i)
				b.WriteString(lo)
				if i+2 < len(runes) && runes[i+1] == '-' && runes[i+2] != ']' {
					i += 2
					b.WriteString("-" + hex(runes, &i))
				}
			}
			b.WriteString("]")
		default:
			b.WriteString(hex(runes, &i))
		}
	}
	b.WriteString(`\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		t.Skip(err) // too large
	}
	return re
}

func hex(runes []rune, i *int) string {
	if runes[*i] == '\\' {
		*i++
	}
	return fmt.Sprintf(`\x{%x}`, runes[*i])
}

func BenchmarkMatch(b *testing.B) {
	for _, pattern := range []string{"import-*", "*-import-*-daily", "*a?c*e?g*"} {
		p, err := glob.Compile(pattern)
		require.NoError(b, err)
		b.Run(pattern, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Match("customer-import-germany-weekly")
			}
		})
	}
}
