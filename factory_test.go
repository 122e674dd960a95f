package enricher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// fileOptions are the options of a plugin.
type fileOptions struct {
	File    string
	Wait    time.Duration
	Max     int
	Ratio   float64
	DryRun  bool
	Tags    []string
	Headers map[string]string
	Rules   []struct{ Match, Label string }
	Token   string `mapstructure:"api-token"`
}

// keeping returns a factory that appends the options it is given to all.
func keeping[O any](defaults O, all *[]O) enricher.Factory {
	return enricher.NewFactory(defaults, func(_ enricher.FactoryConfig, opts O) (enricher.FailureEnricher, error) {
		*all = append(*all, opts)
		return setting(), nil
	})
}

// configured returns a Config of one enricher with options.
func configured(name string, options map[string]any) enricher.Config {
	return enricher.Config{
		FailureEnrichers: []string{name},
		Options:          map[string]map[string]any{name: options},
	}
}

func TestFactoryFunc(t *testing.T) {
	t.Parallel()
	fe, failed := setting(), errors.New("failed")
	f := enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		assert.Equal(t, "rules", conf.Name())
		return fe, failed
	})
	got, err := f.CreateFailureEnricher(enricher.NewFactoryConfig("rules", nil))
	assert.Same(t, fe, got)
	assert.Equal(t, failed, err)
}

func TestFuncPanicsOnNil(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "enricher: Func: fn is nil", func() { enricher.Func([]string{"key"}, nil) })
}

func TestNewFactoryPanicsOnNil(t *testing.T) {
	t.Parallel()
	var create func(enricher.FactoryConfig, struct{}) (enricher.FailureEnricher, error)
	assert.PanicsWithValue(t, "enricher: NewFactory: create is nil", func() { enricher.NewFactory(struct{}{}, create) })
}

func TestNewFactoryReturnsNoNilPointerInAnInterface(t *testing.T) {
	t.Parallel()
	f := enricher.NewFactory(struct{}{}, func(enricher.FactoryConfig, struct{}) (*nilEnricher, error) { return nil, errors.ErrUnsupported })
	fe, err := f.CreateFailureEnricher(enricher.NewFactoryConfig("rules", nil))
	assert.True(t, fe == nil, "%#v", fe)
	assert.Equal(t, errors.ErrUnsupported, err)
}

func TestFuncCopiesItsKeys(t *testing.T) {
	t.Parallel()
	keys := []string{"key"}
	fe := setting(keys...)
	keys[0] = "changed"
	assert.Equal(t, []string{"key"}, fe.OutputKeys())
}

func TestNewFactoryDecodesOverTheDefaults(t *testing.T) {
	t.Parallel()
	var got []fileOptions
	defaults := fileOptions{
		File: "default.json", Max: 3,
		Tags:    []string{"a", "b", "c"},
		Headers: map[string]string{"from": "default"},
	}
	fs := factories{"rules": keeping(defaults, &got)}
	loaded(t, fs, enricher.Config{FailureEnrichers: []string{"rules"}})
	loaded(t, fs, configured("rules", map[string]any{
		"FILE": "given.json", "dry_run": true, "api-token": "s3cr3t",
		"tags": []any{"d"}, "headers": map[string]any{"to": "given"},
		"rules": []any{map[string]any{"match": "timeout", "label": "infra"}},
	}))
	require.Len(t, got, 2)
	assert.Equal(t, defaults, got[0], "without options the defaults stand")
	assert.Equal(t, fileOptions{
		File: "given.json", Max: 3, DryRun: true, Token: "s3cr3t",
		Tags:    []string{"d"},
		Headers: map[string]string{"to": "given"},
		Rules:   []struct{ Match, Label string }{{"timeout", "infra"}},
	}, got[1], "a given map or slice replaces its default")
}

