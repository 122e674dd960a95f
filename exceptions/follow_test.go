package exceptions_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// follow returns a function that waits for the next event.
func follow(t testing.TB, h *exceptions.History, opts exceptions.FollowOptions) func() exceptions.Event {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	next, stop := iter.Pull(h.Follow(ctx, opts))
	t.Cleanup(func() { cancel(); stop() })
	return func() exceptions.Event {
		ev, ok := next()
		require.True(t, ok)
		return ev
	}
}

func parse(t testing.TB, text string) exceptions.Filter {
	t.Helper()
	f, err := exceptions.ParseFilter(text)
	require.NoError(t, err)
	return f
}

func TestFollowReturnsARootWithThoseUnderIt(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	next := follow(t, h, exceptions.FollowOptions{})
	keep(h, errBoom, enricher.FailureContext{ID: "b", RootID: "a"}, nil)
	keep(h, errBoom, enricher.FailureContext{ID: "a"}, nil)
	assert.Empty(t, next().Entry.RootID)
	assert.Equal(t, []string{"b"}, ids(next().Entry.Concurrent))
}

func TestFollowBeginsAtTheCall(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events := h.Follow(ctx, exceptions.FollowOptions{})
	for i := range 3 {
		keep(h, errBoom, enricher.FailureContext{ID: fmt.Sprint(i)}, nil)
	}
	var got []string
	for ev := range events {
		if got = append(got, ev.Entry.ID); len(got) == 2 {
			break
		}
	}
	for ev := range events {
		got = append(got, ev.Entry.ID)
		break
	}
	assert.Equal(t, []string{"0", "1", "2"}, got, "ranging again continues")
}

func TestFollowReturnsHowManyEventsWereLost(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{MaxEvents: 10, MaxExceptions: 1000})
	next := follow(t, h, exceptions.FollowOptions{Filter: parse(t, "n:99")})
	all := follow(t, h, exceptions.FollowOptions{})
	for i := range 100 {
		keep(h, errBoom, enricher.FailureContext{ID: fmt.Sprint(i)}, enricher.Labels{"n": fmt.Sprint(i)})
	}
	lost := all()
	assert.Equal(t, exceptions.EventLost, lost.Kind)
	assert.Equal(t, uint64(90), lost.Missed)
	for i := 90; i < 100; i++ {
		ev := all()
		assert.Equal(t, fmt.Sprint(i), ev.Entry.ID)
		assert.Equal(t, lost.Seq+uint64(i-89), ev.Seq)
	}
	lost = next()
	assert.Equal(t, exceptions.EventLost, lost.Kind, "regardless of the filter")
	assert.Equal(t, uint64(90), lost.Missed)
	assert.Equal(t, "99", next().Entry.ID)
}

func TestFollowFromAnotherHistoryIsLost(t *testing.T) {
	t.Parallel()
	earlier := exceptions.NewHistory(exceptions.Options{})
	old := follow(t, earlier, exceptions.FollowOptions{})
	keep(earlier, errBoom, enricher.FailureContext{}, nil)
	for _, after := range []uint64{1, old().Seq, 1 << 62} {
		h := exceptions.NewHistory(exceptions.Options{MaxEvents: 2})
		next := follow(t, h, exceptions.FollowOptions{After: after})
		ev := next()
		assert.Equal(t, exceptions.EventLost, ev.Kind)
		assert.Zero(t, ev.Missed)
		assert.Less(t, ev.Seq, uint64(1)<<53, "JavaScript can hold it")
		keep(h, errBoom, enricher.FailureContext{ID: "a"}, nil)
		assert.Equal(t, "a", next().Entry.ID)

		for range 3 {
			keep(h, errBoom, enricher.FailureContext{}, nil)
		}
		ev = follow(t, h, exceptions.FollowOptions{After: after})()
		assert.Equal(t, exceptions.EventLost, ev.Kind)
		assert.Equal(t, uint64(2), ev.Missed, "of this history")
	}
}

func TestFollowFiltersByJobAndLabels(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	next := follow(t, h, exceptions.FollowOptions{JobIDs: []string{"j", "k"}, Filter: parse(t, "type:USER")})
	e := newEnricher(t, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"type": fc.TaskName}, nil
	}, []string{"type"})
	for _, fc := range []enricher.FailureContext{
		{ID: "1", JobID: "j", TaskName: "USER"},
		{ID: "2", JobID: "j", TaskName: "SYSTEM"},
		{ID: "3", JobID: "other", TaskName: "USER"},
		{ID: "4", JobID: "k", TaskName: "USER"},
		{ID: "5", RootID: "2", JobID: "j", TaskName: "USER"},
	} {
		h.Enrich(t.Context(), e, errBoom, fc)
	}
	for _, id := range []string{"1", "4", "5"} {
		ev := next()
		assert.Equal(t, exceptions.EventLabels, ev.Kind, "while pending, it had no labels")
		assert.Equal(t, id, ev.Entry.ID)
	}
}

func TestFollowCompletesFailuresThatMatchedWhilePending(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	next := follow(t, h, exceptions.FollowOptions{Filter: parse(t, "!noise")})
	h.Enrich(t.Context(), always(t, enricher.Labels{"noise": "yes"}), errBoom, enricher.FailureContext{})
	assert.Equal(t, exceptions.EventFailure, next().Kind)
	ev := next()
	assert.Equal(t, exceptions.EventLabels, ev.Kind)
	assert.Equal(t, enricher.Labels{"noise": "yes"}, ev.Entry.Labels)
}

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		for range exceptions.NewHistory(exceptions.Options{}).Follow(ctx, exceptions.FollowOptions{}) {
			t.Error("nothing has happened")
		}
	})
}
