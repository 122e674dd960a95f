package rawconfig_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
	"github.com/failure-enrichers/enricher/internal/rawconfig"
)

type m = map[string]any

type config struct {
	FailureEnrichers  []string
	FailureEnricher   map[string]m
	FailureEnrichment struct {
		Timeout    string
		MaxPending int
		Limits     m
		Policies   map[string]m
	}
}

// parse decodes what has no errors.
func parse(t *testing.T, raw m) (cfg config) {
	t.Helper()
	require.NoError(t, rawconfig.Into(raw, &cfg), "%v", raw)
	return cfg
}

// errorsOf decodes what has errors, and returns their messages.
func errorsOf(t *testing.T, raw m) (messages []string) {
	t.Helper()
	err := rawconfig.Into(raw, &config{})
	require.IsType(t, decode.Errors{}, err, "%v", raw)
	for _, err := range err.(decode.Errors) {
		messages = append(messages, err.Error())
	}
	return messages
}

// Other names with dots are in TestIntoReadsTheSameFromEverySpelling.
func TestIntoFindsTheLongestConfiguredName(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]struct {
		names   string
		options m // below failure-enricher, in keys that make it flat
		want    map[string]m
	}{
		"a name ends at a dot":        {"acme,acme.ty", m{"acme.type.file": "x"}, map[string]m{"acme": {"type": m{"file": "x"}}}},
		"a key may hold a map":        {"acme.type", m{"acme.type": m{"a": "x", "b.c": "y"}}, map[string]m{"acme.type": {"a": "x", "b.c": "y"}}},
		"case does not count":         {"Ärzte/Acme", m{"ärzte/ACME.file": "x"}, map[string]m{"Ärzte/Acme": {"file": "x"}}},
		"without a name, the 1st dot": {"rules", m{"Acme.type.file": "x"}, map[string]m{"Acme": {"type": m{"file": "x"}}}},
	} {
		for _, above := range []string{"", "jobmanager."} {
			raw := m{above + "failure-enrichers": tt.names}
			for key, value := range tt.options {
				raw[above+"failure-enricher."+key] = value
			}
			assert.Equal(t, tt.want, parse(t, raw).FailureEnricher, what)
		}
	}
}

func TestIntoPutsTogetherANameThatALoaderHasSplit(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]struct {
		names   string
		options m
		want    map[string]m
	}{
		"a name": {"Acme.Type", m{"acme": m{"type": m{"file": "x"}}}, map[string]m{"Acme.Type": {"file": "x"}}},
		"longer names of a name": {
			"acme,acme.type,acme.type/eu",
			m{"acme": m{"type": m{"file": "x"}, "type/eu": m{"file": "y"}, "types": m{"file": "z"}}},
			map[string]m{"acme.type": {"file": "x"}, "acme.type/eu": {"file": "y"}, "acme": {"types": m{"file": "z"}}},
		},
		"several levels": {
			"a,a.b.c.d",
			m{"a": m{"b": m{"c": m{"d": m{"x": 1}, "y": 2}, "z.z": 3}}},
			map[string]m{"a.b.c.d": {"x": 1}, "a": {"b": m{"c": m{"y": 2}, "z.z": 3}}},
		},
		"other options stay as they are": {
			"acme,acme.type",
			m{"acme": m{"match.name": "x", "match": m{"a.b": 1}}},
			map[string]m{"acme": {"match.name": "x", "match": m{"a.b": 1}}},
		},
		"what is below the beginning of a name only": {
			"acme.type",
			m{"acme": m{"other": m{"file": "x"}}, "no.name": m{"a": 1}},
			map[string]m{"acme": {"other": m{"file": "x"}}, "no.name": {"a": 1}},
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			got := parse(t, m{"jobmanager": m{
				"failure-enrichers":  tt.names,
				"failure-enricher":   tt.options,
				"failure-enrichment": m{"Policies": tt.options},
			}})
			assert.Equal(t, tt.want, got.FailureEnricher)
			assert.Equal(t, tt.want, got.FailureEnrichment.Policies)
		})
	}
}

