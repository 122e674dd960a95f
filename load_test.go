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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// The rules that comments of the tests refer to are those of the design, section
// 4: what happens at load.

// Rule 1.
func TestOnlyFactoriesThatAreNamedRun(t *testing.T) {
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

// Rule 1.
func TestWithoutNamesNothingRunsAndALineSaysSo(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{nil, {}} {
		var log loadLog
		fs := factories{"a": panicking("was called")}
		e := loaded(t, fs, enricher.Config{FailureEnrichers: names, Strict: true}, log.option())
		assert.Empty(t, e.Enrichers())
		assert.Empty(t, e.Rejected())
		assert.Equal(t, enricher.Labels{}, e.Enrich(errors.New("failed")))
		assert.Equal(t, []string{`level=INFO msg="No failure enrichers are configured"`}, log.lines())
	}
}

// Rule 1.
func TestEnrichersMadeInCodeNeedNoConfiguredOnes(t *testing.T) {
	t.Parallel()
	var log loadLog
	loaded(t, nil, enricher.Config{}, log.option(), enricher.WithEnricher("a", setting("x")))
	assert.Equal(t, []string{`level=INFO msg="Found failure enricher" enricher=a output_keys=[x]`}, log.lines())
}

func TestANameGivenTwiceCountsOnce(t *testing.T) {
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

// Rule 2.
func TestAnUnknownNameIsRefusedWithTheRegisteredOnesAndTheNearest(t *testing.T) {
	t.Parallel()
	fs := factories{"webhook": giving(setting()), "rules": giving(setting()), "Owner": giving(setting()), "ra": giving(setting())}
	const registered = `: registered are "Owner", "ra", "rules", "webhook"`
	messages := map[string]string{
		"ruls":           `no such failure enricher: "ruls"` + registered + `; did you mean "rules"?`,
		"ruls/payments":  `no such failure enricher: "ruls/payments"` + registered + `; did you mean "rules"?`,
		"Rules/payments": `no such failure enricher: "Rules/payments"` + registered + `; did you mean "rules"?`,
		"owner":          `no such failure enricher: "owner"` + registered + `; did you mean "Owner"?`,
		"web-hook":       `no such failure enricher: "web-hook"` + registered + `; did you mean "webhook"?`,
		"xyz":            `no such failure enricher: "xyz"` + registered,
		"a/b":            `no such failure enricher: "a/b"` + registered,
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
		"rules": `no such failure enricher: "rules": none is registered, import the packages of the enrichers`,
	}, refusals(e))
}

// Rule 2.
func TestAMalformedNameIsRefused(t *testing.T) {
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
			"%q: malformed, must be letters, digits, '.', '_' or '-', with at most one '/' before an instance; registered are \"rules\"", name))
	}
	assert.Empty(t, e.Enrichers())
}

