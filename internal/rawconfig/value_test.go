package rawconfig_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/rawconfig"
)

func TestMapsOfEveryStringKeyAreMaps(t *testing.T) {
	t.Parallel()
	type key string
	type options map[key]any
	got := parse(t, M{
		"jobmanager": map[any]any{
			"failure-enrichers": []any{"a"},
			key("failure-enricher"): map[key]map[any]any{
				"a": {
					"strings": map[string]string{"x": "y"},
					"own":     options{"x": map[string]int{"y": 1}},
					"pointer": &map[string]any{"x": new(1)},
					"list":    []map[any]any{{"x": 1}, nil},
				},
			},
			"failure-enrichment": map[string]map[string]string{"policy": {"timeout": "1s"}},
		},
	})
	assert.Equal(t, rawconfig.Config{
		Enrichers: []string{"a"},
		Options: map[string]map[string]any{"a": {
			"strings": M{"x": "y"},
			"own":     M{"x": M{"y": 1}},
			"pointer": M{"x": 1},
			"list":    []any{M{"x": 1}, M{}},
		}},
		Enrichment: M{"policy": M{"timeout": "1s"}},
	}, got)
}

func TestScalarsAndListsOfThemKeepTheirType(t *testing.T) {
	t.Parallel()
	at, link, fn := time.Unix(0, 0), &url.URL{Host: "x"}, make(chan int)
	type knot *knot
	var self knot
	self = &self
	options := M{
		"duration": time.Second, "uint": uint8(1), "float": 1.5, "time": at, "nil": nil,
		"strings": []string{"x"}, "bytes": []byte("x"), "empty": []int{}, "none": []string(nil), "array": [2]int{1, 2},
		"struct": link, "chan": fn, "knot": self, "times": []time.Time{at}, "nil pointer": (*int)(nil),
	}
	got := parse(t, M{"failure-enricher": M{"a": options}}).Options["a"]

	want := M{}
	for key, value := range options {
		want[key] = value
	}
	want["times"], want["nil pointer"] = []any{at}, nil
	assert.Equal(t, want, got)
	assert.Same(t, link, got["struct"])
}

func TestNothingInTheConfigIsSharedWithItsSource(t *testing.T) {
	t.Parallel()
	source := func() M {
		return M{
			"failure-enrichers": []string{"a"},
			"failure-enricher": M{"a": M{
				"map":     M{"x": M{"y": 1}},
				"list":    []any{[]any{1}, M{"x": 1}},
				"strings": []string{"x"},
				"nested":  [][]int{{1}},
				"pointer": &[]int{1},
			}},
			"failure-enrichment": M{"policy": M{"x": 1}, "policies": M{"a": M{"x": 1}}},
		}
	}
	raw := source()
	cfg := parse(t, raw)
	options := cfg.Options["a"]

	cfg.Enrichers[0] = "changed"
	options["map"].(M)["x"].(M)["y"] = "changed"
	options["list"].([]any)[0].([]any)[0] = "changed"
	options["list"].([]any)[1].(M)["x"] = "changed"
	options["strings"].([]string)[0] = "changed"
	options["nested"].([]any)[0].([]int)[0] = 2
	options["pointer"].([]int)[0] = 2
	options["new"] = "changed"
	cfg.Options["new"] = nil
	cfg.Enrichment["policy"].(M)["x"] = "changed"
	cfg.Policies["a"]["x"] = "changed"

	assert.Equal(t, source(), raw)
}

func TestKeysThatReadTheSameAreAnError(t *testing.T) {
	t.Parallel()
	type key string
	raw := M{"failure-enricher": M{"a": map[any]any{"x": 1, key("x"): 2, "y": map[any]any{
		"z": 1, key("z"): 2, "zz": map[any]any{1: 2},
	}}}}
	for range 20 {
		assert.Equal(t, []string{
			`"failure-enricher.a.x": given twice in the same map: keep one of them`,
			`"failure-enricher.a.y.z": given twice in the same map: keep one of them`,
			`"failure-enricher.a.y.zz": found a number as a key, want a string: put it in quotes`,
		}, faults(t, raw))
	}
}

