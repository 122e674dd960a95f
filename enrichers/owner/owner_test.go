package owner_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/reload/reloadtest"
	"github.com/failure-enrichers/enricher/enrichers/owner"
)

// load returns an enricher with these lines.
func load(t testing.TB, lines ...string) enricher.FailureEnricher {
	t.Helper()
	fe, err := owner.New(owner.Options{Rules: lines})
	require.NoError(t, err)
	return fe
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

func TestProcessFailureReturnsTheLabelsOfTheLastMatch(t *testing.T) {
	t.Parallel()
	fe, err := owner.New(owner.Options{File: "testdata/good/owners.txt"})
	require.NoError(t, err)
	assert.Equal(t, []string{"oncall", "runbook", "team"}, fe.OutputKeys())
	assert.Equal(t, []string{"type"}, fe.(enricher.LabelReader).InputKeys())
	dependency := enricher.Labels{"type": "DEPENDENCY"}
	failed := errors.New("failed")
	tests := []struct {
		name  string
		cause error
		fc    enricher.FailureContext
		want  string
		line  string
	}{
		{"the first line matches the rest", failed, enricher.FailureContext{JobName: "export"}, "team=platform", `4 "*"`},
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
		{"not a package with a similar name", in("github.com/acme/billing2"), enricher.FailureContext{}, "team=platform", `4 "*"`},
		{"an exception", in("github.com/acme/billing/tax"), enricher.FailureContext{}, "team=tax", `7 "pkg:github.com/acme/billing/tax"`},
		{"a label", in("github.com/acme/billing/tax"), enricher.FailureContext{Labels: dependency}, "team=integrations", `8 "label:type=DEPENDENCY"`},
		{
			"a label and a job", failed,
			enricher.FailureContext{Labels: dependency, JobName: "checkout-x"},
			"oncall=Ann Smith, team=slack:checkout", `9 "label:type=DEPENDENCY job:checkout-*"`,
		},
		{"escapes", failed, enricher.FailureContext{JobName: "#odd one"}, "team=*stars*", `10 "job:\\#odd\\ one"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			labels := reloadtest.Process(t, fe, tt.cause, tt.fc)
			assert.Equal(t, tt.want, labels.String())
			explained, why := reloadtest.Explain(t, fe, tt.cause, tt.fc)
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
		{"job:a* job:*b", errors.New("x"), fc{JobName: "a"}, false},
		{"job:ab job:a* job:*b", errors.New("x"), fc{JobName: "ab"}, true},
		{"pkg:github.com/acme/... pkg:github.com/acme/shop", in("github.com/acme/shop"), fc{}, true},
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
		{`label:a\\=b`, errors.New("x"), fc{Labels: enricher.Labels{`a\`: "b"}}, true},
		{`label:a:b=c`, errors.New("x"), fc{Labels: enricher.Labels{"a:b": "c"}}, true},
		{"label:a=[xy] label:b=z", errors.New("x"), fc{Labels: enricher.Labels{"a": "y", "b": "z"}}, true},
		{"label:a=[xy] label:b=z", errors.New("x"), fc{Labels: enricher.Labels{"a": "y"}}, false},
	}
	for _, tt := range tests {
		fe := load(t, tt.conditions+"\tyes  # comment")
		want := "unowned"
		if tt.want {
			want = "yes"
		}
		assert.Equal(t, enricher.Labels{"team": want}, reloadtest.Process(t, fe, tt.cause, tt.fc), "%s", tt.conditions)
	}
}

func TestConditionsOnThePackageOfAPanic(t *testing.T) {
	t.Parallel()
	var cause error
	func() {
		defer func() { cause = enricher.NewPanicError(recover(), debug.Stack()) }()
		var v any
		_ = v.(int)
	}()
	fe := load(t, "pkg:runtime/... go", "pkg:testing/... tests", "pkg:github.com/failure-enrichers/enricher/enrichers/owner_test us")
	assert.Equal(t, enricher.Labels{"team": "us"}, reloadtest.Process(t, fe, cause, enricher.FailureContext{}))
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	fe := load(t, "job:a team-a oncall=ann")
	assert.Equal(t, []string{"oncall", "team"}, fe.OutputKeys())
	assert.Empty(t, fe.(enricher.LabelReader).InputKeys())
	labels, why := reloadtest.Explain(t, fe, errors.New("x"), enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{"team": "unowned"}, labels)
	assert.Equal(t, map[string]string{"team": "no line matched: option default-team"}, why)

	fe, err := owner.New(owner.Options{Rules: []string{"job:a team-a"}, DefaultTeam: "ops", DefaultOncall: "bob", DefaultRunbook: "https://a/b"})
	require.NoError(t, err)
	assert.Equal(t, []string{"oncall", "runbook", "team"}, fe.OutputKeys())
	labels, why = reloadtest.Explain(t, fe, errors.New("x"), enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{"oncall": "bob", "runbook": "https://a/b", "team": "ops"}, labels)
	assert.Equal(t, map[string]string{
		"team":    "no line matched: option default-team",
		"oncall":  "no line matched: option default-oncall",
		"runbook": "no line matched: option default-runbook",
	}, why)
	labels, why = reloadtest.Explain(t, fe, errors.New("x"), enricher.FailureContext{JobName: "a"})
	assert.Equal(t, enricher.Labels{"team": "team-a"}, labels, "a line that matches sets all labels")
	assert.Equal(t, map[string]string{"team": `rule 1 "job:a"`}, why)
}

func TestCounts(t *testing.T) {
	t.Parallel()
	fe := load(t, "job:a team-a")
	for _, job := range []string{"a", "b", "c"} {
		reloadtest.Process(t, fe, errors.New("x"), enricher.FailureContext{JobName: job})
		reloadtest.Explain(t, fe, errors.New("x"), enricher.FailureContext{JobName: job})
	}
	assert.Equal(t, map[string]uint64{"unmatched": 2, "reload-failed": 0}, reloadtest.Counts(fe))
}

func TestNewRejectsBadFiles(t *testing.T) {
	t.Parallel()
	reloadtest.Rejects(t, "testdata/bad/*.txt", func(path string) error {
		_, err := owner.New(owner.Options{File: path})
		return err
	})
}

func TestNewAcceptsFilesOfWindows(t *testing.T) {
	t.Parallel()
	fe, err := owner.New(owner.Options{File: "testdata/good/windows.txt"})
	require.NoError(t, err)
	assert.Equal(t, "team=team-a", reloadtest.Process(t, fe, errors.New("x"), enricher.FailureContext{JobName: "a"}).String())
}

func TestNewRejectsBadOptions(t *testing.T) {
	t.Parallel()
	const value = "must have at most 1024 bytes of valid UTF-8 without control characters"
	for name, tt := range map[string]struct {
		opts owner.Options
		want string
	}{
		"no rules": {owner.Options{}, `option "rules": must have at least one rule, or the option file must be set`},
		"bad defaults": {
			owner.Options{Rules: []string{"* a"}, DefaultTeam: "a\x00", DefaultOncall: strings.Repeat("x", 1025), DefaultRunbook: "\xff"},
			`option "default-team": "a\x00": ` + value + "\n" +
				`option "default-oncall": "` + strings.Repeat("x", 64) + `": ` + value + "\n" +
				`option "default-runbook": "\xff": ` + value,
		},
		"bad lines": {
			owner.Options{Rules: []string{"a", "# fine", "job:b"}},
			`option "rules": rule 1: "a": must follow a condition: *, job:GLOB, pkg:PATH, pkg:PATH/... or label:KEY=GLOB` + "\n" +
				`option "rules": rule 3: "job:b": must be followed by the team`,
		},
		"several lines in one": {
			owner.Options{Rules: []string{"* a # all\njob:b b", "# c\r\njob:d d", "job:e e\n"}},
			`option "rules": rule 1: must be one line: write a list with an item for each line` + "\n" +
				`option "rules": rule 2: must be one line: write a list with an item for each line`,
		},
		"the conditions of another line": {
			owner.Options{Rules: []string{"* a", "job:b label:c=d a", "job:b a", "label:c=d  job:b e", "* f"}},
			`option "rules": rule 4: "label:c=d job:b": has the conditions of rule 2, which no failure can match then: remove one of them` + "\n" +
				`option "rules": rule 5: "*": has the conditions of rule 1, which no failure can match then: remove one of them`,
		},
		"comments only": {owner.Options{Rules: []string{"# x"}}, `option "rules": rule: must have at least one line that is not a comment`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fe, err := owner.New(tt.opts)
			require.EqualError(t, err, tt.want)
			require.Nil(t, fe)
		})
	}
}

func TestNewRejectsBadLabelKeys(t *testing.T) {
	t.Parallel()
	_, err := owner.New(owner.Options{Rules: []string{"label:=x team"}})
	require.ErrorIs(t, err, enricher.ErrInvalidKey)
}

func TestFactoryNamesTheEnricherInErrors(t *testing.T) {
	t.Parallel()
	for option, tt := range map[string]struct {
		value any
		want  string
	}{
		"rules":  {[]any{"job:a"}, `rule 1: "job:a": must be followed by the team`},
		"logger": {"x", ""},
	} {
		_, err := enricher.New(enricher.Config{
			FailureEnrichers: []string{"owner"},
			Options:          map[string]map[string]any{"owner": {option: tt.value}},
		})
		require.ErrorContains(t, err, fmt.Sprintf(`enricher "owner": option %q: %s`, option, tt.want))
	}
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "owners.txt")
		write := func(content string) { require.NoError(t, os.WriteFile(path, []byte(content), 0o600)) }
		write("* one")
		var log strings.Builder
		fe, err := owner.New(owner.Options{File: path, Reload: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		team := func() string {
			for range 2 {
				time.Sleep(time.Second)
				reloadtest.Process(t, fe, errors.New("x"), enricher.FailureContext{})
			}
			return reloadtest.Process(t, fe, errors.New("x"), enricher.FailureContext{})["team"]
		}
		write("* second")
		assert.Equal(t, "second", team())
		write("* third oncall=x\nlabel:a=b c")
		assert.Equal(t, "second", team(), "with a new key")
		assert.Contains(t, log.String(), `sets the label \"oncall\"`)
		assert.Contains(t, log.String(), `reads the label \"a\"`)
		assert.EqualValues(t, 1, reloadtest.Counts(fe)["reload-failed"])
	})
}

// An asked error counts how often it is asked for its stack.
type asked struct{ times *int }

func (asked) Error() string { return "asked" }
func (a asked) StackTrace() []uintptr {
	*a.times++
	return nil
}

func TestProcessFailureLooksForThePackageOnceAtMost(t *testing.T) {
	t.Parallel()
	times := 0
	reloadtest.Process(t, load(t, "pkg:a x", "pkg:b x", "pkg:c x"), asked{&times}, enricher.FailureContext{})
	assert.Equal(t, 1, times)
	reloadtest.Process(t, load(t, "pkg:a x", "job:b x"), asked{&times}, enricher.FailureContext{JobName: "b"})
	assert.Equal(t, 1, times)
}

// FuzzNew checks that loading does not panic, and that what loads has a team for
// any failure, the one that it explains, with valid labels of declared keys.
func FuzzNew(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.txt")
	require.NoError(f, err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(string(data), "import-a", "github.com/acme/billing", "DEPENDENCY")
	}
	f.Fuzz(func(t *testing.T, text, job, pkg, label string) {
		fe, err := owner.New(owner.Options{Rules: strings.Split(text, "\n")})
		if err != nil {
			require.Nil(t, fe)
			require.NotEmpty(t, err.Error())
			return
		}
		fc := enricher.FailureContext{JobName: job, Labels: enricher.Labels{"type": label}}
		for _, cause := range []error{errors.New(text), in(pkg)} {
			labels := reloadtest.Process(t, fe, cause, fc)
			require.NotEmpty(t, labels["team"])
			for key, value := range labels {
				require.Contains(t, fe.OutputKeys(), key)
				require.NotEmpty(t, value)
				require.True(t, utf8.ValidString(value) && len(value) <= enricher.DefaultMaxValueLength, "%q", value)
			}
			explained, why := reloadtest.Explain(t, fe, cause, fc)
			require.Equal(t, labels, explained)
			require.Len(t, why, len(labels))
		}
	})
}
