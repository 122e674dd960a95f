package rawconfig_test

import (
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/rawconfig"
)

func TestAKeyInTwoSpellingsIsAnErrorThatNamesBothPlaces(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sentence string
		raw      M
		want     []string
	}{
		{
			"the enrichers",
			M{"jobmanager": M{"failure-enrichers": "a"}, "jobmanager.failure-enrichers": "a"},
			[]string{`"jobmanager.failure-enrichers": given twice, as "jobmanager" > "failure-enrichers" and as "jobmanager.failure-enrichers": keep one of them`},
		},
		{
			"a setting, with jobmanager and without",
			M{"jobmanager": M{"failure-enrichment": M{"timeout": "1s"}}, "failure-enrichment.timeout": "1s"},
			[]string{`"jobmanager.failure-enrichment.timeout": given twice, as "failure-enrichment.timeout" and as "jobmanager" > "failure-enrichment" > "timeout": keep one of them`},
		},
		{
			"an option in another case",
			M{"failure-enrichers": "a", "failure-enricher": M{"a": M{"match": M{"Name": "x"}}, "A.match.name": "x"}},
			[]string{`"failure-enricher.a.match.Name": given twice, as "failure-enricher" > "A.match.name" and as "failure-enricher" > "a" > "match" > "Name": keep one of them`},
		},
		{
			"an option in three",
			M{
				"failure-enrichers":     "a",
				"failure-enricher":      M{"a": M{"b": 1}},
				"failure-enricher.a.b":  2,
				"jobmanager":            M{"failure-enricher.a": M{"b": 3}},
				"failure-enricher.a.bb": 4,
			},
			[]string{
				`"failure-enricher.a.b": given twice, as "failure-enricher" > "a" > "b" and as "failure-enricher.a.b": keep one of them`,
				`"jobmanager.failure-enricher.a.b": given twice, as "failure-enricher" > "a" > "b" and as "jobmanager" > "failure-enricher.a" > "b": keep one of them`,
			},
		},
		{
			"a value and a map of the same option",
			M{"failure-enricher": M{"a": M{"b": 1, "c": M{"d": 1}}}, "failure-enricher.a.b.c": 2, "failure-enricher.a.c": 3},
			[]string{
				`"failure-enricher.a.b.c": given twice, as "failure-enricher" > "a" > "b" and as "failure-enricher.a.b.c": keep one of them`,
				`"failure-enricher.a.c": given twice, as "failure-enricher" > "a" > "c" and as "failure-enricher.a.c": keep one of them`,
			},
		},
		{
			"a map and a value of the same option",
			M{"failure-enricher": M{"a": M{"b": 1}}, "failure-enricher.a": M{"b": M{"c": 2}}},
			[]string{`"failure-enricher.a.b": given twice, as "failure-enricher" > "a" > "b" and as "failure-enricher.a" > "b": keep one of them`},
		},
		{
			"a value and twice something below it",
			M{
				"failure-enricher":                  M{"a": M{"b": 1, "c": 2}},
				"failure-enricher.a.b.d":            3,
				"failure-enricher.a":                M{"c": M{"d": 4}},
				"jobmanager.failure-enricher.a.b.d": 5,
				"jobmanager.failure-enricher.a":     M{"c": M{"d": 6}},
			},
			[]string{
				`"failure-enricher.a.b.d": given twice, as "failure-enricher" > "a" > "b" and as "failure-enricher.a.b.d": keep one of them`,
				`"failure-enricher.a.c": given twice, as "failure-enricher" > "a" > "c" and as "failure-enricher.a" > "c": keep one of them`,
				`"jobmanager.failure-enricher.a.b.d": given twice, as "failure-enricher" > "a" > "b" and as "jobmanager.failure-enricher.a.b.d": keep one of them`,
				`"jobmanager.failure-enricher.a.c": given twice, as "failure-enricher" > "a" > "c" and as "jobmanager.failure-enricher.a" > "c": keep one of them`,
			},
		},
		{
			"a split name and a whole one",
			M{"failure-enrichers": "a.b", "failure-enricher": M{"a": M{"b": M{"c": 1}}, "a.b": M{"c": 1}}},
			[]string{`"failure-enricher.a.b.c": given twice, as "failure-enricher" > "a" > "b" > "c" and as "failure-enricher" > "a.b" > "c": keep one of them`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, faults(t, tt.raw))
		})
	}
}

