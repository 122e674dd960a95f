package enricher_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestConfigErrorNamesTheEnricherAndTheOption(t *testing.T) {
	t.Parallel()
	why := errors.New("must be a string")
	assert.EqualError(t, &enricher.ConfigError{Enricher: "rules", Option: "file", Err: why},
		`enricher "rules": option "file": must be a string`)
	err := error(&enricher.ConfigError{Option: "failure-enrichment.timeout", Err: why})
	assert.EqualError(t, err, `option "failure-enrichment.timeout": must be a string`)
	assert.ErrorIs(t, err, why)
}

func TestConfigRejectsNumbersOutOfRange(t *testing.T) {
	t.Parallel()
	fs := factories{"rules": enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		assert.Fail(t, "a factory was called")
		return setting(), nil
	})}
	messages := func(negative, count, length string) (all []string) {
		const section = `option "failure-enrichment.`
		for _, policy := range []string{section + "policy.", `enricher "Rules": ` + section + "policies.Rules.", `enricher "b": ` + section + "policies.b."} {
			if negative != "" {
				all = append(all, policy+`timeout": `+negative)
			}
			all = append(all, policy+`max-concurrent": `+count)
			if negative != "" {
				all = append(all, policy+`breaker-cooldown": `+negative)
			}
		}
		before := []string{section + `max-pending": ` + count}
		if negative != "" {
			before = []string{section + `timeout": ` + negative, before[0]}
		}
		return slices.Concat(before, all, []string{section + `limits.max-labels": ` + count, section + `limits.max-value-length": ` + length})
	}
	for _, test := range []struct {
		time time.Duration
		n    int
		want []string
	}{
		{-1, -1, messages("-1ns: must be positive, or 0 for the default", "-1: must be from 1 to 1048576, or 0 for the default", "-1: must be from 1 to 1048576, or 0 for the default")},
		{0, 1<<20 + 1, messages("", "1048577: must be from 1 to 1048576, or 0 for the default", "1048577: must be from 1 to 1048576, or 0 for the default")},
	} {
		policy := enricher.Policy{Timeout: test.time, MaxConcurrent: test.n, BreakerThreshold: -1, BreakerCooldown: test.time}
		e, err := load(t, fs, enricher.Config{
			FailureEnrichers: []string{"rules"},
			Timeout:          test.time, MaxPending: test.n, Policy: policy,
			Policies: map[string]enricher.Policy{"b": policy, "Rules": policy},
			Limits:   enricher.Limits{MaxLabels: test.n, MaxValueLength: test.n},
		})
		assert.Nil(t, e)
		var got []string
		for _, ce := range configErrorsOf(t, err) {
			got = append(got, ce.Error())
		}
		assert.Equal(t, test.want, got)
	}
}

func TestConfigAcceptsTheLargestNumbers(t *testing.T) {
	t.Parallel()
	largest := enricher.Policy{
		Timeout: math.MaxInt64, MaxConcurrent: 1 << 20,
		BreakerThreshold: math.MaxInt, BreakerCooldown: math.MaxInt64,
	}
	fe := enricher.Func([]string{"key"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"key": "value"}, nil
	})
	e := loaded(t, factories{"rules": giving(fe)}, enricher.Config{
		FailureEnrichers: []string{"rules"},
		Timeout:          math.MaxInt64,
		MaxPending:       1 << 20,
		Policy:           largest,
		Policies:         map[string]enricher.Policy{"rules": largest},
		Limits:           enricher.Limits{MaxLabels: 1 << 20, MaxValueLength: 1 << 20},
	})
	assert.Equal(t, enricher.Labels{"key": "value"}, e.Enrich(errors.New("failed")))
}

