package enricher_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// The rules that comments of the tests refer to are those of the design, section
// 4: what happens at load.

func TestLoadRunsNamedFactoriesOnly(t *testing.T) {
	t.Parallel()
	var ran []string
	running := func(key string) enricher.Factory {
		return enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			ran = append(ran, conf.Name())
			return setting(key), nil
		})
	}
	fs := factories{"a": running("a"), "b": running("b"), "c": running("c")}
	e := loaded(t, fs, enricher.Config{FailureEnrichers: []string{"c", "a"}})
	assert.Equal(t, []string{"c", "a"}, ran, "in configured order")
	assert.Equal(t, []string{"c", "a"}, namesOf(e))
}

func TestLoadWithoutNames(t *testing.T) {
	t.Parallel()
	fs := factories{"a": panicking("was called")}
	for _, cfg := range []enricher.Config{{}, {FailureEnrichers: []string{}, Strict: true}} {
		var log loadLog
		e := loaded(t, fs, cfg, log.option())
		assert.Empty(t, e.Enrichers())
		assert.Empty(t, e.Rejected())
		assert.Equal(t, enricher.Labels{}, e.Enrich(errors.New("failed")))
		assert.Equal(t, []string{`level=INFO msg="No failure enrichers are configured"`}, log.lines())
	}
	_, err := load(t, fs, enricher.Config{Strict: true})
	assert.EqualError(t, err, `option "failure-enrichers": missing, and the configuration is strict: an empty list means no enrichers`)
}

func TestLoadWithEnricherOnly(t *testing.T) {
	t.Parallel()
	var log loadLog
	loaded(t, nil, enricher.Config{}, log.option(), enricher.WithEnricher("a", setting("x")))
	assert.Equal(t, []string{`level=INFO msg="Found failure enricher" enricher=a output_keys=[x]`}, log.lines())
}

func TestLoadNameGivenTwice(t *testing.T) {
	t.Parallel()
	var made atomic.Int32
	f := enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		made.Add(1)
		return setting("key"), nil
	})
	names := []string{"a", "unknown", "a", "unknown", "a", "b"}
	e := loaded(t, factories{"a": f, "b": giving(setting())}, enricher.Config{FailureEnrichers: names})
	assert.Equal(t, []string{"a", "b"}, namesOf(e))
	assert.Len(t, e.Rejected(), 1)
	assert.EqualValues(t, 1, made.Load())
}

func TestLoadUnknownName(t *testing.T) {
	t.Parallel()
	fs := factories{"webhook": giving(setting()), "rules": giving(setting()), "Owner": giving(setting()), "ra": giving(setting())}
	const registered = `: registered are "Owner", "ra", "rules", "webhook"`
	messages := map[string]string{
		"ruls":           `no such failure enricher: "ruls"` + registered + `; did you mean "rules"?`,
		"ruls/payments":  `no such failure enricher: "ruls/payments"` + registered + `; did you mean "rules"?`,
		"Rules/payments": `no such failure enricher: "Rules/payments"` + registered + `; did you mean "rules"?`,
		"owner":          `no such failure enricher: "owner"` + registered + `; did you mean "Owner"?`,
		"web-hook":       `no such failure enricher: "web-hook"` + registered + `; did you mean "webhook"?`,
		"xyz":            `no such failure enricher: "xyz"` + registered + `; import the package that registers it`,
		"a/b":            `no such failure enricher: "a/b"` + registered + `; import the package that registers it`,
	}
	names := []string{"ruls", "webhook", "ruls/payments", "Rules/payments", "owner", "web-hook", "xyz", "a/b"}
	e := loaded(t, fs, enricher.Config{FailureEnrichers: names})
	assert.Equal(t, messages, refusals(e))
	assert.Equal(t, []string{"webhook"}, namesOf(e), "the others run")
	refused := slices.DeleteFunc(names, func(name string) bool { return name == "webhook" })
	for i, r := range e.Rejected() {
		assert.Equal(t, refused[i], r.Name, "in configured order")
		assert.ErrorIs(t, r.Err, enricher.ErrUnknownEnricher)
	}

	e = loaded(t, nil, enricher.Config{FailureEnrichers: []string{"rules"}})
	assert.Equal(t, map[string]string{
		"rules": `no such failure enricher: "rules": none is registered, import the packages of the enrichers, such as github.com/failure-enrichers/enricher/enrichers/all`,
	}, refusals(e))
}

