package rules_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/reload/reloadtest"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

// FuzzParse checks that loading does not panic and returns the same error twice,
// and that what loads returns valid labels of declared keys for any failure, those
// that it explains.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.json")
	require.NoError(f, err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data, "card declined: code 51", "billing-eu", 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, text, job string, attempt int) {
		fe, err := rules.Parse(data)
		if _, again := rules.Parse(data); err != nil {
			require.EqualError(t, again, err.Error())
			require.Nil(t, fe)
			return
		}
		fc := enricher.FailureContext{
			Type:       enricher.FailureTypeTask,
			JobName:    job,
			TaskName:   text,
			Attempt:    attempt,
			Attributes: map[string]string{"region": job},
			Labels:     enricher.Labels{"severity": text},
		}
		for _, cause := range []error{errors.New(text), &fs.PathError{Op: text, Path: job, Err: errors.New(text)}} {
			labels := reloadtest.Process(t, fe, cause, fc)
			explained, why := reloadtest.Explain(t, fe, cause, fc)
			require.Len(t, explained, len(labels))
			for key, value := range labels {
				require.Contains(t, fe.OutputKeys(), key)
				require.True(t, utf8.ValidString(value) && len(value) <= enricher.DefaultMaxValueLength, "%q", value)
				require.False(t, strings.ContainsFunc(value, func(r rune) bool {
					return unicode.IsControl(r) && r != '\t' && r != '\n'
				}), "%q", value)
				require.Equal(t, value, explained[key])
				require.NotEmpty(t, why[key])
			}
		}
	})
}
