package enrichers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

func TestTheContractIsKept(t *testing.T) {
	for name, bad := range map[string]enrichertest.Option{
		"example-cause":  enrichertest.WithBadOptions("reasons", map[string]any{"reasons": "x"}),
		"example-triage": enrichertest.WithBadOptions("final-reasons", map[string]any{"final-reasons": "no-such-reason"}),
	} {
		t.Run(name, func(t *testing.T) {
			factory, ok := enricher.RegisteredFactory(name)
			require.True(t, ok)
			enrichertest.Run(t, factory,
				enrichertest.WithName(name), enrichertest.WithDeterministic(), enrichertest.WithEveryKey(), bad,
				enrichertest.WithContext("a bug", enricher.FailureContext{Labels: enricher.Labels{"kind": "USER", "reason": "panic"}}))
		})
	}
}
