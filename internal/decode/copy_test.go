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
		Pointer **int
		Any     any
		Nested  struct{ List []string }
	}
	build := func() *exported {
		v := &exported{
			Map:     map[string][]int{"a": {1}},
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