// Rule 3.
func TestOptionsOrAPolicyOfAnEnricherThatIsNotConfiguredEarnAWarning(t *testing.T) {
	t.Parallel()
	fs := factories{"rules": giving(setting()), "owner": giving(setting())}
	cfg := enricher.Config{
		FailureEnrichers: []string{"rules/payments", "unknown"},
		Options: map[string]map[string]any{
			"owner": {"url": "x"}, "rules": nil, "rules/payments": {"a": 1}, "unknown": {"a": 1},
		},
		Policies: map[string]enricher.Policy{"owner": {}, "RULES/payments": {}, "unknown": {}, "rules/": {}},
	}
	var log loadLog
	e := loaded(t, fs, cfg, log.option())
	assert.Equal(t, []string{"rules/payments"}, namesOf(e))
	assert.Equal(t, []string{
		`level=WARN msg="Configuration of a failure enricher is not used" error="enricher \"owner\": option \"failure-enricher\": no such enricher is configured: add it to failure-enrichers, or remove this"`,
		`level=WARN msg="Configuration of a failure enricher is not used" error="enricher \"rules\": option \"failure-enricher\": no such enricher is configured: add it to failure-enrichers, or remove this"`,
		`level=WARN msg="Configuration of a failure enricher is not used" error="enricher \"owner\": option \"failure-enrichment.policies\": no such enricher is configured: add it to failure-enrichers, or remove this"`,
		`level=WARN msg="Configuration of a failure enricher is not used" error="enricher \"rules/\": option \"failure-enrichment.policies\": no such enricher is configured: add it to failure-enrichers, or remove this"`,
	}, log.lines()[2:])

	cfg.FailureEnrichers, cfg.Strict = []string{"rules/payments"}, true
	delete(cfg.Options, "unknown")
	delete(cfg.Policies, "unknown")
	e, err := load(t, fs, cfg)
	assert.Nil(t, e)
	assert.EqualError(t, err, `enricher "owner": option "failure-enricher": no such enricher is configured: add it to failure-enrichers, or remove this
enricher "rules": option "failure-enricher": no such enricher is configured: add it to failure-enrichers, or remove this
enricher "owner": option "failure-enrichment.policies": no such enricher is configured: add it to failure-enrichers, or remove this
enricher "rules/": option "failure-enrichment.policies": no such enricher is configured: add it to failure-enrichers, or remove this`,
		"with Strict they are an error")
	assert.Len(t, configErrorsOf(t, err), 4)

	cfg.Options, cfg.Policies = nil, map[string]enricher.Policy{"rules/payment": {}}
	_, err = load(t, fs, cfg)
	assert.EqualError(t, err, `enricher "rules/payment": option "failure-enrichment.policies": `+
		`no such enricher is configured: add it to failure-enrichers, or remove this; did you mean "rules/payments"?`)
}

// Rule 3.
func TestAnEnricherMadeInCodeHasAPolicyButNoOptions(t *testing.T) {
	t.Parallel()
	cfg := enricher.Config{
		Options:  map[string]map[string]any{"code": {"a": 1}},
		Policies: map[string]enricher.Policy{"Code": {BreakerThreshold: 1}},
		Strict:   true,
	}
	fe := enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { panic("boom") })
	_, err := load(t, nil, cfg, enricher.WithEnricher("code", fe))
	assert.EqualError(t, err,
		`enricher "code": option "failure-enricher": the enricher is made in code and takes no options: remove this`)
	assert.Equal(t, []string{"failure-enricher"}, optionsIn(configErrorsOf(t, err)))
	cfg.Options = nil
	e := loaded(t, nil, cfg, enricher.WithEnricher("code", fe))
	e.Enrich(errors.New("failed"))
	assert.Equal(t, enricher.BreakerOpen, e.Stats().Enrichers[0].Breaker)
}

// Rule 4.
func TestAnEnricherWithAnInvalidOutputKeyIsRefused(t *testing.T) {
	t.Parallel()
	const why = "key must be 1 to 128 bytes of valid UTF-8 without control characters"
	long := strings.Repeat("k", 129)
	for key, message := range map[string]string{
		"":                            `enricher "bad": output key "": ` + why,
		"a\nb":                        `enricher "bad": output key "a\nb": ` + why,
		"a\tb":                        `enricher "bad": output key "a\tb": ` + why,
		"a\x00":                       `enricher "bad": output key "a\x00": ` + why,
		"\x7f":                        `enricher "bad": output key "\x7f": ` + why,
		"\u0085":                      `enricher "bad": output key "\u0085": ` + why,
		"\xff":                        `enricher "bad": output key "\xff": ` + why,
		long:                          `enricher "bad": output key "` + long[1:] + `": ` + why,
		strings.Repeat("é", 64) + "k": `enricher "bad": output key "` + strings.Repeat("é", 64) + `k": ` + why,
	} {
		e := loaded(t, factories{"bad": giving(setting("good", key))},
			enricher.Config{FailureEnrichers: []string{"bad"}},
			enricher.WithEnricher("other", setting("good")))
		assert.Equal(t, map[string]string{"bad": message}, refusals(e))
		assert.ErrorIs(t, e.Rejected()[0].Err, enricher.ErrInvalidKey)
		assert.Equal(t, []string{"other"}, namesOf(e), "its keys are free")
	}

	e := loaded(t, nil, enricher.Config{}, enricher.WithEnricher("bad", setting("", "good", "\n")))
	assert.Equal(t, map[string]string{
		"bad": `enricher "bad": output key "": ` + why + "\n" + `output key "\n": ` + why,
	}, refusals(e), "all of them are named")
}

