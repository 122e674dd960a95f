package decode_test

import (
	"fmt"
	"log/slog"
	"math/big"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
)

func ExampleInto() {
	options := struct {
		MaxRestarts int8
		Timeout     time.Duration
		Ignore      []string
	}{
		Timeout: time.Second,
	}
	fmt.Println(decode.Into(map[string]any{"max-restarts": "5", "ignore": "a, b"}, &options))
	fmt.Println(options)
	fmt.Println(decode.Into(map[string]any{"max-restarts": 300, "tiemout": "2s"}, &options))
	// Output:
	// <nil>
	// {5 1s [a b]}
	// option "max-restarts": 300: must be an integer of 8 bits
	// option "tiemout": unknown, did you mean "timeout"? known options: ignore, max-restarts, timeout
}

type m = map[string]any

type rule struct {
	Match *regexp.Regexp
	Type  string
	Tags  map[string]string
}

type options struct {
	File    string
	Rules   []rule
	Headers map[string]string
	Nested  struct {
		Limit  int
		Levels []int
	}
	Pointer *rule
	Since   time.Time
	Any     any
}

func TestIntoReplacesTheDefaultOfAMapOrList(t *testing.T) {
	t.Parallel()
	type item struct{ A, B int }
	type defaults struct {
		Map     map[string]int
		Structs map[string]item
		List    []item
		Long    []int
		Any     any
		Kept    map[string]int
	}
	got := defaults{
		Map:     map[string]int{"a": 1},
		Structs: map[string]item{"x": {1, 2}},
		List:    []item{{1, 2}, {3, 4}},
		Long:    []int{1, 2, 3},
		Any:     m{"a": 1},
		Kept:    map[string]int{"a": 1},
	}
	require.NoError(t, decode.Into(m{
		"map":     m{"b": 2},
		"structs": m{"x": m{"a": 5}},
		"list":    []any{m{"a": 5}},
		"long":    "7",
		"any":     m{"b": 2},
	}, &got))
	assert.Equal(t, defaults{
		Map:     map[string]int{"b": 2},
		Structs: map[string]item{"x": {A: 5}},
		List:    []item{{A: 5}},
		Long:    []int{7},
		Any:     m{"b": 2},
		Kept:    map[string]int{"a": 1},
	}, got)

	require.NoError(t, decode.Into(m{"map": m{}, "long": ""}, &got))
	assert.Equal(t, map[string]int{}, got.Map)
	assert.Equal(t, []int{}, got.Long)

	whole := map[string]time.Duration{"a": 1}
	require.NoError(t, decode.Into(m{"b": "1s"}, &whole))
	assert.Equal(t, map[string]time.Duration{"b": time.Second}, whole)
}

func TestIntoDecodesAStructOverItsDefault(t *testing.T) {
	t.Parallel()
	var got options
	got.Nested.Limit = 1
	got.Nested.Levels = []int{1}
	shared := &rule{Type: "user", Tags: map[string]string{"a": "b"}}
	got.Pointer = shared
	require.NoError(t, decode.Into(m{"nested": m{"levels": []any{2}}, "pointer": m{"match": "x"}}, &got))
	assert.Equal(t, 1, got.Nested.Limit)
	assert.Equal(t, []int{2}, got.Nested.Levels)
	assert.Equal(t, "user", got.Pointer.Type)
	assert.Equal(t, "x", got.Pointer.Match.String())
	assert.Nil(t, shared.Match, "the default may be shared")
}

func TestIntoKeepsTheDefaultForNil(t *testing.T) {
	t.Parallel()
	def := rule{regexp.MustCompile("x"), "user", map[string]string{"a": "b"}}
	for _, null := range []any{nil, (*string)(nil), m(nil), []any(nil)} {
		got := def
		require.NoError(t, decode.Into(m{"match": null, "type": null, "tags": null}, &got), "%T", null)
		assert.Equal(t, def, got, "%T", null)
	}
	got := def
	require.NoError(t, decode.Into(nil, &got))
	assert.Equal(t, def, got)
}