func TestLoadMalformedName(t *testing.T) {
	t.Parallel()
	fs := factories{"rules": giving(setting())}
	names := []string{
		"", " ", " rules", "rules;owner", "/", "rules/", "/payments", "rules//payments", "rules/a/b",
		"rules/é", "rules\n", "rules/\x00", "\xff", "*", `rules\payments`,
	}
	e := loaded(t, fs, enricher.Config{FailureEnrichers: names})
	rejected := e.Rejected()
	require.Len(t, rejected, len(names))
	for i, name := range names {
		assert.Equal(t, name, rejected[i].Name)
		assert.ErrorIs(t, rejected[i].Err, enricher.ErrUnknownEnricher)
		assert.ErrorContains(t, rejected[i].Err, fmt.Sprintf(
			"%q: malformed, must be letters, digits, '.', '_' or '-', with at most one '/' before an instance (names are separated by commas); registered are \"rules\"", name))
	}
	assert.Empty(t, e.Enrichers())
}

// overlapsOf returns the overlaps that an enricher was refused for.
func overlapsOf(err error) []enricher.OverlapError {
	var all []enricher.OverlapError
	for err := range enricher.Chain(err) {
		if o, ok := err.(*enricher.OverlapError); ok {
			all = append(all, *o)
		}
	}
	return all
}

func TestLoadLogsRejections(t *testing.T) {
	t.Parallel()
	var log loadLog
	fs := factories{"a": giving(setting("x", "y")), "bad": giving(setting("\n")), "good": giving(setting("good"))}
	loaded(t, fs, enricher.Config{
		FailureEnrichers: []string{"a/1", "unknown", "bad", "mal formed", "good", "a/2"},
		Options:          map[string]map[string]any{"off": nil},
	}, log.option(),
		enricher.WithEnricher("panics", keyed{setting(), func() []string { panic("boom") }, nil}),
		enricher.WithEnricher("self", reading([]string{"self"}, "self")))
	var got []string
	for _, line := range log.lines() {
		before, _, _ := strings.Cut(line, " error=")
		got = append(got, before)
	}
	assert.Equal(t, []string{
		`level=WARN msg="Failure enricher rejected" enricher=a/1`,
		`level=ERROR msg="Failure enricher rejected" enricher=unknown`,
		`level=ERROR msg="Failure enricher rejected" enricher=bad`,
		`level=ERROR msg="Failure enricher rejected" enricher="mal formed"`,
		`level=INFO msg="Found failure enricher" enricher=good output_keys=[good]`,
		`level=WARN msg="Failure enricher rejected" enricher=a/2`,
		`level=ERROR msg="Failure enricher rejected" enricher=panics`,
		`level=WARN msg="Failure enricher rejected" enricher=self`,
		`level=WARN msg="Configuration of a failure enricher is not used" enricher=off`,
	}, got)
}