// Rule 4.
func TestAKeyIs1To128BytesOfUTF8WithoutControlCharacters(t *testing.T) {
	t.Parallel()
	keys := []string{"k", " ", "*", "a=b, c", "é", "日本", "\u200b", "\ufffd", strings.Repeat("k", 128), strings.Repeat("é", 64)}
	e := loaded(t, nil, enricher.Config{}, enricher.WithEnricher("good", setting(keys...)))
	assert.Empty(t, e.Rejected())
	assert.Equal(t, keys, e.Enrichers()[0].OutputKeys)
}

// Rule 4.
func TestAnEnricherThatPanicsWhenItIsAskedForItsKeysIsRefused(t *testing.T) {
	t.Parallel()
	boom := func() []string { panic("boom") }
	none := func() []string { return nil }
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("outputs", keyed{setting(), boom, none}),
		enricher.WithEnricher("inputs", keyed{setting(), none, boom}),
		enricher.WithEnricher("good", setting()))
	assert.Equal(t, map[string]string{
		"outputs": `enricher "outputs": OutputKeys or InputKeys: panic: boom`,
		"inputs":  `enricher "inputs": OutputKeys or InputKeys: panic: boom`,
	}, refusals(e))
	assert.Equal(t, []string{"good"}, namesOf(e))
	for _, r := range e.Rejected() {
		var p *enricher.PanicError
		require.ErrorAs(t, r.Err, &p)
		assert.Equal(t, "boom", p.Value)
		assert.Contains(t, string(p.Stack), "load_test.go")
	}
}

// Section 2.
func TestKeysAreAskedForOnceAndCopied(t *testing.T) {
	t.Parallel()
	outputs, inputs := []string{"b", "a", "b"}, []string{"x", "*"}
	asked := 0
	fn := func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"a": "1", "b": "2", "later": "3"}, nil
	}
	e := loaded(t, nil, enricher.Config{}, enricher.WithEnricher("reader", keyed{
		enricher.Func(nil, fn),
		func() []string {
			if asked++; asked > 1 {
				return []string{"later"}
			}
			return outputs
		},
		func() []string { return inputs },
	}))
	outputs[0], outputs[1], inputs[0] = "later", "later", "later"
	check := func() {
		res := e.EnrichContext(context.Background(), errors.New("failed"), enricher.FailureContext{})
		assert.Equal(t, enricher.Labels{"a": "1", "b": "2"}, res.Labels)
		assert.Equal(t, []enricher.LabelIssue{{Key: "later", Err: enricher.ErrUndeclaredKey}}, res.Outcomes[0].Issues)
		info := e.Enrichers()[0]
		assert.Equal(t, []string{"b", "a", "b"}, info.OutputKeys, "as it declared them")
		assert.Equal(t, []string{"x", "*"}, info.InputKeys)
	}
	check()
	info := e.Enrichers()[0]
	info.Name, info.OutputKeys[0], info.InputKeys[0] = "changed", "changed", "changed"
	e.Enrichers()[0] = enricher.Info{}
	check()
	assert.Equal(t, 1, asked)
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

