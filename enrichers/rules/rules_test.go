package rules_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

func TestOptionsThatDoNotGoTogetherAreRefused(t *testing.T) {
	t.Parallel()
	some := []rules.Rule{{Set: hit}}
	tests := map[string]struct {
		opts rules.Options
		want string
	}{
		"nothing":             {rules.Options{}, `option "rules": want at least one rule, or a file that has them`},
		"both":                {rules.Options{File: "f", Rules: some}, `option "rules": they are in the file "f": want either file or rules`},
		"nothing to reload":   {rules.Options{Rules: some, Reload: true}, `option "reload": there is no file to reload: want the option file, or false`},
		"examples elsewhere":  {rules.Options{File: "f", Examples: make([]rules.Example, 1)}, `option "examples": the rules are in the file "f": want the examples there`},
		"too many":            {rules.Options{Rules: make([]rules.Rule, 10_001)}, `option "rules": there are 10001 rules: want at most 10000`},
		"too many examples":   {rules.Options{Rules: some, Examples: make([]rules.Example, 10_001)}, `option "examples": there are 10001 examples: want at most 10000`},
		"a rule that is none": {rules.Options{Rules: []rules.Rule{{Name: "x"}}}, `option "rules": rule 1 "x": key "set": it is missing: want the labels to set, or {} for none`},
		"an example that fails": {
			rules.Options{Rules: some, Examples: []rules.Example{{Name: "x", Expect: map[string]string{"hit": "no"}}}},
			`option "examples": example 1 "x": label "hit": want "no", got "yes"; rule 1 matched`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := rules.New(tt.opts)
			require.EqualError(t, err, tt.want)
			require.Nil(t, e)
		})
	}
}

// configure loads the enricher as a service does.
func configure(t *testing.T, options map[string]any) (*enricher.Enricher, error) {
	t.Helper()
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"rules/shop"},
		Options:          map[string]map[string]any{"rules/shop": options},
		Strict:           true,
	}, enricher.WithLogger(slog.New(slog.DiscardHandler)), enricher.WithEnricher("severity", enricher.Func([]string{"severity"},
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"severity": "2"}, nil
		})))
	if err == nil {
		t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	}
	return e, err
}

func TestRulesCanBeConfigured(t *testing.T) {
	t.Parallel()
	e, err := configure(t, map[string]any{
		"rules": []any{
			map[string]any{"name": "a", "message": "code (\\d+)", "attempt": 2, "set": map[string]any{"code": "$1"}},
			map[string]any{"job": "x, y", "failure-type": "TASK,GLOBAL", "set": map[string]any{"job": "xy"}},
			map[string]any{"labels": map[string]any{"severity": "1, 2"}, "set": map[string]any{"page": "true"}},
		},
		"examples": []any{
			map[string]any{"given": map[string]any{"error": "code 7", "attempt": "2"}, "expect": map[string]any{"code": "7"}},
		},
	})
	require.NoError(t, err)
	infos := e.Enrichers()
	assert.Equal(t, []string{"code", "job", "page"}, infos[0].OutputKeys)
	assert.Equal(t, []string{"severity"}, infos[0].InputKeys)
	enrich := func(text string, fc enricher.FailureContext) string {
		res := e.EnrichContext(t.Context(), errors.New(text), fc)
		require.NoError(t, res.Err())
		delete(res.Labels, "severity")
		return res.Labels.String()
	}
	assert.Equal(t, "code=12", enrich("code 12", enricher.FailureContext{Attempt: 2}))
	assert.Equal(t, "job=xy", enrich("code 12", enricher.FailureContext{JobName: "y", Type: enricher.FailureTypeTask}))
	assert.Equal(t, "page=true", enrich("code 12", enricher.FailureContext{JobName: "z"}))
}

