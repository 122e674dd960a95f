package decode_test

import (
	"fmt"
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
	// option "max-restarts": got the number "300", want an integer from -128 to 127
	// option "tiemout": unknown, did you mean "timeout"? known options: ignore, max-restarts, timeout
}

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

func TestAGivenMapOrListReplacesItsDefault(t *testing.T) {
	t.Parallel()
	type item struct{ A, B int }
	got := struct {
		Map     map[string]int
		Structs map[string]item
		List    []item
		Long    []int
		Array   [2]item
		Any     any
		Emptied []int
		Cleared map[string]int
		Kept    map[string]int
	}{
		Map:     map[string]int{"a": 1},
		Structs: map[string]item{"x": {1, 2}},
		List:    []item{{1, 2}, {3, 4}},
		Long:    []int{1, 2, 3},
		Array:   [2]item{{1, 2}, {3, 4}},
		Any:     map[string]any{"a": 1},
		Emptied: []int{1},
		Cleared: map[string]int{"a": 1},
		Kept:    map[string]int{"a": 1},
	}
	require.NoError(t, decode.Into(map[string]any{
		"map":     map[string]any{"b": 2},
		"structs": map[string]any{"x": map[string]any{"a": 5}},
		"list":    []any{map[string]any{"a": 5}},
		"long":    "7",
		"array":   []any{map[string]any{"a": 5}, map[string]any{"b": 6}},
		"any":     map[string]any{"b": 2},
		"emptied": "",
		"cleared": map[string]any{},
	}, &got))
	assert.Equal(t, map[string]int{"b": 2}, got.Map)
	assert.Equal(t, map[string]item{"x": {A: 5}}, got.Structs)
	assert.Equal(t, []item{{A: 5}}, got.List)
	assert.Equal(t, []int{7}, got.Long)
	assert.Equal(t, [2]item{{A: 5}, {B: 6}}, got.Array)
	assert.Equal(t, map[string]any{"b": 2}, got.Any)
	assert.Equal(t, []int{}, got.Emptied)
	assert.Equal(t, map[string]int{}, got.Cleared)
	assert.Equal(t, map[string]int{"a": 1}, got.Kept)
}

func TestAMapAtTheTopIsReplacedToo(t *testing.T) {
	t.Parallel()
	got := map[string]time.Duration{"a": 1}
	require.NoError(t, decode.Into(map[string]any{"b": "1s"}, &got))
	assert.Equal(t, map[string]time.Duration{"b": time.Second}, got)
}

func TestAStructIsDecodedOverItsDefault(t *testing.T) {
	t.Parallel()
	var got options
	got.Nested.Limit = 1
	got.Nested.Levels = []int{1}
	shared := &rule{Type: "user", Tags: map[string]string{"a": "b"}}
	got.Pointer = shared
	require.NoError(t, decode.Into(map[string]any{
		"nested":  map[string]any{"levels": []any{2}},
		"pointer": map[string]any{"match": "x"},
	}, &got))
	assert.Equal(t, 1, got.Nested.Limit)
	assert.Equal(t, []int{2}, got.Nested.Levels)
	assert.Equal(t, "user", got.Pointer.Type)
	assert.Equal(t, "x", got.Pointer.Match.String())
	assert.Nil(t, shared.Match, "what the default points to may be shared")
}

func TestNilLeavesTheDefault(t *testing.T) {
	t.Parallel()
	def := rule{regexp.MustCompile("x"), "user", map[string]string{"a": "b"}}
	for name, null := range map[string]any{
		"nil": nil, "pointer": (*string)(nil), "map": map[string]any(nil), "slice": []any(nil),
		"function": (func())(nil), "pointer to a nil pointer": new(*int),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := def
			require.NoError(t, decode.Into(map[string]any{"match": null, "type": null, "tags": null}, &got))
			assert.Equal(t, def, got)
		})
	}
	got := def
	require.NoError(t, decode.Into(nil, &got))
	assert.Equal(t, def, got)
}