func TestNewFactoryInstancesDoNotShareDefaults(t *testing.T) {
	t.Parallel()
	type nested struct {
		Headers map[string]string
		Tags    []string
		Deep    map[string][]map[string]int
		Pointer *fileOptions
	}
	defaults := func() nested {
		return nested{
			Headers: map[string]string{"from": "default"},
			Tags:    []string{"default"},
			Deep:    map[string][]map[string]int{"a": {{"b": 1}}},
			Pointer: &fileOptions{Headers: map[string]string{"from": "default"}},
		}
	}
	given := defaults()
	f := enricher.NewFactory(given, func(_ enricher.FactoryConfig, opts nested) (enricher.FailureEnricher, error) {
		assert.Equal(t, defaults(), opts)
		opts.Headers["from"] = "changed"
		opts.Tags[0] = "changed"
		opts.Deep["a"][0]["b"]++
		opts.Pointer.Headers["from"] = "changed"
		opts.Pointer.File = "changed"
		return setting(), nil
	})
	e := loaded(t, factories{"rules": f}, enricher.Config{FailureEnrichers: []string{"rules", "rules/a", "rules/b"}})
	assert.Equal(t, []string{"rules", "rules/a", "rules/b"}, namesOf(e))
	assert.Equal(t, defaults(), given)
}

func TestDecodeConvertsStrings(t *testing.T) {
	t.Parallel()
	var got []fileOptions
	loaded(t, factories{"rules": keeping(fileOptions{}, &got)}, configured("rules", map[string]any{
		"wait": "1.5s", "max": "3", "ratio": "0.25", "dry-run": "true", "tags": "a, b ,, c;d",
	}))
	assert.Equal(t, []fileOptions{{
		Wait: 1500 * time.Millisecond, Max: 3, Ratio: 0.25, DryRun: true, Tags: []string{"a", "b", "c;d"},
	}}, got)
}

func TestDecodeErrorNamesOptionAndEnricher(t *testing.T) {
	t.Parallel()
	for option, test := range map[string]struct {
		value   any
		message string
	}{
		"fil":       {"x", `unknown, did you mean "file"? known options: api-token, dry-run, file, headers, max, ratio, rules, tags, wait`},
		"Timeout":   {"1s", `unknown; known options: api-token, dry-run, file, headers, max, ratio, rules, tags, wait; settings belong under failure-enrichment.policies.rules/payments`},
		"file":      {3, `3: must be a string, in quotes`},
		"wait":      {3, `3: must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"`},
		"Wait":      {"3", `"3": must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"`},
		"max":       {3.5, `3.5: must be an integer of 64 bits`},
		"MAX":       {true, `true: must be an integer of 64 bits`},
		"ratio":     {"half", `"half": must be a number`},
		"dry-run":   {1, `1: must be true or false`},
		"tags":      {3, `3: must be a list or a comma-separated string, in quotes`},
		"headers":   {"a=b", `must be a list of pairs {match: "...", is: ...}, or a map`},
		"api-token": {3, `must be a string, in quotes`},
	} {
		var got []fileOptions
		e, err := load(t, factories{"rules": keeping(fileOptions{}, &got)},
			configured("rules/payments", map[string]any{option: test.value}))
		assert.Nil(t, e)
		assert.EqualError(t, err, fmt.Sprintf(`enricher "rules/payments": option %q: %s`, option, test.message))
		assert.Empty(t, got, "the factory is not called")
		if ces := configErrorsOf(t, err); assert.Len(t, ces, 1) {
			assert.Equal(t, "rules/payments", ces[0].Enricher)
			assert.Equal(t, option, ces[0].Option)
			assert.EqualError(t, ces[0].Err, test.message)
		}
	}
}

func TestDecodeReturnsAllErrors(t *testing.T) {
	t.Parallel()
	var got []fileOptions
	_, err := load(t, factories{"rules": keeping(fileOptions{}, &got)}, enricher.Config{
		FailureEnrichers: []string{"rules/b", "rules/a"},
		Options: map[string]map[string]any{
			"rules/b": {"max": "many", "rules": []any{map[string]any{"match": 1}}},
			"rules/a": {"wait": "soon"},
		},
	})
	assert.EqualError(t, err, `enricher "rules/b": option "max": "many": must be an integer of 64 bits
enricher "rules/b": option "rules[0].match": 1: must be a string, in quotes
enricher "rules/a": option "wait": "soon": must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"`)
}

