package decode_test

import (
	"fmt"
	"math"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
)

func ExampleClone() {
	defaults := map[string]any{"ignore": []string{"a"}}
	c := decode.Clone(defaults)
	c["ignore"].([]string)[0] = "b"
	fmt.Println(defaults, c)
	// Output: map[ignore:[a]] map[ignore:[b]]
}

func TestCloneSharesNothingThatCanBeCopied(t *testing.T) {
	t.Parallel()
	type exported struct {
		Map     map[string][]int
		Array   [1]map[string]int
		Pointer **int
		Any     any
		Nested  struct{ List []string }
	}
	build := func() *exported {
		v := &exported{
			Map:     map[string][]int{"a": {1}},
			Array:   [1]map[string]int{{"a": 1}},
			Pointer: ptr(ptr(1)),
			Any:     []any{map[any]any{"a": []byte("x")}},
		}
		v.Nested.List = []string{"a"}
		return v
	}
	v := build()
	c := decode.Clone(v)
	require.Equal(t, v, c)

	c.Map["a"][0] = 2
	c.Map["b"] = nil
	c.Array[0]["a"] = 2
	**c.Pointer = 2
	c.Any.([]any)[0].(map[any]any)["a"].([]byte)[0] = 'y'
	c.Nested.List[0] = "b"
	assert.Equal(t, build(), v)
}

func TestCloneSharesAStructWithUnexportedFields(t *testing.T) {
	t.Parallel()
	type opaque struct {
		List []int
		mu   sync.Mutex
	}
	type holder struct {
		Time    time.Time
		Pattern *regexp.Regexp
		Lock    *sync.Mutex
		Opaque  *opaque
		List    []*opaque
	}
	o := &opaque{List: []int{1}}
	v := holder{time.Now(), regexp.MustCompile("x"), &o.mu, o, []*opaque{o}}
	c := decode.Clone(v)
	assert.Equal(t, v.Time, c.Time)
	assert.Same(t, v.Pattern, c.Pattern)
	assert.Same(t, v.Lock, c.Lock)
	assert.Same(t, v.Opaque, c.Opaque)
	assert.Same(t, v.List[0], c.List[0])
	c.List[0] = nil
	assert.Same(t, o, v.List[0])
}

func TestCloneKeepsNil(t *testing.T) {
	t.Parallel()
	assert.Nil(t, decode.Clone[any](nil))
	assert.Nil(t, decode.Clone[error](nil))
	assert.Nil(t, decode.Clone[map[string]any](nil))
	assert.Nil(t, decode.Clone[[]int](nil))
	assert.Nil(t, decode.Clone[*int](nil))
	assert.Nil(t, decode.Clone[func()](nil))
	assert.Equal(t, map[string]any{"a": nil, "b": []any(nil), "c": (*int)(nil)},
		decode.Clone(map[string]any{"a": nil, "b": []any(nil), "c": (*int)(nil)}))
	assert.Equal(t, []int{}, decode.Clone([]int{}))
	assert.Equal(t, map[string]int{}, decode.Clone(map[string]int{}))
}

func TestCloneKeepsCycles(t *testing.T) {
	t.Parallel()
	knot := &tree{}
	knot.Next = &tree{Next: knot}
	c := decode.Clone(knot)
	assert.NotSame(t, knot, c)
	assert.NotSame(t, knot.Next, c.Next)
	assert.Same(t, c, c.Next.Next)

	m := map[string]any{}
	m["m"] = m
	copied := decode.Clone(m)
	copied["x"] = 1
	assert.Contains(t, copied["m"], "x")
	assert.NotContains(t, m, "x")

	list := []any{nil}
	list[0] = list
	assert.Same(t, &list[0], &list[0].([]any)[0])
	other := decode.Clone(list)
	assert.Same(t, &other[0], &other[0].([]any)[0])
	assert.NotSame(t, &list[0], &other[0])
}

func TestCloneTellsApartWhatHasOneAddress(t *testing.T) {
	t.Parallel()
	type first struct{ A [2]int }
	v := &first{[2]int{1, 2}}
	c := decode.Clone([]any{v, &v.A, &v.A[0], v.A[:], v.A[:1]})
	assert.Equal(t, []any{v, &v.A, &v.A[0], []int{1, 2}, []int{1}}, c)
}

func TestCloneHasNoSpareCapacityOfTheOriginal(t *testing.T) {
	t.Parallel()
	list := make([]int, 1, 8)
	_ = append(decode.Clone(list), 5)
	assert.Zero(t, list[:2][1])
}

func TestCloneTakesAnyValue(t *testing.T) {
	t.Parallel()
	ch := make(chan int)
	assert.Equal(t, ch, decode.Clone(ch))
	assert.Equal(t, 5, decode.Clone(func() int { return 5 })())
	assert.Equal(t, 1i, decode.Clone(1i))
	assert.Equal(t, struct{}{}, decode.Clone(struct{}{}))
	assert.Equal(t, error(fs{"x"}), decode.Clone(error(fs{"x"})))
	assert.Len(t, decode.Clone(map[float64]int{math.NaN(): 1}), 1)
	type named *int
	assert.Equal(t, 5, *decode.Clone(named(ptr(5))))
}

type fs struct{ Path string }

func (e fs) Error() string { return e.Path }

type tree struct{ Next *tree }