func TestAFileCanBeConfigured(t *testing.T) {
	t.Parallel()
	e, err := configure(t, map[string]any{"file": "testdata/good/shop.json", "reload": "true"})
	require.NoError(t, err)
	assert.Equal(t, []string{"JOB_CANNOT_RESTART", "cost", "reason", "type"}, e.Enrichers()[0].OutputKeys)
	res := e.EnrichContext(t.Context(), errors.New("card declined: code 51"), enricher.FailureContext{JobName: "billing-eu"})
	require.NoError(t, res.Err())
	assert.Equal(t, "reason=declined-51, severity=2, type=USER", res.Labels.String())
}

func TestErrorsOfTheConfigurationNameTheEnricherTheRuleAndTheKey(t *testing.T) {
	t.Parallel()
	_, err := configure(t, map[string]any{
		"rules": []any{
			map[string]any{"name": "a", "mesage": "x"},
			map[string]any{"set": map[string]any{"k": 1}},
		},
		"examples": []any{map[string]any{"gven": "x"}},
	})
	require.EqualError(t, err, strings.Join([]string{
		`enricher "rules/shop": option "rules": rule 1 "a": key "mesage": unknown, did you mean "message"? known options: attempt, attributes, chain, failure-type, job, labels, message, name, set, task, type`,
		`enricher "rules/shop": option "rules": rule 2: key "set.k": 1: must be a string`,
		`enricher "rules/shop": option "examples": example 1: key "gven": unknown, did you mean "given"? known options: expect, given, name`,
	}, "\n"))
	_, err = configure(t, map[string]any{"rules": []any{map[string]any{"name": "a"}}})
	require.EqualError(t, err, `enricher "rules/shop": option "rules": rule 1 "a": key "set": it is missing: want the labels to set, or {} for none`)
	_, err = configure(t, map[string]any{"fil": "x"})
	require.EqualError(t, err, `enricher "rules/shop": option "fil": unknown, did you mean "file"? known options: all, examples, file, reload, rules`)
	_, err = configure(t, map[string]any{"file": "testdata/none.json"})
	require.ErrorContains(t, err, `enricher "rules/shop": option "file": stat testdata/none.json: `)
}

func TestStatsFindRulesThatNeverMatch(t *testing.T) {
	t.Parallel()
	e := load(t,
		rules.Rule{Name: "a", Message: "a", Set: hit},
		rules.Rule{Message: "b", Set: hit},
		rules.Rule{Name: "c", Message: "c", Set: map[string]string{}},
	)
	for _, text := range []string{"a", "ab", "c", "x", "y"} {
		process(t, e, errors.New(text), enricher.FailureContext{})
	}
	assert.Equal(t, []rules.RuleStats{{1, "a", 2}, {2, "", 0}, {3, "c", 1}}, e.Rules())
	assert.Equal(t, []rules.RuleStats{{Number: 2}}, e.NeverMatched())
	assert.EqualValues(t, 2, e.Unmatched())
	assert.Equal(t, map[string]uint64{"unmatched": 2, "reload-failed": 0}, e.Counts())

	caught := load(t, rules.Rule{Name: "rest", Set: hit})
	process(t, caught, errors.New("x"), enricher.FailureContext{})
	assert.Equal(t, []rules.RuleStats{{1, "rest", 1}}, caught.Rules())
	assert.Empty(t, caught.NeverMatched())
	assert.Zero(t, caught.Unmatched(), "a catch-all matches like any other")
}

