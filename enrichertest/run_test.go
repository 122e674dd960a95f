package enrichertest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// Run cannot fail in a test that should pass: it does in a process of its own.
func TestRunFailsTheSubtestOfACheck(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(path, "-test.run=^TestFixture$", "-test.v")
	cmd.Env = append(os.Environ(), "ENRICHERTEST_FIXTURE=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	text := string(out)
	assert.Equal(t, 2, strings.Count(text, "\n    --- FAIL: "), text)
	assert.Contains(t, text, "--- FAIL: TestFixture/declared")
	assert.Contains(t, text, "--- FAIL: TestFixture/panics")
	assert.Contains(t, text, "--- PASS: TestFixture/values")
	assert.Contains(t, text, "--- SKIP: TestFixture/context")
	assert.Contains(t, text, "left out: a reason")
	assert.Contains(t, text, `panics: failure "a nil *fs.PathError": ProcessFailure panicked: `)
	assert.Equal(t, 6, strings.Count(text, "contract: labels are under keys that OutputKeys has declared"), text)
	assert.Contains(t, text, `no failure made it set ["kind"], so their labels were not checked`)
}

func TestFixture(t *testing.T) {
	if os.Getenv("ENRICHERTEST_FIXTURE") == "" {
		t.Skip("run by TestRunFailsTheSubtestOfACheck")
	}
	enrichertest.Run(t, doing(func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		_ = cause.Error()
		return enricher.Labels{"other": "label"}, nil
	}), enrichertest.WithSkip("context", "a reason"))
}

func TestFindingSaysWhatIsWrongAndTheContract(t *testing.T) {
	t.Parallel()
	err := enrichertest.Check(doing(func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		if _, ok := cause.(mine); ok {
			return enricher.Labels{"kind": "\x00"}, nil
		}
		return nil, nil
	}), enrichertest.WithFailure("my own", mine{}))
	f, ok := errors.AsType[*enrichertest.Finding](err)
	require.True(t, ok)
	assert.Equal(t, "values", f.Check)
	assert.Equal(t, "my own", f.Failure)
	require.EqualError(t, f.Err, `the value of "kind" has control characters: "\x00" (context empty)`)
	assert.Same(t, f.Err, errors.Unwrap(f))
	assert.Equal(t, `values: failure "my own": `+f.Err.Error()+"\n\tcontract: "+f.Contract, f.Error())
}

func TestCheckFindsErrorsIs(t *testing.T) {
	t.Parallel()
	err := enrichertest.Check(doing(touch(func(cause error) { _ = errors.Is(cause, io.EOF) })))
	assert.ErrorContains(t, err, "panics: ")
	assert.ErrorContains(t, err, `endless: failure "an error that wraps itself"`)
}

func TestCheckGivesAnEnricherWhatTheLibraryGives(t *testing.T) {
	t.Parallel()
	t.Run("no labels, unless it reads some", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, enrichertest.Check(doing(func(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
			if cause == nil || fc.Labels != nil {
				panic("not what the library does")
			}
			return nil, nil
		}), enrichertest.WithSkip("panics", "it would compare"), enrichertest.WithContext("with labels", enricher.FailureContext{Labels: enricher.Labels{"a": "b"}})))
	})
	t.Run("only those that it reads", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, enrichertest.Check(reading(func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			delete(fc.Labels, "none") // nil maps can be deleted from
			if _, ok := fc.Labels["kind"]; fc.Labels == nil || len(fc.Labels) > 1 || len(fc.Labels) == 1 && !ok {
				panic("not what the library does")
			}
			return nil, nil
		}, "kind")))
	})
}

func TestCheckIgnoresOtherGoroutines(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	require.NoError(t, enrichertest.Check(doing(none)))
	go func() { <-release }()
	require.NoError(t, enrichertest.Check(making(newWorker)))
	for range 10 {
		go func() { <-release }()
		runtime.Gosched()
	}
	require.NoError(t, enrichertest.Check(making(newWorker)))
}
