package owner_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/owner"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load returns an Enricher with these lines.
func load(t testing.TB, lines ...string) *owner.Enricher {
	t.Helper()
	e, err := owner.New(owner.Options{Rules: lines})
	require.NoError(t, err)
	return e
}

// process returns the labels of a failure.
func process(t testing.TB, e *owner.Enricher, cause error, fc enricher.FailureContext) enricher.Labels {
	t.Helper()
	labels, err := e.ProcessFailure(context.Background(), cause, fc)
	require.NoError(t, err)
	return labels
}

// in returns the failure of a job that panicked in a function of a package.
func in(pkg string) error {
	return enricher.NewPanicError("oops", []byte("goroutine 7 [running]:\n"+
		"runtime/debug.Stack()\n\t/go/src/runtime/debug/stack.go:26 +0x5e\n"+
		"panic({0x4b2f20?, 0xc000012345?})\n\t/go/src/runtime/panic.go:787 +0x132\n"+
		pkg+".(*Invoice).Total(0xc000012345)\n\t/src/invoice.go:42 +0x1d\n"+
		"main.main()\n\t/src/main.go:7 +0x1d\n"))
}

// A traced error has a stack.
type traced struct{ pcs []uintptr }

func (traced) Error() string           { return "traced" }
func (e traced) StackTrace() []uintptr { return e.pcs }

func here() error {
	pcs := make([]uintptr, 4)
	return traced{pcs[:runtime.Callers(1, pcs)]}
}

func TestTheLastLineThatMatchesWins(t *testing.T) {
	t.Parallel()
	e, err := owner.New(owner.Options{File: "testdata/good/owners.txt"})
	require.NoError(t, err)
	assert.Equal(t, []string{"team", "oncall", "runbook"}, e.OutputKeys())
	assert.Equal(t, []string{"type"}, e.InputKeys())
	dependency := enricher.Labels{"type": "DEPENDENCY"}
	failed := errors.New("failed")
	tests := []struct {
		sentence string
		cause    error
		fc       enricher.FailureContext
		want     string
		line     string
	}{
		{"the first line has the rest", failed, enricher.FailureContext{JobName: "export"}, "team=platform", `4 "*"`},
		{"a job", failed, enricher.FailureContext{JobName: "import-a"}, "oncall=data-eng-primary, team=data-eng", `5 "job:import-*"`},
		{
			"a package", in("github.com/acme/billing"),
			enricher.FailureContext{JobName: "import-a"},
			"oncall=billing, runbook=https://wiki.acme.com/billing#failures, team=billing", `6 "pkg:github.com/acme/billing/..."`,
		},
		{
			"one below", fmt.Errorf("job: %w", in("github.com/acme/billing/eu/vat")),
			enricher.FailureContext{},
			"oncall=billing, runbook=https://wiki.acme.com/billing#failures, team=billing", `6 "pkg:github.com/acme/billing/..."`,
		},
		{"not one whose name begins alike", in("github.com/acme/billing2"), enricher.FailureContext{}, "team=platform", `4 "*"`},
		{"an exception has nothing of the line above", in("github.com/acme/billing/tax"), enricher.FailureContext{}, "team=tax", `7 "pkg:github.com/acme/billing/tax"`},
		{"a label", in("github.com/acme/billing/tax"), enricher.FailureContext{Labels: dependency}, "team=integrations", `8 "label:type=DEPENDENCY"`},
		{
			"a label and a job", failed,
			enricher.FailureContext{Labels: dependency, JobName: "checkout-x"},
			"oncall=Ann Smith, team=slack:checkout", `9 "label:type=DEPENDENCY job:checkout-*"`,
		},
		{"escapes", failed, enricher.FailureContext{JobName: "#odd one"}, "team=*stars*", `10 "job:\\#odd\\ one"`},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			labels := process(t, e, tt.cause, tt.fc)
			assert.Equal(t, tt.want, labels.String())
			explained, why, err := e.ExplainFailure(t.Context(), tt.cause, tt.fc)
			require.NoError(t, err)
			assert.Equal(t, labels, explained)
			require.Len(t, why, len(labels))
			for key := range labels {
				assert.Equal(t, "testdata/good/owners.txt:"+tt.line, why[key])
			}
		})
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	type fc = enricher.FailureContext
	tests := []struct {
		conditions string
		cause      error
		fc         fc
		want       bool
	}{
		{"*", errors.New("x"), fc{}, true},
		{"* job:a", errors.New("x"), fc{JobName: "b"}, false},
		{"job:a job:b", errors.New("x"), fc{JobName: "a"}, false},
		{"job:*-eu job:import-*", errors.New("x"), fc{JobName: "import-eu"}, true},
		{"job:a:b", errors.New("x"), fc{JobName: "a:b"}, true},
		{`job:a\\b`, errors.New("x"), fc{JobName: `a\b`}, true},
		{`job:a\*`, errors.New("x"), fc{JobName: "ab"}, false},
		{"job:a#b", errors.New("x"), fc{JobName: "a#b"}, true},
		{"job:[a-c]?", errors.New("x"), fc{JobName: "cx"}, true},
		{"job:[!a-c]?", errors.New("x"), fc{JobName: "cx"}, false},
		{"pkg:...", errors.New("x"), fc{}, false},
		{"pkg:...", in("main"), fc{}, true},
		{"pkg:main", in("main"), fc{}, true},
		{"pkg:github.com/acme", in("github.com/acme/shop"), fc{}, false},
		{"pkg:github.com/acme/...", in("github.com/acme"), fc{}, true},
		{"pkg:github.com/*/shop", in("github.com/acme/shop"), fc{}, true},
		{"pkg:*/shop/...", in("github.com/acme/shop/cart"), fc{}, true},
		{"pkg:gopkg.in/yaml.v3", in("gopkg.in/yaml%2ev3"), fc{}, true},
		{"pkg:github.com/failure-enrichers/enricher/enrichers/owner_test", here(), fc{}, true},
		{"pkg:github.com/failure-enrichers/enricher/enrichers/owner", here(), fc{}, false},
		{"label:a=", errors.New("x"), fc{Labels: enricher.Labels{"a": ""}}, true},
		{"label:a=*", errors.New("x"), fc{Labels: enricher.Labels{"a": ""}}, true},
		{"label:a=*", errors.New("x"), fc{}, false},
		{"label:a=b=c", errors.New("x"), fc{Labels: enricher.Labels{"a": "b=c"}}, true},
		{`label:a\=b=c`, errors.New("x"), fc{Labels: enricher.Labels{"a=b": "c"}}, true},
		{`label:a:b=c`, errors.New("x"), fc{Labels: enricher.Labels{"a:b": "c"}}, true},
		{"label:a=[xy] label:b=z", errors.New("x"), fc{Labels: enricher.Labels{"a": "y", "b": "z"}}, true},
		{"label:a=[xy] label:b=z", errors.New("x"), fc{Labels: enricher.Labels{"a": "y"}}, false},
	}
	for _, tt := range tests {
		e := load(t, tt.conditions+"\tyes  # comment")
		want := "unowned"
		if tt.want {
			want = "yes"
		}
		assert.Equal(t, enricher.Labels{"team": want}, process(t, e, tt.cause, tt.fc), "%s", tt.conditions)
	}
}