func TestFactoryThatReadsNoOptionsRejectsThem(t *testing.T) {
	t.Parallel()
	cfg := configured("rules/payments", map[string]any{"max": 1, "file": "x"})
	fe := &closeCounter{FailureEnricher: setting()}
	_, err := load(t, factories{"rules": failingToMake(fe, nil)}, cfg)
	assert.EqualError(t, err, `enricher "rules/payments": option "file": this enricher takes no options: remove it
enricher "rules/payments": option "max": this enricher takes no options: remove it`)
	assert.Equal(t, []string{"file", "max"}, optionsIn(configErrorsOf(t, err)))
	assert.EqualValues(t, 1, fe.closed.Load())

	for what, look := range map[string]func(enricher.FactoryConfig){
		"Options": func(conf enricher.FactoryConfig) { conf.Options() },
		"Decode":  func(conf enricher.FactoryConfig) { assert.NoError(t, conf.Decode(&map[string]any{})) },
	} {
		f := enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			look(conf)
			return setting(), nil
		})
		_, err := load(t, factories{"rules": f}, cfg)
		assert.NoError(t, err, what)
	}

	_, err = load(t, factories{"rules": failingToMake(setting(), nil)}, configured("rules", map[string]any{}))
	assert.NoError(t, err, "no options need not be looked at")
}

func optionsIn(ces []enricher.ConfigError) []string {
	var options []string
	for _, ce := range ces {
		options = append(options, ce.Option)
	}
	return options
}

func TestFactoryConfigOptionsIsACopy(t *testing.T) {
	t.Parallel()
	fresh := func() map[string]any {
		return map[string]any{"file": "x", "nested": map[string]any{"list": []any{1, map[string]any{"a": "b"}}}}
	}
	spoil := func(options map[string]any) {
		nested := options["nested"].(map[string]any)
		nested["list"].([]any)[1].(map[string]any)["a"] = "changed"
		nested["list"].([]any)[0] = "changed"
		nested["more"] = "changed"
		options["file"] = "changed"
	}
	var kept enricher.FactoryConfig
	f := enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		kept = conf
		assert.Equal(t, fresh(), conf.Options())
		spoil(conf.Options())
		return setting(), nil
	})
	given := fresh()
	loaded(t, factories{"rules": f}, configured("rules", given))
	assert.Equal(t, fresh(), given, "a factory cannot change the configuration")
	spoil(given)
	assert.Equal(t, fresh(), kept.Options(), "nor the configuration what a factory was told")

	var into map[string]any
	require.NoError(t, kept.Decode(&into))
	spoil(into)
	assert.Equal(t, fresh(), kept.Options())

	given = fresh()
	conf := enricher.NewFactoryConfig("rules", given)
	spoil(given)
	assert.Equal(t, fresh(), conf.Options())
}

func TestFactoryConfigZeroValue(t *testing.T) {
	t.Parallel()
	var conf enricher.FactoryConfig
	assert.Empty(t, conf.Name())
	assert.Equal(t, map[string]any{}, conf.Options())
	opts := fileOptions{File: "default"}
	require.NoError(t, conf.Decode(&opts))
	assert.Equal(t, fileOptions{File: "default"}, opts)
	assert.NotNil(t, conf.Logger())

	var got []fileOptions
	_, err := keeping(opts, &got).CreateFailureEnricher(conf)
	require.NoError(t, err)
	assert.Equal(t, []fileOptions{opts}, got)
}

func TestFactoryConfigHoldsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	conf := enricher.NewFactoryConfig("rules/payments", map[string]any{"file": "x"})
	assert.Equal(t, "rules/payments", conf.Name())
	assert.Equal(t, map[string]any{"file": "x"}, conf.Options())
	assert.NotNil(t, conf.Logger())
	var opts fileOptions
	require.NoError(t, conf.Decode(&opts))
	assert.Equal(t, fileOptions{File: "x"}, opts)
	assert.EqualError(t, conf.Decode(&struct{ Path string }{}),
		`enricher "rules/payments": option "file": unknown; known options: path`)

	options := enricher.NewFactoryConfig("rules", nil).Options()
	assert.Equal(t, map[string]any{}, options, "options are never nil")
}

func TestDecodeDoesNotChangeItsTargetOnError(t *testing.T) {
	t.Parallel()
	opts := fileOptions{File: "default"}
	conf := enricher.NewFactoryConfig("rules", map[string]any{"file": "x", "max": "many"})
	require.Error(t, conf.Decode(&opts))
	assert.Equal(t, fileOptions{File: "default"}, opts)
}

