package rules_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load returns an Enricher with these rules.
func load(t testing.TB, list ...rules.Rule) *rules.Enricher {
	t.Helper()
	e, err := rules.New(rules.Options{Rules: list})
	require.NoError(t, err)
	return e
}

// process returns the labels of a failure.
func process(t testing.TB, e *rules.Enricher, cause error, fc enricher.FailureContext) enricher.Labels {
	t.Helper()
	labels, err := e.ProcessFailure(context.Background(), cause, fc)
	require.NoError(t, err)
	return labels
}

// hit is the label of a rule in tests that only want to know whether it matches.
var hit = map[string]string{"hit": "yes"}

// Errors as strangers have them.
type (
	typedNil     struct{ text string }
	panics       struct{}
	circle       struct{}
	uncomparable []string
	wide         struct{}
)

func (e *typedNil) Error() string { return e.text }

func (panics) Error() string         { panic("Error") }
func (panics) Unwrap() error         { panic("Unwrap") }
func (panics) Is(error) bool         { panic("Is") }
func (panics) As(any) bool           { panic("As") }
func (circle) Error() string         { return "circle" }
func (circle) Unwrap() error         { return circle{} }
func (circle) Is(error) bool         { select {} }
func (u uncomparable) Error() string { return strings.Join(u, ",") }
func (wide) Error() string           { return "wide" }

func (wide) Unwrap() []error {
	all := make([]error, 10_000)
	for i := range all {
		all[i] = uncomparable{"a"}
	}
	return all
}

var huge = strings.Repeat("0123456789abcdef", 10<<20/16)

// hostile are failures as bad as they come.
func hostile() []error {
	return []error{
		(*typedNil)(nil), (*fs.PathError)(nil), (*enricher.PanicError)(nil),
		panics{},
		fmt.Errorf("around: %w", errors.Join(errors.New("a"), circle{})),
		circle{},
		uncomparable{"a", "b"},
		wide{},
		errors.New(huge), errors.New("\xff\x00\x1b[31m\u202e"),
		errors.New(""), enricher.NewPanicError(panics{}, []byte("not a stack")),
		enricher.NewPanicError(nil, nil), enricher.WithLabels(panics{}, nil),
	}
}
