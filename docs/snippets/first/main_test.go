package main

import (
	"testing"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

func TestFirstEnricherKeepsTheContract(t *testing.T) {
	factory, _ := enricher.DefaultRegistry().Factory("missing-file")
	enrichertest.Run(t, factory, enrichertest.WithDeterministic())
}
