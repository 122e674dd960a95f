package fingerprint_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

type (
	typedNil   struct{ text string }
	panicky    struct{}
	unwrapping struct{}
	cycle      struct{}
	tree       struct{}
	incomplete []error
	hostileFmt map[string]any
)

func (e *typedNil) Error() string { return e.text }

func (panicky) Error() string        { panic("job 17 is gone") }
func (unwrapping) Error() string     { return "cannot say" }
func (unwrapping) Unwrap() error     { panic("no") }
func (cycle) Error() string          { return "circle" }
func (c cycle) Unwrap() error        { return c }
func (tree) Error() string           { return "tree" }
func (t tree) Unwrap() []error       { return []error{t, t, t} }
func (incomplete) Error() string     { return "some of many" }
func (e incomplete) Unwrap() []error { return e }
func (hostileFmt) Error() string     { return "not comparable" }

// A growing error wraps another one for ever.
type growing struct{ n int }

func (g growing) Error() string { return strings.Repeat("x", g.n) }
func (g growing) Unwrap() error { return growing{g.n + 1} }

func hostileErrors() map[string]error {
	wide := make([]error, 10_000)
	for i := range wide {
		wide[i] = fmt.Errorf("row %d: %w", i, errors.New(strings.Repeat("bad ", 1000)))
	}
	var nested error
	for i := range 1000 {
		nested = errors.Join(nested, fmt.Errorf("row %d is bad", i))
	}
	var all []error
	all = append(all, nil, nil)
	for range 10_000 {
		all = append(all, incomplete(wide))
	}
	return map[string]error{
		"typed nil":        (*typedNil)(nil),
		"panicking Error":  panicky{},
		"panicking Unwrap": unwrapping{},
		"joined panicking": errors.Join(panicky{}, unwrapping{}),
		"circle":           cycle{},
		"tree":             tree{},
		"growing":          growing{1},
		"wide":             errors.Join(wide...),
		"wide, hidden":     incomplete(wide),
		"wider":            incomplete(all),
		"nested":           fmt.Errorf("all: %w", nested),
		"long":             errors.New(strings.Repeat("row 17 is bad; ", 10<<20/15)),
		"long, wrapped":    wrap(errors.New(strings.Repeat("row 17 is bad; ", 1<<20/15)), 50),
		"long, of wide":    errors.New("a" + strings.Repeat("é", 1<<20)),
		"not UTF-8":        errors.New("a\xffb\xc3"),
		"not comparable":   hostileFmt{"a": 1},
		"nil panic":        (*enricher.PanicError)(nil),
		"nil in list":      list{errors.New("a")},
		"empty":            errors.New(""),
	}
}

func TestOfAcceptsAnyError(t *testing.T) {
	t.Parallel()
	e, err := fingerprint.New(fingerprint.Options{MessageLength: 4096})
	require.NoError(t, err)
	assert.Empty(t, fingerprint.Of(nil))
	for name, cause := range hostileErrors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			labels, err := e.ProcessFailure(t.Context(), cause, enricher.FailureContext{})
			require.NoError(t, err)
			assert.Regexp(t, "^[0-9a-f]{16}$", labels[fingerprint.KeyFingerprint])
			assert.Equal(t, labels[fingerprint.KeyFingerprint], fingerprint.Of(cause))
			message := labels[fingerprint.KeyMessage]
			assert.LessOrEqual(t, len(message), 4096)
			assert.True(t, utf8.ValidString(message) && !strings.ContainsFunc(message, unicode.IsControl), "%q", message)
		})
	}
}

func TestOfIgnoresTheOrderOfManyErrors(t *testing.T) {
	t.Parallel()
	var there, back []error
	for i := range 5000 {
		err := fmt.Errorf("task %s failed in %d ms", strings.Repeat("x", i%50+1), i)
		there, back = append(there, err), append([]error{err}, back...)
	}
	assert.Equal(t, fingerprint.Of(errors.Join(there...)), fingerprint.Of(errors.Join(back...)))
	assert.Equal(t, fingerprint.Of(wrap(errors.Join(there...), 3)), fingerprint.Of(wrap(errors.Join(back...), 3)))
}

func TestOfVisitsABoundedNumberOfErrors(t *testing.T) {
	t.Parallel()
	leaves := make([]error, 10_000)
	for i := range leaves {
		leaves[i] = fmt.Errorf("row %d is bad", i)
	}
	wide := errors.Join(leaves...)
	for i := range leaves {
		leaves[i] = &HidingError{wide}
	}
	assert.Len(t, fingerprint.Of(errors.Join(leaves...)), 16) // with 10,000 visits, not 100 million
}

// A stacked error knows where it arose, and counts how often it is asked.
type stacked struct{ asked int }

func (*stacked) Error() string { return "stacked" }

func (s *stacked) Callers() []uintptr {
	s.asked++
	return nil
}

func TestOfCountsNilErrorsAsVisits(t *testing.T) {
	t.Parallel()
	far := func(at int) error {
		all := make([]error, 10_000_000)
		all[at] = &stacked{}
		return hostile.Join(all...)
	}
	none, last, beyond := fingerprint.Of(far(0)), fingerprint.Of(far(9_998)), fingerprint.Of(far(9_999_999))
	assert.Equal(t, none, last, "the last that is visited")
	assert.NotEqual(t, none, beyond)

	// Of the errors that are described, all together cost no more visits than one.
	asked := &stacked{}
	part := hostile.Join(append(make([]error, 9_000), asked)...)
	parts := make([]error, 1_000)
	for i := range parts {
		parts[i] = hostile.Wrap("part", part)
	}
	assert.NotEmpty(t, fingerprint.Of(errors.Join(parts...)))
	assert.LessOrEqual(t, asked.asked, 1)

	hedge := make([]error, 1_000_000)
	self := hostile.Join(hedge...)
	hedge[0], hedge[len(hedge)/2] = self, self
	assert.NotEmpty(t, fingerprint.Of(self))
}
