package mount

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestMountServesFailures(t *testing.T) {
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("veto", enricher.Func(
		[]string{enricher.KeyJobCannotRestart},
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{enricher.KeyJobCannotRestart: "true"}, nil
		})))
	require.NoError(t, err)
	s := &service{enricher: e, history: exceptions.NewHistory(exceptions.Options{})}
	assert.False(t, s.jobFailed(t.Context(), "job-1", 1, errors.New("failed")))

	mux := http.NewServeMux()
	s.routes(mux)
	for path, want := range map[string]string{
		"/failures/":                      "<!doctype html>",
		"/failures/jobs/job-1/exceptions": `"failureLabels":{"JOB_CANNOT_RESTART":"true"}`,
	} {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		assert.Equal(t, http.StatusOK, answer.Code, path)
		assert.Contains(t, answer.Body.String(), want, path)
	}
}