// policed tells of an enricher under a policy what the policy was resolved to:
// the time that a call is given, and the errors of a saturated enricher and of
// an open breaker, or "" where it stays closed for 20 panics.
func policed(t *testing.T, name string, cfg enricher.Config) (timeout time.Duration, saturated, open string) {
	t.Helper()
	var fn func(context.Context) (enricher.Labels, error)
	fe := enricher.Func(nil, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
		return fn(ctx)
	})
	cfg.FailureEnrichers = []string{name}
	failure := errors.New("failed")
	synctest.Test(t, func(t *testing.T) {
		registered, _, _ := strings.Cut(name, "/")
		e := loaded(t, factories{registered: giving(fe)}, cfg)
		fn = func(ctx context.Context) (enricher.Labels, error) {
			end, ok := ctx.Deadline()
			assert.True(t, ok)
			timeout = time.Until(end)
			return nil, nil
		}
		e.Enrich(failure)

		release := make(chan struct{})
		fn = func(context.Context) (enricher.Labels, error) { <-release; return nil, nil }
		var futures []*enricher.Future
		for range enricher.DefaultMaxConcurrent + 1 {
			futures = append(futures, e.EnrichAsync(context.Background(), failure, enricher.FailureContext{}))
			synctest.Wait()
		}
		for _, future := range futures {
			if o := future.Result().Outcomes[0]; o.Status == enricher.StatusSaturated {
				saturated = o.Err.Error()
			}
		}
		close(release)
	})
	synctest.Test(t, func(t *testing.T) {
		registered, _, _ := strings.Cut(name, "/")
		e := loaded(t, factories{registered: giving(fe)}, cfg)
		fn = func(context.Context) (enricher.Labels, error) { panic("boom") }
		for range 20 {
			o := e.EnrichContext(context.Background(), failure, enricher.FailureContext{}).Outcomes[0]
			if o.Status == enricher.StatusCircuitOpen {
				open = o.Err.Error()
			}
		}
	})
	return timeout, saturated, open
}

func TestPolicyFallsBackToThatForAllAndThenToTheDefault(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		all, own  enricher.Policy
		timeout   time.Duration
		saturated int
		open      string
	}{
		"the default": {
			timeout: time.Second, saturated: 64,
			open: "circuit breaker is open for 10s after 5 timeouts or panics in a row",
		},
		"that for all": {
			all:     enricher.Policy{Timeout: 200 * time.Millisecond, MaxConcurrent: 3, BreakerThreshold: 2, BreakerCooldown: time.Minute},
			timeout: 200 * time.Millisecond, saturated: 3,
			open: "circuit breaker is open for 1m0s after 2 timeouts or panics in a row",
		},
		"its own": {
			all:     enricher.Policy{Timeout: 200 * time.Millisecond, MaxConcurrent: 3, BreakerThreshold: -1, BreakerCooldown: time.Minute},
			own:     enricher.Policy{Timeout: 300 * time.Millisecond, MaxConcurrent: 1, BreakerThreshold: 4, BreakerCooldown: time.Hour},
			timeout: 300 * time.Millisecond, saturated: 1,
			open: "circuit breaker is open for 1h0m0s after 4 timeouts or panics in a row",
		},
		"some of each": {
			all:     enricher.Policy{MaxConcurrent: 3, BreakerThreshold: 2},
			own:     enricher.Policy{Timeout: 300 * time.Millisecond, BreakerThreshold: 3},
			timeout: 300 * time.Millisecond, saturated: 3,
			open: "circuit breaker is open for 10s after 3 timeouts or panics in a row",
		},
		"no breaker": {
			all:     enricher.Policy{BreakerThreshold: 2},
			own:     enricher.Policy{BreakerThreshold: -7},
			timeout: time.Second, saturated: 64,
		},
		"more than the budget": {
			own:     enricher.Policy{Timeout: time.Hour, BreakerThreshold: math.MinInt},
			timeout: time.Second, saturated: 64,
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			timeout, saturated, open := policed(t, "Rules/Payments", enricher.Config{
				Policy:   test.all,
				Policies: map[string]enricher.Policy{"rules/payments": test.own, "rules": {Timeout: 1}},
			})
			assert.Equal(t, test.timeout, timeout)
			assert.Equal(t, fmt.Sprintf("concurrency limit reached (%d)", test.saturated), saturated)
			assert.Equal(t, test.open, open)
		})
	}
}

