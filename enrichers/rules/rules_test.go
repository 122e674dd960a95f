package rules_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/reload/reloadtest"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

// load returns an enricher with these rules.
func load(t testing.TB, list ...rules.Rule) enricher.FailureEnricher {
	t.Helper()
	fe, err := rules.New(rules.Options{Rules: list})
	require.NoError(t, err)
	return fe
}

// hit is the label of a rule in tests that only check whether it matches.
var hit = map[string]string{"hit": "yes"}

// configure returns an Enricher with the factory's enricher as "rules/shop".
func configure(t *testing.T, options map[string]any) (*enricher.Enricher, error) {
	t.Helper()
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"rules/shop"},
		Options:          map[string]map[string]any{"rules/shop": options},
	}, enricher.WithLogger(slog.New(slog.DiscardHandler)), enricher.WithEnricher("severity", enricher.Func([]string{"severity"},
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"severity": "2"}, nil
		})))
	if err == nil {
		t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	}
	return e, err
}

func TestFactoryDecodesRules(t *testing.T) {
	t.Parallel()
	e, err := configure(t, map[string]any{
		"rules": []any{
			map[string]any{"name": "a", "message": "code (\\d+)", "attempt": "2", "set": map[string]any{"code": "$1"}},
			map[string]any{"job": "x, y", "failure-type": "TASK,GLOBAL", "set": map[string]any{"job": "xy"}},
			map[string]any{"labels": map[string]any{"severity": "1, 2"}, "set": map[string]any{"page": "true"}},
		},
		"examples": []any{
			map[string]any{"given": map[string]any{"error": "code 7", "attempt": "2"}, "expect": map[string]any{"code": "7"}},
		},
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"code", "job", "page"}, e.Enrichers()[0].OutputKeys)
	assert.Equal(t, []string{"severity"}, e.Enrichers()[0].InputKeys)
	for want, fc := range map[string]enricher.FailureContext{
		"code=12, severity=2":   {Attempt: 2},
		"job=xy, severity=2":    {JobName: "y", Type: enricher.FailureTypeTask},
		"page=true, severity=2": {JobName: "z"},
	} {
		assert.Equal(t, want, e.EnrichContext(t.Context(), errors.New("code 12"), fc).Labels.String())
	}
}

func TestFactoryNamesTheEnricherInErrors(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	for name, c := range map[string]struct {
		options object
		want    string
	}{
		"an unknown key": {object{"rules": []any{object{"mesage": "x"}}}, `option "rules[0].mesage": `},
		"a bad rule": {
			object{"rules": []any{object{"name": "a", "message": "("}}},
			`option "rules": rule 1 "a": message: error parsing regexp: missing closing ): ` + "`(`",
		},
		"a bad example": {
			object{"rules": []any{object{"set": object{"k": "v"}}}, "examples": []any{object{}}},
			`option "rules": example 1: label "k" is "v": must be missing; rule 1 matched`,
		},
		"no file": {object{"file": "none.json"}, `option "file": `},
		"a type that is passed over": {
			object{"rules": []any{object{"type": "*fmt.wrapError", "set": object{"k": "v"}}}},
			`option "rules": rule 1: type: "*fmt.wrapError": is passed over, as it only adds a text, labels or a stack: use the type that it wraps, or chain`,
		},
		"labels to set as a condition": {
			object{"rules": []any{object{"message": "x", "labels": object{"type": "USER"}}}},
			`option "rules": must set a label: those of a rule belong under set; under labels are conditions`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := configure(t, c.options)
			require.ErrorContains(t, err, `enricher "rules/shop": `+c.want)
		})
	}
}

func TestNewRejectsExamplesBesideAFile(t *testing.T) {
	t.Parallel()
	fe, err := rules.New(rules.Options{File: "testdata/good/shop.json", Examples: []rules.Example{{}}})
	require.EqualError(t, err, `option "examples": must be in the file, as the rules are`)
	assert.Nil(t, fe)
}

