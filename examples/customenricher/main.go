// Command customenricher is a complete failure enricher in one file, with typed
// options. Its test is beside it.
//
//	go run ./examples/customenricher
//
// To use it as a template, copy the file without main, and import its package for
// its side effect, as a database driver.
package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A QueryError is an error type of the service.
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
	SlowerThan time.Duration // slower-than: queries that took longer are slow. By default, 1s.
}

// A query labels failed queries with their table, and whether they were slow.
type query struct{ opts Options }

var _ enricher.FailureEnricher = (*query)(nil)

// newQuery creates the enricher. Unknown options and wrong types have been
// rejected before; it checks the values.
func newQuery(_ enricher.FactoryConfig, opts Options) (*query, error) {
	if opts.SlowerThan <= 0 {
		return nil, &enricher.ConfigError{Option: "slower-than", Err: fmt.Errorf("%v: must be positive", opts.SlowerThan)}
	}
	return &query{opts}, nil
}

// OutputKeys returns every label key that ProcessFailure may set.
func (q *query) OutputKeys() []string { return []string{"table", "slow"} }

// ProcessFailure returns no labels if no query has failed. It is called
// concurrently.
func (q *query) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	failed, ok := enricher.AsType[*QueryError](cause)
	if !ok {
		return nil, nil
	}
	return enricher.Labels{
		"table": failed.Table,
		"slow":  strconv.FormatBool(failed.Took > q.opts.SlowerThan),
	}, nil
}

func main() {
	cfg, err := enricher.ParseConfig(map[string]any{ // as a configuration loader returns it
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
