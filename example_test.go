package enricher_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"

	"github.com/failure-enrichers/enricher"
)

// A plugin registers itself, so that whoever imports it can configure it.
func init() {
	enricher.Register("kind", enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		return enricher.Func([]string{"kind"}, kindOf), nil
	}))
}

// kindOf tells what users can mend from what they cannot.
func kindOf(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	if errors.Is(cause, fs.ErrNotExist) {
		return enricher.Labels{"kind": "user"}, nil
	}
	return enricher.Labels{"kind": "system"}, nil
}

// A service names the enrichers it wants, and hands them its failures.
func Example() {
	cfg, err := enricher.ParseConfig(map[string]any{"jobmanager.failure-enrichers": "kind"})
	if err != nil {
		log.Fatal(err)
	}
	e, err := enricher.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	_, jobErr := os.Open("no-such-file.csv") // the job
	res := e.EnrichContext(context.Background(), jobErr, enricher.FailureContext{JobID: "42", Attempt: 1})
	fmt.Println(res.Labels)
	// Output: kind=user
}