func TestNewAcceptsGoodFiles(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/good/*.json")
	require.NoError(t, err)
	for _, path := range paths {
		_, err := rules.New(rules.Options{File: path})
		assert.NoError(t, err)
	}
}

func TestNewAcceptsAnyConditionBeforeOtherRules(t *testing.T) {
	t.Parallel()
	for _, r := range []rules.Rule{
		{Type: []string{"a.B"}},
		{Chain: []string{"a.B"}},
		{Message: "a"},
		{Job: []string{"a"}},
		{Task: []string{"a"}},
		{Attributes: map[string][]string{"a": {"b"}}},
		{Attempt: "1"},
		{FailureType: []enricher.FailureType{enricher.FailureTypeTask}},
		{Labels: map[string][]string{"a": {"b"}}},
	} {
		load(t, r, rules.Rule{Set: hit})
	}
}

func TestNewRejectsEmptyConditions(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]any{
		"type": []any{}, "chain": "", "message": "", "job": ",", "task": []any{}, "attempt": "", "failure-type": []any{},
		"attributes": map[string]any{}, "labels": map[string]any{"type": []any{}},
	} {
		factory, _ := enricher.DefaultRegistry().Factory(rules.Name)
		_, err := factory.CreateFailureEnricher(enricher.NewFactoryConfig("rules", map[string]any{"rules": []any{
			map[string]any{"name": "first", key: value},
		}}))
		require.ErrorContains(t, err, "must not be empty: remove it, or say which failures meet it", key)
		assert.ErrorContains(t, err, key)
		assert.Regexp(t, `rule 1 "first"|rules\[0\]`, err.Error())
	}
}

func TestNewAcceptsNumbersOfAttempts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"rules": [{"attempt": 3, "set": {"k": "1"}}]}`), 0o600))
	factory, _ := enricher.DefaultRegistry().Factory(rules.Name)
	for name, options := range map[string]map[string]any{
		"a file":  {"file": path},
		"options": {"rules": []any{map[string]any{"attempt": uint8(3), "set": map[string]any{"k": "1"}}}},
		"a text":  {"rules": []any{map[string]any{"attempt": " =3", "set": map[string]any{"k": "1"}}}},
	} {
		fe, err := factory.CreateFailureEnricher(enricher.NewFactoryConfig("rules", options))
		require.NoError(t, err, name)
		assert.Equal(t, "k=1", reloadtest.Process(t, fe, io.EOF, enricher.FailureContext{Attempt: 3}).String(), name)
		assert.Empty(t, reloadtest.Process(t, fe, io.EOF, enricher.FailureContext{Attempt: 4}), name)
	}
	for _, value := range []any{3.5, -1, true, []any{3}} {
		_, err := factory.CreateFailureEnricher(enricher.NewFactoryConfig("rules", map[string]any{"rules": []any{map[string]any{"attempt": value}}}))
		assert.ErrorContains(t, err, "attempt", "%v", value)
	}
}

func TestNewRejectsBadFiles(t *testing.T) {
	t.Parallel()
	reloadtest.Rejects(t, "testdata/bad/*.json", func(path string) error {
		_, err := rules.New(rules.Options{File: path})
		return err
	})
}

func TestNewNamesTheKeyInAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"rules": [{"mesage": "x"}], "examples": [{"given": {"eror": "x"}}]}`), 0o600))
	_, err := rules.New(rules.Options{File: path})
	require.ErrorContains(t, err, `option "file": `+path+`: rules[0].mesage: `)
	require.ErrorContains(t, err, `option "file": `+path+`: examples[0].given.eror: `)
}

func TestOptionAllAppliesToAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"rules": [{"message": "a", "set": {"k": "1"}}, {"set": {"l": "2"}}]}`), 0o600))
	for all, want := range map[bool]string{false: "k=1", true: "k=1, l=2"} {
		fe, err := rules.New(rules.Options{File: path, All: all})
		require.NoError(t, err)
		assert.Equal(t, want, reloadtest.Process(t, fe, errors.New("a"), enricher.FailureContext{}).String())
	}
}

func TestExplainFailure(t *testing.T) {
	t.Parallel()
	fe, err := rules.New(rules.Options{All: true, Rules: []rules.Rule{
		{Message: "a", Set: map[string]string{"k": "1"}},
		{Name: "card-declined", Message: "a(.)", Set: map[string]string{"k": "2", "l": "$1"}},
		{Name: "quiet", Message: "q"},
	}})
	require.NoError(t, err)
	for text, want := range map[string]struct {
		labels  enricher.Labels
		reasons map[string]string
	}{
		"ab": {enricher.Labels{"k": "1", "l": "b"}, map[string]string{"k": "rule 1", "l": `rule 2 "card-declined"`}},
		"x":  {enricher.Labels{}, map[string]string{"": "no rule matched"}},
		"q":  {enricher.Labels{}, map[string]string{"": `rule 3 "quiet" matched and sets no labels`}},
	} {
		labels, reasons := reloadtest.Explain(t, fe, errors.New(text), enricher.FailureContext{})
		assert.Equal(t, want.labels, labels)
		assert.Equal(t, want.reasons, reasons)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	fe := load(t, rules.Rule{Message: "a", Set: hit}, rules.Rule{Message: "b"})
	for _, text := range []string{"a", "b", "x", "y"} {
		reloadtest.Process(t, fe, errors.New(text), enricher.FailureContext{})
		reloadtest.Explain(t, fe, errors.New(text), enricher.FailureContext{})
	}
	assert.Equal(t, map[string]uint64{"unmatched": 2, "reload-failed": 0}, reloadtest.Counts(fe))
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "rules.json")
		write := func(content string) { require.NoError(t, os.WriteFile(path, []byte(content), 0o600)) }
		write(`{"rules": [{"set": {"k": "1"}}]}`)
		var log strings.Builder
		fe, err := rules.New(rules.Options{File: path, Reload: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		for _, step := range []struct{ name, content, labels, log string }{
			{"a failing example", `{"rules": [{"set": {"k": "4"}}], "examples": [{}]}`, "k=1", `rules.json: example 1: label \"k\" is \"4\": must be missing`},
			{"a new input key", `{"rules": [{"labels": {"x": "y"}, "set": {"k": "5"}}]}`, "k=1", `rules.json: reads the label \"x\"`},
			{"a valid version", `{"rules": [{"set": {"k": "6"}}]}`, "k=6", ""},
		} {
			write(step.content)
			for range 2 {
				time.Sleep(time.Second)
				reloadtest.Process(t, fe, errors.New("a"), enricher.FailureContext{})
			}
			assert.Equal(t, step.labels, reloadtest.Process(t, fe, errors.New("a"), enricher.FailureContext{}).String(), step.name)
			assert.Contains(t, log.String(), step.log, step.name)
		}
		assert.EqualValues(t, 2, reloadtest.Counts(fe)["reload-failed"])
	})
}
