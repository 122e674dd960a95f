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
	"github.com/failure-enrichers/enricher/internal/evidence/wirelaw"
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
	Name       string `json:"name"`
	Type       oneOf  `json:"type"`  // none: any
	Retry      oneOf  `json:"retry"` // none: any
	ErrorType  oneOf  `json:"error_type"`
	ErrorCode  oneOf  `json:"error_code"` // none: any, or no code
	RetryAfter string `json:"retry_after"`
	Why        string `json:"why"`
	Source     string `json:"source"` // where it was reported
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

// has reports whether value is acceptable; any is, if nothing is expected.
func (o oneOf) has(value string) bool { return len(o) == 0 || slices.Contains(o, value) }

// A set is a part of the corpus, and how much of it may be labelled wrong.
type set struct {
	name      string
	failures  []provocation
	tolerance tolerance
}

// A tolerance has the share of each kind of mistake that is allowed.
type tolerance struct{ unknown, wrongType, wrongRetry, wrongVeto, wrongErrorType, noCode, wrongAfter float64 }

var sets = []set{
	{"grown", grown, tolerance{}},
	{"independent", independent, tolerance{unknown: 0.017, wrongRetry: 0.034}},
	{"unseen", unseen, tolerance{wrongRetry: 0.02}},
	{"fresh", fresh, tolerance{}},
	{"further", further, tolerance{}},
	{"common", common, tolerance{unknown: 0.017, noCode: 0.008}},
	{"batch", batch, tolerance{unknown: 0.034, wrongType: 0.017, wrongRetry: 0.042, noCode: 0.017, wrongAfter: 0.017}},
	{"reported", reportedFailures, tolerance{}},
	{"siblings", siblings, tolerance{wrongRetry: 0.015}},
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
				assert.NotEmpty(t, e.Why, e.Name)
				if e.Source == "" { // of its own, not of a report that leaves something open
					assert.NotEmpty(t, e.Type, e.Name)
					assert.NotEmpty(t, e.Retry, e.Name)
					assert.NotEmpty(t, e.ErrorType, e.Name)
				}
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
		Options: map[string]map[string]any{
			"error":   {"max-types": 10000, "max-codes": 10000},
			"restart": {"veto": true, "max-restarts-vetoed": 10000, "max-restarts-vetoed-total": 10000},
		},
		Timeout: time.Minute,
		Strict:  true,
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
						checkErrorType(t, cause, res.Labels)
						wirelaw.Check(t, cause)
						tally.add(t, expected[p.name], cause, res.Labels)
					})
				}
			})
			t.Log(tally)
			for _, kind := range []struct {
				name    string
				n       int
				allowed float64
			}{
				{"UNKNOWN", tally.unknown, s.tolerance.unknown},
				{"wrong type", tally.wrongType, s.tolerance.wrongType},
				{"wrong retry", tally.wrongRetry, s.tolerance.wrongRetry},
				{"wrong veto", tally.wrongVeto, s.tolerance.wrongVeto},
				{"wrong error_type", tally.wrongErrorType, s.tolerance.wrongErrorType},
				{"no or wrong error_code", tally.noCode, s.tolerance.noCode},
				{"no or wrong retry_after", tally.wrongAfter, s.tolerance.wrongAfter},
			} {
				assert.LessOrEqual(t, tally.share(kind.n), kind.allowed+0.0005, "share of %s", kind.name)
			}
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
	wrongVeto      int // JOB_CANNOT_RESTART, though a retry may help
	wrongErrorType int
	noCode         int // another error_code than expected, or none
	wrongAfter     int // another retry_after than expected, or none
}

// add compares the labels of one failure with what was expected, and logs a miss.
func (c *tally) add(t *testing.T, want expectation, cause error, got enricher.Labels) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures++
	missed := false
	miss := func(n *int) { *n++; missed = true }
	if got["type"] == "UNKNOWN" {
		c.allUnknown++
	}
	switch {
	case want.Type.has(got["type"]):
	case got["type"] == "UNKNOWN":
		miss(&c.unknown)
	default:
		miss(&c.wrongType)
	}
	if !want.Retry.has(got["retry"]) {
		miss(&c.wrongRetry)
		if got.CannotRestart() {
			miss(&c.wrongVeto)
		}
	}
	if !want.ErrorType.has(got["error_type"]) {
		miss(&c.wrongErrorType)
	}
	if !want.ErrorCode.has(got["error_code"]) {
		miss(&c.noCode)
	}
	if want.RetryAfter != "" && want.RetryAfter != got["retry_after"] {
		miss(&c.wrongAfter)
	}
	if missed {
		t.Logf("%s\n  text:     %v\n  chain:    %s\n  labels:   %v\n  expected: type=%v retry=%v error_type=%v error_code=%v retry_after=%s\n  why:      %s",
			want.Name, cause, chain(cause), got, want.Type, want.Retry, want.ErrorType, want.ErrorCode, want.RetryAfter, want.Why)
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
	return fmt.Sprintf("%d failures; UNKNOWN: %s not expected, %s in all; wrong type: %s; wrong retry: %s; wrong veto: %s; wrong error_type: %s; no or wrong error_code: %s; no or wrong retry_after: %s",
		c.failures, percent(c.unknown), percent(c.allUnknown), percent(c.wrongType), percent(c.wrongRetry), percent(c.wrongVeto), percent(c.wrongErrorType), percent(c.noCode), percent(c.wrongAfter))
}
