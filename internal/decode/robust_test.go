package decode_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
)

type (
	cyclicMap     map[string]cyclicMap
	cyclicSlice   []cyclicSlice
	cyclicPointer *cyclicPointer
	tree          struct{ Next *tree }
)

// oddities returns values that no loader yields.
func oddities() map[string]any {
	twice := map[string]any{}
	twice["a"], twice["b"] = twice, []any{twice}
	list := []any{nil}
	list[0] = list
	maps := cyclicMap{}
	maps["x"] = maps
	slices := cyclicSlice{nil}
	slices[0] = slices
	var pointer cyclicPointer
	pointer = &pointer
	knot := &tree{}
	knot.Next = knot
	return map[string]any{
		"nil": nil, "typed nil": (*int)(nil), "nil map": map[string]any(nil), "nil function": (func())(nil),
		"function": func() {}, "channel": make(chan int), "complex": 1i, "uintptr": uintptr(5),
		"unsafe pointer": unsafe.Pointer(knot), "struct": struct{ a, B any }{1, 2}, "time": time.Now(),
		"reflect value": reflect.ValueOf(1), "NaN": math.NaN(), "infinite": math.Inf(1), "bytes": []byte("x"),
		"odd keys": map[any]any{nil: 1, 1: 2, "a": 3, [1]any{1}: 4, math.NaN(): 5, ptr("a"): 6, true: 7},
		"NaN keys": map[float64]int{math.NaN(): 1}, "interface keys": map[error]int{nil: 1},
		"nil interface pointer": new(any), "array": [2]any{nil, 1}, "empty": map[string]any{}, "not text": "\xff",
		"cyclic map": twice, "cyclic list": list, "map type": maps, "list type": slices, "pointer type": pointer,
		"tree": knot, "hand-made number": json.Number("x"), "huge number": json.Number(strings.Repeat("9", 500)),
		"minute number": json.Number("1e-1000000"), "comma": ",", "long": strings.Repeat("x,", 1000),
	}
}

func TestNothingPanics(t *testing.T) {
	t.Parallel()
	type target struct {
		Bool     bool
		Int      int
		Uint8    uint8
		Float    float32
		Complex  complex64
		String   string
		Duration time.Duration
		Time     time.Time
		Any      any
		Error    error
		Func     func()
		Chan     chan int
		Pointer  **int
		Unsafe   unsafe.Pointer
		Array    [2]string
		Ints     []int
		Bytes    []byte
		Anys     []any
		Map      map[string]int
		Maps     map[any]map[int]any
		Odd      map[matcher]*matcher
		Tree     *tree
		Trees    []tree
		Cyclic   cyclicMap
		Slices   cyclicSlice
		Matcher  *matcher
		Reader   reader
		Text     []time.Time
	}
	for name, value := range oddities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			field := reflect.TypeFor[target]()
			for i := range field.NumField() {
				option := field.Field(i).Name
				for _, value := range []any{value, &value, []any{value}, map[string]any{"k": value}} {
					got := target{Tree: &tree{Next: &tree{}}, Matcher: &matcher{"x"}}
					err := decode.Into(map[string]any{option: value}, &got)
					again := decode.Into(map[string]any{option: value}, &got)
					if err != nil {
						assert.EqualError(t, again, err.Error())
					}
					_ = decode.Into(map[string]any{option: value}, &map[string]any{})
				}
			}
			decode.Clone(value)
		})
	}
}

func TestADepthOf64IsTheLimit(t *testing.T) {
	t.Parallel()
	nest := func(levels int) map[string]any {
		m := map[string]any{"a": 1}
		for range levels - 1 {
			m = map[string]any{"a": m}
		}
		return m
	}
	var got map[string]any
	require.NoError(t, decode.Into(nest(64), &got))
	assert.Equal(t, nest(64), got)

	path := "a" + strings.Repeat(".a", 63)
	err := decode.Into(nest(65), &got)
	assert.EqualError(t, err, `option "`+path+`": nested more than 64 levels deep`)

	// A pointer is a level too, but none of the path.
	pointers := func(maps int) map[string]any {
		m := map[string]any{"a": 1}
		for range maps - 1 {
			inner := m
			m = map[string]any{"a": &inner}
		}
		return m
	}
	require.NoError(t, decode.Into(pointers(32), &got))
	assert.EqualError(t, decode.Into(pointers(33), &got),
		`option "a`+strings.Repeat(".a", 31)+`": nested more than 64 levels deep`)

	// Both ways round the circle are open at every level: only an early end is an end at all.
	circle := map[string]any{}
	circle["a"], circle["b"] = circle, circle
	for range 10 {
		assert.EqualError(t, decode.Into(circle, &got), err.Error())
		assert.EqualError(t, decode.Into(circle, &struct{ A, B any }{}), err.Error())
	}
	list := []any{nil}
	list[0] = list
	err = decode.Into(map[string]any{"a": list}, &got)
	assert.EqualError(t, err, `option "a`+strings.Repeat("[0]", 63)+`": nested more than 64 levels deep`)
}