func TestIntoTakesEachSectionInASpellingOfItsOwn(t *testing.T) {
	t.Parallel()
	got := parse(t, m{
		"JobManager":                            map[any]any{"Failure-Enrichers": "a", 1: 2},
		"jobmanager.FAILURE-enricher.A":         map[any]any{"x": 1},
		"failure-enrichment.max-pending":        "7",
		"failure-enrichment.policies.A":         m{"timeout": "1s"},
		"failure-enrichment.policies.b.timeout": "2s",
	})
	assert.Equal(t, []string{"a"}, got.FailureEnrichers)
	assert.Equal(t, map[string]m{"a": {"x": 1}}, got.FailureEnricher)
	assert.Equal(t, 7, got.FailureEnrichment.MaxPending)
	assert.Equal(t, map[string]m{"a": {"timeout": "1s"}, "b": {"timeout": "2s"}}, got.FailureEnrichment.Policies)
}

func TestIntoTakesNothingForZero(t *testing.T) {
	t.Parallel()
	for _, raw := range []m{
		nil,
		{"server": m{"port": 80}},
		{"jobmanager": nil},
		{"jobmanager": m{"failure-enrichers": nil, "failure-enricher": nil, "failure-enrichment": nil}},
		{"jobmanager": m{"failure-enrichment": m{"policies": nil}}},
	} {
		assert.Equal(t, config{}, parse(t, raw), "%v", raw)
	}
}

func TestIntoIgnoresOtherKeys(t *testing.T) {
	t.Parallel()
	for _, raw := range []m{
		{"jobmanager": m{"failure-enrichers": "a", "rpc": m{"port": 1}, "RPC": nil, "failures": 2, "falurenrichers": 4}, "server": m{"failure-enrichers": "b"}},
		{"jobmanager.failure-enrichers": "a", "jobmanager.rpc.port": 1, "server.failure-enrichers": "b", "": "", ".": "", "jobmanager.": ""},
		{"jobmanager": map[any]any{"failure-enrichers": "a", 8080: 1, nil: 3}, "server": map[any]any{1: 2}},
	} {
		assert.Equal(t, config{FailureEnrichers: []string{"a"}}, parse(t, raw), "%v", raw)
	}
}

func TestIntoSharesNothingWithItsSource(t *testing.T) {
	t.Parallel()
	build := func() m { return m{"failure-enricher": m{"a": m{"map": m{"x": 1}, "list": []any{m{"x": 1}}}}} }
	raw := build()
	options := parse(t, raw).FailureEnricher["a"]
	options["map"].(m)["x"] = 2
	options["list"].([]any)[0].(m)["x"] = 2
	options["new"] = 2
	assert.Equal(t, build(), raw)
}

func TestIntoRejectsASectionInTwoSpellings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		what string
		raw  m
		want []string
	}{
		{
			"nested and flat",
			m{"jobmanager": m{"failure-enricher": m{"a": m{"b": 1}}}, "jobmanager.failure-enricher.a.b": 2, "jobmanager.failure-enricher.a.c": 2},
			[]string{
				`option "jobmanager.failure-enricher.a.b": failure-enricher is also given as "jobmanager: failure-enricher": move this key there`,
				`option "jobmanager.failure-enricher.a.c": failure-enricher is also given as "jobmanager: failure-enricher": move this key there`,
			},
		},
		{
			"with jobmanager and without",
			m{"failure-enrichment.timeout": "1s", "jobmanager.failure-enrichment.limits": nil, "jobmanager.failure-enrichment.policies.a.x": 1},
			[]string{`option "failure-enrichment.timeout": failure-enrichment is also given as "jobmanager.failure-enrichment.limits": move this key there`},
		},
		{
			"in two maps",
			m{"failure-enrichers": "a", "jobmanager": m{"failure-enrichers": "b"}},
			[]string{`option "failure-enrichers": failure-enrichers is also given as "jobmanager: failure-enrichers": move this key there`},
		},
		{
			"in two cases",
			m{"jobmanager": m{"failure-enrichment": m{}, "Failure-Enrichment": m{}}},
			[]string{`option "jobmanager.failure-enrichment": failure-enrichment is also given as "jobmanager: Failure-Enrichment": move this key there`},
		},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, errorsOf(t, tt.raw))
		})
	}
}

func TestIntoRejectsAKeyThatIsGivenTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		raw  m
		want []string
	}{
		{
			m{"failure-enrichers": "a", "failure-enricher.A.b": 1, "failure-enricher.a.b": 2, "failure-enricher.a.b.c": 3},
			[]string{
				`option "failure-enricher.a.b": "a.b" is given already, as "failure-enricher.A.b": remove this key, or move it there`,
				`option "failure-enricher.a.b.c": "a.b" is given already, as "failure-enricher.A.b": remove this key, or move it there`,
			},
		},
		{
			m{"jobmanager.failure-enrichment.policies": m{"A": m{"x": 1}}, "jobmanager.failure-enrichment.policies.a.x": 2, "jobmanager.failure-enrichers": "a"},
			[]string{`option "jobmanager.failure-enrichment.policies.a.x": "policies.a.x" is given already, as "jobmanager.failure-enrichment.policies.A": remove this key, or move it there`},
		},
		{
			m{"failure-enrichers": "a.b", "failure-enricher": m{"a": m{"b": m{"c": 1}}, "a.b": m{"c": 1}}},
			[]string{`option "failure-enricher.a.b": "a.b" is given already, as "failure-enricher.a.b": remove this key, or move it there`},
		},
		{
			m{"failure-enrichers": "a", "failure-enrichment": m{"policies": m{"a": m{}, "A": m{}}}},
			[]string{`option "failure-enrichment.policies.a": "policies.a" is given already, as "failure-enrichment.policies.A": remove this key, or move it there`},
		},
		{
			m{"failure-enrichment": m{"timeout": "1s", "Timeout": "1s"}},
			[]string{`option "failure-enrichment.timeout": the same option as "Timeout": remove one of them`},
		},
	} {
		assert.Equal(t, tt.want, errorsOf(t, tt.raw))
	}
}

func TestIntoRejectsAMisspeltSection(t *testing.T) {
	t.Parallel()
	for key, meant := range map[string]string{
		"failure-enrichrs":                 "failure-enrichers",
		"failurenrichers":                  "failure-enrichers",
		"Failure-Enrichement":              "failure-enrichment",
		"failure-enrich.a.file":            "failure-enricher",
		"failure-enrichment-and-much-more": "failure-enrichment",
		"failure.enrichers":                "failure-enrichers",
	} {
		for _, raw := range []m{{key: "a", "server": 1}, {"jobmanager": m{key: "a"}}, {"jobmanager." + key: "a"}} {
			messages := errorsOf(t, raw)
			require.Len(t, messages, 1)
			assert.True(t, strings.HasSuffix(messages[0],
				`unknown key, did you mean "`+meant+`"? known keys: failure-enrichers, failure-enricher, failure-enrichment`), messages[0])
		}
	}
}

func TestIntoSaysWhereASettingBelongs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		raw  m
		want string
	}{
		{m{"jobmanager": m{"strict": true, "timeout": "the service's"}}, `option "jobmanager.strict": belongs under jobmanager.failure-enrichment`},
		{m{"jobmanager.policies.a.timeout": "1s"}, `option "jobmanager.policies.a.timeout": belongs under jobmanager.failure-enrichment`},
		{m{"jobmanager": m{"failure-enricher": m{"timeout": "3s"}}}, `option "jobmanager.failure-enricher.timeout": "3s": must be a map; options belong under jobmanager.failure-enricher.NAME, settings under jobmanager.failure-enrichment`},
	} {
		assert.Equal(t, []string{tt.want}, errorsOf(t, tt.raw))
	}
	parse(t, m{"failure-enrichers": "limits", "failure-enricher.limits": m{"file": "x"}}) // an enricher of this name
}

func TestIntoRejectsOtherKeysBesideASectionAtTheTop(t *testing.T) {
	t.Parallel()
	const why = `: unknown key beside "failure-enrichers"; settings belong under failure-enrichment; in the configuration of a whole service, put failure enrichment under jobmanager`
	assert.Equal(t, []string{`option "server"` + why, `option "server.port"` + why},
		errorsOf(t, m{"failure-enrichers": "a", "failure-enrichment.timeout": "1s", "server": nil, "server.port": 1, "jobmanager": m{"rpc": 1}, "jobmanager.port": 2}))
}

func TestIntoRejectsSectionsBelowOtherKeysOnly(t *testing.T) {
	t.Parallel()
	const enrichers = `: must stand at the top, as "failure-enrichers", or below jobmanager, as "jobmanager.failure-enrichers"`
	for key, raw := range map[string]m{
		"app.failure-enrichers":            {"app": m{"failure-enrichers": "a", "x": 1}, "list": []any{1}},
		"app.Jobmanager.failure-enrichers": {"app": m{"Jobmanager": m{"failure-enrichers": "a"}}},
		"a.b.c.d.failure-enrichers":        {"a": m{"b": m{"c": m{"d": m{"failure-enrichers": "a"}}}}},
		"jobmanager.x.failure-enrichers":   {"jobmanager": m{"x": map[any]any{"failure-enrichers": "a"}}},
		"job-manager.failure-enrichers":    {"job-manager.failure-enrichers": "a"},
	} {
		assert.Equal(t, []string{`option "` + key + `"` + enrichers}, errorsOf(t, raw))
	}
	assert.Equal(t, []string{`option "app.failure-enrichment.limits": must stand at the top, as "failure-enrichment.limits", or below jobmanager, as "jobmanager.failure-enrichment.limits"`},
		errorsOf(t, m{"app.failure-enrichment.limits": nil}))

	assert.Equal(t, config{}, parse(t, m{"a": m{"b": m{"c": m{"d": m{"e": m{"failure-enrichers": "a"}}}}}}), "the search ends")
}

