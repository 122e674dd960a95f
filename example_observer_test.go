package enricher_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/failure-enrichers/enricher"
)

// A journal writes down every failure. One that served several goroutines
// would need a lock.
type journal struct{ lines []string }

func (j *journal) ObserveFailure(_ context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
	j.lines = append(j.lines, fmt.Sprintf("job %s: %v, labels: %s, complete: %t", fc.JobID, cause, res.Labels, res.Complete()))
}

// Metrics, traces and histories are fed by observers.
func ExampleObserver() {
	j := &journal{}
	e, err := enricher.New(enricher.Config{}, enricher.WithObserver(j),
		enricher.WithEnricher("kind", enricher.Func([]string{"kind"}, kindOf)))
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	e.EnrichContext(context.Background(), errors.New("connection refused"), enricher.FailureContext{JobID: "42"})
	fmt.Println(j.lines[0])
	// Output: job 42: connection refused, labels: kind=system, complete: true
}
