// Command customenricher has the smallest complete enricher: one file, with
// options that have a type. Its test is beside it.
//
//	go run ./examples/customenricher
//
// To make it yours, copy the file without main, and import the package where your
// service imports others for what they register.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A QueryError is an error of the service, of which it knows more than anybody.
type QueryError struct {
	Table string
	Took  time.Duration
}

func (e *QueryError) Error() string {
	return fmt.Sprintf("query of table %s failed after %v", e.Table, e.Took)
}

func init() {
	enricher.Register("query", enricher.NewFactory(Options{SlowerThan: time.Second}, newQuery))
}

// Options are the options of the enricher.
type Options struct {
	SlowerThan time.Duration // slower-than: what counts as slow. By default, a second.
}

// newQuery makes the enricher. Misspelt options and wrong types are refused before
// it is called; what makes no sense it has to refuse itself.
func newQuery(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) {
	if opts.SlowerThan <= 0 {
		return nil, &enricher.ConfigError{Option: "slower-than", Err: fmt.Errorf("%v: want more than 0", opts.SlowerThan)}
	}
	return &query{opts}, nil
}

// query says which table a failed query was about, and whether it was slow.
type query struct{ opts Options }

func (q *query) OutputKeys() []string { return []string{"table", "slow"} }

func (q *query) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	for err := range enricher.Chain(cause) {
		if failed, ok := err.(*QueryError); ok && failed != nil {
			return enricher.Labels{"table": failed.Table, "slow": fmt.Sprint(failed.Took > q.opts.SlowerThan)}, nil
		}
	}
	return nil, nil
}

func main() {
	cfg, err := enricher.ParseConfig(map[string]any{ // what your configuration loader yields
		"failure-enrichers": "query",
		"failure-enricher":  map[string]any{"query": map[string]any{"slower-than": "500ms"}},
	})
	if err != nil {
		panic(err)
	}
	e, err := enricher.New(cfg)
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Enrich(fmt.Errorf("nightly report: %w", &QueryError{Table: "orders", Took: 3 * time.Second})))
	fmt.Println(e.Enrich(errors.New("disk full")))
}
