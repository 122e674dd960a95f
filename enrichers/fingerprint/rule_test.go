package fingerprint_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
)

type object = map[string]any

func TestRulesGiveFingerprints(t *testing.T) {
	t.Parallel()
	team := enricher.Func([]string{"team"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"team": fc.JobID}, nil
	})
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"fingerprint"},
		Options: map[string]map[string]any{"fingerprint": {"rules": []any{
			object{"match": object{"message": "(?i)quota"}, "key": "quota"},
			object{"match": object{"type": "*fs.PathError", "job": "import-*"}, "key": "import {{type}}"},
			object{"match": object{"labels": []any{object{"key": "team", "value": "billing"}}}, "key": "{{default}} {{job}}"},
			object{"match": object{"task": []any{"noop"}}, "key": "{{default}}"},
		}}},
		Strict: true,
	}, enricher.WithLogger(slog.New(slog.DiscardHandler)), enricher.WithEnricher("team", team))
	require.NoError(t, err)
	of := func(cause error, fc enricher.FailureContext) string {
		labels := e.EnrichContext(t.Context(), cause, fc).Labels
		assert.Regexp(t, "^[0-9a-f]{16}$", labels["fingerprint"])
		return labels["fingerprint"]
	}
	a, b := errors.New("disk full"), errors.New("connection lost")
	missing := func(op string) error {
		return fmt.Errorf("load: %w", &fs.PathError{Op: op, Path: "/x", Err: errors.New("gone")})
	}
	type fc = enricher.FailureContext

	assert.Equal(t, []string{"team"}, e.Enrichers()[0].InputKeys)
	assert.Equal(t, fingerprint.Of(a), of(a, fc{}), "no rule")
	assert.Equal(t, fingerprint.Of(a), of(a, fc{TaskName: "noop"}), "the default alone")
	assert.Equal(t, of(errors.New("Quota of a exceeded"), fc{}), of(errors.New("over quota"), fc{JobName: "import-1"}), "the first counts")
	assert.Equal(t, of(missing("open"), fc{JobName: "import-1"}), of(missing("stat"), fc{JobName: "import-2"}))
	assert.NotEqual(t, of(missing("open"), fc{JobName: "import-1"}), of(missing("open"), fc{JobName: "export"}))
	assert.Equal(t, of(a, fc{JobID: "billing", JobName: "x"}), of(a, fc{JobID: "billing", JobName: "x"}))
	assert.NotEqual(t, of(a, fc{JobID: "billing", JobName: "x"}), of(a, fc{JobID: "billing", JobName: "y"}))
	assert.NotEqual(t, of(a, fc{JobID: "billing", JobName: "x"}), of(b, fc{JobID: "billing", JobName: "x"}))
}

func TestRulesWithoutLabelsDoNotMakeAReader(t *testing.T) {
	t.Parallel()
	fe, err := fingerprint.New(fingerprint.Options{Rules: []fingerprint.Rule{{Key: "all {{task}}"}}})
	require.NoError(t, err)
	assert.NotImplements(t, (*enricher.LabelReader)(nil), fe)
	_, reasons, err := fe.(enricher.Explainer).ExplainFailure(t.Context(), errors.New("x"), enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, `rule 1 with the key "all {{task}}"; by default version 2 of the message "x"`, reasons["fingerprint"])
}

func TestRulesThatAreWrongAreRejected(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule object
		want string
	}{
		{object{"key": ""}, `option "rules": rule 1: key: must not be empty; "{{default}}" is the fingerprint without rules`},
		{object{"key": "{{jobs}}"}, `option "rules": rule 1: key: "{{jobs}}": must be one of {{default}}, {{type}}, {{job}} and {{task}}`},
		{object{"key": "{job}-${task}"}, "rule 1: key: \"{job}\": must be one of {{default}}, {{type}}, {{job}} and {{task}}\nrule 1: key: \"${task}\": must"},
		{object{"key": "a"}, `option "rules": rule 1: must have conditions or be the last rule, as rule 2 can never match`},
		{object{"key": "a", "match": object{"message": "("}}, "option \"rules\": rule 1: match.message: error parsing regexp: missing closing ): `(`"},
		{object{"key": "a", "match": object{"job": "[a"}}, `option "rules": rule 1: match.job: pattern "[a"`},
		{object{"key": "a", "match": object{"type": "PathError"}}, `option "rules": rule 1: match.type: "PathError": must be a Go type with its package, such as "*fs.PathError" or "*io/fs.PathError"`},
		{object{"key": "a", "match": object{"type": []any{}}}, `option "rules": rule 1: match.type: must not be empty: remove it, or say which failures meet it`},
		{object{"key": "a", "match": object{"labels": object{"*": "x"}}}, `option "rules": rule 1: match.labels: "*": must be the key of a label`},
		{object{"key": "a", "match": object{"mesage": "x"}}, `option "rules[0].match.mesage"`},
	} {
		_, err := load(object{"rules": []any{c.rule, object{"key": "rest"}}})
		require.ErrorContains(t, err, c.want)
		require.ErrorAs(t, err, new(*enricher.ConfigError))
	}
	same := object{"job": "a", "labels": object{"k": "x", "l": "y"}}
	_, err := load(object{"rules": []any{object{"key": "a", "match": same}, object{"key": "b", "match": object{"job": "a"}}, object{"key": "c", "match": same}}})
	require.ErrorContains(t, err, `option "rules": rule 3: can never match, as rule 1 has the same conditions: remove one of them`)
}
