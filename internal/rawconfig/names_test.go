package rawconfig_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/rawconfig"
)

func TestOptionsGoToTheLongestConfiguredName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sentence  string
		enrichers string
		options   M // below failure-enricher
		want      map[string]map[string]any
	}{
		{
			"a name may contain a dot", "acme.type",
			M{"acme.type.file": "x"},
			map[string]map[string]any{"acme.type": {"file": "x"}},
		},
		{
			"of two names the longer one wins", "acme,acme.type",
			M{"acme.type.file": "x", "acme.file": "y"},
			map[string]map[string]any{"acme.type": {"file": "x"}, "acme": {"file": "y"}},
		},
		{
			"a name ends at a dot", "acme,acme.ty",
			M{"acme.type.file": "x"},
			map[string]map[string]any{"acme": {"type": M{"file": "x"}}},
		},
		{
			"the rest of the key makes nested maps", "rules",
			M{"rules.match.name": "x", "rules.match.type": "y"},
			map[string]map[string]any{"rules": {"match": M{"name": "x", "type": "y"}}},
		},
		{
			"a key that ends with the name takes a map", "acme.type",
			M{"acme.type": M{"file": "x"}},
			map[string]map[string]any{"acme.type": {"file": "x"}},
		},
		{
			"keys of an options map are kept literally", "rules",
			M{"rules": M{"match.name": "x"}},
			map[string]map[string]any{"rules": {"match.name": "x"}},
		},
		{
			"a name that a loader split is put together again", "acme.type",
			M{"acme": M{"type": M{"file": "x"}}},
			map[string]map[string]any{"acme.type": {"file": "x"}},
		},
		{
			"so it is where a shorter name is configured too", "acme,acme.type,acme.type/eu",
			M{"acme": M{"type": M{"file": "x"}, "type/eu": M{"file": "y"}, "types": M{"file": "z"}}},
			map[string]map[string]any{"acme.type": {"file": "x"}, "acme.type/eu": {"file": "y"}, "acme": {"types": M{"file": "z"}}},
		},
		{
			"several levels below", "a,a.b.c.d",
			M{"a": M{"b": M{"c": M{"d": M{"x": 1}, "y": 2}, "z.z": 3}}},
			map[string]map[string]any{"a.b.c.d": {"x": 1}, "a": {"b": M{"c": M{"y": 2}, "z.z": 3}}},
		},
		{
			"a split name may go on flat", "acme.type",
			M{"acme": M{"type.match.name": "x"}},
			map[string]map[string]any{"acme.type": {"match": M{"name": "x"}}},
		},
		{
			"an option of the shorter name is kept literally", "acme,acme.type",
			M{"acme": M{"match.name": "x"}},
			map[string]map[string]any{"acme": {"match.name": "x"}},
		},
		{
			"an empty map is the shorter name's", "acme,acme.type,acme.x.y",
			M{"acme": M{"x": M{}}},
			map[string]map[string]any{"acme": {"x": M{}}},
		},
		{
			"nil is the shorter name's", "acme,acme.x.y",
			M{"acme.x": nil},
			map[string]map[string]any{"acme": {"x": nil}},
		},
		{
			"the beginning of a name is no name", "acme.type",
			M{"acme": nil},
			nil,
		},
		{
			"nor with an empty map", "acme.type,acme.b.c",
			M{"acme": M{"b": M{}}},
			nil,
		},
		{
			"case does not count", "Acme.Type",
			M{"ACME": M{"type": M{"file": "x"}}, "acme.TYPE.path": "y"},
			map[string]map[string]any{"Acme.Type": {"file": "x", "path": "y"}},
		},
		{
			"a name may have a slash and a dot", "rules/v1.2",
			M{"rules/v1.2.file": "x", "rules/v1": M{"2": M{"path": "y"}}},
			map[string]map[string]any{"rules/v1.2": {"file": "x", "path": "y"}},
		},
		{
			"a key that matches no name is split at its first dot", "rules",
			M{"acme.type.file": "x", "other": M{"a.b": "y"}},
			map[string]map[string]any{"acme": {"type": M{"file": "x"}}, "other": {"a.b": "y"}},
		},
		{
			"so it is below the beginning of a name", "acme.type",
			M{"acme": M{"other": M{"file": "x"}}},
			map[string]map[string]any{"acme": {"other": M{"file": "x"}}},
		},
		{
			"a name that is not configured is spelt as written", "",
			M{"Acme.file": "x", "acme": M{"path": "y"}},
			map[string]map[string]any{"Acme": {"file": "x", "path": "y"}},
		},
		{
			"even an empty key has a meaning", "rules",
			M{"": M{"a": 1}, ".b": 2, "rules.": M{"c": M{"": 4}}, "rules..d": 5},
			map[string]map[string]any{"": {"a": 1, "b": 2}, "rules": {"": M{"c": M{"": 4}, "d": 5}}},
		},
		{
			"names are not judged", "no/such/name,-",
			M{"no/such/name": M{"a": 1}, "-.b": 2},
			map[string]map[string]any{"no/such/name": {"a": 1}, "-": {"b": 2}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			got := parse(t, M{"jobmanager": M{"failure-enrichers": tt.enrichers, "failure-enricher": tt.options}})
			assert.Equal(t, tt.want, got.Options)

			flat := M{"failure-enrichers": tt.enrichers}
			for key, value := range tt.options {
				flat["failure-enricher."+key] = value
			}
			assert.Equal(t, tt.want, parse(t, flat).Options, "below the section in a flat key")
		})
	}
}

