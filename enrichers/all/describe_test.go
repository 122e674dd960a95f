package all_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/restart"
)

type options = map[string]any

// newEnricher returns an Enricher with the enrichers of which options are given, and "type".
func newEnricher(t *testing.T, byName map[string]map[string]any) *enricher.Enricher {
	t.Helper()
	cfg := enricher.Config{FailureEnrichers: []string{"type"}, Options: byName}
	for name := range byName {
		cfg.FailureEnrichers = append(cfg.FailureEnrichers, name)
	}
	e, err := enricher.New(cfg, enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(t.Context())) })
	require.Empty(t, e.Rejected())
	return e
}

// ruleOptions set labels that others may look for.
var ruleOptions = options{"rules": []any{
	options{"message": "(?P<all>a.*)", "set": options{"any": "${all}", "fixed": "a"}},
	options{"set": options{"any": "x", "fixed": "b"}},
}}

func TestEnrichersDescribeTheirLabels(t *testing.T) {
	e := newEnricher(t, map[string]map[string]any{
		"type":  {"hints": []any{options{"match": "errno ENOSPC", "is": "Full."}}},
		"error": nil, "fingerprint": nil, "restart": {"veto": true, "uncounted": options{"tenant": "a"}, "expected": options{"tenant": "a"}},
		"attached": {"keys": "tenant"},
		"static":   {"labels": options{"env": "test"}, "host": "host"},
		"owner":    {"rules": []any{"* platform", "job:x x oncall=x-primary"}, "default-runbook": "r"},
		"rules":    ruleOptions,
		"webhook":  {"url": "https://hooks.example", "notified-label": "notified"},
	})
	values := map[string][]string{}
	for _, info := range e.Enrichers() {
		var keys []string
		for _, d := range info.Labels {
			assert.Regexp(t, `^[A-Z].*\.$`, d.Doc, d.Key)
			keys = append(keys, d.Key)
			if d.Values != nil && d.Key != "host" {
				values[d.Key] = d.Values
			}
		}
		assert.ElementsMatch(t, info.OutputKeys, keys, info.Name)
	}
	assert.Equal(t, map[string][]string{
		"type":                       {"USER", "SYSTEM", "DEPENDENCY", "CANCELLED", "UNKNOWN"},
		"hint":                       {"Full."},
		"retry":                      {restart.Retryable, restart.Terminal, restart.Unknown},
		enricher.KeyJobCannotRestart: {"true"},
		"attempt_counts":             {"false"},
		"expected":                   {"true"},
		"env":                        {"test"},
		"team":                       {"unowned", "platform", "x"},
		"oncall":                     {"x-primary"},
		"runbook":                    {"r"},
		"fixed":                      {"a", "b"},
		"notified":                   {"sent", "held-back", "rate-limited", "not-matched"},
	}, values)
}

func TestEnrichersWarnOfMisspeltValues(t *testing.T) {
	for name, c := range map[string]struct {
		enricher string
		options  options
		want     []string // parts of each warning
	}{
		"restart terminal": {
			"restart",
			options{"terminal": options{"type": "USR, USER"}},
			[]string{`enricher "restart": it looks for the label type="USR", which "type" never sets`, `did you mean "USER"?`},
		},
		"restart uncounted": {"restart", options{"uncounted": options{"fixed": "c"}}, []string{`fixed="c", which "rules" never sets`}},
		"restart expected":  {"restart", options{"expected": options{"type": "CANCELED"}}, []string{`type="CANCELED"`, `"CANCELLED"?`}},
		"restart retryable": {"restart", options{"retryable": options{"fixed": "c"}}, []string{`fixed="c", which "rules" never sets`}},
		"rules":             {"rules/x", options{"rules": []any{options{"labels": options{"type": "SYTM, U*"}, "set": options{"x": "y"}}}}, []string{`type="SYTM"`, `"SYSTEM"?`}},
		"owner":             {"owner", options{"rules": []any{`label:type=DEPEND\NCY x`, "label:type=D* y"}}, []string{`type="DEPENDNCY"`, `"DEPENDENCY"?`}},
		"webhook when":      {"webhook", options{"url": "https://hooks.example", "when": options{"type": "*, SYTM"}}, []string{`type="SYTM"`, `"SYSTEM"?`}},
		"webhook unless":    {"webhook", options{"url": "https://hooks.example", "unless": options{"retry": "unknwn"}}, []string{`retry="unknwn"`, `"unknown"?`}},
		"any value is set":  {"restart", options{"terminal": options{"any": "z", "fixed": "b"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			byName := map[string]map[string]any{"restart": nil, "rules": ruleOptions}
			byName[c.enricher] = c.options
			e := newEnricher(t, byName)
			if c.want == nil {
				assert.Empty(t, e.Warnings())
				return
			}
			require.Len(t, e.Warnings(), 1)
			for _, part := range c.want {
				assert.ErrorContains(t, e.Warnings()[0], part)
			}
		})
	}
}

func TestEnrichersTakeListsForMaps(t *testing.T) {
	pair := func(key string, value any) any { return options{"key": key, "value": value} }
	e := newEnricher(t, map[string]map[string]any{
		"restart": {"veto": true, "terminal": []any{pair("Team.A", []any{"x", "y"})}, "retryable": []any{pair("type", "SYSTEM, DEPENDENCY")}},
		"rules": {"rules": []any{options{
			"attributes": []any{pair("Region", "e*")}, "labels": []any{pair("type", []any{"USER", "UNKNOWN"})},
			"set": []any{options{"match": "Team.A", "is": "x"}},
		}}},
		"webhook": {
			"url":  "https://hooks.example",
			"when": []any{pair(enricher.KeyJobCannotRestart, "false")}, "unless": []any{pair("retry", []any{"*"})}, "notified-label": "notified",
		},
	})
	res := e.EnrichContext(t.Context(), errors.New("x"), enricher.FailureContext{Attributes: map[string]string{"Region": "eu"}})
	require.NoError(t, res.Err())
	assert.Equal(t, "x", res.Labels["Team.A"])
	assert.Equal(t, restart.Terminal, res.Labels[restart.KeyRetry])
	assert.True(t, res.Labels.CannotRestart())
	assert.Equal(t, "not-matched", res.Labels["notified"])
}