// Rule 5.
func TestEnrichersThatShareAnOutputKeyAreAllRefused(t *testing.T) {
	t.Parallel()
	fs := factories{"a": giving(setting("x", "a")), "b": giving(setting("b", "x")), "c": giving(setting("c"))}
	var log loadLog
	e := loaded(t, fs, enricher.Config{FailureEnrichers: []string{"b", "c", "a"}}, log.option())
	const message = `output key "x" is declared by "b", "a": only one enricher may declare it`
	assert.Equal(t, map[string]string{"a": message, "b": message}, refusals(e))
	for i, name := range []string{"b", "a"} {
		assert.Equal(t, name, e.Rejected()[i].Name, "in configured order")
		assert.Equal(t, []enricher.OverlapError{{Key: "x", Enrichers: []string{"b", "a"}}}, overlapsOf(e.Rejected()[i].Err))
	}
	assert.Equal(t, []string{"c"}, namesOf(e), "the others run")
	assert.Equal(t, []string{
		`level=WARN msg="Failure enricher rejected" enricher=b error="output key \"x\" is declared by \"b\", \"a\": only one enricher may declare it"`,
		`level=INFO msg="Found failure enricher" enricher=c output_keys=[c]`,
		`level=WARN msg="Failure enricher rejected" enricher=a error="output key \"x\" is declared by \"b\", \"a\": only one enricher may declare it"`,
	}, log.lines())
}

// Rule 5.
func TestAnOverlapNamesEveryKeyAndEveryParty(t *testing.T) {
	t.Parallel()
	fs := factories{
		"a": giving(setting("x", "y", "a")),
		"b": giving(setting("z", "x")),
		"c": giving(setting("x", "z", "z")),
		"d": giving(setting("y")),
		"e": giving(setting("e", "e")),
	}
	var log loadLog
	e := loaded(t, fs, enricher.Config{FailureEnrichers: []string{"e", "d", "c", "b", "a"}}, log.option())
	x := enricher.OverlapError{Key: "x", Enrichers: []string{"c", "b", "a"}}
	y := enricher.OverlapError{Key: "y", Enrichers: []string{"d", "a"}}
	z := enricher.OverlapError{Key: "z", Enrichers: []string{"c", "b"}}
	want := map[string][]enricher.OverlapError{"a": {x, y}, "b": {x, z}, "c": {x, z}, "d": {y}}
	got := map[string][]enricher.OverlapError{}
	for i, r := range e.Rejected() {
		got[r.Name] = overlapsOf(r.Err)
		var text []string
		for _, o := range got[r.Name] {
			text = append(text, o.Error())
		}
		assert.EqualError(t, r.Err, strings.Join(text, "\n"))
		assert.Contains(t, log.lines()[i+1], fmt.Sprintf("enricher=%s error=%q", r.Name, r.Err.Error()))
	}
	assert.Equal(t, want, got)
	assert.Equal(t, []string{"e"}, namesOf(e), "a key that one enricher declares twice is no overlap")
}

// Rule 5.
func TestTwoInstancesOfOneFactoryOverlapLikeAnyTwo(t *testing.T) {
	t.Parallel()
	e := loaded(t, factories{"rules": giving(setting("kind"))},
		enricher.Config{FailureEnrichers: []string{"rules/payments", "rules"}},
		enricher.WithEnricher("code", setting("kind")))
	const message = `output key "kind" is declared by "rules/payments", "rules", "code": only one enricher may declare it`
	assert.Equal(t, map[string]string{"rules/payments": message, "rules": message, "code": message}, refusals(e))
	assert.Empty(t, e.Enrichers())
}

// Rule 5.
func TestWhoIsRefusedAnywayOverlapsWithNobody(t *testing.T) {
	t.Parallel()
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("invalid", setting("x", "")),
		enricher.WithEnricher("good", setting("x")))
	assert.Equal(t, []string{"good"}, namesOf(e))
}

