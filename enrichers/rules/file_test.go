package rules_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/rules"
)

var update = flag.Bool("update", false, "write the golden files")

// files returns the paths of a folder of testdata.
func files(t testing.TB, folder string) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/" + folder + "/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

func TestNewAcceptsGoodFiles(t *testing.T) {
	t.Parallel()
	for _, path := range files(t, "good") {
		_, err := rules.New(rules.Options{File: path})
		assert.NoError(t, err)
	}
}

func TestNewRejectsBadFiles(t *testing.T) {
	t.Parallel()
	for _, path := range files(t, "bad") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			_, err := rules.New(rules.Options{File: path})
			require.Error(t, err)
			golden := strings.TrimSuffix(path, ".json") + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(err.Error()+"\n"), 0o600))
			}
			want, readErr := os.ReadFile(golden)
			require.NoError(t, readErr)
			assert.Equal(t, string(want), err.Error()+"\n")
		})
	}
}

func TestNewNamesTheKeyInAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"rules": [{"mesage": "x"}], "examples": [{"given": {"eror": "x"}}]}`), 0o600))
	_, err := rules.New(rules.Options{File: path})
	require.ErrorContains(t, err, `option "file": `+path+`: rules[0].mesage: `)
	require.ErrorContains(t, err, `option "file": `+path+`: examples[0].given.eror: `)
}