func TestDecodeNeedsAPointerToAStructOrMap(t *testing.T) {
	t.Parallel()
	conf := enricher.NewFactoryConfig("rules", nil)
	for _, into := range []any{nil, fileOptions{}, (*fileOptions)(nil), new(string), new(*fileOptions)} {
		want := fmt.Sprintf("decode into %T: must be a pointer to a struct or a map", into)
		assert.EqualError(t, conf.Decode(into), want)
	}
}

func TestFactoryConfigConcurrentUse(t *testing.T) {
	t.Parallel()
	conf := enricher.NewFactoryConfig("rules", map[string]any{"file": "x"})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var opts fileOptions
			assert.NoError(t, conf.Decode(&opts))
			assert.Equal(t, "x", conf.Options()["file"])
			assert.NotNil(t, conf.Logger())
		})
	}
	all.Wait()
}

func TestFactoryConfigLoggerNamesTheEnricher(t *testing.T) {
	t.Parallel()
	var log loadLog
	f := enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		conf.Logger().Debug("Rules are read", "rules", 3)
		return setting(), nil
	})
	loaded(t, factories{"rules": f}, enricher.Config{FailureEnrichers: []string{"rules/payments"}}, log.option())
	assert.Equal(t, []string{
		`level=DEBUG msg="Rules are read" enricher=rules/payments rules=3`,
		`level=INFO msg="Found failure enricher" enricher=rules/payments output_keys=[]`,
	}, log.lines())
}

// Not parallel, as it changes the default logger.
func TestNewFactoryConfigLoggerIsTheDefault(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	var buf bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&buf, nil)))
	enricher.NewFactoryConfig("rules/payments", nil).Logger().Info("Hello")
	assert.Contains(t, buf.String(), " level=INFO msg=Hello enricher=rules/payments\n")
	buf.Reset()
	enricher.FactoryConfig{}.Logger().Info("Hello")
	assert.Contains(t, buf.String(), " level=INFO msg=Hello\n", "the zero value has no name to tell")
}

func TestFactoryMakesInstancesWithTheirOwnOptions(t *testing.T) {
	t.Parallel()
	var names []string
	f := enricher.NewFactory(struct{ Key string }{"default"}, func(
		conf enricher.FactoryConfig, opts struct{ Key string },
	) (enricher.FailureEnricher, error) {
		names = append(names, conf.Name())
		return setting(opts.Key), nil
	})
	e := loaded(t, factories{"rules": f}, enricher.Config{
		FailureEnrichers: []string{"rules/payments", "rules", "rules/infra"},
		Options: map[string]map[string]any{
			"rules/payments": {"key": "payments"},
			"rules/infra":    {"key": "infra"},
		},
	})
	assert.Equal(t, []string{"rules/payments", "rules", "rules/infra"}, names)
	infos := e.Enrichers()
	require.Len(t, infos, 3)
	for i, key := range []string{"payments", "default", "infra"} {
		assert.Equal(t, names[i], infos[i].Name)
		assert.Equal(t, []string{key}, infos[i].OutputKeys)
	}
}

// pointerFactory and valueFactory are factories that are no functions.
type (
	pointerFactory struct{}
	valueFactory   struct{}
)

// nilEnricher is an enricher that a factory may return a nil pointer to.
type nilEnricher struct{ keys []string }

func (e *nilEnricher) OutputKeys() []string { return e.keys }

func (*pointerFactory) CreateFailureEnricher(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
	return setting("pointer"), nil
}

func (valueFactory) CreateFailureEnricher(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
	return setting("value"), nil
}

func (e *nilEnricher) ProcessFailure(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
	return nil, ctx.Err()
}

func (e *nilEnricher) Close() error { panic("closed a nil enricher") }

