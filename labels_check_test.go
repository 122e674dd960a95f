package enricher_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestCheckLabels(t *testing.T) {
	t.Parallel()
	declared := []string{"a", "b", "c", "d"}
	for _, test := range []struct {
		name   string
		given  enricher.Labels
		want   enricher.Labels
		issues []enricher.LabelIssue
	}{
		{name: "none", given: nil, want: enricher.Labels{}},
		{name: "an empty map", given: enricher.Labels{}, want: enricher.Labels{}},
		{name: "good ones", given: enricher.Labels{"a": "1", "d": "ü ☃"}, want: enricher.Labels{"a": "1", "d": "ü ☃"}},
		{name: "an empty value is a value", given: enricher.Labels{"a": ""}, want: enricher.Labels{"a": ""}},
		{name: "tabs and newlines", given: enricher.Labels{"a": "1\t2\n3", "b": "é\t\n"}, want: enricher.Labels{"a": "1\t2\n3", "b": "é\t\n"}},
		{
			name: "an undeclared key", given: enricher.Labels{"a": "1", "e": "2"}, want: enricher.Labels{"a": "1"},
			issues: []enricher.LabelIssue{{Key: "e", Err: enricher.ErrUndeclaredKey}},
		},
		{
			name: "a key in another case", given: enricher.Labels{"A": "1"}, want: enricher.Labels{},
			issues: []enricher.LabelIssue{{Key: "A", Err: enricher.ErrUndeclaredKey}},
		},
		{
			name: "an empty key", given: enricher.Labels{"": "1"}, want: enricher.Labels{},
			issues: []enricher.LabelIssue{{Key: "", Err: enricher.ErrUndeclaredKey}},
		},
		{
			name: "a key of a kilobyte", given: enricher.Labels{strings.Repeat("é", 512): "1"}, want: enricher.Labels{},
			issues: []enricher.LabelIssue{{Key: strings.Repeat("é", 64), Err: enricher.ErrUndeclaredKey}},
		},
		{
			name: "not UTF-8", given: enricher.Labels{"a": "\xff", "b": "1"}, want: enricher.Labels{"b": "1"},
			issues: []enricher.LabelIssue{{Key: "a", Err: enricher.ErrInvalidValue}},
		},
		{
			name:  "control characters",
			given: enricher.Labels{"a": "1\x002", "b": "\r", "c": "\u0085", "d": "\x7f"}, want: enricher.Labels{},
			issues: []enricher.LabelIssue{
				{Key: "a", Err: enricher.ErrInvalidValue},
				{Key: "b", Err: enricher.ErrInvalidValue},
				{Key: "c", Err: enricher.ErrInvalidValue},
				{Key: "d", Err: enricher.ErrInvalidValue},
			},
		},
		{
			name: "too many", given: enricher.Labels{"d": "4", "b": "2", "a": "1", "c": "3"},
			want:   enricher.Labels{"a": "1", "b": "2", "c": "3"},
			issues: []enricher.LabelIssue{{Key: "d", Err: enricher.ErrTooManyLabels}},
		},
		{
			name: "as many as there may be, as the others are dropped anyway", given: enricher.Labels{"0": "0", "a": "\x00", "b": "2", "c": "3", "d": "4"},
			want: enricher.Labels{"b": "2", "c": "3", "d": "4"},
			issues: []enricher.LabelIssue{
				{Key: "0", Err: enricher.ErrUndeclaredKey}, {Key: "a", Err: enricher.ErrInvalidValue},
			},
		},
		{name: "as long as it may be", given: enricher.Labels{"a": "12345678"}, want: enricher.Labels{"a": "12345678"}},
		{
			name: "too long", given: enricher.Labels{"a": "123456789", "b": "1"}, want: enricher.Labels{"a": "12345678", "b": "1"},
			issues: []enricher.LabelIssue{{Key: "a", Err: enricher.ErrValueTruncated}},
		},
		{
			name: "too long by half a rune", given: enricher.Labels{"a": "1234567é", "b": "☃☃☃"}, want: enricher.Labels{"a": "1234567", "b": "☃☃"},
			issues: []enricher.LabelIssue{{Key: "a", Err: enricher.ErrValueTruncated}, {Key: "b", Err: enricher.ErrValueTruncated}},
		},
		{
			name: "too long, and invalid where it would be cut", given: enricher.Labels{"a": "12345678\xff"}, want: enricher.Labels{},
			issues: []enricher.LabelIssue{{Key: "a", Err: enricher.ErrInvalidValue}},
		},
		{
			name: "everything at once", given: enricher.Labels{"z": "1", "a": "\x00", "b": "123456789", "0": "1", "c": "3", "d": "4"},
			want: enricher.Labels{"b": "12345678", "c": "3", "d": "4"},
			issues: []enricher.LabelIssue{
				{Key: "0", Err: enricher.ErrUndeclaredKey},
				{Key: "a", Err: enricher.ErrInvalidValue},
				{Key: "b", Err: enricher.ErrValueTruncated},
				{Key: "z", Err: enricher.ErrUndeclaredKey},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			given := test.given.Clone()
			e := running(t, enricher.Config{Limits: enricher.Limits{MaxLabels: 3, MaxValueLength: 8}},
				enricher.WithEnricher("e", enricher.Func(declared, answering(given))))
			res := enrichAs(e, enricher.FailureContext{})
			assert.Equal(t, test.want, res.Labels)
			assert.True(t, res.Complete(), "an issue is no failure")
			issues := res.Outcomes[0].Issues
			require.Len(t, issues, len(test.issues))
			for i, want := range test.issues {
				assert.Equal(t, want.Key, issues[i].Key)
				assert.ErrorIs(t, issues[i].Err, want.Err, want.Key)
			}
			assert.Equal(t, test.given, given, "the enricher's map is not changed")
		})
	}
}