func TestLoadClosesRejectedEnrichers(t *testing.T) {
	t.Parallel()
	closers := map[string]*closeCounter{
		"good":    {FailureEnricher: setting("good")},
		"a":       {FailureEnricher: setting("x")},
		"b":       {FailureEnricher: setting("x", "y")},
		"c":       {FailureEnricher: setting("y")},
		"invalid": {FailureEnricher: setting("")},
	}
	fs := factories{"panics": giving(&closingReader{keyed: keyed{setting(), func() []string { panic("boom") }, nil}})}
	var names []string
	for name, c := range closers {
		fs[name] = giving(c)
		names = append(names, name)
	}
	self := &closingReader{keyed: keyed{setting(), func() []string { return []string{"self"} }, func() []string { return []string{"self"} }}}
	fs["self"] = giving(self)
	e := loaded(t, fs, enricher.Config{FailureEnrichers: append(names, "self", "panics")})
	require.Equal(t, []string{"good"}, namesOf(e))
	check := func(good int) {
		assert.EqualValues(t, 1, self.closed.Load())
		for name, c := range closers {
			want := 1
			if name == "good" {
				want = good
			}
			assert.EqualValues(t, want, c.closed.Load(), name)
		}
	}
	check(0)
	require.NoError(t, e.Shutdown(context.Background()))
	check(1)
	require.NoError(t, e.Shutdown(context.Background()))
	check(1)
}

// A closingReader is a reader that counts how often it is closed.
type closingReader struct {
	keyed
	closed atomic.Int32
}

func (c *closingReader) Close() error {
	c.closed.Add(1)
	return nil
}

func TestLoadClosesWhatItMadeIfItFails(t *testing.T) {
	t.Parallel()
	errMade := errors.New("half made")
	for what, bad := range map[string]struct {
		factory enricher.Factory
		cfg     enricher.Config
	}{
		"a factory fails":       {factory: failingToMake(nil, errors.New("no"))},
		"a factory panics":      {factory: panicking("boom")},
		"a factory is strict":   {factory: keeping(struct{}{}, new([]struct{})), cfg: configured("bad", map[string]any{"a": 1})},
		"a key is invalid":      {factory: giving(setting("")), cfg: enricher.Config{Strict: true}},
		"there is an overlap":   {factory: giving(setting("x")), cfg: enricher.Config{Strict: true}},
		"a policy is left over": {factory: giving(setting()), cfg: enricher.Config{Strict: true, Policies: map[string]enricher.Policy{"off": {}}}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			before, after := &closeCounter{FailureEnricher: setting("x")}, &closeCounter{FailureEnricher: setting("y")}
			bad.cfg.FailureEnrichers = []string{"before", "bad", "after"}
			_, err := load(t, factories{"before": giving(before), "bad": bad.factory, "after": giving(after)}, bad.cfg)
			require.Error(t, err)
			assert.EqualValues(t, 1, before.closed.Load())
			assert.LessOrEqual(t, after.closed.Load(), int32(1), "it need not have been made")
		})
	}
	fe := &closeCounter{FailureEnricher: setting()}
	_, err := load(t, factories{"bad": failingToMake(fe, errMade)}, enricher.Config{FailureEnrichers: []string{"bad"}})
	require.ErrorIs(t, err, errMade)
	assert.EqualValues(t, 1, fe.closed.Load(), "what comes with an error is closed too")
}

func TestLoadLogsErrorsOfClose(t *testing.T) {
	t.Parallel()
	var log loadLog
	fails := &closeCounter{FailureEnricher: setting("x"), err: errors.New("disk full")}
	panics := &closeCounter{FailureEnricher: setting("x"), err: errors.New("boom"), panics: true}
	fine := &closeCounter{FailureEnricher: setting("x")}
	e := loaded(t, factories{"fails": giving(fails), "panics": giving(panics), "fine": giving(fine)},
		enricher.Config{FailureEnrichers: []string{"fails", "panics", "fine"}}, log.option())
	require.NoError(t, e.Shutdown(context.Background()))
	assert.Equal(t, []string{
		`level=WARN msg="Closing a failure enricher failed" enricher=fails error="enricher \"fails\": its Close: disk full"`,
		`level=WARN msg="Closing a failure enricher failed" enricher=panics error="enricher \"panics\": its Close: panic: boom"`,
	}, log.lines()[3:])
	for _, c := range []*closeCounter{fails, panics, fine} {
		assert.EqualValues(t, 1, c.closed.Load())
	}
}

func TestLoadDoesNotWaitForACloseThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var log loadLog
		stuck := func() enricher.Factory { return giving(stuckCloser{setting("x"), release}) }
		start := time.Now()
		_, err := load(t, factories{"a": stuck(), "b": stuck(), "bad": failingToMake(nil, errors.New("no"))},
			enricher.Config{FailureEnrichers: []string{"a", "b", "bad"}}, log.option())
		require.EqualError(t, err, `enricher "bad": no`)
		assert.Less(t, time.Since(start), 2*time.Second)
		assert.Contains(t, log.lines()[1], `enricher=b error="enricher \"b\": its Close has not returned: context deadline exceeded"`)
	})
}

type stuckCloser struct {
	enricher.FailureEnricher
	release chan struct{}
}

func (c stuckCloser) Close() error { <-c.release; return nil }

func TestWithEnricherComesAfterTheConfiguredOnes(t *testing.T) {
	t.Parallel()
	e := loaded(t, factories{"z": giving(setting("z"))}, enricher.Config{FailureEnrichers: []string{"z"}},
		enricher.WithEnricher("b", setting("b")),
		enricher.WithEnricher("a/instance", setting("a")))
	assert.Equal(t, []string{"z", "b", "a/instance"}, namesOf(e), "their names need not be registered")
}

func TestWithEnricherIsNotClosed(t *testing.T) {
	t.Parallel()
	kept, refused := &closeCounter{FailureEnricher: setting("good")}, &closeCounter{FailureEnricher: setting("")}
	opts := []enricher.Option{enricher.WithEnricher("kept", kept), enricher.WithEnricher("refused", refused)}
	e := loaded(t, nil, enricher.Config{}, opts...)
	require.Equal(t, []string{"kept"}, namesOf(e))
	require.NoError(t, e.Shutdown(context.Background()))
	_, err := load(t, nil, enricher.Config{Strict: true}, opts...)
	require.Error(t, err)
	_, err = load(t, factories{"fails": failingToMake(nil, errors.New("no"))},
		enricher.Config{FailureEnrichers: []string{"fails"}}, opts...)
	require.Error(t, err)
	assert.Zero(t, kept.closed.Load())
	assert.Zero(t, refused.closed.Load())
}

func TestWithEnricherRejectsBadNamesAndNil(t *testing.T) {
	t.Parallel()
	const malformed = `malformed name: must be letters, digits, '.', '_' or '-', with at most one '/' before an instance`
	for _, test := range []struct {
		name    string
		fe      enricher.FailureEnricher
		message string
	}{
		{"", setting(), malformed},
		{"a b", setting(), malformed},
		{"a/b/c", setting(), malformed},
		{"a/", setting(), malformed},
		{"nil", nil, "the enricher is nil"},
		{"nil", (*nilEnricher)(nil), "the enricher is nil"},
		{"configured", setting(), "the name is already in use: an enricher made in code must not be among failure-enrichers as well"},
		{"unknown", setting(), "the name is already in use: an enricher made in code must not be among failure-enrichers as well"},
		{"code", setting(), "the name is already in use: an enricher made in code must not be among failure-enrichers as well"},
	} {
		e, err := load(t, factories{"configured": panicking("was called")},
			enricher.Config{FailureEnrichers: []string{"configured", "unknown"}},
			enricher.WithEnricher("code", setting()), enricher.WithEnricher(test.name, test.fe))
		assert.Nil(t, e)
		ces := configErrorsOf(t, err)
		require.Len(t, ces, 1)
		assert.Equal(t, test.name, ces[0].Enricher)
		assert.EqualError(t, ces[0].Err, test.message)
		assert.ErrorContains(t, err, `option "WithEnricher": `+test.message)
	}
	_, err := load(t, nil, enricher.Config{},
		enricher.WithEnricher("", setting()), enricher.WithEnricher("nil", nil))
	assert.Len(t, configErrorsOf(t, err), 2, "all of them are returned")

	_, err = load(t, factories{"a": giving(setting())},
		enricher.Config{FailureEnrichers: []string{"a"}}, enricher.WithEnricher("A", setting()))
	assert.ErrorContains(t, err, `enricher "A": option "failure-enrichers": conflicts with "a": names are case-insensitive`)
}