func TestNestingHasALimit(t *testing.T) {
	t.Parallel()
	nested := func(levels int) any {
		var v any = "x"
		for i := range levels {
			if i%2 == 0 {
				v = M{"k": v}
			} else {
				v = []any{v}
			}
		}
		return v
	}
	parse(t, M{"failure-enricher": M{"a": M{"o": nested(63)}}})
	parse(t, M{"jobmanager.failure-enricher.a." + strings.Repeat("o.", 63) + "o": 1})

	assert.Equal(t, []string{
		`"failure-enricher.a.o` + strings.Repeat("[0].k", 32) + `": nested more than 64 levels deep`,
	}, faults(t, M{"failure-enricher": M{"a": M{"o": nested(64)}}}))
	assert.Equal(t, []string{
		`"failure-enricher.a.` + strings.Repeat("o.", 64) + `o": nested more than 64 levels deep`,
	}, faults(t, M{"failure-enricher.a." + strings.Repeat("o.", 64) + "o": 1}))
}

func TestAConfigurationThatContainsItselfIsAnError(t *testing.T) {
	t.Parallel()
	twice := M{}
	twice["a"], twice["b"] = twice, twice
	once := M{}
	once["a"] = once
	list := make([]any, 2)
	list[0], list[1] = list, list
	whole := M{"jobmanager": M{}}
	whole["jobmanager"].(M)["failure-enricher"] = whole
	name := strings.Repeat("a.", 70) + "a"

	tests := []struct {
		sentence string
		raw      M
		want     string
	}{
		{"a map", M{"failure-enricher": twice}, `"failure-enricher` + strings.Repeat(".a", 66) + `": nested more than 64 levels deep`},
		{"a list", M{"failure-enrichment.timeout": list}, `"failure-enrichment.timeout` + strings.Repeat("[0]", 64) + `": nested more than 64 levels deep`},
		{"the whole", whole, `"jobmanager.failure-enricher` + strings.Repeat(".jobmanager.failure-enricher", 33) + `": nested more than 64 levels deep`},
		{"a map in the place of a name", M{"failure-enrichers": name, "failure-enricher": twice}, `"failure-enricher` + strings.Repeat(".a", 65) + `": nested more than 64 levels deep`},
		{"a map with one key there", M{"failure-enrichers": name, "failure-enricher": once}, `"failure-enricher` + strings.Repeat(".a", 65) + `": nested more than 64 levels deep`},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, []string{tt.want}, faults(t, tt.raw))
		})
	}
}

func TestAMapThatIsThereManyTimesOverIsAnError(t *testing.T) {
	t.Parallel()
	maps, lists := M{}, make([]string, 1000)
	for i := range 30 {
		maps = M{"a": maps, "b": maps, "i": i}
	}
	assert.Equal(t, []string{"more than 262144 values"}, reasons(faults(t, M{"failure-enricher": M{"a": maps}})))

	many := make([][]string, 1000)
	for i := range many {
		many[i] = lists
	}
	assert.Equal(t, []string{"more than 262144 values"}, reasons(faults(t, M{"failure-enricher": M{"a": M{"b": many}}})))
}

func TestValuesAreAllowedUpTo262144(t *testing.T) {
	t.Parallel()
	parse(t, M{"failure-enricher": M{"a": M{"many": make([]int, 1<<18-2), "one": 1}}})
	assert.Equal(t, []string{`"failure-enricher.a.one": more than 262144 values`},
		faults(t, M{"failure-enricher": M{"a": M{"many": make([]int, 1<<18-1), "one": 1}}}))
}

func TestCaseIsThatOfAllLetters(t *testing.T) {
	t.Parallel()
	got := parse(t, M{
		"failure-enrichers":                []string{"rules/ÄRZTE", "\u212a.type"}, // a Kelvin sign, longer than its lower case
		"failure-enricher.rules/ärzte.a.b": 1,
		"failure-enricher.k.TYPE.a.b":      2,
	})
	assert.Equal(t, map[string]map[string]any{
		"rules/ÄRZTE": {"a": M{"b": 1}},
		"\u212a.type": {"a": M{"b": 2}},
	}, got.Options)
}

// reasons are the messages without their paths.
func reasons(messages []string) []string {
	for i, message := range messages {
		messages[i] = message[strings.LastIndex(message, `": `)+3:]
	}
	return messages
}