func TestSiblingsThatDifferOnlyInCaseAreAnError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sentence string
		raw      M
		want     []string
	}{
		{
			"jobmanager",
			M{"jobmanager": M{}, "JobManager": nil},
			[]string{`"jobmanager": differs from "JobManager" only in case: keep one of them`},
		},
		{
			"jobmanager, of which the second is not looked at",
			M{"jobmanager": M{"failure-enrichers": 5}, "JobManager": M{"failure-enrichers": "a"}},
			[]string{`"jobmanager": differs from "JobManager" only in case: keep one of them`},
		},
		{
			"a section",
			M{"jobmanager": M{"failure-enricher": nil, "Failure-Enricher": nil}},
			[]string{`"jobmanager.failure-enricher": differs from "Failure-Enricher" only in case: keep one of them`},
		},
		{
			"a flat key",
			M{"failure-enrichment.timeout": 1, "Failure-Enrichment.timeout": 2, "failure-enrichment.Timeout": 3},
			[]string{
				`"failure-enrichment.Timeout": differs from "Failure-Enrichment.timeout" only in case: keep one of them`,
				`"failure-enrichment.timeout": differs from "Failure-Enrichment.timeout" only in case: keep one of them`,
			},
		},
		{
			"a setting",
			M{"failure-enrichment": M{"timeout": 1, "Timeout": 1, "policy": M{"x": 1, "X": 2}}},
			[]string{
				`"failure-enrichment.policy.x": differs from "X" only in case: keep one of them`,
				`"failure-enrichment.timeout": differs from "Timeout" only in case: keep one of them`,
			},
		},
		{
			"a name, configured or not",
			M{"failure-enrichers": "a", "failure-enricher": M{"a": nil, "A": nil, "b": nil, "B": nil}},
			[]string{
				`"failure-enricher.a": differs from "A" only in case: keep one of them`,
				`"failure-enricher.b": differs from "B" only in case: keep one of them`,
			},
		},
		{
			"an option",
			M{"failure-enricher": M{"a": M{"file": 1, "File": 2}}},
			[]string{`"failure-enricher.a.file": differs from "File" only in case: keep one of them`},
		},
		{
			"names in the list",
			M{"failure-enrichers": []any{"a", "b", "A", "a", "B"}},
			[]string{
				`"failure-enrichers": "a" and "A" differ only in case: rename one of them`,
				`"failure-enrichers": "b" and "B" differ only in case: rename one of them`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, faults(t, tt.raw))
		})
	}
}