// Rule 6.
func TestReadersThatWaitForEachOtherAreRefused(t *testing.T) {
	t.Parallel()
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("first", setting("first")),
		enricher.WithEnricher("a", reading([]string{"c", "first"}, "a")),
		enricher.WithEnricher("c", reading([]string{"b"}, "c")),
		enricher.WithEnricher("p", reading([]string{"q"}, "p")),
		enricher.WithEnricher("b", reading([]string{"x", "a"}, "b")),
		enricher.WithEnricher("q", reading([]string{"p"}, "q")),
		enricher.WithEnricher("after-a", reading([]string{"a", "first"}, "after-a")),
		enricher.WithEnricher("after-after-a", reading([]string{"after-a"}, "after-after-a")),
	)
	cycles := map[string][]string{}
	for _, r := range e.Rejected() {
		var cycle *enricher.CycleError
		require.ErrorAs(t, r.Err, &cycle)
		cycles[r.Name] = cycle.Enrichers
	}
	three, two := []string{"a", "c", "b"}, []string{"p", "q"}
	assert.Equal(t, map[string][]string{"a": three, "b": three, "c": three, "p": two, "q": two}, cycles)
	assert.Equal(t, `enrichers "a", "c", "b" wait for each other's labels `+
		`("a" reads "c" of "c", "c" reads "b" of "b", "b" reads "a" of "a"): input keys must not form a cycle`, refusals(e)["b"])
	assert.Equal(t, []string{"first", "after-a", "after-after-a"}, namesOf(e), "those that only read from them run")
}

// Rule 6.
func TestTheErrorAboutALargeCircleIsBounded(t *testing.T) {
	t.Parallel()
	var opts []enricher.Option
	for i := range 6 {
		var others []string
		for j := range 6 {
			if j != i {
				others = append(others, fmt.Sprint("key", j))
			}
		}
		opts = append(opts, enricher.WithEnricher(fmt.Sprint("e", i), reading(others, fmt.Sprint("key", i))))
	}
	message := refusals(loaded(t, nil, enricher.Config{}, opts...))["e0"]
	assert.Equal(t, 16, strings.Count(message, " reads "))
	assert.Contains(t, message, `, "e3" reads "key0" of "e0" and 14 more): input keys must not form a cycle`)
}

// Rule 6.
func TestWhoIsRefusedAnywayIsInNoCircle(t *testing.T) {
	t.Parallel()
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("a", reading([]string{"c"}, "a", "shared")),
		enricher.WithEnricher("b", setting("shared")),
		enricher.WithEnricher("c", reading([]string{"a"}, "c")))
	assert.Equal(t, []string{"c"}, namesOf(e))
}

// Rule 6.
func TestAReaderOfItsOwnLabelsIsRefused(t *testing.T) {
	t.Parallel()
	var log loadLog
	e := loaded(t, nil, enricher.Config{}, log.option(),
		enricher.WithEnricher("self", reading([]string{"self"}, "self")),
		enricher.WithEnricher("after", reading([]string{"self"}, "after")),
		enricher.WithEnricher("all", reading([]string{"*"}, "all")))
	require.Len(t, e.Rejected(), 1)
	var cycle *enricher.CycleError
	require.ErrorAs(t, e.Rejected()[0].Err, &cycle)
	assert.Equal(t, []string{"self"}, cycle.Enrichers)
	assert.EqualError(t, cycle, `enricher "self" waits for its own labels ("self" reads its own "self"): an input key must not be one of its output keys`)
	assert.Equal(t, []string{"after", "all"}, namesOf(e), "a reader of all labels does not wait for itself")
	lines := log.lines()
	require.Len(t, lines, 4)
	assert.Contains(t, lines[0], `level=WARN msg="Failure enricher rejected" enricher=self`)
	assert.Equal(t, `level=WARN msg="Failure enricher reads a label that only rejected enrichers set" enricher=after key=self rejected=[self]`, lines[2])
}