func TestCheckLabelsMessages(t *testing.T) {
	t.Parallel()
	e := running(t, enricher.Config{Limits: enricher.Limits{MaxLabels: 2, MaxValueLength: 8}},
		enricher.WithEnricher("e", enricher.Func([]string{"a", "b", "c", "d"},
			answering(enricher.Labels{"a": "\x00", "b": "123456789", "c": "3", "d": "4", "e": "5"}))))
	var text []string
	for _, issue := range enrichAs(e, enricher.FailureContext{}).Outcomes[0].Issues {
		text = append(text, issue.Key+": "+issue.Err.Error())
	}
	assert.Equal(t, []string{
		`a: value must be valid UTF-8 without control characters other than tab and newline`,
		"b: value is too long and was cut: it has 9 bytes, at most 8 are kept",
		"d: too many labels: at most 2 are kept, in ascending order of keys",
		"e: key is not among the enricher's OutputKeys",
	}, text)
}

func TestCheckLabelsKeeps64Issues(t *testing.T) {
	t.Parallel()
	flood := enricher.Labels{"x": "kept"}
	var want []string
	for i := range 5000 {
		key := fmt.Sprintf("flood-%04d", i)
		flood[key] = "1"
		if len(want) < 64 {
			want = append(want, key)
		}
	}
	e := running(t, enricher.Config{}, with("a", "x", answering(flood)))
	res := enrichAs(e, enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{"x": "kept"}, res.Labels)
	var keys []string
	for _, issue := range res.Outcomes[0].Issues {
		keys = append(keys, issue.Key)
	}
	assert.Equal(t, want, keys)
}

func TestCheckLabelsDefaultLimits(t *testing.T) {
	t.Parallel()
	var keys []string
	many := enricher.Labels{}
	for i := range 100 {
		key := fmt.Sprintf("key-%03d", i)
		keys = append(keys, key)
		many[key] = strings.Repeat("é", 1000)
	}
	e := running(t, enricher.Config{}, enricher.WithEnricher("a", enricher.Func(keys, answering(many))))
	res := enrichAs(e, enricher.FailureContext{})
	require.Equal(t, keys[:64], res.Labels.Keys())
	for _, value := range res.Labels {
		assert.Equal(t, strings.Repeat("é", 512), value)
	}
	assert.Len(t, res.Outcomes[0].Issues, 64)
}

func FuzzLabelIsKeptOrReported(f *testing.F) {
	f.Add("x", "value")
	f.Add("undeclared", "value")
	f.Add("x", "\xff")
	f.Add("x", strings.Repeat("☃", 400))
	f.Fuzz(func(t *testing.T, key, value string) {
		e := running(t, enricher.Config{}, with("a", "x", answering(enricher.Labels{key: value})))
		res := enrichAs(e, enricher.FailureContext{})
		kept, ok := res.Labels["x"]
		assert.Equal(t, ok, len(res.Labels) == 1)
		assert.True(t, utf8.ValidString(kept))
		assert.LessOrEqual(t, len(kept), enricher.DefaultMaxValueLength)
		assert.True(t, strings.HasPrefix(value, kept))
		whole := ok && kept == value
		assert.Equal(t, whole, len(res.Outcomes[0].Issues) == 0)
	})
}

