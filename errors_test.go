package enricher_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
)

func TestIs(t *testing.T) {
	t.Parallel()
	notComparable := fmt.Errorf("job: %w", notComparableError{[]string{"a"}})
	cyclic := &cyclicError{}
	cyclic.wraps = []error{fs.ErrNotExist, cyclic}
	for what, c := range map[string]struct {
		err, target error
		want        bool
	}{
		"wrapped":                      {fmt.Errorf("job: %w", fs.ErrNotExist), fs.ErrNotExist, true},
		"joined":                       {errors.Join(errors.ErrUnsupported, fs.ErrNotExist), fs.ErrNotExist, true},
		"by a method Is":               {isError{fs.ErrNotExist}, fs.ErrNotExist, true},
		"another":                      {fs.ErrExist, fs.ErrNotExist, false},
		"nil in nil":                   {nil, nil, true},
		"a target in nil":              {nil, fs.ErrNotExist, false},
		"nil in an error":              {fs.ErrExist, nil, false},
		"a target that == cannot take": {notComparable, notComparableError{[]string{"a"}}, false},
		"values that == cannot take":   {anyError{[]int{1}}, anyError{[]int{1}}, false},
		"a cyclic tree":                {cyclic, fs.ErrNotExist, true},
		"a method Is that panics":      {errors.Join(panickingIs{}, fs.ErrNotExist), fs.ErrNotExist, true},
		"a method Unwrap that panics":  {errors.Join(&panicker{unwrap: true}, fs.ErrNotExist), fs.ErrNotExist, true},
	} {
		assert.Equal(t, c.want, enricher.Is(c.err, c.target), what)
	}
}

type (
	isError            struct{ is error }
	notComparableError struct{ parts []string }
	anyError           struct{ value any } // comparable, but == may panic
	panickingIs        struct{}
)

func (isError) Error() string            { return "is" }
func (e isError) Is(target error) bool   { return target == e.is }
func (notComparableError) Error() string { return "not comparable" }
func (anyError) Error() string           { return "any" }
func (panickingIs) Error() string        { return "panicking" }
func (panickingIs) Is(error) bool        { panic("Is") }

// A viciousError panics with itself, so that printing the panic panics again.
type viciousError struct{}

func (v viciousError) Error() string { panic(v) }

func TestPanicErrorDoesNotPanic(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, enricher.NewPanicError(viciousError{}, nil), "panic: (a enricher_test.viciousError that panics when it is printed)")
}

func TestChainEndsOnAWideTreeThatContainsItself(t *testing.T) {
	t.Parallel()
	wide := &cyclicError{make([]error, 300_000)}
	for i := range wide.wraps {
		wide.wraps[i] = wide
	}
	assert.Len(t, slices.Collect(enricher.Chain(wide)), 100)
	assert.Empty(t, enricher.LabelsOf(wide))
}