func TestIntoSaysWhatASectionMustBe(t *testing.T) {
	t.Parallel()
	circle := m{}
	circle["a"] = circle
	for _, tt := range []struct {
		raw  m
		want string
	}{
		{m{"jobmanager": "x"}, `option "jobmanager": must be a map with failure-enrichers, failure-enricher, failure-enrichment`},
		{m{"failure-enrichers": 5}, `option "failure-enrichers": 5: must be a list or a comma-separated string, in quotes; options belong under failure-enricher`},
		{m{"jobmanager": m{"failure-enrichers": []any{"a", 5}}}, `option "jobmanager.failure-enrichers[1]": 5: must be a string, in quotes; options belong under jobmanager.failure-enricher`},
		{m{"failure-enrichers.a": "x"}, `option "failure-enrichers": a map: must be a list or a comma-separated string; options belong under failure-enricher`},
		{m{"failure-enrichers": m{"type": m{"types": "x"}}}, `option "failure-enrichers": a map: must be a list or a comma-separated string; options belong under failure-enricher`},
		{m{"jobmanager": m{"failure-enrichers": []any{"a", m{"webhook": m{"url": "x"}}}}}, `option "jobmanager.failure-enrichers[1]": a map: must be a string; options belong under jobmanager.failure-enricher`},
		{m{"failure-enricher": []any{"a"}}, `option "failure-enricher": a list: must be a map; options belong under failure-enricher.NAME, settings under failure-enrichment`},
		{m{"failure-enricher": m{"a": []any{m{"match": "x", "is": "y"}}}}, `option "failure-enricher.a": a list: must be a map; options belong under failure-enricher.NAME, settings under failure-enrichment`},
		{m{"failure-enricher": 1.5}, `option "failure-enricher": 1.5: must be a map; options belong under failure-enricher.NAME, settings under failure-enrichment`},
		{m{"failure-enricher": m{"a": "x"}}, `option "failure-enricher.a": "x": must be a map; options belong under failure-enricher.NAME, settings under failure-enrichment`},
		{m{"jobmanager": m{"failure-enricher": m{"failure-enrichment": m{"strict": true}}}}, `option "jobmanager.failure-enricher.failure-enrichment": must stand beside failure-enricher, not in it`},
		{m{"failure-enrichment": "1s"}, `option "failure-enrichment": "1s": must be a map`},
		{m{"failure-enrichment.policies": []any{}}, `option "failure-enrichment.policies": a list: must be a map`},
		{m{"JobManager.failure-enrichment.policies.a": true}, `option "JobManager.failure-enrichment.policies.a": true: must be a map`},
		{m{"failure-enrichment": m{"policy.timeout": 1}}, `option "failure-enrichment.policy.timeout": unknown; known options: limits, max-pending, policies, timeout`},
		{m{"failure-enricher": m{"a": map[any]any{true: 2}}}, `option "failure-enricher.a": true as a key: must be a string, in quotes`},
		{m{"failure-enricher": circle}, `option "failure-enricher` + strings.Repeat(".a", 64) + `": nested more than 64 levels deep`},
	} {
		assert.Equal(t, []string{tt.want}, errorsOf(t, tt.raw))
	}
}

func TestIntoEndsIfOneMapIsInManyPlaces(t *testing.T) {
	t.Parallel()
	shared := m{"a": 1}
	for range 5 {
		level := m{}
		for i := range 20 {
			level[strings.Repeat("k", i+1)] = shared
		}
		shared = level
	}
	var into config
	require.NoError(t, rawconfig.Into(m{"service": shared}, &into), "of another service")
	require.ErrorContains(t, rawconfig.Into(m{"failure-enricher": m{"rules": shared}}, &into), "too many values: at most 262144 in all")
}
