package guard_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

func count(w *guard.Walk, err error, step guard.Step) (n, deepest int) {
	w.Visit(err, func(_ error, depth int) guard.Step {
		n, deepest = n+1, max(deepest, depth)
		return step
	})
	return n, deepest
}

func TestWalkIsBounded(t *testing.T) {
	t.Parallel()
	nils := make([]error, guard.MaxVisits)
	nils[guard.MaxVisits-2] = io.EOF // the last that is visited
	for name, c := range map[string]struct {
		err        error
		n, deepest int
	}{
		"nil":                 {nil, 0, 0},
		"deep":                {hostile.Deep(1000), guard.MaxDepth, guard.MaxDepth},
		"wide":                {hostile.Wide(20_000), guard.MaxVisits, 3},
		"nil errors count":    {hostile.Join(append(nils, io.EOF)...), 2, 2},
		"too deep ones count": {hostile.Join(hostile.Deep(1000), hostile.Wide(20_000)), guard.MaxVisits - 1, guard.MaxDepth},
	} {
		var w guard.Walk
		n, deepest := count(&w, c.err, guard.Into)
		assert.Equal(t, [2]int{c.n, c.deepest}, [2]int{n, deepest}, name)
	}
}

func TestWalkIsSharedByTrees(t *testing.T) {
	t.Parallel()
	var w guard.Walk
	_, _ = count(&w, hostile.Join(make([]error, 9_996)...), guard.Into)
	assert.False(t, w.Over())
	assert.Len(t, w.Take(make([]error, 2)), 2)
	assert.Len(t, w.Take(make([]error, 2)), 1, "as many as are left")
	assert.True(t, w.Over())
	assert.Empty(t, w.Take(make([]error, 2)))
	assert.False(t, w.Enter(io.EOF, 1))
	assert.Empty(t, w.Take(make([]error, 2)), "also after a visit too many")
	n, _ := count(&w, io.EOF, guard.Into)
	assert.Zero(t, n)
}

func TestWalkObeysSteps(t *testing.T) {
	t.Parallel()
	err := errors.Join(errors.Join(io.EOF, io.EOF), io.EOF)
	for step, want := range map[guard.Step]int{guard.Into: 5, guard.Past: 1, guard.Stop: 1} {
		var w guard.Walk
		n, _ := count(&w, err, step)
		assert.Equal(t, want, n)
	}
	var w guard.Walk
	n := 0
	w.Visit(err, func(_ error, depth int) guard.Step {
		if n++; depth == 2 {
			return guard.Past
		}
		return guard.Into
	})
	assert.Equal(t, 3, n, "siblings follow")
}
