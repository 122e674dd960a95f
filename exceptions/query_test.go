package exceptions_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// sample has failures of three jobs, a minute apart.
func sample() *exceptions.History {
	h := exceptions.NewHistory(exceptions.Options{})
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, f := range []struct {
		job    string
		labels enricher.Labels
	}{
		{"a", enricher.Labels{"type": "USER", "team": "x"}},
		{"b", enricher.Labels{"type": "SYSTEM"}},
		{"a", enricher.Labels{"type": "SYSTEM", "team": "y"}},
		{"c", enricher.Labels{}},
		{"b", enricher.Labels{"type": "USER", "team": ""}},
	} {
		keep(h, errBoom, enricher.FailureContext{
			ID: fmt.Sprint(i), JobID: f.job, JobName: "job " + f.job, Time: start.Add(time.Duration(i) * time.Minute),
		}, f.labels)
	}
	keep(h, errBoom, enricher.FailureContext{ID: "5", RootID: "4", JobID: "b", Time: start}, enricher.Labels{"type": "OTHER"})
	return h
}

func TestEntriesAreFilteredThenLimited(t *testing.T) {
	t.Parallel()
	h := sample()
	for _, c := range []struct {
		query     exceptions.Query
		want      []string
		truncated bool
	}{
		{exceptions.Query{}, []string{"4", "3", "2", "1", "0"}, false},
		{exceptions.Query{Limit: 2}, []string{"4", "3"}, true},
		{exceptions.Query{Limit: 5}, []string{"4", "3", "2", "1", "0"}, false},
		{exceptions.Query{Limit: -1}, []string{}, true},
		{exceptions.Query{JobIDs: []string{"a"}}, []string{"2", "0"}, false},
		{exceptions.Query{JobIDs: []string{"a", "c", "a", "none"}}, []string{"3", "2", "0"}, false},
		{exceptions.Query{JobIDs: []string{"none"}, Limit: -1}, []string{}, false},
		{exceptions.Query{Filter: parse(t, "type:USER")}, []string{"4", "0"}, false},
		{exceptions.Query{Filter: parse(t, "type:USER"), Limit: 1}, []string{"4"}, true},
		{exceptions.Query{Filter: parse(t, "type:USER,!team:x")}, []string{"4"}, false},
		{exceptions.Query{Filter: parse(t, "!type")}, []string{"3"}, false},
		{exceptions.Query{Filter: parse(t, "type:OTHER")}, []string{}, false},
	} {
		got, truncated := h.Entries(c.query)
		assert.Equal(t, c.want, ids(got), "%+v", c.query)
		assert.Equal(t, c.truncated, truncated, "%+v", c.query)
	}
}

func TestEntriesOfOneInstantAreInTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	now := time.Now()
	for i := range 5 {
		keep(h, errBoom, enricher.FailureContext{ID: fmt.Sprint(i), JobID: fmt.Sprint(i % 2), Time: now}, nil)
	}
	got := entries(h)
	require.Equal(t, []string{"4", "3", "2", "1", "0"}, ids(got))
}

func TestJobsHaveAFailureThatMatches(t *testing.T) {
	t.Parallel()
	h := sample()
	type job struct {
		id     string
		latest string
	}
	for _, c := range []struct {
		query     exceptions.Query
		want      []job
		truncated bool
	}{
		{exceptions.Query{}, []job{{"b", "4"}, {"c", "3"}, {"a", "2"}}, false},
		{exceptions.Query{Limit: 2}, []job{{"b", "4"}, {"c", "3"}}, true},
		{exceptions.Query{Filter: parse(t, "type:SYSTEM")}, []job{{"a", "2"}, {"b", "1"}}, false},
		{exceptions.Query{Filter: parse(t, "type:SYSTEM"), JobIDs: []string{"b"}}, []job{{"b", "1"}}, false},
		{exceptions.Query{Filter: parse(t, "none")}, []job{}, false},
	} {
		jobs, truncated := h.Jobs(c.query)
		got := []job{}
		for _, j := range jobs {
			got = append(got, job{j.ID, j.Latest.ID})
			assert.Equal(t, "job "+j.ID, j.Name)
			assert.Nil(t, j.Latest.Concurrent)
		}
		assert.Equal(t, c.want, got, "%+v", c.query)
		assert.Equal(t, c.truncated, truncated, "%+v", c.query)
	}
	jobs, _ := h.Jobs(exceptions.Query{})
	assert.Equal(t, uint64(3), jobs[0].Failures)
	assert.Equal(t, 2, jobs[0].Entries)
}

func TestLabelsAreCountedInFailuresThatMatch(t *testing.T) {
	t.Parallel()
	h := sample()
	assert.Equal(t, []exceptions.LabelCount{
		{Key: "team", Count: 3, Values: []exceptions.ValueCount{{"", 1}, {"x", 1}, {"y", 1}}},
		{Key: "type", Count: 5, Values: []exceptions.ValueCount{{"SYSTEM", 2}, {"USER", 2}, {"OTHER", 1}}},
	}, h.Labels(exceptions.Query{}))
	assert.Equal(t, []exceptions.LabelCount{
		{Key: "team", Count: 1, Values: []exceptions.ValueCount{{"y", 1}}},
		{Key: "type", Count: 2, Values: []exceptions.ValueCount{{"SYSTEM", 2}}},
	}, h.Labels(exceptions.Query{Filter: parse(t, "type:SYSTEM")}))
	assert.Equal(t, "team", h.Labels(exceptions.Query{Limit: 1})[0].Key)
	assert.Empty(t, h.Labels(exceptions.Query{JobIDs: []string{"c"}}))
	keep(h, errBoom, enricher.FailureContext{JobID: "c"}, enricher.Labels{"type": "USER"})
	types := h.Labels(exceptions.Query{})[1]
	assert.Equal(t, []exceptions.ValueCount{{"USER", 3}, {"SYSTEM", 2}, {"OTHER", 1}}, types.Values, "the most frequent first")
}
