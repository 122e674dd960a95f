package enricher_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestUnusedConfigIsLogged(t *testing.T) {
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
		`level=WARN msg="Configuration of a failure enricher is not used" enricher=owner error="enricher \"owner\": option \"failure-enricher\": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own"`,
		`level=WARN msg="Configuration of a failure enricher is not used" enricher=rules error="enricher \"rules\": option \"failure-enricher\": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own"`,
		`level=WARN msg="Configuration of a failure enricher is not used" enricher=owner error="enricher \"owner\": option \"failure-enrichment.policies\": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own"`,
		`level=WARN msg="Configuration of a failure enricher is not used" enricher=rules/ error="enricher \"rules/\": option \"failure-enrichment.policies\": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own"`,
	}, log.lines()[2:])

	cfg.FailureEnrichers, cfg.Strict = []string{"rules/payments"}, true
	delete(cfg.Options, "unknown")
	delete(cfg.Policies, "unknown")
	e, err := load(t, fs, cfg)
	assert.Nil(t, e)
	assert.EqualError(t, err, `enricher "owner": option "failure-enricher": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own
enricher "rules": option "failure-enricher": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own
enricher "owner": option "failure-enrichment.policies": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own
enricher "rules/": option "failure-enrichment.policies": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own`,
		"with Strict they are an error")
	assert.Len(t, configErrorsOf(t, err), 4)

	cfg.Options, cfg.Policies = nil, map[string]enricher.Policy{"rules/payment": {}}
	_, err = load(t, fs, cfg)
	assert.EqualError(t, err, `enricher "rules/payment": option "failure-enrichment.policies": `+
		`no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own; did you mean "rules/payments"?`)

	cfg = enricher.Config{FailureEnrichers: []string{"ruls"}, Options: map[string]map[string]any{"rules": {}}}
	assert.NotContains(t, loaded(t, fs, cfg).Warnings()[1].Error(), "did you mean", "not the misspelt name")
}