func TestIntoSharesNothingWithItsInput(t *testing.T) {
	t.Parallel()
	build := func() m {
		return m{
			"any":     m{"list": []any{1}},
			"rules":   []rule{{Tags: map[string]string{"a": "b"}}},
			"headers": map[string]string{"a": "b"},
			"pointer": &rule{Tags: map[string]string{"a": "b"}},
		}
	}
	raw := build()
	var got options
	require.NoError(t, decode.Into(raw, &got))
	assert.Equal(t, raw["any"], got.Any)
	assert.Equal(t, raw["rules"], got.Rules)

	got.Any.(m)["list"].([]any)[0] = 2
	got.Rules[0].Tags["a"] = "c"
	got.Headers["a"] = "c"
	got.Pointer.Tags["a"] = "c"
	got.Pointer.Type = "user"
	assert.Equal(t, build(), raw)
}

func TestIntoLeavesTheTargetAsItWasAfterAFailure(t *testing.T) {
	t.Parallel()
	build := func() *options {
		return &options{File: "f", Pointer: &rule{Type: "user"}, Headers: map[string]string{"a": "b"}}
	}
	got := build()
	require.Error(t, decode.Into(m{"file": "g", "pointer": m{"type": "system", "match": "("}, "headers": m{"c": "d"}}, got))
	assert.Equal(t, build(), got)
}

func TestIntoTakesValuesMadeInCode(t *testing.T) {
	t.Parallel()
	own := regexp.MustCompile("own")
	day := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	var got struct {
		Struct   rule
		Rules    []*rule
		ByNumber map[int]string
		Stringer fmt.Stringer
		Func     func() int
		Any      any
		Own      *regexp.Regexp
		Until    time.Time
	}
	require.NoError(t, decode.Into(m{
		"struct":    rule{Type: "user"},
		"rules":     []*rule{{Type: "system"}},
		"by-number": map[int]string{1: "a"},
		"stringer":  time.Second,
		"func":      func() int { return 5 },
		"any":       map[any]any{"a": map[any]any{"b": 1}, "c": nil},
		"own":       own,
		"until":     day,
	}, &got))
	assert.Equal(t, rule{Type: "user"}, got.Struct)
	assert.Equal(t, []*rule{{Type: "system"}}, got.Rules)
	assert.Equal(t, map[int]string{1: "a"}, got.ByNumber)
	assert.Equal(t, time.Second, got.Stringer)
	assert.Equal(t, 5, got.Func())
	assert.Equal(t, m{"a": m{"b": 1}, "c": nil}, got.Any)
	assert.Same(t, own, got.Own)
	assert.Equal(t, day, got.Until)
}

func TestIntoLetsATextUnmarshalerReadStrings(t *testing.T) {
	t.Parallel()
	global, number := regexp.MustCompile("global"), big.NewInt(1<<40)
	got := struct {
		Pattern  *regexp.Regexp
		Patterns []*regexp.Regexp
		Number   big.Int
		ByTime   map[time.Time]int
		Matchers []matcher
		Level    slog.Level
	}{Pattern: global, Number: *number}
	require.NoError(t, decode.Into(m{
		"pattern":  "^a",
		"patterns": "a, b",
		"number":   "5",
		"by-time":  m{"2024-05-01T00:00:00Z": 1},
		"matchers": []any{"short", m{"glob": "long"}},
		"level":    "warn",
	}, &got))
	assert.Equal(t, "^a", got.Pattern.String())
	assert.Equal(t, "global", global.String(), "the default is not written to")
	assert.Equal(t, "b", got.Patterns[1].String())
	assert.Equal(t, "5", got.Number.String())
	assert.Equal(t, int64(1<<40), number.Int64(), "the default is not written to")
	assert.Equal(t, map[time.Time]int{time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC): 1}, got.ByTime)
	assert.Equal(t, []matcher{{"short"}, {"long"}}, got.Matchers)
	assert.Equal(t, slog.LevelWarn, got.Level)
}

// A matcher has a short form and a long one.
type matcher struct{ Glob string }

func (m *matcher) UnmarshalText(text []byte) error {
	m.Glob = string(text)
	return nil
}