func TestAMisspeltKeyIsAnErrorThatNamesTheRightOne(t *testing.T) {
	t.Parallel()
	section := func(key, meant string) string {
		return `unknown key "` + key + `", want failure-enrichers, failure-enricher or failure-enrichment; did you mean "` + meant + `"?`
	}
	tests := []struct {
		sentence string
		raw      M
		want     []string
	}{
		{
			"a section at the top",
			M{"failure-enrichrs": "a", "server": M{}},
			[]string{`"failure-enrichrs": ` + section("failure-enrichrs", "failure-enrichers")},
		},
		{
			"a section beside another",
			M{"failure-enrichrs": "a", "failure-enricher": M{}},
			[]string{`"failure-enrichrs": ` + section("failure-enrichrs", "failure-enrichers")},
		},
		{
			"a section with two letters left out",
			M{"jobmanager": M{"failurenrichers": "a"}},
			[]string{`"jobmanager.failurenrichers": ` + section("failurenrichers", "failure-enrichers")},
		},
		{
			"a section below jobmanager",
			M{"jobmanager": M{"Failure-Enrichement": nil, "failureenrichers": nil}},
			[]string{
				`"jobmanager.Failure-Enrichement": ` + section("Failure-Enrichement", "failure-enrichment"),
				`"jobmanager.failureenrichers": ` + section("failureenrichers", "failure-enrichers"),
			},
		},
		{
			"a section in a flat key",
			M{"failure_enrichment.timeout": 1, "jobmanager.failure-enrich.a.file": 1},
			[]string{
				`"failure_enrichment.timeout": ` + section("failure_enrichment", "failure-enrichment"),
				`"jobmanager.failure-enrich.a.file": ` + section("failure-enrich", "failure-enricher"),
			},
		},
		{
			"a section with a longer name",
			M{"jobmanager": M{"failure-enrichment-policies": nil, "failure-enrichers[0]": "a"}},
			[]string{
				`"jobmanager.failure-enrichers[0]": ` + section("failure-enrichers[0]", "failure-enrichers"),
				`"jobmanager.failure-enrichment-policies": ` + section("failure-enrichment-policies", "failure-enrichment"),
			},
		},
		{
			"a section split by a dot",
			M{"failure.enrichers": "a", "jobmanager..failure-enrichers": "a"},
			[]string{
				`"failure.enrichers": ` + section("failure.enrichers", "failure-enrichers"),
				`"jobmanager..failure-enrichers": ` + section(".failure-enrichers", "failure-enrichers"),
			},
		},
		{
			"jobmanager above a section",
			M{"job-manager": M{"failure-enrichers": "a"}, "JobManagers": M{"failure-enrichment.timeout": "1s"}},
			[]string{
				`"JobManagers": unknown key "JobManagers", did you mean "jobmanager"?`,
				`"job-manager": unknown key "job-manager", did you mean "jobmanager"?`,
			},
		},
		{
			"jobmanager with two letters too many, or two too few",
			M{
				"jobmanagerXX":                   M{"failure-enrichers": "a"},
				"jobmanag":                       M{"failure-enrichers": "a"},
				"jobmanager-1.failure-enrichers": "a",
			},
			[]string{
				`"jobmanag": unknown key "jobmanag", did you mean "jobmanager"?`,
				`"jobmanager-1.failure-enrichers": unknown key "jobmanager-1.failure-enrichers", did you mean "jobmanager.failure-enrichers"?`,
				`"jobmanagerXX": unknown key "jobmanagerXX", did you mean "jobmanager"?`,
			},
		},
		{
			"jobmanager with two wrong letters, or two too many, within",
			M{"jobmenagar": M{"failure-enrichers": "a"}, "job--manager": M{"failure-enrichers": "a"}},
			[]string{
				`"job--manager": unknown key "job--manager", did you mean "jobmanager"?`,
				`"jobmenagar": unknown key "jobmenagar", did you mean "jobmanager"?`,
			},
		},
		{
			"jobmanager in a flat key",
			M{"jobmanger.failure-enricher.a.file": 1, "failure-enrichers": "a"},
			[]string{`"jobmanger.failure-enricher.a.file": unknown key "jobmanger.failure-enricher.a.file", did you mean "jobmanager.failure-enricher.a.file"?`},
		},
		{
			"a setting",
			M{"failure-enrichment": M{"timout": 1, "retries": 2, "": 3}, "failure-enrichment.polices.a.timeout": 1},
			[]string{
				`"failure-enrichment.": unknown key "", want limits, max-pending, policies, policy, strict or timeout`,
				`"failure-enrichment.polices.a.timeout": unknown key "polices", want limits, max-pending, policies, policy, strict or timeout; did you mean "policies"?`,
				`"failure-enrichment.retries": unknown key "retries", want limits, max-pending, policies, policy, strict or timeout`,
				`"failure-enrichment.timout": unknown key "timout", want limits, max-pending, policies, policy, strict or timeout; did you mean "timeout"?`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, faults(t, tt.raw))
		})
	}
}

func TestBesideASectionAtTheTopEveryOtherKeyIsAnError(t *testing.T) {
	t.Parallel()
	const hint = `; to pass a whole configuration, put failure-enrichers, failure-enricher and failure-enrichment under "jobmanager"`
	assert.Equal(t, []string{
		`"": unknown key beside "failure-enrichers"` + hint,
		`"server": unknown key beside "failure-enrichers"` + hint,
		`"server.port": unknown key beside "failure-enrichers"` + hint,
	}, faults(t, M{"failure-enrichers": "a", "server": nil, "server.port": 1, "": 0, "jobmanager": M{"rpc": 1}, "jobmanager.port": 2}))
	assert.Equal(t, []string{
		`"server": unknown key beside "failure-enrichment.timeout"` + hint,
	}, faults(t, M{"failure-enrichment.timeout": "1s", "server": M{}}))
}