func TestFactoryThatMakesNoEnricher(t *testing.T) {
	t.Parallel()
	errFile := errors.New("open rules.json: no such file")
	for what, test := range map[string]struct {
		factory enricher.Factory
		message string
		is      error
	}{
		"fails":                           {failingToMake(nil, errFile), `enricher "rules/payments": open rules.json: no such file`, errFile},
		"fails with a nil pointer":        {failingToMake((*nilEnricher)(nil), errFile), `enricher "rules/payments": open rules.json: no such file`, errFile},
		"fails with an error that panics": {failingToMake(nil, &panicker{unwrap: true}), `enricher "rules/payments": (the Error method of a *enricher_test.panicker panicked: Error)`, nil},
		"fails with an error that exits":  {failingToMake(nil, exitsInUnwrap{}), `enricher "rules/payments": factory: panic: runtime.Goexit was called`, nil},
		"panics":                          {panicking("boom"), `enricher "rules/payments": factory: panic: boom`, nil},
		"panics with an error":            {panicking(errFile), `enricher "rules/payments": factory: panic: open rules.json: no such file`, errFile},
		"exits":                           {exiting, `enricher "rules/payments": factory: panic: runtime.Goexit was called`, nil},
		"returns nil":                     {failingToMake(nil, nil), `enricher "rules/payments": its factory returned nil without an error`, nil},
		"returns a nil pointer":           {failingToMake((*nilEnricher)(nil), nil), `enricher "rules/payments": its factory returned nil without an error`, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var log loadLog
			e, err := load(t, factories{"rules": test.factory},
				enricher.Config{FailureEnrichers: []string{"rules/payments"}}, log.option())
			assert.Nil(t, e)
			require.EqualError(t, err, test.message)
			var ee *enricher.EnricherError
			require.ErrorAs(t, err, &ee)
			assert.Equal(t, "rules/payments", ee.Enricher)
			if test.is != nil {
				assert.ErrorIs(t, err, test.is)
			}
			assert.Empty(t, log.lines(), "what is returned is not logged too")
		})
	}
}

func panicking(value any) enricher.Factory {
	return enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) { panic(value) })
}

func TestFactoryPanicKeepsItsStack(t *testing.T) {
	t.Parallel()
	_, err := load(t, factories{"rules": panicking("boom")}, enricher.Config{FailureEnrichers: []string{"rules"}})
	var p *enricher.PanicError
	require.ErrorAs(t, err, &p)
	assert.Equal(t, "boom", p.Value)
	assert.Contains(t, p.Stack(), "factory_test.go")
}

func TestFactoryErrorsAreInConfiguredOrder(t *testing.T) {
	t.Parallel()
	fs := factories{
		"fails":  failingToMake(nil, errors.New("no")),
		"panics": panicking("boom"),
		"nil":    failingToMake(nil, nil),
		"good":   giving(setting()),
	}
	_, err := load(t, fs, enricher.Config{FailureEnrichers: []string{"panics", "good", "unknown", "nil", "fails"}})
	assert.EqualError(t, err, `enricher "panics": factory: panic: boom
no such failure enricher: "unknown": registered are "fails", "good", "nil", "panics"; import the package that registers it
enricher "nil": its factory returned nil without an error
enricher "fails": no`)

	_, err = load(t, fs, enricher.Config{FailureEnrichers: []string{"fails"}, Options: map[string]map[string]any{"fail": {}}})
	assert.EqualError(t, err, `enricher "fails": no
enricher "fail": option "failure-enricher": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own; did you mean "fails"?`)
}

func TestFactoryJoinedErrorsEachNameTheEnricher(t *testing.T) {
	t.Parallel()
	r := enricher.NewRegistry()
	require.NoError(t, r.Register("a", enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		return nil, errors.Join(
			&enricher.ConfigError{Option: "x", Err: errors.New("bad")},
			errors.Join(errors.New("plain"), &enricher.ConfigError{Option: "y", Err: errors.New("worse")}),
			&enricher.ConfigError{Enricher: "other", Option: "z", Err: errors.New("its own")},
		)
	})))
	_, err := enricher.New(enricher.Config{FailureEnrichers: []string{"a"}}, enricher.WithRegistry(r))
	assert.EqualError(t, err, `enricher "a": option "x": bad
enricher "a": plain
enricher "a": option "y": worse
enricher "other": option "z": its own`)
}