func TestNothingIsSharedWithTheInput(t *testing.T) {
	t.Parallel()
	inner := map[string]any{"list": []any{1}, "typed": []string{"a"}}
	raw := map[string]any{
		"any":     inner,
		"rules":   []rule{{Tags: map[string]string{"a": "b"}}},
		"headers": map[string]string{"a": "b"},
		"pointer": &rule{Tags: map[string]string{"a": "b"}},
	}
	before := decode.Clone(raw)
	var got options
	require.NoError(t, decode.Into(raw, &got))
	assert.Equal(t, inner, got.Any)
	assert.Equal(t, before["rules"], got.Rules)

	got.Any.(map[string]any)["list"].([]any)[0] = 2
	got.Any.(map[string]any)["typed"].([]string)[0] = "b"
	got.Rules[0].Tags["a"] = "c"
	got.Headers["a"] = "c"
	got.Pointer.Tags["a"] = "c"
	got.Pointer.Type = "user"
	assert.Equal(t, before, raw)
}

func TestAFailureLeavesTheTargetAsItWas(t *testing.T) {
	t.Parallel()
	make := func() *options {
		return &options{File: "f", Pointer: &rule{Type: "user"}, Headers: map[string]string{"a": "b"}}
	}
	got := make()
	require.Error(t, decode.Into(map[string]any{
		"file":    "g",
		"pointer": map[string]any{"type": "system", "match": "("},
		"headers": map[string]any{"c": "d"},
	}, got))
	assert.Equal(t, make(), got)
}

func TestValuesMadeInCodeAreTaken(t *testing.T) {
	t.Parallel()
	var got struct {
		Struct   rule
		Rules    []*rule
		ByNumber map[int]string
		Stringer fmt.Stringer
		Func     func() int
		Any      any
	}
	require.NoError(t, decode.Into(map[string]any{
		"struct":    &rule{Type: "user"},
		"rules":     []*rule{{Type: "system"}},
		"by-number": map[int]string{1: "a"},
		"stringer":  time.Second,
		"func":      func() int { return 5 },
		"any":       map[any]any{"a": map[any]any{"b": 1}, "c": nil, "d": []any(nil), "e": map[any]any(nil)},
	}, &got))
	assert.Equal(t, rule{Type: "user"}, got.Struct)
	assert.Equal(t, []*rule{{Type: "system"}}, got.Rules)
	assert.Equal(t, map[int]string{1: "a"}, got.ByNumber)
	assert.Equal(t, time.Second, got.Stringer)
	assert.Equal(t, 5, got.Func())
	assert.Equal(t, map[string]any{
		"a": map[string]any{"b": 1}, "c": nil, "d": []any(nil), "e": map[string]any(nil),
	}, got.Any)
}

func TestAMapWithStringKeysIsWalkedThoughItIsOfTheTypeOfItsField(t *testing.T) {
	t.Parallel()
	type doc map[any]any // as some YAML decoders make them
	var got struct {
		Strings map[string]any
		Any     doc
	}
	require.NoError(t, decode.Into(map[string]any{
		"strings": map[string]any{"x": map[any]any{"a": 1}},
		"any":     doc{"x": map[any]any{"a": 1}},
	}, &got))
	assert.Equal(t, map[string]any{"x": map[string]any{"a": 1}}, got.Strings)
	assert.Equal(t, doc{"x": map[string]any{"a": 1}}, got.Any)
	assert.EqualError(t, decode.Into(map[string]any{"any": doc{5: 1}}, &got),
		`option "any": got the number "5" as a key, want a string`)
}

func TestWhatCannotBeDecodedIntoIsAMistakeOfTheCaller(t *testing.T) {
	t.Parallel()
	for _, into := range []any{nil, options{}, (*options)(nil), new(int), new(*options), map[string]any{}} {
		err := decode.Into(nil, into)
		assert.EqualError(t, err, fmt.Sprintf("decode: want a pointer to a struct or a map, got %T", into))
	}
	var wrong struct {
		Map map[string]int `mapstructure:",squash"`
	}
	err := decode.Into(map[string]any{"a": 1}, &wrong)
	assert.ErrorContains(t, err, "field Map cannot be squashed")
	var option *decode.Error
	assert.NotErrorAs(t, err, &option)
}