func TestUnusedConfigOfAnEnricherMadeInCode(t *testing.T) {
	t.Parallel()
	cfg := enricher.Config{
		FailureEnrichers: []string{},
		Options:          map[string]map[string]any{"code": {"a": 1}},
		Policies:         map[string]enricher.Policy{"Code": {BreakerThreshold: 1}},
		Strict:           true,
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

func TestCheckRejectsInvalidKeys(t *testing.T) {
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

func TestCheckKey(t *testing.T) {
	t.Parallel()
	keys := []string{"k", " ", "*", "a=b, c", "é", "日本", "\u200b", "\ufffd", strings.Repeat("k", 128), strings.Repeat("é", 64)}
	e := loaded(t, nil, enricher.Config{}, enricher.WithEnricher("good", setting(keys...)))
	assert.Empty(t, e.Rejected())
	assert.Equal(t, keys, e.Enrichers()[0].OutputKeys)
}

func TestCheckRejectsPanickingKeys(t *testing.T) {
	t.Parallel()
	boom := func() []string { panic("boom") }
	none := func() []string { return nil }
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("outputs", keyed{setting(), boom, none}),
		enricher.WithEnricher("inputs", keyed{setting(), none, boom}),
		enricher.WithEnricher("good", setting()))
	assert.Equal(t, map[string]string{
		"outputs": `enricher "outputs": its declarations: panic: boom`,
		"inputs":  `enricher "inputs": its declarations: panic: boom`,
	}, refusals(e))
	assert.Equal(t, []string{"good"}, namesOf(e))
	for _, r := range e.Rejected() {
		var p *enricher.PanicError
		require.ErrorAs(t, r.Err, &p)
		assert.Equal(t, "boom", p.Value)
		assert.Contains(t, p.Stack(), "check_test.go")
	}
}

// Section 2.
func TestCheckCallsOutputKeysOnce(t *testing.T) {
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

func TestOverlapRejectsAllParties(t *testing.T) {
	t.Parallel()
	fs := factories{"a": giving(setting("x", "a")), "b": giving(setting("b", "x")), "c": giving(setting("c"))}
	var log loadLog
	e := loaded(t, fs, enricher.Config{FailureEnrichers: []string{"b", "c", "a"}}, log.option())
	const message = `output key "x" is declared by "b", "a": only one enricher may declare it, so remove the others or configure other keys`
	assert.Equal(t, map[string]string{"a": message, "b": message}, refusals(e))
	for i, name := range []string{"b", "a"} {
		assert.Equal(t, name, e.Rejected()[i].Name, "in configured order")
		assert.Equal(t, []enricher.OverlapError{{Key: "x", Enrichers: []string{"b", "a"}}}, overlapsOf(e.Rejected()[i].Err))
	}
	assert.Equal(t, []string{"c"}, namesOf(e), "the others run")
	assert.Equal(t, []string{
		`level=WARN msg="Failure enricher rejected" enricher=b error="output key \"x\" is declared by \"b\", \"a\": only one enricher may declare it, so remove the others or configure other keys"`,
		`level=INFO msg="Found failure enricher" enricher=c output_keys=[c]`,
		`level=WARN msg="Failure enricher rejected" enricher=a error="output key \"x\" is declared by \"b\", \"a\": only one enricher may declare it, so remove the others or configure other keys"`,
	}, log.lines())
}

func TestOverlapNamesEveryKeyAndParty(t *testing.T) {
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

func TestOverlapOfTwoInstances(t *testing.T) {
	t.Parallel()
	e := loaded(t, factories{"rules": giving(setting("kind"))},
		enricher.Config{FailureEnrichers: []string{"rules/payments", "rules"}},
		enricher.WithEnricher("code", setting("kind")))
	const message = `output key "kind" is declared by "rules/payments", "rules", "code": only one enricher may declare it, so remove the others or configure other keys`
	assert.Equal(t, map[string]string{"rules/payments": message, "rules": message, "code": message}, refusals(e))
	assert.Empty(t, e.Enrichers())
}

func TestOverlapIgnoresRejectedEnrichers(t *testing.T) {
	t.Parallel()
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("invalid", setting("x", "")),
		enricher.WithEnricher("good", setting("x")))
	assert.Equal(t, []string{"good"}, namesOf(e))
}

func TestCycleRejectsItsMembers(t *testing.T) {
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

func TestCycleIgnoresRejectedEnrichers(t *testing.T) {
	t.Parallel()
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("a", reading([]string{"c"}, "a", "shared")),
		enricher.WithEnricher("b", setting("shared")),
		enricher.WithEnricher("c", reading([]string{"a"}, "c")))
	assert.Equal(t, []string{"c"}, namesOf(e))
}

func TestCycleOfOne(t *testing.T) {
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
	assert.EqualError(t, cycle, `enricher "self" waits for its own labels ("self" reads "self" of "self"): an input key must not be one of its output keys`)
	assert.Equal(t, []string{"after", "all"}, namesOf(e), "a reader of all labels does not wait for itself")
	lines := log.lines()
	require.Len(t, lines, 4)
	assert.Contains(t, lines[0], `level=WARN msg="Failure enricher rejected" enricher=self`)
	assert.Equal(t, `level=WARN msg="Failure enricher reads a label that no loaded enricher sets" enricher=after `+
		`error="enricher \"after\": it reads the label \"self\", which no loaded enricher sets (rejected: \"self\")"`, lines[3])
}

func TestCycleDoesNotIncludeReadersOfAll(t *testing.T) {
	t.Parallel()
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("webhook", reading([]string{"*"}, "sent")),
		enricher.WithEnricher("ticket", reading([]string{"*"}, "ticket")),
		enricher.WithEnricher("after-webhook", reading([]string{"sent"}, "after-webhook")),
		enricher.WithEnricher("after-ticket", reading([]string{"ticket"}, "after-ticket")))
	assert.Empty(t, e.Rejected())
	assert.Len(t, e.Enrichers(), 4)
}

func TestStrictFailsOnRejections(t *testing.T) {
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
	assert.EqualError(t, err, `output key "x" is declared by "a/1", "a/2": only one enricher may declare it, so remove the others or configure other keys
no such failure enricher: "unknown": registered are "a", "good"; import the package that registers it
no such failure enricher: "mal formed": malformed, must be letters, digits, '.', '_' or '-', with at most one '/' before an instance (names are separated by commas); registered are "a", "good"
enricher "invalid": output key "": key must be 1 to 128 bytes of valid UTF-8 without control characters
enricher "panics": its declarations: panic: boom
enricher "self" waits for its own labels ("self" reads "self" of "self"): an input key must not be one of its output keys
enricher "off": option "failure-enricher": no such enricher is configured: add it to failure-enrichers, or remove this; an instance, such as rules/payments, has options of its own`)
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

func TestRejectedIsACopy(t *testing.T) {
	t.Parallel()
	e := loaded(t, nil, enricher.Config{FailureEnrichers: []string{"unknown"}})
	e.Rejected()[0].Name = "changed"
	assert.Equal(t, "unknown", e.Rejected()[0].Name)
}

// described is an enricher that describes its labels, and reads.
type described struct {
	enricher.LabelReader
	labels []enricher.LabelDescription
	values map[string][]string
}

var (
	_ enricher.LabelDescriber = described{}
	_ enricher.ValueReader    = described{}
)

func (d described) DescribeLabels() []enricher.LabelDescription { return d.labels }
func (d described) InputValues() map[string][]string            { return d.values }

func TestCheckFindsLabelsAndValuesThatAreNeverSet(t *testing.T) {
	t.Parallel()
	setter := described{
		LabelReader: reading(nil, "type", "free"),
		labels: []enricher.LabelDescription{
			{Key: "type", Doc: "Whose fault it is.", Values: []string{"USER", "SYSTEM"}},
			{Key: "free", Doc: "Any text."},
		},
	}
	reader := described{
		LabelReader: reading([]string{"y", "*", "type", "free", "tpye", "readr", "y", "shared"}, "reader"),
		values:      map[string][]string{"type": {"USR", "USER", "x"}, "free": {"anything"}, "y": {"1"}},
	}
	opts := []enricher.Option{
		enricher.WithEnricher("reader", reader), enricher.WithEnricher("setter", setter),
		enricher.WithEnricher("a", setting("shared")), enricher.WithEnricher("b", setting("shared")),
		enricher.WithEnricher("veto", setting("job_cannot_restart", "job-cannot-restart", "RETRY_AFTER", "Expected", "attempt-counts", "retryafter")),
	}
	acted := func(key, want string) string {
		return fmt.Sprintf(`enricher "veto": its output key %q must be %q for a job manager to act on it: labels are case-sensitive`, key, want)
	}
	want := []string{
		`output key "shared" is declared by "a", "b": only one enricher may declare it, so remove the others or configure other keys`,
		`enricher "reader": it reads the label "readr", which no loaded enricher sets`,
		`enricher "reader": it reads the label "shared", which no loaded enricher sets (rejected: "a", "b")`,
		`enricher "reader": it reads the label "tpye", which no loaded enricher sets; did you mean "type"?`,
		`enricher "reader": it looks for the label type="USR", which "setter" never sets: its values are "USER", "SYSTEM"; did you mean "USER"?`,
		`enricher "reader": it looks for the label type="x", which "setter" never sets: its values are "USER", "SYSTEM"`,
		`enricher "reader": it reads the label "y", which no loaded enricher sets`,
		acted("Expected", "expected"), acted("RETRY_AFTER", "retry_after"), acted("attempt-counts", "attempt_counts"),
		acted("job-cannot-restart", "JOB_CANNOT_RESTART"), acted("job_cannot_restart", "JOB_CANNOT_RESTART"),
	}
	var log loadLog
	e := loaded(t, nil, enricher.Config{}, append(opts, log.option())...)
	assert.Equal(t, want, textsOf(e.Warnings()))
	lines := log.lines()
	require.Len(t, lines, 3+2+11)
	assert.Equal(t, `level=WARN msg="Failure enricher reads a label that no loaded enricher sets" enricher=reader `+
		`error="enricher \"reader\": it reads the label \"readr\", which no loaded enricher sets"`, lines[5])
	assert.Contains(t, lines[8], `level=WARN msg="Failure enricher looks for a value that is never set" enricher=reader error=`)
	assert.Contains(t, lines[11], `level=ERROR msg="Failure enricher sets a label that no job manager acts on" enricher=veto error=`)

	_, err := load(t, nil, enricher.Config{FailureEnrichers: []string{}, Strict: true}, opts...)
	assert.Equal(t, want, textsOf(leaves(err)))
}

func TestCheckFindsACooldownWithoutABreaker(t *testing.T) {
	t.Parallel()
	const why = `breaker-cooldown": 3s: has no effect, as a negative breaker-threshold means no breaker: remove one of them`
	cooldown, both := enricher.Policy{BreakerCooldown: 3 * time.Second}, enricher.Policy{BreakerCooldown: 3 * time.Second, BreakerThreshold: -1}
	_, err := enricher.New(enricher.Config{Policy: both, Policies: map[string]enricher.Policy{"a": cooldown}})
	require.EqualError(t, err, `option "failure-enrichment.policy.`+why+"\n"+`enricher "a": option "failure-enrichment.policies.a.`+why)
	_, err = enricher.New(enricher.Config{Policy: both, Policies: map[string]enricher.Policy{"a": {BreakerThreshold: 2}, "b": {BreakerThreshold: -1}}})
	require.NoError(t, err, "of a")
	_, err = enricher.New(enricher.Config{Policy: cooldown, Policies: map[string]enricher.Policy{"a": {BreakerThreshold: -1}}})
	require.NoError(t, err, "of others")
}

func TestCheckFindsTimeoutsLongerThanTheBudget(t *testing.T) {
	t.Parallel()
	fs := factories{"a": giving(setting("a"))}
	cfg := enricher.Config{
		FailureEnrichers: []string{"a"},
		Timeout:          2 * time.Second,
		Policy:           enricher.Policy{Timeout: 3 * time.Second},
		Policies:         map[string]enricher.Policy{"A": {Timeout: time.Minute}},
	}
	const why = `: must be at most 2s, the budget of a failure: lower it, or raise failure-enrichment.timeout`
	want := []string{
		`option "failure-enrichment.policy.timeout": 3s` + why,
		`enricher "a": option "failure-enrichment.policies.a.timeout": 1m0s` + why,
	}
	var log loadLog
	assert.Equal(t, want, textsOf(loaded(t, fs, cfg, log.option()).Warnings()))
	assert.Equal(t, `level=WARN msg="Timeout of a policy has no effect" error="option \"failure-enrichment.policy.timeout\": 3s`+why+`"`, log.lines()[1])
	cfg.Strict = true
	_, err := load(t, fs, cfg)
	assert.Equal(t, want, textsOf(leaves(err)))

	cfg.Timeout = time.Minute
	assert.Empty(t, loaded(t, fs, cfg).Warnings())

	fs["r"] = giving(reading([]string{"a"}, "r"))
	cfg = enricher.Config{
		FailureEnrichers: []string{"a", "r"},
		Policy:           enricher.Policy{Timeout: time.Second},
		Policies:         map[string]enricher.Policy{"a": {Timeout: 501 * time.Millisecond}, "r": {Timeout: time.Second}},
	}
	assert.Equal(t, []string{
		`enricher "a": option "failure-enrichment.policies.a.timeout": 501ms: must be at most 500ms, its share of the budget of a failure, as there are readers of labels: lower it, or raise failure-enrichment.timeout`,
	}, textsOf(loaded(t, fs, cfg).Warnings()))
	cfg.Timeout = 1002 * time.Millisecond
	assert.Empty(t, loaded(t, fs, cfg).Warnings())
}

func TestCheckRejectsOptionsWithOneMapInManyPlaces(t *testing.T) {
	t.Parallel()
	shared, circle := map[string]any{"a": 1}, map[string]any{}
	for range 60 {
		shared = map[string]any{"a": shared, "b": shared}
	}
	circle["a"], circle["b"] = circle, circle
	for want, options := range map[string]map[string]any{
		`enricher "a": option "a.a.a.a`:          circle,
		"too many values: at most 262144 in all": shared,
	} {
		_, err := load(t, factories{"a": giving(setting("a"))},
			enricher.Config{FailureEnrichers: []string{"a"}, Options: map[string]map[string]any{"a": options}})
		assert.ErrorContains(t, err, want)
	}
}

func textsOf(errs []error) (texts []string) {
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return texts
}

func TestCheckSurvivesDeclarationsThatExit(t *testing.T) {
	t.Parallel()
	exit := func() []string { runtime.Goexit(); return nil }
	e := loaded(t, nil, enricher.Config{},
		enricher.WithEnricher("outputs", keyed{setting(), exit, nil}),
		enricher.WithEnricher("inputs", keyed{setting(), func() []string { return nil }, exit}))
	assert.Equal(t, map[string]string{
		"outputs": `enricher "outputs": its declarations: panic: runtime.Goexit was called`,
		"inputs":  `enricher "inputs": its declarations: panic: runtime.Goexit was called`,
	}, refusals(e))
}
