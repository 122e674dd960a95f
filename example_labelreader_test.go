package enricher_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/failure-enrichers/enricher"
)

// A pager tells somebody of a failure, with all that the others found out. It
// sets no labels.
type pager struct{}

var _ enricher.LabelReader = pager{}

func (pager) InputKeys() []string  { return []string{"*"} }
func (pager) OutputKeys() []string { return nil }

func (pager) ProcessFailure(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	fmt.Printf("job %s: %v (%s)\n", fc.JobID, cause, fc.Labels)
	return nil, nil
}

// A LabelReader starts when the enrichers that it reads from are done.
func ExampleLabelReader() {
	severity := enricher.Func([]string{"severity"},
		func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			if fc.Final() {
				return enricher.Labels{"severity": "high"}, nil
			}
			return enricher.Labels{"severity": "low"}, nil
		})
	e, err := enricher.New(enricher.Config{},
		enricher.WithEnricher("pager", pager{}), enricher.WithEnricher("severity", severity))
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	e.EnrichContext(context.Background(), errors.New("no space left on device"),
		enricher.FailureContext{JobID: "42", Attempt: 3, MaxAttempts: 3})
	// Output: job 42: no space left on device (severity=high)
}
