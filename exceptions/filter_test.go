package exceptions_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestParseFilter(t *testing.T) {
	t.Parallel()
	labels := enricher.Labels{
		"type": "SYSTEM", "team": "", "url": "http://x:80/", "reason": "no disk, no hope", "quote": `say "hi"`,
		`"q`: "1", "!bang": "2", "a:b": "3", "c,d": "4", " e ": " f ", "path": `C:\new`, "back": `x\`, "name": "Zoë",
	}
	for filter, want := range map[string]bool{
		"":                               true,
		" , ,":                           true,
		"type:SYSTEM":                    true,
		"type:USER":                      false,
		"type:system":                    false,
		"type":                           true,
		"none":                           false,
		"!none":                          true,
		"!type":                          false,
		"!type:SYSTEM":                   false,
		"!none:x":                        true,
		"team:":                          true,
		"type:":                          false,
		"url:http://x:80/":               true,
		`reason:"no disk, no hope"`:      true,
		"reason:no disk, no hope":        false,
		`quote:say "hi"`:                 true,
		`quote:"say \"hi\""`:             true,
		`type:"SYSTEM"`:                  true,
		`!"type"`:                        false,
		`team:""`:                        true,
		`"\"q":1`:                        true,
		`"!bang":2`:                      true,
		`!!bang:2`:                       false,
		`"a:b":3`:                        true,
		"a:b:3":                          false,
		`"c,d":4`:                        true,
		`" e ":" f "`:                    true,
		" type : SYSTEM , team ":         true,
		`path:C:\new`:                    true,
		`path:"C:\new"`:                  true,
		`path:"C:\\new"`:                 true,
		`back:"x\\"`:                     true,
		`back:x\`:                        true,
		"name:Zoë":                       true,
		"type:SYSTEM,team:,!none,type:x": false,
	} {
		f, err := exceptions.ParseFilter(filter)
		require.NoError(t, err, filter)
		assert.Equal(t, want, f.Match(labels), filter)
		again, err := exceptions.ParseFilter(f.String())
		require.NoError(t, err, filter)
		assert.Equal(t, f, again, "%s became %s", filter, f)
	}
}

func TestParseFilterRejects(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]string{
		":value":      "missing label key",
		"!":           "missing label key",
		`"":x`:        "missing label key",
		`a:"b`:        "missing closing quote",
		`a:"b\"`:      "missing closing quote",
		`a:"b"c`:      "text after a closing quote",
		`"a"b:c`:      "text after a closing quote",
		`x:y, a:"b"c`: "text after a closing quote",
	} {
		_, err := exceptions.ParseFilter(filter)
		require.Error(t, err, filter)
		assert.ErrorContains(t, err, want, filter)
		assert.ErrorContains(t, err, "must be key:value, key, !key:value or !key", filter)
	}
}

func TestParseFilterBoundsTheConditions(t *testing.T) {
	t.Parallel()
	_, err := exceptions.ParseFilter(strings.Repeat("a,", 128))
	require.NoError(t, err)
	_, err = exceptions.ParseFilter(strings.Repeat("a,", 64), strings.Repeat("a,", 65))
	require.EqualError(t, err, "more than 128 conditions")
}

func TestMatchLabelsTakesAnyCharacters(t *testing.T) {
	t.Parallel()
	labels := enricher.Labels{`a"b\`: `,:"!\`, "c:d": " x ", "!e": "", `"f`: `"`}
	f := exceptions.MatchLabels(labels)
	assert.True(t, f.Match(labels))
	assert.False(t, f.Match(enricher.Labels{"c:d": " x "}))
	again, err := exceptions.ParseFilter(f.String())
	require.NoError(t, err)
	assert.Equal(t, f, again)
	assert.True(t, exceptions.MatchLabels(nil).IsZero())
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{"", "a:b", "!a", `a:"b,\"c"`, `"a:b":c,!"!d"`, "a:b:c,", ` "`, "\u00a0a:\u0085", `a:"\\"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := exceptions.ParseFilter(text)
		if err != nil {
			require.True(t, filter.IsZero())
			return
		}
		again, err := exceptions.ParseFilter(filter.String())
		require.NoError(t, err, "%q became %q", text, filter.String())
		require.Equal(t, filter, again, "%q became %q", text, filter.String())
		filter.Match(enricher.Labels{text: text})
	})
}
