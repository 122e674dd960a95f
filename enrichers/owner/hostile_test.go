package owner_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/owner"
)

// Errors as strangers have them.
type (
	panics       struct{}
	circle       struct{}
	uncomparable []string
	wide         struct{}
)

func (panics) Error() string         { panic("Error") }
func (panics) Unwrap() error         { panic("Unwrap") }
func (panics) StackTrace() []uintptr { panic("StackTrace") }
func (circle) Error() string         { return "circle" }
func (circle) Unwrap() error         { return circle{} }
func (uncomparable) Error() string   { return "uncomparable" }
func (wide) Error() string           { return "wide" }
func (wide) Unwrap() []error {
	all := make([]error, 10_000)
	for i := range all {
		all[i] = uncomparable{"a"}
	}
	return all
}

var huge = strings.Repeat("0123456789abcdef", 10<<20/16)

func TestHostileFailuresAreOrdinaryInput(t *testing.T) {
	t.Parallel()
	e := load(t, "* rest", "job:*f job", "pkg:a/... a", "label:x=[0-9]*f label")
	for i, cause := range []error{
		(*fs.PathError)(nil), (*enricher.PanicError)(nil),
		panics{},
		circle{},
		uncomparable{"a"},
		wide{},
		errors.New(huge), fmt.Errorf("x: %w", errors.Join(panics{}, circle{})),
		enricher.NewPanicError(panics{}, []byte(huge)), enricher.NewPanicError(nil, nil),
		enricher.NewPanicError(nil, []byte("panic(\n\t\n(\n\t:\n")),
		traced{make([]uintptr, 1000)},
		traced{nil},
	} {
		assert.Equal(t, enricher.Labels{"team": "rest"}, process(t, e, cause, enricher.FailureContext{}), "%d", i)
	}
	assert.Equal(t, "team=job", process(t, e, circle{}, enricher.FailureContext{JobName: huge}).String())
	assert.Equal(t, "team=rest", process(t, e, circle{}, enricher.FailureContext{JobName: "\xff"}).String())
	assert.Equal(t, "team=label", process(t, e, circle{}, enricher.FailureContext{Labels: enricher.Labels{"x": huge}}).String())
}

// An asked error counts how often it is asked for its stack.
type asked struct{ times *int }

func (asked) Error() string { return "asked" }
func (a asked) StackTrace() []uintptr {
	*a.times++
	return nil
}

func TestTheOriginIsLookedForOnceAndOnlyIfALineAsks(t *testing.T) {
	t.Parallel()
	times := 0
	process(t, load(t, "pkg:a x", "pkg:b x", "pkg:c x"), asked{&times}, enricher.FailureContext{})
	assert.Equal(t, 1, times)
	process(t, load(t, "pkg:a x", "job:b x"), asked{&times}, enricher.FailureContext{JobName: "b"})
	assert.Equal(t, 1, times)
}

// FuzzNew loads files. Whatever they hold, loading does not panic, and whatever
// loads has an owner for any failure, the one that it explains, with clean labels
// of declared keys.
func FuzzNew(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.txt")
	require.NoError(f, err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(string(data), "import-a", "github.com/acme/billing", "DEPENDENCY")
	}
	f.Fuzz(func(t *testing.T, text, job, pkg, label string) {
		e, err := owner.New(owner.Options{Rules: strings.Split(text, "\n")})
		if err != nil {
			require.Nil(t, e)
			require.NotEmpty(t, err.Error())
			return
		}
		fc := enricher.FailureContext{JobName: job, Labels: enricher.Labels{"type": label}}
		for _, cause := range []error{errors.New(text), in(pkg), panics{}} {
			labels := process(t, e, cause, fc)
			require.NotEmpty(t, labels["team"])
			for key, value := range labels {
				require.Contains(t, e.OutputKeys(), key)
				require.NotEmpty(t, value)
				require.True(t, utf8.ValidString(value) && len(value) <= enricher.DefaultMaxValueLength, "%q", value)
			}
			explained, why, err := e.ExplainFailure(t.Context(), cause, fc)
			require.NoError(t, err)
			require.Equal(t, labels, explained)
			require.Len(t, why, len(labels))
		}
		require.NotContains(t, e.InputKeys(), "*")
	})
}

func BenchmarkProcessFailure(b *testing.B) {
	for _, n := range []int{10, 1000} {
		for _, kind := range []string{"job:daily-%d-*", "pkg:github.com/acme/shop%d/...", "label:type=T%d job:daily-*"} {
			lines := []string{"* platform"}
			for i := range n - 1 {
				lines = append(lines, fmt.Sprintf(kind+" team", i))
			}
			e := load(b, lines...)
			cause := in("github.com/acme/cart")
			fc := enricher.FailureContext{JobName: "daily-report", Labels: enricher.Labels{"type": "USER"}}
			b.Run(fmt.Sprintf("%.3s/%d", kind, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, err := e.ProcessFailure(b.Context(), cause, fc)
					require.NoError(b, err)
				}
			})
		}
	}
}
