package enricher_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// FuzzParseConfig parses JSON documents. Whatever they hold, ParseConfig does
// not panic, says the same twice, neither changes nor keeps what it is given,
// and names a key in each error.
func FuzzParseConfig(f *testing.F) {
	f.Fuzz(func(t *testing.T, document []byte) {
		decode := func() (raw map[string]any) {
			if json.Unmarshal(document, &raw) != nil {
				t.Skip("no document")
			}
			return raw
		}
		raw := decode()
		cfg, err := enricher.ParseConfig(raw)
		require.Equal(t, decode(), raw, "it is not changed")

		again, errAgain := enricher.ParseConfig(decode())
		require.Equal(t, cfg, again)
		if err != nil {
			require.Equal(t, enricher.Config{}, cfg)
			require.EqualError(t, errAgain, err.Error())
			for _, ce := range configErrorsOf(t, err) {
				require.Error(t, ce.Err)
				require.True(t, ce.Option != "" || hasEmptyKey(raw), "%v", ce)
			}
			return
		}
		require.NoError(t, errAgain)
		spoil(raw)
		require.Equal(t, again, cfg, "it is not kept")

		// New may not like the numbers, but there is nothing that hurts it.
		e, err := enricher.New(cfg, enricher.WithRegistry(enricher.NewRegistry()),
			enricher.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Empty(t, e.Enrichers())
		for _, r := range e.Rejected() {
			require.ErrorIs(t, r.Err, enricher.ErrUnknownEnricher)
			require.Contains(t, cfg.FailureEnrichers, r.Name)
		}
	})
}

// hasEmptyKey reports whether a key at the top is empty: then that is its name.
func hasEmptyKey(raw map[string]any) bool {
	_, ok := raw[""]
	return ok
}

// FuzzLabels has an enricher return labels that are read from data: a byte for
// the length of the key, the key, a byte for the length of the value, the value.
// The bits of declared say which keys the enricher declares. No label is lost in
// silence, and none that is illegal comes out.
func FuzzLabels(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte, declared uint64, maxLabels, maxValueLength uint8) {
		given := enricher.Labels{}
		keys := map[string]bool{} // the declared ones
		for i := 0; len(data) > 0; i++ {
			var key, value string
			key, data = takeString(data)
			value, data = takeString(data)
			given[key] = value
			if declared>>(i%64)&1 == 1 && legalKey(key) {
				keys[key] = true
			}
		}
		fe := enricher.Func(sortedNames(keys), func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return given.Clone(), nil
		})
		limits := enricher.Limits{MaxLabels: int(maxLabels), MaxValueLength: int(maxValueLength)}
		e, err := enricher.New(enricher.Config{Limits: limits},
			enricher.WithEnricher("fuzzed", fe), enricher.WithLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, err)
		require.Empty(t, e.Rejected())
		res := e.EnrichContext(context.Background(), errors.New("failed"), enricher.FailureContext{})
		require.NoError(t, e.Shutdown(context.Background()))
		require.True(t, res.Complete())
		if limits.MaxLabels == 0 {
			limits.MaxLabels = enricher.DefaultMaxLabels
		}
		if limits.MaxValueLength == 0 {
			limits.MaxValueLength = enricher.DefaultMaxValueLength
		}

		// What comes out is legal, declared and what was returned, or its beginning.
		require.LessOrEqual(t, len(res.Labels), limits.MaxLabels)
		for key, value := range res.Labels {
			require.True(t, legalKey(key) && keys[key], "%q", key)
			require.True(t, legalValue(value) && len(value) <= limits.MaxValueLength, "%q", value)
			require.True(t, strings.HasPrefix(given[key], value), "%q", value)
		}

		// An issue says why a label is missing or has changed, and there are no others.
		issues := res.Outcomes[0].Issues
		require.LessOrEqual(t, len(issues), 64)
		require.True(t, slices.IsSortedFunc(issues, func(a, b enricher.LabelIssue) int {
			const uncut = 128 - utf8.UTFMax
			return strings.Compare(a.Key[:min(len(a.Key), uncut)], b.Key[:min(len(b.Key), uncut)])
		}))
		for _, issue := range issues {
			require.LessOrEqual(t, len(issue.Key), 128)
		}
		wrong, kept := 0, 0
		for _, key := range given.Keys() {
			var want error
			value, out := res.Labels[key]
			switch {
			case !keys[key]:
				want = enricher.ErrUndeclaredKey
			case !legalValue(given[key]):
				want = enricher.ErrInvalidValue
			case kept == limits.MaxLabels:
				want = enricher.ErrTooManyLabels
			case len(given[key]) > limits.MaxValueLength:
				want = enricher.ErrValueTruncated
				require.True(t, out, "%q", key)
				require.Greater(t, len(value)+utf8.UTFMax, limits.MaxValueLength, "no more is cut than has to be")
				kept++
			default:
				require.True(t, out, "%q", key)
				require.Equal(t, given[key], value)
				kept++
				continue
			}
			wrong++
			require.Equal(t, errors.Is(want, enricher.ErrValueTruncated), out, "%q", key)
			has := slices.ContainsFunc(issues, func(issue enricher.LabelIssue) bool {
				same := issue.Key == key || len(key) > 128 && strings.HasPrefix(key, issue.Key)
				return same && errors.Is(issue.Err, want)
			})
			behind := len(issues) == 64 && key >= issues[63].Key
			require.True(t, has || behind, "%q is lost: %v", key, issues)
		}
		require.Len(t, issues, min(wrong, 64))
	})
}