func TestIntoTakesAListOfPairsForAMap(t *testing.T) {
	t.Parallel()
	var got struct {
		Types  map[string]code
		When   map[string][]string
		Labels map[string]string
		Counts map[int]int
	}
	require.NoError(t, decode.Into(m{
		"types":  []any{m{"match": "*shop.StockError", "is": "ab"}, m{"match": "A", "is": "cd"}},
		"when":   []any{m{"key": "JOB_CANNOT_RESTART", "value": "true, yes"}, map[any]any{"key": "type", "value": []any{"USER"}}},
		"labels": []any{},
		"counts": []any{m{"key": "1", "value": 2}},
	}, &got))
	assert.Equal(t, map[string]code{"*shop.StockError": {'a', 'b'}, "A": {'c', 'd'}}, got.Types)
	assert.Equal(t, map[string][]string{"JOB_CANNOT_RESTART": {"true", "yes"}, "type": {"USER"}}, got.When)
	assert.Equal(t, map[string]string{}, got.Labels)
	assert.Equal(t, map[int]int{1: 2}, got.Counts)
}

func TestIntoTakesAKeyThatALoaderHasSplitAtItsDots(t *testing.T) {
	t.Parallel()
	var got struct {
		Types map[string]string
		When  map[string][]string
		Data  m
	}
	require.NoError(t, decode.Into(m{
		"types": m{"*shop": m{"stockerror": "a", "b": m{"c": "d"}}, "e": "f"},
		"when":  m{"team": m{"name": "x, y"}},
		"data":  m{"a": m{"b": 1}},
	}, &got))
	assert.Equal(t, map[string]string{"*shop.stockerror": "a", "*shop.b.c": "d", "e": "f"}, got.Types)
	assert.Equal(t, map[string][]string{"team.name": {"x", "y"}}, got.When)
	assert.Equal(t, m{"a": m{"b": 1}}, got.Data)
}

func TestIntoSaysWhatIsWrongWithAPair(t *testing.T) {
	t.Parallel()
	const form = `must be a pair {match: "...", is: ...} or {key: "...", value: ...}`
	for _, tt := range []struct {
		list []any
		err  string
	}{
		{[]any{"a"}, `option "labels[0]": "a": ` + form},
		{[]any{nil}, `option "labels[0]": null: must have a value, or be removed`},
		{[]any{m{"a": "b"}}, `option "labels[0]": a map: ` + form},
		{[]any{m{"match": "a"}}, `option "labels[0]": a map: ` + form},
		{[]any{m{"is": "b"}}, `option "labels[0]": a map: ` + form},
		{[]any{m{"match": 5, "is": "b"}}, `option "labels[0]": the key of a pair must be a string, in quotes`},
		{[]any{m{"match": "a", "is": "b", "value": "c"}}, `option "labels[0]": a map: ` + form},
		{[]any{m{"match": "a", "is": "b"}, m{"key": "a", "value": "c"}}, `option "labels[1]": "a" is given already: remove one of them`},
		{[]any{m{"match": "a", "is": 5}}, `option "labels.a": 5: must be a string, in quotes`},
		{[]any{m{"key": "db_password", "value": 4711}}, `option "labels.db_password": must be a string, in quotes`},
	} {
		var got struct{ Labels map[string]string }
		assert.EqualError(t, decode.Into(m{"labels": tt.list}, &got), tt.err)
		assert.Nil(t, got.Labels)
	}
}

func TestIntoSaysWhereAnOptionOfAStructBelongs(t *testing.T) {
	t.Parallel()
	var got options
	assert.EqualError(t, decode.Into(m{"Limit": 1}, &got), `option "Limit": belongs under nested, as nested.limit`)
}

func TestIntoReadsPairsWithStructs(t *testing.T) {
	t.Parallel()
	var got struct{ Rules map[string]rule }
	require.NoError(t, decode.Into(m{"rules": []any{m{"key": "A.b", "value": m{"type": "x"}}}}, &got))
	assert.Equal(t, map[string]rule{"A.b": {Type: "x"}}, got.Rules)
	assert.EqualError(t, decode.Into(m{"rules": []any{m{"key": "a", "value": m{"tpye": "x"}}}}, &got),
		`option "rules.a.tpye": unknown, did you mean "type"? known options: match, tags, type`)
}

func TestIntoReportsAMistakeOfTheProgram(t *testing.T) {
	t.Parallel()
	for _, into := range []any{nil, options{}, (*options)(nil), new(int), new(*options), m{}} {
		assert.EqualError(t, decode.Into(nil, into), fmt.Sprintf("decode into %T: must be a pointer to a struct or a map", into))
	}
}
