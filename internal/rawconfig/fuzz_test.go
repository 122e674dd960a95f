package rawconfig_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
	"github.com/failure-enrichers/enricher/internal/rawconfig"
)

// FuzzInto decodes JSON documents. What is read from one is spelt out again,
// nested and flat, and must be read as the same.
func FuzzInto(f *testing.F) {
	f.Fuzz(func(t *testing.T, document string) {
		var raw, same m
		if json.Unmarshal([]byte(document), &raw) != nil {
			return
		}
		require.NoError(t, json.Unmarshal([]byte(document), &same))
		var got, again config
		err := rawconfig.Into(raw, &got)
		require.Equal(t, same, raw, "raw is not changed")
		errAgain := rawconfig.Into(raw, &again)
		require.Equal(t, got, again)
		if err != nil {
			require.IsType(t, decode.Errors{}, err)
			require.EqualError(t, errAgain, err.Error())
			return
		}
		for _, name := range slices.AppendSeq(slices.Collect(maps.Keys(got.FailureEnricher)), maps.Keys(got.FailureEnrichment.Policies)) {
			if strings.Contains(name, ".") && !slices.Contains(got.FailureEnrichers, name) {
				return // a flat key splits such a name
			}
		}
		requireSpellings(t, got)
	})
}

func TestIntoReadsTheSameFromEverySpelling(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		requireSpellings(t, randomConfig(r))
	}
}

// requireSpellings requires that cfg, spelt in each way, is read as cfg.
func requireSpellings(t *testing.T, cfg config) {
	t.Helper()
	byName := func(all map[string]m) any {
		c := m{}
		for name, each := range all {
			c[name] = each
		}
		return c
	}
	sections := m{
		"failure-enrichers": cfg.FailureEnrichers,
		"failure-enricher":  byName(cfg.FailureEnricher),
		"failure-enrichment": m{
			"timeout": cfg.FailureEnrichment.Timeout, "max-pending": cfg.FailureEnrichment.MaxPending,
			"limits": cfg.FailureEnrichment.Limits, "policies": byName(cfg.FailureEnrichment.Policies),
		},
	}
	if cfg.FailureEnricher == nil {
		delete(sections, "failure-enricher")
	}
	if cfg.FailureEnrichment.Policies == nil {
		delete(sections["failure-enrichment"].(m), "policies")
	}
	flat := m{}
	for section, value := range sections {
		flatten(flat, "jobmanager."+section, value)
	}
	for spelling, raw := range map[string]m{"nested": {"jobmanager": sections}, "at the top": sections, "flat": flat} {
		require.Equal(t, cfg, parse(t, raw), "%s: %v", spelling, raw)
	}
}

// flatten adds value to flat, with its levels in the key as far as its keys mean
// the same behind a dot.
func flatten(flat m, key string, value any) {
	below, ok := value.(m)
	if !ok || len(below) == 0 {
		flat[key] = value
		return
	}
	isNames := key == "jobmanager.failure-enricher" || key == "jobmanager.failure-enrichment.policies"
	for part := range below {
		if strings.Contains(part, ".") && !isNames {
			flat[key] = value
			return
		}
	}
	for part, value := range below {
		flatten(flat, key+"."+part, value)
	}
}

// randomConfig makes a configuration of names that begin with each other and
// options that could be taken for the rest of a name.
func randomConfig(r *rand.Rand) (cfg config) {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var value func(depth int) any
	options := func(depth int) m {
		c := m{}
		for range r.IntN(4) {
			c[pick("file", "max-size", "X", "x", "d", "e.f", "ü", "1")] = value(depth + 1)
		}
		return c
	}
	value = func(depth int) any {
		switch n := r.IntN(6); {
		case n < 2 && depth < 5:
			return options(depth)
		case n == 2 && depth < 5:
			return []any{value(depth + 1), value(depth + 1)}
		case n == 3:
			return nil
		}
		return pick("", "a", "a,b")
	}
	cfg.FailureEnricher = map[string]m{"gone": {"x": 1}}
	cfg.FailureEnrichment.Policies = map[string]m{"gone": {"x": 1}}
	cfg.FailureEnrichment.Timeout = pick("", "1s")
	cfg.FailureEnrichers = []string{"none"}
	for _, name := range []string{"a", "a.b", "A.b.c", "rules", "rules/payments", "rules/v1.2"} {
		if r.IntN(3) == 0 {
			continue
		}
		cfg.FailureEnrichers = append(cfg.FailureEnrichers, name)
		if o := options(0); r.IntN(2) == 0 && len(o) > 0 {
			cfg.FailureEnricher[name] = o
		}
		if o := options(0); r.IntN(2) == 0 && len(o) > 0 {
			cfg.FailureEnrichment.Policies[name] = o
		}
	}
	return cfg
}
