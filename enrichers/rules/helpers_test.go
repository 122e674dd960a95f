package rules_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

// load returns an enricher with these rules.
func load(t testing.TB, list ...rules.Rule) enricher.FailureEnricher {
	t.Helper()
	fe, err := rules.New(rules.Options{Rules: list})
	require.NoError(t, err)
	return fe
}

// process returns the labels of a failure.
func process(t testing.TB, fe enricher.FailureEnricher, cause error, fc enricher.FailureContext) enricher.Labels {
	t.Helper()
	labels, err := fe.ProcessFailure(context.Background(), cause, fc)
	require.NoError(t, err)
	return labels
}

// explain returns the labels of a failure and the reasons.
func explain(t testing.TB, fe enricher.FailureEnricher, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string) {
	t.Helper()
	labels, reasons, err := fe.(enricher.Explainer).ExplainFailure(context.Background(), cause, fc)
	require.NoError(t, err)
	return labels, reasons
}

// counts returns what the enricher has counted.
func counts(fe enricher.FailureEnricher) map[string]uint64 {
	return fe.(enricher.CountReporter).Counts()
}

// hit is the label of a rule in tests that only check whether it matches.
var hit = map[string]string{"hit": "yes"}