// explode is where a job panics.
func explode() {
	var v any
	_ = v.(int)
}

func TestThePackageOfAPanicIsWhereItPanicked(t *testing.T) {
	t.Parallel()
	var cause error
	func() {
		defer func() {
			stack := make([]byte, 8<<10)
			cause = enricher.NewPanicError(recover(), stack[:runtime.Stack(stack, false)])
		}()
		explode()
	}()
	e := load(t, "pkg:runtime/... go", "pkg:testing/... tests", "pkg:github.com/failure-enrichers/enricher/enrichers/owner_test us")
	assert.Equal(t, enricher.Labels{"team": "us"}, process(t, e, cause, enricher.FailureContext{}))
}

func TestWhatNoLineMatchesHasTheDefaultsAndIsCounted(t *testing.T) {
	t.Parallel()
	e := load(t, "job:a team-a oncall=ann")
	assert.Equal(t, []string{"team", "oncall"}, e.OutputKeys())
	assert.Empty(t, e.InputKeys())
	for _, job := range []string{"a", "b", "c"} {
		process(t, e, errors.New("x"), enricher.FailureContext{JobName: job})
	}
	assert.EqualValues(t, 2, e.Unmatched())
	assert.Equal(t, map[string]uint64{"unmatched": 2, "reload-failed": 0}, e.Counts())
	assert.Equal(t, "team=unowned", process(t, e, errors.New("x"), enricher.FailureContext{}).String())

	e, err := owner.New(owner.Options{Rules: []string{"job:a team-a"}, DefaultTeam: "ops", DefaultOncall: "bob", DefaultRunbook: "https://a/b"})
	require.NoError(t, err)
	assert.Equal(t, []string{"team", "oncall", "runbook"}, e.OutputKeys())
	labels, why, err := e.ExplainFailure(t.Context(), errors.New("x"), enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, "oncall=bob, runbook=https://a/b, team=ops", labels.String())
	assert.Equal(t, map[string]string{
		"team":    "no line matched: option default-team",
		"oncall":  "no line matched: option default-oncall",
		"runbook": "no line matched: option default-runbook",
	}, why)
	assert.Zero(t, e.Unmatched(), "an explanation counts nothing")
	assert.Equal(t, "team=team-a", process(t, e, errors.New("x"), enricher.FailureContext{JobName: "a"}).String(), "a line that matches has all")
	_, why, err = e.ExplainFailure(t.Context(), errors.New("x"), enricher.FailureContext{JobName: "a"})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"team": `rule 1 "job:a"`}, why)
}

