package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/failure-enrichers/enricher"
)

func init() {
	enricher.Register("missing-file", enricher.FactoryFunc(newMissingFile))
}

func newMissingFile(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
	return enricher.Func([]string{"missing_file"}, missingFile), nil
}

func missingFile(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	if pe, ok := enricher.AsType[*fs.PathError](cause); ok && os.IsNotExist(pe) {
		return enricher.Labels{"missing_file": filepath.Base(pe.Path)}, nil
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
