package decode_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
)

func TestIntoSaysWhatAFieldAccepts(t *testing.T) {
	t.Parallel()
	var into struct {
		Strings  []string
		Bytes    []*byte
		Structs  []rule
		Lists    [][]int
		Map      map[string]int
		ByNumber map[int8]int
		Struct   rule
		Matcher  matcher
		Code     code
		Pattern  *regexp.Regexp
		Stringer fmt.Stringer
		Text     string
		Texts    map[string]string
		Since    time.Time
	}
	for _, tt := range []struct {
		option string
		value  any
		err    string
	}{
		{"strings", 5, `option "strings": 5: must be a list or a comma-separated string, in quotes`},
		{"strings", m{"a": 1}, `option "strings": a map: must be a list or a comma-separated string`},
		{"strings", []any{"a", 5}, `option "strings[1]": 5: must be a string, in quotes`},
		{"bytes", " 1,, 2 ;3", `option "bytes[1]": "2 ;3": must be an integer of 8 bits, 0 or more`},
		{"structs", m{"type": "a"}, `option "structs": a map: must be a list of maps`},
		{"structs", []any{"a"}, `option "structs[0]": "a": must be a map`},
		{"lists", []any{"1,x"}, `option "lists[0][1]": "x": must be an integer of 64 bits`},
		{"map", map[string]any{"match": "a", "is": 1}, `option "map": a single pair: put it into a list, with a - before it`},
		{"map", map[string]any{"key": "a", "value": 1}, `option "map": a single pair: put it into a list, with a - before it`},
		{"map", "a", `option "map": "a": must be a list of pairs {match: "...", is: ...}, or a map`},
		{"map", rule{}, `option "map": a decode_test.rule: must be a list of pairs {match: "...", is: ...}, or a map`},
		{"map", map[any]any{5: 1, "a": 2}, `option "map": 5 as a key: must be a string, in quotes`},
		{"by-number", m{"300": 1}, `option "by-number.300": "300": must be an integer of 8 bits`},
		{"struct", "x", `option "struct": "x": must be a map`},
		{"struct", map[bool]int{true: 1}, `option "struct": a map: must be a map`},
		{"matcher", 5, `option "matcher": 5: must be a string`},
		{"code", 5, `option "code": 5: must be a string`},
		{"code", "abc", `option "code": "abc": not two letters`},
		{"pattern", "(", "option \"pattern\": \"(\": error parsing regexp: missing closing ): `(`"},
		{"since", 5, `option "since": 5: must be a string`},
		{"stringer", "x", `option "stringer": "x": must be a value that only code can give`},
		{"text", func() {}, `option "text": a func(): must be a string`},
		{"strings", []any{"a", nil}, `option "strings[1]": null: must have a value, or be removed`},
		{"structs", []any{m{}, nil}, `option "structs[1]": null: must have a value, or be removed`},
		{"structs", []any{m{"type": (*string)(nil)}}, `option "structs[0].type": null: must have a value, or be removed`},
		{"map", m{"a": nil}, `option "map.a": null: must have a value, or be removed`},
		{"texts", m{"a": m{"b": nil}}, `option "texts.a.b": null: must have a value, or be removed`},
		{"texts", m{"a": m{}}, `option "texts.a": an empty map: must have a value, or be removed`},
		{"texts", m{"a": m{"b": m{}}}, `option "texts.a.b": an empty map: must have a value, or be removed`},
		{"texts", []any{m{"key": "a", "value": m{}}}, `option "texts.a": an empty map: must have a value, or be removed`},
		{"texts", m{"*shop": m{"error": true}}, `option "texts.*shop.error": true: must be a string, in quotes`},
	} {
		assert.EqualError(t, decode.Into(m{tt.option: tt.value}, &into), tt.err)
	}
}

// A code is a list that is read as a whole.
type code [2]byte

func (c *code) UnmarshalText(text []byte) error {
	if copy(c[:], text) != len(text) {
		return errors.New("not two letters")
	}
	return nil
}

func TestIntoReportsAllThatIsWrongByItsPathAsWritten(t *testing.T) {
	t.Parallel()
	raw := m{
		"RULES": []any{
			m{"Match": "("},
			m{"mtach": "x", "tags": m{"x-foo": 1, "y.z": 2, "a[0]": 3}},
		},
		"nested": m{"Levels": "1,a", "limit": 1.5, "le-vels": "3"},
		"fi-le":  5,
		"fi.le":  5,
	}
	for range 10 {
		var got options
		err := decode.Into(raw, &got)
		assert.EqualError(t, err, ""+
			"option \"RULES[0].Match\": \"(\": error parsing regexp: missing closing ): `(`\n"+
			`option "RULES[1].mtach": unknown, did you mean "match"? known options: match, tags, type`+"\n"+
			`option "RULES[1].tags.a[0]": 3: must be a string, in quotes`+"\n"+
			`option "RULES[1].tags.x-foo": 1: must be a string, in quotes`+"\n"+
			`option "RULES[1].tags.y.z": 2: must be a string, in quotes`+"\n"+
			`option "fi-le": 5: must be a string, in quotes`+"\n"+
			`option "fi.le": unknown, did you mean "file"? known options: any, file, headers, nested, pointer, rules, since`+"\n"+
			`option "nested.Levels[1]": "a": must be an integer of 64 bits`+"\n"+
			`option "nested.le-vels": the same option as "Levels": remove one of them`+"\n"+
			`option "nested.limit": 1.5: must be an integer of 64 bits`)
		require.IsType(t, decode.Errors{}, err)
	}
}

