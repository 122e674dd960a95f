package decode_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/decode"
)

func TestWhatIsAcceptedIsSaidForEveryKindOfField(t *testing.T) {
	t.Parallel()
	var got struct {
		Strings  []string
		Bytes    []*byte
		Structs  []rule
		Lists    [][]int
		Texts    []time.Time
		Pair     [2]int
		Trio     [3]rule
		Map      map[string]int
		ByNumber map[int8]int
		Struct   rule
		Matcher  matcher
		Code     code
		Codes    []code
		Stringer fmt.Stringer
		Func     func()
		Any      any
	}
	tests := []struct {
		option string
		value  any
		err    string
	}{
		{"strings", 5, `option "strings": got the number "5", want a list or a comma-separated string`},
		{"strings", json.Number("5"), `option "strings": got the number "5", want a list or a comma-separated string`},
		{"strings", map[string]any{}, `option "strings": got a map, want a list or a comma-separated string`},
		{"strings", []any{"a", 5}, `option "strings[1]": got the number "5", want a string`},
		{"bytes", " 1,, 2 ;3", `option "bytes[1]": got the string "2 ;3", want an integer from 0 to 255`},
		{"structs", "a", `option "structs": got the string "a", want a list`},
		{"structs", []any{"a"}, `option "structs[0]": got the string "a", want a map`},
		{"structs", map[string]any{}, `option "structs": got a map, want a list`},
		{"lists", "1", `option "lists": got the string "1", want a list`},
		{"lists", []any{"1,x"}, `option "lists[0][1]": got the string "x", want an integer of 64 bits`},
		{"texts", true, `option "texts": got the boolean "true", want a list or a comma-separated string`},
		{"pair", 5, `option "pair": got the number "5", want a list of 2 or a comma-separated string`},
		{"pair", "1", `option "pair": got a list of 1, want a list of 2 or a comma-separated string`},
		{"trio", []any{nil, nil, nil, nil}, `option "trio": got a list of 4, want a list of 3`},
		{"map", []any{}, `option "map": got a list, want a map`},
		{"map", rule{}, `option "map": got a structure, want a map`},
		{"map", map[any]any{5: 1, "a": 2}, `option "map": got the number "5" as a key, want a string`},
		{"map", map[any]any{nil: 1}, `option "map": got nothing as a key, want a string`},
		{"map", map[any]any{"a": 1, level("a"): 1}, `option "map.a": given twice`},
		{"by-number", map[string]any{"300": 1}, `option "by-number.300": got the string "300", want an integer from -128 to 127`},
		{"by-number", map[string]any{"1": 1, "01": 1}, `option "by-number.1": the same key as "01", which is also given`},
		{"struct", "x", `option "struct": got the string "x", want a map`},
		{"struct", map[bool]int{true: 1}, `option "struct": got the boolean "true" as a key, want a string`},
		{"matcher", 5, `option "matcher": got the number "5", want a map or a string`},
		{"code", 5, `option "code": got the number "5", want a string`},
		{"code", []any{1, 2}, `option "code": got a list, want a string`},
		{"code", "abc", `option "code": got the string "abc": not two letters`},
		{"codes", 5, `option "codes": got the number "5", want a list or a comma-separated string`},
		{"stringer", "x", `option "stringer": got the string "x", want a value that only code can give`},
		{"func", "x", `option "func": got the string "x", want a value that only code can give`},
		{"any", []any{map[any]any{1.5: 1}}, `option "any[0]": got the number "1.5" as a key, want a string`},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s from %T", tt.option, tt.value), func(t *testing.T) {
			t.Parallel()
			got := got
			assert.EqualError(t, decode.Into(map[string]any{tt.option: tt.value}, &got), tt.err)
		})
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

func TestAllProblemsAreReportedInOrder(t *testing.T) {
	t.Parallel()
	raw := map[string]any{
		"rules": []any{
			map[string]any{"match": "("},
			map[string]any{"mtach": "x", "tags": map[string]any{"x-foo": 1, "y": 2}},
		},
		"nested": map[string]any{"levels": "1,a", "limit": 1.5},
		"file":   5,
	}
	for range 10 {
		var got options
		err := decode.Into(raw, &got)
		assert.EqualError(t, err, ""+
			`option "file": got the number "5", want a string`+"\n"+
			`option "nested.levels[1]": got the string "a", want an integer of 64 bits`+"\n"+
			`option "nested.limit": got the number "1.5", want an integer of 64 bits`+"\n"+
			"option \"rules[0].match\": got the string \"(\": error parsing regexp: missing closing ): `(`\n"+
			`option "rules[1].mtach": unknown, did you mean "match"? known options: match, tags, type`+"\n"+
			`option "rules[1].tags.x-foo": got the number "1", want a string`+"\n"+
			`option "rules[1].tags.y": got the number "2", want a string`)
		for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
			assert.IsType(t, (*decode.Error)(nil), err)
		}
	}
}

func TestEveryWrongKeyOfAMapIsReported(t *testing.T) {
	t.Parallel()
	var got struct{ ByNumber map[int8]int }
	err := decode.Into(map[string]any{"by-number": map[string]any{
		"01": 1, "1": 1, "001": 1, "300": 1, "400": 1, "5": "x",
	}}, &got)
	assert.EqualError(t, err, ""+
		`option "by-number.01": the same key as "001", which is also given`+"\n"+
		`option "by-number.1": the same key as "001", which is also given`+"\n"+
		`option "by-number.300": got the string "300", want an integer from -128 to 127`+"\n"+
		`option "by-number.400": got the string "400", want an integer from -128 to 127`+"\n"+
		`option "by-number.5": got the string "x", want an integer of 64 bits`)
}

func TestALongValueIsCutAtACharacter(t *testing.T) {
	t.Parallel()
	tests := []struct{ value, shown string }{
		{strings.Repeat("a", 64), `"` + strings.Repeat("a", 64) + `"`},
		{strings.Repeat("a", 65), `"` + strings.Repeat("a", 64) + `"...`},
		{strings.Repeat("a", 62) + "€", `"` + strings.Repeat("a", 62) + `"...`},
		{strings.Repeat("\x80", 100), `"` + strings.Repeat(`\x80`, 60) + `"...`},
		{"\x00\n", `"\x00\n"`},
	}
	for _, tt := range tests {
		var got struct{ Option int8 }
		err := decode.Into(map[string]any{"option": tt.value}, &got)
		assert.EqualError(t, err, `option "option": got the string `+tt.shown+`, want an integer from -128 to 127`)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"db-password", "clientSecret", "TOKEN", "apikey", "API_KEY", "api-key", "headers.Authorization", "routing-key"} {
		got := map[string]time.Duration{}
		err := decode.Into(map[string]any{key: "hunter2"}, &got)
		assert.EqualError(t, err,
			`option "`+key+`": got the string (hidden), want a duration with a unit, such as "1.5s"`)

		patterns := map[string]*regexp.Regexp{}
		err = decode.Into(map[string]any{key: "hunter2("}, &patterns)
		assert.EqualError(t, err, `option "`+key+`": got the string (hidden), which is not valid`)

		lists := map[string][]bool{}
		err = decode.Into(map[string]any{key: []any{5}}, &lists)
		assert.EqualError(t, err, `option "`+key+`[0]": got the number (hidden), want true or false`)
	}
}
