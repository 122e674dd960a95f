package rawconfig_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/rawconfig"
)

// FuzzParse parses JSON documents. What parses is spelt out again, nested and
// flat, and has to parse to the same.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, document string) {
		var raw, same map[string]any
		if json.Unmarshal([]byte(document), &raw) != nil {
			return
		}
		require.NoError(t, json.Unmarshal([]byte(document), &same))

		cfg, _, err := rawconfig.Parse(raw)
		require.Equal(t, same, raw, "raw is not changed")
		again, _, errAgain := rawconfig.Parse(raw)
		require.Equal(t, cfg, again)
		require.Equal(t, err, errAgain)
		if err != nil {
			var fault *rawconfig.Error
			require.True(t, errors.As(err, &fault))
			return
		}
		requireSpellings(t, cfg)
	})
}

func TestTheNestedAndTheFlatSpellingAreTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		cfg := randomConfig(r)
		requireSpellings(t, cfg)
	}
}

// requireSpellings requires that cfg, spelt in each way, parses to cfg.
func requireSpellings(t *testing.T, cfg rawconfig.Config) {
	t.Helper()
	sections := nested(cfg)
	flat := M{"jobmanager.failure-enrichers": cfg.Enrichers}
	for _, section := range []string{"failure-enricher", "failure-enrichment"} {
		flatten(flat, "jobmanager."+section, sections[section])
	}
	for spelling, raw := range map[string]M{"nested": {"jobmanager": sections}, "at the top": sections, "flat": flat} {
		got, _, err := rawconfig.Parse(raw)
		require.NoError(t, err, "%s: %v", spelling, raw)
		require.Equal(t, cfg, got, "%s: %v", spelling, raw)
	}
}

// nested spells cfg in maps.
func nested(cfg rawconfig.Config) M {
	byName := func(all map[string]map[string]any) M {
		m := M{}
		for name, each := range all {
			m[name] = each
		}
		return m
	}
	enrichment := M{"policies": byName(cfg.Policies)}
	for key, value := range cfg.Enrichment {
		enrichment[key] = value
	}
	return M{
		"failure-enrichers":  cfg.Enrichers,
		"failure-enricher":   byName(cfg.Options),
		"failure-enrichment": enrichment,
	}
}

// flatten adds value to flat, with all its levels in the key that can be there.
func flatten(flat M, key string, value any) {
	m, ok := value.(M)
	if each, isEach := value.(map[string]map[string]any); isEach {
		m, ok = M{}, true
		for name, one := range each {
			m[name] = one
		}
	}
	if !ok || len(m) == 0 || !splits(key, m) {
		flat[key] = value
		return
	}
	for part, below := range m {
		flatten(flat, key+"."+part, below)
	}
}

// splits reports whether the keys of m mean the same behind a dot. One that
// holds dots itself does not, unless it is a name, nor do those which differ
// only in case.
func splits(key string, m M) bool {
	isNames := key == "jobmanager.failure-enricher" || key == "jobmanager.failure-enrichment.policies"
	seen := make(map[string]bool)
	for part := range m {
		lower := strings.ToLower(part)
		if seen[lower] || strings.Contains(part, ".") && !isNames {
			return false
		}
		seen[lower] = true
	}
	return true
}

// randomConfig makes a configuration of names that begin with each other and
// options that could be taken for the rest of a name.
func randomConfig(r *rand.Rand) rawconfig.Config {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var value func(depth int) any
	options := func(depth int) M {
		m := M{}
		for range r.IntN(4) {
			m[pick("file", "max-size", "X", "d", "e.f", "ü", "1")] = value(depth + 1)
		}
		return m
	}
	value = func(depth int) any {
		switch n := r.IntN(6); {
		case n < 2 && depth < 5:
			return options(depth)
		case n == 2 && depth < 5:
			return []any{value(depth + 1), value(depth + 1)}
		case n == 3:
			return nil
		default:
			return pick("", "a", "a,b")
		}
	}

	var cfg rawconfig.Config
	names := []string{"a", "a.b", "A.b.c", "rules", "rules/payments", "rules/v1.2"}
	for _, name := range names {
		if r.IntN(3) == 0 {
			continue
		}
		cfg.Enrichers = append(cfg.Enrichers, name)
		if r.IntN(2) == 0 {
			set(&cfg.Options, name, options(0))
		}
		if r.IntN(2) == 0 {
			set(&cfg.Policies, name, options(0))
		}
	}
	set(&cfg.Options, "gone", options(0))
	enrichment := M{}
	for _, key := range []string{"timeout", "Strict", "max-pending"} {
		if r.IntN(2) == 0 {
			enrichment[key] = value(0)
		}
	}
	for _, key := range []string{"policy", "LIMITS"} {
		if r.IntN(2) == 0 {
			enrichment[key] = options(0)
		}
	}
	if len(enrichment) > 0 {
		cfg.Enrichment = enrichment
	}
	return cfg
}

func set(all *map[string]map[string]any, name string, m M) {
	if *all == nil {
		*all = make(map[string]map[string]any)
	}
	(*all)[name] = m
}

func TestTheOrderOfMapsDoesNotShow(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		first, second := nested(randomConfig(r)), nested(randomConfig(r))
		raw := M{
			"jobmanager":                    first,
			"JobManager.failure-enricher":   second["failure-enricher"],
			"jobmanager.failure-enrichment": second["failure-enrichment"],
		}
		cfg, _, err := rawconfig.Parse(raw)
		for range 10 {
			again, _, errAgain := rawconfig.Parse(raw)
			assert.Equal(t, cfg, again)
			assert.Equal(t, err, errAgain)
		}
	}
}