func TestConfigTimeoutIsTheBudget(t *testing.T) {
	t.Parallel()
	timeout, _, _ := policed(t, "rules", enricher.Config{Timeout: 5 * time.Second})
	assert.Equal(t, 5*time.Second, timeout)
	timeout, _, _ = policed(t, "rules", enricher.Config{})
	assert.Equal(t, enricher.DefaultTimeout, timeout)
}

func TestLimitsFallBackToTheDefaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ limits, want enricher.Limits }{
		{enricher.Limits{}, enricher.Limits{MaxLabels: 64, MaxValueLength: 1024}},
		{enricher.Limits{MaxLabels: 2}, enricher.Limits{MaxLabels: 2, MaxValueLength: 1024}},
		{enricher.Limits{MaxValueLength: 3}, enricher.Limits{MaxLabels: 64, MaxValueLength: 3}},
	} {
		labels := enricher.Labels{}
		for i := range 100 {
			labels[fmt.Sprintf("key-%02d", i)] = strings.Repeat("x", 2000)
		}
		fe := enricher.Func(labels.Keys(), func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return labels, nil
		})
		e := loaded(t, nil, enricher.Config{Limits: test.limits}, enricher.WithEnricher("many", fe))
		got := e.Enrich(errors.New("failed"))
		assert.Len(t, got, test.want.MaxLabels)
		assert.Len(t, got["key-00"], test.want.MaxValueLength)
	}
}

func TestConfigMatchesNamesWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	var got []fileOptions
	var log loadLog
	loaded(t, factories{"Rules": keeping(fileOptions{}, &got)}, enricher.Config{
		FailureEnrichers: []string{"Rules/Payments"},
		Options:          map[string]map[string]any{"rules/PAYMENTS": {"file": "x"}},
		Policies:         map[string]enricher.Policy{"RULES/payments": {MaxConcurrent: 1}},
		Strict:           true,
	}, log.option())
	assert.Equal(t, []fileOptions{{File: "x"}}, got)
	assert.Equal(t, []string{`level=INFO msg="Found failure enricher" enricher=Rules/Payments output_keys=[]`}, log.lines())
}

func TestConfigRejectsNamesThatDifferOnlyInCase(t *testing.T) {
	t.Parallel()
	fs := factories{"rules": giving(setting())}
	_, err := load(t, fs, enricher.Config{FailureEnrichers: []string{"rules/a", "rules/b", "rules/A"}})
	assert.EqualError(t, err, `enricher "rules/A": option "failure-enrichers": conflicts with "rules/a": names are case-insensitive`)
	configErrorsOf(t, err)

	_, err = load(t, fs, enricher.Config{
		FailureEnrichers: []string{"rules"},
		Options:          map[string]map[string]any{"rules": {"a": 1}, "RULES": {"a": 2}},
		Policies:         map[string]enricher.Policy{"rules": {}, "Rules": {}, "other": {}},
	})
	assert.EqualError(t, err, `enricher "rules": option "failure-enricher": conflicts with "RULES": names are case-insensitive
enricher "rules": option "failure-enrichment.policies": conflicts with "Rules": names are case-insensitive`)
	configErrorsOf(t, err)
}

