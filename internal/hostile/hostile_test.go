package hostile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// follow unwraps err to its end.
func follow(err error) (n int) {
	for ; err != nil; n++ {
		err = err.(interface{ Unwrap() error }).Unwrap()
	}
	return n
}

func TestStepsEndWhatHasNoEnd(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3} {
		var steps hostile.Steps
		assert.Equal(t, hostile.MaxSteps+1, follow(hostile.Cycle(&steps, n)))
		assert.True(t, steps.Exceeded())
	}
}

func TestStepsAreNotExceededByChain(t *testing.T) {
	t.Parallel()
	var steps hostile.Steps
	for _, tree := range hostile.Trees(&steps) {
		n := 0
		for range enricher.Chain(tree.Err) {
			n++
		}
		assert.Greater(t, n, 99, tree.Name)
	}
	assert.False(t, steps.Exceeded())
}

func TestErrorsAreAllWalkedByChain(t *testing.T) {
	t.Parallel()
	for _, named := range hostile.Errors() {
		n := 0
		for range enricher.Chain(named.Err) {
			n++
		}
		assert.Positive(t, n, named.Name)
	}
}