// takeString reads a byte n and n bytes, or what there is.
func takeString(data []byte) (s string, rest []byte) {
	if len(data) == 0 {
		return "", nil
	}
	n := min(int(data[0]), len(data)-1)
	return string(data[1 : 1+n]), data[1+n:]
}

func sortedNames(set map[string]bool) []string {
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// legalKey and legalValue are the rules for labels as the documentation has
// them.
func legalKey(key string) bool {
	return len(key) >= 1 && len(key) <= 128 && utf8.ValidString(key) && !strings.ContainsFunc(key, unicode.IsControl)
}

func legalValue(value string) bool {
	return utf8.ValidString(value) && !strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\n'
	})
}

// FuzzName registers and configures names: exactly those are accepted that are
// letters, digits, dots, underscores and dashes, and for a configured one
// perhaps a slash and an instance of the same form.
func FuzzName(f *testing.F) {
	f.Fuzz(func(t *testing.T, name string) {
		r := enricher.NewRegistry()
		err := r.Register(name, giving(setting()))
		if wellFormed(name) {
			require.NoError(t, err)
			require.Equal(t, []string{name}, r.Names())
			require.Error(t, r.Register(name, giving(setting())))
			require.Error(t, r.Register(strings.ToUpper(name), giving(setting())))
		} else {
			require.Error(t, err)
			require.Empty(t, r.Names())
		}

		registered, instance, hasInstance := strings.Cut(name, "/")
		good := wellFormed(registered) && (!hasInstance || wellFormed(instance))
		if hasInstance && wellFormed(registered) {
			require.NoError(t, r.Register(registered, giving(setting())))
		}
		cfg := enricher.Config{
			FailureEnrichers: []string{name},
			Options:          map[string]map[string]any{strings.ToLower(name): {"some": "option"}},
			Strict:           true,
		}
		quiet := enricher.WithLogger(slog.New(slog.DiscardHandler))
		e, err := enricher.New(cfg, enricher.WithRegistry(r), quiet)
		if good {
			require.NoError(t, err)
			require.Equal(t, []string{name}, namesOf(e))
			require.NoError(t, e.Shutdown(context.Background()))
		} else {
			require.ErrorIs(t, err, enricher.ErrUnknownEnricher)
		}

		e, err = enricher.New(enricher.Config{}, enricher.WithEnricher(name, setting()), quiet)
		if good {
			require.NoError(t, err)
			require.Equal(t, []string{name}, namesOf(e))
			require.NoError(t, e.Shutdown(context.Background()))
		} else {
			require.Len(t, configErrorsOf(t, err), 1)
		}

		e, err = enricher.New(enricher.Config{FailureEnrichers: []string{name}}, enricher.WithRegistry(enricher.NewRegistry()), quiet)
		require.NoError(t, err)
		require.Len(t, e.Rejected(), 1)
		assert.ErrorIs(t, e.Rejected()[0].Err, enricher.ErrUnknownEnricher)
		assert.True(t, utf8.ValidString(e.Rejected()[0].Err.Error()), "a message can be printed")
	})
}

// wellFormed reports whether a name can be registered.
func wellFormed(name string) bool {
	for _, c := range []byte(name) {
		letterOrDigit := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letterOrDigit && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return name != ""
}
