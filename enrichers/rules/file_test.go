package rules_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// files returns the paths of a folder of testdata.
func files(t testing.TB, folder string) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/" + folder + "/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

func TestGoodFilesLoadAndTheirExamplesComeTrue(t *testing.T) {
	t.Parallel()
	for _, path := range files(t, "good") {
		_, err := rules.New(rules.Options{File: path})
		assert.NoError(t, err)
	}
}

func TestErrorsOfBadFilesSayWhatIsWrongAndWhatWouldBeRight(t *testing.T) {
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
			joined, ok := err.(interface{ Unwrap() []error })
			require.True(t, ok)
			for _, err := range joined.Unwrap() {
				ce, ok := err.(*enricher.ConfigError)
				require.True(t, ok)
				assert.Equal(t, "file", ce.Option)
				assert.True(t, strings.HasPrefix(ce.Err.Error(), path+": "), "%v", ce.Err)
			}
		})
	}
}

func TestLargeFilesAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<20+1), 0o600))
	_, err := rules.New(rules.Options{File: path})
	require.EqualError(t, err, `option "file": `+path+": want a file of at most 1048576 bytes")

	many := `{"rules": [` + strings.Repeat("null,", 10_000) + "null]}"
	_, errs := rules.Parse([]byte(many))
	require.Len(t, errs, 1)
	require.EqualError(t, errs[0], "there are 10001 rules: want at most 10000")
	many = `{"examples": [` + strings.Repeat("null,", 10_000) + "null]}"
	_, errs = rules.Parse([]byte(many))
	require.Len(t, errs, 1)
	require.EqualError(t, errs[0], "there are 10001 examples: want at most 10000")
}

func TestAFileMayNotExist(t *testing.T) {
	t.Parallel()
	_, err := rules.New(rules.Options{File: "testdata/none.json"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, `option "file": stat testdata/none.json: `)
}