// Rule 6.
func TestReadersOfAllLabelsAreInNoCircleThroughThoseThatReadTheirs(t *testing.T) {
	t.Parallel()
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("webhook", reading([]string{"*"}, "sent")),
		enricher.WithEnricher("ticket", reading([]string{"*"}, "ticket")),
		enricher.WithEnricher("after-webhook", reading([]string{"sent"}, "after-webhook")),
		enricher.WithEnricher("after-ticket", reading([]string{"ticket"}, "after-ticket")))
	assert.Empty(t, e.Rejected())
	assert.Len(t, e.Enrichers(), 4)
}

// Rule 6.
func TestAnInputKeyThatNoLoadedEnricherSetsEarnsAWarning(t *testing.T) {
	t.Parallel()
	var log loadLog
	loaded(t, nil, enricher.Config{}, log.option(),
		enricher.WithEnricher("reader", reading([]string{"y", "*", "x", "good", "goood", "readr", "y", "shared"}, "reader")),
		enricher.WithEnricher("good", setting("good")),
		enricher.WithEnricher("a", setting("shared")),
		enricher.WithEnricher("b", setting("shared")))
	assert.Equal(t, []string{
		`level=INFO msg="Found failure enricher" enricher=reader output_keys=[reader]`,
		`level=WARN msg="Failure enricher reads a label that no enricher sets" enricher=reader key=goood did_you_mean=good`,
		`level=WARN msg="Failure enricher reads a label that no enricher sets" enricher=reader key=readr`,
		`level=WARN msg="Failure enricher reads a label that only rejected enrichers set" enricher=reader key=shared rejected="[a b]"`,
		`level=WARN msg="Failure enricher reads a label that no enricher sets" enricher=reader key=x`,
		`level=WARN msg="Failure enricher reads a label that no enricher sets" enricher=reader key=y`,
		`level=INFO msg="Found failure enricher" enricher=good output_keys=[good]`,
	}, log.lines()[:7])

	_, err := load(t, nil, enricher.Config{Strict: true},
		enricher.WithEnricher("reader", reading([]string{"x"}, "reader")))
	assert.NoError(t, err, "with Strict too: it is refused by nobody")
}

// Rule 7.
func TestARefusalIsOneLineOfWarnForOverlapsAndCyclesAndOfErrorForTheRest(t *testing.T) {
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
		`level=WARN msg="Configuration of a failure enricher is not used"`,
	}, got)
}

// Rule 7.
func TestWithStrictAnyRefusalMakesNewFailWithAllOfThem(t *testing.T) {
	t.Parallel()
	fs := factories{"a": giving(setting("x")), "good": giving(setting("good"))}
	cfg := enricher.Config{
		FailureEnrichers: []string{"a/1", "a/2", "unknown", "good", "mal formed"},
		Options:          map[string]map[string]any{"off": nil},
	}
	opts := []enricher.Option{
		enricher.WithEnricher("invalid", setting("")),
		enricher.WithEnricher("panics", keyed{setting(), func() []string { panic("boom") }, nil}),
		enricher.WithEnricher("self", reading([]string{"self"}, "self")),
	}
	cfg.Strict = true
	e, err := load(t, fs, cfg, opts...)
	assert.Nil(t, e)
	assert.EqualError(t, err, `output key "x" is declared by "a/1", "a/2": only one enricher may declare it
no such failure enricher: "unknown": registered are "a", "good"
no such failure enricher: "mal formed": malformed, must be letters, digits, '.', '_' or '-', with at most one '/' before an instance; registered are "a", "good"
enricher "invalid": output key "": key must be 1 to 128 bytes of valid UTF-8 without control characters
enricher "panics": OutputKeys or InputKeys: panic: boom
enricher "self" waits for its own labels ("self" reads its own "self"): an input key must not be one of its output keys
enricher "off": option "failure-enricher": no such enricher is configured: add it to failure-enrichers, or remove this`)
	var (
		overlap *enricher.OverlapError
		cycle   *enricher.CycleError
		panics  *enricher.PanicError
		stray   *enricher.ConfigError
	)
	assert.ErrorIs(t, err, enricher.ErrUnknownEnricher)
	assert.ErrorIs(t, err, enricher.ErrInvalidKey)
	assert.ErrorAs(t, err, &overlap)
	assert.ErrorAs(t, err, &cycle)
	assert.ErrorAs(t, err, &panics)
	assert.ErrorAs(t, err, &stray)

	cfg.FailureEnrichers, cfg.Options = []string{"good"}, nil
	assert.Equal(t, []string{"good"}, namesOf(loaded(t, fs, cfg)), "with nothing to refuse it is like any other")
}