func TestAnExplanationNamesTheRuleOfEachLabelAndCountsNothing(t *testing.T) {
	t.Parallel()
	e, err := rules.New(rules.Options{All: true, Rules: []rules.Rule{
		{Message: "a", Set: map[string]string{"k": "1"}},
		{Name: "card-declined", Message: "a(.)", Set: map[string]string{"k": "2", "l": "$1"}},
		{Name: "quiet", Message: "q", Set: map[string]string{}},
	}})
	require.NoError(t, err)
	explain := func(text string) (enricher.Labels, map[string]string) {
		labels, why, err := e.ExplainFailure(t.Context(), errors.New(text), enricher.FailureContext{})
		require.NoError(t, err)
		return labels, why
	}
	labels, why := explain("ab")
	assert.Equal(t, enricher.Labels{"k": "1", "l": "b"}, labels)
	assert.Equal(t, map[string]string{"k": "rule 1", "l": `rule 2 "card-declined"`}, why)
	labels, why = explain("x")
	assert.Empty(t, labels)
	assert.Equal(t, map[string]string{"": "no rule matched"}, why)
	labels, why = explain("q")
	assert.Empty(t, labels)
	assert.Equal(t, map[string]string{"": `rule 3 "quiet" matched, and sets no labels`}, why)
	assert.Zero(t, e.Unmatched())
	assert.Len(t, e.NeverMatched(), 3)
}

// A file in a test that changes.
type file struct {
	t    *testing.T
	path string
	log  *bytes.Buffer
	e    *rules.Enricher
}

func newFile(t *testing.T, content string) *file {
	f := &file{t: t, path: filepath.Join(t.TempDir(), "rules.json"), log: &bytes.Buffer{}}
	f.write(content)
	logger := slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return slog.String(a.Key, strings.ReplaceAll(a.Value.String(), filepath.Dir(f.path)+"/", ""))
	}}))
	var err error
	f.e, err = rules.New(rules.Options{File: f.path, Reload: true, Logger: logger})
	require.NoError(t, err)
	return f
}

func (f *file) write(content string) {
	require.NoError(f.t, os.WriteFile(f.path, []byte(content), 0o600))
}

// fail returns the labels of a failure a second later, and what was logged.
func (f *file) fail(text string) (labels, log string) {
	time.Sleep(time.Second)
	labels = process(f.t, f.e, errors.New(text), enricher.FailureContext{}).String()
	log = strings.TrimSpace(f.log.String())
	f.log.Reset()
	return labels, log
}

func TestAChangedFileIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t, `{"rules": [{"message": "a", "set": {"k": "1"}}, {"name": "b", "message": "b", "set": {"k": "2"}}]}`)
		labels, _ := f.fail("a")
		assert.Equal(t, "k=1", labels)
		f.fail("b")

		f.write(`{"rules": [{"name": "new", "message": "a", "set": {"k": "3"}}, {"name": "b", "message": "b", "set": {"k": "2"}}]}`)
		assert.Equal(t, "k=1", process(t, f.e, errors.New("a"), enricher.FailureContext{}).String(), "within a second nobody looks")
		labels, log := f.fail("a")
		assert.Equal(t, "k=3", labels)
		assert.Equal(t, `level=INFO msg="New version of a file is used from now on" file=rules.json`, log)
		assert.Equal(t, []rules.RuleStats{{1, "new", 1}, {2, "b", 1}}, f.e.Rules(), "rules that are the same keep their counts")

		_, why, err := f.e.ExplainFailure(t.Context(), errors.New("a"), enricher.FailureContext{})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"k": `rule 1 "new"`}, why)
	})
}

func TestEqualRulesKeepACountEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rule = `{"message": "a", "set": {"k": "1"}}`
		f := newFile(t, `{"rules": [`+rule+","+rule+`]}`)
		f.fail("a")
		f.write(`{"rules": [` + rule + "," + rule + "," + rule + `]}`)
		f.fail("x")
		assert.Equal(t, []rules.RuleStats{{1, "", 1}, {2, "", 0}, {3, "", 0}}, f.e.Rules())
	})
}