var update = flag.Bool("update", false, "write the golden files anew")

func TestErrorsOfBadFilesNameTheLineTheWordAndWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/bad/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			_, err := owner.New(owner.Options{File: path})
			require.Error(t, err)
			golden := strings.TrimSuffix(path, ".txt") + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(err.Error()+"\n"), 0o600))
			}
			want, readErr := os.ReadFile(golden)
			require.NoError(t, readErr)
			assert.Equal(t, string(want), err.Error()+"\n")
		})
	}
}

func TestGoodFilesLoad(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/good/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		_, err := owner.New(owner.Options{File: path})
		assert.NoError(t, err)
	}
	e, err := owner.New(owner.Options{File: "testdata/good/windows.txt"})
	require.NoError(t, err)
	assert.Equal(t, "team=team-a", process(t, e, errors.New("x"), enricher.FailureContext{JobName: "a"}).String())
}

func TestOptionsThatDoNotGoTogetherAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		opts owner.Options
		want string
	}{
		"nothing":           {owner.Options{}, `option "rules": want at least one line, or a file that has them`},
		"both":              {owner.Options{File: "f", Rules: []string{"* a"}}, `option "rules": there is the file "f" as well: want either file or rules`},
		"nothing to reload": {owner.Options{Rules: []string{"* a"}, Reload: true}, `option "reload": there is no file to reload: want the option file, or false`},
		"bad defaults": {
			owner.Options{Rules: []string{"* a"}, DefaultTeam: "a\x00", DefaultOncall: strings.Repeat("x", 1025)},
			`option "default-team": "a\x00": want at most 1024 bytes of valid UTF-8 without control characters` + "\n" +
				`option "default-oncall": "` + strings.Repeat("x", 64) + `": want at most 1024 bytes of valid UTF-8 without control characters`,
		},
		"bad lines": {
			owner.Options{Rules: []string{"a", "# fine", "job:b"}},
			`option "rules": rule 1: "a": want a condition before the team: *, job:GLOB, pkg:PATH, pkg:PATH/... or label:KEY=GLOB` + "\n" +
				`option "rules": rule 3: "job:b": want the team after it`,
		},
		"comments only":  {owner.Options{Rules: []string{"# x"}}, `option "rules": rule: there are no lines but comments: want at least one`},
		"too many lines": {owner.Options{Rules: slicesRepeat("job:a b", 10_001)}, `option "rules": rule: there are 10001 lines: want at most 10000`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := owner.New(tt.opts)
			require.EqualError(t, err, tt.want)
			require.Nil(t, e)
		})
	}
	_, err := owner.New(owner.Options{File: "testdata/none"})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func slicesRepeat(s string, n int) (all []string) {
	for range n {
		all = append(all, s)
	}
	return all
}

