package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/failure-enrichers/enricher"
)

func init() {
	enricher.Register("missing-file", enricher.FactoryFunc(newMissingFile))
}

func newMissingFile(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
	return enricher.Func([]string{"missing_file"}, missingFile), nil
}

func missingFile(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	if pe, ok := errors.AsType[*fs.PathError](cause); ok && errors.Is(pe, fs.ErrNotExist) {
		return enricher.Labels{"missing_file": pe.Path}, nil
	}
	return nil, nil
}

func main() {
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"missing-file"}})
	if err != nil {
		panic(err)
	}
	_, err = os.Open("/no/such/orders.csv")
	fmt.Println(e.Enrich(fmt.Errorf("import orders: %w", err)))
}