func TestLoadLogsLocations(t *testing.T) {
	t.Parallel()
	factory := enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) { // line of func
		return setting("func"), nil
	})
	typed := enricher.NewFactory(struct{}{}, func( // line of typed
		enricher.FactoryConfig, struct{},
	) (enricher.FailureEnricher, error) {
		return reading([]string{"func"}, "typed", "more"), nil
	})
	code := enricher.Func([]string{"code"},
		func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) { // line of code
			return nil, ctx.Err()
		})

	const funcType = "*enricher.funcEnricher"
	want := []struct {
		name       string
		keys       []string
		typ        string
		file, text string
	}{
		{"func", []string{"func"}, funcType, "load_test.go", "// line of func"},
		{"typed", []string{"typed", "more"}, "enricher_test.keyed", "load_test.go", "// line of typed"},
		{"pointer", []string{"pointer"}, funcType, "factory_test.go", "func (*pointerFactory) CreateFailureEnricher"},
		{"value", []string{"value"}, funcType, "factory_test.go", "func (valueFactory) CreateFailureEnricher"},
		{"code", []string{"code"}, funcType, "load_test.go", "// line of code"},
		{"struct", nil, "*enricher_test.nilEnricher", "factory_test.go", "func (e *nilEnricher) ProcessFailure"},
		{"pointer-to-value", []string{"value"}, funcType, "factory_test.go", "func (valueFactory) CreateFailureEnricher"},
	}
	var records recordKeeper
	fs := factories{"func": factory, "typed": typed, "pointer": &pointerFactory{}, "value": valueFactory{}, "pointer-to-value": &valueFactory{}}
	e := loaded(t, fs, enricher.Config{FailureEnrichers: []string{"func", "typed", "pointer", "value"}},
		enricher.WithLogger(slog.New(&records)),
		enricher.WithEnricher("code", code), enricher.WithEnricher("struct", &nilEnricher{}))
	more := loaded(t, fs, enricher.Config{FailureEnrichers: []string{"pointer-to-value"}},
		enricher.WithLogger(slog.New(&records)))

	infos := append(e.Enrichers(), more.Enrichers()...)
	require.Len(t, infos, len(want))
	require.Len(t, records.all, len(want))
	for i, record := range records.all {
		assert.Equal(t, slog.LevelInfo, record.Level)
		assert.Equal(t, "Found failure enricher", record.Message)
		attrs := map[string]any{}
		record.Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value.Any(); return true })
		assert.Equal(t, map[string]any{
			"enricher": infos[i].Name, "output_keys": infos[i].OutputKeys, "location": infos[i].Location,
		}, attrs)
	}
	for i, w := range want {
		assert.Equal(t, w.name, infos[i].Name)
		assert.Equal(t, w.keys, infos[i].OutputKeys, w.name)
		assert.Equal(t, w.typ, infos[i].Location.Type, w.name)
		file, line := lineOf(t, w.file, w.text)
		assert.Equal(t, file, infos[i].Location.File, w.name)
		assert.Equal(t, line, infos[i].Location.Line, w.name)
	}
}

// A recordKeeper is a handler that keeps all records.
type recordKeeper struct {
	slog.Handler
	all []slog.Record
}

func (k *recordKeeper) Enabled(context.Context, slog.Level) bool { return true }

func (k *recordKeeper) WithAttrs([]slog.Attr) slog.Handler { return k }

func (k *recordKeeper) Handle(_ context.Context, r slog.Record) error {
	k.all = append(k.all, r)
	return nil
}