func TestItCanBeConfigured(t *testing.T) {
	t.Parallel()
	newEnricher := func(options map[string]any) (*enricher.Enricher, error) {
		return enricher.New(enricher.Config{
			FailureEnrichers: []string{"owner"},
			Options:          map[string]map[string]any{"owner": options},
			Strict:           true,
		}, enricher.WithLogger(slog.New(slog.DiscardHandler)), enricher.WithEnricher("type", enricher.Func([]string{"type"},
			func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{"type": "DEPENDENCY"}, nil
			})))
	}
	e, err := newEnricher(map[string]any{"file": "testdata/good/owners.txt", "reload": true, "default-team": "ops"})
	require.NoError(t, err)
	defer func() { assert.NoError(t, e.Shutdown(context.Background())) }()
	assert.Equal(t, []string{"type"}, e.Enrichers()[0].InputKeys)
	assert.Equal(t, "team=integrations, type=DEPENDENCY", e.Enrich(errors.New("x")).String())

	_, err = newEnricher(map[string]any{"rules": []any{"job:a"}})
	require.EqualError(t, err, `enricher "owner": option "rules": rule 1: "job:a": want the team after it`)
	_, err = newEnricher(map[string]any{"rule": "x"})
	require.EqualError(t, err, `enricher "owner": option "rule": unknown, did you mean "rules"? known options: default-oncall, default-runbook, default-team, file, reload, rules`)
	_, err = newEnricher(map[string]any{"logger": "x", "rules": "* a"})
	require.ErrorContains(t, err, `option "logger": unknown`)
}

// watched is a file that changes.
type watched struct {
	t    *testing.T
	path string
	log  *bytes.Buffer
	e    *owner.Enricher
}

func watch(t *testing.T, content string) *watched {
	w := &watched{t: t, path: filepath.Join(t.TempDir(), "owners.txt"), log: &bytes.Buffer{}}
	w.write(content)
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return slog.String(a.Key, strings.ReplaceAll(a.Value.String(), filepath.Dir(w.path)+"/", ""))
	}}))
	var err error
	w.e, err = owner.New(owner.Options{File: w.path, Reload: true, Logger: logger})
	require.NoError(t, err)
	return w
}

func (w *watched) write(content string) {
	require.NoError(w.t, os.WriteFile(w.path, []byte(content), 0o600))
}

// fail returns the labels of a failure a second later, and what was logged.
func (w *watched) fail() (labels, log string) {
	time.Sleep(time.Second)
	labels = process(w.t, w.e, errors.New("x"), enricher.FailureContext{}).String()
	log = strings.TrimSpace(w.log.String())
	w.log.Reset()
	return labels, log
}

func TestAChangedFileIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, "* one")
		w.write("* two")
		labels, log := w.fail()
		assert.Equal(t, "team=two", labels)
		assert.Equal(t, `level=INFO msg="New version of a file is used from now on" file=owners.txt`, log)

		const notUsed = `level=WARN msg="New version of a file is not used: the one before stays in force" file=owners.txt error=`
		w.write("* two three")
		labels, log = w.fail()
		assert.Equal(t, "team=two", labels)
		assert.Equal(t, notUsed+`"owners.txt:1: \"three\": want oncall=NAME or runbook=URL after the team; there is one team, and conditions stand before it"`, log)
		_, log = w.fail()
		assert.Empty(t, log)

		w.write("* three oncall=x runbook=y\nlabel:a=b c")
		labels, log = w.fail()
		assert.Equal(t, "team=two", labels)
		fixed := ", which no line did at the start, and keys are fixed from then on: restart to use it"
		assert.Equal(t, notUsed+`"owners.txt: it sets \"oncall\"`+fixed+`\nowners.txt: it sets \"runbook\"`+fixed+
			`\nowners.txt: it reads the label \"a\"`+fixed+`"`, log)

		w.write("* four")
		labels, _ = w.fail()
		assert.Equal(t, "team=four", labels)
		assert.Equal(t, map[string]uint64{"unmatched": 0, "reload-failed": 2}, w.e.Counts())
	})
}

func TestLinesChangeWhileAStormOfFailuresIsProcessed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "owners.txt")
	write := func(version int) {
		require.NoError(t, os.WriteFile(path+".new", fmt.Appendf(nil, "* v%d oncall=v%[1]d", version), 0o600))
		require.NoError(t, os.Rename(path+".new", path))
	}
	write(1)
	e, err := owner.New(owner.Options{File: path, Reload: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	var wg sync.WaitGroup
	deadline := time.Now().Add(1200 * time.Millisecond)
	for range 4 {
		wg.Go(func() {
			for time.Now().Before(deadline) {
				labels := process(t, e, in("a"), enricher.FailureContext{})
				assert.Equal(t, labels["team"], labels["oncall"], "one version at a time")
			}
		})
	}
	for version := 2; time.Now().Before(deadline); version++ {
		write(version)
	}
	wg.Wait()
	assert.NotEqual(t, "v1", process(t, e, in("a"), enricher.FailureContext{})["team"])
}
