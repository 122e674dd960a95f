// Package reloadtest has what the tests of enrichers with rules share.
package reloadtest

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

var update = flag.Bool("update", false, "write the golden files")

// Process returns the labels of a failure.
func Process(t testing.TB, fe enricher.FailureEnricher, cause error, fc enricher.FailureContext) enricher.Labels {
	t.Helper()
	labels, err := fe.ProcessFailure(context.Background(), cause, fc)
	require.NoError(t, err)
	return labels
}

// Explain returns the labels of a failure and the reasons.
func Explain(t testing.TB, fe enricher.FailureEnricher, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string) {
	t.Helper()
	labels, reasons, err := fe.(enricher.Explainer).ExplainFailure(context.Background(), cause, fc)
	require.NoError(t, err)
	return labels, reasons
}

// Counts returns what the enricher has counted.
func Counts(fe enricher.FailureEnricher) map[string]uint64 {
	return fe.(enricher.CountReporter).Counts()
}

// Rejects checks for each file that matches pattern that load returns the error in
// the file with the extension .golden beside it.
func Rejects(t *testing.T, pattern string, load func(path string) error) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			err := load(path)
			require.Error(t, err)
			golden := strings.TrimSuffix(path, filepath.Ext(path)) + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(err.Error()+"\n"), 0o600))
			}
			want, readErr := os.ReadFile(golden)
			require.NoError(t, readErr)
			assert.Equal(t, string(want), err.Error()+"\n")
		})
	}
}
