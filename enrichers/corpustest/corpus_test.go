//go:build linux

package corpustest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

// A provocation makes a job fail. provoke does not invent an error: it makes the
// failure happen, and returns what a job would return. It cleans up with t, and
// skips t if this machine does not let the failure happen.
type provocation struct {
	name    string
	provoke func(t *testing.T) error
}

// An expectation says how a person on call labels a failure.
type expectation struct {
	Name      string `json:"name"`
	Type      oneOf  `json:"type"`
	Retry     oneOf  `json:"retry"`
	ErrorType oneOf  `json:"error_type"`
	Why       string `json:"why"`
}

// oneOf has the acceptable values of a label: in JSON, a string, or a list of
// strings if people disagree.
type oneOf []string

func (o *oneOf) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOf{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}

func (o oneOf) has(value string) bool { return slices.Contains(o, value) }

// A set is a part of the corpus, and how much of it may be labelled wrong.
type set struct {
	name      string
	failures  []provocation
	tolerance float64 // the share of each kind of mistake is below it; 0 allows none
}

var sets = []set{
	{"grown", grown, 0},
	{"independent", independent, 0.06},
	{"unseen", unseen, 0.05},
}

// alone are failures that would happen to concurrent ones as well.
var alone = []string{"file descriptors used up"}

func TestExpectationsMatchProvocations(t *testing.T) {
	types := oneOf{"USER", "SYSTEM", "DEPENDENCY", "CANCELLED", "UNKNOWN"}
	retries := oneOf{"retryable", "terminal", "unknown"}
	for _, s := range sets {
		t.Run(s.name, func(t *testing.T) {
			var provoked, expected []string
			for _, p := range s.failures {
				provoked = append(provoked, p.name)
			}
			for _, e := range load(t, s.name) {
				expected = append(expected, e.Name)
				assert.Subset(t, types, e.Type, e.Name)
				assert.Subset(t, retries, e.Retry, e.Name)
				assert.NotEmpty(t, e.Type, e.Name)
				assert.NotEmpty(t, e.Retry, e.Name)
				assert.NotEmpty(t, e.ErrorType, e.Name)
				assert.NotEmpty(t, e.Why, e.Name)
			}
			assert.True(t, slices.IsSorted(expected), "sort testdata/%s.json by name", s.name)
			slices.Sort(provoked)
			assert.Equal(t, slices.Compact(slices.Clone(provoked)), provoked, "each name once")
			assert.Equal(t, provoked, expected)
		})
	}
}

func load(t *testing.T, name string) []expectation {
	file, err := os.Open(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	var all []expectation
	require.NoError(t, decoder.Decode(&all))
	return all
}

func TestFailuresAreClassified(t *testing.T) {
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"type", "error", "restart"},
		Timeout:          time.Minute,
		Strict:           true,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	for _, s := range sets {
		t.Run(s.name, func(t *testing.T) {
			expected := map[string]expectation{}
			for _, e := range load(t, s.name) {
				expected[e.Name] = e
			}
			tally := &tally{}
			t.Run("failures", func(t *testing.T) {
				for _, p := range s.failures {
					t.Run(p.name, func(t *testing.T) {
						if !slices.Contains(alone, p.name) {
							t.Parallel()
						}
						cause := p.provoke(t)
						require.Error(t, cause, "the failure did not happen")
						require.NotContains(t, cause.Error(), "%!w(<nil>)", "the failure did not happen")
						res := e.EnrichContext(context.Background(), cause, enricher.FailureContext{})
						require.NoError(t, res.Err())
						tally.add(t, s, expected[p.name], cause, res.Labels)
					})
				}
			})
			t.Log(tally)
			if s.tolerance == 0 {
				return // each mistake has failed its own test
			}
			assert.Less(t, tally.share(tally.unknown), s.tolerance, "share of UNKNOWN")
			assert.Less(t, tally.share(tally.wrongType), s.tolerance, "share of wrong type")
			assert.Less(t, tally.share(tally.wrongRetry), s.tolerance, "share of wrong retry")
			assert.Less(t, tally.share(tally.wrongErrorType), s.tolerance, "share of wrong error_type")
		})
	}
}

// A tally counts the failures of one set. Its zero value is ready to use.
type tally struct {
	mu             sync.Mutex
	failures       int
	allUnknown     int // of type UNKNOWN
	unknown        int // of type UNKNOWN that was not expected
	wrongType      int // neither as expected nor UNKNOWN
	wrongRetry     int
	wrongErrorType int
}

// add compares the labels of one failure with what was expected. A miss is
// logged, and fails t if the set tolerates none.
func (c *tally) add(t *testing.T, s set, want expectation, cause error, got enricher.Labels) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures++
	okType, okRetry := want.Type.has(got["type"]), want.Retry.has(got["retry"])
	okErrorType := want.ErrorType.has(got["error_type"])
	switch {
	case got["type"] == "UNKNOWN":
		c.allUnknown++
		if !okType {
			c.unknown++
		}
	case !okType:
		c.wrongType++
	}
	if !okRetry {
		c.wrongRetry++
	}
	if !okErrorType {
		c.wrongErrorType++
	}
	if okType && okRetry && okErrorType {
		return
	}
	t.Logf("%s\n  text:     %v\n  chain:    %s\n  labels:   %v\n  expected: type=%v retry=%v error_type=%v\n  why:      %s",
		want.Name, cause, chain(cause), got, want.Type, want.Retry, want.ErrorType, want.Why)
	if s.tolerance == 0 {
		t.Fail()
	}
}

// chain returns the types of the errors in cause, from the outside in.
func chain(cause error) string {
	var types []string
	for err := range enricher.Chain(cause) {
		types = append(types, fmt.Sprintf("%T", err))
	}
	return strings.Join(types, " > ")
}

func (c *tally) share(n int) float64 { return float64(n) / float64(max(c.failures, 1)) }

func (c *tally) String() string {
	percent := func(n int) string { return fmt.Sprintf("%.1f %%", 100*c.share(n)) }
	return fmt.Sprintf("%d failures; UNKNOWN: %s not expected, %s in all; wrong type: %s; wrong retry: %s; wrong error_type: %s",
		c.failures, percent(c.unknown), percent(c.allUnknown), percent(c.wrongType), percent(c.wrongRetry), percent(c.wrongErrorType))
}