// inAllSpellings returns one configuration in every spelling, made of what
// loaders yield.
func inAllSpellings() map[string]map[string]any {
	type m = map[string]any
	sections := func() m {
		return m{
			"failure-enrichers": []any{"rules/payments", "Owner", "acme.rules"},
			"failure-enricher": m{
				"rules/payments": m{"file": "rules.json", "retry": m{"max": 3}, "tags": []any{"a", "b"}},
				"Owner":          m{"url": "http://owners"},
				"acme.rules":     m{"file": "acme.json"},
			},
			"failure-enrichment": m{
				"timeout": "2s", "strict": true, "max-pending": 7,
				"policy":   m{"timeout": "1s", "max-concurrent": 8, "breaker-threshold": -1, "breaker-cooldown": "1m"},
				"policies": m{"rules/payments": m{"timeout": "200ms"}, "acme.rules": m{"max-concurrent": 2}},
				"limits":   m{"max-labels": 16, "max-value-length": 256},
			},
		}
	}
	beside := m{"jobmanager": sections(), "logging": m{"level": "info"}}
	beside["jobmanager"].(m)["rpc"] = m{"port": 6123}
	return map[string]m{
		"nested":                        beside,
		"without the level jobmanager":  sections(),
		"flat, as of a property file":   flat("jobmanager.", "rules/payments, Owner , ,acme.rules"),
		"flat without jobmanager":       flat("", "rules/payments,Owner,acme.rules"),
		"lower-cased and split at dots": lowered(),
		"with keys of any type": {"jobmanager": map[any]any{
			"failure-enrichers":  []string{"rules/payments", "Owner", "acme.rules"},
			"failure-enricher":   sections()["failure-enricher"],
			"failure-enrichment": sections()["failure-enrichment"],
		}},
		"decoded JSON": decodedJSON(beside),
		"a section each": {
			"jobmanager.failure-enrichers": "rules/payments,Owner,acme.rules",
			"jobmanager":                   m{"failure-enricher": sections()["failure-enricher"]},
			"failure-enrichment":           sections()["failure-enrichment"],
		},
	}
}

// flat returns the configuration as a map without maps in it, all strings. The
// option retry.max has to be nested for a Config to be the same.
func flat(prefix, names string) map[string]any {
	all := map[string]any{"failure-enrichers": names}
	for key, value := range map[string]string{
		"failure-enricher.rules/payments.file":                  "rules.json",
		"failure-enricher.owner.url":                            "http://owners",
		"failure-enricher.acme.rules.file":                      "acme.json",
		"failure-enrichment.timeout":                            "2s",
		"failure-enrichment.strict":                             "true",
		"failure-enrichment.max-pending":                        "7",
		"failure-enrichment.policy.timeout":                     "1s",
		"failure-enrichment.policy.max-concurrent":              "8",
		"failure-enrichment.policy.breaker-threshold":           "-1",
		"failure-enrichment.policy.breaker-cooldown":            "1m",
		"failure-enrichment.policies.rules/payments.timeout":    "200ms",
		"failure-enrichment.policies.acme.rules.max-concurrent": "2",
		"failure-enrichment.limits.max-labels":                  "16",
		"failure-enrichment.limits.max-value-length":            "256",
	} {
		all[key] = value
	}
	all["failure-enricher.rules/payments.retry.max"] = 3
	all["failure-enricher.rules/payments.tags"] = []any{"a", "b"}
	keys := map[string]any{}
	for key, value := range all {
		keys[prefix+key] = value
	}
	if prefix != "" {
		keys["logging.level"] = "info"
		keys["jobmanager.rpc.port"] = "6123"
	}
	return keys
}

// lowered returns the configuration as viper's AllSettings has it.
func lowered() map[string]any {
	type m = map[string]any
	return m{"jobmanager": m{
		"failure-enrichers": "rules/payments,Owner,acme.rules",
		"failure-enricher": m{
			"rules/payments": m{"file": "rules.json", "retry": m{"max": 3}, "tags": []any{"a", "b"}},
			"owner":          m{"url": "http://owners"},
			"acme":           m{"rules": m{"file": "acme.json"}},
		},
		"failure-enrichment": m{
			"timeout": 2 * time.Second, "strict": "true", "max-pending": int64(7),
			"policy":   m{"timeout": "1s", "max-concurrent": "8", "breaker-threshold": "-1", "breaker-cooldown": "1m"},
			"policies": m{"rules/payments": m{"timeout": "200ms"}, "acme": m{"rules": m{"max-concurrent": 2}}},
			"limits":   m{"max-labels": uint8(16), "max-value-length": 256},
		},
	}}
}