func TestAWrongShapeIsAnErrorThatSaysWhatWasFoundAndWhatIsWanted(t *testing.T) {
	t.Parallel()
	const (
		jobmanager = "want a map that holds failure-enrichers, failure-enricher and failure-enrichment"
		names      = "want a list of names or a string of them with commas between"
		settings   = "want a map of limits, max-pending, policies, policy, strict and timeout"
	)
	tests := []struct {
		raw  M
		want string
	}{
		{M{"jobmanager": "x"}, `"jobmanager": found a string, ` + jobmanager},
		{M{"jobmanager": []any{}}, `"jobmanager": found a list, ` + jobmanager},
		{M{"failure-enrichers": 5}, `"failure-enrichers": found a number, ` + names},
		{M{"failure-enrichers": json.Number("5")}, `"failure-enrichers": found a number, ` + names},
		{M{"failure-enrichers": M{"a": 1}}, `"failure-enrichers": found a map, ` + names},
		{M{"failure-enrichers": false}, `"failure-enrichers": found true or false, ` + names},
		{M{"failure-enrichers.a": "x"}, `"failure-enrichers.a": found a key below "failure-enrichers", ` + names},
		{M{"failure-enrichers": []any{"a", 5}}, `"failure-enrichers": item [1] is a number, want a string`},
		{M{"failure-enrichers": []any{nil}}, `"failure-enrichers": item [0] is nothing, want a string`},
		{M{"failure-enrichers": []any{"a", "b", []string{"c"}}}, `"failure-enrichers": item [2] is a list, want a string`},
		{M{"failure-enricher": 1.5}, `"failure-enricher": found a number, want a map of options by failure enricher`},
		{M{"failure-enricher": M{"a": "x"}}, `"failure-enricher.a": found a string, want a map of options`},
		{M{"failure-enrichers": "a.b", "failure-enricher.a.b": true}, `"failure-enricher.a.b": found true or false, want a map of options`},
		{M{"failure-enrichers": "a.b", "failure-enricher": M{"a": 1}}, `"failure-enricher.a": found a number, want a map of options`},
		{M{"failure-enrichment": "1s"}, `"failure-enrichment": found a string, ` + settings},
		{M{"failure-enrichment.policies": []string{}}, `"failure-enrichment.policies": found a list, want a map of policies by failure enricher`},
		{M{"failure-enrichment": M{"policies": M{"a": time.Second}}}, `"failure-enrichment.policies.a": found a number, want a map of policy settings`},
		{M{"failure-enrichment": M{"policy": time.Time{}}}, `"failure-enrichment.policy": found a time, want a map of policy settings`},
		{M{"failure-enrichment": M{"Limits": io.EOF}}, `"failure-enrichment.Limits": found a *errors.errorString, want a map of limits settings`},
		{M{"jobmanager": map[any]any{1: 2, "failure-enricher": map[any]any{1: 2}}}, `"jobmanager.failure-enricher": found a number as a key, want a string: put it in quotes`},
		{M{"failure-enricher": M{"a": map[bool]any{true: 2, false: 3}}}, `"failure-enricher.a": found true or false as a key, want a string: put it in quotes`},
		{M{"failure-enricher": M{"a": M{"b": []any{0, M{"c": map[any]any{nil: 2}}}}}}, `"failure-enricher.a.b[1].c": found nothing as a key, want a string: put it in quotes`},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, []string{tt.want}, faults(t, tt.raw))
		})
	}
}

func TestAllFaultsAreReportedSortedByPath(t *testing.T) {
	t.Parallel()
	raw := M{
		"jobmanager": M{
			"failure-enrichers":  []any{"a", 1, 2},
			"failure-enricher":   M{"b": 1, "a": 2},
			"failure-enrichment": M{"x": 1, "policy": 5},
			"failure-enrichr":    nil,
		},
		"failure-enricher.a.": 1,
		"zone":                1,
	}
	got := faults(t, raw)
	assert.Equal(t, []string{
		`"jobmanager.failure-enricher.a": found a number, want a map of options`,
		`"jobmanager.failure-enricher.b": found a number, want a map of options`,
		`"jobmanager.failure-enrichers": item [1] is a number, want a string`,
		`"jobmanager.failure-enrichers": item [2] is a number, want a string`,
		`"jobmanager.failure-enrichment.policy": found a number, want a map of policy settings`,
		`"jobmanager.failure-enrichment.x": unknown key "x", want limits, max-pending, policies, policy, strict or timeout`,
		`"jobmanager.failure-enrichr": unknown key "failure-enrichr", want failure-enrichers, failure-enricher or failure-enrichment; did you mean "failure-enricher"?`,
		`"zone": unknown key beside "failure-enricher.a."; to pass a whole configuration, put failure-enrichers, failure-enricher and failure-enrichment under "jobmanager"`,
	}, got)
	for range 50 {
		require.Equal(t, got, faults(t, raw), "whatever the order of the maps")
	}
}

func TestAnErrorUnwrapsToWhatIsWrong(t *testing.T) {
	t.Parallel()
	err := &rawconfig.Error{Path: "a.b", Err: io.EOF}
	require.EqualError(t, err, `"a.b": EOF`)
	require.ErrorIs(t, err, io.EOF)

	_, _, parsed := rawconfig.Parse(M{"jobmanager": 1})
	require.True(t, errors.As(parsed, &err))
	assert.Equal(t, "jobmanager", err.Path)
}