func TestTheBeginningOfALongNameWithNothingBehindItIsNoFault(t *testing.T) {
	t.Parallel()
	beginning := strings.Repeat("a.", 99) + "a"
	assert.Empty(t, parse(t, M{
		"failure-enrichers":             beginning + ".a",
		"failure-enricher." + beginning: M{},
	}).Options)
}

func TestPoliciesGoToTheLongestConfiguredName(t *testing.T) {
	t.Parallel()
	got := parse(t, M{
		"jobmanager": M{
			"failure-enrichers": "Acme.Type,acme",
			"failure-enrichment": M{
				"policies": M{"acme": M{"type": M{"timeout": "1s"}, "timeout": "2s"}, "gone": nil},
			},
		},
		"jobmanager.failure-enrichment.policies.acme.type.max-concurrent": 4,
	})
	assert.Equal(t, rawconfig.Config{
		Enrichers: []string{"Acme.Type", "acme"},
		Policies: map[string]map[string]any{
			"Acme.Type": {"timeout": "1s", "max-concurrent": 4},
			"acme":      {"timeout": "2s"},
			"gone":      {},
		},
	}, got)
}

func TestOptionsFromSeveralPlacesAreMerged(t *testing.T) {
	t.Parallel()
	got := parse(t, M{
		"jobmanager": M{
			"failure-enrichers": "rules",
			"failure-enricher":  M{"rules": M{"match": M{"Name": "x", "tags": M{"Team": 1, "team": 2}}}},
		},
		"jobmanager.failure-enricher.rules.Match.type":     "y",
		"jobmanager.failure-enricher.rules.match.TAGS.env": 3,
		"failure-enricher.rules":                           M{"file": "z"},
	})
	assert.Equal(t, map[string]map[string]any{
		"rules": {
			"file":  "z",
			"match": M{"Name": "x", "type": "y", "tags": M{"Team": 1, "team": 2, "env": 3}},
		},
	}, got.Options)
}

func TestKeysOfAnOptionThatDifferOnlyInCaseAreEachMergedWithTheirLike(t *testing.T) {
	t.Parallel()
	got := parse(t, M{
		"jobmanager":           M{"failure-enricher.a": M{"tags": M{"Team": M{"x": 1}, "team": M{"x": 2}}}},
		"failure-enricher.a":   M{"tags": M{"Team": M{"y": 3}, "team": M{"y": 4}}},
		"failure-enricher.a.n": 5,
	})
	assert.Equal(t, map[string]map[string]any{
		"a": {"n": 5, "tags": M{"Team": M{"x": 1, "y": 3}, "team": M{"x": 2, "y": 4}}},
	}, got.Options)
}
