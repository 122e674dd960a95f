package exceptions_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// shape returns what stands where: "a(b c) d", the oldest first.
func shape(h *exceptions.History) string {
	var out []string
	for _, e := range slices.Backward(entries(h)) {
		text := e.ID
		if len(e.Concurrent) > 0 {
			text += "(" + strings.Join(ids(e.Concurrent), " ") + ")"
		}
		if e.ConcurrentDropped > 0 {
			text += fmt.Sprintf("+%d", e.ConcurrentDropped)
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func TestAFailureStandsUnderItsRoot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		opts     exceptions.Options
		failures string // id or id<root
		want     string
	}{
		{"the root comes first", exceptions.Options{}, "a b<a c<a", "a(b c)"},
		{"the root comes later", exceptions.Options{}, "b<a c<a a", "a(b c)"},
		{"the root comes in between", exceptions.Options{}, "b<a a c<a", "a(b c)"},
		{"the root never comes", exceptions.Options{}, "b<a c<x", "b c"},
		{"a root of a root", exceptions.Options{}, "a b<a c<b", "a(b c)"},
		{"a root of a root, backwards", exceptions.Options{}, "c<b b<a a", "a(b c)"},
		{"a root under which something waits", exceptions.Options{}, "c<b a b<a", "a(b c)"},
		{"its own root", exceptions.Options{}, "a<a b<a", "a(b)"},
		{"its own root, twice", exceptions.Options{}, "a<a a<a", "a a~"},
		{"each the root of the other", exceptions.Options{}, "a<b b<a c<b", "a(b c)"},
		{"a circle of three", exceptions.Options{}, "a<b b<c c<a", "b(a c)"},
		{"an ID given twice: the latest is meant", exceptions.Options{}, "a a b<a", "a a~(b)"},
		{"the root is evicted", exceptions.Options{MaxExceptions: 2}, "a b c d<a", "c d"},
		{"those under it go with it", exceptions.Options{MaxExceptions: 2}, "a b<a c d", "c d"},
		{"those under it do not count", exceptions.Options{MaxExceptions: 2}, "a b<a c<a d", "a(b c) d"},
		{"an orphan goes before its root comes", exceptions.Options{MaxExceptions: 1}, "b<a c a", "a"},
		{"the oldest under it goes first", exceptions.Options{MaxConcurrentExceptions: 2}, "a b<a c<a d<a", "a(c d)+1"},
		{"none may stand under it; c names one that is gone", exceptions.Options{MaxConcurrentExceptions: -1}, "a b<a c<b d<a", "a+2 c"},
		{"dropped ones move along", exceptions.Options{MaxConcurrentExceptions: 1}, "b<a c<b d<b a", "a(d)+2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := exceptions.NewHistory(c.opts)
			for f := range strings.FieldsSeq(c.failures) {
				id, root, _ := strings.Cut(f, "<")
				keep(h, errBoom, enricher.FailureContext{ID: id, RootID: root, JobID: "j"}, nil)
			}
			got := shape(h)
			if strings.Contains(c.want, "~") { // what is added to an ID that is given twice is not fixed
				for _, e := range entries(h) {
					if head, _, ok := strings.Cut(e.ID, "~"); ok {
						got = strings.ReplaceAll(got, e.ID, head+"~")
					}
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestConcurrentFailuresHaveLabelsOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	keep(h, errBoom, enricher.FailureContext{ID: "b", RootID: "a"}, enricher.Labels{"of": "b"})
	keep(h, errBoom, enricher.FailureContext{ID: "a"}, enricher.Labels{"of": "a"})
	h.Enrich(t.Context(), always(t, enricher.Labels{"of": "c"}), errBoom, enricher.FailureContext{ID: "c", RootID: "b"})
	root := only(t, h)
	assert.Equal(t, enricher.Labels{"of": "a"}, root.Labels)
	assert.Empty(t, root.RootID)
	require.Equal(t, []string{"b", "c"}, ids(root.Concurrent))
	for _, c := range root.Concurrent {
		assert.Equal(t, enricher.Labels{"of": c.ID}, c.Labels)
		assert.Equal(t, "a", c.RootID, "the one that it stands under")
		assert.Nil(t, c.Concurrent, "there is no nesting")
	}
}

func TestARootInAnotherJobIsNone(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	keep(h, errBoom, enricher.FailureContext{ID: "a", JobID: "1"}, nil)
	keep(h, errBoom, enricher.FailureContext{ID: "b", RootID: "a", JobID: "2"}, nil)
	assert.Equal(t, "a b", shape(h), "otherwise who looks at job 2 would see nothing")
}

func TestAPendingFailureUnderAnotherGetsItsLabelsWhereverItIsByThen(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	release := make(chan struct{})
	e := newEnricher(t, waitFor(release), []string{"k"})
	moved := h.EnrichAsync(t.Context(), e, errBoom, enricher.FailureContext{ID: "b", RootID: "a", JobID: "j"})
	keep(h, errBoom, enricher.FailureContext{ID: "a", JobID: "j"}, nil)
	assert.Equal(t, exceptions.StatePending, only(t, h).Concurrent[0].LabelState)
	jobs, _ := h.Jobs(exceptions.Query{})
	assert.Equal(t, 1, jobs[0].Pending)
	close(release)
	moved.Result()
	got := only(t, h).Concurrent[0]
	assert.Equal(t, enricher.Labels{"k": "v"}, got.Labels)
	assert.Equal(t, "a", got.RootID)
	jobs, _ = h.Jobs(exceptions.Query{})
	assert.Zero(t, jobs[0].Pending)
	assert.Equal(t, uint64(2), jobs[0].Failures)
	assert.Equal(t, 1, jobs[0].Entries)
}
