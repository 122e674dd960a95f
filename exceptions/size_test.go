package exceptions_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// heap returns how many bytes are in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// bigFailure keeps a failure of the size that the history bounds by itself: with
// companions, these would be gigabytes.
func bigFailure(h *exceptions.History, e *enricher.Enricher, n int) {
	attributes := map[string]string{}
	for i := range n % 3 * 20 {
		attributes[fmt.Sprint("attribute ", i)] = strings.Repeat("a", 1000)
	}
	text := strings.Repeat(fmt.Sprint(n, " "), 5000)
	fc := enricher.FailureContext{ID: fmt.Sprint(n), JobID: fmt.Sprint(n % 100), Attributes: attributes}
	cause := enricher.NewPanicError(errors.New(text), []byte(text))
	h.Enrich(context.Background(), e, cause, fc)
	for i := range n % 4 {
		fc.RootID, fc.ID = fmt.Sprint(n), fmt.Sprint(n, "-", i)
		h.Enrich(context.Background(), e, cause, fc)
	}
}

// Not parallel, because it measures the heap.
func TestMaxBytesBoundsTheHeap(t *testing.T) {
	e := always(t, enricher.Labels{"type": "USER", "text": strings.Repeat("t", 500)})
	for _, kind := range []string{"big", "small"} {
		before := heap()
		const most = 16 << 20
		h := exceptions.NewHistory(exceptions.Options{MaxBytes: most, MaxJobs: 1 << 20, MaxEvents: 1 << 20})
		for n := range 20_000 {
			if kind == "small" {
				h.Enrich(t.Context(), nil, errBoom, enricher.FailureContext{JobID: fmt.Sprint(n)})
			} else if n < 800 {
				bigFailure(h, e, n)
			}
		}
		used := heap() - before
		t.Logf("%s: %d KiB, %d failures", kind, used>>10, len(entries(h)))
		assert.Less(t, used, most*5/4, kind)
		assert.Greater(t, used, most/3, kind)
		said, counted := exceptions.Bytes(h)
		assert.Equal(t, counted, said)
		assert.LessOrEqual(t, said, most)
	}
}

func TestMaxBytesRemovesTheOldestFirst(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{MaxBytes: 100_000, MaxExceptions: 1000})
	for i := range 1000 {
		keep(h, errBoom, enricher.FailureContext{ID: fmt.Sprint(i), JobID: fmt.Sprint(i % 7)}, nil)
	}
	got := ids(entries(h))
	require.Greater(t, len(got), 20)
	for i, id := range got {
		assert.Equal(t, fmt.Sprint(999-i), id)
	}
	assert.Equal(t, uint64(1000-len(got)), h.Status().Evicted)
	assert.Contains(t, get(t, exceptions.NewHandler(h), "/status").Body.String(), fmt.Sprintf(`"evicted":%d`, 1000-len(got)))
	jobs, _ := h.Jobs(exceptions.Query{})
	assert.Len(t, jobs, 7)
	assert.Equal(t, uint64(143), jobs[0].Failures, "those that were removed count")
}

func TestMaxBytesKeepsTheLastFailure(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{MaxBytes: -1})
	next := follow(t, h, exceptions.FollowOptions{})
	for _, id := range []string{"a", "b"} {
		keep(h, errors.New(strings.Repeat("x", 5000)), enricher.FailureContext{ID: id, JobID: id}, nil)
		assert.Equal(t, []string{id}, ids(entries(h)))
		assert.Equal(t, id, next().Entry.ID)
	}
	keep(h, errBoom, enricher.FailureContext{ID: "c", RootID: "b", JobID: "b"}, nil)
	assert.Equal(t, "b+1", shape(h), "a root goes after those under it, if nothing else is left")
	assert.Equal(t, uint64(2), h.Status().Evicted, "a and c")
	jobs, _ := h.Jobs(exceptions.Query{})
	assert.Len(t, jobs, 1)
}

func TestMaxBytesChangesTheETagOfAJobThatLosesAFailure(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{MaxBytes: 20_000})
	handler := exceptions.NewHandler(h)
	keep(h, errBoom, enricher.FailureContext{ID: "1", JobID: "a"}, nil)
	keep(h, errBoom, enricher.FailureContext{ID: "2", JobID: "a"}, nil)
	tag := get(t, handler, "/jobs/a/exceptions").Header().Get("ETag")
	for slices.Contains(ids(entries(h)), "1") {
		keep(h, errBoom, enricher.FailureContext{JobID: "b"}, nil)
	}
	list, _ := historyOf(t, get(t, handler, "/jobs/a/exceptions", "If-None-Match", tag))
	assert.Len(t, list, 1)
}

// Whatever happens to failures, what the history says that it holds is what it
// holds, and within the bound.
func TestMaxBytesCountsWhatIsKept(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(2, seed))
		most := 1 << (12 + r.IntN(8))
		h := exceptions.NewHistory(exceptions.Options{
			MaxBytes: most, MaxExceptions: 1 + r.IntN(10), MaxJobs: 1 + r.IntN(5), MaxConcurrentExceptions: r.IntN(5) - 1, MaxEvents: 1 + r.IntN(100),
		})
		for range 500 {
			fc := enricher.FailureContext{JobID: fmt.Sprint(r.IntN(6)), ID: fmt.Sprint(r.IntN(30))}
			if r.IntN(2) == 0 {
				fc.RootID = fmt.Sprint(r.IntN(30))
			}
			cause := errors.New(strings.Repeat("x", r.IntN(3000)))
			if r.IntN(2) == 0 {
				h.Enrich(t.Context(), nil, cause, fc)
			} else {
				keep(h, cause, fc, enricher.Labels{"k": strings.Repeat("v", r.IntN(1000))})
			}
			said, counted := exceptions.Bytes(h)
			require.Equal(t, counted, said)
			if len(entries(h)) > 1 {
				require.LessOrEqual(t, said, most)
			}
			require.NotEmpty(t, entries(h))
		}
	}
}
