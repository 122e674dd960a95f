package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

func newEnricher(options map[string]any) (*enricher.Enricher, error) {
	return enricher.New(enricher.Config{
		FailureEnrichers: []string{"query"},
		Options:          map[string]map[string]any{"query": options},
	})
}

func TestQueryKeepsTheContract(t *testing.T) {
	factory, _ := enricher.DefaultRegistry().Factory("query")
	enrichertest.Run(t, factory,
		enrichertest.WithDeterministic(),
		enrichertest.WithEveryKey(),
		enrichertest.WithFailure("a query", &QueryError{"orders", time.Minute}),
		enrichertest.WithBadOptions("slower-than", map[string]any{"slower-than": "fast"}))
}

func TestQueryLabels(t *testing.T) {
	e, err := newEnricher(map[string]any{"slower-than": "2s"})
	require.NoError(t, err)
	for want, cause := range map[string]error{
		"slow=true, table=orders":  fmt.Errorf("report: %w", &QueryError{"orders", 3 * time.Second}),
		"slow=false, table=orders": &QueryError{"orders", 2 * time.Second},
		"":                         errors.New("disk full"),
	} {
		assert.Equal(t, want, e.Enrich(cause).String())
	}
}

func TestQueryRejectsOptions(t *testing.T) {
	_, err := newEnricher(map[string]any{"slower-than": "0s"})
	assert.EqualError(t, err, `enricher "query": option "slower-than": 0s: must be positive`)
	_, err = newEnricher(map[string]any{"slower-then": "1s"})
	assert.ErrorContains(t, err, `option "slower-then"`)
}

func Example() {
	main()
	// Output:
	// slow=true, table=orders
	//
}