// decodedJSON returns what package json makes of v.
func decodedJSON(v any) map[string]any {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(text, &decoded); err != nil {
		panic(err)
	}
	return decoded
}

func TestParseConfigReadsTheSameFromEverySpelling(t *testing.T) {
	t.Parallel()
	for spelling, raw := range inAllSpellings() {
		var max any = 3
		if spelling == "decoded JSON" {
			max = 3.0
		}
		cfg, err := enricher.ParseConfig(raw)
		require.NoError(t, err, spelling)
		assert.Equal(t, enricher.Config{
			FailureEnrichers: []string{"rules/payments", "Owner", "acme.rules"},
			Options: map[string]map[string]any{
				"rules/payments": {"file": "rules.json", "retry": map[string]any{"max": max}, "tags": []any{"a", "b"}},
				"Owner":          {"url": "http://owners"},
				"acme.rules":     {"file": "acme.json"},
			},
			Timeout: 2 * time.Second,
			Policy: enricher.Policy{
				Timeout: time.Second, MaxConcurrent: 8, BreakerThreshold: -1, BreakerCooldown: time.Minute,
			},
			Policies: map[string]enricher.Policy{
				"rules/payments": {Timeout: 200 * time.Millisecond},
				"acme.rules":     {MaxConcurrent: 2},
			},
			Limits:     enricher.Limits{MaxLabels: 16, MaxValueLength: 256},
			MaxPending: 7,
			Strict:     true,
		}, cfg, spelling)
	}
}

func TestParseConfigNeitherChangesNorKeepsItsInput(t *testing.T) {
	t.Parallel()
	for spelling, raw := range inAllSpellings() {
		cfg, err := enricher.ParseConfig(raw)
		require.NoError(t, err)
		assert.Equal(t, inAllSpellings()[spelling], raw, spelling)
		spoil(raw)
		again, err := enricher.ParseConfig(inAllSpellings()[spelling])
		require.NoError(t, err)
		assert.Equal(t, again, cfg, spelling)
	}
}

// spoil changes everything that can be changed in v.
func spoil(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			spoil(value)
			v[key] = "spoilt"
		}
	case map[any]any:
		for key, value := range v {
			spoil(value)
			v[key] = "spoilt"
		}
	case []any:
		for i := range v {
			spoil(v[i])
			v[i] = "spoilt"
		}
	case []string:
		for i := range v {
			v[i] = "spoilt"
		}
	}
}

func TestParseConfigReturnsZeroWithoutFailureEnrichment(t *testing.T) {
	t.Parallel()
	for what, raw := range map[string]map[string]any{
		"nil":            nil,
		"empty":          {},
		"of others":      {"logging": map[string]any{"level": "info"}, "jobmanager.rpc.port": 6123},
		"an empty level": {"jobmanager": nil},
		"empty sections": {"jobmanager": map[string]any{"failure-enrichers": nil, "failure-enricher": nil, "failure-enrichment": nil}},
	} {
		cfg, err := enricher.ParseConfig(raw)
		assert.NoError(t, err, what)
		assert.Equal(t, enricher.Config{}, cfg, what)
	}
}