func TestCheckLabelsCutsKeysOfIssues(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key  string
		want int
	}{
		"as long as it may be":              {strings.Repeat("x", 128), 128},
		"too long":                          {strings.Repeat("x", 129), 128},
		"too long by half a rune":           {strings.Repeat("x", 127) + "é", 127},
		"too long by three quarters of one": {strings.Repeat("x", 127) + "😀", 127},
		"not UTF-8 where it is cut":         {strings.Repeat("x", 125) + strings.Repeat("\x80", 4), 128},
		"not UTF-8 after its first byte":    {"x" + strings.Repeat("\x80", 128), 128},
		"not UTF-8 at all":                  {strings.Repeat("\x80", 129), 128},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := running(t, enricher.Config{}, with("a", "x", answering(enricher.Labels{test.key: "1"})))
			assert.Equal(t, []enricher.LabelIssue{{Key: test.key[:test.want], Err: enricher.ErrUndeclaredKey}},
				enrichAs(e, enricher.FailureContext{}).Outcomes[0].Issues)
		})
	}
}

func TestCheckLabelsChecksEveryByte(t *testing.T) {
	t.Parallel()
	var value string
	e := running(t, enricher.Config{}, with("e", "a",
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"a": value}, nil
		}))
	good := func(r rune) bool { return r == '\t' || r == '\n' || !unicode.IsControl(r) }
	for _, beside := range []byte("\x00\x1f 0~\x7f\x80\xff") {
		for c := range 0x100 {
			for _, pair := range [][]byte{{byte(c), beside}, {beside, byte(c)}} {
				for _, at := range []int{0, 3, 6} { // of eight
					value = "000000"[:at] + string(pair) + "000000"[at:]
					want := enricher.Labels{}
					if utf8.ValidString(value) && !strings.ContainsFunc(value, func(r rune) bool { return !good(r) }) {
						want["a"] = value
					}
					require.Equal(t, want, enrichAs(e, enricher.FailureContext{}).Labels, "%q", value)
				}
			}
		}
	}
}

func TestCheckLabelsChecksTheLastByte(t *testing.T) {
	t.Parallel()
	var value string
	e := running(t, enricher.Config{}, enricher.WithEnricher("e", enricher.Func([]string{"a"},
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"a": value}, nil
		})))
	for _, size := range []int{1, 7, 8, 9, 15, 16, 17} { // eight are checked at a time
		for at := range size {
			for c := range 0x100 {
				plain := []byte(" ~Az09 ~Az09 ~Az09 ~")[:size]
				plain[at] = byte(c)
				value = string(plain)
				res := enrichAs(e, enricher.FailureContext{})
				if c >= ' ' && c < 0x7f || c == '\t' || c == '\n' {
					require.Equal(t, enricher.Labels{"a": value}, res.Labels, "%q", value)
				} else {
					require.Empty(t, res.Labels, "%q", value)
					require.Len(t, res.Outcomes[0].Issues, 1, "%q", value)
				}
			}
		}
	}
}

func TestCheckLabel(t *testing.T) {
	t.Parallel()
	const boolean, wait = `: must be "true" or "false"`, `: must be a duration such as "30s", or a number of seconds such as "30"`
	for key, c := range map[string]struct {
		good, bad []string
		want      string
	}{
		enricher.KeyJobCannotRestart: {[]string{"true", "false"}, []string{"", "no", "yes", "TRUE", " true", "1"}, boolean},
		enricher.KeyAttemptCounts:    {[]string{"true", "false"}, []string{"", "no"}, boolean},
		enricher.KeyExpected:         {[]string{"true", "false"}, []string{"", "yes"}, boolean},
		enricher.KeyRetryAfter:       {[]string{"30s", "30", "0", "1h30m"}, []string{"", "soon", "-1s", "-5", "1d", "30 s"}, wait},
		"job_cannot_restart":         {[]string{"no", ""}, nil, ""},
	} {
		for _, value := range c.good {
			assert.NoError(t, enricher.CheckLabel(key, value), "%s=%s", key, value)
		}
		for _, value := range c.bad {
			assert.EqualError(t, enricher.CheckLabel(key, value), fmt.Sprintf("%q", value)+c.want)
		}
	}
	assert.EqualError(t, enricher.CheckLabel(enricher.KeyExpected, strings.Repeat("é", 99)), `"`+strings.Repeat("é", 64)+`"`+boolean)
}
