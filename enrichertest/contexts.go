package enrichertest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// Circumstances are a context with a name.
type circumstances struct {
	name string
	fc   enricher.FailureContext
}

// fullContext is what a service can know of a failure.
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
		Attributes: map[string]string{
			"team": "shop", "version": "1.2.3", enricher.AttributeQueue: "orders", enricher.AttributeNamespace: "prod",
			enricher.AttributeTopic: "orders.created", enricher.AttributeRunID: "run-9",
		},
		Labels: labels,
	}
}

// hostileContexts returns contexts for any enricher, and one for each hostile text in
// each attribute of the author's contexts, and in each label that the enricher reads.
func hostileContexts(reads []string, own []circumstances) []circumstances {
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
	for _, h := range hostile.Texts() {
		all = append(all, circumstances{"everything is " + h.Name, enricher.FailureContext{
			ID: h.Text, RootID: h.Text, JobID: h.Text, JobName: h.Text, TaskName: h.Text, TaskManagerID: h.Text, Endpoint: h.Text,
			Attributes: map[string]string{
				h.Text: h.Text, "team": h.Text, enricher.AttributeQueue: h.Text, enricher.AttributeNamespace: h.Text,
				enricher.AttributeTopic: h.Text, enricher.AttributeRunID: h.Text,
			},
		}})
	}
	named := map[string]string{}
	for _, c := range own {
		maps.Copy(named, c.fc.Attributes)
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		for _, h := range hostile.Texts() {
			fc := fullContext(reads)
			fc.Attributes[name] = h.Text
			all = append(all, circumstances{fmt.Sprintf("attribute %q is %s", name, h.Name), fc})
		}
	}
	for _, key := range reads {
		if key == "*" {
			key = "any"
		}
		all = append(all, circumstances{fmt.Sprintf("label %q alone", key), enricher.FailureContext{Labels: enricher.Labels{key: "USER"}}})
		for _, h := range hostile.Texts() {
			if fault(h.Text) == "" { // or no other enricher could have set it
				fc := fullContext(reads)
				fc.Labels[key] = h.Text
				all = append(all, circumstances{fmt.Sprintf("label %q is %s", key, h.Name), fc})
			}
		}
	}
	return all
}
