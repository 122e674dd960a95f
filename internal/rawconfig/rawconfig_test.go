package rawconfig_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/rawconfig"
)

// M is what most loaders yield.
type M = map[string]any

func TestEverySpellingParsesToTheSameConfig(t *testing.T) {
	t.Parallel()
	sections := func() M {
		return M{
			"failure-enrichers": []any{"rules/payments", "webhook"},
			"failure-enricher": M{
				"rules/payments": M{"file": "payments.yaml", "match": M{"name": "pay"}},
				"webhook":        nil,
			},
			"failure-enrichment": M{
				"timeout":     "2s",
				"strict":      true,
				"max-pending": 8,
				"policy":      M{"max-concurrent": 4},
				"policies":    M{"rules/payments": M{"timeout": "1s"}},
				"limits":      M{"max-labels": 16},
			},
		}
	}
	want := rawconfig.Config{
		Enrichers: []string{"rules/payments", "webhook"},
		Options: map[string]map[string]any{
			"rules/payments": {"file": "payments.yaml", "match": M{"name": "pay"}},
			"webhook":        {},
		},
		Enrichment: M{
			"timeout":     "2s",
			"strict":      true,
			"max-pending": 8,
			"policy":      M{"max-concurrent": 4},
			"limits":      M{"max-labels": 16},
		},
		Policies: map[string]map[string]any{"rules/payments": {"timeout": "1s"}},
	}
	tests := []struct {
		spelling string
		raw      M
	}{
		{"nested under jobmanager", M{"jobmanager": sections()}},
		{"nested without jobmanager", sections()},
		{"the sections flat below jobmanager", M{
			"jobmanager.failure-enrichers":  sections()["failure-enrichers"],
			"jobmanager.failure-enricher":   sections()["failure-enricher"],
			"jobmanager.failure-enrichment": sections()["failure-enrichment"],
		}},
		{"flat below jobmanager", M{
			"jobmanager.failure-enrichers":                                  "rules/payments,webhook",
			"jobmanager.failure-enricher.rules/payments.file":               "payments.yaml",
			"jobmanager.failure-enricher.rules/payments.match.name":         "pay",
			"jobmanager.failure-enricher.webhook":                           M{},
			"jobmanager.failure-enrichment.timeout":                         "2s",
			"jobmanager.failure-enrichment.strict":                          true,
			"jobmanager.failure-enrichment.max-pending":                     8,
			"jobmanager.failure-enrichment.policy.max-concurrent":           4,
			"jobmanager.failure-enrichment.policies.rules/payments.timeout": "1s",
			"jobmanager.failure-enrichment.limits.max-labels":               16,
		}},
		{"flat without jobmanager", M{
			"failure-enrichers":                                  "rules/payments,webhook",
			"failure-enricher.rules/payments.file":               "payments.yaml",
			"failure-enricher.rules/payments.match.name":         "pay",
			"failure-enricher.webhook":                           nil,
			"failure-enrichment.timeout":                         "2s",
			"failure-enrichment.strict":                          true,
			"failure-enrichment.max-pending":                     8,
			"failure-enrichment.policy.max-concurrent":           4,
			"failure-enrichment.policies.rules/payments.timeout": "1s",
			"failure-enrichment.limits.max-labels":               16,
		}},
		{"flat in every map of a nested one", M{"jobmanager": M{
			"failure-enrichers": "rules/payments, webhook",
			"failure-enricher": M{
				"rules/payments.file":       "payments.yaml",
				"rules/payments.match.name": "pay",
				"webhook":                   nil,
			},
			"failure-enrichment.timeout": "2s",
			"failure-enrichment": M{
				"strict":                          true,
				"max-pending":                     8,
				"policy.max-concurrent":           4,
				"policies.rules/payments.timeout": "1s",
				"limits.max-labels":               16,
			},
		}}},
		{"each key in a spelling of its own", M{
			"jobmanager": M{
				"failure-enrichers":  "rules/payments,webhook",
				"failure-enricher":   M{"rules/payments": M{"file": "payments.yaml"}, "webhook": nil},
				"failure-enrichment": M{"timeout": "2s", "policies": M{"rules/payments.timeout": "1s"}, "policy": nil},
			},
			"jobmanager.failure-enricher.rules/payments.match": M{"name": "pay"},
			"failure-enrichment":                        M{"strict": true},
			"failure-enrichment.policy.max-concurrent":  4,
			"jobmanager.failure-enrichment.max-pending": 8,
			"jobmanager.failure-enrichment.limits":      M{"max-labels": 16},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.spelling, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, parse(t, tt.raw))
		})
	}
}

