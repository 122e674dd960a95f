// Package mount mounts the history of failures into a service.
package mount

import (
	"context"
	"net/http"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A service runs jobs.
type service struct {
	enricher *enricher.Enricher
	history  *exceptions.History // exceptions.NewHistory(exceptions.Options{})
}

func (s *service) routes(mux *http.ServeMux) {
	mux.Handle("/failures/", http.StripPrefix("/failures", exceptions.NewHandler(s.history)))
}

// jobFailed keeps the failure, labels it, and says whether the job may restart.
func (s *service) jobFailed(ctx context.Context, jobID string, attempt int, err error) (restart bool) {
	res := s.history.Enrich(ctx, s.enricher, err, enricher.FailureContext{JobID: jobID, Attempt: attempt})
	return !res.Labels.CannotRestart()
}