func TestParseConfigSplitsNamesAsFlinkDoes(t *testing.T) {
	t.Parallel()
	for given, want := range map[string][]string{
		"a":                {"a"},
		" a ,\tb\n,c":      {"a", "b", "c"},
		",a,, ,b,":         {"a", "b"},
		"a;b":              {"a;b"},
		"a b":              {"a b"},
		"b,a,b":            {"b", "a", "b"},
		"rules/x, rules/y": {"rules/x", "rules/y"},
	} {
		cfg, err := enricher.ParseConfig(map[string]any{"jobmanager.failure-enrichers": given})
		require.NoError(t, err)
		assert.Equal(t, want, cfg.FailureEnrichers, given)
	}
	cfg, err := enricher.ParseConfig(map[string]any{"failure-enrichers": " , "})
	require.NoError(t, err)
	assert.Equal(t, []string{}, cfg.FailureEnrichers, "an empty list is meant")
	cfg, err = enricher.ParseConfig(map[string]any{"failure-enrichers": []any{"a, b", " c "}})
	require.NoError(t, err)
	assert.Equal(t, []string{"a, b", " c "}, cfg.FailureEnrichers, "the names of a list are taken as they are")
}

func TestParseConfigFindsTheLongestConfiguredName(t *testing.T) {
	t.Parallel()
	cfg, err := enricher.ParseConfig(map[string]any{
		"jobmanager.failure-enrichers":                                    "acme, acme.rules, acme.rules/eu",
		"jobmanager.failure-enricher.acme.file":                           "1",
		"jobmanager.failure-enricher.acme.rules.file":                     "2",
		"jobmanager.failure-enricher.acme.rules/eu.file":                  "3",
		"jobmanager.failure-enricher.other.deep.file":                     "4",
		"jobmanager.failure-enrichment.policies.acme.rules.timeout":       "1s",
		"jobmanager.failure-enrichment.policies.other.max-concurrent":     "1",
		"jobmanager.failure-enrichment.policies.ACME.breaker-threshold":   "-1",
		"jobmanager.failure-enrichment.policies.acme.rules/eu.Timeout":    "2s",
		"jobmanager.failure-enrichment.policies.acme.max_concurrent":      "2",
		"jobmanager.failure-enrichment.policies.ACME.breaker-cooldown":    "3s",
		"jobmanager.failure-enrichment.policies.acme.rules.MaxConcurrent": "4",
	})
	require.NoError(t, err)
	assert.Equal(t, map[string]map[string]any{
		"acme":          {"file": "1"},
		"acme.rules":    {"file": "2"},
		"acme.rules/eu": {"file": "3"},
		"other":         {"deep": map[string]any{"file": "4"}},
	}, cfg.Options)
	assert.Equal(t, map[string]enricher.Policy{
		"acme":          {MaxConcurrent: 2, BreakerThreshold: -1, BreakerCooldown: 3 * time.Second},
		"acme.rules":    {Timeout: time.Second, MaxConcurrent: 4},
		"acme.rules/eu": {Timeout: 2 * time.Second},
		"other":         {MaxConcurrent: 1},
	}, cfg.Policies)
}

func TestParseConfigReturnsAllThatIsWrongAsConfigErrors(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	cfg, err := enricher.ParseConfig(m{
		"jobmanager": m{
			"failure-enrichers":  []any{"a", 1},
			"failure-enricher":   m{"a": 2},
			"failure-enrichment": m{"timeot": "1s", "strict": "yes", "policy": m{"timeout": "5"}, "policies": m{"b": m{"max-concurent": 4}}},
		},
		"failure-enrichment.limits.max-labels": 1,
	})
	assert.Equal(t, enricher.Config{}, cfg)
	assert.EqualError(t, err, `option "failure-enrichment.limits.max-labels": failure-enrichment is also given as "jobmanager: failure-enrichment": move this key there
option "jobmanager.failure-enricher.a": 2: must be a map; options belong under jobmanager.failure-enricher.NAME, settings under jobmanager.failure-enrichment
option "jobmanager.failure-enrichers[1]": 1: must be a string, in quotes; options belong under jobmanager.failure-enricher
option "jobmanager.failure-enrichment.policies.b.max-concurent": unknown, did you mean "max-concurrent"? known options: breaker-cooldown, breaker-threshold, max-concurrent, timeout
option "jobmanager.failure-enrichment.policy.timeout": "5": must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"
option "jobmanager.failure-enrichment.strict": "yes": must be true or false
option "jobmanager.failure-enrichment.timeot": unknown, did you mean "timeout"? known options: limits, max-pending, policies, policy, strict, timeout`)
	configErrorsOf(t, err)
}