func TestAFileCanBeMadeToMergeByAnOption(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"rules": [{"message": "a", "set": {"k": "1"}}, {"set": {"l": "2"}}]}`), 0o600))
	for all, want := range map[bool]string{false: "k=1", true: "k=1, l=2"} {
		e, err := rules.New(rules.Options{File: path, All: all})
		require.NoError(t, err)
		assert.Equal(t, want, process(t, e, errors.New("a"), enricher.FailureContext{}).String())
	}
}

func TestABrokenVersionKeepsTheRulesAndIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t, `{"rules": [{"message": "a", "set": {"k": "1"}}]}`)
		f.write(`{"rules": [`)
		labels, log := f.fail("a")
		assert.Equal(t, "k=1", labels)
		assert.Equal(t, `level=WARN msg="New version of a file is not used: the one before stays in force" file=rules.json `+
			`error="rules.json: line 1, column 12: unexpected end of JSON input"`, log)
		labels, log = f.fail("a")
		assert.Equal(t, "k=1", labels)
		assert.Empty(t, log)
		f.write(`{"rules": [{"set": {"k": "2"}}], "examples": [{"given": {}, "expect": {"k": "1"}}]}`)
		labels, log = f.fail("a")
		assert.Equal(t, "k=1", labels)
		assert.Contains(t, log, `rules.json: example 1: label \"k\": want \"1\", got \"2\"; rule 1 matched`)
		assert.Equal(t, map[string]uint64{"unmatched": 0, "reload-failed": 2}, f.e.Counts())
	})
}

func TestAVersionWithNewKeysIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t, `{"rules": [{"message": "a", "set": {"k": "1", "l": "1"}}]}`)
		f.write(`{"rules": [{"message": "a", "set": {"k": "2"}}, {"name": "n", "labels": {"x": "y"}, "set": {"new": "2"}}]}`)
		labels, log := f.fail("a")
		assert.Equal(t, "k=1, l=1", labels)
		assert.Contains(t, log, `rules.json: rule 2 \"n\": it sets \"new\", which no rule did at the start, and keys are fixed from then on: restart to use it\n`+
			`rules.json: rule 2 \"n\": it reads \"x\", which no rule did at the start, and keys are fixed from then on: restart to use it`)

		f.write(`{"rules": [{"message": "a", "set": {"k": "3"}}]}`)
		labels, _ = f.fail("a")
		assert.Equal(t, "k=3", labels, "fewer keys are fine")
		f.write(`{"rules": [{"message": "a", "set": {"k": "4", "l": "4"}}]}`)
		labels, _ = f.fail("a")
		assert.Equal(t, "k=4, l=4", labels, "and so are those of the start again")
		assert.Equal(t, []string{"k", "l"}, f.e.OutputKeys())
	})
}

func TestRulesChangeWhileAStormOfFailuresIsProcessed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.json")
	write := func(version int) {
		content := fmt.Sprintf(`{"rules": [{"name": "same", "message": "a", "set": {"k": "0"}}, {"name": "v%d", "set": {"k": "%[1]d", "l": "%[1]d"}}]}`, version)
		require.NoError(t, os.WriteFile(path+".new", []byte(content), 0o600))
		require.NoError(t, os.Rename(path+".new", path))
	}
	write(1)
	e, err := rules.New(rules.Options{File: path, Reload: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	var wg sync.WaitGroup
	deadline := time.Now().Add(1500 * time.Millisecond)
	var calls [4]uint64
	for i := range calls {
		wg.Go(func() {
			for time.Now().Before(deadline) {
				labels := process(t, e, errors.New("x"), enricher.FailureContext{})
				assert.Equal(t, labels["k"], labels["l"], "one version at a time")
				process(t, e, errors.New("a"), enricher.FailureContext{})
				calls[i]++
				_, _, _ = e.Rules(), e.Unmatched(), e.NeverMatched()
			}
		})
	}
	for version := 2; time.Now().Before(deadline); version++ {
		write(version)
	}
	wg.Wait()
	stats := e.Rules()
	assert.NotEqual(t, "v1", stats[1].Name, "it has been read again")
	assert.Equal(t, calls[0]+calls[1]+calls[2]+calls[3], stats[0].Matches, "no count is lost")
}