func TestRejectedIsTheCallers(t *testing.T) {
	t.Parallel()
	e := loaded(t, nil, enricher.Config{FailureEnrichers: []string{"unknown"}})
	e.Rejected()[0].Name = "changed"
	assert.Equal(t, "unknown", e.Rejected()[0].Name)
}

// Rule 8.
func TestWhatNewRefusesIsClosedOnceAndTheRestByShutdown(t *testing.T) {
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

// Rule 8.
func TestWhatWasMadeIsClosedOnceWhereNewFails(t *testing.T) {
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

// Rule 8.
func TestAnErrorOrAPanicOfCloseIsLogged(t *testing.T) {
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

func TestEnrichersMadeInCodeComeAfterTheConfiguredOnesInOrder(t *testing.T) {
	t.Parallel()
	e := loaded(t, factories{"z": giving(setting("z"))}, enricher.Config{FailureEnrichers: []string{"z"}},
		enricher.WithEnricher("b", setting("b")),
		enricher.WithEnricher("a/instance", setting("a")))
	assert.Equal(t, []string{"z", "b", "a/instance"}, namesOf(e), "their names need not be registered")
}

func TestAnEnricherMadeInCodeStaysTheCallersToClose(t *testing.T) {
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

func TestAnEnricherMadeInCodeWantsAGoodNameThatIsFreeAndIsNotNil(t *testing.T) {
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
		{"configured", setting(), "the name is already in use"},
		{"unknown", setting(), "the name is already in use"},
		{"code", setting(), "the name is already in use"},
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

// Rule 9.
func TestALoadedEnricherEarnsALineThatSaysWhereItComesFrom(t *testing.T) {
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
func (k *recordKeeper) WithAttrs([]slog.Attr) slog.Handler       { return k }

func (k *recordKeeper) Handle(_ context.Context, r slog.Record) error {
	k.all = append(k.all, r)
	return nil
}

// Rule 9.
func TestALocationKnowsTheModuleAndItsVersion(t *testing.T) {
	t.Parallel()
	// Code that is in the module and not in its tests.
	inModule := setting().ProcessFailure
	e := loaded(t, nil, enricher.Config{}, enricher.WithEnricher("code", enricher.Func(nil, inModule)))
	location := e.Enrichers()[0].Location
	assert.Equal(t, "github.com/failure-enrichers/enricher", location.Module)
	assert.Equal(t, "(devel)", location.Version)
	assert.Empty(t, location.File, "it is the compiler's: there is no line to lead to")
}

// Rule 9.
func TestALocationPrintsInALineWhatIsKnown(t *testing.T) {
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

func TestALoggerWhoseHandlerPanicsHurtsNobody(t *testing.T) {
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
func (h panickingHandler) WithAttrs([]slog.Attr) slog.Handler        { return h }
func (h panickingHandler) WithGroup(string) slog.Handler             { return h }

func TestErrorsOfLoadingPrintWell(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, &enricher.OverlapError{Key: "kind", Enrichers: []string{"a", "b", "c"}},
		`output key "kind" is declared by "a", "b", "c": only one enricher may declare it`)
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
func (rudeHandler) WithAttrs([]slog.Attr) slog.Handler       { panic("WithAttrs") }
