package errtype_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/errtype"
)

type typed string

func (t typed) Error() string     { return "typed" }
func (t typed) ErrorType() string { return string(t) }

type panicking struct{}

func (*panicking) Error() string     { return "panicking" }
func (*panicking) ErrorType() string { panic("no type") }

type outer struct{ err error }

func (o *outer) Error() string { return "outer" }
func (o *outer) Unwrap() error { return o.err }

type coded string

func (c coded) Error() string     { return "coded" }
func (c coded) ErrorCode() string { return string(c) }

func labels(t *testing.T, e enricher.FailureEnricher, cause error) enricher.Labels {
	t.Helper()
	labels, err := e.ProcessFailure(context.Background(), cause, enricher.FailureContext{})
	require.NoError(t, err)
	return labels
}

func TestProcessFailure(t *testing.T) {
	e, err := errtype.New(errtype.Options{})
	require.NoError(t, err)
	for _, c := range []struct {
		name  string
		cause error
		want  string
	}{
		{"a Go type", errors.New("x"), "error_type=*errors.errorString"},
		{"what is in wrappers of fmt", fmt.Errorf("a: %w", fmt.Errorf("b: %w", &fs.PathError{Err: syscall.ENOENT})), "error_code=ENOENT, error_type=*fs.PathError"},
		{"a type without a pointer has its path", coded("E7"), "error_code=E7, error_type=github.com/failure-enrichers/enricher/enrichers/errtype_test.coded"},
		{"what the error says itself", fmt.Errorf("a: %w", typed("card_declined")), "error_type=card_declined"},
		{"an error that says nothing", typed(""), "error_type=github.com/failure-enrichers/enricher/enrichers/errtype_test.typed"},
		{"an error that panics", &panicking{}, "error_type=*errtype_test.panicking"},
		{"what an error says is cleaned and cut", typed("a\x00" + strings.Repeat("b", 300)), "error_type=a\uFFFD" + strings.Repeat("b", 252)},
		{"the first of joined errors", errors.Join(typed("first"), coded("E7")), "error_code=E7, error_type=first"},
		{"what an error inside says", &outer{fmt.Errorf("a: %w", typed("card_declined"))}, "error_type=card_declined"},
		{"an error inside that says nothing", &outer{typed("")}, "error_type=*errtype_test.outer"},
		{"the first of joined errors that is more than a text", errors.Join(errors.New("x"), fmt.Errorf("%w: %w", errors.New("y"), &fs.PathError{Err: syscall.ENOENT})), "error_code=ENOENT, error_type=*fs.PathError"},
		{"a text with a status", errors.Join(errors.New("unexpected status code: 503"), &fs.PathError{Err: syscall.ENOENT}), "error_code=ENOENT, error_type=*fs.PathError"},
		{"a text that %v has kept", errors.Join(fmt.Errorf("load: %v", sql.ErrNoRows), &fs.PathError{Err: syscall.ENOENT}), "error_code=ENOENT, error_type=*fs.PathError"},
		{"a text that says something", errors.Join(context.Canceled, &fs.PathError{Err: syscall.ENOENT}), "error_code=ENOENT, error_type=*errors.errorString"},
		{"joined texts", errors.Join(errors.New("x"), errors.New("y")), "error_type=*errors.errorString"},
		{"labels", enricher.WithLabels(fmt.Errorf("a: %w", &fs.PathError{Err: syscall.ENOENT}), enricher.Labels{"a": "b"}), "error_code=ENOENT, error_type=*fs.PathError"},
		{"a panic with an error", enricher.NewPanicError(fmt.Errorf("a: %w", &fs.PathError{Err: syscall.ENOENT}), nil), "error_code=ENOENT, error_type=*fs.PathError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, labels(t, e, c.cause).String())
		})
	}
}

func TestValuesBeyondTheMaximumAreOther(t *testing.T) {
	e, err := errtype.New(errtype.Options{MaxTypes: 2, MaxCodes: 1})
	require.NoError(t, err)
	for _, c := range []struct {
		cause error
		want  string
	}{
		{typed("a"), "error_type=a"},
		{typed("b"), "error_type=b"},
		{typed("c"), "error_type=_OTHER"},
		{typed("a"), "error_type=a"},
		{coded("1"), "error_code=1, error_type=_OTHER"},
		{coded("2"), "error_code=_OTHER, error_type=_OTHER"},
	} {
		explained, _, err := e.(enricher.Explainer).ExplainFailure(context.Background(), c.cause, enricher.FailureContext{})
		require.NoError(t, err)
		assert.Equal(t, c.want, labels(t, e, c.cause).String())
		assert.Equal(t, c.want, explained.String(), "and explaining does not add to them")
	}
	assert.Equal(t, map[string]uint64{"error_type=_OTHER": 3, "error_code=_OTHER": 1}, e.(enricher.CountReporter).Counts())
}

func TestMaxTypesHoldsUnderConcurrency(t *testing.T) {
	e, err := errtype.New(errtype.Options{MaxTypes: 10})
	require.NoError(t, err)
	var seen sync.Map
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() { seen.Store(labels(t, e, typed(fmt.Sprint(i)))[errtype.KeyErrorType], true) })
	}
	wg.Wait()
	different := 0
	seen.Range(func(any, any) bool { different++; return true })
	assert.Equal(t, 11, different, "ten, and _OTHER")
}

func TestExplainFailure(t *testing.T) {
	e, err := errtype.New(errtype.Options{})
	require.NoError(t, err)
	_, why, err := e.(enricher.Explainer).ExplainFailure(context.Background(), fmt.Errorf("a: %w", &fs.PathError{Err: syscall.ENOENT}), enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"error_type": "the error itself is a *fs.PathError", "error_code": "errno ENOENT"}, why)
}

func TestNewRejectsBadOptions(t *testing.T) {
	_, err := errtype.New(errtype.Options{MaxTypes: -1})
	assert.EqualError(t, err, `option "max-types": -1: must be 1 to 65536, or 0 for the default, 256`)
	_, err = enricher.New(enricher.Config{
		FailureEnrichers: []string{"error"},
		Options:          map[string]map[string]any{"error": {"max-codes": 65537}},
	})
	assert.EqualError(t, err, `enricher "error": option "max-codes": 65537: must be 1 to 65536, or 0 for the default, 256`)
}

func Example() {
	e, err := errtype.New(errtype.Options{})
	if err != nil {
		panic(err)
	}
	_, cause := os.Open("/no/such/orders.csv")
	labels, _ := e.ProcessFailure(context.Background(), fmt.Errorf("import: %w", cause), enricher.FailureContext{})
	fmt.Println(labels)
	// Output: error_code=ENOENT, error_type=*fs.PathError
}

func TestOfIsTheLabel(t *testing.T) {
	e, err := errtype.New(errtype.Options{})
	require.NoError(t, err)
	for _, cause := range []error{syscall.ENOENT, fmt.Errorf("a: %w", fs.ErrNotExist), enricher.Recovered("x")} {
		labels, err := e.ProcessFailure(t.Context(), cause, enricher.FailureContext{})
		require.NoError(t, err)
		assert.Equal(t, labels[errtype.KeyErrorType], errtype.Of(cause))
	}
	assert.Empty(t, errtype.Of(nil))
}
