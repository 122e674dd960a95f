package enrichertest

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
)

// Circumstances are a context with a name.
type circumstances struct {
	name string
	fc   enricher.FailureContext
}

// fullContext is what a good service knows of a failure.
func fullContext(reads []string) enricher.FailureContext {
	labels := enricher.Labels{"kind": "USER", "reason": "unknown", "owner": "shop"}
	for _, key := range reads {
		labels[key] = "value of " + key
	}
	return enricher.FailureContext{
		ID:            "failure-2",
		RootID:        "failure-1",
		Type:          enricher.FailureTypeTask,
		JobID:         "job-42",
		JobName:       "load orders",
		TaskName:      "parse",
		TaskManagerID: "worker-7",
		Endpoint:      "10.0.0.7:6122",
		Attempt:       2,
		MaxAttempts:   3,
		Time:          time.Date(2024, 2, 29, 23, 59, 59, 999, time.UTC),
		Attributes:    map[string]string{"team": "shop", "version": "1.2.3"},
		Labels:        labels,
	}
}

// contextsFor returns contexts to trip over: some for everybody, one for each value
// of each attribute, and of each label that the enricher reads.
func contextsFor(reads, attributes []string) []circumstances {
	all := []circumstances{
		{"of a whole job", enricher.FailureContext{Type: enricher.FailureTypeGlobal}},
		{"of a worker", enricher.FailureContext{Type: enricher.FailureTypeTaskManager, TaskManagerID: "worker-7", Attempt: 3, MaxAttempts: 3}},
		{"of an unknown type", enricher.FailureContext{Type: 200}},
		{"its own root", enricher.FailureContext{ID: "1", RootID: "1", Attempt: 1, MaxAttempts: 1}},
		{"negative attempts", enricher.FailureContext{Attempt: -1, MaxAttempts: math.MinInt}},
		{"too many attempts", enricher.FailureContext{Attempt: math.MaxInt, MaxAttempts: 1}},
		{"long ago", enricher.FailureContext{Time: time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"far ahead", enricher.FailureContext{Time: time.Unix(1<<40, 0), Attributes: map[string]string{}}},
	}
	for _, h := range hostileTexts {
		all = append(all, circumstances{"everything is " + h.name, everywhere(h.text)})
	}
	all = append(all, circumstances{"many attributes", manyAttributes()})
	for _, name := range attributes {
		for _, h := range hostileTexts {
			fc := fullContext(reads)
			fc.Attributes[name] = h.text
			all = append(all, circumstances{fmt.Sprintf("attribute %q is %s", name, h.name), fc})
		}
	}
	return append(all, labelContexts(reads)...)
}

// labelContexts returns contexts for a LabelReader: each label is there alone, and
// has every sort of value. Other enrichers cannot set values that are not valid.
func labelContexts(reads []string) (all []circumstances) {
	for _, key := range reads {
		if key == "*" {
			key = "any"
		}
		all = append(all, circumstances{fmt.Sprintf("label %q alone", key), enricher.FailureContext{Labels: enricher.Labels{key: "USER"}}})
		for _, h := range hostileTexts {
			if fault(h.text, enricher.DefaultMaxValueLength) != "" {
				continue
			}
			fc := fullContext(reads)
			fc.Labels[key] = h.text
			all = append(all, circumstances{fmt.Sprintf("label %q is %s", key, h.name), fc})
		}
	}
	return all
}

// hostileTexts are what a string may be that comes from elsewhere.
var hostileTexts = []struct{ name, text string }{
	{"empty", ""},
	{"white space", " \t\n"},
	{"not UTF-8", "\xff\xfe caf\xe9"},
	{"control characters", "\x00\x1b[31m\r\x7f"},
	{"markup", `<a href="javascript:alert(1)">&'{{.}}%s$1`},
	{"as long as a label can be", strings.Repeat("x", enricher.DefaultMaxValueLength)},
	{"100 kB", strings.Repeat("\u20ac", 100_000/3)},
}

// everywhere returns a context whose strings are all the same.
func everywhere(text string) enricher.FailureContext {
	return enricher.FailureContext{
		ID: text, RootID: text, JobID: text, JobName: text, TaskName: text, TaskManagerID: text, Endpoint: text,
		Attributes: map[string]string{text: text, "team": text},
	}
}

func manyAttributes() enricher.FailureContext {
	attributes := map[string]string{"team": "shop"}
	for i := range 5000 {
		attributes[fmt.Sprintf("attribute-%d\xff", i)] = "value"
	}
	return enricher.FailureContext{Attributes: attributes}
}