func TestLocationHasModuleAndVersion(t *testing.T) {
	t.Parallel()
	// Code that is in the module and not in its tests.
	inModule := setting().ProcessFailure
	e := loaded(t, nil, enricher.Config{}, enricher.WithEnricher("code", enricher.Func(nil, inModule)))
	location := e.Enrichers()[0].Location
	assert.Equal(t, "github.com/failure-enrichers/enricher", location.Module)
	assert.Equal(t, "(devel)", location.Version)
	assert.Empty(t, location.File, "it is the compiler's: there is no line to lead to")
}

func TestLocationString(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]enricher.Location{
		"":                                     {},
		"*acme.enricher":                       {Type: "*acme.enricher"},
		"*acme.enricher from example.com/acme": {Type: "*acme.enricher", Module: "example.com/acme"},
		"*acme.enricher from example.com/acme v1.2.3": {Type: "*acme.enricher", Module: "example.com/acme", Version: "v1.2.3"},
		"*acme.enricher (/src/acme.go:42)":            {Type: "*acme.enricher", File: "/src/acme.go", Line: 42},
		"*acme.enricher from example.com/acme v1.2.3 (/src/acme.go:42)": {
			Type: "*acme.enricher", Module: "example.com/acme", Version: "v1.2.3", File: "/src/acme.go", Line: 42,
		},
	} {
		assert.Equal(t, want, l.String())
		assert.Equal(t, want, fmt.Sprint(l))
	}
}

func TestLoadSurvivesAPanickingHandler(t *testing.T) {
	t.Parallel()
	for what, h := range map[string]slog.Handler{
		"Handle":    panickingHandler{enabled: true},
		"Enabled":   panickingHandler{},
		"WithAttrs": rudeHandler{},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			fs := factories{
				"a": giving(&closeCounter{FailureEnricher: setting("x"), err: errors.New("disk full")}),
				"b": giving(setting("x")), "good": giving(reading([]string{"y"}, "good")),
			}
			e := loaded(t, fs, enricher.Config{
				FailureEnrichers: []string{"a", "b", "good", "unknown"},
				Options:          map[string]map[string]any{"off": nil},
			}, enricher.WithLogger(slog.New(h)))
			assert.Equal(t, []string{"good"}, namesOf(e))
			assert.Len(t, e.Rejected(), 3)
			assert.True(t, e.EnrichContext(context.Background(), errors.New("failed"), enricher.FailureContext{}).Complete())
			assert.NoError(t, e.Shutdown(context.Background()))
		})
	}
}

// panickingHandler panics when it is given a record, or asked for its level.
type panickingHandler struct{ enabled bool }

func (h panickingHandler) Enabled(context.Context, slog.Level) bool {
	if !h.enabled {
		panic("Enabled")
	}
	return true
}

func (h panickingHandler) Handle(context.Context, slog.Record) error { panic("Handle") }

func (h panickingHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h panickingHandler) WithGroup(string) slog.Handler { return h }

func TestLoadErrorTexts(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, &enricher.OverlapError{Key: "kind", Enrichers: []string{"a", "b", "c"}},
		`output key "kind" is declared by "a", "b", "c": only one enricher may declare it, so remove the others or configure other keys`)
	assert.EqualError(t, &enricher.CycleError{Enrichers: []string{"a", "b"}},
		`enrichers "a", "b" wait for each other's labels: input keys must not form a cycle`)
	why := errors.New("no")
	err := error(&enricher.EnricherError{Enricher: "rules", Err: why})
	assert.EqualError(t, err, `enricher "rules": no`)
	assert.ErrorIs(t, err, why)
}

// A rudeHandler panics in every method.
type rudeHandler struct{ slog.Handler }

func (rudeHandler) Enabled(context.Context, slog.Level) bool { panic("Enabled") }

func (rudeHandler) WithAttrs([]slog.Attr) slog.Handler { panic("WithAttrs") }