func TestNothingIsTheZeroConfig(t *testing.T) {
	t.Parallel()
	for _, raw := range []M{
		nil,
		{},
		{"jobmanager": nil},
		{"jobmanager": M{}},
		{"jobmanager": M{"failure-enrichers": nil, "failure-enricher": nil, "failure-enrichment": nil}},
		{"jobmanager": M{"failure-enrichers": " , ", "failure-enricher": M{}, "failure-enrichment": M{"policies": nil}}},
		{"failure-enrichers": []any{}},
	} {
		assert.Equal(t, rawconfig.Config{}, parse(t, raw), "%v", raw)
	}
}

func TestKeysThatAreNotAboutFailureEnrichmentAreLeftAlone(t *testing.T) {
	t.Parallel()
	want := rawconfig.Config{Enrichers: []string{"a"}}
	tests := []struct {
		sentence string
		raw      M
	}{
		{"nested", M{
			"jobmanager": M{"failure-enrichers": "a", "rpc": M{"port": 6123}, "memory": nil},
			"server":     M{"failure-enrichers": "b"},
			"list":       []any{1},
		}},
		{"flat", M{
			"jobmanager.failure-enrichers":  "a",
			"jobmanager.rpc.port":           6123,
			"taskmanager.failure-enrichers": "b",
			"server.port":                   80,
			"":                              "",
			".":                             "",
			"jobmanager.":                   "",
		}},
		{"with keys that differ only in case", M{
			"jobmanager": M{"failure-enrichers": "a", "RPC": 1, "rpc": 2},
			"Server":     1,
			"server":     2,
		}},
		{"with keys that are no strings", M{
			"jobmanager": map[any]any{"failure-enrichers": "a", 8080: 1, true: 2, nil: 3},
			"server":     map[any]any{1: 2},
		}},
		{"below something like jobmanager", M{
			"jobmanager":       M{"failure-enrichers": "a"},
			"jobmanagers":      M{"rpc": 1},
			"job-manager":      "x",
			"jobmanager2.port": 1,
		}},
		{"below something less like jobmanager", M{
			"jobmanager":                      M{"failure-enrichers": "a"},
			"jobmanagers-eu":                  M{"failure-enrichers": "b"},
			"jobmana":                         M{"failure-enrichers": "b"},
			"joager":                          M{"failure-enrichers": "b"},
			"my-jobmanager":                   M{"failure-enrichers": "b"},
			"my-jobmanager.failure-enrichers": "b",
		}},
		{"below a jobmanager that is not at the top", M{
			"jobmanager": M{"failure-enrichers": "a", "jobmanager": M{"failure-enrichers": "b"}},
		}},
		{"that resemble a section from afar", M{
			"jobmanager": M{"failure-enrichers": "a", "failure-rate": 1, "failures": 2, "enrichers": 3, "falurenrichers": 4},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, parse(t, tt.raw))
		})
	}
}

func TestKeysAreMatchedWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	got := parse(t, M{
		"JobManager": M{
			"Failure-Enrichers":  "Rules/Payments",
			"FAILURE-ENRICHER":   M{"rules/PAYMENTS": M{"File": "a"}},
			"Failure-Enrichment": M{"Timeout": "1s", "POLICY": M{"Timeout": "2s"}},
		},
		"JOBMANAGER.failure-enricher.RULES/payments.Match.Name": "b",
		"jobmanager.failure-enricher.rules/payments.MATCH.type": "c",
		"jobmanager.failure-enrichment.policy.max-concurrent":   4,
	})
	assert.Equal(t, rawconfig.Config{
		Enrichers:  []string{"Rules/Payments"},
		Options:    map[string]map[string]any{"Rules/Payments": {"File": "a", "Match": M{"Name": "b", "type": "c"}}},
		Enrichment: M{"Timeout": "1s", "POLICY": M{"Timeout": "2s", "max-concurrent": 4}},
	}, got)
}

func TestEnrichersAreAListOrAString(t *testing.T) {
	t.Parallel()
	type name string
	tests := []struct {
		sentence string
		value    any
		want     []string
	}{
		{"a string is split at commas", "a,b", []string{"a", "b"}},
		{"white space around commas is nothing", " a ,\tb\n, c ", []string{"a", "b", "c"}},
		{"empty items are skipped", ",a,,b, ,", []string{"a", "b"}},
		{"another delimiter is part of the name", "a;b c|d", []string{"a;b c|d"}},
		{"duplicates are kept", "a,b,a", []string{"a", "b", "a"}},
		{"a list is kept as it is", []any{"b", "a", " a", "", "c,d", "a"}, []string{"b", "a", " a", "", "c,d", "a"}},
		{"a list of strings is one", []string{"a", "b,c"}, []string{"a", "b,c"}},
		{"an array is a list", [2]string{"a", "b"}, []string{"a", "b"}},
		{"a string type of its own is a string", name("a,b"), []string{"a", "b"}},
		{"so it is in a list", []name{"a", "b"}, []string{"a", "b"}},
		{"a pointer is what it points to", &[]*string{new("a")}, []string{"a"}},
		{"nil is none", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, parse(t, M{"failure-enrichers": tt.value}).Enrichers)
		})
	}
}

// parse parses what has no faults.
func parse(t *testing.T, raw map[string]any) rawconfig.Config {
	t.Helper()
	cfg, _, err := rawconfig.Parse(raw)
	require.NoError(t, err)
	return cfg
}

// faults parses what has faults, and returns their messages.
func faults(t *testing.T, raw map[string]any) []string {
	t.Helper()
	_, _, err := rawconfig.Parse(raw)
	require.Error(t, err)

	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	var messages []string
	for _, err := range joined.Unwrap() {
		require.IsType(t, (*rawconfig.Error)(nil), err)
		messages = append(messages, err.Error())
	}
	return messages
}

func TestWhatIsSoundIsThereBesideTheFaults(t *testing.T) {
	t.Parallel()
	cfg, _, err := rawconfig.Parse(M{"jobmanager": M{
		"failure-enrichers":  []any{"a", 7, "b"},
		"failure-enrichmint": M{},
		"failure-enrichment": M{"timeout": "soon", "strickt": true},
	}})
	require.Error(t, err)
	assert.Equal(t, rawconfig.Config{
		Enrichers:  []string{"a", "b"},
		Enrichment: M{"timeout": "soon"},
	}, cfg)
}

func TestOfAValueThatIsGivenTwiceTheFirstIsThere(t *testing.T) {
	t.Parallel()
	type key string
	cfg, _, err := rawconfig.Parse(M{
		"failure-enricher":     M{"a": M{"list": []any{1}, "map": M{"x": 1}, "value": 1}},
		"failure-enricher.a":   M{"list": M{"x": 2}, "map": 2, "value": 2},
		"jobmanager":           M{"failure-enricher.a.value.x": 3},
		"failure-enricher.b.c": map[any]any{"x": 1, key("x"): 2, 3: 3},
	})
	require.Error(t, err)
	assert.Equal(t, map[string]map[string]any{
		"a": {"list": []any{1}, "map": M{"x": 1}, "value": 1},
		"b": {"c": M{}}, // which of two comes first, a map does not tell
	}, cfg.Options)
}