func TestParseConfigJudgesFormAndNewJudgesNamesAndNumbers(t *testing.T) {
	t.Parallel()
	cfg, err := enricher.ParseConfig(map[string]any{
		"failure-enrichers":                        "no such, thing",
		"failure-enrichment.timeout":               "-1s",
		"failure-enrichment.policy.max-concurrent": "-3",
	})
	require.NoError(t, err)
	assert.Equal(t, enricher.Config{
		FailureEnrichers: []string{"no such", "thing"},
		Timeout:          -time.Second,
		Policy:           enricher.Policy{MaxConcurrent: -3},
	}, cfg)
	_, err = load(t, nil, cfg)
	assert.EqualError(t, err, `option "failure-enrichment.timeout": -1s: must be positive, or 0 for the default
option "failure-enrichment.policy.max-concurrent": -3: must be from 1 to 1048576, or 0 for the default`)
}

func TestParseConfigTakesWhatALowerCasingLoaderYields(t *testing.T) {
	t.Parallel()
	var got []fileOptions
	cfg, err := enricher.ParseConfig(map[string]any{"jobmanager": map[string]any{
		"failure-enrichers":  []any{"Acme.Rules/Payments"},
		"failure-enricher":   map[string]any{"acme": map[string]any{"rules/payments": map[string]any{"dryrun": "true"}}},
		"failure-enrichment": map[string]any{"strict": "true", "policies": map[string]any{"acme.rules/payments": map[string]any{"maxconcurrent": "1"}}},
	}})
	require.NoError(t, err)
	e := loaded(t, factories{"Acme.Rules": keeping(fileOptions{}, &got)}, cfg)
	assert.Equal(t, []string{"Acme.Rules/Payments"}, namesOf(e))
	assert.Equal(t, []fileOptions{{DryRun: true}}, got)
}

func TestNewNeitherChangesNorKeepsItsConfig(t *testing.T) {
	t.Parallel()
	make := func() enricher.Config {
		return enricher.Config{
			FailureEnrichers: []string{"a", "b"},
			Options:          map[string]map[string]any{"a": {"x": []any{1}}},
			Policies:         map[string]enricher.Policy{"a": {BreakerThreshold: 1}},
		}
	}
	fe := enricher.Func([]string{"key"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		panic("boom")
	})
	cfg := make()
	e := loaded(t, factories{"a": giving(fe), "b": giving(setting())}, cfg)
	assert.Equal(t, make(), cfg)
	cfg.FailureEnrichers[0], cfg.FailureEnrichers[1] = "c", "d"
	maps.DeleteFunc(cfg.Policies, func(string, enricher.Policy) bool { return true })
	e.Enrich(errors.New("failed"))
	assert.Equal(t, enricher.BreakerOpen, e.Stats().Enrichers[0].Breaker)
	assert.Equal(t, []string{"a", "b"}, namesOf(e))
}

func TestParseConfigTellsAnEmptyListFromNone(t *testing.T) {
	t.Parallel()
	for _, empty := range []any{[]any{}, []string{}, "", " , "} {
		cfg, err := enricher.ParseConfig(map[string]any{"failure-enrichers": empty})
		require.NoError(t, err)
		assert.Equal(t, []string{}, cfg.FailureEnrichers, "%#v", empty)
	}
	for _, none := range []map[string]any{nil, {}, {"failure-enrichers": nil}, {"jobmanager": nil}} {
		cfg, err := enricher.ParseConfig(none)
		require.NoError(t, err)
		assert.Nil(t, cfg.FailureEnrichers, "%#v", none)
	}
}