func TestFactoryErrorNamesTheEnricherOnce(t *testing.T) {
	t.Parallel()
	var none *enricher.ConfigError
	for _, test := range []struct {
		err  error
		want string
	}{
		{
			fmt.Errorf("rules.yaml: %w", &enricher.ConfigError{Enricher: "a", Option: "x", Err: errors.New("bad")}),
			`rules.yaml: enricher "a": option "x": bad`,
		},
		{
			fmt.Errorf("rules.yaml: %w", &enricher.ConfigError{Option: "x", Err: errors.New("bad")}),
			`enricher "a": rules.yaml: option "x": bad`,
		},
		{none, `enricher "a": its factory returned a nil *enricher.ConfigError as its error instead of nil`},
		{panicsWhenAsked{}, `enricher "a": no file`},
	} {
		fs := factories{"a": enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) { return nil, test.err })}
		_, err := load(t, fs, enricher.Config{FailureEnrichers: []string{"a"}})
		assert.EqualError(t, err, test.want)
	}
}

// panicsWhenAsked is an error whose As method has a bug.
type panicsWhenAsked struct{}

func (panicsWhenAsked) Error() string { return "no file" }
func (panicsWhenAsked) As(any) bool   { panic("bug") }

func TestNewFactoryWithAMapTakesAnyOption(t *testing.T) {
	t.Parallel()
	var got map[string]string
	f := enricher.NewFactory(map[string]string{"env": "test"},
		func(_ enricher.FactoryConfig, opts map[string]string) (enricher.FailureEnricher, error) {
			got = opts
			return setting(), nil
		})
	_, err := f.CreateFailureEnricher(enricher.NewFactoryConfig("a", map[string]any{"env": "prod", "Region_1": "eu"}))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"env": "prod", "Region_1": "eu"}, got)
}

// A map in the defaults is copied for each instance even if the options also
// hold something that reflection cannot see.
func TestNewFactoryInstancesShareNothingBesideUnexportedFields(t *testing.T) {
	t.Parallel()
	type options struct {
		Head   map[string]string
		hidden bool
	}
	defaults := options{Head: map[string]string{"a": "1"}, hidden: true}
	var seen []options
	f := enricher.NewFactory(defaults, func(_ enricher.FactoryConfig, o options) (enricher.FailureEnricher, error) {
		seen = append(seen, o)
		o.Head["a"] = "changed"
		return setting(), nil
	})
	defaults.Head["a"] = "changed by the caller"
	loaded(t, factories{"op": f}, enricher.Config{FailureEnrichers: []string{"op/a", "op/b"}})
	require.Len(t, seen, 2)
	seen[0].Head["a"] = "changed once more"
	assert.Equal(t, "changed", seen[1].Head["a"])
	assert.True(t, seen[1].hidden)
}

var exiting = enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
	runtime.Goexit()
	return nil, nil
})

func TestFactoryErrorSaysThatAVariableIsNotExpanded(t *testing.T) {
	t.Parallel()
	r := enricher.NewRegistry()
	require.NoError(t, r.Register("file", enricher.NewFactory(struct {
		Wait time.Duration
		File string
	}{}, func(enricher.FactoryConfig, struct {
		Wait time.Duration
		File string
	},
	) (enricher.FailureEnricher, error) {
		return nil, errors.Join(
			&enricher.ConfigError{Option: "file", Err: fs.ErrNotExist},
			&enricher.ConfigError{Option: "wait", Err: errors.New("too long")},
		)
	})))
	errorWith := func(options map[string]any) error {
		_, err := enricher.New(enricher.Config{
			FailureEnrichers: []string{"file"}, Options: map[string]map[string]any{"file": options},
		}, enricher.WithRegistry(r))
		return err
	}
	const hint = "is not expanded: give the value, or {env: %[1]s} if the option takes that"
	err := errorWith(map[string]any{"File": "${DIR}/rules.json", "wait": "1h"})
	assert.EqualError(t, err, `enricher "file": option "file": file does not exist; ${DIR} `+fmt.Sprintf(hint, "DIR")+"\n"+
		`enricher "file": option "wait": too long`)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	err = errorWith(map[string]any{"wait": "${WAIT}"})
	assert.EqualError(t, err, `enricher "file": option "wait": "${WAIT}": must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"; ${WAIT} `+
		fmt.Sprintf(hint, "WAIT"))
	assert.NotContains(t, errorWith(map[string]any{"wait": "${1}${code}"}).Error(), "expanded") // groups of an expression
}
