package webhook_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	opts := webhook.Options{
		When:   map[string][]string{"type": {"SYSTEM", "DEPENDENCY"}, "owner": {"*"}},
		Unless: map[string][]string{"JOB_CANNOT_RESTART": {"false"}, "muted": {"*"}},
	}
	tests := map[string]struct {
		labels enricher.Labels
		want   string
	}{
		"no labels":           {nil, "not-matched"},
		"all met":             {enricher.Labels{"type": "SYSTEM", "owner": ""}, "sent"},
		"another value":       {enricher.Labels{"type": "DEPENDENCY", "owner": "x", "JOB_CANNOT_RESTART": "true"}, "sent"},
		"a wrong value":       {enricher.Labels{"type": "USER", "owner": "x"}, "not-matched"},
		"case of a value":     {enricher.Labels{"type": "system", "owner": "x"}, "not-matched"},
		"one missing":         {enricher.Labels{"type": "SYSTEM"}, "not-matched"},
		"one too many":        {enricher.Labels{"type": "SYSTEM", "owner": "x", "muted": ""}, "not-matched"},
		"one with that value": {enricher.Labels{"type": "SYSTEM", "owner": "x", "JOB_CANNOT_RESTART": "false"}, "not-matched"},
		"case of a key":       {enricher.Labels{"Type": "SYSTEM", "OWNER": "x"}, "sent"},
		"case of another":     {enricher.Labels{"type": "SYSTEM", "owner": "x", "job_cannot_restart": "false"}, "not-matched"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, fe := post(t, opts)
			assert.Equal(t, []string{"*", "JOB_CANNOT_RESTART", "muted", "owner", "type"}, fe.(enricher.LabelReader).InputKeys())
			require.NoError(t, send(t, fe, errJob, tt.labels))
			assert.Equal(t, map[string]uint64{tt.want: 1}, counts(fe))
			assert.Equal(t, tt.want == "sent", len(s.all()) == 1)
		})
	}
}