func TestIntoCutsALongValueAtACharacter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ value, shown string }{
		{strings.Repeat("a", 64), `"` + strings.Repeat("a", 64) + `"`},
		{strings.Repeat("a", 65), `"` + strings.Repeat("a", 64) + `"`},
		{strings.Repeat("a", 62) + "€", `"` + strings.Repeat("a", 62) + `"`},
		{"postgres://app:" + strings.Repeat("a1", 40) + "@db/shop", `"postgres://app:***@db/shop"`}, // no half of a secret
	} {
		var got struct{ Option int8 }
		assert.EqualError(t, decode.Into(m{"option": tt.value}, &got), `option "option": `+tt.shown+`: must be an integer of 8 bits`)
	}
}

func TestIntoShowsNoSecrets(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"db-password", "clientSecret", "TOKEN", "API_KEY", "headers.x", "routing-key", "tokens"} {
		err := decode.Into(m{key: "hunter2"}, &map[string]time.Duration{})
		assert.EqualError(t, err, `option "`+key+`": must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"`)
		err = decode.Into(m{key: "hunter2("}, &map[string]*regexp.Regexp{})
		assert.EqualError(t, err, `option "`+key+`": not valid; its value is not shown`)
		err = decode.Into(m{key: []any{5}}, &map[string][]bool{})
		assert.EqualError(t, err, `option "`+key+`[0]": must be true or false`)
	}
}

func TestIntoMatchesKeysWithoutRegardToCaseDashesAndUnderscores(t *testing.T) {
	t.Parallel()
	type fields struct {
		MaxRestarts int
		Tagged      int `mapstructure:"other_name,omitempty"`
	}
	for _, key := range []string{"max-restarts", "max_restarts", "maxRestarts", "MaxRestarts", "maxrestarts", "MAX_RESTARTS"} {
		var got fields
		require.NoError(t, decode.Into(m{key: 1}, &got), key)
		assert.Equal(t, fields{MaxRestarts: 1}, got, key)
	}
	for _, key := range []string{"other_name", "other-name", "otherName"} {
		var got fields
		require.NoError(t, decode.Into(m{key: 1}, &got), key)
		assert.Equal(t, fields{Tagged: 1}, got, key)
	}
}

type Base struct{ Name string }

func TestIntoNamesTheKnownOptionsForAnUnknownOne(t *testing.T) {
	t.Parallel()
	var got struct {
		HTTPPort int
		JobID    string
		Base64   bool
		Tagged   int `mapstructure:"other_name"`
		Left     int `mapstructure:"-"`
		hidden   int
		Empty    struct{}
		Base     `mapstructure:",squash"`
	}
	const known = "base64, empty, http-port, job-id, name, other_name"
	for key, err := range map[string]string{
		"HTTP_PROT":      `unknown, did you mean "http-port"? known options: ` + known,
		"othername2":     `unknown, did you mean "other_name"? known options: ` + known,
		"something-else": `unknown; known options: ` + known,
		"hidden":         `unknown; known options: ` + known,
		"left":           `unknown; known options: ` + known,
		"-":              `unknown; known options: ` + known,
		"":               `unknown; known options: ` + known,
	} {
		assert.EqualError(t, decode.Into(m{key: nil}, &got), fmt.Sprintf("option %q: %s", key, err))
	}
	err := decode.Into(m{"empty": m{"a": 1}}, &got)
	assert.EqualError(t, err, `option "empty.a": unknown; known options: none`)
	assert.Zero(t, got.hidden)

	require.NoError(t, decode.Into(m{"name": "x"}, &got))
	assert.Equal(t, "x", got.Name)
}

func TestPlainHasALimitOfValues(t *testing.T) {
	t.Parallel()
	shared := m{"a": 1}
	for range 40 {
		shared = m{"a": shared, "b": []any{shared}}
	}
	_, err := decode.Plain(shared)
	require.ErrorContains(t, err, `": too many values: at most 262144 in all, and one that is in several places counts in each`)
	require.EqualError(t, decode.Check(shared), err.Error())
	wide := m{"a": make([]any, 1<<18)}
	assert.NoError(t, decode.Check(wide), "nil is no value")
}

func TestIntoRejectsAKeyThatIsGivenTwice(t *testing.T) {
	t.Parallel()
	var into struct{ Types map[string]string }
	for _, raw := range []m{
		{"a.b": "x", "a": m{"b": "y"}},
		{"a": m{"b.c": "x", "b": m{"c": "y"}}},
		{"a.b": m{"c": "x"}, "a": m{"b.c": "y"}},
	} {
		for range 10 { // the order of a map is random
			assert.ErrorContains(t, decode.Into(m{"types": raw}, &into), `: given twice, once with its dots as levels: remove one of them`)
		}
	}
}

func TestPlainHasALimitOfDepth(t *testing.T) {
	t.Parallel()
	nest := func(levels int) m {
		inner := m{"a": 1}
		for range levels - 1 {
			inner = m{"a": inner}
		}
		return inner
	}
	got, err := decode.Plain(nest(64))
	require.NoError(t, err)
	assert.Equal(t, nest(64), got)
	tooDeep := `option "a` + strings.Repeat(".a", 64) + `": nested more than 64 levels deep`
	_, err = decode.Plain(nest(65))
	assert.EqualError(t, err, tooDeep)

	// There is a way round the circle at every level: the walk has to stop at the first error.
	circle := m{}
	circle["a"], circle["b"] = circle, circle
	_, err = decode.Plain(circle)
	assert.EqualError(t, err, tooDeep)
	list := []any{nil}
	list[0] = list
	_, err = decode.Plain(m{"a": list})
	assert.EqualError(t, err, `option "a`+strings.Repeat("[0]", 64)+`": nested more than 64 levels deep`)
}
