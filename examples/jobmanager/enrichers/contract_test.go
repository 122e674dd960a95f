package enrichers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

func TestEnrichersKeepTheContract(t *testing.T) {
	for name, bad := range map[string]enrichertest.Option{
		"example-cause":  enrichertest.BadOptions("reasons", map[string]any{"reasons": "x"}),
		"example-triage": enrichertest.BadOptions("final-reasons", map[string]any{"final-reasons": "no-such-reason"}),
	} {
		t.Run(name, func(t *testing.T) {
			factory, ok := enricher.RegisteredFactory(name)
			require.True(t, ok)
			enrichertest.Run(t, factory,
				enrichertest.WithName(name), enrichertest.Deterministic(), enrichertest.EveryKey(), bad,
				enrichertest.WithContext("a bug", enricher.FailureContext{Labels: enricher.Labels{"kind": "USER", "reason": "panic"}}))
		})
	}
}
