package rules_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

// FuzzParse loads files. Whatever they hold, loading does not panic and says the
// same twice, and whatever loads copes with any failure: its labels are clean and
// have declared keys, and are those that it explains.
func FuzzParse(f *testing.F) {
	for _, path := range append(files(f, "good"), files(f, "bad")...) {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data, "card declined: code 51", "billing-eu", 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, text, job string, attempt int) {
		e, errs := rules.Parse(data)
		again, errsAgain := rules.Parse(data)
		require.Equal(t, errorTexts(errs), errorTexts(errsAgain))
		if len(errs) > 0 {
			require.Nil(t, e)
			return
		}
		require.True(t, json.Valid(data))
		require.Equal(t, e.OutputKeys(), again.OutputKeys())
		fc := enricher.FailureContext{
			Type:       enricher.FailureTypeTask,
			JobName:    job,
			TaskName:   text,
			Attempt:    attempt,
			Attributes: map[string]string{"region": job},
			Labels:     enricher.Labels{"severity": text},
		}
		causes := []error{errors.New(text), &fs.PathError{Op: text, Path: job, Err: errors.New(text)}, panics{}, uncomparable{text}}
		for _, cause := range causes {
			labels := process(t, e, cause, fc)
			for key, value := range labels {
				require.Contains(t, e.OutputKeys(), key)
				require.True(t, utf8.ValidString(value) && len(value) <= enricher.DefaultMaxValueLength, "%q", value)
				require.Less(t, strings.IndexFunc(value, func(r rune) bool {
					return unicode.IsControl(r) && r != '\t' && r != '\n'
				}), 0, "%q", value)
			}
			explained, why, err := e.ExplainFailure(t.Context(), cause, fc)
			require.NoError(t, err)
			require.Len(t, explained, len(labels))
			for key, value := range labels {
				require.Equal(t, value, explained[key])
				require.NotEmpty(t, why[key])
			}
		}
		var matches uint64
		for _, r := range e.Rules() {
			matches += r.Matches
		}
		require.GreaterOrEqual(t, matches+e.Unmatched(), uint64(len(causes)))
		require.NotEmpty(t, bytes.TrimSpace(data))
	})
}

func errorTexts(errs []error) (texts []string) {
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return texts
}
